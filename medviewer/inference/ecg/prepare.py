"""A record's unfiltered millivolts → what the ECG networks were trained on. Used by training and by the program alike.

Filters here feed networks only; they are never shown and never stored (the panes draw the unfiltered signal).
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

FLAT_MV = 0.01
"""A lead whose middle 98 % span less than this holds no heart beat."""
LARGEST_MV = 50.0


def resampled(signal: NDArray[np.float64], rate: float, wanted: float) -> NDArray[np.float64]:
    """The signal at `wanted` Hz, polyphase filtered; length is `round(len · wanted / rate)`."""
    from scipy.signal import resample_poly

    length = max(1, round(len(signal) * wanted / rate))
    ratio = Fraction(wanted / rate).limit_denominator(500)
    if ratio == 1:
        return np.asarray(signal, np.float64)
    found: NDArray[np.float64] = resample_poly(signal, ratio.numerator, ratio.denominator, padtype="line")
    if len(found) != length:
        found = np.interp(np.linspace(0, len(found) - 1, length), np.arange(len(found)), found)
    return found


def bandpassed(signal: NDArray[np.float64], rate: float, low: float, high: float, order: int = 2) -> NDArray[np.float64]:
    """Butterworth, forward and back."""
    from scipy.signal import butter, sosfiltfilt

    top = min(high, 0.45 * rate)
    sos = butter(order, [low, top], "bandpass", fs=rate, output="sos")
    pad = min(len(signal) - 1, int(3 * rate / low))
    found: NDArray[np.float64] = sosfiltfilt(sos, signal, padlen=max(0, pad))
    return found


def filled(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaps bridged by straight lines, so that filters do not ring; a lead without any sample becomes zeros."""
    good = np.isfinite(signal)
    if good.all():
        return signal
    if not good.any():
        return np.zeros_like(signal)
    return np.interp(np.arange(len(signal)), np.flatnonzero(good), signal[good])


def scaled(signal: NDArray[np.float64]) -> Samples:
    """Zero mean, spread 1 of the middle 98 %, clipped at ±8: the same for mV, µV and ADC steps."""
    centred = signal - np.median(signal)
    low, high = np.percentile(centred, [1, 99])
    inside = centred[(centred >= low) & (centred <= high)]
    spread = float(inside.std()) if inside.size else 0.0
    if spread <= 1e-9:
        return np.zeros(len(signal), np.float32)
    return np.clip(centred / spread, -8, 8).astype(np.float32)


def rhythm_input(signal: NDArray[np.float64], rate: float, *, wanted: float, low: float, high: float) -> Samples:
    """One lead as the rhythm network sees it: gaps bridged, `wanted` Hz, band `low`–`high` Hz, scaled."""
    return scaled(bandpassed(resampled(filled(signal), rate, wanted), wanted, low, high))


def why_no_ecg(signal: NDArray[np.float64], rate: float, calibrated: bool) -> str | None:
    """None for a lead that may hold heart beats, else "empty", "flat", "saturated" or "noise"."""
    good = signal[np.isfinite(signal)]
    if good.size < 2 * rate or good.size < 0.2 * len(signal):
        return "empty"
    low, high = np.percentile(good, [1, 99])
    span = float(np.ptp(good))
    if span <= 0 or (calibrated and float(high - low) < FLAT_MV):
        return "flat"
    if calibrated and float(np.abs(good - np.median(good)).max()) > LARGEST_MV:
        return "saturated"
    edges = np.mean((good >= good.max() - 1e-9) | (good <= good.min() + 1e-9))
    if edges > 0.3:
        return "saturated"
    slow = bandpassed(filled(signal), rate, 2.0, 40)
    edge = int(rate) if len(slow) > 4 * rate else 0  # where the filter rings
    slow = slow[edge : len(slow) - edge]
    peaks = np.abs(slow - np.median(slow))
    spread = float(np.median(peaks))
    if spread <= 0:
        return None
    if float(np.percentile(peaks, 99)) / spread < PEAKED:
        return "noise"
    return None


PEAKED = 4.6
"""99th percentile over the median of the rectified signal from 2 to 40 Hz: at most 4.45 for 10 s of white noise at any rate,
1.4 for a sine; at least 6.5 in 297 records of CinC 2017, 4.7 in those called too noisy."""
