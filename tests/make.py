"""Synthetic files for tests: small DICOM series with known numbers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
CR = "1.2.840.10008.5.1.4.1.1.1"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
CLASSES = {"CT": CT, "MR": MR, "CR": CR, "DX": DX}


def make_image(pixels: NDArray[Any], *, modality: str = "CT", tags: Mapping[str, Any] | None = None) -> Dataset:
    """A data set of one grey image, [rows, columns] of int16, uint16 or uint8; `tags` by keyword override (None deletes)."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = CLASSES[modality]
    ds.SOPInstanceUID = generate_uid()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Test^Person", "T-1", "19700101", "O"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.1", "1.2.3.1.1"
    ds.StudyDate, ds.StudyTime, ds.Modality = "20260102", "101112", modality
    ds.SeriesDescription, ds.StudyDescription = "made for a test", "test"
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.tobytes() + (b"\0" if pixels.nbytes % 2 else b"")
    for keyword, value in (tags or {}).items():
        if value is None:
            if keyword in ds:
                delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def save(ds: Dataset, path: Path) -> Path:
    """Write with preamble and file meta."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def make_series(
    folder: Path,
    slices: int = 5,
    *,
    shape: tuple[int, int] = (16, 12),
    spacing: tuple[float, float, float] = (0.5, 0.8, 2.5),
    modality: str = "CT",
    pixels: Callable[[int], NDArray[Any]] | None = None,
    tags: Callable[[int], Mapping[str, Any]] | None = None,
) -> list[Path]:
    """An axial series of `slices` files, z rising with k; spacing (row, column, slice) in mm; pixel values k·100 + ramp."""
    paths = []
    frame_uid = "1.2.3.9"
    for k in range(slices):
        ramp = np.arange(shape[0] * shape[1], dtype=np.int16).reshape(shape) % 97
        array = pixels(k) if pixels else (ramp + 100 * k).astype(np.int16)
        base: dict[str, Any] = {
            "InstanceNumber": k + 1,
            "ImagePositionPatient": [-10.0, -20.0, -100.0 + k * spacing[2]],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [spacing[0], spacing[1]],
            "SliceThickness": 5.0,
            "FrameOfReferenceUID": frame_uid,
            "RescaleSlope": 1,
            "RescaleIntercept": -1024 if modality == "CT" else 0,
        }
        base.update(tags(k) if tags else {})
        paths.append(save(make_image(array, modality=modality, tags=base), folder / f"{k:04d}.dcm"))
    return paths
