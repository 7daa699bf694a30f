"""EDF+ files: integers as they are, annotations at exact times, missing samples as missing.

An own writer: edflib keeps one annotation for each data record and channel, cuts their text at 40 characters (EA-04), and takes
samples as floating point only (EA-05). Format: https://www.edfplus.info/specs/edfplus.html.
"""

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
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True, slots=True)
class EdfChannel:
    """Digital samples (int16, MISSING where there is none) and what one step of them is in `unit`."""

    label: str
    unit: str
    step: float
    digital: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class EdfNote:
    """`tick` counts samples at the file's rate, so that no time drifts however long the file is (EA-07); `ticks` how long."""

    tick: int
    text: str
    ticks: int | None = None


def write_edf(path: Path, channels: Sequence[EdfChannel], rate: float, start: str, notes: Sequence[EdfNote]) -> None:
    """One data record a second, or of as many seconds as make its samples whole. Raises OSError, ValueError for rates that no
    whole number of seconds up to 60 makes whole."""
    seconds = next((s for s in range(1, 61) if abs(rate * s - round(rate * s)) < 1e-9), 0)
    if not seconds:
        raise ValueError(f"rate {rate} has no whole data record")
    exact, size = Fraction(round(rate * seconds), seconds), round(rate * seconds)
    length = max(len(one.digital) for one in channels)
    records = max(1, -(-length // size))
    lists = _lists(notes, exact, seconds, records)
    room = max(LEAST_ROOM, max(len(one) for one in lists))
    room += room % 2
    padded = [_padded(one.digital, records * size) for one in channels]
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(_header(channels, records, seconds, size, room // 2, start))
            for first in range(0, records, BLOCK):
                last = min(records, first + BLOCK)
                rows = [one[first * size : last * size].reshape(last - first, size).view(np.uint8) for one in padded]
                marks = np.frombuffer(b"".join(one.ljust(room, b"\0") for one in lists[first:last]), np.uint8)
                rows.append(marks.reshape(last - first, room))
                file.write(np.concatenate(rows, axis=1).tobytes())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _padded(digital: NDArray[np.int16], length: int) -> NDArray[np.int16]:
    whole = np.full(length, MISSING, "<i2")
    whole[: len(digital)] = digital
    return whole


def _time(tick: int, rate: Fraction) -> str:
    """Seconds to a ten-millionth, from integers alone."""
    units = round(Fraction(tick) / rate * 10_000_000)
    text = f"{units // 10_000_000}.{units % 10_000_000:07d}".rstrip("0").rstrip(".")
    return text


def _lists(notes: Sequence[EdfNote], rate: Fraction, seconds: int, records: int) -> list[bytes]:
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


def _header(channels: Sequence[EdfChannel], records: int, seconds: int, size: int, marks: int, start: str) -> bytes:
    moment = datetime.fromisoformat(start) if start else datetime(1985, 1, 1)
    date = f"{moment.day:02d}-{_MONTHS[moment.month - 1]}-{moment.year}" if start else "X"
    count = len(channels) + 1
    fixed = [
        ("0", 8), ("X X X X", 80), (f"Startdate {date} X X X", 80),
        (moment.strftime("%d.%m.%y"), 8), (moment.strftime("%H.%M.%S"), 8),
        (str(256 * (count + 1)), 8), ("EDF+C", 44), (str(records), 8), (str(seconds), 8), (str(count), 4),
    ]  # fmt: skip
    columns: list[tuple[list[str], int]] = [
        ([one.label[:16] for one in channels] + [ANNOTATIONS], 16),
        ([MISSING_WORDS if (one.digital == MISSING).any() or len(one.digital) % size else "" for one in channels] + [""], 80),
        ([one.unit[:8] for one in channels] + [""], 8),
        ([f"-{number(HIGHEST * one.step)}" for one in channels] + ["-1"], 8),
        ([number(HIGHEST * one.step) for one in channels] + ["1"], 8),
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
    same then and 0 stays 0."""
    texts = [text for digits in range(7) if len(text := f"{value:.{digits}f}") <= 7]
    return min(texts, key=lambda text: abs(float(text) - value))
