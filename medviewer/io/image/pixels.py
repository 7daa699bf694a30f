"""Stored values of frames on demand: native pixels by offset, compressed ones by pydicom's decoders with imagecodecs added."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from medviewer.core.errors import MedviewerError
from medviewer.core.image import Pixels

CACHE_BYTES = 512 * 1024 * 1024
LARGEST_FRAME = 1 << 30
"""Bytes of one frame above which nothing is allocated."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where one frame's stored values are. `native` is (offset, numpy type) of plain little-endian grey pixels, else None and
    pydicom reads the file. `mask_bits` are the bits stored of native pixels whose word is wider, 0 where nothing is masked."""

    path: str
    index: int
    rows: int
    columns: int
    native: tuple[int, str] | None
    mask_bits: int = 0
    signed: bool = False


class FileSource:
    """PixelSource over files; one bounded cache a series; safe from any thread."""

    def __init__(self, places: Sequence[Stored]) -> None:
        self._places = tuple(places)
        self._cache: OrderedDict[int, Pixels] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def stored(self, k: int) -> Pixels:
        with self._lock:
            if k in self._cache:
                self._cache.move_to_end(k)
                return self._cache[k]
        pixels = read_frame(self._places[k])
        pixels.setflags(write=False)
        with self._lock:
            if k not in self._cache:
                self._cache[k] = pixels
                self._bytes += pixels.nbytes
            while self._bytes > CACHE_BYTES and len(self._cache) > 1:
                self._bytes -= self._cache.popitem(last=False)[1].nbytes
        return pixels

    def volume(self) -> Pixels:
        first = self._places[0]
        uniform = all(p.native and p.native[1] == first.native[1] for p in self._places) if first.native else False
        if not (uniform and first.native):
            frames = [self.stored(k) for k in range(len(self._places))]
            if len({frame.shape for frame in frames}) > 1:
                raise MedviewerError("volume-shapes-differ", first.path)
            return np.stack(frames)
        if len({(p.rows, p.columns) for p in self._places}) > 1:
            raise MedviewerError("volume-shapes-differ", first.path)
        volume = np.empty((len(self._places), first.rows, first.columns), first.native[1])
        for k, place in enumerate(self._places):
            _read_into(place, volume[k])
        return volume


def read_frame(place: Stored) -> Pixels:
    """[rows, columns] or [rows, columns, 3]. Raises MedviewerError naming the file."""
    if place.native is not None:
        pixels = np.empty((place.rows, place.columns), place.native[1])
        _read_into(place, pixels)
        return pixels
    return _decode(place)


def _read_into(place: Stored, target: Pixels) -> None:
    assert place.native
    wanted = target.nbytes
    try:
        with open(place.path, "rb", buffering=0) as file:  # noqa: PTH123 - one plain read a slice
            file.seek(place.native[0] + place.index * wanted)
            got = file.readinto(target.data.cast("B"))
    except OSError as error:
        raise MedviewerError("unreadable", place.path, reason=error.strerror or "") from error
    if got < wanted:
        raise MedviewerError("pixel-data-truncated", place.path, expected=wanted, found=int(got or 0))
    if place.mask_bits:
        _mask(target, place.mask_bits, place.signed)


def _mask(pixels: Pixels, bits: int, signed: bool) -> None:
    """Drop what is above the bits stored and extend the sign, in place (PX-06)."""
    shift = pixels.dtype.itemsize * 8 - bits
    if signed:
        np.left_shift(pixels, shift, out=pixels)
        np.right_shift(pixels, shift, out=pixels)
    else:
        np.bitwise_and(pixels, (1 << bits) - 1, out=pixels)


@lru_cache(maxsize=4)
def _whole_file(path: str, changed: int) -> Pixels:
    """All frames of a multi-frame file, decoded once."""
    import pydicom

    register()
    return pydicom.dcmread(path, force=True).pixel_array


def _decode(place: Stored) -> Pixels:
    import pydicom

    register()
    try:
        dataset = pydicom.dcmread(place.path, force=True)
        if "PixelData" not in dataset and "FloatPixelData" not in dataset and "DoubleFloatPixelData" not in dataset:
            raise MedviewerError("pixel-data-missing", place.path)
        if not getattr(dataset, "file_meta", None) or "TransferSyntaxUID" not in dataset.file_meta:
            _supply_meta(dataset)
        frames = int(dataset.get("NumberOfFrames", 1) or 1)
        if frames > 1:
            pixels = _whole_file(place.path, Path(place.path).stat().st_mtime_ns)[place.index]
        else:
            pixels = dataset.pixel_array
        if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
            from pydicom.pixels.processing import apply_color_lut

            pixels = apply_color_lut(pixels, dataset)
    except MedviewerError:
        raise
    except OSError as error:
        raise MedviewerError("unreadable", place.path, reason=error.strerror or "") from error
    except Exception as error:  # decoders raise many kinds
        return _last_resort(place, error)
    if pixels.ndim == 3 and pixels.shape[-1] == 4:
        pixels = pixels[..., :3]
    return np.ascontiguousarray(pixels)


def _supply_meta(dataset: Any) -> None:
    from pydicom.dataset import FileMetaDataset

    dataset.file_meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    implicit = dataset.is_implicit_VR
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1"


def _last_resort(place: Stored, error: Exception) -> Pixels:
    """SimpleITK, with its inversion of MONOCHROME1 undone; else the reason why pydicom could not."""
    import pydicom

    dataset = pydicom.dcmread(place.path, force=True, stop_before_pixels=True)
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", ""))
    if syntax and pydicom.uid.UID(syntax) not in pydicom.uid.AllTransferSyntaxes:
        raise MedviewerError("unknown-transfer-syntax", place.path, syntax=syntax) from error
    text = str(error)
    if "less than" in text or "length" in text or "truncated" in text.lower():
        expected = place.rows * place.columns * int(dataset.get("BitsAllocated", 8)) // 8
        raise MedviewerError("pixel-data-truncated", place.path, expected=expected, found=Path(place.path).stat().st_size)
    raise MedviewerError("pixel-data-undecodable", place.path, reason=type(error).__name__, syntax=syntax) from error


@lru_cache(maxsize=1)
def register() -> None:
    """Add imagecodecs to pydicom's decoders: without it no permissive one reads 12-bit and lossless JPEG."""
    from pydicom.pixels.decoders import base

    from medviewer.io.image import codecs

    for decoder in (
        base.JPEGExtended12BitDecoder,
        base.JPEGLosslessDecoder,
        base.JPEGLosslessSV1Decoder,
        base.JPEGLSLosslessDecoder,
        base.JPEGLSNearLosslessDecoder,
        base.HTJ2KLosslessDecoder,
        base.HTJ2KLosslessRPCLDecoder,
        base.HTJ2KDecoder,
    ):
        if "imagecodecs" not in decoder.available_plugins and codecs.is_available(decoder.UID):
            decoder.add_plugin("imagecodecs", ("medviewer.io.image.codecs", "_decode_frame"))
