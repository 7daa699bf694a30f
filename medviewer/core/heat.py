"""Heat of a network as a mask on the image's own pixels, and the mask's outline."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from medviewer.core.finding import Attribution


def on_image(heat: Attribution, shape: tuple[int, int], step: int = 1) -> NDArray[np.float32]:
    """Heat 0…1 at the centres of every `step`-th block of pixels, [rows, columns] of the image or fewer.

    Bilinear between cell centres with the edges held, as the window draws it; 0 where the network did not look.
    """
    turn, move = heat.to_image[:, :2], heat.to_image[:, 2]
    back = np.linalg.inv(turn)
    rows, columns = (np.arange(-(-n // step)) * step + (step - 1) / 2 for n in shape)
    # Heat coordinates of each pixel; the affines of preparation have no shear, but a turn by 90° would be served too.
    r = back[0, 0] * (rows - move[0])[:, None] + back[0, 1] * (columns - move[1])[None, :]
    c = back[1, 0] * (rows - move[0])[:, None] + back[1, 1] * (columns - move[1])[None, :]
    high, wide = heat.heat.shape
    inside = (r >= -0.5) & (r <= high - 0.5) & (c >= -0.5) & (c <= wide - 0.5)
    r, c = np.clip(r, 0, high - 1), np.clip(c, 0, wide - 1)
    r0, c0 = np.minimum(r.astype(int), max(high - 2, 0)), np.minimum(c.astype(int), max(wide - 2, 0))
    r1, c1 = np.minimum(r0 + 1, high - 1), np.minimum(c0 + 1, wide - 1)
    u, v = (r - r0).astype(np.float32), (c - c0).astype(np.float32)
    table = heat.heat
    upper = table[r0, c0] * (1 - v) + table[r0, c1] * v
    lower = table[r1, c0] * (1 - v) + table[r1, c1] * v
    found: NDArray[np.float32] = np.where(inside, upper * (1 - u) + lower * u, 0).astype(np.float32)
    return found


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Closed outlines of a mask along the edges of its pixels: corners (row, column) from 0 at the image's outer corner,
    [n, 2] with the first repeated as the last; holes have outlines of their own."""
    padded = np.pad(mask.astype(np.int8), 1)
    following: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    down = np.diff(padded, axis=0)[:, 1:-1]  # edges along a row: 1 where the mask begins below it
    for r, c in np.argwhere(down):
        ends = ((int(r), int(c)), (int(r), int(c) + 1))
        start, end = ends if down[r, c] > 0 else ends[::-1]
        following[start].append(end)
    across = np.diff(padded, axis=1)[1:-1]
    for r, c in np.argwhere(across):
        ends = ((int(r) + 1, int(c)), (int(r), int(c)))
        start, end = ends if across[r, c] > 0 else ends[::-1]
        following[start].append(end)
    found = []
    while following:
        start = next(iter(following))
        corners, here = [start], start
        while following.get(here):
            there = following[here].pop()
            if not following[here]:
                del following[here]
            corners.append(there)
            here = there
        found.append(_bends(np.array(corners)))
    return found


def _bends(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """The corners where the outline turns, first and last included."""
    step = np.diff(corners, axis=0)
    turns = np.any(step[1:] != step[:-1], axis=1)
    bends: NDArray[np.int64] = corners[np.concatenate([[True], turns, [True]])]
    return bends
