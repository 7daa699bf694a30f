"""EDF+ files: integers as they are, annotations at exact times, missing samples as missing.

An own writer: edflib keeps one annotation for each data record and channel, cuts their text at 40 characters (EA-04), and takes
samples as floating point only (EA-05). Format: https://www.edfplus.info/specs/edfplus.html.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = -32767, 32767
MISSING = -32768
"""Stands for "no sample"; the channel's transducer field says so, and our reader takes it at its word."""
MISSING_WORDS = "missing samples: -32768"
ANNOTATIONS = "EDF Annotations"
LEAST_ROOM = 60
BLOCK = 4096
LONGEST, MOST_SAMPLES = 10_000, 5_000_000
"""Seconds and samples of one data record; EDFlib refuses those of more than 10 MB."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True, slots=True)
class EdfChannel:
    """Digital samples (int16, MISSING where there is none); `physical` are the values of LOWEST and HIGHEST in `unit`, as the
    header's eight characters hold them."""

    label: str
    unit: str
    physical: tuple[str, str]
    digital: NDArray[np.int16]

    @property
    def step(self) -> float:
        """One digital step in the channel's unit."""
        return (float(self.physical[1]) - float(self.physical[0])) / (HIGHEST - LOWEST)


def channel(label: str, unit: str, values: NDArray[np.float64], own: float) -> EdfChannel | None:
    """A lead in steps of about its `own` size around 0, else, where it lies far from 0, in 16 bits of its range; None where
    those are coarser than its own steps."""
    known = np.isfinite(values)
    low, high = (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 0.0)
    step = own if own > 0 else max(abs(low), abs(high)) / HIGHEST or 1.0
    top = number(HIGHEST * step)
    limits = (f"-{top}", top) if top and max(abs(low), abs(high)) <= float(top) and float(top) > 0 else _limits(low, high)
    if limits is None or limits[0] == limits[1]:
        return None
    bottom = float(limits[0])
    width = (float(limits[1]) - bottom) / (HIGHEST - LOWEST)
    if own > 0 and width > 1.5 * own:
        return None
    digital = np.full(len(values), MISSING, np.int16)
    digital[known] = np.clip(np.rint((values[known] - bottom) / width) + LOWEST, LOWEST, HIGHEST)
    ascii_unit = unit.encode("ascii", "replace").decode()
    return EdfChannel(label, ascii_unit, limits, digital)


def _limits(low: float, high: float) -> tuple[str, str] | None:
    """The nearest numbers of eight characters that hold low … high between them."""
    found = []
    for value, outward in ((low, -1), (high, 1)):
        texts = []
        for digits in range(8):
            scale = 10.0**digits
            moved = (math.floor(value * scale) if outward < 0 else math.ceil(value * scale)) / scale
            if len(text := f"{moved:.{digits}f}") <= 8:
                texts.append(text)
        if not texts:
            return None
        found.append(texts[-1])
    return found[0], found[1]


@dataclass(frozen=True, slots=True)
class EdfNote:
    """`tick` counts samples at the file's rate, so that no time drifts however long the file is (EA-07); `ticks` how long."""

    tick: int
    text: str
    ticks: int | None = None


def write_edf(path: Path, channels: Sequence[EdfChannel], rate: float, start: str, notes: Sequence[EdfNote]) -> None:
    """Data records as `_layout` says. Raises OSError, ValueError for rates that no data record holds."""
    length = max(len(one.digital) for one in channels)
    exact, size, seconds, duration = _layout(rate, length, len(channels))
    records = max(1, -(-length // size))
    lists = _lists(notes, exact, seconds, records)
    room = max(LEAST_ROOM, max(len(one) for one in lists))
    room += room % 2
    padded = [_padded(one.digital, records * size) for one in channels]
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(_header(channels, records, duration, size, room // 2, start))
            for first in range(0, records, BLOCK):
                last = min(records, first + BLOCK)
                rows = [one[first * size : last * size].reshape(last - first, size).view(np.uint8) for one in padded]
                marks = np.frombuffer(b"".join(one.ljust(room, b"\0") for one in lists[first:last]), np.uint8)
                rows.append(marks.reshape(last - first, room))
                file.write(np.concatenate(rows, axis=1).tobytes())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _layout(rate: float, length: int, channels: int) -> tuple[Fraction, int, Fraction, str]:
    """(rate, samples of a data record, its seconds, the same as its header says).

    One second, or as many up to a minute as make the samples whole; for other rates one data record as long as the recording,
    whose duration eight characters hold to a tenth of a sample; for long recordings as many seconds as it takes. Raises
    ValueError.
    """
    exact = Fraction(rate).limit_denominator(LONGEST)
    whole = abs(float(exact) - rate) <= 1e-9 * rate and exact.numerator * channels <= MOST_SAMPLES
    if whole and exact.denominator <= 60:
        return exact, exact.numerator, Fraction(exact.denominator), str(exact.denominator)
    if 0 < length * channels <= MOST_SAMPLES:
        texts = [text for digits in range(7) if len(text := f"{length / rate:.{digits}f}") <= 8]
        if texts and abs(float(texts[-1]) * rate - length) < 0.1:
            return Fraction(rate), length, Fraction(length) / Fraction(rate), texts[-1]
    if whole:
        return exact, exact.numerator, Fraction(exact.denominator), str(exact.denominator)
    raise ValueError(f"rate {rate} has no whole data record")


def _padded(digital: NDArray[np.int16], length: int) -> NDArray[np.int16]:
    whole = np.full(length, MISSING, "<i2")
    whole[: len(digital)] = digital
    return whole


def _time(tick: int, rate: Fraction) -> str:
    """Seconds to a ten-millionth, from integers alone."""
    units = round(Fraction(tick) / rate * 10_000_000)
    text = f"{units // 10_000_000}.{units % 10_000_000:07d}".rstrip("0").rstrip(".")
    return text


def _lists(notes: Sequence[EdfNote], rate: Fraction, seconds: Fraction, records: int) -> list[bytes]:
    """The annotation lists of each data record: its own time, then the notes that begin in it; what has no room goes on to the
    next record, as onsets are absolute."""
    entries = []
    for note in sorted(notes, key=lambda one: one.tick):
        length = f"\x15{_time(note.ticks, rate)}" if note.ticks is not None else ""
        entries.append(
            (int(Fraction(note.tick) / rate / seconds), f"+{_time(note.tick, rate)}{length}\x14{note.text}\x14\0".encode())
        )
    total = sum(len(entry) for _, entry in entries)
    limit = max(LEAST_ROOM, max((len(entry) for _, entry in entries), default=0) + 24, 2 * total // records + 24)
    while True:
        lists, waiting = [], 0
        for k in range(records):
            own = f"+{k * seconds}\x14\x14\0".encode()
            while waiting < len(entries) and (entries[waiting][0] <= k) and len(own) + len(entries[waiting][1]) <= limit:
                own += entries[waiting][1]
                waiting += 1
            lists.append(own)
        if waiting == len(entries):
            return lists
        if entries[waiting][0] >= records:  # begins after the last record: it goes into the last one
            lists[-1] += b"".join(entry for _, entry in entries[waiting:])
            return lists
        limit *= 2


def _header(channels: Sequence[EdfChannel], records: int, seconds: str, size: int, marks: int, start: str) -> bytes:
    moment = datetime.fromisoformat(start) if start else datetime(1985, 1, 1)
    date = f"{moment.day:02d}-{_MONTHS[moment.month - 1]}-{moment.year}" if start else "X"
    count = len(channels) + 1
    fixed = [
        ("0", 8), ("X X X X", 80), (f"Startdate {date} X X X", 80),
        (moment.strftime("%d.%m.%y"), 8), (moment.strftime("%H.%M.%S"), 8),
        (str(256 * (count + 1)), 8), ("EDF+C", 44), (str(records), 8), (seconds, 8), (str(count), 4),
    ]  # fmt: skip
    columns: list[tuple[list[str], int]] = [
        ([one.label[:16] for one in channels] + [ANNOTATIONS], 16),
        ([MISSING_WORDS if (one.digital == MISSING).any() or len(one.digital) % size else "" for one in channels] + [""], 80),
        ([one.unit[:8] for one in channels] + [""], 8),
        ([one.physical[0] for one in channels] + ["-1"], 8),
        ([one.physical[1] for one in channels] + ["1"], 8),
        ([str(LOWEST)] * len(channels) + ["-32768"], 8),
        ([str(HIGHEST)] * len(channels) + ["32767"], 8),
        ([""] * count, 80),
        ([str(size)] * len(channels) + [str(marks)], 8),
        ([""] * count, 32),
    ]
    fields = fixed + [(value, width) for values, width in columns for value in values]
    return b"".join(value.encode("ascii", "replace").ljust(width)[:width] for value, width in fields)


def number(value: float) -> str:
    """The nearest number that seven characters hold, so that there is room for the sign of the lower limit: both limits are the
    same then and 0 stays 0. "" where none does."""
    texts = [text for digits in range(7) if len(text := f"{value:.{digits}f}") <= 7]
    return min(texts, key=lambda text: abs(float(text) - value), default="")
