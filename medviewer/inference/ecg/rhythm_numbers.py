"""Numbers of a window that tell rhythms apart: intervals, shapes of the beats, P waves, noise.

Times are seconds, signals are at 120 Hz and scaled; shapes [beats, WINDOW] have their usual QRS upwards.
"""

# ruff: noqa: SIM905 (names of numbers read better as a line of words)
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RATE = 120.0
BEFORE_S, AFTER_S = 0.36, 0.60
REACH = int(BEFORE_S * RATE)
WINDOW = REACH + int(AFTER_S * RATE)
PARTS = 3
"""Pieces of the window whose intervals are looked at apart."""
QRS = slice(REACH - 10, REACH + 14)
BEFORE_QRS = slice(REACH - 34, REACH - 6)
AFTER_QRS = slice(REACH + 14, REACH + 60)

Array = NDArray[np.float64]


def alike(rows: Array, shape: Array) -> Array:
    a = rows - rows.mean(1, keepdims=True)
    b = shape - shape.mean()
    return np.asarray((a @ b) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b), 1e-9), np.float64)


def intervals(times: Array, seconds: float) -> dict[str, float]:
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


def shape_numbers(shapes: Array, usual: Array, likeness: Array, heights: Array) -> dict[str, float]:
    """The QRS and T of the usual beat, and how much single beats differ from it."""
    names = (
        "alike alike10 alike25 alikemin odd odd2 width widthspread up down tall heightcv heightmin t tat tdown wholealike "
        "whole10 residual residual90 stlevel rfall neighbour neighbour10"
    ).split()
    out = dict.fromkeys(names, np.nan)
    if len(shapes) < 3:
        return out
    size = float(np.ptp(usual[QRS])) + 1e-6
    wide = widths(shapes)
    tops = np.ptp(shapes[:, QRS], axis=1)
    whole = alike(shapes, usual)
    rest = np.sqrt(np.mean((shapes - usual) ** 2, axis=1)) / size
    follow = np.array([float(alike(shapes[k : k + 1, QRS], shapes[k + 1, QRS])[0]) for k in range(len(shapes) - 1)])
    after = usual[AFTER_QRS] / size
    return out | {
        "alike": float(np.median(likeness)),
        "alike10": float(np.percentile(likeness, 10)),
        "alike25": float(np.percentile(likeness, 25)),
        "alikemin": float(likeness.min()),
        "odd": float(np.mean(likeness < 0.8)),
        "odd2": float(np.mean(likeness < 0.5)),
        "width": float(widths(usual[None])[0]),
        "widthspread": float(wide.std()),
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


def widths(shapes: Array) -> Array:
    """Share of the QRS window above a third of its largest slope."""
    slope = np.abs(np.diff(shapes[:, REACH - 16 : REACH + 20], axis=1))
    return np.asarray((slope > slope.max(1, keepdims=True) / 3).mean(1), np.float64)


def atrial(signal: Array, shapes: Array, usual: Array, at: Array) -> dict[str, float]:
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
    likeness = alike(before, mean)
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


def noise(signal: Array, quick: Array, heights: Array) -> dict[str, float]:
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
