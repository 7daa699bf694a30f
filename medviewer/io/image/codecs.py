"""imagecodecs as a plug-in of pydicom's decoders, in the shape pydicom asks for (`pydicom.pixels.decoders`).

Not for HTJ2K: imagecodecs 2026.3.6 swallows the error of a damaged code stream and hands out unwritten memory as the image;
OpenJPEG (pylibjpeg-openjpeg) says it.
"""

from typing import Any

from pydicom import uid

DECODER_DEPENDENCIES = dict.fromkeys(
    (
        uid.JPEGExtended12Bit,
        uid.JPEGLossless,
        uid.JPEGLosslessSV1,
        uid.JPEGLSLossless,
        uid.JPEGLSNearLossless,
    ),
    ("numpy", "imagecodecs"),
)


def is_available(syntax: str) -> bool:
    return syntax in DECODER_DEPENDENCIES


def _decode_frame(src: bytes, runner: Any) -> bytearray:
    """One frame's code stream → little-endian bytes; tells the runner the word it came in."""
    import imagecodecs

    syntax = runner.transfer_syntax
    if syntax in (uid.JPEGLSLossless, uid.JPEGLSNearLossless):
        array = imagecodecs.jpegls_decode(src)
    else:
        array = imagecodecs.jpeg8_decode(src)
    runner.set_option("bits_allocated", array.dtype.itemsize * 8)
    if array.ndim == 3:
        runner.set_option("planar_configuration", 0)
    return bytearray(array.tobytes())


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
