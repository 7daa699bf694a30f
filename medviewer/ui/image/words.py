"""Words at the rims of an image: corner texts, letters, scale bar, why nothing is coloured, each on a dark ground."""

from dataclasses import replace

from PySide6.QtCore import QT_TRANSLATE_NOOP, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from medviewer.core.finding import Attribution
from medviewer.core.grey import VoiTransform
from medviewer.core.image import ImageSeries
from medviewer.core.view import ImageView, Picture, ScaleBar
from medviewer.ui import theme
from medviewer.ui.headless import translated
from medviewer.ui.image.corners import Corners, corners, spacing_words
from medviewer.ui.research import research_notice

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


def _tr(text: str) -> str:
    return translated("painter", text)


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
    below = max(under, bottom) + 2 if max(widest) + MARGIN + 12 > width / 2 - 16 else MARGIN
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
        _heat_words(painter, said, size, high)
    return bottom


def _heat_words(painter: QPainter, said: Corners, size: tuple[float, float], high: float) -> None:
    """Whose heat it is and what it is not, at the lower right; `high` pixels higher where the words at the left leave no room."""
    width, height = size
    words = (said.overlay, _tr("shows what influenced the score, not where disease is"), research_notice())
    lines = tuple(row for line in words for row in _wrapped(painter, line, width - 2 * MARGIN - 12))
    metrics = QFontMetricsF(painter.font())
    taken = max((metrics.horizontalAdvance(line) for line in said.bottom_left), default=-24.0) + 24
    needed = max(metrics.horizontalAdvance(line) for line in lines) + 24
    lift = high + 4 if taken + needed > width else 0
    top = height - MARGIN - lift - 16 * len(lines) - 6
    plate(painter, lines, width - MARGIN, top, Qt.AlignmentFlag.AlignRight, theme.MACHINE)


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
    _ground(painter, box, ground or (None if colour == theme.TEXT1 else theme.TINTED_PLATE))
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
    words = (f"{bar.length / 10:g} cm" if bar.length >= 10 else f"{bar.length:g} mm") + spacing_words(bar.source)
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


def paint_reason(painter: QPainter, words: str, size: tuple[float, float]) -> None:
    """Where a window has its strip: one line why nothing is coloured, with the research notice."""
    painter.setFont(theme.font(12))
    said = (words, research_notice())
    lines = tuple(row for line in said if line for row in _wrapped(painter, line, size[0] - 2 * MARGIN - 12))
    plate(painter, lines, size[0] - MARGIN, size[1] - MARGIN - 16 * len(lines) - 6, Qt.AlignmentFlag.AlignRight)


def window_line(voi: VoiTransform, series: ImageSeries, view: ImageView) -> str:
    """ "W 400 L 40" with where the window comes from."""
    if series.frames[0].samples == 3:
        return ""
    if voi.function == "LUT":
        return _tr("table of the file") + (f": {voi.explanation}" if voi.explanation else "")
    named = translated("painter", voi.explanation) if voi.explanation in NAMED_WINDOWS else voi.explanation
    source = named or (_tr("set by hand") if view.window is not None else _tr("file"))
    curve = ", sigmoid" if voi.function == "SIGMOID" else ""
    return f"W {voi.width:.5g} L {voi.center:.5g} ({source}{curve})"
