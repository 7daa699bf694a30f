"""Where the beats are: energy of the slope in the QRS band over the best leads, thresholds that follow it, then the R peak.

After Pan and Tompkins, IEEE Trans Biomed Eng 1985;32:230; several leads are joined before the threshold.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from medviewer.core.task import CancelToken
from medviewer.inference.ecg.prepare import bandpassed, filled, resampled

RATE = 250.0
REFRACTORY_S = 0.2
T_WAVE_S = 0.36
"""A weaker peak this soon after a beat is its T wave."""
SEARCH_BACK = 1.5
"""A pause of this many usual intervals is searched again with half the threshold."""
SNAP_S = 0.07
BLOCK_S = 3600.0
"""A long record is worked through in hours that overlap by ten seconds."""

Array = NDArray[np.float64]


def detect(
    signals: list[Array], rate: float, tell: Callable[[float], None] | None = None, token: CancelToken | None = None
) -> NDArray[np.int64]:
    """R peaks of simultaneous leads (mV or any unit, NaN in gaps), as samples at `rate`, strictly rising, at least 0.2 s apart.

    The first lead is the one whose peak is marked. `tell` hears the share that is done; raises Cancelled.
    """
    length = min(len(signal) for signal in signals)
    step, overlap = int(BLOCK_S * rate), int(10 * rate)
    found: list[NDArray[np.int64]] = []
    for start in range(0, max(1, length - overlap), step):
        if token is not None:
            token.check()
        if tell is not None:
            tell(start / length)
        stop = min(length, start + step + overlap)
        peaks = _block([signal[start:stop] for signal in signals], rate) + start
        if found and len(found[-1]):
            peaks = peaks[peaks > found[-1][-1] + REFRACTORY_S * rate]
        found.append(peaks[peaks < start + step + overlap // 2])
    joined: NDArray[np.int64] = np.concatenate(found) if found else np.zeros(0, np.int64)
    return joined


def _block(signals: list[Array], rate: float) -> NDArray[np.int64]:
    from scipy.ndimage import maximum_filter1d, uniform_filter1d
    from scipy.signal import find_peaks

    gap = ~np.isfinite(signals[0])
    leads = [resampled(filled(signal), rate, RATE) for signal in signals]
    if len(leads[0]) < RATE:
        return np.zeros(0, np.int64)
    energy = np.zeros(len(leads[0]))
    for lead in leads:
        slope = np.gradient(bandpassed(lead, RATE, 5.0, 22.0))
        power = uniform_filter1d(slope**2, int(0.1 * RATE))
        level = uniform_filter1d(maximum_filter1d(power, int(2 * RATE)), int(16 * RATE))
        energy += power / np.maximum(level, 1e-12 + 0.02 * float(np.median(level)))
    energy = np.sqrt(np.maximum(energy, 0) / len(leads))
    candidates, _ = find_peaks(energy, distance=int(0.12 * RATE))
    chosen = _follow(candidates, energy[candidates])
    snapped = _snap(leads[0], chosen)
    at = np.round(snapped * rate / RATE).astype(np.int64)
    at = np.clip(at, 0, len(signals[0]) - 1)
    kept = _apart(at, energy[chosen], REFRACTORY_S * rate)
    return kept[~gap[kept]]


def _apart(at: NDArray[np.int64], height: Array, least: float) -> NDArray[np.int64]:
    """Of peaks that were moved nearer to each other than `least` the higher one stays."""
    kept: list[int] = []
    heights: list[float] = []
    for sample, size in zip(at.tolist(), height.tolist(), strict=True):
        if not kept or sample - kept[-1] >= least:
            kept.append(sample)
            heights.append(size)
        elif size > heights[-1] and (len(kept) < 2 or sample - kept[-2] >= least):
            kept[-1], heights[-1] = sample, size
    return np.array(kept, np.int64)


def _follow(at: NDArray[np.int64], height: Array) -> NDArray[np.int64]:
    """Candidates that rise above a threshold between the running levels of beats and of noise."""
    if not len(at):
        return at
    beat, noise = float(np.percentile(height, 90)), float(np.percentile(height, 20))
    beats: list[int] = []
    heights: list[float] = []
    usual = 0.8 * RATE
    skipped: list[int] = []
    for k in range(len(at)):
        threshold = noise + 0.20 * (beat - noise)
        since = at[k] - beats[-1] if beats else RATE * 10
        if beats and since > SEARCH_BACK * usual:
            weak = [s for s in skipped if at[s] - beats[-1] > 0.3 * RATE and at[k] - at[s] > 0.3 * RATE]
            best = max(weak, key=lambda s: height[s], default=None)
            if best is not None and height[best] > noise + 0.12 * (beat - noise):
                beats.append(int(at[best]))
                heights.append(float(height[best]))
                since = at[k] - beats[-1]
        if since < REFRACTORY_S * RATE:
            if height[k] > heights[-1]:
                beats[-1], heights[-1] = int(at[k]), float(height[k])
            continue
        if height[k] < threshold or (since < T_WAVE_S * RATE and height[k] < 0.45 * heights[-1]):
            noise = 0.9 * noise + 0.1 * min(float(height[k]), beat)
            skipped.append(k)
            continue
        if beats and since < 2 * usual:
            usual = 0.85 * usual + 0.15 * since
        beats.append(int(at[k]))
        heights.append(float(height[k]))
        beat = 0.88 * beat + 0.12 * float(height[k])
        skipped = []
    return np.array(beats, np.int64)


def _snap(lead: Array, at: NDArray[np.int64]) -> Array:
    """The extreme of the lead within ±70 ms, to a fraction of a sample."""
    shape = bandpassed(lead, RATE, 1.0, 40.0)
    reach = int(SNAP_S * RATE)
    padded = np.pad(np.abs(shape), reach)
    if not len(at):
        return at.astype(np.float64)
    windows = padded[at[:, None] + np.arange(2 * reach + 1)]
    peak = at + windows.argmax(1) - reach
    inner = np.clip(peak, 1, len(shape) - 2)
    left, middle, right = (np.abs(shape[inner + k]) for k in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.where(np.abs(bend) > 1e-12, 0.5 * (left - right) / np.where(np.abs(bend) > 1e-12, bend, 1.0), 0.0)
    found: Array = inner + np.clip(shift, -0.5, 0.5)
    return found
