"""Networks: which fit the active item and why not, their cards, thresholds and true figures."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.errors import MedviewerError, Notice
from medviewer.services.analyse import Analyst, ModelCard
from medviewer.services.session import Item
from medviewer.services.words import Sentence
from medviewer.ui import theme

FEW = 2
"""So many networks that do not read the active item are shown before they are folded into one line."""


class NetworksPanel(QWidget):
    """One row a network: its name opens the card, its verdict on the active item stands beside it."""

    analyse_wanted = Signal()

    def __init__(self, analyst: Analyst | None, say: Callable[[Notice], Sentence], lang: str) -> None:
        super().__init__()
        self._analyst, self._say, self._lang = analyst, say, lang
        self._item: Item | None = None
        self._unfolded = False
        self._fit_later = QTimer(self)
        self._fit_later.setSingleShot(True)
        self._fit_later.timeout.connect(self._fit)
        heading = QLabel(self.tr("NETWORKS"), self)
        heading.setProperty("role", "heading")
        self._rows = QVBoxLayout()
        self.button = QPushButton(self.tr("Analyse pane") + "  Ctrl ↵", self)
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self.analyse_wanted)
        row = QHBoxLayout()
        self.report = QPushButton(self.tr("Report"), self)
        row.addWidget(self.button)
        row.addWidget(self.report)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.addWidget(heading)
        column.addLayout(self._rows)
        column.addLayout(row)
        column.addStretch(1)
        self.refresh()

    def show_item(self, item: Item | None) -> None:
        if item is not self._item:
            self._item = item
            self.refresh()

    def refresh(self) -> None:
        while (old := self._rows.takeAt(0)) is not None:
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        cards = self._analyst.models() if self._analyst is not None else ()
        self.button.setEnabled(self._item is not None and bool(cards))
        if not cards:
            words = self.tr("No networks are installed.") if self._analyst is not None else self.tr("Safe mode: no networks.")
            none = QLabel(words, self)
            none.setProperty("role", "quiet")
            self._rows.addWidget(none)
        fits = {}
        if self._analyst is not None and self._item is not None:
            fits = {fit.model: fit for fit in self._analyst.fitting(self._item.item)}
        refused = [card for card in cards if card.id in fits and fits[card.id].verdict == "refused"]
        folded = len(refused) > FEW and not self._unfolded
        for card in cards:
            if not (folded and card in refused):
                self._rows.addWidget(self._row(card, fits.get(card.id)))
        if len(refused) > FEW:
            words = self.tr("{n} not for this").format(n=len(refused)) + " ›" if folded else self.tr("fewer")
            more = QLabel(f'<a style="color:{theme.TEXT3}; text-decoration:none" href="all">{words}</a>', self)
            more.setAlignment(Qt.AlignmentFlag.AlignRight)
            more.setToolTip(", ".join(card.id for card in refused))
            more.linkActivated.connect(lambda _: self._unfold())
            self._rows.addWidget(more)
        self._fit_later.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Rows that were made while nothing was seen have their size only now."""
        self._fit_later.start()

    def _fit(self) -> None:
        """What it does not need belongs to the findings above."""
        column = self.layout()
        if column is not None:
            for n in range(self._rows.count()):  # a new row counts only once it is shown
                self._rows.itemAt(n).widget().show()
            column.invalidate()
            self.setMaximumHeight(max(100, column.totalSizeHint().height()))

    def _unfold(self) -> None:
        self._unfolded = not self._unfolded
        self.refresh()

    def _row(self, card: ModelCard, fit) -> QWidget:
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 2, 0, 2)
        name = QLabel(f'<a style="color:{theme.TEXT1}; text-decoration:none" href="card">{card.id} {card.version}</a>', line)
        name.setToolTip(card.title(self._lang))
        name.linkActivated.connect(lambda _: CardDialog(card, self._analyst, self._lang, self.window()).open())
        verdict = QLabel(line)
        words, colour = {
            "fits": (self.tr("fits"), theme.ACCEPTED),
            "cautions": (self.tr("with caution"), theme.ATTENTION),
            "refused": (self.tr("not for this"), theme.TEXT3),
        }.get(fit.verdict if fit is not None else "", ("", theme.TEXT3))
        verdict.setText(words)
        verdict.setStyleSheet(f"color: {colour}; font-size: 12px")
        if fit is not None:
            verdict.setToolTip("\n".join(self._say(reason).message for reason in fit.reasons))
        row.addWidget(name, 1)
        row.addWidget(verdict)
        return line


class CardDialog(QDialog):
    """What a person may know about a network: its card, its figures, its thresholds."""

    def __init__(self, card: ModelCard, analyst: Analyst | None, lang: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._card, self._analyst = card, analyst
        self.setWindowTitle(card.title(lang))
        self.resize(760, 680)
        text = QTextBrowser(self)
        text.setOpenExternalLinks(False)
        text.setMarkdown(self.markdown(card, lang))
        self.spins: dict[str, QDoubleSpinBox] = {}
        form = QFormLayout()
        for label, value in card.thresholds.items():
            form.addRow(self.tr("Threshold, {label}").format(label=card.label(label, lang)), self._threshold(label, value))
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.addWidget(text, 1)
        column.addLayout(form)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)

    def markdown(self, card: ModelCard, lang: str) -> str:
        """The bundle's card, then its figures as a table."""
        try:
            words = card.card(lang)
        except (MedviewerError, OSError):
            words = ""
        words = words or f"# {card.title(lang)}\n\n{card.task(lang)}\n"
        if card.metrics:
            words += (
                "\n\n| " + " | ".join((self.tr("figure"), self.tr("value"), self.tr("95 % interval"), self.tr("data"))) + " |"
            )
            words += "\n|---|---|---|---|\n"
            for row in card.metrics:
                band = f"{row['low']:.3f}–{row['high']:.3f}" if row.get("low") is not None else ""
                split = f"{row.get('split', '')} ({row['n']})" if row.get("n") else str(row.get("split", ""))
                words += f"| {row.get('name', '')} | {row['value']:.3f} | {band} | {split} |\n"
        return words

    def _threshold(self, label: str, value: float) -> QWidget:
        spin = QDoubleSpinBox(self)
        spin.setRange(0.001, 0.999)
        spin.setDecimals(3)
        spin.setSingleStep(0.01)
        spin.setValue(value)
        spin.setKeyboardTracking(False)
        own = self._card.bundle.thresholds[label]
        reset = QPushButton(self.tr("Back to {value}").format(value=f"{own:.3f}"), self)
        spin.valueChanged.connect(lambda new: self._set(label, None if abs(new - own) < 5e-4 else new))
        reset.clicked.connect(lambda: spin.setValue(own))
        self.spins[label] = spin
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(spin)
        row.addWidget(reset)
        row.addStretch(1)
        return line

    def _set(self, label: str, value: float | None) -> None:
        if self._analyst is not None:
            self._analyst.set_threshold(self._card.id, label, value)
