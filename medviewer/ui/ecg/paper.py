"""The sheet an ECG lies on: millimetre grid, calibration pulses, time ruler, hatching of gaps."""

from functools import lru_cache
from math import ceil, floor

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_layout import PULSE_MV, PULSE_S, Cell, EcgPicture
from medviewer.ui import theme
from medviewer.ui.theme import EcgInk

LEAST_THIN, LEAST_THICK = 2.2, 5.0
"""Logical pixels between grid lines below which they are left out."""
TICKS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600)


def paint_paper(painter: QPainter, picture: EcgPicture, ink: EcgInk, ratio: float, *, vector: bool = False) -> None:
    """Background and grid. They stay where they are while time runs, so they are drawn once and kept as a picture."""
    paper = picture.paper
    left = next((cell.rect.x for cell in picture.cells if not cell.line), 0.0)
    first = next((cell.y0 for cell in picture.cells if not cell.line), 0.0)
    # Below the lines of full disclosure, whose paper is smaller, there is a grid only under the strips.
    top = paper.y
    if picture.overview is not None:
        top = min((cell.rect.y for cell in picture.cells if not cell.line), default=paper.y + paper.h)
    where = (paper.w, paper.h, top - paper.y, left - paper.x, first - paper.y, picture.px_per_mm)
    if vector:
        painter.fillRect(QRectF(paper.x, paper.y, paper.w, paper.h), QColor(ink.paper))
        _grid(painter, *where, ink, 0.4)
    else:
        painter.drawImage(QPointF(paper.x, paper.y), _sheet(*where, ink, ratio))


@lru_cache(maxsize=4)
def _sheet(w: float, h: float, top: float, left: float, first: float, mm: float, ink: EcgInk, ratio: float) -> QImage:
    image = QImage(ceil(w * ratio), ceil(h * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(ink.paper))
    painter = QPainter(image)
    _grid(painter, w, h, top, left, first, mm, ink, 0)
    painter.end()
    return image


def _grid(
    painter: QPainter, w: float, h: float, top: float, left: float, first: float, mm: float, ink: EcgInk, pen: float
) -> None:
    """Thin lines each millimetre, thick ones each five, from where the leads start and the first one's zero lies."""
    for every, colour, least in ((1, ink.thin, LEAST_THIN), (5, ink.thick, LEAST_THICK)):
        step = mm * every
        if step < least:
            continue
        painter.setPen(QPen(QColor(colour), pen))
        across = [left + n * step for n in range(ceil(-left / step), floor((w - left) / step) + 1)]
        down = [first + n * step for n in range(ceil((top - first) / step), floor((h - first) / step) + 1)]
        painter.drawLines([QLineF(x, top, x, h) for x in across] + [QLineF(0, y, w, y) for y in down])


def paint_pulses(painter: QPainter, picture: EcgPicture, ink: EcgInk) -> None:
    """1 mV for 0.2 s before each row: 10 mm × 5 mm at 10 mm/mV and 25 mm/s (ED-01)."""
    wide, high, mm = PULSE_S * picture.px_per_s, PULSE_MV * picture.px_per_mv, picture.px_per_mm
    wide = min(wide, 20 * mm)
    painter.setPen(QPen(QColor(ink.trace), 1.2))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for x, y in picture.pulses:
        points = [(x - mm, y), (x, y), (x, y - high), (x + wide, y - high), (x + wide, y), (x + wide + mm, y)]
        painter.drawPolyline(QPolygonF([QPointF(*point) for point in points]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def hatch(painter: QPainter, rect: QRectF, ink: EcgInk) -> None:
    """Nothing was recorded here."""
    brush = QBrush(QColor(ink.quiet), Qt.BrushStyle.BDiagPattern)
    painter.fillRect(rect, brush)
    painter.setPen(QPen(QColor(ink.quiet), 1))
    painter.drawLine(rect.topLeft(), rect.bottomLeft())
    painter.drawLine(rect.topRight(), rect.bottomRight())


def paint_ruler(painter: QPainter, picture: EcgPicture, record: EcgRecord, ink: EcgInk) -> None:
    """Time at the foot of the paper, in seconds of the record or by its clock; of the first column where there are several."""
    strips = [cell for cell in picture.cells if not cell.line]
    cell = next((c for c in reversed(strips) if c.rhythm), strips[0] if strips else None)
    if cell is None or (picture.columns == "consecutive" and not cell.rhythm):
        return
    step = next((s for s in TICKS_S if s * cell.px_per_s >= 70), TICKS_S[-1])
    painter.setFont(theme.font(11))
    painter.setPen(QColor(ink.quiet))
    y = picture.paper.y + picture.paper.h
    for n in range(ceil(cell.start_s / step), floor(min(cell.start_s + cell.seconds, record.seconds) / step) + 1):
        x = cell.x(n * step)
        painter.drawLine(QLineF(x, y - 5, x, y))
        painter.drawText(QPointF(x + 3, y - 3), clock(record, n * step, step))


def clock(record: EcgRecord, time_s: float, step: float = 1.0) -> str:
    """Time of day where the file tells when it began and the steps are seconds, else minutes and seconds of the record."""
    digits = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
    if record.seconds < 60:
        return f"{time_s:.{digits}f} s"
    begin = 0.0
    if record.start and digits == 0:
        hour, minute, second = (float(part) for part in record.start[11:19].split(":"))
        begin = hour * 3600 + minute * 60 + second
    total = begin + time_s
    whole = floor(total + 1e-6)
    part = f"{total - whole:.{digits}f}"[1:] if digits else ""
    hours = whole // 3600 % 24 if begin else whole // 3600
    text = f"{whole // 60 % 60:02d}:{whole % 60:02d}{part}"
    return f"{hours:02d}:{text}" if begin or record.seconds >= 3600 else text


def separators(painter: QPainter, cells: tuple[Cell, ...], mm: float, ink: EcgInk) -> None:
    """A short upright line where one lead follows another in a row."""
    painter.setPen(QPen(QColor(ink.trace), 1.2))
    left = min((cell.rect.x for cell in cells), default=0.0)
    for cell in cells:
        if cell.rect.x > left + 1 and not cell.line:
            painter.drawLine(QLineF(cell.rect.x, cell.y0 - 2.5 * mm, cell.rect.x, cell.y0 + 2.5 * mm))
