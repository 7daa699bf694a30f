"""Does each transfer syntax decode in this installation? Small images are encoded, written and read back (TF-09, PK-04)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from medviewer.core.errors import MedviewerError
from medviewer.io.scan import scan

Grey = NDArray[Any]
Encoder = Callable[[Grey], bytes | bytearray]

_ENCODERS: dict[uid.UID, tuple[int, int, Encoder]] = {
    uid.JPEGBaseline8Bit: (8, 4, lambda a: imagecodecs.jpeg8_encode(a, level=95)),
    uid.JPEGExtended12Bit: (12, 64, lambda a: imagecodecs.jpeg8_encode(a, level=95, bitspersample=12)),
    uid.JPEGLossless: (12, 0, lambda a: imagecodecs.jpeg8_encode(a, lossless=True, predictor=4, bitspersample=16)),
    uid.JPEGLosslessSV1: (12, 0, lambda a: imagecodecs.jpeg8_encode(a, lossless=True, predictor=1, bitspersample=16)),
    uid.JPEGLSLossless: (12, 0, lambda a: imagecodecs.jpegls_encode(a)),
    uid.JPEGLSNearLossless: (12, 2, lambda a: imagecodecs.jpegls_encode(a, level=2)),
    uid.JPEG2000Lossless: (12, 0, lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True)),
    uid.JPEG2000: (12, 64, lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=False, level=90)),
    uid.HTJ2KLossless: (12, 0, lambda a: imagecodecs.htj2k_encode(a)),
    uid.HTJ2KLosslessRPCL: (12, 0, lambda a: imagecodecs.htj2k_encode(a)),
    uid.HTJ2K: (12, 0, lambda a: imagecodecs.htj2k_encode(a)),
}
"""Syntax → (bits stored, largest error allowed, encoder)."""

_NATIVE = (
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
    uid.RLELossless,
)

SYNTAXES = (*_NATIVE, *_ENCODERS)


def check_syntax(syntax: uid.UID, workspace: Path) -> str:
    """Write, read and compare one 48×64 image in `syntax`; returns what was found, raises MedviewerError if it is wrong."""
    stored, allowed, encode = _ENCODERS.get(syntax, (12, 0, None))
    pixels = _pattern(stored)
    path = workspace / f"{syntax}.dcm"
    _write(path, pixels, syntax, stored, encode)
    batch = scan([path], workspace=workspace)
    if not batch.images:
        raise MedviewerError("syntax-not-decoded", str(path), syntax=syntax.name)
    read = batch.images[0].source.stored(0)
    error = int(np.abs(read.astype(int) - pixels.astype(int)).max()) if read.shape == pixels.shape else -1
    if not 0 <= error <= allowed:
        raise MedviewerError("syntax-not-decoded", str(path), syntax=syntax.name, error=error)
    return "exact" if error == 0 else f"largest error {error} of {2**stored - 1}"


def _pattern(bits: int) -> Grey:
    """A smooth picture that uses the whole range of `bits`."""
    y, x = np.mgrid[0:48, 0:64]
    wave = (np.sin(x / 9.0) + np.cos(y / 7.0) + 2) / 4
    pattern: Grey = np.rint(wave * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    return pattern


def _write(path: Path, pixels: Grey, syntax: uid.UID, stored: int, encode: Encoder | None) -> None:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = uid.SecondaryCaptureImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid(entropy_srcs=[syntax])
    ds.StudyInstanceUID, ds.SeriesInstanceUID = (uid.generate_uid(entropy_srcs=[syntax, part]) for part in ("study", "series"))
    ds.Modality = "OT"
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated = pixels.dtype.itemsize * 8
    ds.BitsStored, ds.HighBit = stored, stored - 1
    if encode is not None:
        ds.PixelData = encapsulate([bytes(encode(pixels))])
        ds["PixelData"].VR = "OB"
    elif syntax == uid.RLELossless:
        ds.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        ds.PixelData = pixels.tobytes()
        ds.compress(uid.RLELossless, generate_instance_uid=False)
    else:
        big = syntax == uid.ExplicitVRBigEndian
        ds.PixelData = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<")).tobytes()
        ds["PixelData"].VR = "OW"
    ds.save_as(path, enforce_file_format=True)
