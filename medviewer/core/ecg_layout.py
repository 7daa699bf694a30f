"""The paper of an ECG: `resolve` joins the wish and the record's facts to the one `EcgPicture` that is painted.

Screen coordinates are logical pixels, x to the right, y down. Paper is measured in millimetres: `px_per_mm` says how large one
is on this screen. Time and voltage are what is drawn and measured, never millimetres (ED-04).
"""

from dataclasses import dataclass
from math import floor, log10
from typing import Literal

from medviewer.core.ecg import EcgRecord, Lead
from medviewer.core.ecg_view import PAGE_S, SHORTEST_S, SPEEDS, STANDARD, EcgView

CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III")
RHYTHM = ("II", "MLII", "I", "V5", "V1")
"""Leads of a rhythm strip, the first that is there."""
PULSE_S, PULSE_MV = 0.2, 1.0
SCREEN_MM = 96 / 25.4
"""Logical pixels in a millimetre where nothing is known about the screen."""
FOOTER_PX, FOOTER_LINE_PX, NARROW_PX, NARROWER_PX = 26.0, 18.0, 760.0, 560.0
"""Height of the footer, of each further line of it in panes that are narrower: one below NARROW_PX, two below NARROWER_PX."""
MARGIN_MM, GAP_MM = 3.0, 3.0
LEAST_BOX_MM = (40.0, 15.0)
"""Width and height on the screen below which a lead cannot be read; rows of one lead may lie twice as close."""
ROW_MM, ROW_PX = 45.0, 140.0
"""The largest height of a row that stands alone."""
CORNER_PX = 44.0
"""Height of the corner words above the paper's first row."""
RULER_PX, MARKS_PX = 14.0, 32.0
"""Heights of the time ruler at the foot of the paper, and of spans and letters over a row."""
OVERVIEW_X = 56.0
"""Left edge of the overview, the tachogram and the lines of full disclosure."""
OTHER_UNITS = {"mmHg": 50.0, "NU": 1.0, "Ohm": 1.0, "%": 50.0, "degC": 20.0, "L/s": 1.0, "L": 1.0, "cmH2O": 20.0}
"""What 10 mm stand for where a lead is no voltage; others by their resolution."""
Table = list[list[tuple[int, str, float]]]
"""Rows of columns: lead number, label, sign."""


@dataclass(frozen=True, slots=True)
class Rect:
    """Logical pixels, from the upper left corner."""

    x: float
    y: float
    w: float
    h: float

    def holds(self, x: float, y: float) -> bool:
        """The left and upper rim belong to it, the others do not."""
        return self.x <= x < self.x + self.w and self.y <= y < self.y + self.h


@dataclass(frozen=True, slots=True)
class Cell:
    """One stretch of one lead: `lead` its number in the record, `sign` −1 for −aVR, `y0` where 0 mV lies, `rhythm` a strip that
    repeats a lead. Pixels a second and a millivolt are the cell's own: lines of full disclosure are smaller than paper."""

    lead: int
    label: str
    rect: Rect
    y0: float
    start_s: float
    seconds: float
    px_per_s: float
    px_per_mv: float
    sign: float = 1.0
    rhythm: bool = False
    line: bool = False
    per_cm: float = 0.0
    """What 10 mm are in the lead's own unit, where that is no voltage (0 = mV by the gain)."""
    own_gain: float = 0.0
    """mm/mV of this lead alone, where a person gave it another gain than the others have."""

    def x(self, time_s: float) -> float:
        """Where a moment of the record (s) lies, also outside the cell."""
        return self.rect.x + (time_s - self.start_s) * self.px_per_s

    def y(self, value: float) -> float:
        """Where a value (mV, or the unit of the lead) lies, also outside the cell."""
        return self.y0 - self.sign * value * self.px_per_mv

    def time(self, x: float) -> float:
        """Seconds of the record under x."""
        return self.start_s + (x - self.rect.x) / self.px_per_s

    def value(self, y: float) -> float:
        """mV, or the unit of the lead, under y."""
        return self.sign * (self.y0 - y) / self.px_per_mv


@dataclass(frozen=True, slots=True)
class EcgPicture:
    """All that a painter needs besides samples. `pulse_x` where the calibration pulses begin and one y for each row; `columns`
    tells how columns follow ("" with one); `page_s` is what the page moves by; `overview` and `tachogram` lie over the whole
    record; `to_scale` is true where a millimetre on the screen is one."""

    size: tuple[float, float]
    paper: Rect
    px_per_mm: float
    speed: float
    gain: float
    cells: tuple[Cell, ...]
    pulses: tuple[tuple[float, float], ...]
    start_s: float
    page_s: float
    columns: Literal["", "consecutive", "simultaneous"]
    to_scale: bool
    footer: float
    overview: Rect | None = None
    tachogram: Rect | None = None
    whole_s: float = 0.0
    left_out: int = 0
    """Leads of the layout that have no room: only the rhythm strip is shown."""
    instead: str = ""
    """The layout that is drawn where the wished one has no room."""

    @property
    def px_per_s(self) -> float:
        return self.px_per_mm * self.speed

    @property
    def px_per_mv(self) -> float:
        return self.px_per_mm * self.gain

    def cell_at(self, x: float, y: float) -> Cell | None:
        """The cell under a place; rows lie over each other's rims, so the nearest baseline counts."""
        near = [c for c in self.cells if c.rect.x <= x < c.rect.x + c.rect.w and c.rect.y <= y < c.rect.y + c.rect.h]
        return min(near, key=lambda cell: abs(cell.y0 - y), default=None)


def ordered(record: EcgRecord) -> tuple[int, ...]:
    """Leads in clinical order, each once, then the others as the file has them."""
    known = [record.lead(name) for one in STANDARD for name in (one, f"ML{one}")]
    first = [k for k in known if k is not None]
    return (*first, *(k for k in range(len(record.leads)) if k not in first))


def per_cm(lead: Lead) -> float:
    """0 for voltages, which follow the gain; else a round number of the lead's own unit for 10 mm."""
    if lead.unit in ("mV", ""):
        return 0.0
    if lead.unit in OTHER_UNITS:
        return OTHER_UNITS[lead.unit]
    span = max(lead.resolution, 1e-9) * 1024
    power = 10.0 ** floor(log10(span))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= span)


def rhythm_lead(record: EcgRecord) -> int | None:
    """The lead that shows the rhythm best, where a usual one is there."""
    return next((k for name in RHYTHM if (k := record.lead(name)) is not None), None)


MOST_MORE = 8
"""Leads besides the twelve that further rows hold; the footer names the others."""


def grid_of(layout: str, record: EcgRecord) -> tuple[Table, int | None]:
    """Rows of (lead number, label, sign) for each column, and the lead of the rhythm strip. A layout whose leads are not there
    falls back to stacked."""
    number = {lead.name: k for k, lead in enumerate(record.leads)}

    def one(name: str) -> tuple[int, str, float]:
        return (number["aVR"], "-aVR", -1.0) if name == "-aVR" else (number[name], name, 1.0)

    if layout in ("stacked", "holter") or any(name not in number for name in STANDARD):
        return [[(k, record.leads[k].name, 1.0)] for k in ordered(record)], None
    names = [*CABRERA, *STANDARD[6:]] if layout == "cabrera" else list(STANDARD)
    rows = {"3x4": 3, "3x4+1": 3, "6x2": 6, "cabrera": 6, "12x1": 12}[layout]
    columns = 12 // rows
    table = [[one(names[row + rows * column]) for column in range(columns)] for row in range(rows)]
    # Right, posterior or other leads stand in further rows: a lead that is recorded is never left out without a word.
    more = [one(lead.name) for lead in record.leads if lead.name not in STANDARD][:MOST_MORE]
    table += [more[k : k + columns] for k in range(0, len(more), columns)]
    return table, rhythm_lead(record) if layout == "3x4+1" else None


def resolve(
    view: EcgView,
    record: EcgRecord,
    size: tuple[float, float],
    px_per_mm: float = SCREEN_MM,
    calibrated: bool = False,
    most_mm: float | None = None,
) -> EcgPicture:
    """Join the wish with the record's facts for a pane of `size` (width, height) logical pixels. Pure.

    `px_per_mm` is the screen's own; `calibrated` that somebody measured it. A view that is fitted is not to scale;
    `most_mm` keeps its millimetre as small as that of ECGs beside it.
    """
    if view.layout == "holter" and record.leads:
        return _holter(view, record, size, px_per_mm, calibrated)
    paper, top, footer = _paper(view, size)
    high = paper.h - top - RULER_PX
    layout, table, rhythm, left_out = _with_room(view.layout, record, (paper.w / px_per_mm, high / px_per_mm))
    lines = table if rhythm is None else [*table, [(rhythm, record.leads[rhythm].name, 1.0)]]
    columns, rows = max(len(table[0]) if table else 1, 1), max(len(lines), 1)
    mm = _fitted(paper.w, high, rows, px_per_mm, most_mm) if view.fit else px_per_mm
    left, px_s = margin_mm(view.speed) * mm, mm * view.speed
    per_column = max((paper.w - left) / px_s, 1e-6) / columns
    if columns > 1 and not view.simultaneous:
        per_column = min(per_column, max(record.seconds, 4 * SHORTEST_S) / columns)
    start = _start(view, record)
    row_h = high / rows
    if rows == 1:  # in a high pane its marks stay near the trace
        spare = max(0.0, row_h - max(ROW_MM * mm, ROW_PX))
        top, row_h = top + spare / 2, row_h - spare
    cells: list[Cell] = []
    pulses = []
    for row, parts in enumerate(lines):
        y = top + row * row_h
        y0 = _on_grid(y + row_h * 0.55, mm) if mm >= 1 else y + row_h * 0.55
        pulses.append((left - _pulse_mm(view.speed) * mm, y0))
        strip = row == len(table)
        length = per_column * columns if strip else per_column
        for column, (lead, label, sign) in enumerate(parts):
            at = start if strip or view.simultaneous else start + column * per_column
            rect = Rect(left + column * per_column * px_s, y, length * px_s, row_h)
            scale, other, own = _scale(view, record.leads[lead], mm)
            cells.append(Cell(lead, label, rect, y0, at, length, px_s, scale, sign, strip, per_cm=other, own_gain=own))
    how: Literal["", "consecutive", "simultaneous"] = (
        "" if columns == 1 else "simultaneous" if view.simultaneous else "consecutive"
    )
    page = per_column * (1 if view.simultaneous and rhythm is None else columns)
    return EcgPicture(
        size, paper, mm, view.speed, view.gain, tuple(cells), tuple(pulses), start, page, how, calibrated and not view.fit,
        footer, whole_s=record.seconds, left_out=left_out, instead=layout if layout != view.layout else "",
    )  # fmt: skip


def _paper(view: EcgView, size: tuple[float, float]) -> tuple[Rect, float, float]:
    """The paper; heights of the corner words over its first row, and of the footer below it."""
    footer = FOOTER_PX + FOOTER_LINE_PX * ((size[0] < NARROW_PX) + (size[0] < NARROWER_PX))
    return Rect(0, 0, size[0], max(size[1] - footer, 20.0)), CORNER_PX if view.text != "none" else 4.0, footer


def _fitted(wide: float, high: float, rows: int, px_per_mm: float, most_mm: float | None) -> float:
    """Pixels of a millimetre so that a page of paper and 12 mm a row have room."""
    by_width = (wide - 1) / (margin_mm(SPEEDS[1]) + PAGE_S * SPEEDS[1])
    return max(min(by_width, high / (rows * 12.0), 4 * px_per_mm, most_mm or by_width), 0.2)


def _start(view: EcgView, record: EcgRecord) -> float:
    return min(max(view.start_s, 0.0), max(0.0, record.seconds - SHORTEST_S))


def _on_grid(y: float, mm: float) -> float:
    """The line of the paper that is nearest."""
    return round(y / mm) * mm


def _scale(view: EcgView, lead: Lead, mm: float) -> tuple[float, float, float]:
    """Pixels of one mV or of the lead's own unit; what 10 mm are in that unit (0 = mV); the lead's own mm/mV (0 = as all)."""
    if other := per_cm(lead):
        return 10 * mm / other, other, 0.0
    times = view.times(lead.name)
    return mm * view.gain * times, 0.0, view.gain * times if times != 1.0 else 0.0


OTHER_LAYOUTS = {"3x4+1": ("3x4", "6x2", "12x1"), "3x4": ("6x2", "12x1"), "6x2": ("12x1", "3x4"), "12x1": ("6x2", "3x4")}
"""What shows the same leads where a layout has no room: a narrow pane may be high, a low one wide."""


def _with_room(layout: str, record: EcgRecord, room: tuple[float, float]) -> tuple[str, Table, int | None, int]:
    """The layout itself, the first of its others whose boxes are large enough (`room` in mm of the screen), or the rhythm strip
    alone where no layout of twelve leads has room; and how many leads that leaves out."""
    table, rhythm = grid_of(layout, record)
    leads = sum(len(row) for row in table)
    if layout == "stacked" or any(record.lead(name) is None for name in STANDARD):
        return layout, table, rhythm, 0
    for one in (layout, *OTHER_LAYOUTS.get(layout, ())):
        table, rhythm = grid_of(one, record)
        columns, rows = len(table[0]), len(table) + (rhythm is not None)
        least = LEAST_BOX_MM[1] if columns > 1 else LEAST_BOX_MM[1] / 2
        if room[0] / columns >= LEAST_BOX_MM[0] and room[1] / rows >= least:
            return one, table, rhythm, 0
    strip = rhythm_lead(record)
    assert strip is not None
    return layout, [[(strip, record.leads[strip].name, 1.0)]], None, leads - 1


def margin_mm(speed: float) -> float:
    """Width of the paper left of the traces."""
    return MARGIN_MM + _pulse_mm(speed)


def _pulse_mm(speed: float) -> float:
    """Width that the pulse of 0.2 s and its flat ends take."""
    return min(max(PULSE_S * speed, 1.0), 20.0) + GAP_MM


def disclosed(view: EcgView, record: EcgRecord) -> int:
    """The lead of full disclosure: the one chosen, else the usual rhythm lead."""
    if view.lead and (k := record.lead(view.lead)) is not None:
        return k
    return rhythm if (rhythm := rhythm_lead(record)) is not None else ordered(record)[0]


def _holter(view: EcgView, record: EcgRecord, size: tuple[float, float], px_per_mm: float, calibrated: bool) -> EcgPicture:
    """Whole record above (overview and tachogram), a page of lines below, and strips of all leads at paper speed at the foot."""
    mm = px_per_mm
    paper, top, footer = _paper(view, size)
    width = max(paper.w - OVERVIEW_X - 8, 20.0)
    shown = ordered(record)[:3]
    strip_h = min(max(13 * mm, 40.0), paper.h * 0.12)
    foot = paper.h - RULER_PX - MARKS_PX - strip_h * len(shown)
    start = _start(view, record)
    lines, page = _disclosure(view, record, start, Rect(OVERVIEW_X, top + 116, width, foot - top - 122), mm)
    left, px_s = margin_mm(view.speed) * mm, mm * view.speed
    length = (paper.w - left) / px_s
    begin = start
    if view.chosen_s is not None:
        begin = min(max(view.chosen_s - length / 2, 0.0), max(0.0, max(record.seconds, SHORTEST_S) - length))
    strips, pulses = [], []
    for n, k in enumerate(shown):
        over = 0.0 if n else MARKS_PX
        rect = Rect(left, foot + n * strip_h + (MARKS_PX - over), paper.w - left, strip_h + over)
        y0 = _on_grid(rect.y + over + strip_h * 0.75, mm)
        pulses.append((left - _pulse_mm(view.speed) * mm, y0))
        scale, other, own = _scale(view, record.leads[k], mm)
        name = record.leads[k].name
        strips.append(Cell(k, name, rect, y0, begin, length, px_s, scale, rhythm=n == 0, per_cm=other, own_gain=own))
    return EcgPicture(
        size, paper, mm, view.speed, view.gain, (*lines, *strips), tuple(pulses), start, page, "", calibrated, footer,
        Rect(OVERVIEW_X, top, width, 46), Rect(OVERVIEW_X, top + 52, width, 54), record.seconds,
    )  # fmt: skip


def _disclosure(view: EcgView, record: EcgRecord, start: float, room: Rect, mm: float) -> tuple[list[Cell], float]:
    """Lines of one lead from `start` on, as many as have room, and the seconds that they hold."""
    lines = max(1, int(room.h / 26))
    line_h = room.h / lines
    lead = disclosed(view, record)
    scale = min(line_h / 3.0, mm * view.gain) * view.gain / 10
    cells = []
    for n in range(lines):
        at = start + n * view.line_s
        if at >= max(record.seconds, SHORTEST_S):
            break
        rect = Rect(room.x, room.y + n * line_h, room.w, line_h)
        y0 = rect.y + line_h * 0.6
        cells.append(Cell(lead, "", rect, y0, at, view.line_s, room.w / view.line_s, scale, line=True))
    return cells, lines * view.line_s
