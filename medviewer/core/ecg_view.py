"""What the user wishes to see of an ECG, and the facts joined to it: `resolve` gives the one `EcgPicture` that is painted.

Screen coordinates are logical pixels, x to the right, y down. Paper is measured in millimetres: `px_per_mm` says how large one
is on this screen. Time and voltage are what is drawn and measured, never millimetres (ED-04).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, log10
from typing import Literal

from medviewer.core.ecg import EcgRecord, Lead
from medviewer.core.signal import UNFILTERED, Filters
from medviewer.core.view import TextLevel

STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III")
RHYTHM = ("II", "MLII", "I", "V5", "V1")
SPEEDS = (12.5, 25.0, 50.0, 100.0)
GAINS = (2.5, 5.0, 10.0, 20.0)
LAYOUTS = ("3x4+1", "3x4", "6x2", "12x1", "cabrera", "stacked", "holter")
SHORTEST_S = 0.01
PAGE_S = 10.0
"""What a page of paper shows at 25 mm/s, and what is fitted into a pane whose screen is not calibrated."""
LONG_S = 300.0
"""A record longer than this opens in the Holter layout."""
PULSE_S, PULSE_MV = 0.2, 1.0
SCREEN_MM = 96 / 25.4
"""Logical pixels in a millimetre where nothing is known about the screen."""
LINE_S = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds that one line of full disclosure may hold."""
Theme = Literal["dark", "paper"]


@dataclass(frozen=True, slots=True)
class EcgView:
    """The wish. `layout` one of LAYOUTS; `speed` mm/s and `gain` mm/mV, also between the usual steps while zooming; `start_s`
    the left edge; `fit` makes the millimetre as large as the pane allows (never "to scale"); `simultaneous` columns all begin at
    `start_s` instead of following each other; `overlay` the network whose answer is marked (None = no marks); `waves` its P, QRS
    and T bounds too; `line_s` seconds of a line of full disclosure; `chosen_s` the moment that is pointed at."""

    layout: str = "stacked"
    speed: float = 25.0
    gain: float = 10.0
    start_s: float = 0.0
    fit: bool = True
    simultaneous: bool = False
    filters: Filters = UNFILTERED
    theme: Theme = "dark"
    text: TextLevel = "all"
    marks: bool = True
    waves: bool = False
    overlay: str | None = None
    line_s: float = 60.0
    lead: str = ""
    chosen_s: float | None = None
    lead_gains: tuple[tuple[str, float], ...] = ()
    """Leads that a person gave another gain, and how many times the usual it is (ED-03)."""

    def times(self, lead: str) -> float:
        return dict(self.lead_gains).get(lead, 1.0)

    def with_lead_gain(self, lead: str, times: float) -> "EcgView":
        kept = tuple(one for one in self.lead_gains if one[0] != lead)
        return replace(self, lead_gains=kept if times == 1.0 else (*kept, (lead, times)))

    @classmethod
    def start(cls, record: EcgRecord) -> "EcgView":
        """How a record opens: 3×4 with a rhythm strip for a short 12-lead, the Holter layout for a long one, else stacked."""
        if record.seconds > LONG_S:
            return cls(layout="holter", fit=False, line_s=_line_of(record))
        twelve = all(record.lead(name) is not None for name in STANDARD)
        return cls(layout="3x4+1" if twelve else "stacked", fit=record.seconds <= 1.3 * PAGE_S)

    def opening(self, record: EcgRecord) -> "EcgView":
        """How another record opens in this place: theme, words, filters, speed and gain stay as they are."""
        start = EcgView.start(record)
        return replace(
            start,
            theme=self.theme,
            text=self.text,
            filters=self.filters,
            gain=self.gain,
            speed=_usual(self.speed),
            marks=self.marks,
        )


def _usual(speed: float) -> float:
    return speed if speed in SPEEDS else 25.0


def _line_of(record: EcgRecord) -> float:
    """Seconds of a line so that an hour fills a page; shorter for shorter records."""
    return next((s for s in LINE_S if record.seconds / s <= 60), LINE_S[-1]) if record.seconds < 3600 else 60.0


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    w: float
    h: float

    def holds(self, x: float, y: float) -> bool:
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
        return self.rect.x + (time_s - self.start_s) * self.px_per_s

    def y(self, value: float) -> float:
        return self.y0 - self.sign * value * self.px_per_mv

    def time(self, x: float) -> float:
        return self.start_s + (x - self.rect.x) / self.px_per_s

    def value(self, y: float) -> float:
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


FOOTER_PX, TWO_LINES_PX, NARROW_PX = 26.0, 44.0, 760.0
"""Height of the footer, of one in a pane narrower than NARROW_PX."""
MARGIN_MM, GAP_MM = 3.0, 3.0
LEAST_BOX_MM = (40.0, 15.0)
"""Width and height on the screen below which a lead cannot be read; rows of one lead may lie twice as close."""
ROW_MM, ROW_PX = 45.0, 140.0
"""The largest height of a row that stands alone."""
CORNER_PX = 44.0
"""Height of the corner words above the paper's first row."""
RULER_PX, MARKS_PX = 14.0, 32.0
"""Heights of the time ruler at the foot of the paper, and of spans and letters over a row."""


def ordered(record: EcgRecord) -> tuple[int, ...]:
    """Leads in clinical order, each once, then the others as the file has them."""
    known = [record.lead(name) for one in STANDARD for name in (one, f"ML{one}")]
    first = [k for k in known if k is not None]
    return (*first, *(k for k in range(len(record.leads)) if k not in first))


OTHER_UNITS = {"mmHg": 50.0, "NU": 1.0, "Ohm": 1.0, "%": 50.0, "degC": 20.0, "L/s": 1.0, "L": 1.0, "cmH2O": 20.0}
"""What 10 mm stand for where a lead is no voltage; others by their resolution."""


def per_cm(lead: Lead) -> float:
    """0 for voltages, which follow the gain; else a round number of the lead's own unit for 10 mm."""
    if lead.unit in ("mV", ""):
        return 0.0
    if lead.unit in OTHER_UNITS:
        return OTHER_UNITS[lead.unit]
    span = max(lead.resolution, 1e-9) * 1024
    power = 10.0 ** floor(log10(span))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= span)


def grid_of(layout: str, record: EcgRecord) -> tuple["Table", int | None]:
    """Rows of (lead number, label, sign) for each column, and the lead of the rhythm strip. A layout whose leads are not there
    falls back to stacked."""
    number = {lead.name: k for k, lead in enumerate(record.leads)}

    def one(name: str) -> tuple[int, str, float]:
        return (number["aVR"], "-aVR", -1.0) if name == "-aVR" else (number[name], name, 1.0)

    if layout in ("stacked", "holter") or any(name not in number for name in STANDARD):
        return [[(k, record.leads[k].name, 1.0)] for k in ordered(record)], None
    names = [*CABRERA, *STANDARD[6:]] if layout == "cabrera" else list(STANDARD)
    rows = {"3x4": 3, "3x4+1": 3, "6x2": 6, "cabrera": 6, "12x1": 12}[layout]
    table = [[one(names[row + rows * column]) for column in range(12 // rows)] for row in range(rows)]
    rhythm = next((number[name] for name in RHYTHM if name in number), None) if layout == "3x4+1" else None
    return table, rhythm


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
    top = CORNER_PX if view.text != "none" else 4.0
    footer = _footer(size)
    paper = Rect(0, 0, size[0], max(size[1] - footer, 20.0))
    room = (paper.w / px_per_mm, (paper.h - top - RULER_PX) / px_per_mm)
    table, rhythm, left_out = _with_room(*grid_of(view.layout, record), record, room)
    columns, rows = max(len(table[0]) if table else 1, 1), max(len(table) + (rhythm is not None), 1)
    seconds = record.seconds
    mm = px_per_mm
    if view.fit:
        wide = (paper.w - 1) / (_pulse_mm(SPEEDS[1]) + MARGIN_MM + PAGE_S * SPEEDS[1])
        high = (paper.h - top - RULER_PX) / (rows * 12.0)
        mm = max(min(wide, high, 4 * px_per_mm, most_mm or wide), 0.2)
    left = paper.x + (MARGIN_MM + _pulse_mm(view.speed)) * mm
    px_s, px_mv = mm * view.speed, mm * view.gain
    per_column = max((paper.w - left) / px_s, 1e-6) / columns
    if columns > 1 and not view.simultaneous:
        per_column = min(per_column, max(seconds, 4 * SHORTEST_S) / columns)
    start = min(max(view.start_s, 0.0), max(0.0, seconds - SHORTEST_S))
    row_h = (paper.h - top - RULER_PX) / rows
    if rows == 1:  # in a high pane its marks stay near the trace
        spare = max(0.0, row_h - max(ROW_MM * mm, ROW_PX))
        top, row_h = top + spare / 2, row_h - spare
    cells: list[Cell] = []
    pulses = []
    for row in range(rows if table else 0):
        y = paper.y + top + row * row_h
        y0 = y + row_h * 0.55
        y0 = paper.y + round((y0 - paper.y) / mm) * mm if mm >= 1 else y0
        pulses.append((left - _pulse_mm(view.speed) * mm, y0))
        strip = row == len(table)
        parts = [(rhythm, record.leads[rhythm].name, 1.0)] if strip and rhythm is not None else table[min(row, len(table) - 1)]
        length = per_column * columns if strip else per_column
        for column, (lead, label, sign) in enumerate(parts):
            at = start if strip or view.simultaneous else start + column * per_column
            rect = Rect(left + column * per_column * px_s, y, length * px_s, row_h)
            other = per_cm(record.leads[lead])
            times = 1.0 if other else view.times(record.leads[lead].name)
            scale, own = 10 * mm / other if other else px_mv * times, view.gain * times if times != 1.0 else 0.0
            cells.append(Cell(lead, label, rect, y0, at, length, px_s, scale, sign, strip, per_cm=other, own_gain=own))
    how: Literal["", "consecutive", "simultaneous"] = (
        "" if columns == 1 else "simultaneous" if view.simultaneous else "consecutive"
    )
    page = per_column * (1 if view.simultaneous and rhythm is None else columns)
    return EcgPicture(
        size, paper, mm, view.speed, view.gain, tuple(cells), tuple(pulses), start, page, how, calibrated and not view.fit,
        footer, whole_s=seconds, left_out=left_out,
    )  # fmt: skip


Table = list[list[tuple[int, str, float]]]


def _with_room(table: Table, rhythm: int | None, record: EcgRecord, room: tuple[float, float]) -> tuple[Table, int | None, int]:
    """Table and rhythm strip as they are, or the strip alone where the boxes of twelve leads would be too small (`room` in mm of
    the screen); and how many leads that leaves out."""
    leads = sum(len(row) for row in table)
    if leads != len(STANDARD) or any(name.lstrip("-") not in STANDARD for row in table for _, name, _ in row):
        return table, rhythm, 0
    columns, rows = len(table[0]), len(table) + (rhythm is not None)
    least = LEAST_BOX_MM[1] if columns > 1 else LEAST_BOX_MM[1] / 2
    if room[0] / columns >= LEAST_BOX_MM[0] and room[1] / rows >= least:
        return table, rhythm, 0
    strip = next(k for name in RHYTHM if (k := record.lead(name)) is not None)
    return [[(strip, record.leads[strip].name, 1.0)]], None, leads - 1


def _footer(size: tuple[float, float]) -> float:
    return FOOTER_PX if size[0] >= NARROW_PX else TWO_LINES_PX


def _pulse_mm(speed: float) -> float:
    """Width that the pulse of 0.2 s and its flat ends take."""
    return min(max(PULSE_S * speed, 1.0), 20.0) + GAP_MM


def disclosed(view: EcgView, record: EcgRecord) -> int:
    """The lead of full disclosure: the one chosen, else the usual rhythm lead."""
    if view.lead and (k := record.lead(view.lead)) is not None:
        return k
    return next((k for name in RHYTHM if (k := record.lead(name)) is not None), ordered(record)[0])


def _holter(view: EcgView, record: EcgRecord, size: tuple[float, float], px_per_mm: float, calibrated: bool) -> EcgPicture:
    """Whole record above (overview and tachogram), a page of lines below, and strips of all leads at paper speed at the foot."""
    mm, seconds = px_per_mm, max(record.seconds, SHORTEST_S)
    top = CORNER_PX if view.text != "none" else 4.0
    footer = _footer(size)
    paper = Rect(0, 0, size[0], max(size[1] - footer, 20.0))
    margin = 56.0
    width = max(paper.w - margin - 8, 20.0)
    overview = Rect(margin, top, width, 46)
    tachogram = Rect(margin, top + 52, width, 54)
    shown = list(ordered(record))[:3]
    strip_h = min(max(13 * mm, 40.0), paper.h * 0.12)
    foot = paper.h - RULER_PX - MARKS_PX - strip_h * len(shown)
    first = top + 116
    lines = max(1, int((foot - first - 6) / 26))
    line_h = (foot - first - 6) / lines
    page = lines * view.line_s
    start = min(max(view.start_s, 0.0), max(0.0, seconds - SHORTEST_S))
    lead = disclosed(view, record)
    cells = []
    for n in range(lines):
        at = start + n * view.line_s
        if at >= seconds:
            break
        rect = Rect(margin, first + n * line_h, width, line_h)
        scale = min(line_h / 3.0, mm * view.gain)
        cells.append(
            Cell(lead, "", rect, rect.y + line_h * 0.6, at, view.line_s, width / view.line_s, scale * view.gain / 10, line=True)
        )
    pulses = []
    moment = view.chosen_s if view.chosen_s is not None else start
    left = (MARGIN_MM + _pulse_mm(view.speed)) * mm
    px_s = mm * view.speed
    length = (paper.w - left) / px_s
    begin = min(max(moment - length / 2, 0.0), max(0.0, seconds - length)) if view.chosen_s is not None else start
    for n, k in enumerate(shown):
        over = 0.0 if n else MARKS_PX
        rect = Rect(left, foot + n * strip_h + (MARKS_PX - over), paper.w - left, strip_h + over)
        y0 = paper.y + round((rect.y + over + strip_h * 0.75) / mm) * mm
        pulses.append((left - _pulse_mm(view.speed) * mm, y0))
        other = per_cm(record.leads[k])
        times = 1.0 if other else view.times(record.leads[k].name)
        scale, own = 10 * mm / other if other else mm * view.gain * times, view.gain * times if times != 1.0 else 0.0
        name = record.leads[k].name
        cells.append(Cell(k, name, rect, y0, begin, length, px_s, scale, rhythm=n == 0, per_cm=other, own_gain=own))
    return EcgPicture(
        size, paper, mm, view.speed, view.gain, tuple(cells), tuple(pulses), start, page, "", calibrated, footer, overview,
        tachogram, record.seconds,
    )  # fmt: skip


def moved(view: EcgView, record: EcgRecord, start_s: float) -> EcgView:
    """Another left edge, held inside the record."""
    return replace(view, start_s=min(max(start_s, 0.0), max(0.0, record.seconds - SHORTEST_S)))


def paged(view: EcgView, record: EcgRecord, picture: EcgPicture, pages: float) -> EcgView:
    """A page on or back, never past the last page that is full."""
    last = max(0.0, record.seconds - picture.page_s)
    return moved(
        view, record, min(view.start_s + pages * picture.page_s, last) if pages > 0 else view.start_s + pages * picture.page_s
    )


def stepped(value: float, steps: Sequence[float], by: int) -> float:
    """The next usual step above or below a value."""
    if by > 0:
        return next((s for s in steps if s > value * 1.001), steps[-1])
    return next((s for s in reversed(steps) if s < value * 0.999), steps[0])


def with_gain(view: EcgView, by: int) -> EcgView:
    return replace(view, gain=stepped(view.gain, GAINS, by))


def with_speed(view: EcgView, by: int) -> EcgView:
    return replace(view, speed=stepped(view.speed, SPEEDS, by))


def zoomed_at(view: EcgView, record: EcgRecord, picture: EcgPicture, factor: float, x: float, y: float) -> EcgView:
    """Zoom in time by `factor` so that the moment under (x, y) stays there: from 10 ms to the whole record in view."""
    if view.layout == "holter":
        line = stepped(view.line_s, LINE_S, -1 if factor > 1 else 1)
        return moved(replace(view, line_s=line), record, view.start_s)
    cell = picture.cell_at(x, y) or (picture.cells[0] if picture.cells else None)
    if cell is None:
        return view
    mm, columns = picture.px_per_mm, len({round(one.rect.x) for one in picture.cells if not one.rhythm}) or 1

    def width(speed: float) -> float:
        return max(picture.paper.w - (MARGIN_MM + _pulse_mm(speed)) * mm, 1.0)

    def held(speed: float) -> float:
        """Between the speeds at which a column shows 10 ms and the row the whole record."""
        least = width(0.0) / (mm * max(record.seconds, SHORTEST_S))
        most = width(SPEEDS[-1] * 10) / columns / (mm * SHORTEST_S)
        return min(max(speed, min(least, most)), most)

    speed = held(view.speed * factor)
    speed = next((usual for usual in SPEEDS if abs(speed / usual - 1) < 0.01), speed)
    strip = cell.rhythm or columns == 1
    left, wide = picture.paper.w - width(speed), width(speed) / (1 if strip else columns)
    number = 0 if strip else round((cell.rect.x - (picture.paper.w - width(view.speed))) / max(cell.rect.w, 1e-9))
    before = 0.0 if view.simultaneous else number * wide / (mm * speed)
    start = cell.time(x) - (x - left - number * wide) / (mm * speed) - before
    return replace(moved(view, record, min(start, max(0.0, record.seconds - width(speed) / (mm * speed)))), speed=speed)
