"""What a record held in memory tells about itself: beats against the device's rate, a calibration pulse behind the signals."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import Notice

COUNTED_S = (2.0, 60.0)
"""Length of a record whose beats are counted against the device's heart rate."""
OTHER_RATE = 2.0
"""Times more or fewer beats than the device counted before the sampling rate is in doubt."""
LEAST_PULSE_S = 0.3


def other_heart_rate(record: EcgRecord) -> tuple[Notice, ...]:
    """A warning where the samples at the stated rate hold far more or fewer beats than the device counted."""
    said = record.device.measurements.get("heart rate") if record.device is not None else None
    rates = {lead.rate_hz for lead in record.leads}
    if said is None or not 20 <= said.value <= 300 or len(rates) != 1 or not COUNTED_S[0] <= record.seconds <= COUNTED_S[1]:
        return ()
    size = min(lead.samples for lead in record.leads)
    found = counted_rate([record.source.read(k, 0, size) for k in range(len(record.leads))], record.rate_hz)
    if found is None or said.value / OTHER_RATE <= found <= said.value * OTHER_RATE:
        return ()
    return (Notice("ecg-rate-implausible", record.path, {"device": round(said.value), "counted": round(found)}),)


def counted_rate(signals: Sequence[NDArray[np.float64]], rate: float) -> float | None:
    """Beats a minute by the steepest places of all leads: rough, but it shows a wrong sampling rate. None without beats."""
    power = np.zeros(len(signals[0]))
    for signal in signals:
        slope = np.gradient(np.nan_to_num(signal, nan=float(np.nanmedian(signal)) if np.isfinite(signal).any() else 0.0))
        power += slope**2 / max(float(np.percentile(slope**2, 99.5)), 1e-18)
    width = max(1, round(0.1 * rate))
    power = np.convolve(power, np.full(width, 1 / width), "same")
    least, near = 0.25 * float(np.percentile(power, 99.5)), max(1, round(0.15 * rate))
    padded = np.pad(power, near)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * near + 1).max(1)
    peaks = np.flatnonzero((power >= highest) & (power > least))
    peaks = peaks[np.diff(peaks, prepend=-near) > near // 2]  # a flat top is one peak
    if len(peaks) < 2:
        return None
    return float(60 * rate * (len(peaks) - 1) / (peaks[-1] - peaks[0]))


def without_pulse(signals: Sequence[NDArray[np.float64]], rate: float) -> int:
    """How many samples of each lead are the heart's: less the stretch at the end in which all leads are equal sample by sample
    and leave 0 once, which is the device's calibration pulse (mV; one that is all equal has no pulse)."""
    size = min((len(signal) for signal in signals), default=0)
    if len(signals) < 3 or not size:
        return size
    block = np.stack([signal[:size] for signal in signals])
    apart = np.flatnonzero(np.ptp(block, axis=0) > 0)
    first = int(apart[-1]) + 1 if len(apart) else 0
    tail = block[0, first:]
    if not first or len(tail) < LEAST_PULSE_S * rate or not np.isfinite(tail).all():
        return size
    edges = np.diff((np.abs(tail) > 0.5 * np.abs(tail).max()).astype(int))
    one = np.abs(tail).max() > 0.1 and int(np.abs(edges).sum()) == 2
    return first if one else size
