"""Probabilities of the waves network → waves of each lead: simultaneous leads agree on what is there, each has its own bounds.

Order P < QRS < T is enforced, one QRS in 200 ms, at most one T a beat. A P wave must be seen by the leads together and,
where there are enough beats to tell, keep its distance to the QRS: what comes and goes beside it is no P wave (EC-06).
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from medviewer.inference.ecg.waves import KINDS, RATE

Shares = NDArray[np.float32]
P, QRS, T = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Segment:
    """One wave: `kind` P, QRS or T, bounds in samples at `RATE` with fractions; `sure` is its mean probability in the middle."""

    kind: int
    onset: float
    offset: float
    sure: float

    @property
    def centre(self) -> float:
        return (self.onset + self.offset) / 2


def moved(s: Segment, by: int) -> Segment:
    """The same wave `by` samples later."""
    return replace(s, onset=s.onset + by, offset=s.offset + by) if by else s


SHORTEST_S: Mapping[int, float] = MappingProxyType({P: 0.03, QRS: 0.03, T: 0.05})
JOINED_S: Mapping[int, float] = MappingProxyType({P: 0.03, QRS: 0.05, T: 0.06})
"""Holes shorter than this inside a wave are closed."""
REFRACTORY_S = 0.2


def together(shares: Shares) -> list[Segment]:
    """Waves that the leads see together, in order. `shares` [leads, 4, samples]."""
    mean = shares.mean(0)
    best = mean.argmax(0)
    found = [s for kind in (P, QRS, T) for s in _runs(best == kind, mean[kind], kind)]
    ordered = _ordered(sorted(found, key=lambda s: s.onset))
    return steady(sorted([*ordered, *faint(mean[P], ordered)], key=lambda s: s.onset), alone=len(shares) == 1)


def _runs(inside: NDArray[np.bool_], share: NDArray[np.float32], kind: int) -> list[Segment]:
    """Stretches of one kind, holes closed, short ones left out."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return []
    apart = np.concatenate([[True], starts[1:] - ends[:-1] > JOINED_S[kind] * RATE])
    starts, ends = starts[apart], ends[np.concatenate([apart[1:], [True]])]
    return [
        Segment(kind, float(a), float(b - 1), float(np.percentile(share[a:b], 75)))
        for a, b in zip(starts, ends, strict=True)
        if b - a >= SHORTEST_S[kind] * RATE
    ]


def _ordered(found: list[Segment]) -> list[Segment]:
    """Of QRS in one refractory time the surer; of several T in one beat the surest; P waves that no T or QRS covers."""
    beats: list[Segment] = []
    for s in found:
        if s.kind != QRS:
            continue
        if beats and s.centre - beats[-1].centre < REFRACTORY_S * RATE:
            if s.sure * (s.offset - s.onset) > beats[-1].sure * (beats[-1].offset - beats[-1].onset):
                beats[-1] = s
            continue
        beats.append(s)
    out = list(beats)
    borders = np.array([b.centre for b in beats])
    waves: dict[int, list[Segment]] = {}
    for s in found:
        k = int(np.searchsorted(borders, s.centre))
        if s.kind != QRS and not any(_overlap(s, beat) for beat in beats[max(0, k - 1) : k + 1]):
            waves.setdefault(k, []).append(s)
    for among in waves.values():
        repolarised = max((s for s in among if s.kind == T), key=lambda s: s.sure * (s.offset - s.onset), default=None)
        if repolarised is not None:
            out.append(repolarised)
        out += [s for s in among if s.kind == P and (repolarised is None or s.onset > repolarised.offset)]
    return sorted(out, key=lambda s: s.onset)


def faint(share: NDArray[np.float32], found: list[Segment]) -> list[Segment]:
    """P waves too weak to be seen beat by beat that the beats of a regular stretch show together, at one distance to the QRS.

    `share`: probability of P over the leads. In fibrillation intervals are irregular and nothing is added.
    """
    onsets = np.array([int(s.onset) for s in found if s.kind == QRS])
    out = []
    for first in range(0, max(1, len(onsets) - FEW + 1), 2 * AROUND):
        last = len(onsets) if len(onsets) - first < 3 * AROUND else first + 2 * AROUND
        part = onsets[first:last]
        part = part[part >= BEFORE]
        apart = np.diff(part)
        if len(part) < FEW or np.median(np.abs(np.diff(apart))) > REGULAR * np.median(apart):
            continue
        rows = share[part[:, None] + np.arange(-BEFORE, 0)]
        usual = np.median(rows, axis=0)
        peak = int(usual.argmax())
        if usual[peak] < FAINT:
            continue
        left, right = _around_peak(usual, peak)
        low, high = max(0, peak - NEAR), min(BEFORE, peak + NEAR + 1)
        half = max((right - left) / 2, FAINT_S * RATE / 2)
        for onset, row in zip(part, rows, strict=True):
            top = low + int(row[low:high].argmax())
            if row[top] >= FAINT / 2:
                middle = onset - BEFORE + (left + right) / 2
                out.append(Segment(P, middle - half, middle + half, float(row[top])))
        if last == len(onsets):
            break
    alone = [s for s in out if not any(_overlap(s, other) or _same_p(s, other) for other in _around(found, s))]
    return [s for s in alone if not _before_t(found, s)]


def _before_t(found: list[Segment], s: Segment) -> bool:
    """Whether the next of `found` (in order) is a T wave: no P lies between a QRS and its T."""
    k = bisect_left(found, s.onset, key=lambda f: f.onset)
    return k < len(found) and found[k].kind == T


def _same_p(a: Segment, b: Segment) -> bool:
    return a.kind == b.kind and abs(a.centre - b.centre) < REACH


def _around_peak(shape: NDArray[np.float32], peak: int) -> tuple[int, int]:
    """First and last sample of the stretch around `peak` that stays above half of it."""
    below = np.flatnonzero(shape < shape[peak] / 2)
    left, right = below[below < peak], below[below > peak]
    return (int(left[-1]) + 1 if len(left) else 0), (int(right[0]) - 1 if len(right) else len(shape) - 1)


def _around(found: list[Segment], s: Segment) -> list[Segment]:
    """The few of `found` (in order) that may touch a wave."""
    k = bisect_left(found, s.onset, key=lambda f: f.onset)
    return found[max(0, k - 2) : k + 2]


BEFORE = int(0.34 * RATE)
"""How far before a QRS a faint P wave is looked for."""
NEAR = int(0.04 * RATE)
FAINT = 0.27
"""Median probability over the beats at one distance to the QRS. At most 0.09 in patients of LUDB without P waves whose beats are
regular and not paced; 0.21 to 0.58 in four of five whose P waves were missed beat by beat. Those below are left out: their bounds
would be off by 40 ms and more."""
REGULAR = 0.05
"""Median change of the interval, as a share of the median interval, below which a stretch is regular."""
FAINT_S = 0.09
"""A faint P wave is told at least this long: its probability rises above half of its height for less."""


def _overlap(a: Segment, b: Segment) -> bool:
    return a.onset <= b.offset and b.onset <= a.offset


def steady(found: list[Segment], alone: bool = False) -> list[Segment]:
    """Without P waves that come by chance, as fibrillation makes them: among the beats around, some must keep their distance to
    the QRS, or most beats must have one (in a complete block they march through). Fewer than `FEW` beats are not judged.

    `alone`: one lead shows f waves as P waves more easily than several, so where its intervals are irregular more is asked:
    closer distances, or P waves that march evenly.
    """
    beats = [s for s in found if s.kind == QRS]
    waves = [s for s in found if s.kind == P]
    count = len(beats)
    if count < FEW or not waves:
        return found
    middles, onsets = np.array([s.centre for s in beats]), np.array([s.onset for s in beats])
    centres = np.array([s.centre for s in waves])
    follows = np.searchsorted(middles, centres)
    distance, number = np.full((2, count), np.nan), np.zeros(count)
    for s, k in zip(waves, follows, strict=True):
        number[min(int(k), count - 1)] += 1
        if k < count and onsets[k] - s.onset < PR_LONGEST_S * RATE:
            distance[:, k] = onsets[k] - s.onset, onsets[k] - s.centre
    gone = set()
    for s, k in zip(waves, follows, strict=True):
        first = max(0, min(int(k) - AROUND, count - 2 * AROUND - 1))
        part = slice(first, first + 2 * AROUND + 1)
        kept = _keeping(distance[0, part], SCATTER_S) >= STEADY
        marching = float(number[part].mean()) >= MARCHING
        if alone and not _even(onsets[part], IRREGULAR):
            among = centres[(follows >= first) & (follows < first + len(middles[part]))]
            kept = kept and _keeping(distance[1, part], SCATTER_ALONE_S) >= STEADY_ALONE
            marching = marching and _marching(among)
        if not (kept or marching):
            gone.add(id(s))
    return [s for s in found if id(s) not in gone]


def _keeping(distance: NDArray[np.float64], scatter_s: float) -> float:
    """Share of the beats whose P wave lies within `scatter_s` of the median distance; beats without one (NaN) count."""
    known = distance[np.isfinite(distance)]
    return float(np.sum(np.abs(known - np.median(known)) < scatter_s * RATE)) / len(distance) if len(known) else 0.0


def _even(onsets: NDArray[np.float64], most: float) -> bool:
    """Whether intervals change from one to the next by no more than this share of their median, in the median."""
    apart = np.diff(onsets)
    return len(apart) < 3 or bool(np.median(np.abs(np.diff(apart))) <= most * np.median(apart))


def _marching(centres: NDArray[np.float64]) -> bool:
    """Whether P waves follow one another at one interval, or at twice that where one is hidden."""
    apart = np.diff(centres)
    if len(apart) < 3:
        return False
    usual = float(np.median(apart))
    off = np.minimum(np.abs(apart - usual), np.abs(apart - 2 * usual))
    return float(np.mean(off < UNEVEN * usual)) >= MARCH


FEW = 5
AROUND = 8
"""Beats before and after that a P wave is judged among."""
PR_LONGEST_S = 0.5
SCATTER_S = 0.03
STEADY = 0.45
"""Share of the beats whose P wave lies within `SCATTER_S` of the median distance. In 98 records each of CinC 2017 a third (0.35)
leaves 0.13 P waves a beat in fibrillation and 0.90 in normal rhythm, this 0.10 and 0.90, 0.55 leaves 0.09 and 0.89."""
MARCHING = 0.6
"""P waves for each beat from which on they are kept whatever their distance."""
IRREGULAR = 0.12
SCATTER_ALONE_S, STEADY_ALONE = 0.008, 0.55
"""One lead alone with irregular intervals: in this share of the beats the middle of the P wave must keep its distance so well."""
UNEVEN, MARCH = 0.12, 0.8
"""There, P waves march where this share of their intervals is this near to the median or to twice that."""


def bounds(share: Shares, agreed: list[Segment]) -> list[Segment]:
    """The agreed waves as one lead shows them: each bound lies as far from the agreed middle as the lead's own probability (of
    [4, samples]) sums up to on that side, its expectation. Where the lead shows hardly anything the agreed bounds hold.
    """
    if not agreed:
        return []
    length = share.shape[1]
    kinds = np.array([s.kind for s in agreed])
    middle = np.array([int(s.centre) for s in agreed])
    onset, offset = np.array([s.onset for s in agreed]), np.array([s.offset for s in agreed])
    low = np.maximum(np.concatenate([[0], middle[:-1]]), onset.astype(int) - REACH)
    high = np.minimum(np.concatenate([middle[1:], [length]]), offset.astype(int) + 1 + REACH)
    out = list(agreed)
    for kind in (P, QRS, T):
        here = np.flatnonzero(kinds == kind)
        until = np.concatenate([[0.0], np.cumsum(share[kind], dtype=np.float64)])
        before = until[middle[here]] - until[np.maximum(low[here], 0)]
        after = until[np.minimum(high[here], length)] - until[middle[here]]
        weak = before + after < LEAST_SEEN * (offset - onset + 1)[here]
        for n, ahead, behind, faint in zip(here, before, after, weak, strict=True):
            if not faint:
                out[n] = Segment(kind, float(middle[n] - ahead), float(middle[n] + behind - 1), agreed[n].sure)
    return _apart(out)


def corrected(found: list[Segment], errors_ms: Mapping[str, Sequence[float]]) -> list[Segment]:
    """Bounds without the mean error of their lead: `errors_ms` by kind, of onset and end. The network does not know its lead."""
    if not errors_ms:
        return found
    of_kind = {k: [e * RATE / 1000 for e in errors_ms[name]] for k, name in enumerate(KINDS) if name in errors_ms}
    out = []
    for s in found:
        early, late = of_kind.get(s.kind, (0.0, 0.0))
        onset = s.onset - early
        out.append(replace(s, onset=onset, offset=max(onset, s.offset - late)))
    return _apart(out)


def _apart(found: list[Segment]) -> list[Segment]:
    """Neighbours that overlap, one by its own and one by agreed bounds, meet in the middle."""
    out = list(found)
    for n in range(1, len(out)):
        before, after = out[n - 1], out[n]
        if before.offset >= after.onset:
            border = (before.offset + after.onset) / 2
            out[n - 1] = replace(before, offset=max(before.onset, border - 0.5))
            out[n] = replace(after, onset=min(after.offset, border + 0.5))
    return out


REACH = int(0.12 * RATE)
"""How far a lead's own bound may lie beyond the agreed one."""
LEAST_SEEN = 0.4
"""A lead that sees less than this share of an agreed wave has no bounds of its own."""


def peak_of(part: NDArray[np.float64], kind: int) -> int:
    """Where the wave peaks in its samples, against the line between its bounds: P and T where it is farthest, QRS at the R where
    there is one, else at the deepest point.
    """
    away = part - np.linspace(part[0], part[-1], len(part))
    if kind == QRS:
        return int(away.argmax() if away.max() > R_SHARE * -away.min() else away.argmin())
    return int(np.abs(away).argmax())


R_SHARE = 0.1
"""An upward wave of this share of the downward one still is the R peak."""
