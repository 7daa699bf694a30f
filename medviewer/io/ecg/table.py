"""ECGs as text tables: commas, semicolons, tabs or blanks; header lines and a time column are understood where they are there."""

import csv
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import ASSUMED_STEPS, EcgRecord
from medviewer.core.errors import MedviewerError, Notice
from medviewer.io.ecg.leads import LARGEST_VALUES, MOST_LEADS, held_record, millivolts

LARGEST_FILE = 512 << 20
TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
TIME = re.compile(r"(elapsed\s*)?(time|t|seconds?|sec|ms|timestamp)(?![A-Za-z]).*", re.IGNORECASE)
UNIT = re.compile(r"\s*[\[(]\s*(\S+?)\s*[\])]\s*$")
"""A column's unit behind its name, as in "II [mV]"."""
LEAD = re.compile(r"(lead[ _]*)?(I{1,3}|aV[RLF]|V\d{1,2}R?|ML?I{1,3})|lead[ _]*\d{1,2}|ECG.*|EKG.*", re.IGNORECASE)
"""A column that is named as a lead."""
ASSUMED_RATE = 500.0
PLAUSIBLE_MV = 20.0
"""Values within ± this are taken for millivolts."""


def claims(head: bytes) -> bool:
    """Text of which most lines are numbers."""
    try:
        lines = head.decode("utf-8-sig", "ignore").splitlines()[:-1] or head.decode("utf-8-sig", "ignore").splitlines()
    except UnicodeDecodeError:
        return False
    rows = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    numeric = sum(_numbers(line) is not None for line in rows)
    return len(rows) >= 3 and numeric >= 0.7 * len(rows)


def says_ecg(head: bytes) -> bool:
    """Whether a table tells by itself that it is an ECG: columns named as leads ("II", "V1", "lead1", "… [mV]") above the
    numbers, or comments that state a sampling rate and an ECG. Other tables lie beside images for other reasons."""
    if not claims(head):
        return False
    lines = [line for line in head.decode("utf-8-sig", "ignore").splitlines() if line.strip()]
    said = " ".join(line for line in lines if line.lstrip().startswith("#"))
    if re.search(r"sampling|\bfs\b", said, re.IGNORECASE) and re.search(r"\bECG\b|\bEKG\b", said):
        return True
    first = next(line for line in lines if not line.lstrip().startswith("#"))
    if _numbers(first) is not None:
        return False
    names = [cell.strip("\"' ") for cell in _cells(first)]
    columns = [name for k, name in enumerate(names) if k or not TIME.fullmatch(name)]
    leads = sum(bool(LEAD.fullmatch(UNIT.sub("", name))) for name in columns)
    volts = sum(bool((stated := UNIT.search(name)) and millivolts(stated[1])) for name in columns)
    return volts > 0 or (leads > 0 and leads >= 0.7 * len(columns))


def _cells(line: str) -> list[str]:
    mark = next((m for m in (",", ";", "\t") if m in line), None)
    if mark == "," and ";" in line:
        mark = ";"
    return [cell.strip() for cell in line.split(mark)] if mark else line.split()


def _numbers(line: str) -> list[float] | None:
    try:
        return [float(cell.replace(",", ".")) if cell else float("nan") for cell in _cells(line)]
    except ValueError:
        return None


def open_records(path: str) -> list[EcgRecord]:
    """The table as a record. Raises `ecg-no-signals`, `file-too-large`."""
    file = Path(path)
    if file.stat().st_size > LARGEST_FILE:
        raise MedviewerError("file-too-large", path, found=file.stat().st_size, limit=LARGEST_FILE)
    text = file.read_bytes().decode("utf-8-sig", "replace")
    comments = [line for line in text.splitlines()[:100] if line.lstrip().startswith("#")]
    names: list[str] = []
    rows: list[list[float]] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        numbers = _numbers(line)
        if numbers is not None:
            rows.append(numbers)
        elif not rows and not names:
            names = next(csv.reader([line], delimiter=";" if ";" in line else "\t" if "\t" in line else ","))
    width = max((len(row) for row in rows[:1000]), default=0)
    if not rows or width == 0 or width > MOST_LEADS or width * len(rows) > LARGEST_VALUES:
        raise MedviewerError("ecg-no-signals", path)
    table = np.full((len(rows), width), np.nan)
    for k, row in enumerate(rows):
        table[k, : min(width, len(row))] = row[:width]
    names = [re.sub(r"\s*[\[(]mV[\])]$", "", name.strip()) for name in names] if len(names) == width else []
    warnings: list[Notice] = []
    rate = _stated_rate(comments)
    if width > 1 and ((names and TIME.fullmatch(names[0])) or (not names and _is_clock(table[:, 0]))):
        rate = rate or _rate_of(table[:, 0], names[0] if names else "", rows=len(rows))
        table, names = table[:, 1:], names[1:]
    if rate is None:
        rate = ASSUMED_RATE
        warnings.append(Notice("ecg-rate-assumed", path, {"rate": rate}))
    count = table.shape[1]
    for k, stated in enumerate(UNIT.search(name) for name in names):
        if stated:
            names[k], factor = names[k][: stated.start()].strip(), millivolts(stated[1])
            table[:, k] *= factor or 1.0
    if not names or all(re.fullmatch(r"(lead|ch|channel|col)?[ _]*\d+", name, re.IGNORECASE) for name in names):
        names = list(TWELVE) if count == 12 else [f"{k + 1}" for k in range(count)]
        labels = next((c.split("=", 1)[1].split(",") for c in comments if "label" in c.lower() and "=" in c), [])
        names = [label.strip() for label in labels] if len(labels) == count else names
        if count == 12 and names == list(TWELVE):
            warnings.append(Notice("ecg-leads-assumed", path))
    finite = np.abs(table[np.isfinite(table)])
    if finite.size == 0:
        raise MedviewerError("ecg-no-signals", path)
    plausible = float(np.percentile(finite, 99)) <= PLAUSIBLE_MV
    if not plausible:
        warnings.append(Notice("ecg-gain-missing", path, {"lead": "–"}))
    factor, step = (1.0, 0.001) if plausible else (1 / ASSUMED_STEPS, 1 / ASSUMED_STEPS)
    channels = [(names[k], rate, table[:, k] * factor, step) for k in range(count)]
    return [held_record(path, "csv", file.stem, channels, warnings=warnings, unit="mV" if plausible else "")]


def _stated_rate(comments: list[str]) -> float | None:
    for line in comments:
        found = re.search(r"(?:sampl\w*\s*(?:rate|freq\w*)?|\bfs\b|rate|frequency)[^\d]*([\d.]+)", line, re.IGNORECASE)
        if found and 1 <= float(found.group(1)) <= 100000:
            return float(found.group(1))
    return None


def _is_clock(column: NDArray[np.float64]) -> bool:
    steps = np.diff(column[:2000])
    return bool(len(steps) > 10 and np.all(steps > 0) and np.ptp(steps) < 0.02 * np.median(steps) + 1e-9)


def _rate_of(column: NDArray[np.float64], name: str, rows: int) -> float | None:
    """Samples a second from a time column; milliseconds where it says so or where seconds would be absurd."""
    step = float(np.median(np.diff(column[: min(rows, 5000)]))) if rows > 1 else 0.0
    if not step > 0:
        return None
    in_ms = bool(re.search(r"\bms\b|milli", name, re.IGNORECASE)) or step >= 0.5
    whole = float(column[rows - 1] - column[0]) / (rows - 1)
    if abs(whole - step) < 0.01 * step:  # the stated times are rounded: their whole span tells the step more exactly
        step = whole
    rate = 1000 / step if in_ms else 1 / step
    return round(rate, 3)
