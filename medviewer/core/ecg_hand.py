"""What a person's hand put on an ECG: a caliper, two cursors, wave borders moved. Kept with the record, as rows of text."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from medviewer.core.ecg import Wave

Point = tuple[float, float]
"""(seconds, value in the lead's unit)."""
Row = tuple[str, str, str]
"""(kind, lead or "", value as JSON)."""
LeadT = TypeVar("LeadT", str, int)
KINDS = ("ecg-caliper", "ecg-cursors", "ecg-bound")


@dataclass(frozen=True, slots=True)
class HandCaliper(Generic[LeadT]):
    """Between two points of one lead: its name where it is kept, its number while a record is on the screen. `column` is the
    start of the cell it was drawn in: it is not carried into another."""

    lead: LeadT
    start: Point
    end: Point
    column: float

    @property
    def seconds(self) -> float:
        """Between its ends, never negative."""
        return abs(self.end[0] - self.start[0])

    @property
    def value(self) -> float:
        """From its start to its end in the lead's unit, with its sign."""
        return self.end[1] - self.start[1]


@dataclass(frozen=True, slots=True)
class HandMarks:
    """Of one record. `bounds`: (lead, wave with the borders as the hand left them, samples at that lead's rate)."""

    caliper: HandCaliper[str] | None = None
    cursors: tuple[float, ...] = ()
    bounds: tuple[tuple[str, Wave], ...] = ()

    @property
    def none(self) -> bool:
        """Nothing was marked."""
        return self.caliper is None and not self.cursors and not self.bounds

    def of(self, lead: str) -> tuple[Wave, ...]:
        """Waves of one lead whose borders were moved."""
        return tuple(wave for name, wave in self.bounds if name == lead)

    def with_wave(self, lead: str, wave: Wave) -> "HandMarks":
        """A border of this wave moved: the wave's older borders are forgotten."""
        kept = tuple(one for one in self.bounds if one[0] != lead or one[1].kind != wave.kind or one[1].peak != wave.peak)
        return HandMarks(self.caliper, self.cursors, (*kept, (lead, wave)))


def with_bounds(waves: Mapping[str, tuple[Wave, ...]], hand: HandMarks) -> dict[str, tuple[Wave, ...]]:
    """The network's waves, those that a hand moved in the place of those of their kind that they overlap."""
    found = dict(waves)
    for lead, wave in hand.bounds:
        others = tuple(one for one in found.get(lead, ()) if one.kind != wave.kind or not _overlap(one, wave))
        found[lead] = tuple(sorted((*others, wave), key=lambda one: one.onset))
    return found


def _overlap(a: Wave, b: Wave) -> bool:
    return a.onset <= b.offset and b.onset <= a.offset


def rows_of(hand: HandMarks) -> frozenset[Row]:
    """As the database keeps them: kind, lead and a value in JSON, one row a mark."""
    rows: list[Row] = []
    if hand.caliper is not None:
        one = hand.caliper
        rows.append(("ecg-caliper", one.lead, json.dumps([one.start, one.end, one.column])))
    if hand.cursors:
        rows.append(("ecg-cursors", "", json.dumps(hand.cursors)))
    rows += [("ecg-bound", lead, json.dumps([w.kind, w.onset, w.peak, w.offset])) for lead, w in hand.bounds]
    return frozenset(rows)


def hand_of(rows: Iterable[Row]) -> HandMarks:
    """What the rows say; one that says nothing is left out."""
    caliper: HandCaliper[str] | None = None
    cursors: tuple[float, ...] = ()
    bounds: list[tuple[str, Wave]] = []
    for kind, lead, text in sorted(rows):
        try:
            value: Any = json.loads(text)
            if kind == "ecg-caliper":
                caliper = HandCaliper(lead, _point(value[0]), _point(value[1]), float(value[2]))
            elif kind == "ecg-cursors":
                cursors = tuple(float(at) for at in value)[:2]
            elif kind == "ecg-bound" and value[0] in ("P", "QRS", "T"):
                bounds.append((lead, Wave(value[0], int(value[1]), int(value[2]), int(value[3]))))
        except (ValueError, TypeError, IndexError, KeyError):
            continue
    bounds.sort(key=lambda one: (one[0], one[1].onset))
    return HandMarks(caliper, cursors, tuple(bounds))


def _point(value: Any) -> Point:
    return float(value[0]), float(value[1])


@dataclass(frozen=True, slots=True)
class HandNote:
    """One mark in words for files of other programs: from `start_s` to `end_s`, on one lead or all ("")."""

    kind: Literal["caliper", "cursor", "border"]
    lead: str
    start_s: float
    end_s: float
    text: str


def notes_of(hand: HandMarks, rates: Mapping[str, float], units: Mapping[str, str]) -> tuple[HandNote, ...]:
    """In the order of time. `rates` and `units` of the record's leads; a lead that is not there is left out."""
    found: list[HandNote] = []
    one = hand.caliper
    if one is not None and one.lead in units:
        start, end = sorted((one.start[0], one.end[0]))
        said = f"caliper {one.lead} {one.seconds * 1000:.0f} ms {one.value:+.3f} {units[one.lead] or 'mV assumed'}"
        found.append(HandNote("caliper", one.lead, start, end, said))
    found += [HandNote("cursor", "", at, at, f"cursor {n}") for n, at in enumerate(hand.cursors, 1)]
    for lead, wave in hand.bounds:
        rate = rates.get(lead, 0.0)
        if rate > 0:
            found.append(HandNote("border", lead, wave.onset / rate, wave.offset / rate, f"{wave.kind} {lead} by hand"))
    return tuple(sorted(found, key=lambda note: (note.start_s, note.text)))
