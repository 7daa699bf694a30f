"""`EcgPicture` → pixels, for the pane and for `render` alike: paper, traces, marks, words."""

from collections.abc import Callable, Mapping
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_layout import FOOTER_LINE_PX, FOOTER_PX, MARKS_PX, SCREEN_MM, Cell, EcgPicture, resolve
from medviewer.core.ecg_marks import Marks, marks_of
from medviewer.core.ecg_view import EcgView
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Result
from medviewer.core.signal import Pyramid, Traces
from medviewer.ui import theme
from medviewer.ui.ecg import words
from medviewer.ui.ecg.ink import covered, runs, tinted, widened
from medviewer.ui.ecg.marks import LETTER_H, RAISED_PX, marked_cells, paint_marks, tight
from medviewer.ui.ecg.overview import paint_overview
from medviewer.ui.ecg.paper import hatch, paint_paper, paint_pulses, paint_ruler, separators
from medviewer.ui.headless import application
from medviewer.ui.raster import blank, pixels_of
from medviewer.ui.theme import EcgInk

STROKE = 1.3
"""Width of a trace in logical pixels."""
REACH = 2.0
SEEN_S, FAR = 10.0, 3.0
"""Seconds by which it is judged where a trace lies; so many half steps (0.5 mV) from its line it is brought back to it."""
KEPT_LINES = 120
"""A trace may leave its row by so many rows before it is cut."""


class EcgPainter:
    """One for each record that is shown; keeps what was read."""

    def __init__(self, record: EcgRecord) -> None:
        self.record = record
        self.traces = Traces(record)
        self._lines: dict[tuple, tuple[float, float, QImage]] = {}
        self._raised: dict[int, float] = {}

    def paint(
        self, painter: QPainter, view: EcgView, picture: EcgPicture, marks: Marks, ratio: float, *, vector: bool = False
    ) -> None:
        """`ratio` device pixels in a logical one; `vector` draws lines instead of pixels, for paper."""
        ink = theme.ECG_INK[view.theme]
        paint_paper(painter, picture, ink, ratio, vector=vector)
        separators(painter, picture.cells, picture.px_per_mm, ink)
        for cell in picture.cells:
            self._paint_cell(painter, view, picture, cell, ink, ratio, vector)
        paint_pulses(painter, picture, ink)
        paint_ruler(painter, picture, self.record, ink)
        paint_marks(painter, self.record, view, picture, marks, ink)
        if picture.overview is not None:
            paint_overview(painter, self.traces, view, picture, marks, ink, ratio)
        if view.text != "none":
            paint_labels(
                painter, self.record, picture, ink, lambda cell: self.raised(cell, view), marked=view.marks and not marks.none
            )
            paint_head(painter, self.record, view, picture, ink)
        self._paint_footer(painter, view, picture, marks, vector)

    def raised(self, cell: Cell, view: EcgView) -> float:
        """The value that lies on the row's line: 0, or a round one near the middle of a trace that would lie in another row."""
        if view.filters.high_pass:
            return 0.0
        if cell.lead not in self._raised:
            lead = self.record.leads[cell.lead]
            try:
                seen = self.traces.samples(cell.lead, 0, min(lead.samples, int(SEEN_S * lead.rate_hz)))
            except MedviewerError:
                return 0.0
            seen = seen[np.isfinite(seen)]
            if not len(seen):
                return 0.0
            middle, step = float(np.median(seen)), (cell.per_cm or 1.0) / 2
            self._raised[cell.lead] = round(middle / step) * step if abs(middle) > FAR * step else 0.0
        return self._raised[cell.lead]

    def _paint_cell(
        self, painter: QPainter, view: EcgView, picture: EcgPicture, cell: Cell, ink: EcgInk, ratio: float, vector: bool
    ) -> None:
        """The trace of one cell, its gaps hatched; an error in words in its place."""
        paper = picture.paper
        first, last = round(cell.rect.x * ratio), round((cell.rect.x + cell.rect.w) * ratio)
        if last <= first:
            return
        kept = self._kept_line(cell, view, ink, ratio) if cell.line and not vector else None
        if kept is not None:
            painter.drawImage(kept[0], kept[1])
            return
        edges = cell.start_s + (np.arange(first, last + 1) / ratio - cell.rect.x) / cell.px_per_s
        try:
            low, high = self.traces.columns(cell.lead, edges, view.filters)
        except MedviewerError:
            painter.setPen(QColor(ink.attention))
            painter.drawText(QPointF(cell.rect.x + 8, cell.y0), words.unreadable())
            return
        self._hatch_gaps(painter, cell, edges, np.isnan(low), ink, ratio, first)
        if away := self.raised(cell, view):
            low, high = low - away, high - away
        if vector:
            _paint_line(painter, cell, edges, low, high, ink)
            return
        a, b = (cell.y0 * ratio - cell.sign * values * cell.px_per_mv * ratio for values in (high, low))
        # Half a pixel down: the grid's lines fill the pixel that begins at their place.
        half = STROKE * ratio / 2
        top, bottom = np.fmin(a, b) + 0.5 - half, np.fmax(a, b) + 0.5 + half
        if not np.isfinite(top).any():
            return
        top, bottom = widened(top, bottom, int(STROKE * ratio) - 1)
        roof = max(paper.y, cell.rect.y - REACH * cell.rect.h)
        floor_ = min(paper.y + paper.h, cell.rect.y + (1 + REACH) * cell.rect.h)
        start = max(floor(roof * ratio), floor(np.nanmin(top)))
        stop = min(ceil(floor_ * ratio), ceil(np.nanmax(bottom)))
        if stop > start:
            image = tinted(covered(top - start, bottom - start, stop - start), ink.trace)
            image.setDevicePixelRatio(ratio)
            painter.drawImage(QPointF(first / ratio, start / ratio), image)
            if cell.line and np.isfinite(low).all():
                self._keep_line(cell, view, ink, ratio, first / ratio, start / ratio, image)

    def _line_key(self, cell: Cell, view: EcgView, ink: EcgInk, ratio: float) -> tuple:
        """A line of full disclosure looks the same wherever it stands on the page."""
        return (cell.lead, cell.start_s, cell.px_per_s, cell.px_per_mv, round(cell.y0 % 1, 3), ink.trace, view.filters, ratio)

    def _kept_line(self, cell: Cell, view: EcgView, ink: EcgInk, ratio: float) -> tuple[QPointF, QImage] | None:
        found = self._lines.get(self._line_key(cell, view, ink, ratio))
        return None if found is None else (QPointF(found[0], found[1] + cell.y0), found[2])

    def _keep_line(self, cell: Cell, view: EcgView, ink: EcgInk, ratio: float, x: float, y: float, image: QImage) -> None:
        self._lines[self._line_key(cell, view, ink, ratio)] = (x, y - cell.y0, image)
        while len(self._lines) > KEPT_LINES:
            self._lines.pop(next(iter(self._lines)))

    def _hatch_gaps(
        self,
        painter: QPainter,
        cell: Cell,
        edges: NDArray[np.float64],
        empty: NDArray[np.bool_],
        ink: EcgInk,
        ratio: float,
        x0: int,
    ) -> None:
        """Stretches without samples inside the record, with their length where there is room for it."""
        lead = self.record.leads[cell.lead]
        known = min(lead.seconds, self.traces.known_s(lead.rate_hz * float(edges[1] - edges[0])))
        inside = empty & (edges[:-1] >= 0) & (edges[1:] <= known)
        for start, stop in runs(inside):
            if stop - start < 2:
                continue
            rect = QRectF((x0 + start) / ratio, cell.rect.y + cell.rect.h * 0.2, (stop - start) / ratio, cell.rect.h * 0.6)
            hatch(painter, rect, ink)
            first, last, wide = float(edges[start]), float(edges[stop]), 2 * float(edges[1] - edges[0])
            known_gap = next((g for g in self.record.gaps if abs(g.start_s - first) < wide and abs(g.end_s - last) < wide), None)
            text = words.gap(known_gap.end_s - known_gap.start_s if known_gap is not None else last - first)
            painter.setFont(theme.font(11))
            if rect.width() > painter.fontMetrics().horizontalAdvance(text) + 8:
                painter.fillRect(QRectF(rect.center().x() - 40, rect.center().y() - 9, 80, 18), QColor(ink.paper))
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_footer(self, painter: QPainter, view: EcgView, picture: EcgPicture, marks: Marks, vector: bool) -> None:
        width, height = picture.size
        band = QRectF(0, height - picture.footer, width, picture.footer)
        ink = theme.ECG_INK[view.theme]
        bright, quiet, violet = (ink.words, ink.quiet, ink.machine) if vector else (theme.TEXT1, theme.TEXT2, theme.MACHINE)
        if not vector:
            painter.fillRect(band, QColor(theme.DOCK))
        longest = max((cell.seconds for cell in picture.cells if not cell.line), default=0.0)
        shown = self.traces.filters_shown(longest, view.filters)
        marked = view.marks and not marks.none
        how, notice, read, scale = words.footer(view, picture, shown, marked)
        scale = words.to_scale() if vector and picture.to_scale else scale
        painter.setFont(theme.font(12))
        metrics = QFontMetricsF(painter.font())
        amber = ink.words if vector else theme.ATTENTION
        fewer = (words.fewer_leads(self.record, view, picture), amber)
        # What is cut where there is no room stands last.
        told: tuple[list[tuple[str, str]], ...] = ([(how, bright), fewer, (notice, violet), (read, violet)],)
        if picture.footer >= FOOTER_PX + 2 * FOOTER_LINE_PX:
            told = ([(how, bright)], [fewer], [(notice, violet), (read, violet)])
        elif picture.footer > FOOTER_PX:
            told = ([(how, bright)], [(notice, violet), fewer, (read, violet)])
        high = band.height() / len(told)
        right = width - 12 - metrics.horizontalAdvance(scale)
        with_scale = 1 if len(told) == 3 else 0
        for n, pieces in enumerate(told):
            base = band.y() + n * high + high / 2 + metrics.ascent() / 2 - 2
            end = right - 12 if n == with_scale else width - 12
            if n == with_scale:
                painter.setPen(QColor(quiet if picture.to_scale else theme.ATTENTION))
                painter.drawText(QPointF(right, base), scale)
            there = [piece for piece in pieces if piece[0]]
            parts = [(f" · {text}" if k else text, colour) for k, (text, colour) in enumerate(there)]
            x = 12.0
            for text, colour in parts:
                painter.setPen(QColor(colour))
                cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, end - x))
                painter.drawText(QPointF(x, base), cut)
                x += metrics.horizontalAdvance(cut)


def _paint_line(
    painter: QPainter, cell: Cell, edges: NDArray[np.float64], low: NDArray[np.float32], high: NDArray[np.float32], ink: EcgInk
) -> None:
    """The trace as lines from the lowest to the highest value of each column, in the order that joins neighbours best."""
    painter.setPen(QPen(QColor(ink.trace), 0.9))
    for start, stop in runs(np.isfinite(low)):
        points = []
        last = float(low[start])
        for n in range(start, stop):
            x = cell.x(float(edges[n] + edges[n + 1]) / 2)
            ends = (float(low[n]), float(high[n]))
            near, far = ends if abs(ends[0] - last) <= abs(ends[1] - last) else ends[::-1]
            points.append(QPointF(x, cell.y(near)))
            if far != near:
                points.append(QPointF(x, cell.y(far)))
            last = far
        painter.drawPolyline(QPolygonF(points))


def paint_labels(
    painter: QPainter, record: EcgRecord, picture: EcgPicture, ink: EcgInk, raised: Callable[[Cell], float], *, marked: bool
) -> None:
    """Lead names at the start of their cells, above the trace or before it; beside them what is not as usual with the lead."""
    over = marked_cells(picture) if marked else ()
    ground = QColor(ink.paper)
    ground.setAlpha(200)
    for cell in picture.cells:
        if not cell.label:
            continue
        top = cell.rect.y + (0.0 if cell not in over else LETTER_H - RAISED_PX if tight(cell) else MARKS_PX) + 11
        y = min(max(cell.y0 - max(min(cell.rect.h * 0.3, 60), 6 * picture.px_per_mm), top), cell.y0 - 4)
        unit = record.leads[cell.lead].unit
        painter.setFont(theme.font(13, bold=True))
        text = f"{cell.label} · {words.per_cm(cell.per_cm, unit)}" if cell.per_cm else cell.label
        text += f" · {words.number(cell.own_gain)} mm/mV" if cell.own_gain else ""
        metrics = QFontMetricsF(painter.font())
        x, wide = cell.rect.x + 6, metrics.horizontalAdvance(text)
        painter.fillRect(QRectF(x - 2, y - 11, wide + 4, 14), ground)
        painter.setPen(QColor(ink.words))
        painter.drawText(QPointF(x, y), text)
        if away := raised(cell):
            painter.setFont(theme.font(11))
            said = words.raised(away, unit)
            painter.fillRect(QRectF(x + wide + 4, y - 11, QFontMetricsF(painter.font()).horizontalAdvance(said) + 4, 14), ground)
            painter.setPen(QColor(theme.ATTENTION if ink.paper != theme.ECG_INK["paper"].paper else ink.quiet))
            painter.drawText(QPointF(x + wide + 6, y), said)


def paint_head(painter: QPainter, record: EcgRecord, view: EcgView, picture: EcgPicture, ink: EcgInk) -> None:
    """Identity at the left, the record at the right; what must not be overlooked between them."""
    left, right = words.head(record, view)
    width = picture.size[0]
    painter.setFont(theme.font(12))
    metrics = QFontMetricsF(painter.font())
    half = width / 2 - 16
    for n, line in enumerate(left):
        painter.setPen(QColor(ink.words if n == 0 else ink.quiet))
        painter.drawText(QPointF(10, 16 + 15 * n), metrics.elidedText(line, Qt.TextElideMode.ElideRight, half))
    for n, line in enumerate(right):
        cut = metrics.elidedText(line, Qt.TextElideMode.ElideRight, half)
        painter.setPen(QColor(ink.words if n == 0 else ink.quiet))
        painter.drawText(QPointF(width - 10 - metrics.horizontalAdvance(cut), 16 + 15 * n), cut)
    bands = words.attention(record)
    if bands:
        painter.setFont(theme.font(11, bold=True))
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(bands[0], Qt.TextElideMode.ElideRight, width - 20)
        wide = metrics.horizontalAdvance(text) + 16
        band = QRectF((width - wide) / 2, picture.paper.y + picture.paper.h - 40, wide, 20)
        painter.fillRect(band, QColor(theme.ATTENTION_GROUND))
        painter.setPen(QColor(theme.ATTENTION))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, text)


def paint(
    record: EcgRecord,
    view: EcgView,
    results: Mapping[str, Result],
    size: tuple[int, int],
    *,
    pixel_ratio: float = 1.0,
    px_per_mm: float = SCREEN_MM,
    calibrated: bool = False,
) -> NDArray[np.uint8]:
    """The pane without a window: RGB uint8 [height, width, 3] in device pixels. Raises MedviewerError for unreadable samples."""
    application()
    image = blank(size, pixel_ratio, theme.ECG_INK[view.theme].paper)
    one = EcgPainter(record)
    if one.traces.needs_pyramid:
        one.traces.pyramid = Pyramid(record).build()
    picture = resolve(view, record, size, px_per_mm, calibrated)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    one.paint(painter, view, picture, marks_of(record, results.values()), pixel_ratio)
    painter.end()
    return pixels_of(image)
