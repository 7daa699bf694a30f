"""Beats of like shape in a record vote on whether they are ventricular.

A heart makes its ventricular beats in few places: beats whose QRS is the same in both leads are of one kind, though their timing
differs. The network reads each beat for itself; here its opinion of V and F, against N and S, is joined with that of its likes.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.beats import LABELS, REACH

SHAPE = slice(REACH - 14, REACH + 26)
"""QRS and the start of ST: 112 ms before the peak to 208 ms after it."""
TOGETHER = 2000
"""Beats that vote together: about half an hour, so that a day costs 50 times half an hour, not 2,500 times."""
ROWS = 500
"""Beats compared with the others at once: at most 500 × 3,000 distances in memory."""
SINUS, VENTRICULAR = [LABELS.index(k) for k in "NS"], [LABELS.index(k) for k in "VF"]


def voted(windows: NDArray[np.float32], logits: NDArray[np.float64], vote: Mapping[str, float]) -> NDArray[np.float64]:
    """Logits [beats, classes] in which V and F, against N and S, are `own` a beat's opinion and for the rest the mean of beats
    of like shape (itself among them), `windows` as in `Sequence`. `width`: at this squared distance, as a share of the beat's
    own energy, another beat counts 1/e. A beat that no other resembles keeps its opinion. Whether it is a beat at all, or a paced
    one, is not voted on: N, S, V and F together weigh what they did."""
    found = logits.copy()
    own, width = vote["own"], vote["width"]
    odds = logits[:, VENTRICULAR] - np.logaddexp.reduce(logits[:, SINUS], axis=1, keepdims=True)
    for part in _parts(len(logits)):
        shapes = _shapes(windows[part])
        energy = (shapes**2).sum(1)
        for start in range(0, len(part), ROWS):
            rows = slice(start, start + ROWS)
            apart = energy[rows, None] + energy - 2 * shapes[rows] @ shapes.T
            weight = np.exp(-np.maximum(apart, 0) / (width * energy[rows, None] + 1e-6))
            others = weight @ odds[part] / weight.sum(1, keepdims=True)
            found[part[rows][:, None], VENTRICULAR] += (1 - own) * (others - odds[part[rows]])
    beats = [*SINUS, *VENTRICULAR]
    weigh = np.logaddexp.reduce(logits[:, beats], axis=1, keepdims=True)
    found[:, beats] += weigh - np.logaddexp.reduce(found[:, beats], axis=1, keepdims=True)
    return found


def likes(windows: NDArray[np.float32], row: int, vote: Mapping[str, float]) -> int:
    """How many others are heard on beat `row` with more than 1/e of its own weight."""
    part = next(p for p in _parts(len(windows)) if p[0] <= row <= p[-1])
    shapes = _shapes(windows[part])
    own = shapes[row - part[0]]
    near = ((shapes - own) ** 2).sum(1) < vote["width"] * float(own @ own)
    return max(0, int(near.sum()) - 1)


def _parts(count: int) -> list[NDArray[np.int64]]:
    """Beats that vote together."""
    return np.array_split(np.arange(count), max(1, round(count / TOGETHER)))


def _shapes(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """QRS of both leads in a row, each lead's mean taken off."""
    cut = windows[:, :2, SHAPE]
    centred: NDArray[np.float32] = (cut - cut.mean(2, keepdims=True)).reshape(len(cut), cut.shape[1] * cut.shape[2])
    return centred
