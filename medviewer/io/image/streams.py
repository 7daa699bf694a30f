"""One compressed grey frame without parsing its file again: its fragments by their offset, its decoder without pydicom around it.

Only for what is plain; everything else, and every stream that a decoder refuses, is left to pydicom, which also finds the reason.
These decoders release the GIL, so a volume is decoded by several threads. Answers equal pydicom's (`tests/truth`).
"""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
JPEG_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
SYNTAXES = frozenset((*JPEG_LS, *JPEG_2000, *JPEG_LOSSLESS))

ITEM, END = 0xE000FFFE, 0xE0DDFFFE


def read_stream(data: bytes, offset: int) -> bytes | None:
    """The only frame of encapsulated pixel data whose value starts at `offset` (PS3.5 A.4), None where it ends early."""
    pos = offset
    parts: list[bytes] = []
    while pos + 8 <= len(data):
        tag, length = struct.unpack_from("<LL", data, pos)
        pos += 8
        if tag == END:
            return b"".join(parts[1:]) or None
        if tag != ITEM or pos + length > len(data):
            return None
        parts.append(data[pos : pos + length])
        pos += length
    return None


def decode(stream: bytes, syntax: str, shape: tuple[int, int], signed_bits: int) -> NDArray[Any] | None:
    """[rows, columns] in the stream's own word, None where it is not what the header says or the decoder refuses it.

    `signed_bits`: bits stored of signed pixels, 0 for unsigned ones.
    """
    if stream_pixels(stream) != shape[0] * shape[1]:
        return None
    import imagecodecs

    try:
        if syntax in JPEG_LS:
            pixels = imagecodecs.jpegls_decode(stream)
        elif syntax in JPEG_2000:
            pixels = imagecodecs.jpeg2k_decode(stream)
        else:
            pixels = imagecodecs.jpeg8_decode(stream)
    except Exception:  # each decoder has its own errors; pydicom's way tells the reason
        return None
    found: NDArray[Any] = np.asarray(pixels)
    if signed_bits and syntax not in JPEG_2000 and found.dtype.kind == "u":
        found = _with_sign(found, _precision(stream) if syntax in JPEG_LS else signed_bits)
    return found if found.shape == shape and found.dtype.kind == ("i" if signed_bits else "u") else None


def _with_sign(words: NDArray[Any], bits: int) -> NDArray[Any]:
    """Words of a code stream that knows no sign as the signed ones that were coded, `bits` wide."""
    signed: NDArray[Any] = words.view(words.dtype.str.replace("u", "i"))
    shift = words.dtype.itemsize * 8 - bits
    if shift > 0:
        np.left_shift(signed, shift, out=signed)
        np.right_shift(signed, shift, out=signed)
    return signed


def _precision(stream: bytes) -> int:
    """Bits of a JPEG-LS sample (ITU-T T.87 C.2.2)."""
    return stream[stream.find(b"\xff\xf7") + 4]


def stream_pixels(stream: bytes) -> int:
    """Rows times columns that a JPEG, JPEG-LS or JPEG 2000 code stream claims, 0 where that cannot be told (ITU-T T.81 B.2.2,
    T.87 C.2.2, T.800 A.5.1)."""
    siz = stream[:4096].find(b"\xff\x4f\xff\x51")
    if siz >= 0:
        box = [int.from_bytes(stream[siz + at : siz + at + 4], "big") for at in (8, 12, 16, 20)]
        return max(box[0] - box[2], 0) * max(box[1] - box[3], 0)
    if stream[:2] != b"\xff\xd8":
        return 0
    at = 2
    while at + 9 <= len(stream) and stream[at] == 0xFF:
        marker, length = stream[at + 1], int.from_bytes(stream[at + 2 : at + 4], "big")
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return int.from_bytes(stream[at + 5 : at + 7], "big") * int.from_bytes(stream[at + 7 : at + 9], "big")
        at += 2 + length
    return 0
