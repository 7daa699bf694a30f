"""Numbers of what is left of a window when early and odd beats are set aside, and of those beats themselves.

They part fibrillation (irregular whatever is set aside) from a regular rhythm with ectopic beats, and a P wave from noise.
"""

# ruff: noqa: SIM905 (names of numbers read better as a line of words)
import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.rhythm_numbers import QRS, RATE, REACH, alike, widths

Array = NDArray[np.float64]
P_WAVE, T_WAVE = slice(REACH - 36, REACH - 7), slice(REACH + 14, REACH + 62)
AROUND = 4
"""Intervals on each side whose median an interval is judged against."""
LEAST = 6
"""Beats without which nothing is said."""
NAMES = (
    "pvc pvcs pac pacs comp least2 most2 leastr mostr cleanrmssd cleancv cleanmad cleanshare cleanpnn oddevenp oddevent "
    "oddevenq pz pzneg prspread wides widemax bimodal pairs earlyrun ppart tz qrsz pcorrgood noisebeat pampgood beatsgood "
    "prelike tpnoise irregularclean"
).split()


def cleaned(at: Array, shapes: Array) -> dict[str, float]:
    """`at`: R peaks in samples at 120 Hz; `shapes` [beats, WINDOW]."""
    out = dict.fromkeys(NAMES, np.nan)
    if len(at) < LEAST:
        return out
    rr = np.diff(at) / RATE
    around = np.lib.stride_tricks.sliding_window_view(np.pad(rr, AROUND, mode="reflect"), 2 * AROUND + 1)
    ratio = rr / np.median(around, axis=1)
    usual = np.median(shapes, axis=0)
    likeness = alike(shapes[:, QRS], usual[QRS])
    early = ratio < 0.86
    out |= _early(rr, ratio, early, likeness[1:])
    out |= _left(ratio, early)
    wide = widths(shapes)
    out |= {"wides": float(np.mean(wide > 1.35 * np.median(wide))), "widemax": float(wide.max() / np.median(wide))}
    good = np.ones(len(at), bool)
    good[1:] &= ~(early | (ratio > 1.14))
    good &= likeness > np.percentile(likeness, 30) - 1e-9
    out |= _steady(shapes[good] if int(good.sum()) >= LEAST else shapes, float(np.ptp(usual[QRS])) + 1e-6)
    return out


def _early(rr: Array, ratio: Array, early: NDArray[np.bool_], likeness: Array) -> dict[str, float]:
    """Early beats of another and of the usual shape, pauses after them, runs of them."""
    other, same = early & (likeness < 0.8), early & (likeness >= 0.88)
    ordered = np.sort(ratio)
    q = np.percentile(rr, [10, 25, 75, 90]) / np.median(rr)
    run = longest = 0
    for one in early:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return {
        "pvc": float(min(5, other.sum())),
        "pvcs": float(other.mean()),
        "pac": float(min(8, same.sum())),
        "pacs": float(same.mean()),
        "comp": float((early & (np.append(ratio[1:], 1.0) > 1.08)).mean()),
        "leastr": float(ordered[0]),
        "least2": float(ordered[1]),
        "mostr": float(ordered[-1]),
        "most2": float(ordered[-2]),
        "bimodal": float((q[2] - q[1]) / (q[3] - q[0] + 1e-3)),
        "pairs": float(np.mean(early[1:] & early[:-1])),
        "earlyrun": float(longest),
        "prelike": float(np.mean(likeness[early])) if early.any() else 1.2,
    }


def _left(ratio: Array, early: NDArray[np.bool_]) -> dict[str, float]:
    """Spread of the intervals without early and late ones and their neighbours."""
    aside = early | (ratio > 1.14)
    aside = aside | np.append(False, early[:-1]) | np.append(early[1:], False)
    left = ratio[~aside]
    out = {"cleanshare": float((~aside).mean())}
    if len(left) >= 4:
        steps = np.diff(ratio)[~aside[1:] & ~aside[:-1]]
        out |= {"cleancv": float(left.std()), "cleanmad": float(np.median(np.abs(left - np.median(left))))}
        if len(steps) >= 3:
            out |= {
                "cleanrmssd": float(np.sqrt(np.mean(steps**2))),
                "cleanpnn": float(np.mean(np.abs(steps) > 0.05)),
                "irregularclean": float(np.median(np.abs(steps))),
            }
    return out


def _level(rows: Array) -> Array:
    """Rows less the line between their ends."""
    line = np.linspace(0, 1, rows.shape[-1])
    found: Array = rows - (rows[..., :3].mean(-1, keepdims=True) * (1 - line) + rows[..., -3:].mean(-1, keepdims=True) * line)
    return found


def _steady(shapes: Array, size: float) -> dict[str, float]:
    """What comes back in every beat: P, QRS and T of odd against even beats, and against what varies."""
    odd, even = np.median(shapes[::2], axis=0), np.median(shapes[1::2], axis=0)
    p, t, qrs = _level(shapes[:, P_WAVE]), shapes[:, T_WAVE], shapes[:, QRS]
    usual_p, usual_t, usual_qrs = (np.median(rows, axis=0) for rows in (p, t, qrs))
    noise = float(np.std(p - usual_p, axis=0).mean()) + 1e-6
    thirds = [np.median(_level(part[:, P_WAVE]), axis=0) for part in np.array_split(shapes, 3)]
    return {
        "beatsgood": float(len(shapes)),
        "oddevenp": float(alike(_level(odd[P_WAVE])[None], _level(even[P_WAVE]))[0]),
        "oddevent": float(alike(odd[T_WAVE][None], even[T_WAVE])[0]),
        "oddevenq": float(alike(odd[QRS][None], even[QRS])[0]),
        "pz": float(usual_p.max() / (noise / np.sqrt(len(shapes)))),
        "pzneg": float(-usual_p.min() / (noise / np.sqrt(len(shapes)))),
        "pampgood": float(usual_p.max() / size),
        "prspread": float(np.std(p.argmax(1))),
        "pcorrgood": float(np.median(alike(p, usual_p))),
        "tz": float(np.ptp(usual_t) / (np.std(t - usual_t, axis=0).mean() + 1e-6)),
        "qrsz": float(np.ptp(usual_qrs) / (np.std(qrs - usual_qrs, axis=0).mean() + 1e-6)),
        "ppart": float(min(alike(third[None], usual_p)[0] for third in thirds)),
        "noisebeat": float(np.log(np.mean(np.std(shapes - np.median(shapes, axis=0), axis=0)) / size + 1e-6)),
        "tpnoise": float(np.log(noise / size + 1e-6)),
    }
