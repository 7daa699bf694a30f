"""Where a series lies: spacing, its source, slice offsets and what is uneven about them."""

from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from medviewer.core import geometry as geo
from medviewer.core.errors import Fact, Notice
from medviewer.core.geometry import Geometry, Vector
from medviewer.core.image import Frame
from medviewer.io.image.facts import Facts, own_values
from medviewer.io.image.frames import Image

PROJECTION = {"CR", "DX", "MG", "RF", "XA", "IO", "PX", "RG"}


def grid_of(
    images: list[Image], frames: tuple[Frame, ...], orientation: tuple[float, ...], normal: Vector | None, warnings: list[Notice]
) -> Geometry | None:
    """Geometry of frames in displayed order, None where the files state no plane; what is doubtful goes to `warnings`."""
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
    if len(frames) > 1 and np.ptp(offsets) <= geo.POSITION_TOLERANCE_MM and len({frame.path for frame in frames}) == 1:
        # One plane over time, or a file that states the place of its first frame only.
        deep, regular, offsets = header.number("SpacingBetweenSlices"), False, np.empty(0)
    elif len(frames) > 1:
        deep, regular = _between(frames, np.diff(offsets), warnings)
        tilt = _tilt(places, along, float(offsets[-1]))
        if tilt:
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
        tilt,
    )


def _between(frames: tuple[Frame, ...], steps: NDArray[np.float64], warnings: list[Notice]) -> tuple[float, bool]:
    """Usual distance of two slices in mm, 0 where all lie over each other, and whether all have it; the worst pair is named."""
    apart = steps > geo.POSITION_TOLERANCE_MM
    # Frames over each other (segments) have no distance; they make no volume, but say nothing about the others.
    deep = float(np.median(steps[apart])) if apart.any() else 0.0
    worst = int(np.argmax(np.where(apart, np.abs(steps - deep), 0)))
    if deep and abs(steps[worst] - deep) <= max(geo.SPACING_TOLERANCE * deep, 0.02):
        return deep, bool(apart.all())
    pair = frames[worst : worst + 2]
    one_file = pair[0].path == pair[1].path
    before, after = (PurePath(frame.path).name + (f" #{frame.index + 1}" if one_file else "") for frame in pair)
    facts: dict[str, Fact] = {
        "expected": round(deep, 3),
        "found": round(float(steps[worst]), 3),
        "before": before,
        "after": after,
    }
    warnings.append(Notice("spacing-irregular", frames[worst].path, facts))
    return deep, False


def _tilt(places: NDArray[np.float64], along: NDArray[np.float64], deep: float) -> float:
    """Degrees between the way from the first to the last place and the normal `along`, `deep` mm on it; 0 under half a degree."""
    sideways = places[-1] - places[0] - along * deep
    tilt = float(np.degrees(np.arctan2(np.linalg.norm(sideways), deep))) if deep > 0 else 0.0
    return tilt if tilt > 0.5 else 0.0


def _in_plane(header: Facts) -> tuple[tuple[float, float] | None, str]:
    """(row, column) spacing in mm and where it came from (GE-12, GE-13, GE-14)."""

    def pair(keyword: str) -> tuple[float, float] | None:
        stated = header.floats(keyword)
        return (stated[0], stated[1]) if len(stated) >= 2 and min(stated[:2]) > 0 else None

    own = own_values(header.header.groups[0]).get("PixelSpacing", ()) if header.header.groups else ()
    pixel = (own[0], own[1]) if len(own) == 2 and min(own) > 0 else pair("PixelSpacing")
    imager = pair("ImagerPixelSpacing")
    if header.text("Modality") in PROJECTION:
        if pixel and imager and pixel != imager:
            return pixel, "pixel-spacing-calibrated"
        if imager:
            magnified = header.number("EstimatedRadiographicMagnificationFactor")
            if magnified and magnified > 0 and magnified != 1 and pixel in (None, imager):
                return (imager[0] / magnified, imager[1] / magnified), "imager-pixel-spacing-magnification"
            return imager, "imager-pixel-spacing"
    if pixel:
        return pixel, "pixel-spacing"
    if imager:
        return imager, "imager-pixel-spacing"
    scanned = pair("NominalScannedPixelSpacing")
    return (scanned, "nominal-scanned-pixel-spacing") if scanned else (None, "")
