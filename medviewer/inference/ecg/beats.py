"""Beats of a record: candidates by slope energy, then a CNN for each beat and a BiLSTM over the sequence judge what it is.

Classes of ANSI/AAMI EC57, and "none" for a candidate that is no beat. A beat whose class is not sure enough is given as Q.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord
from medviewer.inference.ecg.prepare import bandpassed, filled, resampled
from medviewer.inference.ecg.qrs import detect

RATE = 125.0
BEFORE_S, AFTER_S = 0.36, 0.60
WINDOW = int((BEFORE_S + AFTER_S) * RATE)
LABELS = ("N", "S", "V", "F", "none")
FEATURES = 14
BLOCK = 400
"""Beats of which one set of reference shapes is made: about five minutes."""
PREFERRED = ("MLII", "II", "I", "V5", "V4", "V6", "V2", "V1", "V3")


@dataclass(frozen=True, slots=True)
class Sequence:
    """Beats as the network reads them: `at` samples at the record's rate; `windows` float32 [beats, 4, WINDOW]: two leads and
    their difference from the usual beat; `features` float32 [beats, FEATURES]: intervals against those around, size, likeness."""

    at: NDArray[np.int64]
    windows: NDArray[np.float32]
    features: NDArray[np.float32]


def chosen_leads(record: EcgRecord) -> list[int]:
    """Numbers of the two leads to read: of one rate, the usual ones first."""
    rate = record.rate_hz
    same = [k for k, lead in enumerate(record.leads) if lead.rate_hz == rate and lead.unit in ("mV", "")]
    order = {name: n for n, name in enumerate(PREFERRED)}
    ranked = sorted(same, key=lambda k: (order.get(record.leads[k].name, len(order)), k))
    return ranked[:2]


def sequence(signals: list[NDArray[np.float64]], rate: float) -> Sequence:
    """One or two simultaneous leads (mV, NaN in gaps) → the record's beats."""
    at = detect(signals, rate)
    slow = [bandpassed(resampled(filled(signal), rate, RATE), RATE, 0.5, 40.0) for signal in signals[:2]]
    centre = np.round(at * RATE / rate).astype(np.int64)
    count = len(at)
    windows = np.zeros((count, 4, WINDOW), np.float32)
    features = np.zeros((count, FEATURES), np.float32)
    if count == 0:
        return Sequence(at, windows, features)
    intervals = _intervals(at / rate)
    features[:, :9] = intervals
    reach = int(BEFORE_S * RATE)
    late, regular = _late(at / rate), np.abs(intervals[:, 0]) < 0.1
    for k, lead in enumerate(slow):
        padded = np.pad(lead, (reach, WINDOW))
        cut = padded[centre[:, None] + np.arange(WINDOW)]
        cut = cut - np.median(cut, axis=1, keepdims=True)
        for first in range(0, count, BLOCK):
            part = slice(first, min(count, first + BLOCK))
            size = float(np.median(np.ptp(cut[part, reach - 12 : reach + 13], axis=1))) or 1.0
            scaled = np.clip(cut[part] / max(size, 1e-6), -4, 4)
            usual = _usual(scaled, regular[part] & late[part])
            windows[part, k] = scaled
            windows[part, 2 + k] = scaled - usual
            wide = slice(reach - 12, reach + 20)
            early = slice(reach - 40, reach - 8)
            features[part, 9 + 2 * k] = _alike(scaled[:, wide], usual[wide])
            features[part, 10 + 2 * k] = _alike(scaled[:, early], usual[early])
            if k == 0:
                features[part, 13] = np.log(np.maximum(np.ptp(scaled[:, wide], axis=1), 0.05))
    return Sequence(at, windows, features)


def _usual(windows: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The median of the chosen beats, of all where they are few; once refined to those most alike."""
    some = windows[chosen] if int(chosen.sum()) >= 8 else windows
    first = np.asarray(np.median(some, axis=0), dtype=np.float64)
    likeness = _alike(some, first)
    near: NDArray[np.float64] = some[likeness >= np.median(likeness)]
    return np.asarray(np.median(near, axis=0), dtype=np.float64)


def _alike(windows: NDArray[np.float64], shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of each row with a shape."""
    a = windows - windows.mean(axis=1, keepdims=True)
    b = shape - shape.mean()
    found = (a @ b) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b), 1e-9)
    return np.asarray(found, np.float64)


def _rr(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interval before each beat, the first one's that of the second, between 0.2 and 3 s."""
    if len(times) < 2:
        return np.full(len(times), 0.8)
    steps = np.diff(times)
    found: NDArray[np.float64] = np.clip(np.concatenate([[steps[0]], steps]), 0.2, 3.0)
    return found


def _rolling(values: NDArray[np.float64], reach: int, share: float) -> NDArray[np.float64]:
    """Percentile over ±`reach` neighbours."""
    from scipy.ndimage import percentile_filter

    found: NDArray[np.float64] = percentile_filter(
        values, 100 * share, size=min(2 * reach + 1, max(1, len(values))), mode="nearest"
    )
    return found


def _intervals(times: NDArray[np.float64]) -> NDArray[np.float32]:
    """Log ratios of the interval before and after each beat to medians near and far, to long and short ones, to each other."""
    before = _rr(times)
    after = np.concatenate([before[1:], before[-1:]])
    earlier = np.concatenate([before[:1], before[:-1]])
    near, far = _rolling(before, 5, 0.5), _rolling(before, 60, 0.5)
    long, short = _rolling(before, 60, 0.85), _rolling(before, 60, 0.15)
    rows: list[NDArray[np.float64]] = [
        *(np.log(before / near), np.log(after / near), np.log(before / far), np.log(after / far), np.log(before / earlier)),
        *(np.log(after / before), np.log(before / long), np.log(before / short), np.log(before / 0.8)),
    ]
    return np.stack(rows, 1).astype(np.float32)


def _late(times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Beats that did not come early: sinus beats are among them even where most beats are ectopic."""
    before = _rr(times)
    late: NDArray[np.bool_] = before >= 0.95 * _rolling(before, 60, 0.6)
    return late
