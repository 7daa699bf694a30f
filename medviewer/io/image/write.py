"""Series → files of other programs. Each file appears whole or not at all."""

import contextlib
import errno
import hashlib
import io
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError
from medviewer.core.image import ImageSeries

NOTICE = "medviewer: research use only - not for diagnosis"

IDENTITY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientBirthTime", "PatientAddress", "PatientTelephoneNumbers",
    "OtherPatientIDs", "OtherPatientNames", "OtherPatientIDsSequence", "PatientMotherBirthName", "EthnicGroup", "PatientComments",
    "AccessionNumber", "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "ReferringPhysicianName",
    "ReferringPhysicianAddress", "ReferringPhysicianTelephoneNumbers", "PhysiciansOfRecord", "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy", "OperatorsName", "RequestingPhysician", "StationName", "DeviceSerialNumber", "StudyID",
    "StudyDescription", "SeriesDescription", "ImageComments", "AdmissionID", "CurrentPatientLocation", "ProtocolName",
    "RequestAttributesSequence", "ReferencedStudySequence", "ReferencedPatientSequence", "ReferencedImageSequence",
    "SourceImageSequence", "PerformedProcedureStepID", "PerformedProcedureStepDescription", "RequestedProcedureDescription",
)  # fmt: skip
"""Removed by --deidentify, with every date, time, private and curve element (PS3.15 Annex E, basic profile, the image kinds)."""


def whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a part file beside `path`, then move it there. Raises `output-unwritable`."""
    part = path.with_name(f".{os.getpid()}.part.{path.name}")
    try:
        write(part)
        part.replace(path)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise MedviewerError("output-unwritable", str(path), reason=reason) from error
    finally:
        part.unlink(missing_ok=True)


def write_npy(series: ImageSeries, path: Path, *, stored: bool) -> None:
    """[slices, rows, columns(, 3)]: stored values in the file's own type, else modality values (int32 where exact)."""
    frames = [series.source.stored(k) if stored else series.modality_values(k) for k in range(len(series.frames))]
    array = np.stack(frames)
    if array.ndim == 4 and not stored:
        array = array.astype(np.int32)

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.save(file, array)

    whole(path, write)


def write_nifti(series: ImageSeries, path: Path) -> None:
    """As NIfTI, RAS by SimpleITK. Raises `volume-irregular`."""
    _write_volume(series, path)


def write_nrrd(series: ImageSeries, path: Path) -> None:
    """As NRRD, LPS. Raises `volume-irregular`."""
    _write_volume(series, path)


def _write_volume(series: ImageSeries, path: Path) -> None:
    """Modality values with their geometry, by SimpleITK. Raises `volume-irregular` where the grid is no volume."""
    import SimpleITK as sitk

    geometry = series.geometry
    if geometry is not None and not geometry.regular:
        raise MedviewerError("volume-irregular", series.frames[0].path)
    values = np.stack([series.modality_values(k) for k in range(len(series.frames))])
    image = sitk.GetImageFromArray(values, isVector=values.ndim == 4)
    if geometry is not None:
        row, column, between = geometry.spacing
        image.SetSpacing((column, row, between or 1.0))
        if geometry.origin and geometry.direction:
            image.SetOrigin(geometry.origin)
            image.SetDirection(geometry.direction)

    def write(part: Path) -> None:
        sitk.WriteImage(image, str(part), useCompression=True)
        # Its NIfTI writer says nothing where the disk is full: what was written is read back.
        again = sitk.GetArrayFromImage(sitk.ReadImage(str(part)))
        # A single colour image comes back without its slice axis.
        if again.size != values.size or not np.array_equal(again.reshape(values.shape), values):
            raise OSError(errno.EIO, "what was written does not read back")

    whole(path, write)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """The file of [rows, columns] grey or [rows, columns, 3] RGB."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_text("Comment", NOTICE)
    memory = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(memory, format="PNG", pnginfo=about)
    return memory.getvalue()


def write_png(pixels: NDArray[np.uint8], path: Path) -> None:
    """[rows, columns] grey or [rows, columns, 3] RGB."""
    raw = png(pixels)
    whole(path, lambda part: part.write_bytes(raw))


def write_dicom(series: ImageSeries, folder: Path, *, deidentify: bool) -> None:
    """Copies of the series' files in displayed order; the pixels' bytes stay as they are, the sources are not touched.

    Raises `format-not-available` for pictures that were no DICOM and files that lack what DICOM demands, `output-differs` where
    a copy does not read back.
    """
    if not series.has_identity:
        raise MedviewerError("format-not-available", series.frames[0].path, format="DICOM")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MedviewerError("output-unwritable", str(folder), reason=error.strerror or "") from error
    copies: list[Path] = []
    try:
        for k, source in enumerate(dict.fromkeys(frame.path for frame in series.frames)):
            copies.append(folder / f"{k + 1:04d}.dcm")
            _write_copy(source, copies[-1], deidentify)
    except MedviewerError:
        for copy in copies:
            copy.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: from an earlier export
            folder.rmdir()
        raise


def _write_copy(source: str, target: Path, deidentify: bool) -> None:
    import pydicom

    dataset = pydicom.dcmread(source, force=True)
    if deidentify:
        _remove_identity(dataset)
    try:
        whole(target, lambda part: dataset.save_as(part, enforce_file_format=True))
    except (AttributeError, KeyError, TypeError, ValueError, struct.error) as error:
        # Elements that a file must have are missing, or hold what their VR does not allow.
        raise MedviewerError("format-not-available", source, format="DICOM") from error
    again, pixels = pydicom.dcmread(target).get("PixelData"), dataset.get("PixelData")
    if again != pixels and again != (pixels or b"") + b"\0":  # an odd length is padded (PS3.5 7.1.1)
        raise MedviewerError("output-differs", str(target))


def new_uid(uid: str) -> str:
    """The UID that stands for this one in a de-identified copy: the same for the same, so that references stay whole."""
    from pydicom.uid import generate_uid

    return str(generate_uid(entropy_srcs=["medviewer", uid]))


def is_uid(text: str) -> bool:
    """Digits and dots, as in PS3.5 9.1."""
    return "." in text and text.replace(".", "").isdigit()


def new_name(item: str) -> str:
    """The name of a de-identified copy: the new UID where the item's id is a UID ("-2" of split series kept), else a hash."""
    uid, dash, number = item.partition("-")
    if is_uid(uid):
        return f"{new_uid(uid)}{dash}{number}"
    return hashlib.sha256(f"medviewer {item}".encode()).hexdigest()[:16]


def _remove_identity(dataset: Any) -> None:
    dataset.remove_private_tags()

    def clean(ds: Any, element: Any) -> None:
        if element.tag.group in range(0x5000, 0x5100) or element.keyword in IDENTITY or element.VR in ("PN", "DA", "TM", "DT"):
            del ds[element.tag]
        elif (element.VR == "UI" and element.keyword.endswith("InstanceUID")) or element.keyword == "FrameOfReferenceUID":
            element.value = new_uid(str(element.value))

    dataset.walk(clean)
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Anonymous", "", ""
    for keyword in ("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID"):
        setattr(dataset, keyword, "")  # type 2: they must stand there, also empty (PS3.3)
    if "SharedFunctionalGroupsSequence" in dataset:  # of these objects type 1, so with dummies (PS3.15 E.1)
        dataset.ContentDate, dataset.ContentTime = "19000101", "000000"
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", "medviewer basic profile"
    meta, instance = getattr(dataset, "file_meta", None), dataset.get("SOPInstanceUID")
    if meta is not None and instance:
        meta.MediaStorageSOPInstanceUID = instance
