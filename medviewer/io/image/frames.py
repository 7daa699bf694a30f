"""One header → its frames: size, place of the pixels, grey transformations. Checks all that is known without pixels."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from medviewer.core.errors import MedviewerError
from medviewer.core.geometry import normal_of
from medviewer.core.grey import Function, ModalityTransform, VoiTransform, usable
from medviewer.core.image import Frame
from medviewer.core.overlay import Overlay, Region, Shutter
from medviewer.io import tags, values
from medviewer.io.header import DEFLATED, NATIVE_LE, Header, RawElements
from medviewer.io.image.facts import Facts, own_values
from medviewer.io.image.layers import colour_doubt, overlays_of, regions_of, shutter_of
from medviewer.io.image.pixels import LARGEST_FRAME, Stored
from medviewer.io.image.streams import SYNTAXES


@dataclass(frozen=True, slots=True)
class Image:
    """One file's frames before they are put in order: the header, its frames, where their pixels are, its orientation."""

    header: Facts
    frames: tuple[Frame, ...]
    places: tuple[Stored, ...]
    orientation: tuple[float, ...]
    key: tuple[Any, ...]
    turns: tuple[tuple[float, ...], ...] = ()
    """Each frame's orientation where they differ."""


Over = tuple[tuple[Overlay, ...], Shutter | None, tuple[Region, ...]]

JPEG_SYNTAXES = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")

MOST_DEFLATED = 8256
"""Bits of one deflated byte at the best; an encapsulated frame takes 8 bytes at least, so a claim of more frames is false."""

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
        frame.overlays,
        frame.shutter,
        frame.regions,
    )
    native = (read.pixels.offset, place.native[1]) if place.native is not None and read.pixels is not None else None
    where = (place.rows, place.columns, native, place.mask_bits, place.signed, place.palette, read.size)
    there = Stored(read.path, 0, *where, (read.pixels.offset, *place.stream[1:]) if place.stream and read.pixels else None)
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
    if header.text("PhotometricInterpretation") == "YBR_FULL_422" and read.syntax in NATIVE_LE:
        wanted = wanted * 2 // 3  # two luminances share their colour (PS3.3 C.7.6.3.1.2)
    if wanted > LARGEST_FRAME or (wanted > 1 << 27 and wanted > read.size * 200):
        raise MedviewerError("image-too-large", header.path, rows=rows, columns=columns, found=read.size)
    _check_length(read, wanted * count)
    if count > read.size * (MOST_DEFLATED if read.syntax == DEFLATED else 1) // 8:
        raise MedviewerError("pixel-data-truncated", header.path, expected=wanted * count, found=read.size)
    per_frame = [own_values(group) for group in read.groups] or [{}]
    per_frame += [per_frame[-1]] * (count - len(per_frame))
    _lay_out(header, per_frame)
    orientation = _orientation(header, per_frame[0])
    native = _native(header, samples, allocated)
    stored, high = header.whole("BitsStored", allocated), header.whole("HighBit", header.whole("BitsStored", allocated) - 1)
    signed = header.whole("PixelRepresentation") == 1
    mask = stored if native and stored < allocated and high == stored - 1 else 0
    overlays, told = overlays_of(read, allocated)
    shutter, broken = shutter_of(read)
    if header.text("PresentationLUTShape") == "INVERSE" and header.text("PhotometricInterpretation") == "MONOCHROME2":
        header.notes += ("polarity-contradictory",)
    if samples == 3 and read.syntax in JPEG_SYNTAXES and colour_doubt(read, header.text("PhotometricInterpretation")):
        header.notes += ("colour-uncertain",)
    over = (overlays, shutter, regions_of(read.sequences.get(tags.US_REGIONS, ())))
    frames = tuple(_frame(header, rows, columns, samples, stored, signed, i, per_frame[i], over) for i in range(count))
    header.notes += (*told, *broken)
    palette = header.text("PhotometricInterpretation") == "PALETTE COLOR"
    stream = _stream(read, samples, stored, palette) if count == 1 else None
    where = (rows, columns, native, mask, signed, palette, read.size, stream)
    places = tuple(Stored(header.path, i, *where) for i in range(count))
    turns = [_orientation(header, own) for own in per_frame[:count]] if len(read.groups) > 1 else []
    mixed = tuple(turns) if len(set(map(rounded, turns))) > 1 else ()
    scout = "LOCALIZER" in header.text("ImageType")
    frame = frames[0]
    who = (header.text("PatientID"), header.text("PatientName"), header.text("PatientBirthDate"))
    spread = len({frame.position for frame in frames}) > 1 and header.text("Modality") != "SEG"
    alone = header.text("SOPInstanceUID") if count > 1 and not spread else ""
    kind = (samples, allocated, signed, frame.photometric)
    series = header.text("SeriesInstanceUID") or header.text("StudyInstanceUID") or _digest(header.path)
    key = (series, who, header.text("Modality"), scout, rows, columns, kind, rounded(orientation), alone)
    return Image(header, frames, places, orientation, key, mixed)


def _digest(path: str) -> str:
    """What names an image without any UID: its content, not where it lies."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def rounded(orientation: tuple[float, ...]) -> tuple[float, ...]:
    """Cosines as they are compared: three digits, no negative zero."""
    return tuple(round(v, 3) + 0.0 for v in orientation)


def _lay_out(header: Facts, per_frame: list[dict[str, tuple[float, ...]]]) -> None:
    """Positions of the frames of a dose grid from its offsets (PS3.3 C.8.8.3.2), in `per_frame`."""
    offsets, first = header.floats("GridFrameOffsetVector"), header.floats("ImagePositionPatient")
    cosines = _orientation(header, {})
    if len(offsets) != len(per_frame) or len(first) != 3 or not cosines or len(offsets) < 2:
        return
    if offsets[0] != 0.0:
        # The other way to state them: patient coordinates along the normal.
        offsets = tuple(offset - offsets[0] for offset in offsets)
    row, column = cosines[:3], cosines[3:]
    normal = normal_of((row[0], row[1], row[2]), (column[0], column[1], column[2]))
    per_frame[:] = [
        {**own, "ImagePositionPatient": tuple(p + n * offset for p, n in zip(first, normal, strict=True))}
        for own, offset in zip(per_frame, offsets, strict=True)
    ]


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


def _stream(read: Header, samples: int, stored: int, palette: bool) -> tuple[int, str, int] | None:
    """Offset, syntax and bits stored of a single compressed grey frame that needs no parsing of the file."""
    if read.pixels is None or read.pixels.offset <= 0 or read.pixels.length is not None or samples != 1 or palette:
        return None
    return (read.pixels.offset, read.syntax, stored) if read.syntax in SYNTAXES else None


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
    header: Facts, rows: int, columns: int, samples: int, stored: int, signed: bool, index: int, own: dict[str, Any], over: Over
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
        overlays=over[0],
        shutter=over[1],
        regions=over[2],
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
    if len(entries) < max(count, 2):
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
