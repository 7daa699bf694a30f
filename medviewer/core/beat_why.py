"""What can be said about one beat in numbers: how early it is, how its shape differs from the normal ones, its P wave."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord, Wave
from medviewer.core.ecg_marks import AROUND_S, Marks, Template, beat_shape, waves_between

NEIGHBOURS = 8
QRS_S = 0.12


@dataclass(frozen=True, slots=True)
class BeatFacts:
    """`early` the share by which its interval is shorter than the median of the normal ones before (negative: later); `likeness`
    the correlation of its QRS with the mean normal beat; `qrs_ms` and `has_p` from marked waves; None where it is not known."""

    shape: NDArray[np.float64]
    early: float | None
    after: float | None
    likeness: float | None
    qrs_ms: float | None
    has_p: bool | None


def beat_facts(record: EcgRecord, lead: int, marks: Marks, number: int, normal: Template | None) -> BeatFacts:
    """Facts of beat `number` on one lead."""
    at = float(marks.times[number])
    shape = beat_shape(record, lead, at)
    before = float(at - marks.times[number - 1]) if number else None
    later = float(marks.times[number + 1] - at) if number + 1 < len(marks.times) else None
    usual = _usual(marks, number)
    qrs_ms, has_p = _waves(marks.waves.get(record.leads[lead].name, ()), at, record.leads[lead].rate_hz)
    return BeatFacts(
        shape,
        1 - before / usual if before is not None and usual else None,
        later / usual - 1 if later is not None and usual else None,
        _likeness(shape, normal, record.leads[lead].rate_hz),
        qrs_ms,
        has_p,
    )


def _usual(marks: Marks, number: int) -> float | None:
    """Median interval between normal beats among the last ones before it, else around it."""
    for first, last in ((number - NEIGHBOURS, number), (number - NEIGHBOURS, number + NEIGHBOURS)):
        first, last = max(0, first), min(len(marks.times), last)
        times, symbols = marks.times[first:last], marks.symbols[first:last]
        normal = np.diff(times)[(symbols[1:] == "N") & (symbols[:-1] == "N")]
        if len(normal) >= 2:
            return float(np.median(normal))
    return None


def _likeness(shape: NDArray[np.float64], normal: Template | None, rate: float) -> float | None:
    if normal is None or len(normal.mean) != len(shape):
        return None
    middle, half = round(AROUND_S[0] * rate), round(QRS_S * rate)
    part = slice(max(0, middle - half), middle + half)
    a, b = shape[part], normal.mean[part]
    if not (np.isfinite(a).all() and a.std() > 0 and b.std() > 0):
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _waves(waves: tuple[Wave, ...], at_s: float, rate: float) -> tuple[float | None, bool | None]:
    """Width of the QRS at a moment and whether a P wave ends in the 0.3 s before it; None where no QRS is marked there."""
    waves = tuple(waves[n] for n in waves_between(waves, at_s - 1.0, at_s + 1.0, rate))
    qrs = next((w for w in waves if w.kind == "QRS" and w.onset / rate - 0.05 <= at_s <= w.offset / rate + 0.05), None)
    if qrs is None:
        return None, None
    has_p = any(w.kind == "P" and 0 <= (qrs.onset - w.offset) / rate <= 0.3 for w in waves)
    return (qrs.offset - qrs.onset) / rate * 1000, has_p
