"""Samples of one WFDB segment: plain formats read in place, the packed and FLAC ones by the wfdb package.

Format: https://physionet.org/physiotools/wag/signal-5.htm.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import Signal
from medviewer.core.errors import MedviewerError, Notice
from medviewer.io.ecg.leads import millivolts
from medviewer.io.ecg.wfdb_header import BITS, COMPRESSED, NULL, Header, Stored

INVALID = {
    **{"16": -32768, "61": -32768, "160": -32768, "516": -32768, "212": -2048, "310": -512, "311": -512},
    **{"80": -128, "508": -128, "24": -(1 << 23), "524": -(1 << 23), "32": -(1 << 31)},
}
"""Stored values that mean "no sample" (EF-05)."""
BLOCK = 1 << 17
"""Samples that the wfdb package reads at a time."""


class MappedSignals:
    """SignalSource of one segment; files are mapped at the first read and never loaded whole."""

    def __init__(self, header: Header) -> None:
        self._header = header
        warnings: list[Notice] = []
        leads = []
        for lead, place in header.signals:
            frames = _frames_in(place, header, warnings)
            leads.append(replace(lead, samples=frames * place.frame))
        self.leads = tuple(leads)
        self.warnings = tuple(warnings)
        self.packed = any(_packed(place) for _, place in header.signals)
        """Some of it is read by the wfdb package, which a record that is opened does not wait for."""
        self._blocks: dict[int, tuple[int, list[Signal]]] = {}

    def read(self, lead: int, start: int, stop: int) -> Signal:
        place = self._header.signals[lead][1]
        start, stop = max(0, start), min(self.leads[lead].samples, stop)
        if stop <= start:
            return np.empty(0)
        if place.format == NULL:
            return np.full(stop - start, np.nan)
        if _packed(place):
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


def _packed(place: Stored) -> bool:
    return place.format not in ("16", "61", "80", "160", "24", "32", "212", NULL) or bool(place.skew)


def _frames_in(place: Stored, header: Header, warnings: list[Notice]) -> int:
    """Frames of a signal: as stated, or as its file holds; a file that is missing or short is an error or a warning."""
    if place.format == NULL:
        return header.samples or 0
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


def _plain(place: Stored, start: int, stop: int) -> NDArray[np.int64]:
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


def _frames(place: Stored, start: int, stop: int) -> NDArray[np.int64]:
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


def _words(place: Stored, start: int, stop: int) -> NDArray[np.int64]:
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


def _bytes(place: Stored, start: int, count: int, pad: bool = False) -> NDArray[np.uint8]:
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
