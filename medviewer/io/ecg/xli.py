"""XLI, the packing of Philips Sierra ECGs: 10-bit LZW over second differences (the open documentation of sierra-ecg-tools)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError
from medviewer.io.ecg.leads import MOST_LEADS


def traces(data: bytes, path: str) -> list[NDArray[np.float64]]:
    """Samples of all leads of a block; III, aVR, aVL and aVF are stored as differences from what I and II predict.

    Raises `ecg-unreadable`.
    """
    found: list[NDArray[np.int64]] = []
    at = 0
    while at + 8 <= len(data) and len(found) < MOST_LEADS:
        size = int.from_bytes(data[at : at + 4], "little", signed=True)
        first = int.from_bytes(data[at + 6 : at + 8], "little", signed=True)
        if size <= 0 or at + 8 + size > len(data):
            raise MedviewerError("ecg-unreadable", path, reason="XLI chunk")
        found.append(_chunk(data[at + 8 : at + 8 + size], first))
        at += 8 + size
    if len(found) >= 6:
        n = min(len(trace) for trace in found[:6])
        one, two, three, right, left, foot = (trace[:n] for trace in found[:6])
        three = two - one - three
        found[2] = three
        found[3] = -right - _half(one + two)
        found[4] = _half(one - three) - left
        found[5] = _half(two + three) - foot
    return [trace.astype(np.float64) for trace in found]


def _half(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Integer half, rounded toward zero as the device's own code does."""
    half: NDArray[np.int64] = np.sign(value) * (np.abs(value) // 2)
    return half


def _chunk(data: bytes, first: int) -> NDArray[np.int64]:
    raw = np.frombuffer(bytes(_lzw(data)), np.uint8).astype(np.int64)
    if len(raw) % 2:
        raw = np.append(raw, 0)
    half = len(raw) // 2
    words = raw[:half] << 8 | raw[half:]
    words = np.where(words > 32767, words - 65536, words)
    if half < 2:
        return words
    out = words.tolist()
    x, y, last = out[0], out[1], first
    for i in range(2, half):
        z = y + y - x - last
        last = out[i] - 64
        out[i] = z
        x, y = y, z
    return np.array(out, np.int64)


def _lzw(data: bytes, bits: int = 10) -> Iterator[int]:
    """10-bit LZW, most significant bit first, codes up to 2¹⁰ − 2."""
    largest = (1 << bits) - 2
    strings: dict[int, bytes] = {k: bytes([k]) for k in range(256)}
    following, previous = 256, b""
    whole, count = 0, 0
    for byte in data:
        whole, count = (whole << 8 | byte) & 0xFFFFFFFF, count + 8
        if count < bits:
            continue
        count -= bits
        code = whole >> count & (1 << bits) - 1
        if code > largest:
            return
        entry = strings.get(code)
        if entry is None:
            if not previous:
                return
            entry = previous + previous[:1]
        if previous and following <= largest:
            strings[following] = previous + entry[:1]
            following += 1
        yield from entry
        previous = entry
