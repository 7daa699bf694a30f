"""Lengths and values with their units, said the same way everywhere (GE-16)."""

from dataclasses import dataclass
from math import hypot

from medviewer.core.geometry import at_detector
from medviewer.core.image import ImageSeries

Point = tuple[float, float]
"""(row, column), index coordinates."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its unit ("mm", "px", "HU", ""); `detector` where a length is measured at the detector (GE-13)."""

    value: float
    unit: str
    detector: bool = False


@dataclass(frozen=True, slots=True)
class Ruler:
    """A length on one frame of one item."""

    item: str
    frame: int
    start: Point
    end: Point


def length(series: ImageSeries, start: Point, end: Point) -> Measured:
    """Distance of two points of one frame in mm where the file gives a spacing, else in pixels (GE-12).

    A PixelAspectRatio alone is no millimetre: such an image is measured in pixel columns.
    """
    rows, columns = end[0] - start[0], end[1] - start[1]
    if series.geometry is None:
        return Measured(hypot(rows * series.frames[0].aspect, columns), "px")
    return Measured(series.geometry.distance(rows, columns), "mm", at_detector(series.geometry.spacing_source))


def unit_of(series: ImageSeries, frame: int) -> str:
    """Unit of modality values: HU only where the file says so or for CT; "" where nothing is declared (ME-07)."""
    unit = series.frames[frame].modality_transform.unit
    return "" if unit in ("US", "UNSPECIFIED") else unit
