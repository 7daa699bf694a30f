"""Beats of a record as the network reads them: each beat's shape, what is left of it without the usual beat, and its timing.

A premature beat is told by its timing and by its P wave, both against conducted sinus beats. Medians of neighbours follow an
arrhythmia that lasts, so the reference is taken from beats that came late: after a long interval the sinus node has its turn.
The usual QRS and T are subtracted from the whole trace, so that a P wave hidden in a T wave stays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.prepare import bandpassed, filled, resampled
from medviewer.inference.ecg.qrs import detect

Array = NDArray[np.float64]

RATE = 125.0
BEFORE_S, AFTER_S = 0.36, 0.60
REACH, WINDOW = int(BEFORE_S * RATE), int((BEFORE_S + AFTER_S) * RATE)
LABELS = ("N", "S", "V", "F", "paced", "none")
BLOCK = 320
"""Beats of which one set of reference shapes is made: about four minutes."""
QRS = slice(REACH - 12, REACH + 14)
P_ZONE = (REACH - 34, REACH - 9)
LAGS = range(-6, 4)
"""Steps of 8 ms by which the P wave may come earlier or later than usual."""
TIMING, SHAPE = 20, 12
FEATURES = TIMING + 2 * SHAPE + 1
NEAR, FAR, LONG = 5, 60, 150
"""Beats to either side that intervals are compared with."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Beats as the network reads them: `at` samples at the record's rate; `windows` float32 [beats, 4, WINDOW]: two leads, then
    what is left of each without the usual QRS and T, enlarged; `features` float32 [beats, FEATURES]: timing, shape of lead one,
    of lead two, whether there is a second lead."""

    at: NDArray[np.int64]
    windows: NDArray[np.float32]
    features: NDArray[np.float32]


def sequence(signals: list[Array], rate: float) -> Sequence:
    """One or two simultaneous leads (mV, NaN in gaps) → the record's candidates for beats."""
    return described(slowed(signals, rate), detect(signals, rate), rate)


def slowed(signals: list[Array], rate: float) -> list[Array]:
    """The leads at `RATE`, 0.5–40 Hz."""
    return [bandpassed(resampled(filled(signal), rate, RATE), RATE, 0.5, 40.0) for signal in signals[:2]]


def described(slow: list[Array], at: NDArray[np.int64], rate: float) -> Sequence:
    """Beats at the samples `at` (which count at `rate`) of leads prepared by `slowed`."""
    count = len(at)
    windows = np.zeros((count, 4, WINDOW), np.float32)
    features = np.zeros((count, FEATURES), np.float32)
    if count == 0:
        return Sequence(at, windows, features)
    times = at / rate
    before = _before(times)
    late = before >= _rolling(before, FAR, 0.7)
    alike = np.zeros((count, 2))
    for k, lead in enumerate(slow):
        raw, left, shape = _lead(lead, np.round(times * RATE).astype(np.int64), before, late)
        windows[:, k], windows[:, 2 + k] = raw, left
        features[:, TIMING + k * SHAPE : TIMING + (k + 1) * SHAPE] = shape
        alike[:, k] = shape[:, 1]
    sinus = late & (alike[:, 0] >= np.median(alike[:, 0]) - 0.05)
    features[:, :TIMING] = _timing(before, sinus)
    features[:, -1] = float(len(slow) > 1)
    return Sequence(at, windows, features)


def _lead(lead: Array, centre: NDArray[np.int64], before: Array, late: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Windows [beats, WINDOW] raw and without the usual beat, and `SHAPE` numbers a beat."""
    padded = np.pad(lead, (REACH, WINDOW))
    cut = padded[centre[:, None] + np.arange(WINDOW)]
    after = np.append(before[1:], before[-1])
    raw, left, shape = np.zeros_like(cut), np.zeros_like(cut), np.zeros((len(cut), SHAPE))
    blocks = max(1, round(len(cut) / BLOCK))
    for part in np.array_split(np.arange(len(cut)), blocks):
        block = cut[part] - np.median(cut[part], axis=1, keepdims=True)
        size = max(float(np.median(np.ptp(block[:, QRS], axis=1))), 1e-6)
        usual = _usual(block / size, late[part])
        ending = REACH + int(RATE * np.clip(0.9 * float(np.median(after[part][late[part]])) - 0.25, 0.2, AFTER_S))
        rest = _without(padded / size, centre[part], usual * _taper(ending))
        rest -= np.median(rest, axis=1, keepdims=True)
        raw[part] = np.clip(block / size, -4, 4)
        left[part] = np.arcsinh(6 * rest) / 1.5
        shape[part] = _shape(block / size, rest, usual, late[part])
    shape[:, -2], shape[:, -1] = _rolling(shape[:, 5], 10, 0.5), _around(shape[:, 5], late)
    return raw, left, shape


def _taper(ending: int) -> Array:
    """1 over the usual QRS and T, 0 over the P wave before and whatever follows `ending`."""
    steps = np.arange(WINDOW)
    rise = np.clip((steps - (REACH - 13)) / 4, 0, 1)
    fall = np.clip((ending - steps) / 8, 0, 1)
    return np.asarray(rise * fall, np.float64)


def _without(padded: Array, centre: NDArray[np.int64], usual: Array) -> Array:
    """Windows of the trace from which the usual beat was subtracted at every beat, scaled to that beat's QRS."""
    spots = centre[:, None] + np.arange(WINDOW)
    core = usual[QRS]
    cut = padded[spots][:, QRS]
    gain = np.clip(
        (cut - cut.mean(1, keepdims=True)) @ (core - core.mean()) / max(float(np.var(core)) * len(core), 1e-9), 0.5, 1.5
    )
    low, high = int(spots.min()), int(spots.max()) + 1
    model = np.zeros(high - low)
    np.add.at(model, spots - low, gain[:, None] * usual)
    return np.asarray((padded[low:high] - model)[spots - low], np.float64)


def _shape(block: Array, rest: Array, usual: Array, late: NDArray[np.bool_]) -> Array:
    """QRS: size, likeness to the usual, width; what is left; P wave: likeness at its best lag and at none, that lag, size along
    the usual P, how clear the usual P is, energy, and room for the likeness of those around and of the late ones among them."""
    qrs = block[:, QRS]
    slope = np.abs(np.diff(block[:, REACH - 20 : REACH + 24], axis=1))
    width = (slope > 0.2 * slope.max(1, keepdims=True)).mean(1)
    wide = slice(REACH - 8, REACH + 24)
    likeness = _alike(qrs, usual[QRS])
    good = late & (likeness >= np.median(likeness) - 0.02)
    zones = np.stack([_straight(rest[:, P_ZONE[0] + lag : P_ZONE[1] + lag]) for lag in LAGS])
    here = zones[LAGS.index(0)]
    some = here[good] if int(good.sum()) >= 5 else here
    p = np.median(some, axis=0)
    norm = np.linalg.norm(zones, axis=2) * max(float(np.linalg.norm(p)), 1e-9)
    match = (zones @ p) / np.maximum(norm, 1e-9)
    best = match.argmax(0)
    gain = (here @ p) / max(float(p @ p), 1e-6)
    energy = np.sqrt((here**2).mean(1))
    noise = float(np.median(np.sqrt(((some - p) ** 2).mean(1))))
    rows = [
        *(
            np.log(np.maximum(np.ptp(qrs, axis=1), 0.05)),
            likeness,
            4 * (width - 0.35),
            np.log(np.sqrt((rest[:, wide] ** 2).mean(1)) + 0.02) + 2,
        ),
        *(match.max(0), match[LAGS.index(0)], (best - LAGS.index(0)) / 5, np.clip(gain, -2, 3)),
        np.full(len(block), np.log((float(np.sqrt((p**2).mean())) + 0.003) / (noise + 0.003))),
        *(np.log((energy + 0.003) / (noise + 0.003)), np.zeros(len(block)), np.zeros(len(block))),
    ]
    return np.stack(rows, 1)


def _around(likeness: Array, late: NDArray[np.bool_]) -> Array:
    """Mean likeness of the P waves of late beats among ±12: near 0 in fibrillation, where beats come late without a P wave."""
    from scipy.ndimage import uniform_filter1d

    share = uniform_filter1d(late.astype(np.float64), 25, mode="nearest")
    found: Array = uniform_filter1d(likeness * late, 25, mode="nearest") / np.maximum(share, 0.02)
    return found


def _straight(zone: Array) -> Array:
    """Each row without its straight line."""
    steps = np.linspace(-1, 1, zone.shape[1])
    zone = zone - zone.mean(1, keepdims=True)
    return np.asarray(zone - (zone @ steps / (steps @ steps))[:, None] * steps, np.float64)


def _usual(windows: Array, chosen: NDArray[np.bool_]) -> Array:
    """The median of the chosen beats, of all where they are few; once refined to those most alike."""
    some = windows[chosen] if int(chosen.sum()) >= 8 else windows
    first = np.asarray(np.median(some, axis=0), dtype=np.float64)
    likeness = _alike(some[:, REACH - 14 :], first[REACH - 14 :])
    near: Array = some[likeness >= np.median(likeness)]
    return np.asarray(np.median(near, axis=0), dtype=np.float64)


def _alike(windows: Array, shape: Array) -> Array:
    """Correlation of each row with a shape."""
    a = windows - windows.mean(axis=1, keepdims=True)
    b = shape - shape.mean()
    found = (a @ b) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b), 1e-9)
    return np.asarray(found, np.float64)


def _before(times: Array) -> Array:
    """Interval before each beat, the first one's that of the second, between 0.2 and 3 s."""
    if len(times) < 2:
        return np.full(len(times), 0.8)
    steps = np.diff(times)
    found: Array = np.clip(np.concatenate([[steps[0]], steps]), 0.2, 3.0)
    return found


def _rolling(values: Array, reach: int, share: float) -> Array:
    """Percentile over ±`reach` neighbours."""
    from scipy.ndimage import percentile_filter

    found: Array = percentile_filter(values, 100 * share, size=min(2 * reach + 1, max(1, len(values))), mode="nearest")
    return found


def _timing(before: Array, sinus: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Log ratios of the intervals around each beat to usual, long, short, sinus ones, to each other; how irregular they are."""
    after, earlier = np.append(before[1:], before[-1]), np.append(before[:1], before[:-1])
    later = np.append(after[1:], after[-1])
    near, far = _rolling(before, NEAR, 0.5), _rolling(before, FAR, 0.5)
    long, short, longest = _rolling(before, FAR, 0.85), _rolling(before, FAR, 0.15), _rolling(before, LONG, 0.95)
    local = _rolling(before, 12, 0.8)
    typical = _local_median(before, sinus)
    change = np.abs(np.diff(np.log(before), prepend=np.log(before[0])))
    irregular, spread = _rolling(change, 12, 0.5), _rolling(change, FAR, 0.5)
    rows: list[Array] = [
        *(np.log(before / near), np.log(after / near), np.log(before / far), np.log(after / far), np.log(before / earlier)),
        *(np.log(after / before), np.log(before / long), np.log(before / short), np.log(before / 0.8), np.log(before / longest)),
        *(
            np.log(before / local),
            np.log(before / typical),
            np.log(after / typical),
            np.log(earlier / typical),
            np.log(later / typical),
        ),
        *(
            np.log((before + after) / (2 * typical)),
            np.log(long / short),
            8 * irregular - 0.5,
            8 * spread - 0.5,
            np.log(after / long),
        ),
    ]
    return np.stack(rows, 1).astype(np.float32)


def _local_median(before: Array, chosen: NDArray[np.bool_]) -> Array:
    """Median of the chosen intervals among the 41 chosen ones nearest in time, for every beat."""
    if int(chosen.sum()) < 5:
        return np.full(len(before), float(np.median(before)))
    where = np.flatnonzero(chosen)
    smooth = _rolling(before[where], 20, 0.5)
    found: Array = np.interp(np.arange(len(before)), where, smooth)
    return found
