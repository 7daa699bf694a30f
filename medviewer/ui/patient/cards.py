"""Cards of the findings list: a probability bar with threshold and band, what decided, what a person said. One for all kinds."""

from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from medviewer.core.finding import Score
from medviewer.ui import theme
from medviewer.ui.answer import ProbabilityBar

Act = tuple[str, Callable[[], None]]
"""Words of a button and what it does."""


ROOM = theme.RIGHT_DOCK - 104
"""Width in which tags and buttons stand beside each other: what the narrowest dock leaves of it."""


def plain(words: str, parent: QWidget) -> QLabel:
    """Words as they are: nothing in them is taken for markup."""
    label = QLabel(words, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


class Card(QFrame):
    """A title with where it is, then lines, then tags and buttons. `clicked` shows its place; `menu_wanted` carries where."""

    clicked = Signal()
    menu_wanted = Signal(object)

    def __init__(self, kind: str, title: str, where: str, parent: QWidget, state: str = "") -> None:
        super().__init__(parent)
        self.setProperty("card", kind)
        self.setProperty("state", state)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(5)
        head = QHBoxLayout()
        name, place = plain(title, self), plain("", self)
        name.setFont(theme.font(13, bold=True))
        name.setWordWrap(True)
        if state == "rejected":
            name.setStyleSheet(f"color: {theme.TEXT3}; text-decoration: line-through;")
        place.setProperty("role", "second")
        place.setMaximumWidth(126)
        place.setToolTip(where)
        place.setText(place.fontMetrics().elidedText(where, Qt.TextElideMode.ElideRight, 126))
        head.addWidget(name, 1)
        head.addWidget(place, 0, Qt.AlignmentFlag.AlignTop)
        self._column.addLayout(head)
        self.words = [title]
        self.finding = ""

    def bar(self, score: Score, colour: str) -> None:
        self._column.addWidget(ProbabilityBar(score, colour, self))

    def line(self, words: str, role: str = "second") -> QLabel:
        label = plain(words, self)
        label.setProperty("role", role)
        label.setWordWrap(True)
        self.words.append(words)
        self._column.addWidget(label)
        return label

    def add(self, widget: QWidget) -> None:
        self._column.addWidget(widget)

    def end(self, tags: Sequence[tuple[str, str]], buttons: Sequence[Act]) -> None:
        """Tags at the left, then buttons at the right; in as many lines as the dock's width asks for."""
        row, wide = self._line_of_widgets(), 0
        for kind, words in tags:
            tag = plain(words, self)
            tag.setProperty("tag", kind)
            self.words.append(words)
            tag.ensurePolished()
            shown = tag.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, ROOM - 24)
            if shown != words:
                tag.setText(shown)
                tag.setToolTip(words)
            need = tag.fontMetrics().horizontalAdvance(shown) + 20
            if wide and wide + need > ROOM:
                row.addStretch(1)
                row, wide = self._line_of_widgets(), 0
            row.addWidget(tag)
            wide += need + row.spacing()
        made = [QPushButton(words, self) for words, _ in buttons]
        need = sum(button.sizeHint().width() + 4 for button in made)
        if wide and wide + need > ROOM:
            row.addStretch(1)
            row = self._line_of_widgets()
        row.addStretch(1)
        for button, (_, does) in zip(made, buttons, strict=True):
            button.clicked.connect(lambda _=False, act=does: act())
            row.addWidget(button)

    def _line_of_widgets(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self._column.addLayout(row)
        return row

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())


class MentionRow(QFrame):
    """One finding that a note names: how it is meant, accepted or rejected in place."""

    clicked = Signal()
    menu_wanted = Signal(object)

    def __init__(
        self, title: str, said: str, state: str, decided: str, acts: Sequence[tuple[str, str, Callable[[], None]]]
    ) -> None:
        """`state` of the decision; `decided` says who and when; `acts` are (icon, words, what it does)."""
        super().__init__()
        self.setProperty("mention", True)
        self.setProperty("state", state)
        self.words = [title, said, decided]
        self.finding = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 1, 2, 1)
        row.setSpacing(6)
        struck = "text-decoration: line-through;" if state == "rejected" else ""
        grey = theme.TEXT3 if state == "rejected" else theme.TEXT1
        name = QLabel(f'<span style="color:{grey}; {struck}">{escape(title)}</span>', self)
        meant = plain(said, self)
        meant.setProperty("role", "second")
        meant.ensurePolished()
        name.ensurePolished()
        left = ROOM - 40 - name.sizeHint().width()
        meant.setText(meant.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, max(left, ROOM // 3)))
        meant.setToolTip(said)
        room = max(ROOM - 40 - meant.sizeHint().width(), ROOM // 3)
        shown = name.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, room)
        name.setText(f'<span style="color:{grey}; {struck}">{escape(shown)}</span>')
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        name.setToolTip(title)
        row.addWidget(name, 1)
        row.addWidget(meant)
        if decided:
            self.setToolTip(decided)
        for icon, words, does in acts:
            button = QToolButton(self)
            button.setIcon(theme.icon(icon, theme.ACCEPTED if icon == "check" and state == "accepted" else theme.TEXT2))
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.setFixedSize(24, 24)
            button.clicked.connect(lambda _=False, act=does: act())
            row.addWidget(button)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())
