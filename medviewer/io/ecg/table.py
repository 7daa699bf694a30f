"""ECGs as text tables: which column is the time, what the others are called, their unit, their rate, and what is missing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import ASSUMED_STEPS, EcgRecord
from medviewer.core.errors import MedviewerError, Notice
from medviewer.io.ecg.leads import LARGEST_VALUES, MOST_LEADS, gaps_in, held_record, millivolts
from medviewer.io.ecg.table_text import Text, cells, is_comment, lines_of, numbers, read, separator

LARGEST_FILE = 512 << 20
TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
TIME = re.compile(
    r"(elapsed[ _]*)?(time|t|seconds?|secs?|ms|zeit|temps|tiempo|tempo|时间|時間)(?![A-Za-z]).*|.*\btime(stamp)?\b.*|datetime",
    re.IGNORECASE,
)
INDEX = re.compile(
    r"(sample|index|idx|id|n|no|nr|number|row|frame|样本|序号)[ _]*[#.]?(number|no|nr|index|id)?|#|", re.IGNORECASE
)
"""A column that only counts the rows."""
UNIT = re.compile(r"\s*[\[(]\s*(\S+?)\s*[\])]\s*$")
"""A column's unit behind its name, as in "II [mV]"."""
TIME_UNITS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "us": 1e-6, "µs": 1e-6,
              "min": 60.0, "hh:mm:ss.mmm": 1.0}  # fmt: skip
LEAD = re.compile(r"(lead[ _]*)?(I{1,3}|aV[RLF]|V\d{1,2}R?|ML?I{1,3})|lead[ _]*\d{1,2}|ECG.*|EKG.*", re.IGNORECASE)
"""A column that is named as a lead."""
NUMBERED = re.compile(r"(lead|ch|channel|col)?[ _]*\d*", re.IGNORECASE)
ASSUMED_RATE = 500.0
PLAUSIBLE_MV = 20.0
"""Values within ± this are taken for millivolts."""
LEAST_STEP_MS = 0.5
"""A time column without a unit counts milliseconds where its steps are at least so large."""
LEAP = 1.75
"""Usual steps from which a step of the time column is a pause; times rounded to milliseconds make three of two."""
MOST_GAP = 50
"""So many times as long as its rows may a table become by the pauses that its time column tells."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """`names` and `units` ("" where nothing is said) of all columns, `time_unit` seconds in one of the first column."""

    names: list[str]
    units: list[str]


def claims(head: bytes) -> bool:
    """Text of which most lines are numbers."""
    lines = [line for line in lines_of(head) if not is_comment(line)]
    lines = lines[:-1] or lines  # the last one may be cut
    how = separator(lines)
    if how is None:
        return False
    numeric = sum(numbers(cells(line, how[0]), how[1]) is not None for line in lines)
    return len(lines) >= 3 and numeric >= 0.7 * len(lines)


def says_ecg(head: bytes) -> bool:
    """Whether a table tells by itself that it is an ECG: columns named as leads ("II", "V1", "lead1", "… [mV]") above the
    numbers, or comments that state a sampling rate and an ECG. Other tables lie beside images for other reasons."""
    if not claims(head):
        return False
    text = read(head)
    if text is None:
        return False
    said = " ".join(text.comments)
    if re.search(r"sampling|\bfs\b", said, re.IGNORECASE) and re.search(r"\bECG\b|\bEKG\b", said):
        return True
    columns = _columns(text)
    counted = [k for k, name in enumerate(columns.names) if k or not (TIME.fullmatch(name) or INDEX.fullmatch(name))]
    leads = sum(bool(LEAD.fullmatch(columns.names[k])) for k in counted)
    volts = sum(bool(columns.units[k] and millivolts(columns.units[k])) for k in counted)
    return volts > 0 or (leads > 0 and leads >= 0.7 * len(counted))


def open_records(path: str) -> list[EcgRecord]:
    """The table as a record. Raises `ecg-no-signals`, `file-too-large`."""
    file = Path(path)
    if file.stat().st_size > LARGEST_FILE:
        raise MedviewerError("file-too-large", path, found=file.stat().st_size, limit=LARGEST_FILE)
    text = read(file.read_bytes())
    if text is None or text.rows.shape[1] > MOST_LEADS:
        raise MedviewerError("ecg-no-signals", path)
    columns, rows, warnings = _columns(text), text.rows, []
    rate = _stated_rate((*text.comments, *(" ".join(line) for line in text.above)))
    first = _first_column(text, columns)
    if first == "time":
        told, rows = _timed(rows, 1.0 if text.clock else _time_unit(rows[:, 0], columns))
        rate = told or rate
    keep = [k for k in range(1 if first else 0, rows.shape[1]) if columns.names[k] or np.isfinite(rows[:, k]).any()]
    if not keep or not np.isfinite(rows[:, keep]).any():
        raise MedviewerError("ecg-no-signals", path)
    if rate is None:
        rate = ASSUMED_RATE
        warnings.append(Notice("ecg-rate-assumed", path, {"rate": rate}))
    names = _lead_names([columns.names[k] for k in keep], text.comments, path, warnings)
    factors, units = _scale(rows[:, keep], [columns.units[k] for k in keep], path, warnings)
    step = np.array([0.001 if unit != "" else 1 / ASSUMED_STEPS for unit in units])
    channels = [(names[n], rate, rows[:, k] * factors[n], float(step[n])) for n, k in enumerate(keep)]
    record = held_record(path, "csv", file.stem, channels, start=text.begin, warnings=warnings)
    leads = tuple(replace(lead, unit=unit) for lead, unit in zip(record.leads, units, strict=True))
    return [replace(record, leads=leads, gaps=gaps_in([signal for _, _, signal, _ in channels], rate))]


def _columns(text: Text) -> _Columns:
    """Names and units from the lines above the numbers: the last line of the table's width that is no line of units."""
    width = text.rows.shape[1]
    lines = [list(line) for line in text.above if len(line) == width]
    units = lines.pop() if len(lines) > 1 and _are_units(lines[-1]) else [""] * width
    names = lines[-1] if lines else [""] * width
    for k, name in enumerate(names):
        if stated := UNIT.search(name):
            names[k], units[k] = name[: stated.start()].strip(), stated[1]
    return _Columns(names, units)


def _are_units(line: Sequence[str]) -> bool:
    words = [word.strip("[]()") for word in line if word]
    return bool(words) and all(
        millivolts(word) or word.lower() in (*TIME_UNITS, "elapsed time", "sample", "hh:mm:ss") for word in words
    )


def _first_column(text: Text, columns: _Columns) -> str:
    """ "time", "index" (it counts the rows), or "" where the first column is a lead like the others."""
    name, column = columns.names[0], text.rows[:, 0]
    if text.rows.shape[1] == 1 or LEAD.fullmatch(name):
        return ""
    if text.clock:
        return "time"
    steps = np.diff(column[:2000])
    counts = bool(len(steps) > 1 and np.all(steps == 1) and column[0] in (0, 1))
    if name and INDEX.fullmatch(name):
        return "index"
    if TIME.fullmatch(name) and name:
        return "time"
    even = bool(len(steps) > 10 and np.all(steps > 0) and np.ptp(steps) < 0.02 * np.median(steps) + 1e-9)
    if counts:
        return "index"
    return "time" if even else ""


def _time_unit(column: NDArray[np.float64], columns: _Columns) -> float:
    """Seconds in one of the time column: as its name or its unit says, else by the size of its steps."""
    said = columns.units[0].lower() or next(
        iter(re.findall(r"(?<![a-z])(ms|msec|us|µs|min|s|sec)\b", columns.names[0].lower())), ""
    )
    said = "ms" if "milli" in columns.names[0].lower() else re.sub(r"^.*_", "", said)
    if said in TIME_UNITS:
        return TIME_UNITS[said]
    if found := re.search(r"_(ms|us|s)$", columns.names[0].lower()):
        return TIME_UNITS[found[1]]
    steps = np.diff(column)
    return 1e-3 if len(steps) and float(np.nanmedian(steps)) >= LEAST_STEP_MS else 1.0


def _timed(rows: NDArray[np.float64], unit: float) -> tuple[float | None, NDArray[np.float64]]:
    """Samples a second by the time column, and the rows with NaN where it leaps: a pause stays a pause (EL-05)."""
    at = rows[:, 0] * unit
    steps = np.diff(at)
    if not len(steps) or not np.isfinite(steps).all() or float(np.median(steps)) <= 0:
        return None, rows
    usual = float(np.median(steps))
    near = (steps > 0) & (steps < LEAP * usual) if np.any(steps > LEAP * usual) else np.ones(len(steps), bool)
    step = float(np.mean(steps[near]))  # stated times are rounded: many of them tell the step more exactly than one
    rounded = min(unit, float(np.abs(steps[near] - step).max())) / max(step * int(near.sum()), 1e-12)
    rate = 1 / step
    for round_rate in (float(round(rate)), round(rate, 1), round(rate, 3)):
        if round_rate > 0 and abs(round_rate - rate) <= max(rounded * rate, 1e-4 * rate if round_rate == round(rate, 3) else 0):
            rate = round_rate
            break
    if float(np.abs(steps).max()) * rate > MOST_GAP * len(rows):
        return rate, rows
    leaps = np.where(near, 1, np.maximum(1, np.rint(steps * rate))).astype(np.int64)
    place = np.concatenate(([0], np.cumsum(leaps)))
    if place[-1] + 1 == len(rows) or place[-1] > MOST_GAP * len(rows) or (place[-1] + 1) * rows.shape[1] > LARGEST_VALUES:
        return rate, rows
    wide = np.full((int(place[-1]) + 1, rows.shape[1]), np.nan)
    wide[place] = rows
    return rate, wide


def _lead_names(names: list[str], comments: tuple[str, ...], path: str, warnings: list[Notice]) -> list[str]:
    count = len(names)
    if all(NUMBERED.fullmatch(name) for name in names):
        labels = next((c.split("=", 1)[1].split(",") for c in comments if "label" in c.lower() and "=" in c), [])
        if len(labels) == count:
            return [label.strip() for label in labels]
        if count == 12:
            warnings.append(Notice("ecg-leads-assumed", path))
            return list(TWELVE)
    return [name or f"{k + 1}" for k, name in enumerate(names)]


def _scale(rows: NDArray[np.float64], stated: list[str], path: str, warnings: list[Notice]) -> tuple[list[float], list[str]]:
    """A factor and a unit for each column: the stated unit, else millivolts where the numbers could be some, else steps."""
    finite = np.abs(rows[:, [k for k, unit in enumerate(stated) if not unit]])
    finite = finite[np.isfinite(finite)]
    plausible = not finite.size or float(np.percentile(finite, 99)) <= PLAUSIBLE_MV
    if not plausible:
        warnings.append(Notice("ecg-gain-missing", path, {"lead": "–"}))
    factors, units = [], []
    for unit in stated:
        factor = millivolts(unit) if unit else None
        if unit:
            factors.append(factor or 1.0)
            units.append("mV" if factor else unit)
        else:
            factors.append(1.0 if plausible else 1 / ASSUMED_STEPS)
            units.append("mV" if plausible else "")
    return factors, units


STATED = re.compile(
    r"(?:sampl\w*[ _]*(?:rate|freq\w*)|sampling|\bfs\b|\brate\b|\bfreq\w*)[\W_]*(?:in[\W_]*)?(?:hz)?[\W_]*(\d+\.?\d*)",
    re.IGNORECASE,
)


def _stated_rate(lines: tuple[str, ...]) -> float | None:
    for line in lines:
        found = STATED.search(line)
        if found and 1 <= float(found[1]) <= 100000:
            return float(found[1])
    return None
