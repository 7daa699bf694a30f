"""What lies over an image without being part of it: overlay planes, the display shutter, ultrasound regions.

All coordinates are pixels of the image, (row, column) from 0 at the centre of the first pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay plane 60xx of a file (PS3.3 C.9.2). `plane` is its group (0x6000 … 0x601E), `origin` the image's (row,
    column) of its first point from 0 (may be negative), `embedded_bit` the bit of the pixel words that holds it (retired
    since 2004), None where it is in OverlayData. `frames` planes from image frame `first_frame` on.

    Its points come from `PixelSource` on demand: `series.source.overlay(k, overlay)` → bool [rows, columns] of the image.
    """

    plane: int
    rows: int
    columns: int
    origin: tuple[int, int] = (0, 0)
    kind: str = "G"
    label: str = ""
    description: str = ""
    embedded_bit: int | None = None
    frames: int = 1
    first_frame: int = 0

    def placed(self, points: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Plane [rows, columns] → the image's grid `shape`; what lies outside the image is cut off."""
        over = np.zeros(shape, bool)
        top, left = self.origin
        r0, c0 = max(top, 0), max(left, 0)
        r1, c1 = min(top + points.shape[0], shape[0]), min(left + points.shape[1], shape[1])
        if r1 > r0 and c1 > c0:
            over[r0:r1, c0:c1] = points[r0 - top : r1 - top, c0 - left : c1 - left]
        return over


@dataclass(frozen=True, slots=True)
class Shutter:
    """Display shutter (PS3.3 C.7.6.11): what lies outside any of its shapes is not to be shown. `rectangle` (top, left, bottom,
    right), both edges inside; `circle` (row, column, radius); `polygon` vertices (row, column). `grey` 0…1 fills the outside."""

    rectangle: tuple[int, int, int, int] | None = None
    circle: tuple[int, int, int] | None = None
    polygon: tuple[tuple[int, int], ...] = ()
    grey: float = 0.0

    def open(self, rows: int, columns: int) -> NDArray[np.bool_]:
        """True where the image is to be seen, [rows, columns]."""
        row, column = np.arange(rows)[:, None], np.arange(columns)[None, :]
        seen = np.ones((rows, columns), bool)
        if self.rectangle:
            top, left, bottom, right = self.rectangle
            seen &= (row >= top) & (row <= bottom) & (column >= left) & (column <= right)
        if self.circle:
            r, c, radius = self.circle
            seen &= (row - r) ** 2 + (column - c) ** 2 <= radius**2
        if self.polygon:
            seen &= _inside(self.polygon, row, column)
        return seen


def _inside(polygon: Sequence[tuple[int, int]], row: NDArray[np.int_], column: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Even-odd rule; the vertices' own edges count as inside to half a pixel."""
    inside = np.zeros((row.shape[0], column.shape[1]), bool)
    for (r0, c0), (r1, c1) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if r0 == r1:
            continue
        crosses = (row >= min(r0, r1)) & (row < max(r0, r1))
        inside ^= crosses & (column < c0 + (row - r0) * (c1 - c0) / (r1 - r0))
    return inside


UNITS = {3: "cm", 4: "s", 7: "cm/s"}
"""PhysicalUnitsXDirection / YDirection (PS3.3 C.8.5.5.1.15) with a length, time or speed; the others have none we show."""


@dataclass(frozen=True, slots=True)
class Region:
    """A calibrated ultrasound region (PS3.3 C.8.5.5): box (top, left, bottom, right), edges inside, size of a pixel across and
    down in `units` (x, y), "" for a unit without length, time or speed."""

    box: tuple[int, int, int, int]
    delta: tuple[float, float]
    units: tuple[str, str]

    def holds(self, row: float, column: float) -> bool:
        """Whether a place in image index coordinates lies in its box, rims included."""
        top, left, bottom, right = self.box
        return top <= row <= bottom and left <= column <= right


def region_length(regions: Sequence[Region], a: tuple[float, float], b: tuple[float, float]) -> tuple[float, str]:
    """Length of a line between (row, column) `a` and `b` and its unit: "mm" inside one region of lengths, else "px" (GE-15).

    Where regions lie over each other the smallest that holds both ends counts.
    """
    both = [region for region in regions if region.holds(*a) and region.holds(*b)]
    if both:
        box = min(both, key=lambda region: (region.box[2] - region.box[0]) * (region.box[3] - region.box[1]))
        if box.units == ("cm", "cm"):
            return hypot((b[0] - a[0]) * box.delta[1], (b[1] - a[1]) * box.delta[0]) * 10, "mm"
    return hypot(b[0] - a[0], b[1] - a[1]), "px"
