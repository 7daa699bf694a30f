"""Traces as pixels: each column of the screen is covered from its lowest to its highest value, rims by their share of a pixel.

Its cost depends on the number of pixels alone, so a day in view costs what a second does.
"""

from functools import lru_cache
from itertools import pairwise

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
    for above, row in pairwise(steps[:rows]):  # three times as fast as cumsum down the columns
        row += above
    return steps[:rows]


def widened(top: Column, bottom: Column, columns: int) -> tuple[Column, Column]:
    """Upright strokes `columns` wider, so that on fine screens they are as strong as level ones."""
    wide_top, wide_bottom = top.copy(), bottom.copy()
    for shift in range(1, columns + 1):
        wide_top[shift:] = np.fmin(wide_top[shift:], top[:-shift])
        wide_bottom[shift:] = np.fmax(wide_bottom[shift:], bottom[:-shift])
    return wide_top, wide_bottom


@lru_cache(maxsize=16)
def _shades(colour: str) -> NDArray[np.uint32]:
    levels = np.arange(256, dtype=np.uint32)
    ink = QColor(colour)
    parts = [(levels * c + 127) // 255 for c in (ink.red(), ink.green(), ink.blue())]
    return (levels << 24 | parts[0] << 16 | parts[1] << 8 | parts[2]).astype(np.uint32)


def tinted(share: NDArray[np.float32], colour: str) -> QImage:
    """The share as an image of one colour, premultiplied; `share` is used up."""
    table = _shades(colour)
    shades = np.multiply(share, 255, out=share)
    np.clip(shades, 0, 255, out=shades)
    pixels = table.take(shades.astype(np.uint8))
    rows, columns = pixels.shape
    image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32_Premultiplied)
    image._kept = pixels  # type: ignore[attr-defined]  # the image does not own its bytes
    return image


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, stop) of each stretch of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
