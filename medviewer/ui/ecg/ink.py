"""Traces as pixels: each column of the screen is covered from its lowest to its highest value, rims by their share of a pixel.

Its cost depends on the number of pixels alone, so a day in view costs what a second does.
"""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

Column = NDArray[np.float32]


def covered(top: Column, bottom: Column, rows: int) -> NDArray[np.float32]:
    """Share [rows, columns] of each pixel between `top` and `bottom` (pixels, down); NaN columns stay empty.

    Where an edge lies inside a pixel the step is split over it and the next; the running sum down a column is the share.
    """
    steps = np.zeros((rows + 2, len(top)), np.float32)
    there = np.flatnonzero(np.isfinite(top) & np.isfinite(bottom))
    for edge, sign in ((top, np.float32(1)), (bottom, np.float32(-1))):
        y = np.clip(edge[there], 0, rows)
        whole = np.floor(y).astype(np.int64)
        part = (y - whole).astype(np.float32)
        steps[whole, there] += sign * (1 - part)
        steps[whole + 1, there] += sign * part
    return np.cumsum(steps[:rows], axis=0, out=steps[:rows])


def tinted(share: NDArray[np.float32], colour: str) -> QImage:
    """The share as an image of one colour, premultiplied."""
    levels = np.arange(256, dtype=np.uint32)
    ink = QColor(colour)
    parts = [(levels * c + 127) // 255 for c in (ink.red(), ink.green(), ink.blue())]
    table = levels << 24 | parts[0] << 16 | parts[1] << 8 | parts[2]
    pixels = table[(np.clip(share, 0, 1) * 255).astype(np.uint8)]
    pixels = np.ascontiguousarray(pixels)
    rows, columns = pixels.shape
    image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32_Premultiplied)
    image._kept = pixels  # type: ignore[attr-defined]  # the image does not own its bytes
    return image


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, stop) of each stretch of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
