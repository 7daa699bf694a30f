"""The amber card: where a note and a network contradict each other, both pieces of evidence side by side."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from medviewer.core.errors import Fact, Notice
from medviewer.services.compare import Discordance, Side
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.answer import ProbabilityBar
from medviewer.ui.patient.cards import plain


class DisagreementCard(QFrame):
    """At most one at a time; the others wait behind its "1 of 3". `show_wanted` carries a Side, `both_wanted` and
    `seen` the Discordance."""

    show_wanted = Signal(object)
    both_wanted = Signal(object)
    seen = Signal(object)

    def __init__(self, say: Callable[[Notice], Sentence], label: Callable[[Side], str], parent: QWidget) -> None:
        """`label(side)` names a side's network and finding in the user's language."""
        super().__init__(parent)
        self._say, self._label = say, label
        self._all: tuple[Discordance, ...] = ()
        self._at, self._why = 0, False
        self.setProperty("card", "attention")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(6)
        self.hide()

    @property
    def shown(self) -> Discordance | None:
        return self._all[self._at] if self._all else None

    def tell(self, found: Sequence[Discordance]) -> None:
        """Show the first of these, or go on showing the one that is shown if it is still among them."""
        there = self.shown
        self._all = tuple(found)
        ids = [one.id for one in self._all]
        self._at = ids.index(there.id) if there is not None and there.id in ids else 0
        self._draw()

    def step(self, by: int = 1) -> None:
        if self._all:
            self._at = (self._at + by) % len(self._all)
            self._draw()

    def _draw(self) -> None:
        while (old := self._column.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        one = self.shown
        self.setVisible(one is not None)
        if one is None:
            return
        said = self._say(one.notice)
        self._column.addWidget(self._head(one))
        self._line(said.message)
        sides = QWidget(self)
        row = QHBoxLayout(sides)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for side in (one.note, one.network):
            row.addWidget(self._evidence(side, one.notice.facts), 1)
        self._column.addWidget(sides)
        if self._why:
            self._line(said.remedy)
            days = self.tr("same day") if one.days == 0 else self.tr("{n} days apart").format(n=one.days)
            when = self.tr("a date is unknown") if one.days is None else days
            self._line(self.tr("Rule {rule}; {when}.").format(rule=one.rule, when=when))
        self._column.addWidget(self._buttons(one))

    def _head(self, one: Discordance) -> QWidget:
        head = QWidget(self)
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        kind = self.tr("Note and ECG disagree") if one.network.frame is None else self.tr("Note and image disagree")
        title = QLabel(f'<b style="color:{theme.ATTENTION}">{escape(kind)}</b>', head)
        title.setWordWrap(True)
        row.addWidget(title, 1)
        if len(self._all) > 1:
            more = QPushButton(self.tr("{k} of {n}").format(k=self._at + 1, n=len(self._all)) + " ›", head)
            more.setFlat(True)
            more.clicked.connect(lambda: self.step())
            row.addWidget(more)
        return head

    def _line(self, words: str) -> None:
        label = plain(words, self)
        label.setWordWrap(True)
        self._column.addWidget(label)

    def _evidence(self, side: Side, facts: Mapping[str, Fact]) -> QWidget:
        """A clickable box: what it is and what it says."""
        box = Evidence(self)
        box.clicked.connect(lambda: self.show_wanted.emit(side))
        column = QVBoxLayout(box)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(3)
        head = plain(self._label(side), box)
        head.setProperty("role", "second")
        head.setWordWrap(True)
        column.addWidget(head)
        if side.words:
            quoted = plain(f"“{side.words}”", box)
            quoted.setWordWrap(True)
            column.addWidget(quoted)
        elif side.score is not None:
            column.addWidget(ProbabilityBar(side.score, theme.MACHINE, box))
            column.addWidget(QLabel(side.score.words, box))
        elif side.value is not None:
            unit = str(facts.get("unit", ""))
            words = f"{side.value:.0f} {unit}" if unit else self.tr("{n} of {of} beats").format(n=facts["count"], of=facts["of"])
            column.addWidget(QLabel(words, box))
        column.addStretch(1)
        return box

    def _buttons(self, one: Discordance) -> QWidget:
        room = QWidget(self)
        row = QHBoxLayout(room)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for words, does in (
            (self.tr("Show both"), lambda: self.both_wanted.emit(one)),
            (self.tr("Why?"), self._toggle),
            (self.tr("Seen"), lambda: self.seen.emit(one)),
        ):
            button = QPushButton(words, room)
            button.clicked.connect(lambda _=False, act=does: act())
            row.addWidget(button)
        row.addStretch(1)
        return room

    def _toggle(self) -> None:
        self._why = not self._why
        self._draw()


class Evidence(QFrame):
    """One side; `clicked` shows its place."""

    clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("card", "quiet")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event) -> None:
        self.clicked.emit()
