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
    """pydicom's question whether this plug-in reads a transfer syntax."""
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
