"""Single compressed grey frames by the short way: taken, and equal to pydicom's values, signed and unsigned, narrow and wide."""

import imagecodecs
import numpy as np
import pydicom
import pytest
from make import make_image, save
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless

from medviewer.io.image.pixels import _from_stream, register
from medviewer.io.scan import scan


def lossless_jpeg(words, bits):
    return imagecodecs.ljpeg_encode(words.view(np.uint16) & ((1 << bits) - 1), bitspersample=bits)


def jpeg_ls(words, bits):
    import jpeg_ls

    plain = words.view(np.uint16) & ((1 << bits) - 1)
    return bytes(jpeg_ls.encode_buffer(plain.tobytes(), *plain.shape, 1, bits))


def jpeg_2000(words, bits):
    return imagecodecs.jpeg2k_encode(words, codecformat="j2k", reversible=True, level=0)


WAYS = {JPEGLosslessSV1: lossless_jpeg, JPEGLSLossless: jpeg_ls, JPEG2000Lossless: jpeg_2000}


@pytest.mark.parametrize("syntax", WAYS)
@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("kind", ["i2", "u2"])
def test_a_single_frame_by_the_short_way_equals_pydicoms(tmp_path, syntax, bits, kind):
    low = -(1 << (bits - 1)) if kind == "i2" else 0
    words = np.random.default_rng(5).integers(low, low + (1 << bits), (24, 32)).astype(kind)
    words[:8] = np.arange(8 * 32).reshape(8, 32) % 5 - (2 if kind == "i2" else 0)
    ds = make_image(words, tags={"BitsStored": bits, "HighBit": bits - 1})
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate([WAYS[syntax](words, bits)])
    ds["PixelData"].VR = "OB"
    path = save(ds, tmp_path / "one.dcm")
    (series,) = scan([path], workspace=tmp_path).items
    register()
    wanted = pydicom.dcmread(path).pixel_array
    short = _from_stream(series.source._places[0])
    assert short is not None and short.dtype == wanted.dtype
    assert np.array_equal(short, wanted) and np.array_equal(series.source.stored(0), wanted)
    assert np.array_equal(series.source.volume()[0], words)
