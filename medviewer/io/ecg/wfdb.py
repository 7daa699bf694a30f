"""WFDB records: header by an own parser, samples of the plain formats mapped, the packed and FLAC ones read by the wfdb package.

Format: https://physionet.org/physiotools/wag/header-5.htm and signal-5.htm.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import Annotation, EcgRecord, Gap, Lead, Signal
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.ecg.leads import MOST_LEADS, iso, lead_name, millivolts

DEFAULT_GAIN = 200.0
DEFAULT_RATE = 250.0
INVALID = {
    **{"16": -32768, "61": -32768, "160": -32768, "516": -32768, "212": -2048, "310": -512, "311": -512},
    **{"80": -128, "508": -128, "24": -(1 << 23), "524": -(1 << 23), "32": -(1 << 31)},
}
"""Stored values that mean "no sample" (EF-05)."""
BITS = {"8": 8, "16": 16, "61": 16, "80": 8, "160": 16, "212": 12, "310": 32 / 3, "311": 32 / 3, "24": 24, "32": 32}
COMPRESSED = ("508", "516", "524")
ANNOTATIONS = ("atr", "qrs", "ecg", "mvb", "ann", "ari", "wqrs", "gqrs")
LEAD_MARKS = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
"""Endings of annotation files of one lead each (LUDB)."""
SEGMENTS_TOLD = 5
BLOCK = 1 << 17
"""Samples that the wfdb package reads at a time."""

_FIRST = re.compile(
    r"(?P<name>[-\w.]+)(?:/(?P<segments>\d+))?\s+(?P<signals>\d+)"
    r"(?:\s+(?P<rate>[\d.eE+-]+)(?:/[\d.eE+-]+(?:\([-\d.]+\))?)?(?:\s+(?P<samples>\d+)(?:\s+(?P<time>[\d:.]+)(?:\s+(?P<date>\d+/\d+/\d+))?)?)?)?\s*"
)
_SIGNAL = re.compile(
    r"(?P<file>\S+)\s+(?P<format>\d+)(?:x(?P<frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?"
    r"(?:\s+(?P<gain>[-\d.eE+]+)(?:\((?P<baseline>-?\d+)\))?(?:/(?P<units>\S+))?"
    r"(?:\s+(?P<bits>\d+)(?:\s+(?P<zero>-?\d+)(?:\s+(?P<first>-?\d+)(?:\s+(?P<checksum>-?\d+)(?:\s+(?P<block>\d+)(?:\s+(?P<about>.+?))?)?)?)?)?)?)?\s*"
)


@dataclass(frozen=True, slots=True)
class _Stored:
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
class _Header:
    path: str
    name: str
    rate: float
    samples: int | None
    start: str
    signals: tuple[tuple[Lead, _Stored], ...]
    segments: tuple[tuple[str, int], ...]
    comments: tuple[str, ...]
    warnings: tuple[Notice, ...]


def claims(head: bytes) -> bool:
    """A text whose first line is a record line and whose next line names a signal or a segment."""
    try:
        lines = [line for line in head.decode("utf-8", "strict" if len(head) < 4096 else "ignore").splitlines() if line.strip()]
    except UnicodeDecodeError:
        return False
    lines = [line for line in lines if not line.lstrip().startswith("#")]
    if not lines or not (first := _FIRST.fullmatch(lines[0].strip())):
        return False
    if first["segments"]:
        return len(lines) > 1 and bool(re.fullmatch(r"\S+\s+\d+\s*", lines[1]))
    return int(first["signals"]) == 0 or (len(lines) > 1 and bool(_SIGNAL.fullmatch(lines[1].strip())))


def header_of(path: str) -> str | None:
    """The header that a signal or annotation file belongs to: the same stem, or one that names the file."""
    file = Path(path)
    for header in (file.with_suffix(".hea"), *sorted(file.parent.glob("*.hea"))[:200]):
        try:
            text = header.read_text("utf-8", "replace") if header.is_file() and header.stat().st_size < 1 << 20 else ""
        except OSError:
            continue
        names = {line.split()[0] for line in text.splitlines() if line.strip()}
        ending = file.suffix.lower().lstrip(".")
        if file.name in names or (header.stem == file.stem and ending in (*ANNOTATIONS, *LEAD_MARKS)):
            return str(header)
    return None


def open_records(path: str) -> list[EcgRecord]:
    """The record of a header file. Raises `ecg-header-invalid`, `ecg-file-missing`, `ecg-truncated`."""
    header = _parse(path)
    if not header.signals and not header.segments:
        raise MedviewerError("ecg-no-signals", path)
    source: _Mapped | _Segments
    if header.segments:
        source = _Segments(header)
        leads, gaps, warnings = source.leads, source.gaps, source.warnings
    else:
        source = _Mapped(header)
        leads, gaps, warnings = source.leads, (), source.warnings
    age, patient = _person(header.comments)
    notes, said = _annotations(header, leads)
    return [
        EcgRecord(
            item=_stated("item", header.comments) or header.name,
            patient=patient,
            study=Study(date=header.start[:10], time=header.start[11:19]),
            path=path,
            format="wfdb",
            start=header.start,
            leads=leads,
            source=source,
            gaps=gaps,
            annotations=notes,
            warnings=(*header.warnings, *warnings, *said),
            age_years=age,
            has_identity=patient.known,
        )
    ]


def segments_of(path: str) -> tuple[str, ...]:
    """Headers that a multi-segment header names."""
    folder = Path(path).parent
    return tuple(str(folder / f"{name}.hea") for name, _ in _parse(path).segments if name != "~")


@lru_cache(maxsize=64)
def _text(path: str, changed: int) -> str:
    return Path(path).read_text("utf-8", "replace")


def _parse(path: str) -> _Header:
    file = Path(path)
    try:
        text = _text(path, file.stat().st_mtime_ns)
    except FileNotFoundError:
        raise MedviewerError("ecg-file-missing", path, file=file.name) from None
    comments = tuple(line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    first = _FIRST.fullmatch(lines[0]) if lines else None
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
        return _Header(*common, (), tuple((part[0], int(part[1])) for part in parts), comments, ())
    signals, warnings = _signals(path, lines[1 : 1 + count], count, rate)
    return _Header(*common, tuple(signals), (), comments, tuple(warnings))


def _signals(path: str, lines: list[str], count: int, rate: float) -> tuple[list[tuple[Lead, _Stored]], list[Notice]]:
    folder, warnings, found = Path(path).parent, [], []
    if len(lines) < count:
        raise MedviewerError("ecg-header-invalid", path, field="signal lines", found=f"{len(lines)} of {count}")
    parsed = [_SIGNAL.fullmatch(line) for line in lines]
    for line, match in zip(lines, parsed, strict=True):
        if match is None or "/" in match["file"] or match["file"].startswith(".."):
            raise MedviewerError("ecg-header-invalid", path, field="signal line", found=line[:40])
        if match["format"] not in BITS and match["format"] not in COMPRESSED:
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
        place = _Stored(
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


def _stated(word: str, comments: tuple[str, ...]) -> str:
    """What a comment `<word>: …` says, "" without."""
    found = re.search(rf"^<{word}>:[ \t]*(.+)$", "\n".join(comments), re.MULTILINE)
    return found.group(1).strip() if found else ""


def _person(comments: tuple[str, ...]) -> tuple[float | None, Patient]:
    """Age and identity from comments as LUDB and PTB-XL write them: `<age>: 62`, `<sex>: F`, `<patient id>: …`."""
    text = "\n".join(comments)
    age = re.search(r"age[>:\s]+(\d{1,3})", text, re.IGNORECASE)
    sex = re.search(r"sex[>:\s]+([mf])", text, re.IGNORECASE)
    number, name, born = (_stated(word, comments) for word in ("patient id", "patient name", "birth date"))
    who = Patient(number, name, born, sex.group(1).upper() if sex else "")
    return (float(age.group(1)) if age else None), who


class _Mapped:
    """SignalSource of one segment; files are mapped at the first read and never loaded whole."""

    def __init__(self, header: _Header) -> None:
        self._header = header
        warnings: list[Notice] = []
        leads = []
        for lead, place in header.signals:
            frames = _frames_in(place, header, warnings)
            leads.append(replace(lead, samples=frames * place.frame))
        self.leads = tuple(leads)
        self.warnings = tuple(warnings)
        self._blocks: dict[int, tuple[int, list[Signal]]] = {}

    def read(self, lead: int, start: int, stop: int) -> Signal:
        place = self._header.signals[lead][1]
        start, stop = max(0, start), min(self.leads[lead].samples, stop)
        if stop <= start:
            return np.empty(0)
        plain = place.format in ("16", "61", "80", "160", "24", "32", "212") and not place.skew
        if not plain:
            return self._packed(lead, start, stop)
        # The other signals of the file are read with it: a day of one lead goes in parts, or all twelve would lie in memory.
        part = max(1, WORDS_AT_ONCE // place.width) * place.frame
        signal: Signal = np.empty(stop - start)
        invalid = INVALID.get(place.format)
        for first in range(start, stop, part):
            stored = _plain(place, first, min(stop, first + part))
            here = signal[first - start : first - start + len(stored)]
            here[:] = (stored - place.baseline) / place.gain
            if invalid is not None:
                here[stored == invalid] = np.nan
        return signal

    def _packed(self, lead: int, start: int, stop: int) -> Signal:
        """Samples by the wfdb package, in blocks of whole frames; the last block read is kept. (Its digital output fails on
        records of mixed formats, so the physical one is taken.)"""
        import wfdb

        frame = self._header.signals[lead][1].frame
        parts = []
        for number in range(start // frame // BLOCK, (stop - 1) // frame // BLOCK + 1):
            first = number * BLOCK
            block = self._blocks.get(number)  # a copy for this thread: another may put its own block there
            if block is None:
                frames = self.leads[lead].samples // frame
                name = str(Path(self._header.path).with_suffix(""))
                try:
                    read = wfdb.rdrecord(name, sampfrom=first, sampto=min(frames, first + BLOCK), smooth_frames=False)
                except (OSError, ValueError, IndexError, RuntimeError, TypeError, KeyError) as error:
                    raise MedviewerError("ecg-unreadable", self._header.path, reason=type(error).__name__) from error
                block = (first, [np.asarray(one, np.float64) for one in read.e_p_signal])
                self._blocks = {number: block}
            at, signals = block
            parts.append(signals[lead][max(0, start - at * frame) : stop - at * frame])
        unit = self._header.signals[lead][1].unit
        return np.concatenate(parts) * (millivolts(unit) or 1.0)


def _frames_in(place: _Stored, header: _Header, warnings: list[Notice]) -> int:
    """Frames of a signal: as stated, or as its file holds; a file that is missing or short is an error or a warning."""
    file = Path(place.path)
    if not file.is_file():
        raise MedviewerError("ecg-file-missing", header.path, file=file.name)
    if place.format in COMPRESSED or place.format in ("310", "311"):
        if header.samples is None:
            raise MedviewerError("ecg-header-invalid", header.path, field="number of samples", found="–")
        return header.samples
    held = int((file.stat().st_size - place.offset) * 8 / BITS[place.format] / place.width)
    if header.samples is None:
        return max(0, held)
    if held < header.samples:
        if held <= 0:
            raise MedviewerError("ecg-truncated", header.path, file=file.name, expected=header.samples, found=0)
        notice = Notice("ecg-truncated", header.path, {"file": file.name, "expected": header.samples, "found": held})
        if notice not in warnings:
            warnings.append(notice)
        return held
    return header.samples


def _plain(place: _Stored, start: int, stop: int) -> NDArray[np.int64]:
    """Digital samples of an uncompressed format."""
    first, last = start // place.frame, (stop - 1) // place.frame + 1
    values = _frames(place, first * place.width, last * place.width)
    table = values.reshape(last - first, place.width)[:, place.at : place.at + place.frame]
    digital: NDArray[np.int64] = table.reshape(-1)[start - first * place.frame : stop - first * place.frame].astype(np.int64)
    return digital


_last: tuple[tuple[str, str, int, int, int, int], NDArray[np.int64]] | None = None
"""The stretch of a file that was read last: its other leads are asked for next. Replaced whole, so that threads never mix."""
KEPT_WORDS = 1 << 22
WORDS_AT_ONCE = 1 << 23
"""Samples of all signals of a file that are held at once while one signal is read."""


def _frames(place: _Stored, start: int, stop: int) -> NDArray[np.int64]:
    global _last
    about = Path(place.path).stat()
    key = (place.path, place.format, place.offset, start, stop, about.st_mtime_ns ^ about.st_size)
    kept = _last
    if kept is not None and kept[0] == key:
        return kept[1]
    values = _words(place, start, stop)
    if place.width > place.frame and len(values) <= KEPT_WORDS:
        _last = (key, values)
    return values


def _words(place: _Stored, start: int, stop: int) -> NDArray[np.int64]:
    """Samples `start` to `stop` of the file, of all its signals in turn."""
    count = stop - start
    if place.format == "212":
        even = start - start % 2
        raw = _bytes(place, even // 2 * 3, (stop - even + 1) // 2 * 3, pad=True)
        groups = raw.reshape(-1, 3).astype(np.int64)
        pair = np.empty(2 * len(groups), np.int64)
        pair[0::2] = groups[:, 0] | (groups[:, 1] & 0x0F) << 8
        pair[1::2] = groups[:, 2] | (groups[:, 1] & 0xF0) << 4
        pair[pair > 2047] -= 4096
        return pair[start - even : start - even + count]
    if place.format == "24":
        raw = _bytes(place, start * 3, count * 3).reshape(-1, 3).astype(np.int64)
        whole = raw[:, 0] | raw[:, 1] << 8 | raw[:, 2] << 16
        return np.where(whole >= 1 << 23, whole - (1 << 24), whole)
    kind, shift = {"16": ("<i2", 0), "61": (">i2", 0), "160": ("<u2", -32768), "80": ("u1", -128), "32": ("<i4", 0)}[place.format]
    size = np.dtype(kind).itemsize
    return _bytes(place, start * size, count * size).view(kind).astype(np.int64) + shift


def _bytes(place: _Stored, start: int, count: int, pad: bool = False) -> NDArray[np.uint8]:
    try:
        with Path(place.path).open("rb", buffering=0) as file:
            file.seek(place.offset + start)
            got = file.read(count)
    except OSError as error:
        raise MedviewerError("unreadable", place.path, reason=error.strerror or "") from error
    if len(got) < count:
        if not pad or len(got) < count - 2:
            raise MedviewerError("ecg-truncated", place.path, file=Path(place.path).name, expected=count, found=len(got))
        got += bytes(count - len(got))
    return np.frombuffer(got, np.uint8)


class _Segments:
    """SignalSource of a multi-segment record: each segment by its own header and gain (EF-06); absent ones are gaps."""

    def __init__(self, header: _Header) -> None:
        folder = Path(header.path).parent
        layout: _Header | None = None
        self._parts: list[tuple[int, int, _Mapped | None, list[int]]] = []
        names: list[str] = []
        units: dict[str, Lead] = {}
        scales: dict[str, tuple[float, int]] = {}
        other: list[str] = []
        warnings: list[Notice] = []
        gaps: list[Gap] = []
        at = 0
        for name, length in header.segments:
            if name == "~":
                gaps.append(Gap(at / header.rate, (at + length) / header.rate))
                at += length
                continue
            segment = _parse(str(folder / f"{name}.hea"))
            if length == 0:
                layout = segment
            else:
                mapped = _Mapped(segment)
                warnings += mapped.warnings
                self._parts.append((at, at + length, mapped, []))
                at += length
                for lead in mapped.leads:
                    units.setdefault(lead.name, lead)
            for lead, place in segment.signals:
                if lead.name not in names and (layout is None or segment is layout):
                    names.append(lead.name)
                scale = (place.gain, place.baseline)
                if scales.setdefault(lead.name, scale) != scale and name not in other:
                    other.append(name)
        for _, _, part, order in self._parts:
            if part is not None:
                order += [next((i for i, lead in enumerate(part.leads) if lead.name == name), -1) for name in names]
        frames = {name: units[name].rate_hz / header.rate if name in units else 1 for name in names}
        self.leads = tuple(
            replace(units.get(name, Lead(name, "mV", header.rate, 0)), samples=int(at * frames[name])) for name in names
        )
        self._frame = [int(frames[name]) for name in names]
        if other:
            told = ", ".join(other[:SEGMENTS_TOLD]) + (" …" if len(other) > SEGMENTS_TOLD else "")
            warnings.append(Notice("ecg-segments-differ", header.path, {"count": len(other), "segments": told}))
        self.gaps, self.warnings = tuple(gaps), tuple(warnings)

    def read(self, lead: int, start: int, stop: int) -> Signal:
        start, stop = max(0, start), min(self.leads[lead].samples, stop)
        signal = np.full(max(0, stop - start), np.nan)
        scale = self._frame[lead]
        for first, last, part, order in self._parts:
            a, b = max(start, first * scale), min(stop, last * scale)
            if part is None or a >= b or order[lead] < 0:
                continue
            got = part.read(order[lead], a - first * scale, b - first * scale)
            signal[a - start : a - start + len(got)] = got
        return signal


def _annotations(header: _Header, leads: tuple[Lead, ...]) -> tuple[tuple[Annotation, ...], tuple[Notice, ...]]:
    """Marks of the first annotation file beside the header; those beyond the end are counted in a warning (EA-02)."""
    stem = Path(header.path).with_suffix("")
    ending = next((e for e in ANNOTATIONS if Path(f"{stem}.{e}").is_file()), None)
    if ending is None:
        return (), ()
    import wfdb

    try:
        read = wfdb.rdann(str(stem), ending)
    except (OSError, ValueError, IndexError, KeyError, TypeError, RuntimeError) as error:
        return (), (Notice("ecg-annotations-unreadable", f"{stem}.{ending}", {"reason": type(error).__name__}),)
    rate = float(read.fs or header.rate)
    end = max((lead.seconds for lead in leads), default=0.0)
    texts = [text.rstrip("\0").strip() for text in (read.aux_note or [""] * len(read.sample))]
    marks = [Annotation(int(s) / rate, str(c), t) for s, c, t in zip(read.sample, read.symbol, texts, strict=True)]
    kept = tuple(mark for mark in marks if mark.time_s <= end)
    beyond = len(marks) - len(kept)
    said = (Notice("ecg-annotations-beyond", f"{stem}.{ending}", {"count": beyond}),) if beyond else ()
    return kept, said
