"""What the waves network sees of simultaneous leads, and probabilities sample by sample from it.

`RATE` samples a second, one row a lead. Long records are read in windows that overlap; their probabilities are blended.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.prepare import Samples, bandpassed, filled, resampled

RATE = 250.0
LOW, HIGH = 0.5, 60.0
KINDS = ("none", "P", "QRS", "T")
PIECE_S = 1.5
"""Height is judged in pieces this long: each holds a beat at 40 to the minute."""
HEIGHT = 4.0


PART_S, BESIDE_S = 1800, 30
"""A longer lead is prepared part by part, each with this much on both sides: the filter has long forgotten what lies beyond."""


def waves_input(signal: NDArray[np.float64], rate: float) -> Samples:
    """One lead at `RATE`, gaps bridged, without wander, in units of a quarter of its usual height."""
    ratio = Fraction(RATE / rate).limit_denominator(500)
    exact = abs(float(ratio) * rate - RATE) < 1e-9
    whole = not exact or len(signal) <= (PART_S + 2 * BESIDE_S) * rate
    return heighted(_filtered(signal, rate) if whole else _in_parts(signal, rate, ratio))


def _filtered(signal: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    return bandpassed(resampled(filled(signal), rate, RATE), RATE, LOW, HIGH)


def _in_parts(signal: NDArray[np.float64], rate: float, ratio: Fraction) -> Samples:
    """The same of a long lead without several copies of the whole; parts begin where a sample at `rate` is one at `RATE`."""
    step, beside = (int(s * rate) // ratio.denominator * ratio.denominator for s in (PART_S, BESIDE_S))
    out = np.zeros(round(len(signal) * RATE / rate), np.float32)
    for start in range(0, len(signal), step):
        first = max(0, start - beside)
        part = _filtered(signal[first : start + step + beside], rate)
        at, skipped = int(start * ratio), int((start - first) * ratio)
        size = min(int(step * ratio), len(out) - at, len(part) - skipped)
        out[at : at + size] = part[skipped : skipped + size]
    return out


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
