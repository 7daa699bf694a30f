"""Quiet bands and boxes inside a pane: why there is no answer, what is damaged, how fast the cine runs."""

from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from medviewer import __version__
from medviewer.core.errors import Notice
from medviewer.core.finding import Result
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.answer import put_tag
from medviewer.ui.headless import translated

NARROW = 260
"""Panes narrower than this get the short words of a strip."""


def _tr(text: str) -> str:
    return translated("strip", text)


def refusal(result: Result) -> str:
    """Which network gave no answer, and whether it would not or could not."""
    said = _tr("{model} does not read this") if result.status == "refused" else _tr("{model} failed")
    return said.format(model=result.model)


class Strip(QFrame):
    """A quiet band at the rim of a pane: a tag, a sentence, perhaps a link."""

    followed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._tag, self._words = QLabel(self), QLabel(self)
        self._long = self._short = ""
        self._words.setWordWrap(True)
        self._words.setFont(theme.font(12))
        self._words.linkActivated.connect(lambda _: self.followed.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(self._tag, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self.hide()

    def tell(self, kind: str, tag: str, words: str, short: str = "") -> None:
        """`kind` quiet or attention; nothing to say hides it; `short` stands in narrow panes."""
        self._long, self._short = words, short or words
        ground = theme.ATTENTION_GROUND if kind == "banner" else "rgba(14, 17, 22, 230)"
        self.setStyleSheet(f"Strip {{ background: {ground}; border: 0; }}")
        self._words.setStyleSheet(f"color: {theme.ATTENTION if kind == 'banner' else theme.TEXT2}")
        put_tag(self._tag, ("attention" if kind == "attention" else "quiet", tag))
        self._tag.setVisible(bool(tag))
        self._words.setText(words)
        self._words.setToolTip(words if short else "")
        self.setVisible(bool(words))

    def fit(self, width: int) -> int:
        """Choose the words that fit a pane of this width; returns the height they need."""
        self._words.setText(self._short if width < NARROW else self._long)
        return self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()

    def words(self) -> str:
        return self._words.text()


class Damage(QWidget):
    """What stands where an image cannot be shown: which file, what is wrong, what to do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title, self._message, self._remedy = QLabel(self), QLabel(self), QLabel(self)
        self._title.setFont(theme.font(14, bold=True))
        self._title.setStyleSheet(f"color: {theme.DAMAGE}")
        self.copy = QPushButton(self.tr("Copy details"), self)
        self.copy.setToolTip(self.tr("The reason in the program's words, without names of files or patients"))
        self.copy.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.details = ""
        self.copy.clicked.connect(lambda: QApplication.clipboard().setText(self.details))
        column = QVBoxLayout(self)
        column.setSpacing(12)
        for label in (self._title, self._message, self._remedy):
            label.setWordWrap(True)
            column.addWidget(label)
        column.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def tell(self, error: Notice | None, said: Sentence | None) -> None:
        """None hides it. `details` has the code and its facts, which never hold patient data."""
        self.setVisible(error is not None)
        if error is None or said is None:
            return
        self._title.setText(self.tr("{file} cannot be shown").format(file=PurePath(error.path).name or self.tr("The image")))
        self._title.setToolTip(error.path)
        self._message.setText(said.message)
        self._remedy.setText(said.remedy)
        facts = [f"{name}: {value}" for name, value in error.facts.items()]
        self.details = "\n".join([f"medviewer {__version__}", error.code, *facts])

    def words(self) -> str:
        return "\n".join(label.text() for label in (self._title, self._message, self._remedy))


class CineBar(QFrame):
    """Play or stop, images a second, loop; shown while the cine runs."""

    stopped = Signal()
    speed_changed = Signal(int)
    loop_changed = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setStyleSheet("CineBar { background: rgba(14, 17, 22, 230); border-radius: 6px; }")
        stop = QPushButton(self.tr("Stop (C)"), self)
        stop.clicked.connect(self.stopped)
        self.speed = QSlider(Qt.Orientation.Horizontal, self)
        self.speed.setRange(1, 60)
        self.speed.setFixedWidth(120)
        self.loop = QCheckBox(self.tr("Loop"), self)
        self._says = QLabel(self)
        self._says.setFont(theme.font(12))
        self._says.setMinimumWidth(64)
        self.speed.valueChanged.connect(self._changed)
        self.loop.toggled.connect(self.loop_changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        for widget in (stop, self.speed, self._says, self.loop):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(widget)
        self.hide()

    def _changed(self, rate: int) -> None:
        self._says.setText(self.tr("{n} images/s").format(n=rate))
        self.speed_changed.emit(rate)

    def tell(self, rate: int, loop: bool) -> None:
        self.speed.setValue(rate)
        self._says.setText(self.tr("{n} images/s").format(n=rate))
        self.loop.setChecked(loop)
