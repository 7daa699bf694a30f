"""Images → series in displayed order.

Series are parted by named rules: identity, modality, scout, matrix size, pixel kind, orientation, multi-frame file, phase, echo,
duplicate, repeated positions.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
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
from medviewer.io.image.frames import Image, rounded
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
        for stack in _stacks(image) if image.turns else (image,):
            groups[stack.key].append(stack)
    parts: list[tuple[str, list[Image], str | None]] = []
    keys: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for key, members in groups.items():
        reason = _reason(keys[key[0]], key)
        keys[key[0]].append(key)
        for n, (phase, name) in enumerate(_phases(members)):
            parts.append((key[0], phase, name if n else reason))
    taken: dict[str, int] = defaultdict(int)
    found = []
    for uid, members, reason in parts:
        taken[uid] += 1
        item = uid if taken[uid] == 1 else f"{uid}-{taken[uid]}"
        found.append(_series(item, members, reason, complete))
    return found


RULES = ("", "identity", "modality", "scout", "matrix-size", "matrix-size", "pixel-kind", "orientation", "multi-frame")
"""The name of the rule for each part of `Image.key`; the first part that differs gives the reason of a split."""


def _reason(before: list[tuple[Any, ...]], key: tuple[Any, ...]) -> str | None:
    """Which rule parted this group from the first one of its series."""
    if not before:
        return None
    return next((name for name, a, b in zip(RULES, before[0], key, strict=True) if a != b), "orientation")


def _stacks(image: Image) -> list[Image]:
    """A multi-frame file whose frames lie in different directions, one stack a direction."""
    found: dict[tuple[float, ...], list[int]] = defaultdict(list)
    for n, turn in enumerate(image.turns):
        found[rounded(turn)].append(n)
    where = RULES.index("orientation")
    return [
        replace(
            image,
            frames=tuple(image.frames[n] for n in chosen),
            places=tuple(image.places[n] for n in chosen),
            orientation=image.turns[chosen[0]],
            key=(*image.key[:where], turn, *image.key[where + 1 :]),
            turns=(),
        )
        for turn, chosen in found.items()
    ]


def _phases(images: list[Image]) -> list[tuple[list[Image], str]]:
    """Images that repeat positions, parted so that each part has one image a position, and the name of the rule (GE-11)."""
    whole = [(images, "")]
    if any(not i.orientation or i.frames[0].position is None for i in images):
        return whole
    if any(len(i.frames) > 1 for i in images):
        return _phases_of_files(images)
    return _phases_of_frames(images) if len(images) > 1 else whole


def _phases_of_files(images: list[Image]) -> list[tuple[list[Image], str]]:
    """Multi-frame files: one stack where they continue each other, else a file a stack, its repeated positions parted."""
    if images[0].header.text("Modality") == "SEG":
        return [(images, "")]  # segments lie over each other and have unequal numbers of slices
    pairs = [(image, n) for image in images for n in range(len(image.frames))]
    single = [Image(i.header, (i.frames[n],), (i.places[n],), i.orientation, i.key) for i, n in pairs]
    if len(np.unique(_depths(single))) in (1, len(single)):
        return [(images, "")]
    if len(images) > 1:
        return [(part, name or "multi-frame") for image in images for part, name in _phases_of_files([image])]
    return _phases_of_frames(single)


def _depths(images: list[Image]) -> NDArray[np.int64]:
    """Places along the normal, in steps of the tolerance."""
    o = images[0].orientation
    along = np.array(geo.normal_of((o[0], o[1], o[2]), (o[3], o[4], o[5])))
    depth = np.array([i.frames[0].position for i in images], float) @ along
    steps: NDArray[np.int64] = np.rint(np.clip(depth / geo.POSITION_TOLERANCE_MM, -1e15, 1e15)).astype(np.int64)
    return steps


PHASE_KEYS = (
    ("phase", "TemporalPositionIdentifier"), ("phase", "AcquisitionNumber"), ("echo", "EchoNumbers"), ("echo", "EchoTime"),
    ("phase", "TriggerTime"),
)  # fmt: skip
"""What parts images of one place, in this order, and the name of the split."""


def _phases_of_frames(images: list[Image]) -> list[tuple[list[Image], str]]:
    depths = _depths(images)
    if len(np.unique(depths)) in (1, len(images)):
        return [(images, "")]
    for name, keyword in PHASE_KEYS:
        parts: dict[float, dict[int, Image]] = defaultdict(dict)
        for image, depth in zip(images, depths.tolist(), strict=True):
            parts[image.header.number(keyword) or 0.0].setdefault(depth, image)
        if len(parts) > 1 and sum(map(len, parts.values())) == len(images):
            return [(list(parts[value].values()), name) for value in sorted(parts)]
    places: dict[int, list[Image]] = defaultdict(list)
    for image, depth in zip(images, depths.tolist(), strict=True):
        places[depth].append(image)
    phases: list[list[Image]] = [[] for _ in range(max(map(len, places.values())))]
    keywords = [keyword for _, keyword in PHASE_KEYS] + ["InstanceNumber"]
    for at in places.values():
        for n, image in enumerate(sorted(at, key=lambda image: tuple(image.header.number(k) or 0.0 for k in keywords))):
            phases[n].append(image)
    seen: set[str] = set()
    named = []
    for phase in phases:
        own = {image.header.text("SOPInstanceUID") for image in phase} if len(phase[0].header.header.groups) == 0 else set()
        named.append((phase, "duplicate" if own and own <= seen else "repeated-positions"))
        seen |= own
    return named


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
        measured = any(frame.regions for frame in frames)  # of an ultrasound image (GE-15)
        warnings.append(Notice("geometry-in-regions" if measured else "geometry-missing", header.path))
    told = {"identity": "identity-differs", "duplicate": "duplicate-images", "orientation": "orientation-mixed"}.get(reason or "")
    if told:
        warnings.append(Notice(told, header.path))
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
        patient_orientation=_letters(images),
        frame_seconds=_frame_seconds(header),
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
    return f"{method} {ratio:.3g}:1" if ratio and ratio > 1 else method


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
