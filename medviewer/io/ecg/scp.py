"""SCP-ECG (EN 1064): sections by pointer, Huffman coding, first and second differences, reference beat, bimodal."""

import binascii
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import DeviceReport, EcgRecord, Measurement
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient
from medviewer.io.ecg.leads import MOST_LEADS, held_record, iso

LARGEST_FILE = 64 << 20
DEFAULT_TABLE = 19999
REDUCTION = 4
"""Samples that one stored value stands for outside the protected areas of a bimodal record (EN 1064, 5.9.5)."""
LEADS = {
    **{1: "I", 2: "II", **{k + 2: f"V{k}" for k in range(1, 7)}, 9: "V7"},
    **{10: "V2R", 11: "V3R", 12: "V4R", 13: "V5R", 14: "V6R", 15: "V7R", 16: "X", 17: "Y", 18: "Z"},
    **{61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 65: "-aVR", 66: "V8", 67: "V9", 86: "V8", 87: "V9"},
}
_SMALL = [(3, 1), (4, 2), (5, 3), (6, 4), (7, 5), (8, 6), (9, 7), (10, 8)]


@dataclass(frozen=True, slots=True)
class _Code:
    """One row of a Huffman table: `prefix` bits spell `word` (first bit first); the rest of `whole` bits is the value itself."""

    prefix: int
    whole: int
    switch: bool
    value: int
    word: str


def _default() -> tuple[_Code, ...]:
    rows = [_Code(1, 1, True, 0, "0")]
    for length, size in _SMALL:
        rows.append(_Code(length, length, True, size, "1" * (length - 2) + "00"))
        rows.append(_Code(length, length, True, -size, "1" * (length - 2) + "01"))
    return (*rows, _Code(10, 18, True, 0, "1111111110"), _Code(10, 26, True, 0, "1111111111"))


def claims(head: bytes) -> bool:
    """The words of section 0, or a size field that fits and a section 0 header."""
    if head[16:22] == b"SCPECG":
        return True
    return len(head) >= 30 and head[8:10] == b"\0\0" and head[14:16] in (b"\x0a\x0a", b"\x0b\x0b", b"\x0c\x0c", b"\x0d\x0d")


def open_records(path: str) -> list[EcgRecord]:
    """The record. Raises `scp-invalid`, `ecg-no-signals`."""
    file = Path(path)
    if file.stat().st_size > LARGEST_FILE:
        raise MedviewerError("file-too-large", path, found=file.stat().st_size, limit=LARGEST_FILE)
    raw = file.read_bytes()
    warnings: list[Notice] = []
    try:
        return [_record(raw, path, warnings)]
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise MedviewerError("scp-invalid", path, reason=type(error).__name__) from error


def _record(raw: bytes, path: str, warnings: list[Notice]) -> EcgRecord:
    sections = _sections(raw, path, warnings)
    if 3 not in sections or 6 not in sections:
        raise MedviewerError("ecg-no-signals", path)
    ids, spans = _leads(sections[3], path)
    tables = _tables(sections.get(2), path)
    rhythm = sections[6]
    step_nv, interval_us = struct.unpack_from("<HH", rhythm)
    differences, bimodal = rhythm[4], rhythm[5] == 1
    lengths = struct.unpack_from(f"<{len(ids)}H", rhythm, 6)
    if not step_nv or not interval_us:
        raise MedviewerError("ecg-header-invalid", path, field="sampling interval", found=interval_us)
    at = 6 + 2 * len(ids)
    beat = _reference(sections, ids, tables, path)
    shares = struct.unpack_from("<H", sections[4])[0] if 4 in sections and len(sections[4]) >= 6 else 0
    subtracted = bool(sections[3][1] & 1) and beat is not None and bool(shares)
    channels = []
    for k, length in enumerate(lengths):
        wanted = spans[k][1] - spans[k][0] + 1
        if not 0 < wanted <= 1 << 24:
            raise MedviewerError("ecg-header-invalid", path, field="samples of a lead", found=wanted)
        part = rhythm[at : at + length]
        at += length
        factor = REDUCTION if bimodal else 1
        stored = _decoded(part, tables, wanted, differences, interval_us)
        if bimodal:
            stored = _spread(stored, _protected(sections.get(4, b"")), wanted, factor)
        if subtracted and beat is not None:
            stored = _with_reference(stored, beat, k, sections[4], spans[k][0], step_nv)
        if len(stored) < wanted - 1:
            warnings.append(Notice("ecg-truncated", path, {"file": Path(path).name, "expected": wanted, "found": len(stored)}))
        rate = _rate(interval_us)
        channels.append((LEADS.get(ids[k], f"{ids[k]}"), rate, stored[:wanted] * (step_nv * 1e-6), step_nv * 1e-6))
    patient, start, age = _person(sections.get(1, b""))
    return held_record(
        path,
        "scp",
        Path(path).stem,
        channels,
        patient=patient,
        start=start,
        age=age,
        device=_device(sections),
        warnings=warnings,
        derive=True,
    )


def _rate(interval_us: int) -> float:
    """Samples a second: the whole number whose rounded interval this is, if there is one (1667 µs is 600 Hz)."""
    whole = round(1e6 / interval_us)
    return float(whole) if whole and round(1e6 / whole) == interval_us else 1e6 / interval_us


def _sections(raw: bytes, path: str, warnings: list[Notice]) -> dict[int, bytes]:
    """Bodies of the sections by number; a wrong CRC is a warning (EF-14), a pointer beyond the file an error for that section."""
    if len(raw) < 22:
        raise MedviewerError("scp-invalid", path, reason="header")
    crc, size = struct.unpack_from("<HI", raw)
    if size > len(raw):
        warnings.append(Notice("ecg-length-differs", path, {"expected": size, "found": len(raw)}))
    elif binascii.crc_hqx(raw[2:size], 0xFFFF) != crc:
        warnings.append(Notice("scp-crc-wrong", path, {"section": "–"}))
    length = struct.unpack_from("<I", raw, 10)[0]
    found: dict[int, bytes] = {}
    for at in range(22, min(6 + length, len(raw) - 9), 10):
        number, size, index = struct.unpack_from("<HII", raw, at)
        if not size or number == 0:
            continue
        start = index - 1
        if size < 16 or start < 6 or start + size > len(raw):
            warnings.append(Notice("scp-section-outside", path, {"section": number}))
            continue
        crc = struct.unpack_from("<H", raw, start)[0]
        if crc and binascii.crc_hqx(raw[start + 2 : start + size], 0xFFFF) != crc:
            warnings.append(Notice("scp-crc-wrong", path, {"section": number}))
        found[number] = raw[start + 16 : start + size]
    return found


def _leads(body: bytes, path: str) -> tuple[list[int], list[tuple[int, int]]]:
    count = body[0]
    if not 0 < count <= MOST_LEADS or len(body) < 2 + 9 * count:
        raise MedviewerError("scp-invalid", path, reason="section 3")
    rows = [struct.unpack_from("<IIB", body, 2 + 9 * k) for k in range(count)]
    return [row[2] for row in rows], [(row[0], row[1]) for row in rows]


def _tables(body: bytes | None, path: str) -> tuple[tuple[_Code, ...], ...]:
    """() where the samples are not Huffman coded."""
    if body is None or len(body) < 2:
        return ()
    count = struct.unpack_from("<H", body)[0]
    if count == DEFAULT_TABLE:
        return (_default(),)
    tables, at = [], 2
    if count > 256:
        raise MedviewerError("scp-invalid", path, reason="section 2")
    for _ in range(count):
        rows = struct.unpack_from("<H", body, at)[0]
        at += 2
        table = []
        for _ in range(rows):
            prefix, whole, switch, value, word = struct.unpack_from("<BBBhI", body, at)
            at += 9
            if not 0 < prefix <= 32 or not prefix <= whole <= 64:
                raise MedviewerError("scp-invalid", path, reason="section 2")
            table.append(_Code(prefix, whole, switch == 1, value, f"{word:032b}"[::-1][:prefix]))
        tables.append(tuple(table))
    return tuple(tables)


def _decoded(
    part: bytes, tables: tuple[tuple[_Code, ...], ...], wanted: int, differences: int, interval: int
) -> NDArray[np.float64]:
    """Samples of one lead, differences summed."""
    if tables:
        values = _huffman(part, tables, wanted)
    else:
        values = np.frombuffer(part[: len(part) // 2 * 2], "<i2").astype(np.int64)[:wanted]
    if differences == 1 and len(values):
        values = np.cumsum(values)
    elif differences == 2 and len(values) > 2:
        first = np.concatenate([[values[1] - values[0]], values[2:]])
        slopes = np.cumsum(first)
        values = np.concatenate([[values[0]], values[0] + np.cumsum(slopes)])
    return values.astype(np.float64)


def _huffman(part: bytes, tables: tuple[tuple[_Code, ...], ...], wanted: int) -> NDArray[np.int64]:
    """Values of the bit stream, most significant bit first; a row with switch off changes the table to number `value`."""
    lookups = [{(code.prefix, int(code.word, 2)): code for code in table} for table in tables]
    longest = [max((code.prefix for code in table), default=0) for table in tables]
    out: list[int] = []
    at, table = 0, 0
    total = 8 * len(part)
    data = part + bytes(16)

    def peek(position: int, width: int) -> int:
        first = position >> 3
        word = int.from_bytes(data[first : first + 12], "big")
        return word >> (96 - (position & 7) - width) & ((1 << width) - 1)

    while len(out) < wanted and at < total:
        code = None
        for width in range(1, longest[table] + 1):
            code = lookups[table].get((width, peek(at, width)))
            if code is not None:
                break
        if code is None or at + code.whole > total:
            break
        if not code.switch:
            table = min(max(code.value - 1, 0), len(tables) - 1)
            at += code.prefix
            continue
        extra = code.whole - code.prefix
        value = code.value
        if extra:
            value = peek(at + code.prefix, extra)
            value -= (1 << extra) if value >> (extra - 1) else 0
        out.append(value)
        at += code.whole
    return np.array(out, np.int64)


def _protected(body: bytes) -> list[tuple[int, int]]:
    """First and last sample of the protected areas of section 4, counted from 1."""
    if len(body) < 6:
        return []
    count = struct.unpack_from("<H", body, 4)[0]
    at = 6 + 14 * count
    found = []
    for k in range(count):
        if at + 8 * k + 8 <= len(body):
            found.append(struct.unpack_from("<II", body, at + 8 * k))
    return [(a, b) for a, b in found if 0 < a <= b]


def _spread(stored: NDArray[np.float64], areas: list[tuple[int, int]], wanted: int, factor: int) -> NDArray[np.float64]:
    """Bimodal: full rate in the protected areas, one value for `factor` samples elsewhere, joined by straight lines."""
    kept = np.zeros(wanted, bool)
    for first, last in areas:
        kept[first - 1 : last] = True
    at: list[float] = []
    k = 0
    while k < wanted:
        if kept[k]:
            at.append(k)
            k += 1
            continue
        end = k
        while end < wanted and end - k < factor and not kept[end]:
            end += 1
        at.append((k + end - 1) / 2)
        k = end
    n = min(len(at), len(stored))
    if n == 0:
        return np.empty(0)
    spread: NDArray[np.float64] = np.interp(np.arange(wanted), at[:n], stored[:n])
    return spread if n == len(at) else spread[: int(at[n - 1]) + 1]


@dataclass(frozen=True, slots=True)
class _Beat:
    step_nv: int
    samples: list[NDArray[np.float64]]
    fiducial: int


def _reference(sections: dict[int, bytes], ids: list[int], tables: tuple[tuple[_Code, ...], ...], path: str) -> _Beat | None:
    """The reference beat of section 5."""
    body = sections.get(5)
    if body is None or len(body) < 6 + 2 * len(ids):
        return None
    step, interval = struct.unpack_from("<HH", body)
    lengths = struct.unpack_from(f"<{len(ids)}H", body, 6)
    at, samples = 6 + 2 * len(ids), []
    for length in lengths:
        samples.append(_decoded(body[at : at + length], tables, 1 << 16, body[4], interval))
        at += length
    fiducial = struct.unpack_from("<H", sections[4], 2)[0] if len(sections.get(4, b"")) >= 6 else 0
    return _Beat(step, samples, fiducial)


def _with_reference(
    stored: NDArray[np.float64], beat: _Beat, lead: int, body: bytes, first: int, step_nv: int
) -> NDArray[np.float64]:
    """Add the reference beat back where section 4 says that it was taken away."""
    count = struct.unpack_from("<H", body, 4)[0]
    shape = beat.samples[lead] * (beat.step_nv / step_nv)
    whole = stored.copy()
    for k in range(count):
        kind, start, fiducial, end = struct.unpack_from("<HIII", body, 6 + 14 * k)
        if kind != 0 or not start:
            continue
        for n in range(max(start, first), end + 1):
            j = n - fiducial + beat.fiducial - 1
            if 0 <= j < len(shape) and 0 <= n - first < len(whole):
                whole[n - first] += shape[j]
    return whole


def _fields(body: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 3 <= len(body):
        tag, length = body[at], struct.unpack_from("<H", body, at + 1)[0]
        if tag == 255:
            break
        found.setdefault(tag, body[at + 3 : at + 3 + length])
        at += 3 + length
    return found


def _words(raw: bytes) -> str:
    bare = raw.split(b"\0")[0]
    try:
        return bare.decode("utf-8").strip()
    except UnicodeDecodeError:
        return bare.decode("latin-1").strip()


def _person(body: bytes) -> tuple[Patient, str, float | None]:
    """Identity, start and age of section 1."""
    tags = _fields(body)
    born = struct.unpack_from("<HBB", tags[5]) if len(tags.get(5, b"")) >= 4 else (0, 0, 0)
    day = struct.unpack_from("<HBB", tags[25]) if len(tags.get(25, b"")) >= 4 else (0, 0, 0)
    clock = struct.unpack_from("<BBB", tags[26]) if len(tags.get(26, b"")) >= 3 else (0, 0, 0)
    age = None
    if len(tags.get(4, b"")) >= 3:
        value, unit = struct.unpack_from("<HB", tags[4])
        years = {1: 1.0, 2: 1 / 12, 3: 1 / 52.18, 4: 1 / 365.25, 5: 1 / 8766}.get(unit)
        age = value * years if years and 0 < value * years < 130 else None
    name = f"{_words(tags.get(0, b''))}^{_words(tags.get(1, b''))}".strip("^")
    sex = {1: "M", 2: "F"}.get(tags[8][0], "") if tags.get(8) else ""
    return Patient(_words(tags.get(2, b"")), name, iso(*born)[:10], sex), iso(*day, *clock), age


def _device(sections: dict[int, bytes]) -> DeviceReport | None:
    """Statements of section 8, global measurements of section 7."""
    said = []
    body = sections.get(8, b"")
    if len(body) >= 9:
        at = 9
        for _ in range(body[8]):
            if at + 3 > len(body):
                break
            length = struct.unpack_from("<H", body, at + 1)[0]
            said.append(_words(body[at + 3 : at + 3 + length]))
            at += 3 + length
    measured = {}
    body = sections.get(7, b"")
    if len(body) >= 22 and body[0] >= 1:
        interval = struct.unpack_from("<H", body, 2)[0]
        if 0 < interval < 29999:
            measured["RR"] = Measurement(float(interval), "ms", "device")
            measured["heart rate"] = Measurement(round(60000 / interval), "/min", "device")
        onset_p, end_p, onset, end, end_t = struct.unpack_from("<5H", body, 6)
        known = all(value < 29999 for value in (onset_p, end_p, onset, end, end_t))
        if known and onset_p < onset < end < end_t:
            for name, value in (("PR", onset - onset_p), ("QRS", end - onset), ("QT", end_t - onset)):
                measured[name] = Measurement(float(value), "ms", "device")
    return DeviceReport(tuple(s for s in said if s), measured) if said or measured else None
