"""What is marked on an ECG, joined from the networks' answers and people's decisions, and the events it is stepped through by."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import BeatClass, EcgRecord, Episode, Measurement, Saliency, Wave
from medviewer.core.finding import Decision, Finding, Interval, Result, Score
from medviewer.core.units import SampleIndex

CLASSES: tuple[BeatClass, ...] = ("N", "S", "V", "F", "Q")
PROPOSED = Decision()
AROUND_S = (0.3, 0.5)
"""Seconds before and after an R peak that belong to its beat."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the events list: a beat, or a rhythm episode. `label` is the person's where there is one; `number` as in
    `Marks.event`."""

    kind: Literal["beat", "rhythm"]
    start_s: float
    end_s: float
    label: str
    probability: float
    decision: Decision
    number: int


@dataclass(frozen=True, slots=True)
class Marks:
    """Of one record. Beats as arrays in the order of time: `times` seconds, `symbols` the classes as people left them,
    `shares` the network's probability. `decided` by beat number or, for episodes, by −1 − its number;
    `saliency` by network."""

    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    symbols: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, "<U1"))
    shares: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    decided: Mapping[int, Decision] = field(default_factory=dict)
    episodes: tuple[Episode, ...] = ()
    saliency: Mapping[str, Saliency] = field(default_factory=dict)
    waves: Mapping[str, tuple[Wave, ...]] = field(default_factory=dict)
    beats_model: str = ""
    rhythm_model: str = ""

    @property
    def none(self) -> bool:
        """Nothing is to be drawn."""
        return not (len(self.times) or self.episodes or self.saliency or self.waves)

    def between(self, start_s: float, end_s: float) -> slice:
        """Numbers of the beats in a stretch of time."""
        a, b = np.searchsorted(self.times, (start_s, end_s))
        return slice(int(a), int(b))

    def counts(self) -> dict[str, int]:
        """Beats of each class; rejected ones are left out."""
        kept = self.symbols[self.accepted()]
        return {label: int((kept == label).sum()) for label in CLASSES}

    def accepted(self) -> NDArray[np.bool_]:
        """Which beats nobody rejected."""
        kept = np.ones(len(self.times), bool)
        for number, decision in self.decided.items():
            if number >= 0 and decision.state == "rejected":
                kept[number] = False
        return kept

    def changed(self) -> tuple[int, int]:
        """How many beats people called otherwise, and how many they rejected: the network's answer itself stays (EC-07)."""
        beats = [decision for number, decision in self.decided.items() if number >= 0]
        return sum(d.state == "accepted" and d.label != "" for d in beats), sum(d.state == "rejected" for d in beats)

    def event(self, number: int) -> Event:
        """Beat `number`, or episode −1 − `number`."""
        decision = self.decided.get(number, PROPOSED)
        if number < 0:
            one = self.episodes[-1 - number]
            return Event("rhythm", one.start_s, one.end_s, one.label, one.probability, decision, number)
        at = float(self.times[number])
        return Event("beat", at, at, str(self.symbols[number]), float(self.shares[number]), decision, number)

    def numbers(self, wanted: Iterable[str]) -> list[int]:
        """Event numbers in the order of time: beats of the `wanted` classes, "rhythm" for episodes."""
        numbers, _ = self._ordered(wanted)
        found: list[int] = numbers.tolist()
        return found

    def beside(self, wanted: Iterable[str], moment_s: float, by: int) -> int | None:
        """The next (`by` > 0) or last event of these before a moment, from the other end of the record where there is none; None
        without any. Costs the same for a day's beats as for a minute's."""
        numbers, at = self._ordered(wanted)
        if not len(numbers):
            return None
        k = (
            int(np.searchsorted(at, moment_s + 1e-6, "right"))
            if by > 0
            else int(np.searchsorted(at, moment_s - 1e-6, "left")) - 1
        )
        return int(numbers[k % len(numbers)])

    def _ordered(self, wanted: Iterable[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Event numbers and their moments, in the order of time; a beat before an episode that begins with it."""
        labels = set(wanted)
        chosen = np.zeros(len(self.symbols), bool)
        for label in labels - {"rhythm"}:
            chosen |= self.symbols == label
        beats = np.flatnonzero(chosen)
        spans = self.episodes if "rhythm" in labels else ()
        numbers = np.concatenate((beats, -1 - np.arange(len(spans))))
        at = np.concatenate((self.times[beats], np.array([one.start_s for one in spans], float)))
        order = np.argsort(at, kind="stable")
        return numbers[order], at[order]


def beat_finding(record: EcgRecord, result: Result, n: int) -> Finding | None:
    """Beat `n` of a result as a finding, so that it is decided on and kept like any other."""
    if result.beats is None or result.provenance is None or not 0 <= n < len(result.beats.sample):
        return None
    sample, label, share = result.beats.sample[n], result.beats.symbol[n], result.beats.probability[n]
    before, after = (round(s * record.rate_hz) for s in AROUND_S)
    place = Interval(SampleIndex(max(0, sample - before)), SampleIndex(sample + after))
    score = Score(label, share, share, share)
    return Finding(f"{record.item}/{result.model}/beat/{sample}", record.item, "ecg", label, score, place, result.provenance)


def episode_finding(record: EcgRecord, result: Result, n: int) -> Finding | None:
    """Episode `n` of a result as a finding."""
    if result.provenance is None or not 0 <= n < len(result.episodes):
        return None
    one = result.episodes[n]
    place = Interval(SampleIndex(round(one.start_s * record.rate_hz)), SampleIndex(round(one.end_s * record.rate_hz)))
    score = Score(one.label, one.probability, one.probability, one.probability)
    name = f"{record.item}/{result.model}/episode/{one.start_s:.3f}"
    return Finding(name, record.item, "ecg", one.label, score, place, result.provenance)


FIRST_EXPLAINED = ("ecg-beats", "ecg-rhythm", "ecg-waves")
"""Whose ribbon is drawn where nobody asks for another network's."""


def _rank(result: Result) -> int:
    return FIRST_EXPLAINED.index(result.model) if result.model in FIRST_EXPLAINED else len(FIRST_EXPLAINED)


def marks_of(record: EcgRecord, results: Iterable[Result], decided: Mapping[str, Decision] | None = None) -> Marks:
    """The first answer of each sort; `decided` by finding id as `beat_finding` and `episode_finding` name them."""
    ok = [result for result in results if result.status == "ok"]
    beats = next((r for r in ok if r.beats is not None and r.beats.sample), None)
    rhythm = next((r for r in ok if r.episodes), None)
    waves = next((r.waves for r in ok if r.waves), {})
    # What did not pass its own check is not drawn (XP-10); the card says so.
    passed = [r for r in ok if r.saliency is not None and (r.self_check is None or r.self_check.passed)]
    saliency = {r.model: r.saliency for r in sorted(passed, key=_rank) if r.saliency is not None}
    known = decided or {}
    decisions: dict[int, Decision] = {}
    times, symbols, shares = np.empty(0), np.empty(0, "<U1"), np.empty(0)
    if beats is not None and beats.beats is not None:
        samples = np.array(beats.beats.sample, np.int64)
        times = samples / record.rate_hz
        symbols = np.array(beats.beats.symbol, "<U1")
        shares = np.array(beats.beats.probability, float)
        if known:
            prefix = f"{record.item}/{beats.model}/beat/"
            for name, decision in known.items():
                text = name.removeprefix(prefix) if name.startswith(prefix) else ""
                number = int(np.searchsorted(samples, int(text))) if text.isdigit() else len(samples)
                if number < len(samples) and samples[number] == int(text):
                    decisions[number] = decision
                    if decision.state == "accepted" and decision.label in CLASSES:
                        symbols[number] = decision.label
    if rhythm is not None:
        for n in range(len(rhythm.episodes)):
            finding = episode_finding(record, rhythm, n)
            if finding is not None and finding.id in known:
                decisions[-1 - n] = known[finding.id]
    return Marks(
        times, symbols, shares, decisions, rhythm.episodes if rhythm is not None else (), saliency, waves,
        beats.model if beats is not None else "", rhythm.model if rhythm is not None else "",
    )  # fmt: skip


def hours(record: EcgRecord, episodes: Iterable[Episode]) -> dict[str, Measurement]:
    """How long a record is, and how much of it was read and was not: the sum is its length (EL-06). {} without episodes."""
    spans = sorted((max(0.0, e.start_s), min(e.end_s, record.seconds)) for e in episodes)
    if not spans:
        return {}
    read, until = 0.0, 0.0
    for start, end in spans:
        read += max(0.0, end - max(start, until))
        until = max(until, end)
    left = max(0.0, record.seconds - read)
    return {"time read": Measurement(round(read, 1), "s"), "time not read": Measurement(round(left, 1), "s")}


LONGEST_WAVE_S = 3.0


def waves_between(waves: Sequence[Wave], start_s: float, end_s: float, rate: float) -> range:
    """Numbers of the waves of a lead that may touch a stretch of time. They stand in the order of onset (as network and hand
    leave them), so a day's three hundred thousand are not looked through at each paint and each move of the mouse."""
    first = bisect_left(waves, (start_s - LONGEST_WAVE_S) * rate, key=lambda one: one.onset)
    return range(first, bisect_right(waves, end_s * rate, lo=first, key=lambda one: one.onset))


@dataclass(frozen=True, slots=True)
class Template:
    """The mean beat of one class on one lead: `mean` and `spread` (SD) in the lead's unit from `AROUND_S[0]` before R, `count` of
    the members that were averaged, at `rate_hz`."""

    label: str
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    count: int
    rate_hz: float


MOST_MEMBERS = 200


def beat_shape(record: EcgRecord, lead: int, at_s: float) -> NDArray[np.float64]:
    """One beat's samples around its R peak, its level before the beat taken away; NaN beyond the record."""
    one = record.leads[lead]
    before, after = (round(s * one.rate_hz) for s in AROUND_S)
    middle = round(at_s * one.rate_hz)
    found = np.full(before + after, np.nan)
    first, last = max(0, middle - before), min(one.samples, middle + after)
    if last > first:
        found[first - middle + before : last - middle + before] = record.source.read(lead, first, last)
    level = found[: max(1, before // 2)]
    level = level[np.isfinite(level)]
    return found - (float(np.median(level)) if level.size else 0.0)


def templates(record: EcgRecord, lead: int, marks: Marks) -> tuple[Template, ...]:
    """One for each class that has beats, from at most `MOST_MEMBERS` of them spread over the record."""
    found = []
    kept = marks.accepted()
    for label in CLASSES:
        members = np.flatnonzero((marks.symbols == label) & kept)
        if not len(members):
            continue
        chosen = members[np.linspace(0, len(members) - 1, min(MOST_MEMBERS, len(members))).astype(int)]
        shapes = np.array([beat_shape(record, lead, float(marks.times[n])) for n in chosen])
        shapes = shapes[np.isfinite(shapes).all(axis=1)]
        if len(shapes):
            found.append(Template(label, shapes.mean(axis=0), shapes.std(axis=0), len(members), record.leads[lead].rate_hz))
    return tuple(found)


def moved_bound(waves: tuple[Wave, ...], number: int, end: Literal["onset", "offset"], sample: int) -> tuple[Wave, ...]:
    """The waves with one bound moved: it stays on its side of the peak and does not reach into the neighbouring waves."""
    one = waves[number]
    if end == "onset":
        least = max((w.offset for w in waves if w.offset <= one.onset), default=0)
        new = replace(one, onset=min(max(sample, least), one.peak))
    else:
        most = min((w.onset for w in waves if w.onset >= one.offset), default=sample)
        new = replace(one, offset=max(min(sample, most), one.peak))
    return (*waves[:number], new, *waves[number + 1 :])
