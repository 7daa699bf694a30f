"""Lengths and values with their units, said the same way everywhere (GE-16)."""

from dataclasses import dataclass
from math import hypot

from medviewer.core.image import ImageSeries
from medviewer.core.overlay import region_length

Point = tuple[float, float]
"""(row, column), index coordinates."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its unit ("mm", "px", "HU", ""); `source`: where a length in mm comes from (SPACING_SOURCES), else ""."""

    value: float
    unit: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Ruler:
    """A length on one frame."""

    start: Point
    end: Point


def length(series: ImageSeries, start: Point, end: Point, frame: int = 0) -> Measured:
    """Distance of two points of one frame in mm where the file gives a spacing, else in pixels (GE-12).

    A PixelAspectRatio alone is no millimetre: such an image is measured in pixel columns. Calibrated ultrasound regions of the
    frame go before a spacing of the whole image (GE-15).
    """
    if regions := series.frames[frame].regions:
        return Measured(*region_length(regions, start, end))
    rows, columns = end[0] - start[0], end[1] - start[1]
    if series.geometry is None:
        return Measured(hypot(rows * series.frames[0].aspect, columns), "px")
    return Measured(series.geometry.distance(rows, columns), "mm", series.geometry.spacing_source)


def unit_of(series: ImageSeries, frame: int) -> str:
    """Unit of modality values: HU only where the file says so or for CT; "" where nothing is declared (ME-07)."""
    unit = series.frames[frame].modality_transform.unit
    return "" if unit in ("US", "UNSPECIFIED") else unit
