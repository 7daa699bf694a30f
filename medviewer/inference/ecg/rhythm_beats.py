"""One prepared lead → beats and numbers that tell rhythms apart: intervals, shapes, P waves, noise.

Reads what `prepare.rhythm_input` gives (120 Hz, scaled), so that unit and gain do not matter; the polarity is turned so that
the usual QRS points up. The beats are found here and not by `qrs.py`: the network's weights were trained on exactly these.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.prepare import Samples, bandpassed
from medviewer.inference.ecg.rhythm_clean import cleaned
from medviewer.inference.ecg.rhythm_numbers import QRS, RATE, REACH, WINDOW, alike, atrial, intervals, noise, shape_numbers

SNAP = int(0.07 * RATE)
MOST = 200
"""Beats kept of one window."""


Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pulse:
    """`at`: R peaks in samples at 120 Hz, with fractions; `shapes` float32 [beats, 2, WINDOW]: the signal around each, and less
    the usual beat; `steps` float32 [beats, STEPS]: intervals and likeness; `numbers` float32 [NUMBERS]: of the whole window.

    A window without beats has one of zeros."""

    at: Array
    shapes: Samples
    steps: Samples
    numbers: Samples


def pulse(x: Samples) -> Pulse:
    """Beats and features of one prepared window."""
    signal = np.asarray(x, np.float64)
    quick = bandpassed(signal, RATE, 5.0, 22.0)
    at, heights = beats_of(np.gradient(quick) ** 2, np.abs(bandpassed(signal, RATE, 1.0, 40.0)))
    shapes = _around(signal, at)
    usual, likeness = _usual(shapes)
    sign = -1.0 if len(usual) and -usual[REACH - 8 : REACH + 9].min() > 1.1 * usual[REACH - 8 : REACH + 9].max() else 1.0
    shapes, usual = shapes * sign, usual * sign
    found = {
        **intervals(at / RATE, len(x) / RATE),
        **shape_numbers(shapes, usual, likeness, heights),
        **atrial(signal * sign, shapes, usual, at),
        **noise(signal, quick, heights),
        **cleaned(at, shapes),
    }
    numbers = np.array([v if np.isfinite(v) else MISSING for v in found.values()], np.float32)
    numbers = np.clip(numbers, -50, 50)
    if not len(at):
        return Pulse(at, np.zeros((1, 2, WINDOW), np.float32), np.zeros((1, STEPS), np.float32), numbers)
    pairs = np.stack([shapes, shapes - np.median(shapes, axis=0)], 1).astype(np.float32)
    return Pulse(at, pairs, _steps(at, shapes), numbers)


STEPS, NUMBERS = 7, 138
MISSING = -9.0
"""Where a feature has no value, as with too few beats."""


def beats_of(power: Array, absolute: Array) -> tuple[Array, Array]:
    """R peaks (samples at 120 Hz, with fractions) where the slope's energy `power` is large, each at the largest of `absolute`
    within 70 ms; and the energy there, relative to what is usual around."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d
    from scipy.signal import find_peaks

    if len(power) < RATE:
        return np.zeros(0), np.zeros(0)
    power = np.maximum(uniform_filter1d(power, int(0.1 * RATE)), 0)
    level = uniform_filter1d(maximum_filter1d(power, int(2 * RATE)), int(6 * RATE))
    energy = np.sqrt(power / np.maximum(level, 1e-9 + 0.05 * float(np.median(level))))
    peaks, about = find_peaks(energy, height=0.14, distance=int(0.2 * RATE))
    heights = about["peak_heights"]
    chosen = _chosen(peaks, heights)
    peaks, heights = peaks[chosen], heights[chosen]
    if not len(peaks):
        return np.zeros(0), np.zeros(0)
    padded = np.pad(absolute, SNAP)
    top = peaks + padded[peaks[:, None] + np.arange(2 * SNAP + 1)].argmax(1) - SNAP
    inner = np.clip(top, 1, len(power) - 2)
    left, middle, right = (absolute[inner + k] for k in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (left - right) / np.where(np.abs(bend) > 1e-9, bend, 1.0), 0.0)
    at = inner + np.clip(shift, -0.5, 0.5)
    keep = np.concatenate([[True], np.diff(at) >= 0.2 * RATE])[: len(at)]
    return at[keep][:MOST], heights[keep][:MOST]


def _chosen(at: NDArray[np.int64], height: Array) -> NDArray[np.bool_]:
    """Strong candidates that are no T wave of the one before; weak ones where a beat is missing."""
    strong = height > 0.36
    for k in range(1, len(at)):
        if strong[k] and at[k] - at[k - 1] < 0.36 * RATE and height[k] < 0.5 * height[k - 1] and strong[k - 1]:
            strong[k] = False
    where = np.flatnonzero(strong)
    if len(where) < 3:
        return strong
    usual = float(np.median(np.diff(at[where])))
    for a, b in pairwise(where):
        if at[b] - at[a] > 1.6 * usual and b - a > 1:
            inside = np.arange(a + 1, b)
            inside = inside[(at[inside] - at[a] > 0.32 * RATE) & (at[b] - at[inside] > 0.32 * RATE)]
            if len(inside):
                best = inside[height[inside].argmax()]
                strong[best] = height[best] > 0.2
    return strong


def _around(signal: Array, at: Array) -> Array:
    """The signal around each beat, its level in the window taken off."""
    padded = np.pad(signal, (REACH, WINDOW))
    cut = padded[np.round(at).astype(np.int64)[:, None] + np.arange(WINDOW)]
    return np.asarray(cut - np.median(cut, axis=1, keepdims=True), np.float64)


def _usual(shapes: Array) -> tuple[Array, Array]:
    """The usual beat, and how like it each one is around the QRS."""
    if not len(shapes):
        return np.zeros(0), np.zeros(0)
    first = np.median(shapes, axis=0)
    likeness = alike(shapes[:, QRS], first[QRS])
    usual = np.median(shapes[likeness >= np.median(likeness)], axis=0)
    return np.asarray(usual, np.float64), alike(shapes[:, QRS], usual[QRS])


def _steps(at: Array, shapes: Array) -> Samples:
    """Intervals before and after each beat against the median, each other and 0.8 s; likeness to the usual QRS, its size."""
    rr = np.clip(np.diff(at) / RATE, 0.15, 4.0) if len(at) > 1 else np.array([0.8])
    middle = float(np.median(rr))
    before, after = (np.concatenate([rr[:1], rr]), np.concatenate([rr, rr[-1:]])) if len(at) > 1 else (rr, rr)
    earlier = np.concatenate([before[:1], before[:-1]])
    usual = np.median(shapes[:, QRS], axis=0)
    size = np.maximum(np.ptp(shapes[:, QRS], axis=1), 0.05) / max(float(np.ptp(usual)), 0.05)
    columns = (
        *(3 * np.log(before / middle), 3 * np.log(after / middle), 3 * np.log(before / earlier), 3 * np.log(after / before)),
        *(2 * np.log(before / 0.8), alike(shapes[:, QRS], usual), np.log(size)),
    )
    return np.stack(columns, 1).astype(np.float32)
