"""Eight leads → what the twelve-lead network reads: the leads filtered and scaled, their usual beat, a few intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.prepare import Samples, bandpassed, filled, resampled
from medviewer.inference.ecg.rhythm_beats import beats_of

LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
"""The independent ones; III, aVR, aVL, aVF follow from I and II."""
RATE = 120.0
LOW, HIGH, ORDER = 0.5, 40.0, 4
SECONDS = 10.0
BEFORE, AFTER = int(0.36 * RATE), int(0.54 * RATE)
USUAL = BEFORE + AFTER
NUMBERS = 6

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Twelve:
    """`leads` float32 [8, samples] at 120 Hz, each with mean 0 and SD 1; `usual` float32 [8, USUAL]: the median beat around R;
    `numbers` float32 [NUMBERS]: interval, spread of intervals, share of odd beats, width and size of the QRS, beats found; `at`:
    R peaks."""

    leads: Samples
    usual: Samples
    numbers: Samples
    at: Array


def filtered(signals: Array, rate: float) -> Array:
    """[8, samples] at `rate`, any unit → 0.5–40 Hz (Butterworth, order 4, zero phase), mean 0 and SD 1 each, at 120 Hz."""
    rows = []
    for signal in signals:
        lead = bandpassed(filled(np.asarray(signal, np.float64)), rate, LOW, HIGH, ORDER)
        spread = float(lead.std())
        rows.append(resampled((lead - lead.mean()) / spread if spread > 1e-9 else np.zeros_like(lead), rate, RATE))
    return np.stack(rows)


def described(leads: Array) -> Twelve:
    """The usual beat and the intervals of `filtered` leads."""
    leads = np.clip(leads, -12, 12)
    slopes = np.gradient(np.stack([bandpassed(lead, RATE, 5.0, 22.0) for lead in leads]), axis=1) ** 2
    level = slopes.mean(1, keepdims=True) + 1e-9
    at, _ = beats_of((slopes / level).mean(0), np.sqrt((leads**2).mean(0)))
    usual, odd = np.zeros((len(leads), USUAL)), 0.0
    if len(at):
        padded = np.pad(leads, ((0, 0), (BEFORE, AFTER)))
        inner = at[(at >= BEFORE) & (at < leads.shape[1] - AFTER)]
        places = np.round(inner if len(inner) else at).astype(int)
        beats = padded[:, places[:, None] + np.arange(USUAL)]
        first = np.median(beats, axis=1)
        unlike = np.linalg.norm(beats - first[:, None], axis=(0, 2))
        near = unlike <= np.median(unlike) * 1.3
        usual = np.median(beats[:, near], axis=1)
        odd = float(np.mean(unlike > 1.6 * np.median(unlike)))
        usual = usual - np.median(usual, axis=1, keepdims=True)
    rr = np.diff(at) / RATE
    middle = float(np.median(rr)) if len(rr) else 0.8
    spread = float(np.clip(rr / middle, 0.3, 2).std()) if len(rr) > 1 else 0.0
    size = np.ptp(usual, axis=1).mean()
    slope = np.abs(np.diff(usual[:, BEFORE - 18 : BEFORE + 24], axis=1)).sum(0)
    width = float(np.mean(slope > slope.max() / 4)) if slope.max() > 0 else 0.0
    numbers = np.array([middle - 0.8, 4 * spread, odd, 4 * (width - 0.4), size / 6 - 1, len(at) / 10 - 1], np.float32)
    return Twelve(leads.astype(np.float32), usual.astype(np.float32), numbers, at)
