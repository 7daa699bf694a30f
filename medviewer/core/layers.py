"""What a file lays over its image: one-bit overlay planes and the display shutter. Index coordinates are (row, column)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class OverlayPlane:
    """One-bit graphics over an image (PS3.3 C.9.2): `mask` bool [rows, columns], read-only, whose first pixel lies on the
    image's pixel `origin` (0-based, may be negative)."""

    mask: NDArray[np.bool_]
    origin: tuple[int, int] = (0, 0)
    label: str = ""


@dataclass(frozen=True, slots=True)
class Shutter:
    """The part of an image that is shown is inside all of these (PS3.3 C.7.6.11): `rectangle` (first row, first column, last
    row, last column), `circle` (row, column, radius in rows), `polygon` of (row, column) vertices; index coordinates."""

    rectangle: tuple[float, float, float, float] | None = None
    circle: tuple[float, float, float] | None = None
    polygon: tuple[tuple[float, float], ...] = ()
