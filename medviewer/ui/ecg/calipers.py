"""Calipers and cursors: made of times and millivolts of one cell, never of millimetres (ED-04, ED-06)."""

from dataclasses import dataclass, replace
from math import ceil, floor

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_hand import HandCaliper, HandMarks
from medviewer.core.ecg_layout import Cell, EcgPicture
from medviewer.ui import theme
from medviewer.ui.ecg import words
from medviewer.ui.theme import EcgInk

GRAB_PX = 6.0


@dataclass(frozen=True, slots=True)
class Calipers:
    """One caliper with its march-out, and two cursors over all leads."""

    caliper: HandCaliper[int] | None = None
    march: bool = False
    cursors: tuple[float, ...] = ()
    held: int | None = None
    """The cursor in the hand; None for the caliper."""

    @property
    def span(self) -> tuple[float, float] | None:
        """What is chosen in time: between two cursors, else under the caliper."""
        if len(self.cursors) == 2:
            return self.cursors[0], self.cursors[1]
        one = self.caliper
        return (one.start[0], one.end[0]) if one is not None and one.seconds > 0 else None

    def kept(self) -> "Calipers":
        """After another speed, gain or layout: times and voltages stay, what was in the hand does not."""
        return replace(self, held=None)

    def let_go(self) -> "Calipers":
        """The button is up; a caliper without any width was only a click."""
        click = self.caliper is not None and self.caliper.start == self.caliper.end
        return replace(self, held=None, caliper=None if click else self.caliper)

    def kept_caliper(self, record: EcgRecord | None) -> HandCaliper[str] | None:
        """The caliper as it is kept: by its lead's name."""
        one = self.caliper
        if one is None or record is None or one.lead >= len(record.leads):
            return None
        return HandCaliper(record.leads[one.lead].name, one.start, one.end, one.column)

    def with_hand(self, hand: HandMarks, record: EcgRecord | None) -> "Calipers":
        """Caliper and cursors as they were kept."""
        one = hand.caliper
        lead = record.lead(one.lead) if one is not None and record is not None else None
        caliper = HandCaliper(lead, one.start, one.end, one.column) if one is not None and lead is not None else None
        return replace(self, caliper=caliper, cursors=hand.cursors, held=None)

    def pressed(self, tool: str, picture: EcgPicture, x: float, y: float) -> "Calipers":
        cell = picture.cell_at(x, y)
        if cell is None:
            return self
        here = (cell.time(x), cell.value(y))
        if tool == "caliper":
            return replace(self, caliper=HandCaliper(cell.lead, here, here, cell.start_s), held=None)
        near = [n for n, at in enumerate(self.cursors) if abs(cell.x(at) - x) <= GRAB_PX]
        if near:
            return replace(self, held=near[0])
        cursors = (*self.cursors, here[0]) if len(self.cursors) < 2 else (self.cursors[1], here[0])
        return replace(self, cursors=cursors, held=len(cursors) - 1)

    def moved(self, picture: EcgPicture, x: float, y: float) -> "Calipers":
        """Only inside the cell where it began: cells of a row may not be simultaneous."""
        if self.held is not None:
            cell = picture.cell_at(x, y)
            if cell is None:
                return self
            cursors = tuple(cell.time(x) if n == self.held else at for n, at in enumerate(self.cursors))
            return replace(self, cursors=cursors)
        one = self.caliper
        cell = next((c for c in picture.cells if one is not None and c.lead == one.lead and c.start_s == one.column), None)
        if one is None or cell is None:
            return self
        inside = min(max(x, cell.rect.x), cell.rect.x + cell.rect.w)
        return replace(self, caliper=replace(one, end=(cell.time(inside), cell.value(y))))


def caliper_words(one: HandCaliper[int], record: EcgRecord) -> str:
    """ "312 ms · 192/min · 0.84 mV"; "approx." where the lead is not calibrated (EF-01)."""
    lead = record.leads[one.lead]
    parts = [f"{one.seconds * 1000:.0f} ms"]
    if one.seconds > 0.1:
        parts.append(f"{60 / one.seconds:.0f}/min")
    unit = lead.unit or "mV"
    value = (f"{one.value:+.2f} {unit}" if unit == "mV" else f"{one.value:+.3g} {unit}").replace("-", "−")
    parts.append(value if lead.unit else words.approximate(value))
    return " · ".join(parts)


def cursor_words(cursors: tuple[float, ...]) -> str:
    if len(cursors) < 2:
        return f"{cursors[0]:.3f} s" if cursors else ""
    apart = abs(cursors[1] - cursors[0])
    rate = f" · {60 / apart:.0f}/min" if apart > 0.1 else ""
    return f"Δ {apart * 1000:.0f} ms{rate}"


def paint_calipers(painter: QPainter, tools: Calipers, picture: EcgPicture, record: EcgRecord, ink: EcgInk) -> None:
    one = tools.caliper
    for cell in picture.cells:
        if (
            one is not None
            and cell.lead == one.lead
            and not cell.line
            and cell.start_s <= one.start[0] <= cell.start_s + cell.seconds
        ):
            if tools.march:
                _paint_march(painter, cell, one, ink)
            _paint_caliper(painter, cell, one, record, ink)
            break
    done = set()
    for n, at in enumerate(tools.cursors):
        for cell in picture.cells:
            if cell.line or not cell.start_s <= at <= cell.start_s + cell.seconds:
                continue
            x = cell.x(at)
            painter.setPen(QPen(QColor(ink.hand), 1))
            painter.drawLine(QLineF(x, cell.rect.y, x, cell.rect.y + cell.rect.h))
            if n not in done and n == len(tools.cursors) - 1:
                _plate(painter, cursor_words(tools.cursors), x + 6, cell.rect.y + 14, picture, ink)
            done.add(n)


def _paint_caliper(painter: QPainter, cell: Cell, one: HandCaliper[int], record: EcgRecord, ink: EcgInk) -> None:
    a, b = QPointF(cell.x(one.start[0]), cell.y(one.start[1])), QPointF(cell.x(one.end[0]), cell.y(one.end[1]))
    ground = QColor(ink.hand)
    ground.setAlpha(28)
    painter.fillRect(QRectF(a, b).normalized(), ground)
    painter.setPen(QPen(QColor(ink.hand), 1.2))
    top, bottom = min(a.y(), b.y()) - 10, max(a.y(), b.y()) + 10
    for x in (a.x(), b.x()):
        painter.drawLine(QLineF(x, top, x, bottom))
    painter.drawLine(QLineF(a.x(), a.y(), b.x(), a.y()))
    painter.drawLine(QLineF(b.x(), a.y(), b.x(), b.y()))
    text = caliper_words(one, record)
    _plate(painter, text, min(a.x(), b.x()), top - 6, None, ink)


def _paint_march(painter: QPainter, cell: Cell, one: HandCaliper[int], ink: EcgInk) -> None:
    """The same interval again and again through the cell."""
    step, first = one.seconds, min(one.start[0], one.end[0])
    if step * cell.px_per_s < 4:
        return
    painter.setPen(QPen(QColor(ink.hand), 1, Qt.PenStyle.DashLine))
    for n in range(ceil((cell.start_s - first) / step), floor((cell.start_s + cell.seconds - first) / step) + 1):
        x = cell.x(first + n * step)
        painter.drawLine(QLineF(x, cell.rect.y + 4, x, cell.rect.y + cell.rect.h - 4))


def _plate(painter: QPainter, text: str, x: float, y: float, picture: EcgPicture | None, ink: EcgInk) -> None:
    painter.setFont(theme.font(12, bold=True))
    wide = QFontMetricsF(painter.font()).horizontalAdvance(text) + 10
    if picture is not None:
        x = min(x, picture.size[0] - wide - 4)
    box = QRectF(x, max(y - 13, 2), wide, 18)
    ground = QColor(ink.paper)
    ground.setAlpha(225)
    painter.fillRect(box, ground)
    painter.setPen(QColor(ink.hand))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
