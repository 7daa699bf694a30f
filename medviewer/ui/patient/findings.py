"""Findings: what networks said, as cards; accepted or rejected by a person; refusals are answers too."""

import getpass
from collections.abc import Callable
from html import escape

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from medviewer.core.errors import Notice
from medviewer.core.finding import Evidence, Finding, Region, Result, Score
from medviewer.core.image import ImageSeries
from medviewer.services.analyse import Analyst, ModelCard
from medviewer.services.session import Session
from medviewer.services.words import Sentence
from medviewer.ui import theme

Say = Callable[[Notice], Sentence]


class ProbabilityBar(QWidget):
    """Probability as a bar, its band as a thin line, the threshold as a tick; the same for all three kinds of data."""

    def __init__(self, score: Score, colour: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.score, self._colour = score, colour
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide, middle = float(self.width()), self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        for end, colour in ((1.0, theme.LINE), (self.score.probability, self._colour)):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(0, middle - 2.5, wide * end, 5), 2.5, 2.5)
        painter.fillRect(
            QRectF(wide * self.score.low, middle - 0.75, wide * (self.score.high - self.score.low), 1.5), theme.TEXT2
        )
        if self.score.threshold is not None:
            painter.fillRect(QRectF(wide * self.score.threshold - 1, middle - 6, 2, 12), QColor(theme.TEXT1))
        painter.end()


def score_words(score: Score) -> str:
    """ "0.71 (0.52–0.84)"; three digits at the ends, where two would claim certainty."""
    digits = 2 if 0.01 <= score.probability <= 0.99 else 3
    return f"{score.probability:.{digits}f} ({score.low:.{digits}f}–{score.high:.{digits}f})"


class FindingsPanel(QWidget):
    """All findings and refusals of what is open; `shown` carries item, model and evidence (or None) of a clicked card."""

    shown = Signal(str, str, object)

    def __init__(self, session: Session, analyst: Analyst | None, say: Say, lang: str) -> None:
        super().__init__()
        self._session, self._analyst, self._say, self._lang = session, analyst, say, lang
        self._marked = ""
        heading = QLabel(self.tr("FINDINGS"), self)
        heading.setProperty("role", "heading")
        self._none = QLabel(self.tr("Nothing analysed yet. Ctrl+Return asks the networks about the active pane."), self)
        self._none.setProperty("role", "quiet")
        self._none.setWordWrap(True)
        room = QWidget(self)
        self._cards = QVBoxLayout(room)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(8)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(room)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.addWidget(heading)
        column.addWidget(self._none)
        column.addWidget(area, 1)
        self.refresh()

    def mark(self, item: str) -> None:
        """Frame the cards of the item in the active pane."""
        if item != self._marked:
            self._marked = item
            self.refresh()

    def refresh(self) -> None:
        while (old := self._cards.takeAt(0)) is not None:
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        results = [result for item in self._session.items for result in self._session.results(item.item)]
        order = sorted(results, key=lambda r: (r.item != self._marked, r.status != "ok"))
        models = {card.id: card for card in self._analyst.models()} if self._analyst is not None else {}
        for result in order:
            if result.status != "ok":
                self._cards.addWidget(self._refusal(result))
            elif result.findings:
                for finding in result.findings:
                    self._cards.addWidget(self._finding(result, finding, models.get(result.model)))
            else:
                self._cards.addWidget(self._below(result, models.get(result.model)))
        self._cards.addStretch(1)
        self._none.setVisible(not results)

    def cards(self) -> list["Card"]:
        places = (self._cards.itemAt(n).widget() for n in range(self._cards.count()))
        return [widget for widget in places if isinstance(widget, Card)]

    def _card(self, result: Result, kind: str, title: str, evidence: Evidence | None = None) -> "Card":
        item = self._session.item(result.item)
        where = " ".join(part for part in (item.modality, item.description) if part) if isinstance(item, ImageSeries) else ""
        place = evidence or (Region(result.frame) if result.frame is not None else None)
        card = Card("chosen" if kind == "plain" and result.item == self._marked else kind, title, where, self)
        card.clicked.connect(lambda: self.shown.emit(result.item, result.model, place))
        return card

    def _finding(self, result: Result, finding: Finding, model: ModelCard | None) -> "Card":
        title = model.label(finding.label, self._lang) if model is not None else finding.label
        card = self._card(result, "plain", title, finding.evidence)
        state = finding.decision.state
        card.bar(finding.score, {"accepted": theme.ACCEPTED, "rejected": theme.TEXT3}.get(state, theme.MACHINE))
        threshold = finding.score.threshold or 0.0
        card.line(
            self.tr("{score}, threshold {threshold}").format(score=score_words(finding.score), threshold=f"{threshold:.2f}")
        )
        self._why(card, result)
        tags = [("machine", self.tr("network"))]
        check = result.attribution.self_check if result.attribution is not None else None
        if check is not None:
            tags.append(("accepted", self.tr("checked")) if check.passed else ("attention", self.tr("explanation weak")))
        if finding.cautions:
            tags.append(("attention", self.tr("caution")))
        buttons: list[tuple[str, Callable[[], None]]] = []
        if state == "proposed":
            buttons.append((self.tr("Accept"), lambda: self._session.decide(finding.id, "accepted", user())))
            buttons.append((self.tr("Reject"), lambda: self._session.decide(finding.id, "rejected", user())))
        else:
            said = self.tr("accepted {when}, {who}") if state == "accepted" else self.tr("rejected {when}, {who}")
            words = said.format(when=finding.decision.when[11:16], who=finding.decision.who)
            tags.append(("accepted" if state == "accepted" else "quiet", words))
            buttons.append((self.tr("Undo"), lambda: self._session.decide(finding.id, "proposed", "")))
        card.end(tags, buttons)
        return card

    def _why(self, card: "Card", result: Result) -> None:
        """One sentence why, then the cautions in amber."""
        heat = result.attribution
        if heat is not None and heat.empty:
            card.line(self.tr("No region of the image supports the score."))
        elif heat is not None:
            rows, columns = (round(v) for v in heat.cell)
            card.line(
                self.tr("{method}: G shows what influenced the score; one cell is {rows} × {columns} pixels.").format(
                    method=heat.method, rows=rows, columns=columns
                )
            )
        for caution in result.cautions:
            card.line(self._say(caution).message, "attention")

    def _below(self, result: Result, model: ModelCard | None) -> "Card":
        """Every score below its threshold: an answer, not a finding."""
        card = self._card(result, "quiet", model.title(self._lang) if model is not None else result.model)
        for score in result.scores:
            if score.threshold is not None:
                card.bar(score, theme.MACHINE)
                label = model.label(score.label, self._lang) if model is not None else score.label
                card.line(
                    self.tr("{label} {score}, below the threshold {threshold}").format(
                        label=label, score=score_words(score), threshold=f"{score.threshold:.2f}"
                    )
                )
        self._why(card, result)
        card.end([("machine", self.tr("network"))] + ([("attention", self.tr("caution"))] if result.cautions else []), [])
        return card

    def _refusal(self, result: Result) -> "Card":
        title = self.tr("{model} does not read this") if result.status == "refused" else self.tr("{model} failed")
        card = self._card(result, "quiet", title.format(model=result.model))
        if result.reason is not None:
            said = self._say(result.reason)
            card.line(said.message)
            if said.remedy:
                card.line(said.remedy)
        return card


class Card(QFrame):
    """A title with where it is, then lines, then tags and buttons."""

    clicked = Signal()

    def __init__(self, kind: str, title: str, where: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("card", kind)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(5)
        head = QHBoxLayout()
        name, place = QLabel(title, self), QLabel(where, self)
        name.setFont(theme.font(13, bold=True))
        name.setWordWrap(True)
        place.setProperty("role", "second")
        place.setMaximumWidth(120)
        place.setToolTip(where)
        place.setText(place.fontMetrics().elidedText(where, Qt.TextElideMode.ElideRight, 116))
        head.addWidget(name, 1)
        head.addWidget(place, 0, Qt.AlignmentFlag.AlignTop)
        self._column.addLayout(head)
        self.words = [title]

    def bar(self, score: Score, colour: str) -> None:
        self._column.addWidget(ProbabilityBar(score, colour, self))

    def line(self, words: str, role: str = "second") -> None:
        label = QLabel(escape(words), self)
        label.setProperty("role", role)
        label.setWordWrap(True)
        self.words.append(words)
        self._column.addWidget(label)

    def end(self, tags: list[tuple[str, str]], buttons: list[tuple[str, Callable[[], None]]]) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        for kind, words in tags:
            tag = QLabel(words, self)
            tag.setProperty("tag", kind)
            self.words.append(words)
            row.addWidget(tag)
        row.addStretch(1)
        for words, does in buttons:
            button = QPushButton(words, self)
            button.clicked.connect(lambda _=False, act=does: act())
            row.addWidget(button)
        self._column.addLayout(row)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()


def user() -> str:
    """Who decides: the system account's name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
