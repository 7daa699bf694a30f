"""Headers → series in displayed order, with the geometry their positions state.

Series are parted by named rules: identity, matrix size, pixel kind, orientation, multi-frame file, repeated positions.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core import geometry as geo
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.geometry import Geometry, Vector
from medviewer.core.grey import Function, ModalityTransform, VoiTransform, usable
from medviewer.core.identity import Patient, Study
from medviewer.core.image import Frame, ImageSeries
from medviewer.io import tags, values
from medviewer.io.dicom import NATIVE_LE, Header, RawElements
from medviewer.io.image.pixels import LARGEST_FRAME, FileSource, Stored

PROJECTION = {"CR", "DX", "MG", "RF", "XA", "IO", "PX", "RG"}
LOSSY_SYNTAXES = {
    "1.2.840.10008.1.2.4.50": "JPEG", "1.2.840.10008.1.2.4.51": "JPEG", "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.91": "JPEG 2000", "1.2.840.10008.1.2.4.203": "HTJ2K",
}  # fmt: skip


TEXT = {
    "SOPInstanceUID": tags.SOP_UID, "SOPClassUID": tags.SOP_CLASS, "StudyDate": tags.STUDY_DATE, "StudyTime": tags.STUDY_TIME,
    "AccessionNumber": tags.ACCESSION, "Modality": tags.MODALITY, "StudyDescription": tags.STUDY_DESCRIPTION,
    "SeriesDescription": tags.SERIES_DESCRIPTION, "PatientName": tags.PATIENT_NAME, "PatientID": tags.PATIENT_ID,
    "PatientBirthDate": tags.BIRTH_DATE, "PatientSex": tags.SEX, "BodyPartExamined": tags.BODY_PART,
    "ViewPosition": tags.VIEW_POSITION, "StudyInstanceUID": tags.STUDY_UID, "SeriesInstanceUID": tags.SERIES_UID,
    "FrameOfReferenceUID": tags.FRAME_OF_REFERENCE, "Laterality": tags.LATERALITY, "ImageLaterality": tags.IMAGE_LATERALITY,
    "PhotometricInterpretation": tags.PHOTOMETRIC, "RescaleType": tags.RESCALE_TYPE, "VOILUTFunction": tags.FUNCTION,
    "LossyImageCompression": tags.LOSSY, "LossyImageCompressionMethod": tags.LOSSY_METHOD, "ImageType": tags.IMAGE_TYPE,
    "WindowCenterWidthExplanation": tags.EXPLANATION, "PatientOrientation": tags.PATIENT_ORIENTATION,
}  # fmt: skip
NUMBERS = {
    "SeriesNumber": tags.SERIES_NUMBER, "AcquisitionNumber": tags.ACQUISITION_NUMBER, "InstanceNumber": tags.INSTANCE_NUMBER,
    "ImagePositionPatient": tags.POSITION, "ImageOrientationPatient": tags.ORIENTATION, "PixelSpacing": tags.PIXEL_SPACING,
    "PixelAspectRatio": tags.PIXEL_ASPECT, "WindowCenter": tags.CENTER, "WindowWidth": tags.WIDTH,
    "RescaleIntercept": tags.INTERCEPT, "RescaleSlope": tags.SLOPE, "NumberOfFrames": tags.FRAMES,
    "EchoNumbers": tags.ECHO_NUMBERS, "SpacingBetweenSlices": tags.SPACING_BETWEEN_SLICES,
    "EstimatedRadiographicMagnificationFactor": tags.MAGNIFICATION, "ImagerPixelSpacing": tags.IMAGER_SPACING,
    "NominalScannedPixelSpacing": tags.NOMINAL_SPACING, "TemporalPositionIdentifier": tags.TEMPORAL_POSITION,
    "LossyImageCompressionRatio": tags.LOSSY_RATIO, "FrameTime": tags.FRAME_TIME, "CineRate": tags.CINE_RATE,
    "RecommendedDisplayFrameRate": tags.RECOMMENDED_RATE,
}  # fmt: skip
SHORTS = {
    "SamplesPerPixel": tags.SAMPLES, "Rows": tags.ROWS, "Columns": tags.COLUMNS, "BitsAllocated": tags.BITS_ALLOCATED,
    "BitsStored": tags.BITS_STORED, "HighBit": tags.HIGH_BIT, "PixelRepresentation": tags.PIXEL_REPRESENTATION,
}  # fmt: skip


class Facts:
    """A header's elements by DICOM keyword, as text and numbers; what was guessed on the way is in `notes`."""

    __slots__ = ("_raw", "header", "notes", "path")

    def __init__(self, header: Header) -> None:
        self.header = header
        self.path = header.path
        self._raw = header.elements
        self.notes: tuple[str, ...] = () if header.preamble else ("no-file-header",)

    def has(self, keyword: str) -> bool:
        return (TEXT.get(keyword) or NUMBERS.get(keyword) or SHORTS[keyword]) in self._raw

    def text(self, keyword: str) -> str:
        """The value as text, "" without."""
        raw = self._raw.get(TEXT[keyword])
        if not raw:
            return ""
        text, guessed = values.decode(raw, self._raw.get(tags.CHARSET, b""), keyword == "PatientName")
        if guessed and guessed not in self.notes:
            self.notes += (guessed,)
        return text

    def floats(self, keyword: str) -> tuple[float, ...]:
        """All values as numbers; () if one is no finite number (TF-08)."""
        raw = self._raw.get(NUMBERS[keyword])
        return values.decimals(raw) if raw else ()

    def number(self, keyword: str, default: float | None = None) -> float | None:
        value = values.decimal(self._raw.get(NUMBERS[keyword]))
        return default if value is None else value

    def whole(self, keyword: str, default: int = 0) -> int:
        if keyword in SHORTS:
            return values.short(self._raw.get(SHORTS[keyword]), default)
        value = self.number(keyword)
        return default if value is None else int(value)

    def raw(self, tag: int) -> bytes:
        return self._raw.get(tag, b"")


@dataclass(frozen=True, slots=True)
class Image:
    """One file's frames before they are put in order: the header, its frames, where their pixels are, its orientation."""

    header: Facts
    frames: tuple[Frame, ...]
    places: tuple[Stored, ...]
    orientation: tuple[float, ...]
    key: tuple[Any, ...]


OWN = frozenset({tags.SOP_UID, tags.INSTANCE_NUMBER, tags.POSITION, tags.ACQUISITION_NUMBER, tags.TEMPORAL_POSITION})
"""Elements that differ between the plain single images of one series."""

Sisters = dict[Any, Image]
"""Images by all elements but `OWN`: a thousand slices of a series are interpreted once."""


def image_of(read: Header, sisters: Sisters | None = None) -> Image:
    """Check a header and describe its frames; `sisters` is kept by the caller between the files of one scan.

    Raises `not-an-image`, `header-incomplete`, `image-too-large`, `pixel-data-missing`, `pixel-data-truncated`: what is
    known without reading pixels.
    """
    if sisters is None or read.pixels is None or read.sequences or read.groups:
        return _interpret(read)
    kept = (read.syntax, read.preamble, read.pixels.tag, read.pixels.length, read.pixels.offset > 0)
    common = (*kept, *[pair for pair in read.elements.items() if pair[0] not in OWN])
    like = sisters.get(common)
    if like is None:
        image = _interpret(read)
        if len(image.frames) == 1:
            sisters[common] = image
        return image
    return _like(like, read)


def _like(sister: Image, read: Header) -> Image:
    """As `_interpret` of a file that differs from its sister in `OWN` alone."""
    header = Facts(read)
    header.notes = sister.header.notes
    frame, place = sister.frames[0], sister.places[0]
    count = frame.rows * frame.columns * frame.samples
    if place.native is not None:
        _check_length(read, count * np.dtype(place.native[1]).itemsize)
    position, number = header.floats("ImagePositionPatient"), header.number("InstanceNumber")
    own = Frame(
        read.path,
        0,
        frame.rows,
        frame.columns,
        frame.samples,
        frame.bits_stored,
        frame.signed,
        frame.photometric,
        frame.transfer_syntax,
        frame.modality_transform,
        frame.windows,
        frame.padding,
        header.text("SOPInstanceUID"),
        None if number is None else int(number),
        (position[0], position[1], position[2]) if len(position) == 3 else None,
        frame.aspect,
    )
    native = (read.pixels.offset, place.native[1]) if place.native is not None and read.pixels is not None else None
    there = Stored(read.path, 0, place.rows, place.columns, native, place.mask_bits, place.signed)
    return Image(header, (own,), (there,), sister.orientation, sister.key)


def _interpret(read: Header) -> Image:
    header = Facts(read)
    rows, columns = header.whole("Rows"), header.whole("Columns")
    if rows <= 0 or columns <= 0:
        if header.has("BitsAllocated") or read.pixels is not None:
            raise MedviewerError("header-incomplete", header.path)
        raise MedviewerError("not-an-image", header.path, kind=header.text("Modality") or header.text("SOPClassUID") or "–")
    if read.pixels is None:
        raise MedviewerError("pixel-data-missing", header.path)
    samples, allocated = header.whole("SamplesPerPixel", 1), header.whole("BitsAllocated", 16)
    count = max(1, header.whole("NumberOfFrames", 1))
    wanted = rows * columns * samples * max(allocated, 1) // 8
    if wanted > LARGEST_FRAME or (wanted > 1 << 27 and wanted > read.size * 200):
        raise MedviewerError("image-too-large", header.path, rows=rows, columns=columns, found=read.size)
    _check_length(read, wanted * count)
    per_frame = [_own(group) for group in read.groups] or [{}]
    per_frame += [per_frame[-1]] * (count - len(per_frame))
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


def _check_length(read: Header, wanted: int) -> None:
    """Native pixel data that ends early is known from the file's size alone (TF-07)."""
    pixels = read.pixels
    if pixels is None or pixels.length is None or pixels.offset <= 0 or read.syntax not in NATIVE_LE:
        return
    there = min(pixels.length, read.size - pixels.offset)
    if there < wanted:
        raise MedviewerError("pixel-data-truncated", read.path, expected=wanted, found=max(there, 0))


def _native(header: Facts, samples: int, allocated: int) -> tuple[int, str] | None:
    """Offset and numpy type of plain grey pixels that need no decoder."""
    read = header.header
    if read.pixels is None or read.pixels.offset <= 0 or read.pixels.length is None or read.pixels.tag != tags.PIXELS:
        return None
    if samples != 1 or allocated not in (8, 16, 32) or read.syntax not in NATIVE_LE:
        return None
    if header.text("PhotometricInterpretation") == "PALETTE COLOR":
        return None
    return read.pixels.offset, f"<{'i' if header.whole('PixelRepresentation') else 'u'}{allocated // 8}"


def _own(group: RawElements) -> dict[str, tuple[float, ...]]:
    """Position, orientation, spacing, rescale and window of one frame of an enhanced object (GE-03, PX-10)."""
    wanted = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept")
    keywords = (*wanted, "WindowCenter", "WindowWidth")
    return {word: values.decimals(group[NUMBERS[word]]) for word in keywords if group.get(NUMBERS[word])}


def _orientation(header: Facts, own: dict[str, tuple[float, ...]]) -> tuple[float, ...]:
    """Six unit cosines, or () where there are none, or nonsense (TF-08)."""
    cosines = own.get("ImageOrientationPatient") or header.floats("ImageOrientationPatient")
    if len(cosines) != 6:
        return ()
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    if abs(np.linalg.norm(row) - 1) > 0.05 or abs(np.linalg.norm(column) - 1) > 0.05 or abs(row @ column) > 0.05:
        return ()
    return tuple(float(v) for v in cosines)


def _frame(
    header: Facts, rows: int, columns: int, samples: int, stored: int, signed: bool, index: int, own: dict[str, Any]
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
        transfer_syntax=header.header.syntax,
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


def _modality(header: Facts, own: dict[str, Any], signed: bool) -> ModalityTransform:
    for table in header.header.sequences.get(tags.MODALITY_LUT, ()):
        if tags.LUT_DESCRIPTOR in table and tags.LUT_DATA in table:
            try:
                first, _, lut = _table(table, signed)
            except ValueError:
                header.notes += ("table-invalid",)
                break
            return ModalityTransform(unit=values.text(table.get(tags.LUT_TYPE, b"")), lut=lut, lut_first=first)
    slope = own.get("RescaleSlope", (header.number("RescaleSlope", 1.0),))[0] or 1.0
    intercept = own.get("RescaleIntercept", (header.number("RescaleIntercept", 0.0),))[0] or 0.0
    unit = header.text("RescaleType")
    if unit in ("", "US") and header.text("Modality") == "CT" and "LOCALIZER" not in header.text("ImageType"):
        unit = "HU"
    return _rescale(float(slope), float(intercept), unit)


def _table(item: RawElements, signed: bool) -> tuple[int, int, tuple[int, ...]]:
    """First input, bits of the entries, entries of a LUT item (PS3.3 C.11.1.1.1). ValueError where it is cut short."""
    descriptor = values.shorts(item[tags.LUT_DESCRIPTOR])
    if len(descriptor) < 3:
        raise ValueError("descriptor")
    count, first, bits = descriptor[0] or 65536, descriptor[1], descriptor[2] or 16
    if signed and first > 32767:
        first -= 65536
    data = item[tags.LUT_DATA]
    entries = np.frombuffer(data, "<u2" if len(data) >= 2 * count else "u1")[:count]
    if len(entries) < 2:
        raise ValueError("entries")
    return first, bits, tuple(int(v) for v in entries)


def _windows(header: Facts, own: dict[str, Any]) -> tuple[VoiTransform, ...]:
    """The file's windows, then its tables; unusable ones are left out and noted."""
    centres = own.get("WindowCenter") or header.floats("WindowCenter")
    widths = own.get("WindowWidth") or header.floats("WindowWidth")
    names = tuple(part.strip() for part in header.text("WindowCenterWidthExplanation").split("\\"))
    stated = header.text("VOILUTFunction").upper().replace(" ", "_")
    function: Function = stated if stated in ("LINEAR_EXACT", "SIGMOID") else "LINEAR"  # type: ignore[assignment]
    found = list(_stated_windows(tuple(centres), tuple(widths), names, function))
    for item in header.header.sequences.get(tags.VOI_LUT, ()):
        try:
            first, bits, lut = _table(item, header.whole("PixelRepresentation") == 1)
        except (KeyError, ValueError):
            header.notes += ("window-invalid",)
            continue
        said = values.text(item.get(tags.LUT_EXPLANATION, b""))
        found.append(VoiTransform("LUT", explanation=said, lut=lut, lut_first=first, lut_bits=bits))
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


def _padding(header: Facts, signed: bool, samples: int) -> tuple[int, int] | None:
    raw = [header.raw(tag) for tag in (tags.PADDING, tags.PADDING_LIMIT)]
    if samples != 1 or len(raw[0]) < 2:
        return None
    ends = [values.shorts(one, signed)[0] for one in raw if len(one) >= 2]
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
    along: NDArray[np.float64] = np.array(geo.normal_of(images[0].orientation[:3], images[0].orientation[3:]))  # type: ignore[arg-type]
    places: dict[int, list[Image]] = defaultdict(list)
    for image in images:
        places[round(float(along @ np.array(image.frames[0].position)) / geo.POSITION_TOLERANCE_MM)].append(image)
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
    normal: Vector | None = geo.normal_of(orientation[:3], orientation[3:]) if orientation else None  # type: ignore[arg-type]
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
            values.date(header.raw(tags.BIRTH_DATE)),
            header.text("PatientSex"),
        ),
        study=Study(
            header.text("StudyInstanceUID"),
            values.date(header.raw(tags.STUDY_DATE)),
            values.time(header.raw(tags.STUDY_TIME)),
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
        patient_orientation=_letters(images),
        frame_seconds=_frame_seconds(header),
    )


def _geometry(
    images: list[Image], frames: tuple[Frame, ...], orientation: tuple[float, ...], normal: Vector | None, warnings: list[Notice]
) -> Geometry | None:
    header, first = images[0].header, frames[0]
    spacing, source = _in_plane(header)
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


def _in_plane(header: Facts) -> tuple[tuple[float, float] | None, str]:
    """(row, column) spacing in mm and where it came from (GE-12, GE-13, GE-14)."""

    def pair(keyword: str) -> tuple[float, float] | None:
        stated = header.floats(keyword)
        return (stated[0], stated[1]) if len(stated) >= 2 and min(stated[:2]) > 0 else None

    own = _own(header.header.groups[0]).get("PixelSpacing", ()) if header.header.groups else ()
    pixel = (own[0], own[1]) if len(own) == 2 and min(own) > 0 else pair("PixelSpacing")
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


def _view(header: Facts) -> str:
    if header.text("ViewPosition"):
        return header.text("ViewPosition").upper()
    codes = header.header.sequences.get(tags.VIEW_CODE, ())
    return values.text(codes[0].get(tags.CODE_MEANING, b"")).upper() if codes else ""


def _letters(images: list[Image]) -> tuple[str, str] | None:
    """PatientOrientation where all images state the same one, in letters of a biped."""
    stated = {image.header.raw(tags.PATIENT_ORIENTATION) for image in images}
    parts = images[0].header.text("PatientOrientation").upper().split("\\") if len(stated) == 1 else []
    good = len(parts) == 2 and all(part and set(part) <= set("LRAPHF") for part in parts)
    return (parts[0], parts[1]) if good else None


def _frame_seconds(header: Facts) -> float | None:
    """How long a frame is shown: FrameTime (ms), else the rates that are stated (PS3.3 C.7.6.5)."""
    time = header.number("FrameTime")
    if time and time > 0:
        return time / 1000
    rate = header.number("RecommendedDisplayFrameRate") or header.number("CineRate")
    return 1 / rate if rate and rate > 0 else None


def _age(header: Facts) -> float | None:
    """Years at the study, from PatientAge or the birth date."""
    born, taken = values.date(header.raw(tags.BIRTH_DATE)), values.date(header.raw(tags.STUDY_DATE))
    return values.age_years(header.raw(tags.AGE), born, taken)


def _lossy(header: Facts) -> str:
    """ "JPEG 10:1", or "" for what was never compressed with loss."""
    method = LOSSY_SYNTAXES.get(header.header.syntax, "")
    if header.text("LossyImageCompression") != "01" and not method:
        return ""
    if not method:
        stated = header.text("LossyImageCompressionMethod")
        method = {"ISO_10918_1": "JPEG", "ISO_14495_1": "JPEG-LS", "ISO_15444_1": "JPEG 2000"}.get(stated, stated or "lossy")
    ratio = header.number("LossyImageCompressionRatio")
    return f"{method} {ratio:.3g}:1" if ratio and ratio > 1 else method
