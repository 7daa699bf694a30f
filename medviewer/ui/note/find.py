"""Find in a note: every place is marked, the next one is gone to."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from medviewer.ui import theme

MOST = 5000
"""Places that are marked."""


class FindBar(QFrame):
    """`found` carries every place as (start, end); `gone` one of them, or None when the bar closes."""

    found = Signal(list)
    gone = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setStyleSheet(f"FindBar {{ background: {theme.DOCK}; border: 0; border-bottom: 1px solid {theme.LINE}; }}")
        self._text, self._places, self._at = "", list[tuple[int, int]](), -1
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(self.tr("Find in the note"))
        self.count = QLabel(self)
        self.count.setProperty("role", "second")
        before, after, close = (QPushButton(words, self) for words in ("↑", "↓", "×"))
        for button, tip in ((before, self.tr("Previous (Shift+Enter)")), (after, self.tr("Next (Enter)")), (close, "Esc")):
            button.setToolTip(tip)
            button.setFixedWidth(28)
        before.clicked.connect(lambda: self.step(-1))
        after.clicked.connect(lambda: self.step(1))
        close.clicked.connect(self.end)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        for widget in (self.line, self.count, before, after, close):
            row.addWidget(widget)
        self.line.textChanged.connect(self._look)
        self.line.installEventFilter(self)
        self.hide()

    def begin(self, text: str, words: str = "") -> None:
        """Show the bar over this text; `words` is what is selected."""
        self._text = text
        self.show()
        if words and "\n" not in words:
            self.line.setText(words)
        self.line.setFocus()
        self.line.selectAll()
        self._look()

    def end(self) -> None:
        self.hide()
        self.found.emit([])
        self.gone.emit(None)

    def renew(self, text: str) -> None:
        """The text has changed."""
        if self.isVisible():
            self._text = text
            self._look(quiet=True)

    def step(self, by: int) -> None:
        if self._places:
            self._at = (self._at + by) % len(self._places)
            self._tell()
            self.gone.emit(self._places[self._at])

    def _look(self, words: str = "", quiet: bool = False) -> None:
        wanted = self.line.text().casefold()
        same = self._text.casefold() if len(self._text.casefold()) == len(self._text) else self._text.lower()
        self._places, at = [], 0
        while wanted and len(self._places) < MOST and (at := same.find(wanted, at)) >= 0:
            self._places.append((at, at + len(wanted)))
            at += len(wanted)
        self._at = -1 if quiet else 0
        self._tell()
        self.found.emit(self._places)
        if self._places and not quiet:
            self.gone.emit(self._places[0])

    def _tell(self) -> None:
        if not self.line.text():
            self.count.setText("")
        else:
            self.count.setText(self.tr("{k} of {n}").format(k=max(self._at, 0) + bool(self._places), n=len(self._places)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc closes the bar here before it stops anything elsewhere."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return bool(super().eventFilter(watched, event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)
