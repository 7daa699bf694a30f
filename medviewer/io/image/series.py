"""Images → series in displayed order.

Series are parted by named rules: identity, matrix size, pixel kind, orientation, multi-frame file, repeated positions.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core import geometry as geo
from medviewer.core.errors import Notice
from medviewer.core.geometry import Vector
from medviewer.core.identity import Patient, Study
from medviewer.core.image import ImageSeries
from medviewer.io import tags, values
from medviewer.io.image.facts import Facts
from medviewer.io.image.frames import Image
from medviewer.io.image.grid import grid_of
from medviewer.io.image.pixels import FileSource

LOSSY_SYNTAXES = {
    "1.2.840.10008.1.2.4.50": "JPEG", "1.2.840.10008.1.2.4.51": "JPEG", "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.91": "JPEG 2000", "1.2.840.10008.1.2.4.203": "HTJ2K",
}  # fmt: skip


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
    geometry = grid_of(images, frames, orientation, normal, warnings)
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
    )


def _view(header: Facts) -> str:
    if header.text("ViewPosition"):
        return header.text("ViewPosition").upper()
    codes = header.header.sequences.get(tags.VIEW_CODE, ())
    return values.text(codes[0].get(tags.CODE_MEANING, b"")).upper() if codes else ""


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
    return f"{method} {ratio:g}:1" if ratio and ratio > 1 else method
