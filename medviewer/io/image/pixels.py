"""Stored values of frames on demand: native pixels by offset, compressed ones by pydicom's decoders with imagecodecs added."""

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError
from medviewer.core.image import Pixels
from medviewer.core.overlay import Overlay
from medviewer.io.image.layers import read_plane
from medviewer.io.image.streams import decode, read_stream, stream_pixels

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
    palette: bool = False
    size: int = 0
    """Bytes of the file when its header was read, 0 if unknown: a file that has changed since is not read with an old header."""
    stream: tuple[int, str, int] | None = None
    """Offset, transfer syntax and bits stored of the file's only frame where `streams` may decode it."""

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns


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

    def file_values(self, k: int) -> Pixels:
        """As `stored`, with a palette image's indices instead of its colours: what pydicom calls the pixel array."""
        place = self._places[k]
        return _indices(place) if place.palette else self.stored(k)

    def overlay(self, k: int, overlay: Overlay) -> NDArray[np.bool_]:
        """Overlay plane of displayed frame `k`, [rows, columns] of the image. Raises `overlay-invalid`."""
        return read_plane(self._places[k].path, self._places[k].index, overlay, self._places[k].shape)

    def volume(self) -> Pixels:
        first = self._places[0]
        uniform = all(p.native and p.native[1] == first.native[1] for p in self._places) if first.native else False
        if not (uniform and first.native):
            return self._decoded()
        if len({(p.rows, p.columns) for p in self._places}) > 1:
            raise MedviewerError("volume-shapes-differ", first.path)
        volume = np.empty((len(self._places), first.rows, first.columns), first.native[1])
        for k, place in enumerate(self._places):
            _read_into(place, volume[k])
        return volume

    def _decoded(self) -> Pixels:
        """The volume of compressed frames: by all cores where each file has one frame, so that no file is parsed twice."""
        first = self.stored(0)
        alone = all(place.stream is not None for place in self._places)
        volume = np.empty((len(self._places), *first.shape), first.dtype)

        def fill(k: int) -> Pixels | None:
            with self._lock:
                kept = self._cache.get(k)
            pixels: Pixels = read_frame(self._places[k]) if kept is None else kept
            if pixels.shape != first.shape:
                raise MedviewerError("volume-shapes-differ", self._places[k].path)
            if pixels.dtype != first.dtype:
                return pixels
            volume[k] = pixels
            return None

        with ThreadPoolExecutor(os.cpu_count() or 1 if alone else 1) as pool:
            others = list(pool.map(fill, range(len(self._places))))
        if all(other is None for other in others):
            return volume
        return np.stack([volume[k] if other is None else other for k, other in enumerate(others)])


def read_frame(place: Stored) -> Pixels:
    """[rows, columns] or [rows, columns, 3]. Raises MedviewerError naming the file."""
    if place.native is not None:
        pixels = np.empty((place.rows, place.columns), place.native[1])
        _read_into(place, pixels)
        return pixels
    short = _from_stream(place)
    return _decode(place) if short is None else short


def _from_stream(place: Stored) -> Pixels | None:
    """The frame by the short way; None where pydicom must look."""
    if place.stream is None:
        return None
    try:
        data = Path(place.path).read_bytes()
    except OSError as error:
        raise MedviewerError("unreadable", place.path, reason=error.strerror or "") from error
    _check_unchanged(place, len(data))
    stream = read_stream(data, place.stream[0])
    return None if stream is None else decode(stream, place.stream[1], place.shape, place.stream[2] if place.signed else 0)


def _read_into(place: Stored, target: Pixels) -> None:
    assert place.native
    wanted = target.nbytes
    try:
        with open(place.path, "rb", buffering=0) as file:  # noqa: PTH123 - one plain read a slice
            _check_unchanged(place, os.fstat(file.fileno()).st_size)
            file.seek(place.native[0] + place.index * wanted)
            got = file.readinto(target.data.cast("B"))
    except OSError as error:
        raise MedviewerError("unreadable", place.path, reason=error.strerror or "") from error
    if got < wanted:
        raise MedviewerError("pixel-data-truncated", place.path, expected=wanted, found=int(got or 0))
    if place.mask_bits:
        _mask(target, place.mask_bits, place.signed)


def _check_unchanged(place: Stored, size: int) -> None:
    if place.size and size != place.size:
        raise MedviewerError("file-changed", place.path)


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
    return _array(_dataset(path))


def _dataset(path: str) -> Any:
    import pydicom

    dataset = pydicom.dcmread(path, force=True)
    if not any(keyword in dataset for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise MedviewerError("pixel-data-missing", path)
    if not getattr(dataset, "file_meta", None) or "TransferSyntaxUID" not in dataset.file_meta:
        _supply_meta(dataset)
    if "PixelRepresentation" not in dataset:
        dataset.PixelRepresentation = 0  # type 1, but left out by some writers of unsigned images
    return dataset


def _array(dataset: Any) -> Pixels:
    if dataset.get("BitsAllocated") == 1 and dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.5":
        return _one_bit_rle(dataset)
    _check_streams(dataset)
    try:
        pixels: Pixels = dataset.pixel_array
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # a decoder written in Rust gave up; its panic is no Exception
            raise ValueError("the decoder gave up") from error
        raise
    return pixels


def _check_streams(dataset: Any) -> None:
    """Refuse a code stream that claims far more pixels than the header: decoders allocate what it says.

    Raises `stream-too-large`.
    """
    from pydicom.encaps import generate_frames

    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated or syntax == "1.2.840.10008.1.2.5" or "PixelData" not in dataset:
        return
    stated = int(dataset.Rows) * int(dataset.Columns)
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    for stream in generate_frames(dataset.PixelData, number_of_frames=count):
        claimed = stream_pixels(stream)
        if claimed > 4 * stated + 65536:
            raise MedviewerError("stream-too-large", str(dataset.filename), claimed=claimed, stated=stated)


def _one_bit_rle(dataset: Any) -> Pixels:
    """One-bit frames in RLE, which pydicom 3.0 refuses: each frame is one segment of packed bits (PS3.5 8.1.1, G.3)."""
    from pydicom.encaps import generate_frames
    from pydicom.pixels.decoders.rle import _rle_decode_segment

    count = int(dataset.get("NumberOfFrames", 1) or 1)
    size = dataset.Rows * dataset.Columns
    planes = []
    for frame in generate_frames(dataset.PixelData, number_of_frames=count):
        start = int.from_bytes(frame[4:8], "little")
        packed = np.frombuffer(bytes(_rle_decode_segment(frame[start:])), np.uint8)
        planes.append(np.unpackbits(packed, bitorder="little")[:size].reshape(dataset.Rows, dataset.Columns))
    return np.stack(planes) if count > 1 else planes[0]


def _indices(place: Stored) -> Pixels:
    """The file's own values of one frame. Raises MedviewerError."""
    register()
    try:
        _check_unchanged(place, Path(place.path).stat().st_size)
        dataset = _dataset(place.path)
        if int(dataset.get("NumberOfFrames", 1) or 1) > 1:
            pixels = _whole_file(place.path, Path(place.path).stat().st_mtime_ns)
            one: Pixels = pixels[place.index]
            return one
        return _array(dataset)
    except MedviewerError:
        raise
    except OSError as error:
        raise MedviewerError("unreadable", place.path, reason=error.strerror or "") from error
    except BaseException as error:
        # Decoders raise many kinds; one written in Rust panics with a class that is no Exception.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            _refuse(place, error)
        raise


def _decode(place: Stored) -> Pixels:
    pixels = _indices(place)
    if place.palette:
        pixels = _coloured(place, pixels)
    if pixels.ndim == 3 and pixels.shape[-1] == 4:
        pixels = pixels[..., :3]
    return np.ascontiguousarray(pixels)


def _coloured(place: Stored, pixels: Pixels) -> Pixels:
    """Indices → RGB by the file's palette, 8 bits a colour (PS3.3 C.7.9). Raises `palette-invalid`."""
    import pydicom
    from pydicom.pixels.processing import apply_color_lut

    try:
        dataset = pydicom.dcmread(place.path, force=True, stop_before_pixels=True)
        colours = apply_color_lut(pixels, dataset)
    except Exception as error:  # a damaged palette raises many kinds
        raise MedviewerError("palette-invalid", place.path, reason=type(error).__name__) from error
    return colours


def _supply_meta(dataset: Any) -> None:
    from pydicom.dataset import FileMetaDataset

    dataset.file_meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    implicit, little = dataset.original_encoding
    explicit = "1.2.840.10008.1.2.1" if little is not False else "1.2.840.10008.1.2.2"
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2" if implicit else explicit


def _refuse(place: Stored, error: BaseException) -> NoReturn:
    """The reason why the pixels cannot be had, as an error of ours."""
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
    ):
        if "imagecodecs" not in decoder.available_plugins and codecs.is_available(decoder.UID):
            decoder.add_plugin("imagecodecs", ("medviewer.io.image.codecs", "_decode_frame"))
