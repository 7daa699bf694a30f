"""One prepared lead → beats and numbers that tell rhythms apart: intervals, shapes, P waves, noise.

Reads what `prepare.rhythm_input` gives (120 Hz, scaled), so that unit and gain do not matter; the polarity is turned so that
the usual QRS points up. The beats are found here and not by `qrs.py`: the network's weights were trained on exactly these.
"""

# ruff: noqa: SIM905 (names of numbers read better as a line of words)
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.prepare import Samples, bandpassed

RATE = 120.0
BEFORE_S, AFTER_S = 0.36, 0.60
REACH = int(BEFORE_S * RATE)
WINDOW = REACH + int(AFTER_S * RATE)
SNAP = int(0.07 * RATE)
MOST = 200
"""Beats kept of one window."""
PARTS = 3
"""Pieces of the window whose intervals are looked at apart."""

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
        **_intervals(at / RATE, len(x) / RATE),
        **_shape_numbers(shapes, usual, likeness, heights),
        **_atrial(signal * sign, shapes, usual, at),
        **_noise(signal, quick, heights),
    }
    numbers = np.array([v if np.isfinite(v) else MISSING for v in found.values()], np.float32)
    numbers = np.clip(numbers, -50, 50)
    if not len(at):
        return Pulse(at, np.zeros((1, 2, WINDOW), np.float32), np.zeros((1, STEPS), np.float32), numbers)
    pairs = np.stack([shapes, shapes - np.median(shapes, axis=0)], 1).astype(np.float32)
    return Pulse(at, pairs, _steps(at, shapes), numbers)


STEPS, NUMBERS = 7, 103
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


def _alike(rows: Array, shape: Array) -> Array:
    a = rows - rows.mean(1, keepdims=True)
    b = shape - shape.mean()
    return np.asarray((a @ b) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b), 1e-9), np.float64)


QRS = slice(REACH - 10, REACH + 14)
BEFORE_QRS = slice(REACH - 34, REACH - 6)
AFTER_QRS = slice(REACH + 14, REACH + 60)


def _usual(shapes: Array) -> tuple[Array, Array]:
    """The usual beat, and how like it each one is around the QRS."""
    if not len(shapes):
        return np.zeros(0), np.zeros(0)
    first = np.median(shapes, axis=0)
    likeness = _alike(shapes[:, QRS], first[QRS])
    usual = np.median(shapes[likeness >= np.median(likeness)], axis=0)
    return np.asarray(usual, np.float64), _alike(shapes[:, QRS], usual[QRS])


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
        *(2 * np.log(before / 0.8), _alike(shapes[:, QRS], usual), np.log(size)),
    )
    return np.stack(columns, 1).astype(np.float32)


def _intervals(times: Array, seconds: float) -> dict[str, float]:
    """Intervals between beats: spread, order, entropy, short-long pairs, pauses."""
    rr = np.diff(times)
    names = (
        "beats rate median mean cv mad rmssd pnn20 pnn50 pnn100 q05 q10 q25 q75 q90 q95 least most skew kurtosis "
        "corr1 corr2 turning entropy sample sample2 bins lorenz sd1 sd2 sdratio early earlylate late bigeminy "
        "trigeminy rrr rrrspread slope secondcv cvmin cvmax rmssdmin rmssdmax ratemin ratemax steady run "
        "alternating"
    ).split()
    out = dict.fromkeys(names, np.nan)
    out["beats"], out["rate"] = len(times), len(times) / max(seconds, 1e-9)
    if len(rr) < 4:
        return out
    mid = float(np.median(rr))
    r = rr / mid
    d = np.diff(r)
    c = r - r.mean()
    var = float(c.var()) + 1e-9
    out |= {
        "median": mid,
        "mean": float(r.mean()),
        "cv": float(r.std()),
        "mad": float(np.median(np.abs(r - 1))),
        "rmssd": float(np.sqrt(np.mean(d**2))),
        "pnn20": float(np.mean(np.abs(d * mid) > 0.02)),
        "pnn50": float(np.mean(np.abs(d * mid) > 0.05)),
        "pnn100": float(np.mean(np.abs(d * mid) > 0.1)),
        **dict(zip("q05 q10 q25 q75 q90 q95".split(), map(float, np.percentile(r, [5, 10, 25, 75, 90, 95])), strict=True)),
        "least": float(r.min()),
        "most": float(r.max()),
        "skew": float(np.mean(c**3) / var**1.5),
        "kurtosis": float(np.mean(c**4) / var**2),
        "corr1": float(np.mean(c[1:] * c[:-1]) / var),
        "corr2": float(np.mean(c[2:] * c[:-2]) / var),
        "turning": float(np.mean((d[1:] * d[:-1]) < 0)),
        "entropy": _entropy(r, 0.05),
        "bins": len(np.unique(np.round(r / 0.06))) / len(r),
        "lorenz": len(np.unique(np.round(np.stack([d[1:], d[:-1]]) / 0.06), axis=1).T) / max(1, len(d) - 1),
        "sample": _sample_entropy(r, 0.1),
        "sample2": _sample_entropy(rr, 0.03),
        "sd1": float(np.std(r[1:] - r[:-1])),
        "sd2": float(np.std(r[1:] + r[:-1])),
        "early": float(np.mean(r < 0.85)),
        "earlylate": float(np.mean((r[:-1] < 0.88) & (r[1:] > 1.08))),
        "late": float(np.mean(r > 1.2)),
        "slope": float(np.polyfit(np.arange(len(r)), r, 1)[0] * len(r)),
        "secondcv": float(np.std(r[1:-1] - (r[2:] + r[:-2]) / 2)),
        "steady": float(np.mean(np.abs(d) < 0.04)),
        "run": _longest(np.abs(d) < 0.06) / len(r),
        "alternating": float(np.mean(np.sign(d[1:]) != np.sign(d[:-1])) * np.median(np.abs(d))),
    }
    out["sdratio"] = out["sd1"] / (out["sd2"] + 1e-6)
    triples = r[1:-1] / (r[:-2] + r[1:-1] + r[2:])
    out["rrr"], out["rrrspread"] = float(np.median(triples)), float(triples.std())
    if len(d) > 3:
        out["bigeminy"] = float(np.median(np.abs(r[2:] - r[:-2])) - np.median(np.abs(d)))
        out["trigeminy"] = float(np.median(np.abs(r[3:] - r[:-3])) - np.median(np.abs(d)))
    edges = np.linspace(times[0], times[-1], PARTS + 1)
    parts = [r[(times[1:] > a) & (times[1:] <= b)] for a, b in pairwise(edges)]
    parts = [p for p in parts if len(p) >= 4]
    if parts:
        spread = [float(p.std()) for p in parts]
        steps = [float(np.sqrt(np.mean(np.diff(p) ** 2))) for p in parts]
        middles = [float(np.median(p)) for p in parts]
        out |= {"cvmin": min(spread), "cvmax": max(spread), "rmssdmin": min(steps), "rmssdmax": max(steps)}
        out |= {"ratemin": min(middles), "ratemax": max(middles)}
    return out


def _longest(good: NDArray[np.bool_]) -> int:
    best = now = 0
    for one in good:
        now = now + 1 if one else 0
        best = max(best, now)
    return best


def _entropy(values: Array, step: float) -> float:
    _, counts = np.unique(np.round(values / step), return_counts=True)
    p = counts / counts.sum()
    return float(-(p * np.log(p)).sum())


def _sample_entropy(values: Array, tolerance: float) -> float:
    """Of order 1, corrected for rate and tolerance (Lake and Moorman, Am J Physiol 2011;300:H319)."""
    near = np.abs(values[:, None] - values[None, :]) < tolerance
    np.fill_diagonal(near, False)
    one = int(near[:-1, :-1].sum())
    two = int((near[:-1, :-1] & near[1:, 1:]).sum())
    return float(-np.log((two + 0.5) / (one + 1.0)) + np.log(2 * tolerance))


def _shape_numbers(shapes: Array, usual: Array, likeness: Array, heights: Array) -> dict[str, float]:
    """The QRS and T of the usual beat, and how much single beats differ from it."""
    names = (
        "alike alike10 alike25 alikemin odd odd2 width widthspread up down tall heightcv heightmin t tat tdown wholealike "
        "whole10 residual residual90 stlevel rfall neighbour neighbour10"
    ).split()
    out = dict.fromkeys(names, np.nan)
    if len(shapes) < 3:
        return out
    size = float(np.ptp(usual[QRS])) + 1e-6
    widths = _widths(shapes)
    tops = np.ptp(shapes[:, QRS], axis=1)
    whole = _alike(shapes, usual)
    rest = np.sqrt(np.mean((shapes - usual) ** 2, axis=1)) / size
    follow = np.array([float(_alike(shapes[k : k + 1, QRS], shapes[k + 1, QRS])[0]) for k in range(len(shapes) - 1)])
    after = usual[AFTER_QRS] / size
    return out | {
        "alike": float(np.median(likeness)),
        "alike10": float(np.percentile(likeness, 10)),
        "alike25": float(np.percentile(likeness, 25)),
        "alikemin": float(likeness.min()),
        "odd": float(np.mean(likeness < 0.8)),
        "odd2": float(np.mean(likeness < 0.5)),
        "width": float(_widths(usual[None])[0]),
        "widthspread": float(widths.std()),
        "up": float(usual[QRS].max() / size),
        "down": float(usual[QRS].min() / size),
        "tall": size,
        "heightcv": float(tops.std() / (tops.mean() + 1e-6)),
        "heightmin": float(heights.min()),
        "t": float(after.max()),
        "tat": float(after.argmax() / len(after)),
        "tdown": float(after.min()),
        "wholealike": float(np.median(whole)),
        "whole10": float(np.percentile(whole, 10)),
        "residual": float(np.median(rest)),
        "residual90": float(np.percentile(rest, 90)),
        "stlevel": float(after[:8].mean()),
        "rfall": float(np.abs(np.diff(usual[QRS])).max() / size),
        "neighbour": float(np.median(follow)),
        "neighbour10": float(np.percentile(follow, 10)),
    }


def _widths(shapes: Array) -> Array:
    """Share of the QRS window above a third of its largest slope."""
    slope = np.abs(np.diff(shapes[:, REACH - 16 : REACH + 20], axis=1))
    return np.asarray((slope > slope.max(1, keepdims=True) / 3).mean(1), np.float64)


def _atrial(signal: Array, shapes: Array, usual: Array, at: Array) -> dict[str, float]:
    """Before the QRS: a steady P wave, or flutter and fibrillation."""
    names = "p pat pdown palike palike25 pspread pratio pwidth flat wave wavepeak wavewhere wavesharp pearly tpratio".split()
    out = dict.fromkeys(names, np.nan)
    if len(shapes) < 4:
        return out
    size = float(np.ptp(usual[QRS])) + 1e-6
    before = shapes[:, BEFORE_QRS]
    line = np.linspace(0, 1, before.shape[1])
    before = before - (before[:, :3].mean(1)[:, None] * (1 - line) + before[:, -3:].mean(1)[:, None] * line)
    mean = np.median(before, axis=0)
    likeness = _alike(before, mean)
    rest = before - mean
    out |= {
        "p": float(mean.max() / size),
        "pat": float(mean.argmax() / len(mean)),
        "pdown": float(mean.min() / size),
        "palike": float(np.median(likeness)),
        "palike25": float(np.percentile(likeness, 25)),
        "pspread": float(np.sqrt(np.mean(rest**2)) / size),
        "pratio": float(mean.std() / (np.sqrt(np.median(np.mean(rest**2, axis=1))) + 1e-6)),
        "pwidth": float(np.mean(mean > 0.5 * mean.max())),
        "flat": float(np.abs(np.diff(mean)).mean() / size),
    }
    early = np.median(shapes[:, REACH - 42 : REACH - 20], axis=0)
    out["pearly"] = float((early.max() - np.median(early)) / size)
    # What is left when each beat's usual shape is taken away: f waves stand out at 4 to 9 Hz.
    left = signal.copy()
    centre = np.round(at).astype(np.int64)
    inner = (centre >= REACH) & (centre + WINDOW - REACH < len(signal))
    for c in centre[inner]:
        start = c - REACH
        left[start + 20 : start + WINDOW - 10] -= usual[20 : WINDOW - 10]
    spectrum = np.abs(np.fft.rfft(left * np.hanning(len(left)))) ** 2
    hz = np.fft.rfftfreq(len(left), 1 / RATE)
    band = (hz >= 3.5) & (hz <= 10)
    total = float(spectrum[(hz >= 1) & (hz <= 30)].sum()) + 1e-9
    smooth = np.convolve(spectrum[band], np.ones(9) / 9, "same")
    out |= {
        "wave": float(spectrum[band].sum() / total),
        "wavepeak": float(smooth.max() / (smooth.mean() + 1e-12)),
        "wavewhere": float(hz[band][smooth.argmax()]),
        "wavesharp": float(np.log(left.std() / size + 1e-6)),
    }
    quiet = shapes[:, REACH - 34 : REACH - 8].std(1)
    out["tpratio"] = float(np.log(np.median(quiet) / size + 1e-6))
    return out


def _noise(signal: Array, quick: Array, heights: Array) -> dict[str, float]:
    """Spectrum, peakedness, steadiness of the whole window."""
    names = "seconds b1 b2 b3 b4 b5 kurt skewx clip quickkurt quietshare levelcv levelmin energyweak crossings".split()
    out = dict.fromkeys(names, np.nan)
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
    hz = np.fft.rfftfreq(len(signal), 1 / RATE)
    total = float(spectrum.sum()) + 1e-9
    edges = (0, 1, 4, 9, 15, 25, 60)
    shares = [float(spectrum[(hz >= a) & (hz < b)].sum() / total) for a, b in pairwise(edges)]
    out["seconds"] = len(signal) / RATE
    out |= dict(zip("b1 b2 b3 b4 b5".split(), shares[1:], strict=True))
    centred = signal - signal.mean()
    spread = centred.std() + 1e-9
    q = quick / (quick.std() + 1e-9)
    out["kurt"], out["skewx"] = float(np.mean((centred / spread) ** 4)), float(abs(np.mean((centred / spread) ** 3)))
    out["clip"] = float(np.mean(np.abs(signal) >= 7.99))
    out["quickkurt"] = float(min(np.mean(q**4), 50))
    out["quietshare"] = float(np.mean(np.abs(q) < 0.2))
    pieces = [p.std() for p in np.array_split(quick, max(2, int(len(signal) / RATE / 2)))]
    out["levelcv"] = float(np.std(pieces) / (np.mean(pieces) + 1e-9))
    out["levelmin"] = float(np.min(pieces) / (np.median(pieces) + 1e-9))
    out["energyweak"] = float(np.percentile(heights, 10)) if len(heights) else np.nan
    out["crossings"] = float(np.mean(np.diff(np.sign(centred)) != 0))
    return out
