"""Picture → pixels: greys through a table, heat as a second layer bound to geometry.

A frame is kept once at the resolution that the screen needs; a window drag only sends that copy through another table.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPolygonF,
    QTransform,
)

from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Attribution
from medviewer.core.grey import VoiTransform, automatic, grey_bytes, screen_table
from medviewer.core.image import ImageSeries, Pixels
from medviewer.core.overlay import Shutter
from medviewer.core.view import ImageView, Picture, resolve
from medviewer.ui import theme
from medviewer.ui.headless import application
from medviewer.ui.image.corners import why_no_heat
from medviewer.ui.image.words import MARGIN, paint_reason, paint_words, plate, window_line
from medviewer.ui.raster import blank, pixels_of

HEAT_GRID = 32
"""Interpolation steps of one heat cell, per side."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """What a table is applied to: `index` uint16 [h, w] into 65,536 greys, or `colour` uint8 [h, w, 3]. `low` and `step` turn
    an index into a modality value where the index is not the stored bit pattern."""

    key: tuple[Any, ...]
    index: NDArray[np.uint16] | None
    colour: NDArray[np.uint8] | None
    quantised: tuple[float, float] | None


class ImagePainter:
    """Paints one series; keeps its copy, its table and its automatic window."""

    def __init__(self, series: ImageSeries) -> None:
        self.series = series
        self._copy: _Copy | None = None
        self._automatic: VoiTransform | None = None
        self._grey: tuple[Any, NDArray[np.uint32]] | None = None
        self._heat: tuple[Any, QImage] | None = None

    def another(self) -> "ImagePainter":
        """A painter with the same automatic window and copies of its own."""
        made = ImagePainter(self.series)
        made._automatic = self._automatic
        return made

    def window(self, picture: Picture, stored: Pixels) -> VoiTransform:
        """The window that is drawn: the wish or the file's, else the automatic one of the first frame painted (no flicker)."""
        if picture.voi is not None:
            return picture.voi
        if self._automatic is None:
            k = picture.frame
            values = stored if stored.ndim == 3 else self.series.frames[k].modality_transform.apply(stored)
            self._automatic = automatic(values, self.series.unpadded(k))
        return self._automatic

    def paint_image(self, painter: QPainter, picture: Picture, stored: Pixels, ratio: float, *, smooth: bool) -> None:
        """Draw the pixels; `smooth` False while the hand moves."""
        pixels = self._screen_pixels(picture, stored, ratio, smooth)
        rows, columns = pixels.shape[:2]
        form = QImage.Format.Format_RGB32 if pixels.ndim == 2 else QImage.Format.Format_RGB888
        image = QImage(pixels.data, columns, rows, pixels.strides[0], form)
        frame = self.series.frames[picture.frame]
        painter.save()
        painter.setTransform(_transform(picture, ratio, snap=columns != frame.columns), True)
        magnified = picture.zoom * ratio > 1.0
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth or (magnified and rows * columns <= 1 << 18))
        painter.drawImage(QRectF(-0.5, -0.5, frame.columns, frame.rows), image)
        painter.restore()

    def _screen_pixels(self, picture: Picture, stored: Pixels, ratio: float, smooth: bool) -> NDArray[Any]:
        """uint32 [h, w] as the screen takes them (a fifth of the time of 8-bit greys, measured), or uint8 [h, w, 3] of colour."""
        copy = self._copy_for(picture, stored, ratio, smooth)
        if copy.colour is not None:
            return 255 - copy.colour if picture.invert else copy.colour
        assert copy.index is not None
        voi = self.window(picture, stored)
        frame = self.series.frames[picture.frame]
        key = (copy.key, voi, picture.invert, picture.blank)
        if self._grey is None or self._grey[0] != key:
            if copy.quantised is not None:
                low, step = copy.quantised
                table = grey_bytes(voi.apply(low + step * np.arange(65536)), invert=picture.invert)
            else:
                table = screen_table(frame.modality_transform, voi, signed=stored.dtype.kind == "i", invert=picture.invert)
                if picture.blank is not None:
                    table[np.arange(picture.blank[0], picture.blank[1] + 1) & 0xFFFF] = 0
            target = self._grey[1] if self._grey is not None and self._grey[1].shape == copy.index.shape else None
            words = table.astype(np.uint32) * np.uint32(0x010101) | np.uint32(0xFF000000)
            self._grey = (key, np.take(words, copy.index, out=target, mode="clip"))
        return self._grey[1]

    def _copy_for(self, picture: Picture, stored: Pixels, ratio: float, smooth: bool) -> _Copy:
        rows, columns = stored.shape[:2]
        xr, xc, _, yr, yc, _ = picture.affine
        scale_c = float(np.hypot(xc, yc)) * ratio
        scale_r = float(np.hypot(xr, yr)) * ratio
        size = (rows, columns)
        if min(scale_c, scale_r) < 1.0:
            size = (max(1, min(rows, round(rows * scale_r))), max(1, min(columns, round(columns * scale_c))))
        key = (picture.frame, size, smooth or size == (rows, columns))
        if self._copy is None or self._copy.key != key:
            self._copy = _make_copy(key, self.series, picture.frame, _reduce(stored, size, smooth), stored)
        return self._copy

    def paint_layers(self, painter: QPainter, picture: Picture, view: ImageView) -> None:
        """What the file lays over its image: black outside its shutter, its overlay planes in one colour (PX-07)."""
        frame = self.series.frames[picture.frame]
        transform = _transform(picture, 1.0, snap=False)
        if view.shutter and frame.shutter is not None:
            outside = QPainterPath()
            outside.addRect(QRectF(-0.5, -0.5, frame.columns, frame.rows))
            painter.fillPath(transform.map(outside.subtracted(_opening(frame.shutter, outside))), QColor(theme.IMAGE))
        if not view.planes:
            return
        for overlay in frame.overlays:
            try:
                mask = self.series.overlay(picture.frame, overlay)
            except MedviewerError:  # said in the series' warnings; the image is shown all the same
                continue
            rows, columns = mask.shape
            colours = np.zeros((rows, columns), np.uint32)
            colours[mask] = QColor(theme.PLANE).rgba()
            image = QImage(colours.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32)
            painter.save()
            painter.setTransform(transform, True)
            painter.drawImage(QRectF(-0.5, -0.5, columns, rows), image)
            painter.restore()

    def paint_heat(self, painter: QPainter, picture: Picture, view: ImageView, heat: Attribution) -> bool:
        """Draw the heat over the image; False where there is nothing to draw, or its check failed and nobody insisted."""
        failed = heat.self_check is not None and not heat.self_check.passed
        if heat.empty or heat.frame != picture.frame or (failed and not view.show_anyway):
            return False
        key = (id(heat), view.opacity, view.cutoff)
        if self._heat is None or self._heat[0] != key:
            self._heat = (key, heat_image(heat.heat, view.opacity, view.cutoff))
        (rr, rc, r0), (cr, cc, c0) = heat.to_image
        grid = QTransform(cc, rc, cr, rr, c0, r0)
        rows, columns = heat.heat.shape
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(grid * _transform(picture, 1.0, snap=False), True)
        painter.drawImage(QRectF(-0.5, -0.5, columns, rows), self._heat[1])
        painter.restore()
        return True


def _opening(shutter: Shutter, image: QPainterPath) -> QPainterPath:
    """What is inside every shape of a shutter, x = column, y = row; a shape without area is left out (PX-17)."""
    inside = QPainterPath(image)
    if shutter.rectangle is not None:
        top, left, bottom, right = shutter.rectangle
        inside = inside.intersected(_shape(QRectF(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1)))
    if shutter.circle is not None:
        row, column, radius = shutter.circle
        circle = QPainterPath()
        circle.addEllipse(QPointF(column, row), radius, radius)
        inside = inside.intersected(circle)
    if len(shutter.polygon) > 2:
        polygon = QPainterPath()
        polygon.addPolygon(QPolygonF([QPointF(column, row) for row, column in shutter.polygon]))
        polygon.closeSubpath()
        inside = inside.intersected(polygon)
    return inside if not inside.isEmpty() else image


def _shape(box: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRect(box)
    return path


def heat_image(heat: NDArray[np.float32], opacity: float, cutoff: float) -> QImage:
    """Heat [h, w] 0…1 → colours, interpolated between cells, fully clear below `cutoff` (AI-08)."""
    fine = _interpolate(heat, HEAT_GRID)
    colours = np.empty((*fine.shape, 4), np.uint8)
    colours[..., :3] = _heat_colours()[np.clip(np.rint(fine * 255), 0, 255).astype(np.uint8)]
    colours[..., 3] = np.where(fine >= cutoff, round(opacity * 255), 0)
    return QImage(colours.data, fine.shape[1], fine.shape[0], 4 * fine.shape[1], QImage.Format.Format_RGBA8888).copy()


@lru_cache(maxsize=1)
def _heat_colours() -> NDArray[np.uint8]:
    anchors = np.array(theme.HEAT, float)
    at = np.linspace(0, 1, len(anchors))
    return np.stack([np.interp(np.linspace(0, 1, 256), at, anchors[:, i]) for i in range(3)], axis=1).astype(np.uint8)


def _interpolate(heat: NDArray[np.float32], times: int) -> NDArray[np.float32]:
    """Bilinear between cell centres, edges held: [h, w] → [h·times, w·times]."""

    def along(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
        count = values.shape[axis]
        place = np.clip((np.arange(count * times) + 0.5) / times - 0.5, 0, count - 1)
        first = np.minimum(place.astype(int), max(count - 2, 0))
        share = (place - first).astype(np.float32)
        share = share[:, None] if axis == 0 else share[None, :]
        second = np.minimum(first + 1, count - 1)
        mixed: NDArray[np.float32] = np.take(values, first, axis) * (1 - share) + np.take(values, second, axis) * share
        return mixed

    return along(along(heat, 0), 1)


def _transform(picture: Picture, ratio: float, *, snap: bool) -> QTransform:
    """Image coordinates (x = column, y = row) → screen; `snap` puts pixels of a screen-resolution copy on device pixels."""
    xr, xc, x0, yr, yc, y0 = picture.affine
    if snap and xr == 0 and xc > 0 and yr > 0:
        left, top = x0 - 0.5 * xc, y0 - 0.5 * yr
        x0 += round(left * ratio) / ratio - left
        y0 += round(top * ratio) / ratio - top
    return QTransform(xc, yc, xr, yr, x0, y0)


def _reduce(stored: Pixels, size: tuple[int, int], smooth: bool) -> Pixels:
    """[rows, columns(, 3)] at `size`: block means and bilinear where it is to be smooth, nearest while the hand moves."""
    rows, columns = stored.shape[:2]
    if size == (rows, columns):
        return stored
    if smooth:
        by_r, by_c = max(1, rows // size[0]), max(1, columns // size[1])
        if by_r > 1 or by_c > 1:
            cut = stored[: rows // by_r * by_r, : columns // by_c * by_c]
            blocks = cut.reshape(rows // by_r, by_r, columns // by_c, by_c, *stored.shape[2:])
            mean = blocks.mean(axis=(1, 3), dtype=np.float32)
            stored = mean.astype(stored.dtype) if stored.dtype.kind == "f" else np.rint(mean).astype(stored.dtype)
        elif min(size) > 0:
            stored = _linear(stored, size)
            return stored
        rows, columns = stored.shape[:2]
        if size[0] <= rows and size[1] <= columns:
            return _linear(stored, size)
    r = np.minimum(((np.arange(size[0]) + 0.5) * rows / size[0]).astype(int), rows - 1)
    c = np.minimum(((np.arange(size[1]) + 0.5) * columns / size[1]).astype(int), columns - 1)
    return stored[r[:, None], c[None, :]]


def _linear(stored: Pixels, size: tuple[int, int]) -> Pixels:
    """Bilinear samples of a grey or colour array at pixel centres of `size`."""
    mixed = stored.astype(np.float32)
    for axis in (0, 1):
        count = mixed.shape[axis]
        place = np.clip((np.arange(size[axis]) + 0.5) * count / size[axis] - 0.5, 0, count - 1)
        first = place.astype(int)
        second = np.minimum(first + 1, count - 1)
        shape = [1] * mixed.ndim
        shape[axis] = -1
        share = (place - first).astype(np.float32).reshape(shape)
        mixed = np.take(mixed, first, axis) * (1 - share) + np.take(mixed, second, axis) * share
    return mixed.astype(stored.dtype) if stored.dtype.kind == "f" else np.rint(mixed).astype(stored.dtype)


def _make_copy(key: tuple[Any, ...], series: ImageSeries, frame: int, small: Pixels, stored: Pixels) -> _Copy:
    if small.ndim == 3:
        colour = small if small.dtype == np.uint8 else (small >> 8).astype(np.uint8)
        return _Copy(key, None, np.ascontiguousarray(colour), None)
    if small.dtype.kind in "iu" and small.dtype.itemsize <= 2:
        wide = small.astype(np.int16 if small.dtype.kind == "i" else np.uint16, copy=False)
        return _Copy(key, np.ascontiguousarray(wide).view(np.uint16), None, None)
    values = series.frames[frame].modality_transform.apply(small).astype(np.float64)
    good = values[np.isfinite(values)]
    low, high = (float(good.min()), float(good.max())) if good.size else (0.0, 1.0)
    step = (high - low) / 65535 or 1.0
    index = np.clip(np.rint((np.nan_to_num(values, nan=low) - low) / step), 0, 65535).astype(np.uint16)
    return _Copy(key, index, None, (low, step))


def paint_colour_bar(painter: QPainter, view: ImageView, size: tuple[float, float], below: float = 0.0) -> None:
    """The heat's colours from the cut-off to 1, at the right rim, `below` the words there."""
    width, height = size
    top = max(height * 0.3, below + 8)
    box = QRectF(width - MARGIN - 8, top, 8, max(height * 0.7 - top, 48.0))
    gradient = QLinearGradient(box.bottomLeft(), box.topLeft())
    for n in range(9):
        value = view.cutoff + (1 - view.cutoff) * n / 8
        red, green, blue = (int(v) for v in _heat_colours()[round(value * 255)])
        gradient.setColorAt(n / 8, QColor(red, green, blue))
    painter.fillRect(box, gradient)
    painter.setFont(theme.font(12))
    plate(painter, ("1.0",), box.left() - 4, box.top() - 3, Qt.AlignmentFlag.AlignRight)
    plate(painter, (f"{view.cutoff:.2f}",), box.left() - 4, box.bottom() - 19, Qt.AlignmentFlag.AlignRight)


def paint(
    series: ImageSeries,
    view: ImageView,
    attribution: Attribution | None,
    size: tuple[int, int],
    *,
    pixel_ratio: float = 1.0,
    texts: bool = True,
) -> NDArray[np.uint8]:
    """The pane without a window: RGB uint8 [height, width, 3] in device pixels. Raises MedviewerError for unreadable pixels."""
    application()
    image = blank(size, pixel_ratio, theme.IMAGE)
    picture = resolve(view, series, size)
    stored = series.source.stored(picture.frame)
    one = ImagePainter(series)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    one.paint_image(painter, picture, stored, pixel_ratio, smooth=True)
    one.paint_layers(painter, picture, view)
    drawn = bool(attribution is not None and view.overlay and one.paint_heat(painter, picture, view, attribution))
    if texts:
        words = window_line(one.window(picture, stored), series, view)
        below = paint_words(painter, series, view, picture, size, attribution if drawn else None, words)
        if drawn:
            paint_colour_bar(painter, view, size, below)
        elif attribution is not None and view.overlay:
            paint_reason(painter, why_no_heat(view, attribution), size)
    painter.end()
    return pixels_of(image)
