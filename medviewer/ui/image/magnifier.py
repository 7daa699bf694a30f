"""A glass over the image while its key is held: the same greys, larger, about the pointer."""

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from medviewer.core.image import ImageSeries, Pixels
from medviewer.core.view import ImageView, Picture, resolve, zoomed_at
from medviewer.ui import theme
from medviewer.ui.image.painter import ImagePainter

TIMES, SIDE = 2.5, 240


class Magnifier:
    """`begin` with the key that holds it; `let_go` of that key ends it. It has a painter of its own, so the pane's copy stays."""

    def __init__(self, pane: QWidget) -> None:
        self._pane = pane
        self._at = (0.0, 0.0)
        self._key = 0
        self._own: ImagePainter | None = None
        self.on = False

    def begin(self, key: int) -> None:
        here: QPoint = self._pane.mapFromGlobal(QCursor.pos())
        inside = self._pane.rect().contains(here)
        self._at = (float(here.x()), float(here.y())) if inside else (self._pane.width() / 2, self._pane.height() / 2)
        self._key, self.on = key, True
        self._pane.update()

    def let_go(self, key: int) -> bool:
        """True where this ended it."""
        ended = self.on and key == self._key
        if ended:
            self.on = False
            self._own = None
        return ended

    def move(self, here: tuple[float, float]) -> None:
        if self.on:
            self._at = here
            self._pane.update()

    def paint(
        self, painter: QPainter, like: ImagePainter, series: ImageSeries, view: ImageView, picture: Picture, stored: Pixels
    ) -> None:
        if not self.on:
            return
        size = (float(self._pane.width()), float(self._pane.height()))
        larger = resolve(zoomed_at(view.at_frame(picture.frame, series), picture, TIMES, *self._at, size), series, size)
        if self._own is None or self._own.series is not series:
            self._own = like.another()
        box = QRectF(self._at[0] - SIDE / 2, self._at[1] - SIDE / 2, SIDE, SIDE)
        painter.save()
        painter.setClipRect(box)
        painter.fillRect(box, QColor(theme.IMAGE))
        self._own.paint_image(painter, larger, stored, self._pane.devicePixelRatioF(), smooth=False)
        self._own.paint_layers(painter, larger, view)
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.HAND), 1))
        painter.drawRect(box)
