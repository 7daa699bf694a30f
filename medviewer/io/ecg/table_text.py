"""Text tables of numbers: encoding, separator, decimal comma, what stands above the numbers, moments in the first column."""

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

SEPARATORS = (";", "\t", ",", " ")
"""In the order in which they are tried: where semicolons stand, commas are decimal."""
TRIED_LINES = 60
MOST_ABOVE = 100
"""Lines above the first numbers that are looked at."""
EMPTY = frozenset(("", "nan", "na", "n/a", "null", "none", "-", "--", "?"))
_CLOCK = re.compile(
    r"\[?(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ]+)?(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)(?:Z|[+-]\d{2}:?\d{2})?\]?"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A table as it stands in a file: `above` are the lines over the numbers (cells), `comments` those that begin with "#".

    `rows` float64 [rows, columns], NaN where nothing is stated. `clock` says that the first column holds times of day or dates;
    they are seconds then, and `begin` is the first one as ISO 8601, "" without a date.
    """

    comments: tuple[str, ...]
    above: tuple[tuple[str, ...], ...]
    rows: NDArray[np.float64]
    clock: bool
    begin: str


def decoded(raw: bytes) -> str:
    """UTF-8 or UTF-16 by their marks, UTF-8 where it is valid, else the Western encoding of instruments ("µV")."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            return raw.decode(name, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # The first bytes of a file may end inside a character.
        whole = error.start >= len(raw) - 3 and error.reason == "unexpected end of data"
        return raw[: error.start].decode("utf-8") if whole else raw.decode("cp1252", "replace")


def lines_of(text: str) -> tuple[list[str], list[str]]:
    """(comments, others) without blank lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [line for line in lines if line.lstrip().startswith("#")], [
        line for line in lines if not line.lstrip().startswith("#")
    ]


def cells(line: str, mark: str) -> list[str]:
    """The cells of a line, without quotes of either kind."""
    if mark == " ":
        return line.split()
    parts = next(csv.reader([line], delimiter=mark)) if '"' in line else line.split(mark)
    return [part.strip().strip("\"'").strip() for part in parts]


def number(cell: str, comma: bool) -> float | None:
    """A number, NaN for what says that there is none, None for words."""
    try:
        return float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return float("nan") if cell.lower() in EMPTY else None


def numbers(parts: Sequence[str], comma: bool) -> list[float] | None:
    """The numbers of a line whose first cell may be a time; None where it holds words, or no number at all."""
    found: list[float] = []
    for n, part in enumerate(parts):
        value = number(part, comma)
        if value is None and n == 0 and len(parts) > 1:
            value = moment(part)
        if value is None:
            return None
        found.append(value)
    return found if any(value == value for value in found) else None


def moment(cell: str) -> float | None:
    """Seconds of a time of day, after midnight or since 1970 where the date is stated; None for anything else."""
    found = _CLOCK.fullmatch(cell)
    if found is None:
        return None
    year, month, day, hour, minute, second = found.groups()
    seconds = int(hour or 0) * 3600 + int(minute) * 60 + float(second.replace(",", "."))
    if year is None:
        return seconds
    try:
        return (datetime(int(year), int(month), int(day)) - datetime(1970, 1, 1)).days * 86400.0 + seconds
    except ValueError:
        return None


def separator(lines: Sequence[str]) -> tuple[str, bool] | None:
    """(separator, decimal comma) by which most lines are numbers; None for what is no table."""
    tried = [line for line in lines[:MOST_ABOVE] if any(c.isdigit() for c in line)][-TRIED_LINES:]
    if len(tried) < 3:
        return None
    for mark in SEPARATORS:
        if mark != " " and not any(mark in line for line in tried[len(tried) // 2 :]):
            continue
        for comma in (False, True) if mark != "," else (False,):
            wide = [len(parts) for line in tried if numbers(parts := cells(line, mark), comma) is not None]
            if len(wide) >= 0.7 * len(tried):
                one = mark == "," and set(wide) == {2} and all("," not in line for line in lines[: len(lines) - len(tried)][:1])
                return (" ", True) if one and _words_above(lines) else (mark, comma)
    return None


def _words_above(lines: Sequence[str]) -> bool:
    """One column of decimal commas under a heading: "II", then "0,123" again and again."""
    return bool(lines) and "," not in lines[0] and not any(c.isdigit() for c in lines[0])


def read(raw: bytes) -> Text | None:
    """The table of a file; None where it holds none."""
    comments, lines = lines_of(decoded(raw))
    how = separator(lines)
    if how is None:
        return None
    mark, comma = how
    above: list[tuple[str, ...]] = []
    rows: list[list[float]] = []
    first = ""
    for line in lines:
        parts = cells(line, mark)
        found = numbers(parts, comma)
        if found is not None:
            first = first if rows else parts[0]
            rows.append(found)
        elif not rows and len(above) < MOST_ABOVE:
            above.append(tuple(parts))
    if not rows:
        return None
    width = max(len(row) for row in rows[:1000])
    table = np.full((len(rows), width), np.nan)
    for k, row in enumerate(rows):
        table[k, : min(width, len(row))] = row[:width]
    clock = number(first, comma) is None
    return Text(tuple(comments[:MOST_ABOVE]), tuple(above), table, clock, _begin(first) if clock else "")


def _begin(cell: str) -> str:
    found = _CLOCK.fullmatch(cell)
    if found is None or found[1] is None:
        return ""
    year, month, day, hour, minute, second = found.groups()
    whole = int(float(second.replace(",", ".")))
    return f"{int(year):04d}-{int(month):02d}-{int(day):02d}T{int(hour or 0):02d}:{int(minute):02d}:{whole:02d}"
