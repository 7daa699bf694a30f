"""The header of a WFDB record: https://physionet.org/physiotools/wag/header-5.htm."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from medviewer.core.ecg import Lead
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient
from medviewer.io.ecg.leads import MOST_LEADS, iso, lead_name, millivolts

DEFAULT_GAIN = 200.0
DEFAULT_RATE = 250.0
BITS = {"8": 8, "16": 16, "61": 16, "80": 8, "160": 16, "212": 12, "310": 32 / 3, "311": 32 / 3, "24": 24, "32": 32}
COMPRESSED = ("508", "516", "524")
NULL = "0"
"""Format of a signal that is named and not stored: every signal of a layout header (MIMIC)."""

RECORD_LINE = re.compile(
    r"(?P<name>[-\w.]+)(?:/(?P<segments>\d+))?\s+(?P<signals>\d+)"
    r"(?:\s+(?P<rate>[\d.eE+-]+)(?:/[\d.eE+-]+(?:\([-\d.]+\))?)?(?:\s+(?P<samples>\d+)(?:\s+(?P<time>[\d:.]+)(?:\s+(?P<date>\d+/\d+/\d+))?)?)?)?\s*"
)
SIGNAL_LINE = re.compile(
    r"(?P<file>\S+)\s+(?P<format>\d+)(?:x(?P<frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?"
    r"(?:\s+(?P<gain>[-\d.eE+]+)(?:\((?P<baseline>-?\d+)\))?(?:/(?P<units>\S+))?"
    r"(?:\s+(?P<bits>\d+)(?:\s+(?P<zero>-?\d+)(?:\s+(?P<first>-?\d+)(?:\s+(?P<checksum>-?\d+)(?:\s+(?P<block>\d+)(?:\s+(?P<about>.+?))?)?)?)?)?)?)?\s*"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """One signal of one file: samples are `frame` to a frame of `width` samples, `at` the first of them."""

    path: str
    format: str
    frame: int
    offset: int
    gain: float
    baseline: int
    width: int
    at: int
    unit: str
    skew: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a header file says: `rate` in Hz, `samples` of a signal (None = not stated), `start` in ISO 8601, `segments` as
    (name, samples)."""

    path: str
    name: str
    rate: float
    samples: int | None
    start: str
    signals: tuple[tuple[Lead, Stored], ...]
    segments: tuple[tuple[str, int], ...]
    comments: tuple[str, ...]
    warnings: tuple[Notice, ...]


@lru_cache(maxsize=64)
def _text(path: str, changed: int) -> str:
    return Path(path).read_text("utf-8", "replace")


def parsed(path: str) -> Header:
    """Raises `ecg-file-missing`, `ecg-header-invalid`, `ecg-format-unknown`."""
    file = Path(path)
    try:
        text = _text(path, file.stat().st_mtime_ns)
    except FileNotFoundError:
        raise MedviewerError("ecg-file-missing", path, file=file.name) from None
    comments = tuple(line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    first = RECORD_LINE.fullmatch(lines[0]) if lines else None
    if first is None:
        raise MedviewerError("ecg-header-invalid", path, field="record line", found=(lines[0][:40] if lines else "–"))
    rate = _number(first["rate"], DEFAULT_RATE)
    if not 0 < rate < 1e6:
        raise MedviewerError("ecg-header-invalid", path, field="sampling rate", found=first["rate"] or "0")
    count = int(first["signals"])
    if count > MOST_LEADS:
        raise MedviewerError("ecg-header-invalid", path, field="number of signals", found=count)
    samples = int(first["samples"]) if first["samples"] and int(first["samples"]) else None
    common = (path, first["name"], rate, samples, _start(first["time"], first["date"]))
    if first["segments"]:
        parts = [line.split() for line in lines[1 : 1 + int(first["segments"])]]
        if any(len(part) < 2 or not part[1].isdigit() or "/" in part[0] or part[0].startswith(".") for part in parts):
            raise MedviewerError("ecg-header-invalid", path, field="segment line", found=lines[1][:40])
        return Header(*common, (), tuple((part[0], int(part[1])) for part in parts), comments, ())
    signals, warnings = _signals(path, lines[1 : 1 + count], count, rate)
    return Header(*common, tuple(signals), (), comments, tuple(warnings))


def _signals(path: str, lines: list[str], count: int, rate: float) -> tuple[list[tuple[Lead, Stored]], list[Notice]]:
    folder, warnings, found = Path(path).parent, [], []
    if len(lines) < count:
        raise MedviewerError("ecg-header-invalid", path, field="signal lines", found=f"{len(lines)} of {count}")
    parsed = [SIGNAL_LINE.fullmatch(line) for line in lines]
    for line, match in zip(lines, parsed, strict=True):
        if match is None or "/" in match["file"] or match["file"].startswith(".."):
            raise MedviewerError("ecg-header-invalid", path, field="signal line", found=line[:40])
        if match["format"] not in (*BITS, *COMPRESSED, NULL):
            raise MedviewerError("ecg-format-unknown", path, format=match["format"])
    frames = [int(m["frame"] or 1) for m in parsed if m]
    if any(not 1 <= frame <= 1 << 16 for frame in frames):
        raise MedviewerError("ecg-header-invalid", path, field="samples per frame", found=max(frames))
    names: list[str] = []
    for k, match in enumerate(parsed):
        assert match is not None
        fellows = [i for i, other in enumerate(parsed) if other and other["file"] == match["file"]]
        width = sum(frames[i] for i in fellows)
        at = sum(frames[i] for i in fellows if i < k)
        gain, units = _number(match["gain"], 0.0), match["units"] or "mV"
        calibrated = gain != 0 and np.isfinite(gain)
        if not calibrated:
            gain = DEFAULT_GAIN
            warnings.append(Notice("ecg-gain-missing", path, {"lead": match["about"] or str(k + 1)}))
        elif gain < 0:
            warnings.append(Notice("ecg-gain-negative", path, {"lead": match["about"] or str(k + 1)}))
        factor = millivolts(units)
        gain = gain / factor if factor else gain
        zero = int(match["zero"] or 0)
        baseline = int(match["baseline"]) if match["baseline"] is not None else zero
        name = lead_name(match["about"] or f"{k + 1}", names)
        names.append(name)
        unit = ("mV" if factor else units) if calibrated else ""
        lead = Lead(name, unit, rate * frames[k], 0, abs(1 / gain))
        place = Stored(
            str(folder / match["file"]), match["format"], frames[k], int(match["offset"] or 0), gain, baseline, width, at, units,
            int(match["skew"] or 0),
        )  # fmt: skip
        found.append((lead, place))
    return found, warnings


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default


def _start(time: str | None, date: str | None) -> str:
    if not date or not time:
        return ""
    day, month, year = (int(part) for part in date.split("/"))
    parts = [float(part) for part in time.split(":") if part]
    parts = [0.0] * (3 - len(parts)) + parts
    return iso(year, month, day, *(int(part) for part in parts[:3]))


def stated(word: str, comments: tuple[str, ...]) -> str:
    """What a comment `<word>: …` says, "" without."""
    found = re.search(rf"^<{word}>:[ \t]*(.+)$", "\n".join(comments), re.MULTILINE)
    return found.group(1).strip() if found else ""


def person(comments: tuple[str, ...]) -> tuple[float | None, Patient]:
    """Age and identity from comments as LUDB and PTB-XL write them: `<age>: 62`, `<sex>: F`, `<patient id>: …`."""
    text = "\n".join(comments)
    age = re.search(r"age[>:\s]+(\d{1,3})", text, re.IGNORECASE)
    sex = re.search(r"sex[>:\s]+([mf])", text, re.IGNORECASE)
    number, name, born = (stated(word, comments) for word in ("patient id", "patient name", "birth date"))
    who = Patient(number, name, born, sex.group(1).upper() if sex else "")
    return (float(age.group(1)) if age else None), who
