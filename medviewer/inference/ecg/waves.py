"""What the waves network sees of simultaneous leads, and probabilities sample by sample from it.

`RATE` samples a second, one row a lead. Long records are read in windows that overlap; their probabilities are blended.
"""

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.prepare import Samples, bandpassed, filled, resampled

RATE = 250.0
LOW, HIGH = 0.5, 60.0
KINDS = ("none", "P", "QRS", "T")
PIECE_S = 1.5
"""Height is judged in pieces this long: each holds a beat at 40 to the minute."""
HEIGHT = 4.0


def waves_input(signal: NDArray[np.float64], rate: float) -> Samples:
    """One lead at `RATE`, gaps bridged, without wander, in units of a quarter of its usual height."""
    return heighted(bandpassed(resampled(filled(signal), rate, RATE), RATE, LOW, HIGH))


def heighted(signal: NDArray[np.float64] | Samples) -> Samples:
    """Scaled so that the median height of its pieces is `HEIGHT`: the same for mV, µV and ADC steps. Zeros for a flat lead."""
    size = int(PIECE_S * RATE)
    count = max(1, len(signal) // size)
    heights = [float(np.ptp(part)) for part in np.array_split(signal, count)]
    usual = float(np.median(heights))
    if usual <= 1e-9:
        return np.zeros(len(signal), np.float32)
    return np.clip(signal * (HEIGHT / usual), -20, 20).astype(np.float32)


WINDOW, OVERLAP = 5120, 1024
"""Samples of a window of a long record, and how many it shares with the next; a record up to `WHOLE` is read in one piece."""
WHOLE = 7680
MULTIPLE = 16


def windows(length: int) -> list[tuple[int, int]]:
    """First and last-plus-one sample of each window; they start at the same places whatever the length."""
    if length <= WHOLE:
        return [(0, length)]
    step = WINDOW - OVERLAP
    count = 1 + max(0, -(-(length - WINDOW) // step))
    return [(k * step, min(length, k * step + WINDOW)) for k in range(count)]


def blend(length: int, first: bool, last: bool) -> Samples:
    """Weight of each sample of a window: falls to nothing over the overlap with the neighbours."""
    weight = np.ones(length, np.float32)
    ramp = (np.arange(OVERLAP, dtype=np.float32) + 0.5) / OVERLAP
    if not first:
        weight[:OVERLAP] = ramp[:length]
    if not last:
        weight[-OVERLAP:] = ramp[::-1]
    return weight
