"""Intervals, axes and ST levels from wave bounds, as on a twelve-lead report; all pure, times in seconds, voltages in mV.

A beat's bounds over several leads are the early fifth of their onsets and the late fifth of their ends: nearly the
earliest and the latest, as CSE measures, without hanging on one lead. What cannot be determined is left out, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord, Gap, Measurement, Signal, Wave

Bounds = tuple[float, float]
"""Onset and end in seconds."""
PR_LONGEST_S = 0.5
QT_LONGEST_S = 0.8
SAME_BEAT_S = 0.12
"""QRS of two leads whose peaks are nearer than this are one beat."""
ST_AFTER_S = 0.06
EARLY, LATE = 20.0, 80.0
LEAST_SHARE = 0.5
"""A P or T wave must be marked in this share of the beats before its interval is told."""
RR_LONGEST_S = 3.0
SMALL_MV_MS = 0.4
"""A net area smaller than this in both leads points nowhere."""


@dataclass(frozen=True, slots=True)
class Row:
    """One beat: `peak_s` of its QRS, bounds in seconds, None where a wave is absent.

    `incomplete`: the record or a gap begins or ends so near that the beat's P or T may lie outside; absent means nothing there.
    """

    peak_s: float
    p: Bounds | None
    qrs: Bounds
    t: Bounds | None
    incomplete: bool = False


def rows(waves: Sequence[Wave], rate: float, seconds: float, gaps: Sequence[Gap] = ()) -> tuple[Row, ...]:
    """One row for each QRS of one lead, in order, P < QRS < T (EC-06). `waves` in samples at `rate`."""
    ordered = sorted(waves, key=lambda w: w.onset)
    beats = [n for n, w in enumerate(ordered) if w.kind == "QRS"]
    found = []
    for k, n in enumerate(beats):
        qrs = ordered[n]
        before = ordered[beats[k - 1] + 1 if k else 0 : n]
        after = ordered[n + 1 : beats[k + 1] if k + 1 < len(beats) else len(ordered)]
        p = next((w for w in reversed(before) if w.kind == "P"), None)
        t = next((w for w in after if w.kind == "T"), None)
        if p is not None and (qrs.onset - p.onset) / rate > PR_LONGEST_S:
            p = None
        if t is not None and (t.offset - qrs.onset) / rate > QT_LONGEST_S:
            t = None
        bounds = (qrs.onset / rate, qrs.offset / rate)
        edges = [(0.0, seconds), *((g.start_s, g.end_s) for g in gaps)]
        cut_p = p is None and any(0 <= bounds[0] - e < 0.3 for e in (edges[0][0], *(g[1] for g in edges[1:])))
        cut_t = t is None and any(0 <= e - bounds[1] < 0.5 for e in (edges[0][1], *(g[0] for g in edges[1:])))
        found.append(Row(qrs.peak / rate, _seconds(p, rate), bounds, _seconds(t, rate), cut_p or cut_t))
    return tuple(found)


def _seconds(wave: Wave | None, rate: float) -> Bounds | None:
    return None if wave is None else (wave.onset / rate, wave.offset / rate)


def joined(leads: Sequence[Sequence[Row]]) -> tuple[Row, ...]:
    """One row a beat over simultaneous leads: a wave is there where at least half of the leads that have the beat show it."""
    leads = [lead for lead in leads if lead]
    if not leads:
        return ()
    guide = sorted(leads, key=len)[len(leads) // 2]
    peaks = [np.array([row.peak_s for row in lead]) for lead in leads]
    found = []
    for row in guide:
        same = []
        for lead, at in zip(leads, peaks, strict=True):
            k = int(np.searchsorted(at, row.peak_s))
            near = min((j for j in (k - 1, k) if 0 <= j < len(at)), key=lambda j: abs(at[j] - row.peak_s))
            if abs(at[near] - row.peak_s) < SAME_BEAT_S:
                same.append(lead[near])
        qrs = _over([r.qrs for r in same])
        p = _over([r.p for r in same], len(same))
        t = _over([r.t for r in same], len(same))
        assert qrs is not None
        found.append(Row(row.peak_s, p, qrs, t, any(r.incomplete for r in same)))
    return tuple(found)


def beats_of(record: EcgRecord, waves: Mapping[str, Sequence[Wave]]) -> tuple[Row, ...]:
    """One row a beat over a record's leads; `waves` by lead, as a network marked them or a hand moved them."""
    found = []
    for name, of_lead in waves.items():
        number = record.lead(name)
        if number is not None:
            found.append(rows(of_lead, record.leads[number].rate_hz, record.seconds, record.gaps))
    return joined(found)


def _over(bounds: Sequence[Bounds | None], leads: int = 1) -> Bounds | None:
    known = [b for b in bounds if b is not None]
    if 2 * len(known) < leads or not known:
        return None
    return float(np.percentile([b[0] for b in known], EARLY)), float(np.percentile([b[1] for b in known], LATE))


def measured(
    beats: Sequence[Row],
    signals: Mapping[str, tuple[Signal, float]],
    gaps: Sequence[Gap] = (),
    source: Literal["automatic", "manual"] = "automatic",
) -> dict[str, Measurement]:
    """Medians over the beats: "heart rate" /min; "P", "PR", "QRS", "QT", "QTc Bazett", "QTc Fridericia" ms; "P axis" and
    "QRS axis" °; "ST <lead>" mV at J + 60 ms against the level before the QRS.

    `signals`: unfiltered mV and Hz of each lead, NaN in gaps. `source` is "manual" where a hand moved a bound.
    """
    found: dict[str, Measurement] = {}
    rr = _intervals(beats, gaps)
    rhythm = float(np.median(rr)) if len(rr) else None
    if rhythm:
        found["heart rate"] = Measurement(round(60 / rhythm, 1), "/min", source)
    for name, values in (
        ("P", [b.p[1] - b.p[0] for b in beats if b.p]),
        ("PR", [b.qrs[0] - b.p[0] for b in beats if b.p]),
        ("QRS", [b.qrs[1] - b.qrs[0] for b in beats]),
        ("QT", [b.t[1] - b.qrs[0] for b in beats if b.t]),
    ):
        whole = sum(not b.incomplete for b in beats)
        if values and len(values) >= LEAST_SHARE * whole:
            found[name] = Measurement(float(round(1000 * float(np.median(values)))), "ms", source)
    if rhythm and "QT" in found:
        qt = found["QT"].value
        found["QTc Bazett"] = Measurement(float(round(qt / rhythm**0.5)), "ms", source)
        found["QTc Fridericia"] = Measurement(float(round(qt / rhythm ** (1 / 3))), "ms", source)
    for name, of in (("P axis", "P"), ("QRS axis", "QRS")):
        angle = axis(beats, signals, of) if of in found else None
        if angle is not None:
            found[name] = Measurement(float(round(angle)), "°", source)
    for lead, (signal, rate) in signals.items():
        level = st_level(beats, signal, rate)
        if level is not None:
            found[f"ST {lead}"] = Measurement(round(level, 3), "mV", source)
    return found


def _intervals(beats: Sequence[Row], gaps: Sequence[Gap]) -> NDArray[np.float64]:
    """Seconds between beats that follow each other without a gap, up to `RR_LONGEST_S`."""
    at = np.array([b.peak_s for b in beats])
    if len(at) < 2:
        return np.zeros(0)
    apart = np.diff(at)
    whole = (apart > 0.2) & (apart <= RR_LONGEST_S)
    for gap in gaps:
        whole &= ~((at[:-1] <= gap.start_s) & (at[1:] >= gap.end_s))
    kept: NDArray[np.float64] = apart[whole]
    return kept


def axis(beats: Sequence[Row], signals: Mapping[str, tuple[Signal, float]], of: str = "QRS") -> float | None:
    """Frontal axis in degrees (0 left, 90 down) from the net areas of I and aVF; None without them or where both areas are small.

    aVF is √3/2 as long as a limb lead (Goldberger), so its area counts 2/√3.
    """
    if "I" not in signals or "aVF" not in signals:
        return None
    areas = [_areas(beats, *signals[lead], of) for lead in ("I", "aVF")]
    if any(area is None for area in areas):
        return None
    x, y = float(areas[0] or 0.0), float(areas[1] or 0.0) * 2 / 3**0.5
    if np.hypot(x, y) < SMALL_MV_MS:
        return None
    return float(np.degrees(np.arctan2(y, x)))


def _areas(beats: Sequence[Row], signal: Signal, rate: float, of: str) -> float | None:
    """Median net area in mV·ms over the beats, against the level just before the wave."""
    found = []
    for beat in beats:
        bounds = beat.qrs if of == "QRS" else beat.p
        if bounds is None:
            continue
        base, part = _level(signal, rate, bounds[0]), signal[round(bounds[0] * rate) : round(bounds[1] * rate) + 1]
        if base is not None and len(part) and np.isfinite(part).all():
            found.append(float((part - base).sum()) * 1000 / rate)
    return float(np.median(found)) if found else None


def st_level(beats: Sequence[Row], signal: Signal, rate: float, after_s: float = ST_AFTER_S) -> float | None:
    """Median mV at the J point + `after_s` against the level before the QRS; None where no beat can be judged."""
    found = []
    for beat in beats:
        base, level = _level(signal, rate, beat.qrs[0]), _mean(signal, rate, beat.qrs[1] + after_s - 0.004, 0.008)
        if base is not None and level is not None:
            found.append(level - base)
    return float(np.median(found)) if found else None


def _level(signal: Signal, rate: float, onset_s: float) -> float | None:
    """Mean of the 16 ms that end 4 ms before a wave."""
    return _mean(signal, rate, onset_s - 0.02, 0.016)


def _mean(signal: Signal, rate: float, start_s: float, seconds: float) -> float | None:
    start = round(start_s * rate)
    stop = max(start + 1, round((start_s + seconds) * rate) + 1)
    if start < 0 or stop > len(signal):
        return None
    part = signal[start:stop]
    return float(part.mean()) if np.isfinite(part).all() else None
