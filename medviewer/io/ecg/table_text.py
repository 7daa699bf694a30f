"""Text tables of numbers: encoding, separator, decimal comma, what stands above the numbers, moments in the first column."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from medviewer.io.ecg.leads import LARGEST_VALUES

SEPARATORS = (";", "\t", ",", " ")
"""In the order in which they are tried: where semicolons stand, commas are decimal."""
TRIED_LINES = 60
LARGEST = 1e15
CHUNK = 1 << 16
"""Lines that are read at once."""
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


def encoding_of(raw: bytes) -> str:
    """UTF-8 or UTF-16 by their marks, UTF-8 where it is valid, else the Western encoding of instruments ("µV")."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            return name
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # The first bytes of a file may end inside a character.
        return "utf-8" if error.start >= len(raw) - 3 and error.reason == "unexpected end of data" else "cp1252"
    return "utf-8"


def lines_of(raw: bytes) -> Iterator[str]:
    """One after the other, without blank ones: a list of the lines of a day would be ten times its file."""
    text = io.TextIOWrapper(io.BytesIO(raw), encoding_of(raw), "replace")
    return (line.rstrip("\n") for line in text if line.strip())


def is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


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
    """The table of a file; None where it holds none, or more than `LARGEST_VALUES`."""
    start = list(islice(lines_of(raw), 2 * MOST_ABOVE))
    how = separator([line for line in start if not is_comment(line)])
    if how is None:
        return None
    mark, comma = how
    comments = tuple(line for line in start if is_comment(line))[:MOST_ABOVE]
    above: list[tuple[str, ...]] = []
    lines = (line for line in lines_of(raw) if not is_comment(line))
    first = ""
    for line in lines:
        parts = cells(line, mark)
        if numbers(parts, comma) is not None:
            first = line
            break
        if len(above) < MOST_ABOVE:
            above.append(tuple(parts))
    rows = _rows(chain([first], lines), mark, comma)
    if not first or rows is None:
        return None
    cell = cells(first, mark)[0]
    clock = number(cell, comma) is None
    return Text(comments, tuple(above), rows, clock, _begin(cell) if clock else "")


def _rows(lines: Iterator[str], mark: str, comma: bool) -> NDArray[np.float64] | None:
    """The numbers of all lines, as wide as the widest of the first thousand; lines of words among them are left out."""
    parts: list[NDArray[np.float64]] = []
    width, count = 0, 0
    while chunk := list(islice(lines, CHUNK)):
        table = _quick(chunk, mark, comma, width)
        if table is None:
            found = [row for line in chunk if (row := numbers(cells(line, mark), comma)) is not None]
            width = width or max((len(row) for row in found[:1000]), default=0)
            table = np.full((len(found), width), np.nan)
            for k, row in enumerate(found):
                table[k, : min(width, len(row))] = row[:width]
        table[~(np.abs(table) <= LARGEST)] = np.nan  # infinities, and numbers that no instrument writes
        width = table.shape[1]
        count += table.size
        if count > LARGEST_VALUES:
            return None
        parts.append(table)
    return np.concatenate(parts) if parts and width else None


def _quick(chunk: list[str], mark: str, comma: bool, width: int) -> NDArray[np.float64] | None:
    """Lines that hold plain numbers alone, read at once; None for any others."""
    lines = [line.replace(",", ".") for line in chunk] if comma else chunk
    try:
        table = np.loadtxt(lines, np.float64, comments=None, delimiter=None if mark == " " else mark, ndmin=2)
    except ValueError:
        return None
    return table if table.shape[1] == (width or table.shape[1]) and not np.isnan(table).all(axis=1).any() else None


def _begin(cell: str) -> str:
    found = _CLOCK.fullmatch(cell)
    if found is None or found[1] is None:
        return ""
    year, month, day, hour, minute, second = found.groups()
    whole = int(float(second.replace(",", ".")))
    return f"{int(year):04d}-{int(month):02d}-{int(day):02d}T{int(hour or 0):02d}:{int(minute):02d}:{whole:02d}"
