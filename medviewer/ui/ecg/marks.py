"""Marks on the trace: rhythm spans, beat letters, saliency ribbons, wave bounds, and ticks where letters have no room."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from medviewer.core.ecg import EcgRecord, Saliency
from medviewer.core.ecg_layout import Cell, EcgPicture
from medviewer.core.ecg_marks import Marks, waves_between
from medviewer.core.ecg_view import EcgView
from medviewer.ui import theme
from medviewer.ui.ecg import words
from medviewer.ui.theme import EcgInk

LETTER_PX = 11.0
"""Beats nearer to each other get ticks; letters then stand over those that are not normal."""
SPAN_H, LETTER_H, RIBBON_H = 14.0, 14.0, 6.0
TIGHT_PX, RAISED_PX = 64.0, 8.0
"""Rows lower than this have a thin band and small letters, as lines of full disclosure do, and these stand so much above the row:
under a band of words the letters lay on the trace."""


def tight(cell: Cell) -> bool:
    return cell.line or cell.rect.h < TIGHT_PX


def _top(cell: Cell) -> float:
    """Where the band of a row begins."""
    return cell.rect.y - (RAISED_PX if tight(cell) and not cell.line else 0.0)


def ribbon_model(view: EcgView, marks: Marks) -> str:
    """The network whose ribbon is drawn: the one asked for, else the first; "" where none can be."""
    if view.overlay in marks.saliency:
        return str(view.overlay)
    return next(iter(marks.saliency), "")


def marked_cells(picture: EcgPicture) -> tuple[Cell, ...]:
    """Where beats and rhythm stand: the rhythm strip where there is one, else the top row; and every line of full disclosure."""
    lines = tuple(cell for cell in picture.cells if cell.line)
    strips = tuple(cell for cell in picture.cells if cell.rhythm)
    if strips:
        return lines + strips
    top = min((cell.rect.y for cell in picture.cells), default=0.0)
    return tuple(cell for cell in picture.cells if cell.rect.y <= top + 1)


def paint_marks(painter: QPainter, record: EcgRecord, view: EcgView, picture: EcgPicture, marks: Marks, ink: EcgInk) -> None:
    if not view.marks or marks.none:
        return
    for cell in marked_cells(picture):
        letters = _letters(cell, marks)
        _paint_spans(painter, cell, marks, letters.x[letters.symbols != "N"] if cell.line else letters.x, ink)
        _paint_beats(painter, view, cell, marks, letters, ink)
    model = ribbon_model(view, marks)
    one = marks.saliency.get(model)
    for cell in picture.cells:
        lead = record.leads[cell.lead]
        if one is not None and one.lead == lead.name and not cell.line:
            _paint_ribbon(painter, cell, one, model, ink)
        if view.waves and not cell.line:
            _paint_waves(painter, cell, marks, lead.name, lead.rate_hz, ink)


@dataclass(frozen=True, slots=True)
class _Letters:
    """Beats of a cell that nobody rejected: where they stand, their class, their number in the record."""

    x: NDArray[np.float64]
    symbols: NDArray[np.str_]
    numbers: NDArray[np.int64]


def _letters(cell: Cell, marks: Marks) -> _Letters:
    here = marks.between(cell.start_s, cell.start_s + cell.seconds)
    kept = marks.accepted()[here]
    x = cell.rect.x + (marks.times[here][kept] - cell.start_s) * cell.px_per_s
    return _Letters(x, marks.symbols[here][kept], np.arange(here.start, here.stop)[kept])


def _paint_spans(painter: QPainter, cell: Cell, marks: Marks, letters: NDArray[np.float64], ink: EcgInk) -> None:
    """Rhythm episodes: a violet band with its label; dashed below until somebody accepts it, solid green after. `letters`: where
    letters of beats stand on a line of full disclosure."""
    high = 4.0 if tight(cell) else SPAN_H
    y = _top(cell) + 1
    painter.setFont(theme.font(11, bold=True))
    metrics = QFontMetricsF(painter.font())
    for n, episode in enumerate(marks.episodes):
        start, end = max(episode.start_s, cell.start_s), min(episode.end_s, cell.start_s + cell.seconds)
        decision = marks.decided.get(-1 - n)
        if end <= start or (decision is not None and decision.state == "rejected"):
            continue
        if cell.line and episode.label == "N":
            continue
        rect = QRectF(cell.x(start), y, max(cell.x(end) - cell.x(start), 1.0), high)
        accepted = decision is not None and decision.state == "accepted"
        colour = QColor(ink.accepted if accepted else ink.machine)
        colour.setAlpha((200 if episode.label == "A" else 90) if tight(cell) else 46)
        painter.fillRect(rect, colour)
        if tight(cell):
            _paint_line_label(painter, words.rhythm_short(episode.label), rect, letters, ink)
            continue
        line = QPen(
            QColor(ink.accepted if accepted else ink.machine), 1, Qt.PenStyle.SolidLine if accepted else Qt.PenStyle.DashLine
        )
        painter.setPen(line)
        painter.drawLine(QLineF(rect.left(), rect.bottom(), rect.right(), rect.bottom()))
        text = metrics.elidedText(words.episode(episode), Qt.TextElideMode.ElideRight, rect.width() - 8)
        if rect.width() > 24:
            painter.drawText(QPointF(rect.left() + 6, rect.bottom() - 3), text)


def _paint_line_label(painter: QPainter, text: str, rect: QRectF, letters: NDArray[np.float64], ink: EcgInk) -> None:
    """The rhythm's letter where its span begins or enters a line, behind letters of beats: colour alone tells nothing."""
    painter.save()
    painter.setFont(theme.font(9, bold=True))
    wide = QFontMetricsF(painter.font()).horizontalAdvance(text)
    left = rect.left() + 1
    for at in letters.tolist():
        if left - LETTER_PX / 2 < at < left + wide + LETTER_PX / 2:
            left = at + LETTER_PX / 2
    if left + wide <= rect.right():
        painter.setPen(QColor(ink.machine))
        painter.drawText(QPointF(left, rect.bottom() + 9), text)
    painter.restore()


def _paint_beats(painter: QPainter, view: EcgView, cell: Cell, marks: Marks, letters: _Letters, ink: EcgInk) -> None:
    """The letter of each beat over its R peak in the colour of its class; rejected ones are struck out by leaving them out."""
    x, symbols, numbers = letters.x, letters.symbols, letters.numbers
    if not len(x):
        return
    crowded = len(x) > 1 and float(np.median(np.diff(x))) < LETTER_PX
    top = _top(cell) + (5 if tight(cell) else SPAN_H + 3)
    if crowded:
        _paint_ticks(painter, x, symbols, top, ink)
        if float(np.median(np.diff(x))) < 2:
            return
    painter.setFont(theme.font(10 if tight(cell) else 12, bold=True))
    metrics = QFontMetricsF(painter.font())
    base, high = (top + 8, 8.0) if tight(cell) else (top + 10, 10.0)
    ground = QColor(ink.paper)
    ground.setAlpha(190)  # the trace goes behind the letter
    last = -1e9
    for at, symbol, n in zip(x.tolist(), symbols.tolist(), numbers.tolist(), strict=True):
        if (crowded or cell.line) and symbol == "N":
            continue
        wide = metrics.horizontalAdvance(symbol)
        if at - last < wide + 1:
            continue
        last = at
        painter.fillRect(QRectF(at - wide / 2 - 1, base - high, wide + 2, high + 1), ground)
        painter.setPen(QColor(ink.beats[symbol]))
        painter.drawText(QPointF(at - wide / 2, base), symbol)
        decision = marks.decided.get(n)
        if decision is not None and decision.state == "accepted":
            painter.setPen(QPen(QColor(ink.accepted), 1.5))
            painter.drawLine(QLineF(at - wide / 2, base + 2.5, at + wide / 2, base + 2.5))
        if view.chosen_s is not None and abs(view.chosen_s - cell.time(at)) < 1e-3:
            painter.setPen(QPen(QColor(ink.hand), 1.2))
            painter.drawRoundedRect(QRectF(at - wide / 2 - 3, base - 11, wide + 6, 15), 3, 3)


def _paint_ticks(painter: QPainter, x, symbols, top: float, ink: EcgInk) -> None:
    """One tick a pixel at most, the rarer classes over the normal ones."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for symbol in ("N", "Q", "S", "F", "V"):
        places = np.unique(x[symbols == symbol].astype(int))
        if not len(places):
            continue
        high = 3 if symbol == "N" else 7
        painter.setPen(QPen(QColor(ink.beats[symbol]), 1))
        painter.drawLines([QLineF(at, top, at, top + high) for at in places.tolist()])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def _paint_ribbon(painter: QPainter, cell: Cell, saliency: Saliency, model: str, ink: EcgInk) -> None:
    """What the network looked at, under the trace: the stronger the more violet."""
    values = np.asarray(saliency.values, float)
    start, end = cell.start_s, cell.start_s + cell.seconds
    first = max(0, int((start - saliency.start_s) / saliency.step_s))
    last = min(len(values), int(np.ceil((end - saliency.start_s) / saliency.step_s)))
    y = min(cell.y0 + max(10.0, cell.rect.h * 0.2), cell.rect.y + cell.rect.h - RIBBON_H)
    wide = saliency.step_s * cell.px_per_s
    merge = max(1, int(np.ceil(1.0 / max(wide, 1e-9))))
    for n in range(first, last, merge):
        value = float(values[n : n + merge].max())
        if value < 0.05:
            continue
        colour = QColor(ink.machine)
        colour.setAlphaF(min(1.0, 0.12 + 0.75 * value))
        a, b = (
            cell.x(max(saliency.start_s + n * saliency.step_s, start)),
            cell.x(min(saliency.start_s + (n + merge) * saliency.step_s, end)),
        )
        painter.fillRect(QRectF(a, y, b - a, RIBBON_H), colour)

    if saliency.start_s < end and saliency.start_s + len(values) * saliency.step_s > start and cell.rect.w > 160:
        painter.setFont(theme.font(10))
        painter.setPen(QColor(ink.machine))
        text = f"{model}: {saliency.target}"
        x = max(cell.x(max(saliency.start_s, start)), cell.rect.x) + 2
        if tight(cell):  # where the next row's name does not stand
            x = cell.rect.x + cell.rect.w - QFontMetricsF(painter.font()).horizontalAdvance(text) - 4
        painter.drawText(QPointF(x, y + RIBBON_H + 10), text)


WAVE_STYLE = {"P": Qt.PenStyle.DotLine, "QRS": Qt.PenStyle.SolidLine, "T": Qt.PenStyle.DashLine}


def _paint_waves(painter: QPainter, cell: Cell, marks: Marks, lead: str, rate: float, ink: EcgInk) -> None:
    """Onset and end of P (dotted), QRS (solid) and T (dashed), with their letter."""
    painter.setFont(theme.font(10))
    metrics, last = QFontMetricsF(painter.font()), -1e9
    waves = marks.waves.get(lead, ())
    for number in waves_between(waves, cell.start_s, cell.start_s + cell.seconds, rate):
        wave = waves[number]
        onset, end = wave.onset / rate, wave.offset / rate
        if end < cell.start_s or onset > cell.start_s + cell.seconds or cell.px_per_s < 20:
            continue
        painter.setPen(QPen(QColor(ink.machine), 1, WAVE_STYLE[wave.kind]))
        a, b = cell.x(max(onset, cell.start_s)), cell.x(min(end, cell.start_s + cell.seconds))
        # Under the trace and the ribbon, so that nothing lies over a deep S wave.
        y = max(cell.y0 + 12, min(cell.y0 + cell.rect.h * 0.36, cell.rect.y + cell.rect.h - 12))
        painter.drawLine(QLineF(a, y - 12, a, y))
        painter.drawLine(QLineF(b, y - 12, b, y))
        painter.drawLine(QLineF(a, y, b, y))
        wide = metrics.horizontalAdvance(wave.kind)
        left = (a + b - wide) / 2
        # A letter that has no room would make one word with its neighbour, or stand outside the cell.
        if left > last + 2 and cell.rect.x <= left and left + wide <= cell.rect.x + cell.rect.w:
            painter.drawText(QPointF(left, y + 10), wave.kind)
            last = left + wide
