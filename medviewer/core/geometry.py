"""Where pixels lie in the patient. Points are LPS millimetres (DICOM PS3.3 C.7.6.2); index coordinates are (slice, row,
column) with integers at pixel centres."""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

POSITION_TOLERANCE_MM = 0.01
"""Two slices nearer than this along the normal lie in the same place (repeated positions, GE-11)."""
SPACING_TOLERANCE = 0.02
"""Slice distances that differ by less than this share of their median are regular (GE-06)."""

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Geometry:
    """The grid of a series.

    `spacing` is (row, column, slice) in mm: row = distance between rows, as in PixelSpacing; slice is None for a single
    image without neighbours. `spacing_source` names the tag or the positions it came from (see `SPACING_SOURCES`).
    `origin` is the centre of the first pixel of the first displayed slice. `row` points along a row (towards higher
    columns), `column` down a column; `normal` follows displayed slices. All None where the files state no position.
    `regular` is False where slice distances are uneven or the stack is sheared (gantry tilt): no volume may be built then.
    `offsets` are the displayed slices' distances along `normal` from the first one, mm.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float | None]
    spacing_source: str
    origin: Vector | None = None
    row: Vector | None = None
    column: Vector | None = None
    normal: Vector | None = None
    frame_of_reference: str = ""
    regular: bool = True
    offsets: tuple[float, ...] = ()
    tilt_degrees: float = 0.0

    @property
    def direction(self) -> tuple[float, ...] | None:
        """Row-major 3×3 whose columns are the axes along columns, rows and slices, as ITK writes it."""
        if self.row is None or self.column is None or self.normal is None:
            return None
        return tuple(float(axis[i]) for i in range(3) for axis in (self.row, self.column, self.normal))

    def affine(self) -> NDArray[np.float64] | None:
        """4×4 from (column, row, slice, 1) to LPS mm, or None without position, direction or slice spacing."""
        if self.origin is None or self.row is None or self.column is None or self.normal is None:
            return None
        row_mm, column_mm, slice_mm = self.spacing
        matrix = np.eye(4)
        matrix[:3, 0] = np.asarray(self.row) * column_mm
        matrix[:3, 1] = np.asarray(self.column) * row_mm
        matrix[:3, 2] = np.asarray(self.normal) * (slice_mm or 1.0)
        matrix[:3, 3] = self.origin
        return matrix

    def point(self, slice_index: int, row: float, column: float) -> Vector | None:
        """LPS mm of an index coordinate on a displayed slice; uses the slice's true offset, so uneven stacks are right."""
        if self.origin is None or self.row is None or self.column is None or self.normal is None:
            return None
        offset = self.offsets[slice_index] if self.offsets else 0.0
        row_mm, column_mm, _ = self.spacing
        x, y, z = (
            self.origin[i] + self.row[i] * column * column_mm + self.column[i] * row * row_mm + self.normal[i] * offset
            for i in range(3)
        )
        return (x, y, z)

    def distance(self, row_pixels: float, column_pixels: float) -> float:
        """In-plane length in mm of a step of `row_pixels` down and `column_pixels` across."""
        return hypot(row_pixels * self.spacing[0], column_pixels * self.spacing[1])


SPACING_SOURCES = (
    "positions",
    "pixel-spacing",
    "pixel-spacing-calibrated",
    "imager-pixel-spacing",
    "imager-pixel-spacing-magnification",
    "nominal-scanned-pixel-spacing",
    "spacing-between-slices",
)
"""`positions`: in-plane from PixelSpacing, slices from ImagePositionPatient. `imager-…`: at the detector (GE-13, GE-14)."""


def normal_of(row: Vector, column: Vector) -> Vector:
    """Unit normal, row × column (PS3.3 C.7.6.2.1.1)."""
    n = np.cross(np.asarray(row, float), np.asarray(column, float))
    length = float(np.linalg.norm(n)) or 1.0
    return (float(n[0]) / length, float(n[1]) / length, float(n[2]) / length)


def letters(direction: Vector) -> str:
    """Patient direction letters towards which a vector points, strongest first, e.g. "LP" (PS3.3 C.7.6.1.1.1).

    A component below 0.1 of the vector is left out; "" for a zero vector.
    """
    named = [(abs(v), ("LPH" if v > 0 else "RAF")[i]) for i, v in enumerate(direction)]
    length = max(sum(v * v for v, _ in named) ** 0.5, 1e-12)
    return "".join(letter for v, letter in sorted(named, reverse=True) if v / length > 0.1)


_OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")


def opposite(named: str) -> str:
    """Letters of the other way: "LP" → "RA"."""
    return named.translate(_OPPOSITE)
