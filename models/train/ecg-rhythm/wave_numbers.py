"""Numbers of what ecg-waves sees in a record of one lead: P before each QRS, PR, widths, QT, early and late beats.

Tried for ecg-rhythm 1.2; nothing that ships reads them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prepared import records

from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded, load, read_bundle
from medviewer.inference.ecg.prepare import Samples
from medviewer.inference.ecg.rhythm_beats import MISSING
from medviewer.inference.ecg.waves import RATE, waves_input
from medviewer.inference.ecg.waves_reading import shares_of
from medviewer.inference.ecg.waves_readout import QRS, P, Segment, T, _ordered, _runs, together

POOLED = 4
"""Samples of the probabilities that are looked at together."""
COARSE = RATE / POOLED
LEAST = 4
EARLY, LATE, AROUND = 0.87, 1.15, 4
"""An interval against the median of it and four on each side."""
LONGEST_PR_S, LATEST_T_S, BEFORE_S = 0.5, 0.7, 0.32
Array = NDArray[Any]
NAMES = (
    *("beats", "early", "early: has p", "early: p sure", "early: pr", "early: wide", "early: widest", "early: width"),
    *("early: without p", "entropy", "has p", "has t", "late", "late: has p", "p a beat", "p a beat, steady"),
    *("p height 10", "p height 25", "p height 50", "p height 75", "p mean", "p mean to heights", "p sure", "p together"),
    *("p together, where", "p where, sd", "p width 25", "p width 50", "p width 75", "pp cv", "pp most", "pp step"),
    *("pp to rr", "pr 10", "pr 25", "pr 50", "pr 75", "pr 90", "pr follows", "pr keeps", "pr mad", "pr sd", "pr step"),
    *("qrs 10", "qrs 100", "qrs 50", "qrs 75", "qrs 90", "qrs sd", "qrs sure 10", "qrs sure 50", "qt 25", "qt 50"),
    *("qt 75", "qt sd", "qtc", "qtf", "rate", "rr cv", "rr least", "rr least2", "rr mad", "rr most", "rr most2"),
    *("rr step", "share p", "share qrs", "share t", "st 50", "sure", "t sure", "t width 50", "two p", "wide"),
    *("wide, odd", "wide, odd, number"),
)
"""In the order that the forest learns them."""


@dataclass(frozen=True, slots=True)
class Waves:
    """One row a record, by the bundle ecg-waves in `folder`: numbers [records, numbers]; probabilities of P, QRS and T as bytes
    [3, samples at 62.5 Hz]."""

    folder: Path
    numbers: np.ndarray
    tracks: list[np.ndarray]


def waves_of(data: Path, bundle: Path, kept: Path) -> Waves:
    """Read from `kept`, or made and kept there (3 minutes)."""
    if not kept.is_file():
        loaded, rows, tracks = load(read_bundle(bundle)), [], []
        for _, _, signal in records(data):
            seen = waves_seen(loaded, signal, 300.0)
            rows.append(row_of(*seen))
            tracks.append(np.round(255 * seen[0]).astype(np.uint8))
        np.savez(kept, numbers=np.stack(rows), tracks=np.concatenate(tracks, 1), length=[t.shape[1] for t in tracks])
    with np.load(kept) as stored:
        return Waves(bundle, stored["numbers"], np.split(stored["tracks"], np.cumsum(stored["length"])[:-1], axis=1))


def waves_seen(loaded: Loaded, signal: Array, rate: float) -> tuple[Array, list[Segment], list[Segment]]:
    """What `numbers_of` takes."""
    shares = shares_of(loaded, [waves_input(signal, rate)], CancelToken(), lambda done, total: None)[0]
    best = shares.argmax(0)
    runs = [s for kind in (P, QRS, T) for s in _runs(best == kind, shares[kind], kind)]
    found = _ordered(sorted(runs, key=lambda s: s.onset))
    usable = shares.shape[1] // POOLED * POOLED
    return shares[1:, :usable].reshape(3, -1, POOLED).mean(2), found, together(shares[None])


def row_of(shares: Array, found: list[Segment], kept: list[Segment]) -> Samples:
    """`numbers_of` in the order of `NAMES`."""
    named = numbers_of(shares, found, kept)
    row = np.array([named.get(name, np.nan) for name in NAMES], np.float32)
    return np.where(np.isfinite(row), row, np.float32(MISSING))


def numbers_of(shares: Array, found: list[Segment], kept: list[Segment]) -> dict[str, float]:
    """`shares` [P, QRS, T; samples at COARSE]; waves as found, and as the program keeps them (steady P, faint ones added)."""
    beats = sum(s.kind == QRS for s in found)
    out = _clear(shares) | {
        "p a beat": sum(s.kind == P for s in found) / max(1, beats),
        "p a beat, steady": sum(s.kind == P for s in kept) / max(1, beats),
        "beats": beats,
    }
    if beats < LEAST:
        return out
    row = _row(found)
    return (
        out
        | _conduction(row)
        | _widths(row, found)
        | _repolarised(row)
        | _order(row)
        | _aside(row)
        | _atria(row, found)
        | _before(row, shares)
    )


def _spread(values: Array, name: str, percents: tuple[int, ...]) -> dict[str, float]:
    at = np.percentile(values, percents) if len(values) else [np.nan] * len(percents)
    return {f"{name} {p}": float(v) for p, v in zip(percents, at, strict=True)}


def _clear(shares: Array) -> dict[str, float]:
    """How much of the record each wave takes, and how sure the network is."""
    all_four = np.concatenate([shares, np.clip(1 - shares.sum(0, keepdims=True), 0, 1)])
    return {
        **dict(zip(("share p", "share qrs", "share t"), shares.mean(1).tolist(), strict=True)),
        "entropy": float(-(all_four * np.log(all_four + 1e-6)).sum(0).mean()),
        "sure": float(all_four.max(0).mean()),
    }


@dataclass(frozen=True, slots=True)
class Row:
    """One entry a beat, in seconds; NaN where there is none. `ratio`: interval before the beat against those around it."""

    onset: Array
    width: Array
    pr: Array
    p_width: Array
    p_sure: Array
    p_count: Array
    t_end: Array
    t_width: Array
    t_sure: Array
    t_after: Array
    ratio: Array

    @property
    def has_p(self) -> Array:
        return np.isfinite(self.pr)

    @property
    def median(self) -> float:
        return float(np.median(np.diff(self.onset)))


def _row(found: list[Segment]) -> Row:
    beats = [s for s in found if s.kind == QRS]
    onset, offset = (np.array([getattr(s, side) for s in beats]) / RATE for side in ("onset", "offset"))
    middle = (onset + offset) / 2
    pr, p_width, t_end, t_width, t_after = np.full((5, len(beats)), np.nan)
    p_sure, p_count, t_sure = np.zeros((3, len(beats)))
    for s in found:
        at, k = s.centre / RATE, int(np.searchsorted(middle, s.centre / RATE))
        if s.kind == P and k < len(beats):
            p_count[k] += 1
            if 0 < onset[k] - s.onset / RATE < LONGEST_PR_S:
                pr[k], p_width[k], p_sure[k] = onset[k] - s.onset / RATE, (s.offset - s.onset) / RATE, s.sure
        if s.kind == T and k > 0 and at - middle[k - 1] < LATEST_T_S:
            t_end[k - 1], t_width[k - 1], t_sure[k - 1] = s.offset / RATE - onset[k - 1], (s.offset - s.onset) / RATE, s.sure
            t_after[k - 1] = s.onset / RATE - offset[k - 1]
    rr = np.diff(onset)
    usual = np.array([np.median(rr[max(0, i - AROUND) : i + AROUND + 1]) for i in range(len(rr))])
    return Row(
        onset, offset - onset, pr, p_width, p_sure, p_count, t_end, t_width, t_sure, t_after, np.concatenate([[1.0], rr / usual])
    )


def _conduction(row: Row) -> dict[str, float]:
    """PR: where, how far spread, how it follows the interval before; how many beats have a P wave."""
    pr = row.pr[1:][row.has_p[1:]]
    out = {
        **_spread(pr, "pr", (10, 25, 50, 75, 90)),
        "pr keeps": float(np.sum(np.abs(pr - np.median(pr)) < 0.02) / (len(row.pr) - 1)) if len(pr) else 0.0,
        "has p": float(row.has_p[1:].mean()),
        "two p": float((row.p_count[1:] >= 2).mean()),
        "p sure": float(row.p_sure[1:].mean()),
        **_spread(row.p_width[row.has_p], "p width", (25, 50, 75)),
    }
    if len(pr) > 2:
        out |= {"pr mad": float(np.median(np.abs(pr - np.median(pr)))), "pr sd": float(pr.std())}
    if len(pr) > 4:
        rr = np.diff(row.onset)
        before = np.concatenate([rr[:1], rr])[row.has_p]
        all_pr = row.pr[row.has_p]
        out["pr step"] = float(np.median(np.abs(np.diff(all_pr))))
        if all_pr[1:].std() > 0 and before[1:].std() > 0:
            out["pr follows"] = float(np.corrcoef(all_pr[1:], before[1:])[0, 1])
    return out


def _widths(row: Row, found: list[Segment]) -> dict[str, float]:
    odd = row.width > 1.3 * np.median(row.width)
    return {
        **_spread(row.width, "qrs", (10, 50, 75, 90, 100)),
        **_spread(np.array([s.sure for s in found if s.kind == QRS]), "qrs sure", (10, 50)),
        "qrs sd": float(row.width.std()),
        "wide": float((row.width > 0.12).mean()),
        "wide, odd": float(odd.mean()),
        "wide, odd, number": float(min(6, odd.sum())),
    }


def _repolarised(row: Row) -> dict[str, float]:
    qt = row.t_end[np.isfinite(row.t_end)]
    out = {
        **_spread(qt, "qt", (25, 50, 75)),
        **_spread(row.t_width[np.isfinite(row.t_width)], "t width", (50,)),
        **_spread(row.t_after[np.isfinite(row.t_after)], "st", (50,)),
        "has t": float(np.isfinite(row.t_end[:-1]).mean()),
        "t sure": float(np.median(row.t_sure)),
    }
    if len(qt):
        out |= {"qtc": out["qt 50"] / np.sqrt(row.median), "qtf": out["qt 50"] / np.cbrt(row.median), "qt sd": float(qt.std())}
    return out


def _order(row: Row) -> dict[str, float]:
    """Intervals between QRS onsets."""
    rr = np.diff(row.onset) / row.median
    ordered = np.sort(row.ratio)
    return {
        "rr cv": float(rr.std()),
        "rr mad": float(np.median(np.abs(rr - 1))),
        "rr step": float(np.median(np.abs(np.diff(rr)))),
        "rate": 60 / row.median,
        **dict(zip(("rr least", "rr least2", "rr most", "rr most2"), ordered[[0, 1, -1, -2]].tolist(), strict=True)),
        "early": float(min(8, (row.ratio < EARLY).sum())),
        "late": float(min(8, (row.ratio > LATE).sum())),
    }


def _aside(row: Row) -> dict[str, float]:
    """P waves and widths of early beats, P waves of late ones; -1 where there are none, 9 for a PR that cannot be compared."""
    early, late = row.ratio < EARLY, row.ratio > LATE
    wide = row.width / np.median(row.width)
    with_p = early & row.has_p
    usual = np.median(row.pr[1:][row.has_p[1:]]) if row.has_p[1:].any() else np.nan
    return {
        "early: has p": float(row.has_p[early].mean()) if early.any() else -1.0,
        "early: p sure": float(row.p_sure[early].mean()) if early.any() else -1.0,
        "early: widest": float(wide[early].max()) if early.any() else -1.0,
        "early: width": float(np.median(wide[early])) if early.any() else -1.0,
        "early: without p": float((early & ~row.has_p).sum()),
        "early: wide": float((early & (wide > 1.25)).sum()),
        "early: pr": float(np.median(row.pr[with_p]) - usual) if with_p.any() and np.isfinite(usual) else 9.0,
        "late: has p": float(row.has_p[late].mean()) if late.any() else -1.0,
    }


def _atria(row: Row, found: list[Segment]) -> dict[str, float]:
    """Intervals between P waves."""
    pp = np.diff([s.centre / RATE for s in found if s.kind == P])
    if len(pp) < 4:
        return {}
    usual = float(np.median(pp))
    return {
        "pp cv": float(pp.std() / usual),
        "pp step": float(np.median(np.abs(np.diff(pp))) / usual),
        "pp to rr": usual / row.median,
        "pp most": float(pp.max() / usual),
    }


def _before(row: Row, shares: Array) -> dict[str, float]:
    """Probability of P in the stretch before each QRS: its height beat by beat, and of all beats laid over each other."""
    reach = int(BEFORE_S * COARSE)
    starts = np.round(row.onset * COARSE).astype(int)
    starts = starts[(starts >= reach) & (starts <= shares.shape[1])]
    if len(starts) < LEAST:
        return {}
    rows = shares[0][starts[:, None] + np.arange(-reach, 0)]
    usual, heights = np.median(rows, axis=0), rows.max(1)
    together = float(rows.mean(0).max())
    return {
        **_spread(heights, "p height", (10, 25, 50, 75)),
        "p together": float(usual.max()),
        "p together, where": float(usual.argmax()),
        "p mean": together,
        "p mean to heights": float(together / (heights.mean() + 1e-3)),
        "p where, sd": float(np.std(rows.argmax(1))),
    }
