"""The head of the Holter layout: the whole record as one trace, the rate beat by beat under it, and where the page below lies."""

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from medviewer.core.ecg_layout import Cell, EcgPicture, Rect
from medviewer.core.ecg_marks import Marks
from medviewer.core.ecg_view import EcgView
from medviewer.core.errors import MedviewerError
from medviewer.core.heart_rate import intervals
from medviewer.core.signal import Traces
from medviewer.ui import theme
from medviewer.ui.ecg import words
from medviewer.ui.ecg.ink import covered, tinted
from medviewer.ui.ecg.paper import TICKS_S, clock
from medviewer.ui.theme import EcgInk

RATES = (40, 80, 120, 160, 200)
RHYTHM_ALPHA = {"A": 230, "O": 80, "~": 160}


def paint_overview(
    painter: QPainter, traces: Traces, view: EcgView, picture: EcgPicture, marks: Marks, ink: EcgInk, ratio: float
) -> None:
    assert picture.overview is not None
    assert picture.tachogram is not None
    whole = max(picture.whole_s, 1e-9)
    _paint_trace(painter, traces, picture, ink, ratio)
    _paint_rate(painter, traces, picture, marks, ink, ratio)
    if view.marks:
        _paint_rhythm(painter, picture, marks, ink)
    for rect in (picture.overview, picture.tachogram):
        painter.setPen(QPen(QColor(ink.thick), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(rect.x, rect.y, rect.w, rect.h))
        left = rect.x + picture.start_s / whole * rect.w
        wide = max(min(picture.page_s, whole - picture.start_s) / whole * rect.w, 2.0)
        page = QColor(ink.hand)
        page.setAlpha(36)
        painter.fillRect(QRectF(left, rect.y, wide, rect.h), page)
        painter.setPen(QPen(QColor(ink.hand), 1))
        painter.drawRect(QRectF(left, rect.y, wide, rect.h))
        if view.chosen_s is not None:
            x = rect.x + view.chosen_s / whole * rect.w
            painter.drawLine(QLineF(x, rect.y, x, rect.y + rect.h))
    _paint_times(painter, traces, picture, ink)


def _paint_trace(painter: QPainter, traces: Traces, picture: EcgPicture, ink: EcgInk, ratio: float) -> None:
    rect = picture.overview
    assert rect is not None
    lead = next((cell.lead for cell in picture.cells if cell.line), 0)
    first, last = round(rect.x * ratio), round((rect.x + rect.w) * ratio)
    edges = np.linspace(0, picture.whole_s, last - first + 1)
    try:
        low, high = traces.columns(lead, edges)
    except MedviewerError:
        return
    there = np.isfinite(low)
    painter.setFont(theme.font(11))
    painter.setPen(QColor(ink.quiet))
    painter.drawText(QPointF(8, rect.y + rect.h / 2 + 4), traces.record.leads[lead].name)
    if traces.needs_pyramid and traces.pyramid is not None and traces.pyramid.done < traces.record.seconds:
        share = round(100 * traces.pyramid.done / traces.record.seconds)
        painter.drawText(QPointF(rect.x + rect.w - 120, rect.y + 14), words.reading(share))
    if not there.any():
        return
    # The middle 99.8 % of the columns fill the height: one loose electrode does not flatten a day.
    bottom, top = np.percentile(low[there], 0.1), np.percentile(high[there], 99.9)
    scale = (rect.h - 4) * ratio / max(float(top - bottom), 1e-3)
    upper, lower = (float(top) - high) * scale + 2 * ratio, (float(top) - low) * scale + 2 * ratio
    rows = round(rect.h * ratio)
    image = tinted(covered(upper - 0.5 * ratio, lower + 0.5 * ratio, rows) * 0.8, ink.trace)
    image.setDevicePixelRatio(ratio)
    painter.drawImage(QPointF(first / ratio, rect.y), image)


def _paint_rate(painter: QPainter, traces: Traces, picture: EcgPicture, marks: Marks, ink: EcgInk, ratio: float) -> None:
    """Rate of each interval as a dot, so that what is irregular is a cloud; lines at usual rates."""
    rect = picture.tachogram
    assert rect is not None
    painter.setFont(theme.font(10))
    metrics = QFontMetricsF(painter.font())

    def y_of(rate):
        return rect.y + rect.h - (np.clip(rate, 30, 210) - 30) / 180 * rect.h

    for rate in RATES:
        painter.setPen(QPen(QColor(ink.thin), 1))
        y = float(y_of(rate))
        painter.drawLine(QLineF(rect.x, y, rect.x + rect.w, y))
        if rate in (40, 120, 200):
            painter.setPen(QColor(ink.quiet))
            painter.drawText(QPointF(rect.x - 6 - metrics.horizontalAdvance(str(rate)), y + 4), str(rate))
    kept = marks.accepted()
    found = intervals(marks.times[kept], marks.symbols[kept], traces.record.gaps)
    if not len(found.seconds):
        painter.setPen(QColor(ink.quiet))
        painter.drawText(QRectF(rect.x, rect.y, rect.w, rect.h), Qt.AlignmentFlag.AlignCenter, words.no_beats())
        return
    columns, rows = round(rect.w * ratio), round(rect.h * ratio)
    x = np.clip(found.end_s / picture.whole_s * columns, 0, columns - 1).astype(int)
    y = np.clip((y_of(60 / found.seconds) - rect.y) * ratio, 0, rows - 1).astype(int)
    for flags, colour in ((found.normal, ink.words), (~found.normal, ink.beats["V"])):
        dots = np.zeros((rows, columns), np.float32)
        dots[y[flags], x[flags]] = 0.85
        image = tinted(dots, colour)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(rect.x, rect.y), image)


def _paint_rhythm(painter: QPainter, picture: EcgPicture, marks: Marks, ink: EcgInk) -> None:
    """Where in the whole record a network saw fibrillation (strong), another rhythm (faint) or noise (grey), between trace and
    rates; green where somebody accepted it. Which it is stands on the lines below."""
    above, rect = picture.overview, picture.tachogram
    assert above is not None
    assert rect is not None
    top = above.y + above.h + 1
    per_s = rect.w / max(picture.whole_s, 1e-9)
    for n, episode in enumerate(marks.episodes):
        decision = marks.decided.get(-1 - n)
        state = decision.state if decision is not None else "proposed"
        if episode.label not in RHYTHM_ALPHA or state == "rejected":
            continue
        colour = QColor(ink.accepted if state == "accepted" else ink.quiet if episode.label == "~" else ink.machine)
        colour.setAlpha(RHYTHM_ALPHA[episode.label])
        wide = max((episode.end_s - episode.start_s) * per_s, 1.0)
        painter.fillRect(QRectF(rect.x + episode.start_s * per_s, top, wide, max(rect.y - top - 1, 2.0)), colour)


def _paint_times(painter: QPainter, traces: Traces, picture: EcgPicture, ink: EcgInk) -> None:
    """Times under the tachogram and before each line."""
    rect = picture.tachogram
    assert rect is not None
    record = traces.record
    painter.setFont(theme.font(10))
    painter.setPen(QColor(ink.quiet))
    per_s = rect.w / max(picture.whole_s, 1e-9)
    step = next((s for s in TICKS_S if s * per_s >= 80), TICKS_S[-1])
    for n in range(int(picture.whole_s / step) + 1):
        x = rect.x + n * step * per_s
        painter.drawLine(QLineF(x, rect.y + rect.h, x, rect.y + rect.h + 3))
        if x + 40 < rect.x + rect.w:
            painter.drawText(QPointF(x + 2, rect.y + rect.h + 11), clock(record, n * step, max(step, 1)))
    for cell in picture.cells:
        if cell.line:
            text = clock(record, cell.start_s, 1)
            painter.drawText(QPointF(4, cell.y0 + 4), text)


def place_in(rect: Rect | None, x: float, y: float, whole_s: float) -> float | None:
    """The moment under a place of the overview or the tachogram."""
    if rect is None or not rect.holds(x, y):
        return None
    return (x - rect.x) / rect.w * whole_s


def line_at(picture: EcgPicture, x: float, y: float) -> Cell | None:
    """The line of full disclosure under a place."""
    return next((c for c in picture.cells if c.line and c.rect.holds(x, y)), None)
