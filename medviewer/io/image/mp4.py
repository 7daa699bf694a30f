"""Frames → Motion-JPEG in an MP4 file (ISO/IEC 14496-12 and -14), by an own writer.

Every H.264 encoder that pip serves is LGPL or GPL and H.264 is patented; JPEG is neither, MP4 holds it as a visual stream of
object type 0x6C (ISO/IEC 14496-1, table 5), and FFmpeg, VLC and mpv play it.
"""

import io
import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.io.image.write import NOTICE, whole

TIMESCALE = 90_000
QUALITY = 92
JPEG_STREAM = 0x6C
UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""The matrix that leaves the picture as it is."""


def write_mp4(pictures: Iterable[NDArray[np.uint8]], path: Path, seconds: float, aspect: float = 1.0) -> None:
    """`pictures` of one shape, [rows, columns] grey or [rows, columns, 3] RGB, each shown for `seconds`; `aspect` is the width of
    a pixel divided by its height. Raises `output-unwritable`."""
    whole(path, lambda part: _write(pictures, part, seconds, aspect))


def _write(pictures: Iterable[NDArray[np.uint8]], path: Path, seconds: float, aspect: float) -> None:
    sizes: list[int] = []
    shape = (0, 0)
    with path.open("wb") as file:
        file.write(_box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isommp42"))
        start = file.tell()
        file.write(struct.pack(">I4sQ", 1, b"mdat", 0))
        for picture in pictures:
            raw = _jpeg(picture)
            shape = picture.shape[:2]
            sizes.append(len(raw))
            file.write(raw)
        end = file.tell()
        file.write(_moov(sizes, start + 16, shape, max(1, round(seconds * TIMESCALE)), aspect))
        file.seek(start + 8)
        file.write(struct.pack(">Q", end - start))


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    memory = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).convert("RGB").save(memory, "JPEG", quality=QUALITY)
    return memory.getvalue()


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """A box of version 0 with its flags."""
    return _box(kind, struct.pack(">I", flags), *parts)


def _moov(sizes: list[int], first: int, shape: tuple[int, int], ticks: int, aspect: float) -> bytes:
    """What lies where: one track of one chunk that holds every frame."""
    length = len(sizes) * ticks
    rows, columns = shape
    moments = struct.pack(">IIII", 0, 0, TIMESCALE, length)
    movie = _full(b"mvhd", moments, struct.pack(">IH10x", 0x10000, 0x100), UNITY, bytes(24), struct.pack(">I", 2))
    wide = round(columns * aspect) if aspect >= 1 else columns
    high = rows if aspect >= 1 else round(rows / aspect)
    track = _full(
        b"tkhd", struct.pack(">IIIII8xhhhH", 0, 0, 1, 0, length, 0, 0, 0, 0), UNITY, struct.pack(">II", wide << 16, high << 16),
        flags=7,
    )  # fmt: skip
    media = _full(b"mdhd", moments, struct.pack(">HH", 0x55C4, 0))  # language "und"
    handler = _full(b"hdlr", bytes(4), b"vide", bytes(12), b"medviewer\0")
    places = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), _entry(rows, columns, aspect)),
        _full(b"stts", struct.pack(">III", 1, len(sizes), ticks)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, len(sizes), 1)),
        _full(b"stsz", struct.pack(">II", 0, len(sizes)), np.array(sizes, ">u4").tobytes()),
        _full(b"co64", struct.pack(">IQ", 1, first)),
    )
    minf = _box(b"minf", _full(b"vmhd", bytes(8), flags=1), places, table)
    said = NOTICE.encode("ascii")
    about = _box(b"udta", _box(b"\xa9cmt", struct.pack(">HH", len(said), 0x55C4), said))
    return _box(b"moov", movie, _box(b"trak", track, _box(b"mdia", media, handler, minf)), about)


def _entry(rows: int, columns: int, aspect: float) -> bytes:
    """The sample entry `mp4v` with its elementary stream descriptor, and the shape of a pixel where it is no square."""
    decoder = bytes([JPEG_STREAM, 0x11]) + bytes(3 + 4 + 4)  # a visual stream; buffer size and rates are not told
    parts = struct.pack(">HB", 1, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    described = _full(b"esds", _descriptor(3, parts))
    name = bytes([len(b"Motion JPEG")]) + b"Motion JPEG".ljust(31, b"\0")
    visual = bytes(6) + struct.pack(">H16xHHIIIH", 1, columns, rows, 0x480000, 0x480000, 0, 1) + name + struct.pack(">Hh", 24, -1)
    ratio = Fraction(aspect).limit_denominator(10_000)
    pixel = _box(b"pasp", struct.pack(">II", ratio.numerator, ratio.denominator)) if ratio != 1 else b""
    return _box(b"mp4v", visual, described, pixel)


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body
