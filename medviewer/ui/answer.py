"""How a network's answer looks wherever it stands: its bar, its tags, its colour once somebody decided."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from medviewer.core.finding import Score
from medviewer.ui import theme
from medviewer.ui.headless import translated

Tag = tuple[str, str]
"""Kind (machine, accepted, attention, quiet) and words."""


def _tr(text: str) -> str:
    return translated("answer", text)


def network_tag() -> Tag:
    return "machine", _tr("network")


def weak_tag() -> Tag:
    """The explanation did not pass its check."""
    return "attention", _tr("explanation weak")


def put_tag(label: QLabel, tag: Tag) -> None:
    kind, words = tag
    label.setProperty("tag", kind)
    label.setText(words)
    label.style().polish(label)


def decided_colour(state: str) -> str:
    """Violet while proposed, green once accepted, grey once rejected."""
    return {"accepted": theme.ACCEPTED, "rejected": theme.TEXT3}.get(state, theme.MACHINE)


def paint_bar(painter: QPainter, box: QRectF, probability: float, colour: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    for share, filled in ((1.0, theme.LINE), (probability, colour)):
        painter.setBrush(QColor(filled))
        painter.drawRoundedRect(QRectF(box.x(), box.y(), box.width() * share, box.height()), 2.5, 2.5)


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
        paint_bar(painter, QRectF(0, middle - 2.5, wide, 5), self.score.probability, self._colour)
        painter.fillRect(
            QRectF(wide * self.score.low, middle - 0.75, wide * (self.score.high - self.score.low), 1.5), theme.TEXT2
        )
        if self.score.threshold is not None:
            painter.fillRect(QRectF(wide * self.score.threshold - 1, middle - 6, 2, 12), QColor(theme.TEXT1))
        painter.end()
