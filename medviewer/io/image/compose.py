"""New DICOM files from numbers: the sample patients' CT and radiograph. Nothing here changes a file that exists."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    generate_uid,
)

from medviewer.io.detect import detect

Tags = Mapping[str, Any]
"""DICOM keyword → value, as PS3.6 spells it."""


def write_ct(
    folder: Path,
    hu: NDArray[np.int16],
    spacing: tuple[float, float, float],
    origin: tuple[float, float, float],
    tags: Tags,
    first: int = 0,
) -> list[Path]:
    """One file a slice: `hu` [slices, rows, columns] feet first, `spacing` (slice, row, column) and `origin` in LPS mm.

    `first` numbers the first slice, for a series written in parts.

    UIDs derive from StudyInstanceUID in `tags`, so writing twice gives the same files.
    """
    paths = []
    series = generate_uid(entropy_srcs=[str(tags["StudyInstanceUID"]), "ct"])
    for k, pixels in enumerate(hu, start=first):
        ds = _dataset(CTImageStorage, ExplicitVRLittleEndian, [series, str(k)], tags)
        ds.SeriesInstanceUID = series
        ds.FrameOfReferenceUID = generate_uid(entropy_srcs=[series, "frame"])
        ds.Modality, ds.InstanceNumber = "CT", k + 1
        ds.ImageType, ds.PatientPosition, ds.PositionReferenceIndicator = ["ORIGINAL", "PRIMARY", "AXIAL"], "HFS", ""
        ds.KVP, ds.AcquisitionNumber = None, 1
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient = [origin[0], origin[1], round(origin[2] + (k - first) * spacing[0], 4)]
        ds.PixelSpacing, ds.SliceThickness = [spacing[1], spacing[2]], spacing[0]
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1, -1024, "HU"
        ds.WindowCenter, ds.WindowWidth = [40, -600], [400, 1500]
        ds.WindowCenterWidthExplanation = ["soft tissue", "lung"]
        _describe_pixels(ds, pixels.shape, bits=16, stored=12)
        ds.PixelData = (pixels.astype(np.int32) + 1024).clip(0, 4095).astype(np.uint16).tobytes()
        paths.append(_save(ds, folder / f"ct-{k + 1:03d}.dcm"))
    return paths


def write_jpeg_radiograph(path: Path, jpeg: bytes, shape: tuple[int, int], tags: Tags) -> Path:
    """A CR file around an existing grey 8-bit baseline JPEG of `shape` (rows, columns); the JPEG's bytes are not touched."""
    ds = _dataset(ComputedRadiographyImageStorage, JPEGBaseline8Bit, [str(tags["StudyInstanceUID"]), "cr"], tags)
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=[str(tags["StudyInstanceUID"]), "cr series"])
    ds.Modality, ds.InstanceNumber = "CR", 1
    ds.LossyImageCompression, ds.LossyImageCompressionMethod = "01", "ISO_10918_1"
    ds.LossyImageCompressionRatio = round(shape[0] * shape[1] / len(jpeg), 1)
    _describe_pixels(ds, shape, bits=8, stored=8)
    ds.PixelData = encapsulate([jpeg])
    ds["PixelData"].VR = "OB"
    return _save(ds, path)


def write_radiograph(path: Path, pixels: NDArray[Any], tags: Tags, stored: int = 0) -> Path:
    """A CR file of uncompressed grey `pixels` [rows, columns], uint8 or uint16 with `stored` bits (default: all)."""
    ds = _dataset(ComputedRadiographyImageStorage, ExplicitVRLittleEndian, [str(tags["StudyInstanceUID"]), "cr"], tags)
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=[str(tags["StudyInstanceUID"]), "cr series"])
    ds.Modality, ds.InstanceNumber = "CR", 1
    bits = pixels.dtype.itemsize * 8
    _describe_pixels(ds, pixels.shape, bits=bits, stored=stored or bits)
    raw = pixels.tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) % 2)
    ds["PixelData"].VR = "OW" if bits > 8 else "OB"
    return _save(ds, path)


def compress(source: Path, target: Path, codec: str) -> None:
    """A copy of a folder's uncompressed grey DICOM files with their pixels as "jpeg-ls" or "jpeg-2000", both lossless."""
    from concurrent.futures import ThreadPoolExecutor

    import imagecodecs
    from pydicom import dcmread

    def one(path: Path) -> None:
        ds = dcmread(path)
        pixels = ds.pixel_array
        if codec == "jpeg-ls":
            syntax, stream = JPEGLSLossless, imagecodecs.jpegls_encode(pixels.view(pixels.dtype.str.replace("i", "u")))
        else:
            syntax, stream = JPEG2000Lossless, imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True, level=0)
        ds.file_meta.TransferSyntaxUID = syntax
        ds.PixelData = encapsulate([bytes(stream)])
        ds["PixelData"].VR = "OB"
        _save(ds, target / path.name)

    with ThreadPoolExecutor() as pool:
        list(pool.map(one, (path for path in sorted(source.iterdir()) if detect(path) == "dicom")))


def _dataset(sop_class: UID, syntax: UID, entropy: Sequence[str], tags: Tags) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=list(entropy))
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("AccessionNumber", "ReferringPhysicianName", "StudyID", "Manufacturer"):
        setattr(ds, keyword, "")  # type 2: they must stand there, also empty (PS3.3)
    ds.SeriesNumber = None
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    return ds


def _describe_pixels(ds: Dataset, shape: Sequence[int], bits: int, stored: int) -> None:
    ds.Rows, ds.Columns = shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, stored, stored - 1


def _save(ds: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    ds.save_as(part, enforce_file_format=True)
    part.replace(path)
    return path
