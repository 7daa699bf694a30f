"""Headers → series in displayed order, with the geometry their positions state.

Series are parted by named rules: identity, matrix size, pixel kind, orientation, multi-frame file, repeated positions.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Any

import numpy as np

from medviewer.core import geometry as geo
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.geometry import Geometry, Vector
from medviewer.core.grey import Function, ModalityTransform, VoiTransform, usable
from medviewer.core.identity import Patient, Study
from medviewer.core.image import Frame, ImageSeries
from medviewer.io.dicom import EXPLICIT, IMPLICIT, Header, iso_date, iso_time
from medviewer.io.image.pixels import LARGEST_FRAME, FileSource, Stored

PROJECTION = {"CR", "DX", "MG", "RF", "XA", "IO", "PX", "RG"}
LOSSY_SYNTAXES = {
    "1.2.840.10008.1.2.4.50": "JPEG", "1.2.840.10008.1.2.4.51": "JPEG", "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.91": "JPEG 2000", "1.2.840.10008.1.2.4.203": "HTJ2K",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Image:
    """One file's frames before they are put in order: the header, its frames, where their pixels are, its orientation."""

    header: Header
    frames: tuple[Frame, ...]
    places: tuple[Stored, ...]
    orientation: tuple[float, ...]
    key: tuple[Any, ...]


def image_of(header: Header) -> Image:
    """Check a header and describe its frames. Raises `not-an-image`, `header-incomplete`, `image-too-large`,
    `pixel-data-missing`, `pixel-data-truncated`: what is known without reading pixels."""
    rows, columns = header.whole("Rows"), header.whole("Columns")
    if rows <= 0 or columns <= 0:
        kind = header.text("Modality") or header.text("SOPClassUID")
        if "BitsAllocated" in header.values or header.pixel_offset >= 0:
            raise MedviewerError("header-incomplete", header.path)
        raise MedviewerError("not-an-image", header.path, kind=kind or "–")
    if header.dataset is None and header.pixel_offset < 0:
        raise MedviewerError("pixel-data-missing", header.path)
    samples, allocated = header.whole("SamplesPerPixel", 1), header.whole("BitsAllocated", 16)
    count = max(1, header.whole("NumberOfFrames", 1))
    wanted = rows * columns * samples * max(allocated, 1) // 8
    if wanted > LARGEST_FRAME or (wanted > 1 << 27 and wanted > header.size * 200):
        raise MedviewerError("image-too-large", header.path, rows=rows, columns=columns, found=header.size)
    _check_length(header, wanted * count)
    if header.dataset is not None:
        _check_present(header)
    per_frame = _functional(header) if header.dataset is not None and count > 1 else [{}] * count
    orientation = _orientation(header, per_frame[0])
    native = _native(header, samples, allocated)
    stored, high = header.whole("BitsStored", allocated), header.whole("HighBit", header.whole("BitsStored", allocated) - 1)
    signed = header.whole("PixelRepresentation") == 1
    mask = stored if native and stored < allocated and high == stored - 1 else 0
    frames = tuple(_frame(header, rows, columns, samples, stored, signed, i, per_frame[i]) for i in range(count))
    places = tuple(Stored(header.path, i, rows, columns, native, mask, signed) for i in range(count))
    rounded = tuple(round(v, 3) + 0.0 for v in orientation)
    frame = frames[0]
    who = (header.text("PatientID"), header.text("PatientName"), header.text("PatientBirthDate"))
    alone = header.text("SOPInstanceUID") if count > 1 else ""
    kind = (samples, allocated, signed, frame.photometric)
    series = header.text("SeriesInstanceUID") or header.text("StudyInstanceUID") or header.path
    key = (series, who, header.text("Modality"), rows, columns, kind, rounded, alone)
    return Image(header, frames, places, orientation, key)


def _check_length(header: Header, wanted: int) -> None:
    if header.dataset is not None or header.pixel_length is None:
        return
    there = min(header.pixel_length, header.size - header.pixel_offset)
    if header.syntax in (IMPLICIT, EXPLICIT) and there < wanted:
        raise MedviewerError("pixel-data-truncated", header.path, expected=wanted, found=max(there, 0))


def _check_present(header: Header) -> None:
    """pydicom stopped before the pixels: are there any, and enough? Looks at the tail of the element list only."""
    import pydicom

    with pydicom.config.disable_value_validation():
        try:
            full = pydicom.dcmread(header.path, force=True, defer_size=1024)
        except Exception as error:  # pydicom raises many kinds on damaged files
            raise MedviewerError("dicom-damaged", header.path, reason=type(error).__name__) from error
    if not any(word in full for word in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise MedviewerError("pixel-data-missing", header.path)


def _native(header: Header, samples: int, allocated: int) -> tuple[int, str] | None:
    if header.dataset is not None or header.pixel_length is None or samples != 1 or allocated not in (8, 16, 32):
        return None
    if header.syntax not in (IMPLICIT, EXPLICIT) or header.text("PhotometricInterpretation") == "PALETTE COLOR":
        return None
    return header.pixel_offset, f"<{'i' if header.whole('PixelRepresentation') else 'u'}{allocated // 8}"


def _functional(header: Header) -> list[dict[str, tuple[float, ...]]]:
    """Position, orientation, spacing, rescale and window of each frame of an enhanced object (GE-03, PX-10)."""
    ds = header.dataset
    wanted = {
        "ImagePositionPatient": ("PlanePositionSequence", "ImagePositionPatient"),
        "ImageOrientationPatient": ("PlaneOrientationSequence", "ImageOrientationPatient"),
        "PixelSpacing": ("PixelMeasuresSequence", "PixelSpacing"),
        "RescaleSlope": ("PixelValueTransformationSequence", "RescaleSlope"),
        "RescaleIntercept": ("PixelValueTransformationSequence", "RescaleIntercept"),
        "WindowCenter": ("FrameVOILUTSequence", "WindowCenter"),
        "WindowWidth": ("FrameVOILUTSequence", "WindowWidth"),
    }
    shared = (ds.get("SharedFunctionalGroupsSequence") or [None])[0]
    groups = list(ds.get("PerFrameFunctionalGroupsSequence") or [])
    frames = []
    for i in range(max(1, header.whole("NumberOfFrames", 1))):
        found: dict[str, tuple[float, ...]] = {}
        for place in (shared, groups[i] if i < len(groups) else None):
            for name, (sequence, keyword) in wanted.items():
                item = (place.get(sequence) or [None])[0] if place is not None else None
                value = item.get(keyword) if item is not None else None
                if value not in (None, ""):
                    many = value if isinstance(value, Sequence) or hasattr(value, "__iter__") else [value]
                    found[name] = tuple(float(v) for v in many)
        frames.append(found)
    return frames


def _orientation(header: Header, own: dict[str, tuple[float, ...]]) -> tuple[float, ...]:
    """Six unit cosines, or () where there are none, or nonsense (TF-08)."""
    values = own.get("ImageOrientationPatient") or header.floats("ImageOrientationPatient")
    if len(values) != 6:
        return ()
    row, column = np.array(values[:3]), np.array(values[3:])
    if abs(np.linalg.norm(row) - 1) > 0.05 or abs(np.linalg.norm(column) - 1) > 0.05 or abs(row @ column) > 0.05:
        return ()
    return tuple(float(v) for v in values)


def _frame(
    header: Header, rows: int, columns: int, samples: int, stored: int, signed: bool, index: int, own: dict[str, Any]
) -> Frame:
    position = own.get("ImagePositionPatient") or header.floats("ImagePositionPatient")
    number = header.number("InstanceNumber")
    aspect = header.floats("PixelAspectRatio")
    photometric = header.text("PhotometricInterpretation") or ("RGB" if samples == 3 else "MONOCHROME2")
    return Frame(
        path=header.path,
        index=index,
        rows=rows,
        columns=columns,
        samples=3 if photometric == "PALETTE COLOR" else samples,
        bits_stored=stored,
        signed=signed,
        photometric=photometric,
        transfer_syntax=header.syntax,
        modality_transform=_modality(header, own, signed),
        windows=_windows(header, own),
        padding=_padding(header, signed, samples),
        sop_uid=header.text("SOPInstanceUID"),
        number=None if number is None else int(number),
        position=(position[0], position[1], position[2]) if len(position) == 3 else None,
        aspect=aspect[0] / aspect[1] if len(aspect) == 2 and min(aspect) > 0 else 1.0,
    )


@lru_cache(maxsize=256)
def _rescale(slope: float, intercept: float, unit: str) -> ModalityTransform:
    return ModalityTransform(slope, intercept, unit)


def _modality(header: Header, own: dict[str, Any], signed: bool) -> ModalityTransform:
    table = (header.dataset.get("ModalityLUTSequence") or [None])[0] if header.dataset is not None else None
    if table is not None and "LUTDescriptor" in table and "LUTData" in table:
        first, _, lut = _table(table, signed)
        return ModalityTransform(unit=str(table.get("ModalityLUTType", "")), lut=lut, lut_first=first)
    slope = own.get("RescaleSlope", (header.number("RescaleSlope", 1.0),))[0] or 1.0
    intercept = own.get("RescaleIntercept", (header.number("RescaleIntercept", 0.0),))[0] or 0.0
    unit = header.text("RescaleType")
    if unit in ("", "US") and header.text("Modality") == "CT" and "LOCALIZER" not in header.values.get("ImageType", ()):
        unit = "HU"
    return _rescale(float(slope), float(intercept), unit)


def _table(item: Any, signed: bool) -> tuple[int, int, tuple[int, ...]]:
    """First input, bits of the entries, entries of a LUT item (PS3.3 C.11.1.1.1)."""
    descriptor = [int(v) for v in item["LUTDescriptor"].value]
    count, first, bits = descriptor[0] or 65536, descriptor[1], descriptor[2] or 16
    if signed and first > 32767:
        first -= 65536
    data = item["LUTData"].value
    if isinstance(data, bytes):
        wide = len(data) >= 2 * count
        data = np.frombuffer(data, "<u2" if wide else "u1")[:count]
    entries = tuple(int(v) & 0xFFFF for v in data)[:count]
    return first, bits, entries


def _windows(header: Header, own: dict[str, Any]) -> tuple[VoiTransform, ...]:
    """The file's windows, then its tables; unusable ones are left out and noted."""
    centres = own.get("WindowCenter") or header.floats("WindowCenter")
    widths = own.get("WindowWidth") or header.floats("WindowWidth")
    names = tuple(str(v) for v in header.values.get("WindowCenterWidthExplanation", ()))
    stated = header.text("VOILUTFunction").upper().replace(" ", "_")
    function: Function = stated if stated in ("LINEAR_EXACT", "SIGMOID") else "LINEAR"  # type: ignore[assignment]
    found = list(_stated_windows(tuple(centres), tuple(widths), names, function))
    if header.dataset is not None:
        for item in header.dataset.get("VOILUTSequence") or ():
            try:
                signed = header.whole("PixelRepresentation") == 1
                first, bits, lut = _table(item, signed)
                found.append(
                    VoiTransform("LUT", explanation=str(item.get("LUTExplanation", "")), lut=lut, lut_first=first, lut_bits=bits)
                )
            except (KeyError, ValueError, TypeError, IndexError):
                header.notes += ("window-invalid",)
    good = tuple(voi for voi in found if usable(voi))
    if len(good) < len(found):
        header.notes += ("window-invalid",)
    return good


@lru_cache(maxsize=256)
def _stated_windows(
    centres: tuple[float, ...], widths: tuple[float, ...], names: tuple[str, ...], function: Function
) -> tuple[VoiTransform, ...]:
    return tuple(
        VoiTransform(function, c, w, names[i] if i < len(names) else "")
        for i, (c, w) in enumerate(zip(centres, widths, strict=False))
    )


def _padding(header: Header, signed: bool, samples: int) -> tuple[int, int] | None:
    if samples != 1 or not header.values.get("PixelPaddingValue"):
        return None
    ends = [int(header.values[name][0]) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit") if header.values.get(name)]
    ends = [end - 65536 if signed and end > 32767 else end for end in ends]
    return min(ends), max(ends)


def group(images: Iterable[Image], complete: bool = True) -> list[ImageSeries]:
    """All series of these images, ids stable in the order the images came."""
    groups: dict[tuple[Any, ...], list[Image]] = defaultdict(list)
    for image in images:
        groups[image.key].append(image)
    parts: list[tuple[str, list[Image], str | None]] = []
    keys: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for key, members in groups.items():
        reason = _reason(keys[key[0]], key)
        keys[key[0]].append(key)
        for n, phase in enumerate(_phases(members)):
            parts.append((key[0], phase, "repeated-positions" if n else reason))
    taken: dict[str, int] = defaultdict(int)
    found = []
    for uid, members, reason in parts:
        taken[uid] += 1
        item = uid if taken[uid] == 1 else f"{uid}-{taken[uid]}"
        found.append(_series(item, members, reason, complete))
    return found


def _reason(before: list[tuple[Any, ...]], key: tuple[Any, ...]) -> str | None:
    """Which rule parted this group from the first one of its series."""
    if not before:
        return None
    names = ("", "identity", "modality", "matrix-size", "matrix-size", "pixel-kind", "orientation", "multi-frame")
    first = before[0]
    return next((name for name, a, b in zip(names, first, key, strict=True) if a != b), "orientation")


def _phases(images: list[Image]) -> list[list[Image]]:
    """Split images that repeat positions into phases, each with one image a position (GE-11)."""
    if len(images) < 2 or any(len(i.frames) > 1 or i.frames[0].position is None or not i.orientation for i in images):
        return [images]
    normal = np.array(geo.normal_of(images[0].orientation[:3], images[0].orientation[3:]))  # type: ignore[arg-type]
    places: dict[int, list[Image]] = defaultdict(list)
    for image in images:
        places[round(float(normal @ np.array(image.frames[0].position)) / geo.POSITION_TOLERANCE_MM)].append(image)
    deepest = max(len(at) for at in places.values())
    if deepest == 1 or len(places) == 1:
        return [images]
    keys = ("TemporalPositionIdentifier", "AcquisitionNumber", "EchoNumbers", "InstanceNumber")
    phases: list[list[Image]] = [[] for _ in range(deepest)]
    for at in places.values():
        ordered = sorted(at, key=lambda image: tuple(image.header.number(k) or 0.0 for k in keys))
        for n, image in enumerate(ordered):
            phases[n].append(image)
    return phases


def _series(item: str, images: list[Image], reason: str | None, complete: bool) -> ImageSeries:
    header = images[0].header
    pairs = [(frame, place) for image in images for frame, place in zip(image.frames, image.places, strict=True)]
    orientation = images[0].orientation
    normal = geo.normal_of(orientation[:3], orientation[3:]) if orientation else None  # type: ignore[arg-type]
    if normal is not None and all(frame.position is not None for frame, _ in pairs):
        along = np.array(normal)
        pairs.sort(key=lambda pair: float(along @ np.array(pair[0].position)))
    else:
        normal = None
        pairs.sort(key=lambda pair: (pair[0].number is None, pair[0].number or 0, PurePath(pair[0].path).name, pair[0].index))
    frames = tuple(frame for frame, _ in pairs)
    warnings: list[Notice] = [Notice(code, header.path) for code in dict.fromkeys(n for i in images for n in i.header.notes)]
    geometry = _geometry(images, frames, orientation, normal, warnings)
    if geometry is None:
        warnings.append(Notice("geometry-missing", header.path))
    if reason == "identity":
        warnings.append(Notice("identity-differs", header.path))
    return ImageSeries(
        item=item,
        patient=Patient(
            header.text("PatientID"),
            header.text("PatientName"),
            iso_date(header.text("PatientBirthDate")),
            header.text("PatientSex"),
        ),
        study=Study(
            header.text("StudyInstanceUID"),
            iso_date(header.text("StudyDate")),
            iso_time(header.text("StudyTime")),
            header.text("StudyDescription"),
            header.text("AccessionNumber"),
        ),
        series_uid=header.text("SeriesInstanceUID"),
        modality=header.text("Modality"),
        frames=frames,
        source=FileSource([place for _, place in pairs]),
        geometry=geometry,
        number=None if header.number("SeriesNumber") is None else header.whole("SeriesNumber"),
        description=header.text("SeriesDescription"),
        body_part=header.text("BodyPartExamined").upper(),
        view=_view(header),
        laterality=(header.text("ImageLaterality") or header.text("Laterality")).upper(),
        age_years=_age(header),
        split_reason=reason,
        warnings=tuple(warnings),
        lossy=_lossy(header),
        complete=complete,
    )


def _geometry(
    images: list[Image], frames: tuple[Frame, ...], orientation: tuple[float, ...], normal: Vector | None, warnings: list[Notice]
) -> Geometry | None:
    header, first = images[0].header, frames[0]
    spacing, source = _in_plane(header, images[0])
    if spacing is None:
        return None
    shape = (len(frames), first.rows, first.columns)
    if normal is None or first.position is None:
        between = header.number("SpacingBetweenSlices")
        deep = between if between and between > 0 and len(frames) > 1 else None
        return Geometry(shape, (*spacing, deep), source, frame_of_reference=header.text("FrameOfReferenceUID"))
    row: Vector = (orientation[0], orientation[1], orientation[2])
    column: Vector = (orientation[3], orientation[4], orientation[5])
    along = np.array(normal)
    places = np.array([frame.position for frame in frames], float)
    offsets = (places - places[0]) @ along
    deep, regular, tilt = None, True, 0.0
    if len(frames) > 1:
        steps = np.diff(offsets)
        deep = float(np.median(steps))
        worst = int(np.argmax(np.abs(steps - deep)))
        if deep <= geo.POSITION_TOLERANCE_MM or abs(steps[worst] - deep) > max(geo.SPACING_TOLERANCE * deep, 0.02):
            regular = False
            warnings.append(
                Notice(
                    "spacing-irregular",
                    frames[worst].path,
                    {
                        "expected": round(deep, 3),
                        "found": round(float(steps[worst]), 3),
                        "before": PurePath(frames[worst].path).name,
                        "after": PurePath(frames[worst + 1].path).name,
                    },
                )
            )
        sideways = places[-1] - places[0] - along * offsets[-1]
        if offsets[-1] > 0:
            tilt = float(np.degrees(np.arctan2(np.linalg.norm(sideways), offsets[-1])))
        if tilt > 0.5:
            regular = False
            warnings.append(Notice("gantry-tilt", first.path, {"degrees": round(tilt, 1)}))
        if source == "pixel-spacing":
            source = "positions"
    return Geometry(
        shape,
        (*spacing, deep),
        source,
        first.position,
        row,
        column,
        normal,
        header.text("FrameOfReferenceUID"),
        regular,
        tuple(float(o) for o in offsets),
        tilt if tilt > 0.5 else 0.0,
    )


def _in_plane(header: Header, image: Image) -> tuple[tuple[float, float] | None, str]:
    """(row, column) spacing in mm and where it came from (GE-12, GE-13, GE-14)."""

    def pair(keyword: str) -> tuple[float, float] | None:
        values = header.floats(keyword)
        return (values[0], values[1]) if len(values) >= 2 and min(values[:2]) > 0 else None

    own = (
        _functional(header)[0].get("PixelSpacing")
        if header.dataset is not None and header.whole("NumberOfFrames", 1) > 1
        else None
    )
    pixel = (own[0], own[1]) if own and len(own) == 2 else pair("PixelSpacing")
    imager = pair("ImagerPixelSpacing")
    if header.text("Modality") in PROJECTION:
        if pixel and imager and pixel != imager:
            return pixel, "pixel-spacing-calibrated"
        if imager:
            magnified = header.number("EstimatedRadiographicMagnificationFactor")
            if magnified and magnified > 0 and not pixel:
                return (imager[0] / magnified, imager[1] / magnified), "imager-pixel-spacing-magnification"
            return imager, "imager-pixel-spacing"
    if pixel:
        return pixel, "pixel-spacing"
    if imager:
        return imager, "imager-pixel-spacing"
    scanned = pair("NominalScannedPixelSpacing")
    return (scanned, "nominal-scanned-pixel-spacing") if scanned else (None, "")


def _view(header: Header) -> str:
    if header.text("ViewPosition"):
        return header.text("ViewPosition").upper()
    codes = header.dataset.get("ViewCodeSequence") if header.dataset is not None else None
    return str(codes[0].get("CodeMeaning", "")).upper() if codes else ""


def _age(header: Header) -> float | None:
    """Years at the study, from PatientAge (nnnD/W/M/Y) or the birth date."""
    text = header.text("PatientAge").upper()
    if len(text) >= 2 and text[:-1].isdigit() and text[-1] in "DWMY":
        return int(text[:-1]) * {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}[text[-1]]
    born, taken = iso_date(header.text("PatientBirthDate")), iso_date(header.text("StudyDate"))
    if born and taken:
        days = np.datetime64(taken) - np.datetime64(born)
        years = float(days / np.timedelta64(1, "D")) / 365.25
        return years if 0 <= years < 130 else None
    return None


def _lossy(header: Header) -> str:
    """ "JPEG 10:1", or "" for what was never compressed with loss."""
    method = LOSSY_SYNTAXES.get(header.syntax, "")
    if header.text("LossyImageCompression") != "01" and not method:
        return ""
    if not method:
        stated = header.text("LossyImageCompressionMethod")
        method = {"ISO_10918_1": "JPEG", "ISO_14495_1": "JPEG-LS", "ISO_15444_1": "JPEG 2000"}.get(stated, stated or "lossy")
    ratio = header.number("LossyImageCompressionRatio")
    return f"{method} {ratio:g}:1" if ratio and ratio > 1 else method
