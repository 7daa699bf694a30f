"""Picture → pixels: greys through a table, heat as a second layer bound to geometry, words at the rim.

A frame is kept once at the resolution that the screen needs; a window drag only sends that copy through another table.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QTransform,
)

from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Attribution
from medviewer.core.grey import VoiTransform, automatic, grey_bytes, screen_table
from medviewer.core.image import ImageSeries, Pixels
from medviewer.core.overlay import Shutter
from medviewer.core.view import ImageView, Picture, ScaleBar, resolve
from medviewer.ui import theme
from medviewer.ui.image.corners import corners, why_no_heat

MARGIN = 10
NAMED_WINDOWS = (
    QT_TRANSLATE_NOOP("painter", "automatic"),
    QT_TRANSLATE_NOOP("painter", "soft-tissue"),
    QT_TRANSLATE_NOOP("painter", "lung"),
    QT_TRANSLATE_NOOP("painter", "bone"),
    QT_TRANSLATE_NOOP("painter", "brain"),
    QT_TRANSLATE_NOOP("painter", "liver"),
    QT_TRANSLATE_NOOP("painter", "mediastinum"),
)
"""Explanations that the program itself gives (`resources/presets.json`, the automatic window); others are the file's words."""
CROWDED = 420
"""A narrow pane lower than this has room for the fewer words only: nothing covers the middle of an image."""
HEAT_GRID = 32
"""Interpolation steps of one heat cell, per side."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("painter", text)


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


def paint_words(
    painter: QPainter,
    series: ImageSeries,
    view: ImageView,
    picture: Picture,
    size: tuple[float, float],
    heat: Attribution | None,
    window: str,
    marks: tuple[str, ...] = (),
) -> float:
    """Corner texts, orientation letters, scale bar, badges, a person's `marks`; with heat what it is not.

    Returns where the words at the upper right end.
    """
    if view.text == "none":
        return 0.0
    width, height = size
    said = corners(series, view, picture, heat, window)
    painter.setFont(theme.font(12))
    metrics = QFontMetricsF(painter.font())
    widest = [max((metrics.horizontalAdvance(line) for line in lines), default=0.0) for lines in (said.top_left, said.top_right)]
    stacked = sum(widest) + 2 * MARGIN + 60 > width
    if stacked and height < CROWDED and view.text == "all":
        said = corners(series, replace(view, text="less"), picture, heat, window)
    most = width - 2 * MARGIN - 12
    under = plate(painter, said.top_left, MARGIN, MARGIN, Qt.AlignmentFlag.AlignLeft, most=most)
    top = under + 2 if stacked else MARGIN
    bottom = plate(painter, said.top_right, width - MARGIN, top, Qt.AlignmentFlag.AlignRight, most=most)
    below = bottom + 2 if stacked else MARGIN
    for badge in said.badges:
        bottom = plate(
            painter, (badge,), width - MARGIN, bottom + 4, Qt.AlignmentFlag.AlignRight, theme.ATTENTION, theme.ATTENTION_GROUND
        )
    for mark in marks:
        bottom = plate(painter, (mark,), width - MARGIN, bottom + 4, Qt.AlignmentFlag.AlignRight, theme.HAND)
    high = 16 * len(said.bottom_left) + 6
    plate(painter, said.bottom_left, MARGIN, height - MARGIN - high, Qt.AlignmentFlag.AlignLeft, most=width - 2 * MARGIN)
    bar = picture.scale_bar if width > 260 else None
    reach = max((metrics.horizontalAdvance(line) for line in said.bottom_left), default=0.0) + MARGIN + 24
    lifted = high if reach > width / 2 - max(bar.pixels / 2 if bar is not None else 0.0, 14.0) else 0
    _letters(painter, picture, size, below, lifted)
    if bar is not None:
        _scale_bar(painter, bar, (width, height - lifted))
    if view.overlay and heat is not None:
        notice = _tr("Research use only – not for diagnosis")
        words = (said.overlay, _tr("shows what influenced the score, not where disease is"), notice)
        lines = tuple(row for line in words for row in _wrapped(painter, line, width - 2 * MARGIN - 12))
        metrics = QFontMetricsF(painter.font())
        taken = max((metrics.horizontalAdvance(line) for line in said.bottom_left), default=-24.0) + 24
        needed = max(metrics.horizontalAdvance(line) for line in lines) + 24
        lift = high + 4 if taken + needed > width else 0
        top = height - MARGIN - lift - 16 * len(lines) - 6
        plate(painter, lines, width - MARGIN, top, Qt.AlignmentFlag.AlignRight, theme.MACHINE)
    return bottom


def _wrapped(painter: QPainter, line: str, most: float) -> list[str]:
    """A line in rows that fit: what must be read with heat is never cut."""
    metrics = QFontMetricsF(painter.font())
    rows = [""]
    for word in line.split(" "):
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and metrics.horizontalAdvance(longer) > most:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows


def plate(
    painter: QPainter,
    lines: tuple[str, ...],
    x: float,
    y: float,
    align: Qt.AlignmentFlag,
    colour: str = theme.TEXT1,
    ground: str | None = None,
    most: float | None = None,
) -> float:
    """Lines of 16 px on a dark plate whose corner is (x, y), cut at `most` pixels; returns its lower edge."""
    if not lines:
        return y
    metrics = QFontMetricsF(painter.font())
    shown = [metrics.elidedText(line, Qt.TextElideMode.ElideRight, most) if most else line for line in lines]
    wide = max(metrics.horizontalAdvance(line) for line in shown) + 12
    left = x if align == Qt.AlignmentFlag.AlignLeft else x - wide
    box = QRectF(left, y, wide, 16 * len(lines) + 6)
    _ground(painter, box, ground)
    for n, line in enumerate(shown):
        row = QRectF(left + 6, y + 3 + 16 * n, wide - 12, 16)
        painter.setPen(QColor(0, 0, 0, 180))
        painter.drawText(row.translated(1, 1), align | Qt.AlignmentFlag.AlignVCenter, line)
        painter.setPen(QColor(colour))
        painter.drawText(row, align | Qt.AlignmentFlag.AlignVCenter, line)
    return box.bottom()


def _ground(painter: QPainter, box: QRectF, colour: str | None = None) -> None:
    """What keeps words readable on a white image."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.PLATE if colour is None else QColor(colour))
    painter.drawRoundedRect(box, 4, 4)


def _letters(painter: QPainter, picture: Picture, size: tuple[float, float], top: float, lifted: float) -> None:
    width, height = size
    places = (
        (MARGIN, height / 2 - 10),
        (width - MARGIN - 28, height / 2 - 10),
        (width / 2 - 14, top),
        (width / 2 - 14, height - 30 - lifted),
    )
    painter.setFont(theme.font(14, bold=True))
    for letter, (x, y) in zip(picture.letters, places, strict=True):
        box = QRectF(x, y, 28, 20)
        if letter:
            _ground(painter, box.adjusted(3, 0, -3, 0))
        painter.setPen(QColor(0, 0, 0, 200))
        painter.drawText(box.translated(1, 1), Qt.AlignmentFlag.AlignCenter, letter)
        painter.setPen(QColor(theme.TEXT1))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
    painter.setFont(theme.font(12))


def _scale_bar(painter: QPainter, bar: ScaleBar, size: tuple[float, float]) -> None:
    width, height = size
    left, base = width / 2 - bar.pixels / 2, height - 38
    words = f"{bar.length / 10:g} cm" if bar.length >= 10 else f"{bar.length:g} mm"
    if bar.detector:
        words += _tr(" at the detector")
    wide = max(QFontMetricsF(painter.font()).horizontalAdvance(words), bar.pixels) + 16
    _ground(painter, QRectF(width / 2 - wide / 2, base - 24, wide, 32))
    for offset, colour in ((1, QColor(0, 0, 0, 200)), (0, QColor(theme.TEXT1))):
        painter.setPen(QPen(colour, 1.5))
        painter.drawLine(QPointF(left + offset, base + offset), QPointF(left + bar.pixels + offset, base + offset))
        for x in (left, left + bar.pixels):
            painter.drawLine(QPointF(x + offset, base - 4 + offset), QPointF(x + offset, base + 4 + offset))
        painter.drawText(
            QRectF(left - 80 + offset, base - 22 + offset, bar.pixels + 160, 16), Qt.AlignmentFlag.AlignCenter, words
        )


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


def _paint_reason(painter: QPainter, words: str, size: tuple[float, float]) -> None:
    """Where a window has its strip: one line why nothing is coloured, with the research notice."""
    painter.setFont(theme.font(12))
    said = (words, _tr("Research use only – not for diagnosis"))
    lines = tuple(row for line in said if line for row in _wrapped(painter, line, size[0] - 2 * MARGIN - 12))
    plate(painter, lines, size[0] - MARGIN, size[1] - MARGIN - 16 * len(lines) - 6, Qt.AlignmentFlag.AlignRight)


def window_line(voi: VoiTransform, series: ImageSeries, view: ImageView) -> str:
    """ "W 400 L 40" with where the window comes from."""
    if series.frames[0].samples == 3:
        return ""
    if voi.function == "LUT":
        return _tr("table of the file") + (f": {voi.explanation}" if voi.explanation else "")
    named = QCoreApplication.translate("painter", voi.explanation) if voi.explanation in NAMED_WINDOWS else voi.explanation
    source = named or (_tr("set by hand") if view.window is not None else _tr("file"))
    curve = ", sigmoid" if voi.function == "SIGMOID" else ""
    return f"W {voi.width:.5g} L {voi.center:.5g} ({source}{curve})"


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
    application = QGuiApplication.instance() or QGuiApplication([])
    assert application is not None
    image = QImage(QSize(round(size[0] * pixel_ratio), round(size[1] * pixel_ratio)), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(pixel_ratio)
    image.fill(QColor(theme.IMAGE))
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
            _paint_reason(painter, why_no_heat(view, attribution), size)
    painter.end()
    bits = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return np.ascontiguousarray(bits[:, : image.width(), 2::-1])
