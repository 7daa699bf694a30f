"""Lengths on an image, and the length or box that is being drawn."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medviewer.core.image import ImageSeries
from medviewer.core.measure import Ruler, length
from medviewer.core.view import Picture
from medviewer.ui import theme
from medviewer.ui.image.corners import spacing_words
from medviewer.ui.image.tools import Place
from medviewer.ui.image.words import plate


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a hand draws with "ruler" or "region", from one place of the pane to another."""

    tool: str
    start: Place
    end: Place

    def on(self, picture: Picture) -> tuple[Place, Place]:
        """(row, column) of its ends."""
        return picture.to_image(*self.start), picture.to_image(*self.end)


def length_words(series: ImageSeries, frame: int, ruler: Ruler) -> str:
    """ "12.3 mm", "12.3 mm at the detector", "41 px": one string everywhere (GE-16)."""
    measured = length(series, ruler.start, ruler.end, frame)
    return f"{measured.value:.1f} {measured.unit}{spacing_words(measured.source)}"


def paint_rulers(painter: QPainter, series: ImageSeries, picture: Picture, rulers: Iterable[Ruler], drawn: Drawn | None) -> None:
    for ruler in rulers:
        ends = [QPointF(*picture.to_screen(*end)) for end in (ruler.start, ruler.end)]
        _paint_ruler(painter, ends[0], ends[1], length_words(series, picture.frame, ruler))
    if drawn is None:
        return
    start, end = QPointF(*drawn.start), QPointF(*drawn.end)
    if drawn.tool == "region":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.HAND), 1, Qt.PenStyle.DashLine))
        painter.drawRect(QRectF(start, end).normalized())
    else:
        _paint_ruler(painter, start, end, length_words(series, picture.frame, Ruler(*drawn.on(picture))))


def _paint_ruler(painter: QPainter, start: QPointF, end: QPointF, words: str) -> None:
    for width, colour in ((3.0, QColor(0, 0, 0, 160)), (1.5, QColor(theme.HAND))):
        painter.setPen(QPen(colour, width))
        painter.drawLine(start, end)
        for point in (start, end):
            painter.drawEllipse(point, 3, 3)
    painter.setFont(theme.font(12))
    plate(painter, (words,), end.x() + 8, end.y() + 4, Qt.AlignmentFlag.AlignLeft, theme.HAND)
