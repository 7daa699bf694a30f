"""EDF, EDF+C, EDF+D and BDF: a tolerant header parser with named repairs, data records mapped, never loaded whole.

https://www.edfplus.info/specs/edf.html, edfplus.html; BDF: 24 bits.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import ASSUMED_STEPS, Annotation, EcgRecord, Gap, Lead, Signal
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.ecg.leads import MOST_LEADS, iso, lead_name, millivolts

MARKS = ("EDF Annotations", "BDF Annotations")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True, slots=True)
class _Channel:
    label: str
    unit: str
    physical: tuple[float, float]
    digital: tuple[int, int]
    samples: int
    at: int
    missing: int | None = None
    """The digital value that means "no sample", where the transducer field says so."""

    @property
    def is_marks(self) -> bool:
        return self.label in MARKS

    @property
    def calibrated(self) -> bool:
        return self.digital[0] != self.digital[1] and self.physical[0] != self.physical[1]

    def scale(self) -> tuple[float, float, str]:
        """One digital step, the value of digital 0, their unit: mV for every voltage, "" where the header has no scale."""
        if not self.calibrated:
            return 1 / ASSUMED_STEPS, 0.0, ""
        low, high = self.digital
        step = (self.physical[1] - self.physical[0]) / (high - low)
        base, factor = self.physical[0] - low * step, millivolts(self.unit)
        return (step * factor, base * factor, "mV") if factor else (step, base, self.unit)


def claims(head: bytes) -> bool:
    """EDF's version field, or BDF's, and a header size that is a number."""
    edf = head[:8] == b"0       " and head[184:192].strip().isdigit()
    return edf or (head[:1] == b"\xff" and head[1:8] == b"BIOSEMI")


def open_records(path: str) -> list[EcgRecord]:
    """The recording. Raises `ecg-header-invalid`, `ecg-truncated`."""
    file = Path(path)
    with file.open("rb") as stream:
        head = stream.read(256)
        count = _whole(head[252:256], path, "number of signals")
        if not 0 < count <= MOST_LEADS:
            raise MedviewerError("ecg-header-invalid", path, field="number of signals", found=count)
        body = stream.read(256 * count)
    if len(body) < 256 * count:
        raise MedviewerError("ecg-truncated", path, file=file.name, expected=256 * (count + 1), found=256 + len(body))
    warnings: list[Notice] = []
    width = 3 if head[:1] == b"\xff" else 2
    duration = _float(head[244:252], 0.0)
    channels = _channels(body, count, path)
    size = sum(channel.samples for channel in channels) * width
    if size <= 0:
        raise MedviewerError("ecg-header-invalid", path, field="samples per data record", found=0)
    stated, there = int(_float(head[236:244], -1)), (file.stat().st_size - 256 * (count + 1)) // size
    if stated != there and stated >= 0:
        warnings.append(Notice("ecg-length-differs", path, {"expected": stated, "found": int(there)}))
    records = int(there) if stated < 0 else min(stated, int(there))
    if records <= 0:
        raise MedviewerError("ecg-truncated", path, file=file.name, expected=max(stated, 1), found=0)
    if duration <= 0:
        if any(not channel.is_marks for channel in channels):
            raise MedviewerError("ecg-header-invalid", path, field="duration of a data record", found=str(duration))
        duration = 1.0
    raw = np.memmap(file, np.uint8, "r", 256 * (count + 1), (records, size))
    kind = head[192:236].decode("latin-1").strip()
    plus = kind[:5] in ("EDF+C", "EDF+D", "BDF+C", "BDF+D")
    starts, notes = _marks(raw, channels, width, duration, plus, warnings, path)
    if kind[3:5] != "+D" or len(starts) != records:
        starts = [starts[0] if starts else 0.0]
        starts = [starts[0] + k * duration for k in range(records)]
    offset = starts[0] if starts else 0.0
    source = _Records(raw, channels, width, duration, [at - offset for at in starts], warnings, path)
    start = _start(head, offset, warnings, path)
    return [
        EcgRecord(
            item=file.stem,
            patient=_patient(head, plus),
            study=Study(date=start[:10], time=start[11:19]),
            path=path,
            format="bdf" if width == 3 else "edf",
            start=start,
            leads=source.leads,
            source=source,
            gaps=source.gaps,
            annotations=tuple(Annotation(at - offset, "", text) for at, text in notes),
            warnings=tuple(warnings),
            has_identity=_patient(head, plus).known,
        )
    ]


def _float(raw: bytes, default: float) -> float:
    try:
        return float(raw.decode("latin-1").replace("\0", " ").strip().replace(",", "."))
    except ValueError:
        return default


def _whole(raw: bytes, path: str, field: str) -> int:
    value = _float(raw, -1.0)
    if not 0 <= value < 1 << 31:
        raise MedviewerError("ecg-header-invalid", path, field=field, found=raw.decode("latin-1").strip()[:16])
    return int(value)


def _channels(body: bytes, count: int, path: str) -> list[_Channel]:
    sizes = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    columns, at = [], 0
    for size in sizes:
        columns.append([body[at + k * size : at + (k + 1) * size] for k in range(count)])
        at += size * count
    found, offset = [], 0
    for k in range(count):
        samples = _whole(columns[8][k], path, "samples per data record")
        if samples > 1 << 24:
            raise MedviewerError("ecg-header-invalid", path, field="samples per data record", found=samples)
        physical = (_float(columns[3][k], 0.0), _float(columns[4][k], 0.0))
        digital = (int(_float(columns[5][k], 0.0)), int(_float(columns[6][k], 0.0)))
        label, unit = (columns[i][k].decode("latin-1").strip() for i in (0, 2))
        said = re.match(r"missing samples: (-?\d+)", columns[1][k].decode("latin-1"))
        found.append(_Channel(label, unit, physical, digital, samples, offset, int(said[1]) if said else None))
        offset += samples
    return found


def _runs(starts: list[float], duration: float) -> list[tuple[float, int, int]]:
    """(start in seconds, first data record, one past the last) of stretches without a gap."""
    runs: list[tuple[float, int, int]] = []
    for k, start in enumerate(starts):
        if runs and abs(runs[-1][0] + (k - runs[-1][1]) * duration - start) < duration * 1e-3 + 1e-6:
            runs[-1] = (runs[-1][0], runs[-1][1], k + 1)
        else:
            runs.append((start, k, k + 1))
    return runs


class _Records:
    """SignalSource over mapped data records that start at given seconds; time between them is a gap (EF-10)."""

    def __init__(
        self,
        raw: NDArray[np.uint8],
        channels: list[_Channel],
        width: int,
        duration: float,
        starts: list[float],
        warnings: list[Notice],
        path: str,
    ) -> None:
        self._raw, self._width = raw, width
        runs = _runs(starts, duration)
        ends = [start + (last - first) * duration for start, first, last in runs]
        self.gaps = tuple(
            Gap(end, following[0]) for end, following in zip(ends, runs[1:], strict=False) if following[0] > end + 1e-9
        )
        self._channels: list[_Channel] = []
        self._scale: list[tuple[float, float]] = []
        self._runs: list[list[tuple[int, int, int]]] = []
        leads: list[Lead] = []
        for channel in channels:
            if channel.is_marks or channel.samples == 0:
                continue
            step, base, unit = channel.scale()
            if not channel.calibrated:
                warnings.append(Notice("ecg-gain-missing", path, {"lead": channel.label}))
            rate = channel.samples / duration
            placed = [(round(start * rate), first, last) for start, first, last in runs]
            total = max(at + (last - first) * channel.samples for at, first, last in placed)
            leads.append(Lead(lead_name(channel.label, [lead.name for lead in leads]), unit, rate, total, abs(step)))
            self._channels.append(channel)
            self._scale.append((step, base))
            self._runs.append(placed)
        self.leads = tuple(leads)

    def read(self, lead: int, start: int, stop: int) -> Signal:
        channel, (step, base) = self._channels[lead], self._scale[lead]
        start, stop = max(0, start), min(self.leads[lead].samples, stop)
        signal = np.full(max(0, stop - start), np.nan)
        n = channel.samples
        for at, first, last in self._runs[lead]:
            a, b = max(start, at), min(stop, at + (last - first) * n)
            if a >= b:
                continue
            one, two = first + (a - at) // n, first + (b - at - 1) // n + 1
            digital = _digital(self._raw[one:two], channel, self._width).reshape(-1)
            skip = a - at - (one - first) * n
            part = digital[skip : skip + b - a]
            signal[a - start : b - start] = part * step + base
            if channel.missing is not None:
                signal[a - start : b - start][part == channel.missing] = np.nan
        return signal


def _digital(rows: NDArray[np.uint8], channel: _Channel, width: int) -> NDArray[np.float64]:
    part = np.ascontiguousarray(rows[:, channel.at * width : (channel.at + channel.samples) * width])
    if width == 2:
        return part.view("<i2").astype(np.float64)
    whole = part.reshape(len(part), -1, 3).astype(np.int32)
    value = whole[..., 0] | whole[..., 1] << 8 | whole[..., 2] << 16
    return np.where(value >= 1 << 23, value - (1 << 24), value).astype(np.float64)


def _marks(
    raw: NDArray[np.uint8],
    channels: list[_Channel],
    width: int,
    duration: float,
    plus: bool,
    warnings: list[Notice],
    path: str,
) -> tuple[list[float], list[tuple[float, str]]]:
    """Start of each data record by its time-keeping list, and the annotations (onset in seconds, text)."""
    starts: list[float] = []
    notes: list[tuple[float, str]] = []
    of_marks = [channel for channel in channels if channel.is_marks]
    if not plus or not of_marks:
        return starts, notes
    damaged = 0
    for row in raw:
        for k, channel in enumerate(of_marks):
            text = row[channel.at * width : (channel.at + channel.samples) * width].tobytes()
            for n, entry in enumerate(part for part in text.split(b"\0") if part):
                pieces = entry.split(b"\x14")
                onset = _float(pieces[0].split(b"\x15")[0], float("nan"))
                if not np.isfinite(onset):
                    damaged += 1
                    continue
                if k == 0 and n == 0:
                    starts.append(onset)
                    pieces = [pieces[0], *pieces[1:][1:]] if len(pieces) > 1 and not pieces[1] else pieces
                notes += [(onset, piece.decode("utf-8", "replace")) for piece in pieces[1:] if piece]
    if damaged:
        warnings.append(Notice("ecg-annotations-unreadable", path, {"reason": f"{damaged}"}))
    return starts, notes


def _start(head: bytes, offset: float, warnings: list[Notice], path: str) -> str:
    date, time = head[168:176].decode("latin-1"), head[176:184].decode("latin-1")
    day, clock = re.findall(r"\d+", date), re.findall(r"\d+", time)
    if len(day) != 3 or len(clock) != 3:
        return ""
    year = int(day[2]) + (1900 if int(day[2]) >= 85 else 2000)
    words = head[88:168].decode("latin-1").split()
    if len(words) > 1 and words[0] == "Startdate" and re.fullmatch(r"\d{2}-[A-Z]{3}-\d{4}", words[1]):
        year = int(words[1][-4:])
    stated = iso(year, int(day[1]), int(day[0]), *(int(part) for part in clock))
    if not stated:
        warnings.append(Notice("ecg-start-invalid", path, {"found": f"{date} {time}"}))
        return ""
    try:
        moment = datetime.fromisoformat(stated) + timedelta(seconds=offset)
    except (ValueError, OverflowError):
        return stated
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _patient(head: bytes, plus: bool) -> Patient:
    text = head[8:88].decode("latin-1").strip()
    words = text.split()
    if not plus or len(words) < 4:
        return Patient(id=text) if text not in ("", "X", "X X X X") else Patient()
    code, sex, born, name = ("" if word == "X" else word for word in words[:4])
    birth = ""
    if match := re.fullmatch(r"(\d{2})-([A-Z]{3})-(\d{4})", born):
        birth = iso(int(match[3]), _MONTHS.index(match[2]) + 1 if match[2] in _MONTHS else 0, int(match[1]))[:10]
    return Patient(code, name.replace("_", " "), birth, sex if sex in ("M", "F") else "")
