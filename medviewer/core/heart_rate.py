"""Intervals between beats and what is computed from them: never across a gap, never across a beat that is not normal.

Definitions: Task Force of the ESC and NASPE, Heart rate variability, Circulation 93:1043-1065, 1996.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import Gap, Measurement

LEAST_SHARE = 0.8
"""Of the time must lie in intervals between normal beats for variability to be stated (EC-08)."""
LEAST_INTERVALS = 20
LONGEST_S = 10.0
"""A longer time without a beat is no interval: the heart stood still, fluttered, or nothing could be read. It is told by itself
as the longest one and counts in no rate."""
LEAST_RUNS = 24
"""Of fewer intervals the slowest and the fastest eight are nearly the same ones and say nothing."""
RUN = 8
"""Intervals of which the slowest and the fastest are told."""
LF, HF = (0.04, 0.15), (0.15, 0.4)
LEAST_LF_S = 120.0
RESAMPLED_HZ = 4.0


@dataclass(frozen=True, slots=True)
class Intervals:
    """RR intervals: `end_s` the later beat, `seconds`, `normal` whether both beats are normal and no gap parts them; `joined`
    whether the interval before it ends where it begins and is normal too."""

    end_s: NDArray[np.float64]
    seconds: NDArray[np.float64]
    normal: NDArray[np.bool_]
    joined: NDArray[np.bool_]


def intervals(times: NDArray[np.float64], symbols: NDArray[np.str_], gaps: Iterable[Gap] = ()) -> Intervals:
    """Of beats in the order of time; an interval that holds a gap is left out altogether."""
    if len(times) < 2:
        nothing = np.empty(0)
        return Intervals(nothing, nothing, np.empty(0, bool), np.empty(0, bool))
    whole = np.ones(len(times) - 1, bool)
    for gap in gaps:
        whole &= ~((times[:-1] <= gap.end_s) & (times[1:] >= gap.start_s))
    normal = (symbols[:-1] == "N") & (symbols[1:] == "N") & whole & (np.diff(times) <= LONGEST_S)
    joined = np.concatenate(([False], normal[1:] & normal[:-1]))
    return Intervals(times[1:][whole], np.diff(times)[whole], normal[whole], joined[whole])


def variability(found: Intervals) -> Mapping[str, Measurement]:
    """Rate, and SDNN, RMSSD, pNN50, SD1, SD2, LF, HF and LF/HF of normal intervals; without them where too little is usable."""
    said: dict[str, Measurement] = {}
    if not len(found.seconds):
        return said
    said["heart rate"] = Measurement(round(60 / float(np.median(found.seconds)), 1), "/min")
    if len(found.seconds) >= LEAST_RUNS:
        runs = [run for run in _runs(found.seconds) if len(run) >= RUN]
        if runs:
            said["lowest rate"] = Measurement(round(60 / max(float(_running(run).max()) for run in runs), 1), "/min")
            said["highest rate"] = Measurement(round(60 / min(float(_running(run).min()) for run in runs), 1), "/min")
        said["longest RR"] = Measurement(round(float(found.seconds.max()), 2), "s")
    share = float(found.seconds[found.normal].sum() / found.seconds.sum())
    said["normal intervals"] = Measurement(round(100 * share, 1), "%")
    steady = found.seconds[found.normal] * 1000
    if len(steady) < LEAST_INTERVALS or share < LEAST_SHARE:
        return said
    said["mean NN"] = Measurement(round(float(steady.mean()), 1), "ms")
    said["SDNN"] = Measurement(round(float(steady.std(ddof=1)), 1), "ms")
    changes = _changes(found)
    if len(changes) > 1:
        said["RMSSD"] = Measurement(round(float(np.sqrt(np.mean(changes**2))), 1), "ms")
        said["pNN50"] = Measurement(round(100 * float(np.mean(np.abs(changes) > 50)), 1), "%")
        short = float(np.std(changes, ddof=1) / np.sqrt(2))
        wide = 2 * float(steady.var(ddof=1)) - short**2
        said["SD1"] = Measurement(round(short, 1), "ms")
        said["SD2"] = Measurement(round(float(np.sqrt(max(wide, 0.0))), 1), "ms")
    low, high = _powers(found)
    if low is not None and high:
        said["LF"] = Measurement(round(low, 1), "ms²")
        said["HF"] = Measurement(round(high, 1), "ms²")
        said["LF/HF"] = Measurement(round(low / high, 2), "")
    return said


def _runs(seconds: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Intervals that follow each other without a longer time between them."""
    return [run[run <= LONGEST_S] for run in np.split(seconds, np.flatnonzero(seconds > LONGEST_S))]


def _running(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of `RUN` intervals on end."""
    return np.convolve(seconds, np.full(RUN, 1 / RUN), "valid")


def _changes(found: Intervals) -> NDArray[np.float64]:
    """Differences in ms of intervals that truly follow each other."""
    follows = np.flatnonzero(found.joined)
    return (found.seconds[follows] - found.seconds[follows - 1]) * 1000


def poincare(found: Intervals) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(interval, next interval) in ms of normal intervals that truly follow each other."""
    follows = np.flatnonzero(found.joined)
    return found.seconds[follows - 1] * 1000, found.seconds[follows] * 1000


def _powers(found: Intervals) -> tuple[float | None, float | None]:
    """LF and HF power in ms²: Welch's mean over stretches without a break, resampled to 4 Hz, Hann windows of two minutes."""
    breaks = np.flatnonzero(~found.joined)
    starts, stops = breaks, np.append(breaks[1:], len(found.seconds))
    size = int(LEAST_LF_S * RESAMPLED_HZ)
    spectra = []
    for start, stop in zip(starts, stops, strict=True):
        clock, values = found.end_s[start:stop], found.seconds[start:stop] * 1000
        if len(clock) < 3 or clock[-1] - clock[0] < LEAST_LF_S:
            continue
        even = _smooth(clock, values, np.arange(clock[0], clock[-1], 1 / RESAMPLED_HZ))
        window = np.hanning(size)
        for first in range(0, len(even) - size + 1, size // 2):
            part = even[first : first + size]
            part = part - np.polyval(np.polyfit(np.arange(size), part, 1), np.arange(size))
            spectra.append(np.abs(np.fft.rfft(part * window)) ** 2 * 2 / (RESAMPLED_HZ * (window**2).sum()))
    if not spectra:
        return None, None
    power = np.mean(spectra, axis=0)
    hz = np.fft.rfftfreq(size, 1 / RESAMPLED_HZ)
    step = float(hz[1])
    low, high = (float(power[(hz >= a) & (hz < b)].sum() * step) for a, b in (LF, HF))
    return low, high


def _smooth(x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cubic Hermite through the points: straight lines would take a quarter of the power at 0.25 Hz away."""
    slope = np.gradient(y, x)
    k = np.clip(np.searchsorted(x, at, "right") - 1, 0, len(x) - 2)
    wide = x[k + 1] - x[k]
    t = (at - x[k]) / wide
    found: NDArray[np.float64] = (
        (1 + 2 * t) * (1 - t) ** 2 * y[k]
        + t * (1 - t) ** 2 * wide * slope[k]
        + t**2 * (3 - 2 * t) * y[k + 1]
        + t**2 * (t - 1) * wide * slope[k + 1]
    )
    return found
