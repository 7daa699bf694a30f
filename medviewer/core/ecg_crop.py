"""A part of a record as a record of its own: samples, gaps, annotations, answers, decisions and hand marks from its start."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from medviewer.core.ecg import Annotation, Beats, EcgRecord, Gap, Lead, Signal, SignalSource, Wave
from medviewer.core.ecg_hand import HandCaliper, HandMarks
from medviewer.core.ecg_marks import beat_finding, episode_finding
from medviewer.core.finding import Decision, Result


class _Part:
    """SignalSource that counts from the first sample of a part; `first` and `count` by lead."""

    def __init__(self, source: SignalSource, first: Sequence[int], count: Sequence[int]) -> None:
        self._source, self._first, self._count = source, tuple(first), tuple(count)

    def read(self, lead: int, start: int, stop: int) -> Signal:
        at = self._first[lead]
        return self._source.read(lead, at + max(0, start), at + min(self._count[lead], max(0, stop)))


def cropped(record: EcgRecord, start_s: float, end_s: float) -> EcgRecord:
    """From `start_s` to before `end_s`, whole samples of every lead; nothing is resampled (EA-06).

    ValueError where nothing is left. The part begins at a sample of the slowest lead, so that all leads begin together.
    """
    slowest = min((lead.rate_hz for lead in record.leads), default=0.0)
    start_s, end_s = max(0.0, start_s), min(end_s, record.seconds)
    if slowest <= 0 or end_s <= start_s:
        raise ValueError("an empty part")
    start_s = round(start_s * slowest) / slowest
    first = [round(start_s * lead.rate_hz) for lead in record.leads]
    last = [min(lead.samples, round(end_s * lead.rate_hz)) for lead in record.leads]
    counts = [max(0, b - a) for a, b in zip(first, last, strict=True)]
    if not max(counts):
        raise ValueError("an empty part")

    def lead_of(lead: Lead, samples: int) -> Lead:
        return replace(lead, samples=samples)

    return replace(
        record,
        item=f"{record.item}_{start_s:g}-{end_s:g}s",
        start=_later(record.start, start_s),
        leads=tuple(lead_of(lead, n) for lead, n in zip(record.leads, counts, strict=True)),
        source=_Part(record.source, first, counts),
        gaps=tuple(
            Gap(max(g.start_s, start_s) - start_s, min(g.end_s, end_s) - start_s)
            for g in record.gaps
            if g.start_s < end_s and g.end_s > start_s
        ),
        annotations=tuple(
            Annotation(mark.time_s - start_s, mark.symbol, mark.text)
            for mark in record.annotations
            if start_s <= mark.time_s < end_s
        ),
    )


def begin_of(record: EcgRecord, start_s: float) -> float:
    """Where `cropped` begins."""
    slowest = min(lead.rate_hz for lead in record.leads)
    return round(max(0.0, start_s) * slowest) / slowest


def _later(start: str, seconds: float) -> str:
    if not start:
        return ""
    return (datetime.fromisoformat(start) + timedelta(seconds=seconds)).isoformat()


Answers = tuple[list[Result], dict[str, Decision]]


def cropped_answers(
    record: EcgRecord, part: EcgRecord, start_s: float, results: Sequence[Result], decided: Mapping[str, Decision]
) -> Answers:
    """Beats, episodes and waves inside `part`, and the decisions on them. Scores and measurements of the whole record, and
    ribbons, are left out."""
    found: list[Result] = []
    kept: dict[str, Decision] = {}
    end_s = start_s + part.seconds
    first = round(start_s * record.rate_hz)
    for result in results:
        beats = result.beats or Beats()
        inside = [n for n, sample in enumerate(beats.sample) if first <= sample < first + round(part.seconds * record.rate_hz)]
        spans = [n for n, e in enumerate(result.episodes) if e.start_s < end_s and e.end_s > start_s]
        waves = {lead: _moved(record, lead, one, start_s, part) for lead, one in result.waves.items()}
        new = replace(
            result,
            item=part.item,
            scores=(),
            findings=(),
            measurements={},
            saliency=None,
            waves=waves,
            beats=Beats(
                tuple(beats.sample[n] - first for n in inside),
                tuple(beats.symbol[n] for n in inside),
                tuple(beats.probability[n] for n in inside),
            ),
            episodes=tuple(
                replace(e, start_s=max(e.start_s, start_s) - start_s, end_s=min(e.end_s, end_s) - start_s)
                for e in (result.episodes[n] for n in spans)
            ),
        )
        for make, numbers in ((beat_finding, inside), (episode_finding, spans)):
            for k, n in enumerate(numbers):
                old, now = make(record, result, n), make(part, new, k)
                if old is not None and now is not None and old.id in decided:
                    kept[now.id] = decided[old.id]
        found.append(new)
    return found, kept


def _moved(record: EcgRecord, lead: str, waves: Sequence[Wave], start_s: float, part: EcgRecord) -> tuple[Wave, ...]:
    number = record.lead(lead)
    if number is None:
        return ()
    first, samples = round(start_s * record.leads[number].rate_hz), part.leads[number].samples
    return tuple(
        Wave(w.kind, w.onset - first, w.peak - first, w.offset - first)
        for w in waves
        if w.onset >= first and w.offset < first + samples
    )


def cropped_hand(record: EcgRecord, part: EcgRecord, start_s: float, hand: HandMarks) -> HandMarks:
    """The marks of a hand that lie wholly inside the part."""
    one, end_s = hand.caliper, start_s + part.seconds
    inside = one is not None and all(start_s <= at <= end_s for at in (one.start[0], one.end[0]))
    caliper = None
    if one is not None and inside:
        a, b = ((point[0] - start_s, point[1]) for point in (one.start, one.end))
        caliper = HandCaliper(one.lead, a, b, max(0.0, one.column - start_s))
    bounds = tuple((lead, wave) for lead, old in hand.bounds for wave in _moved(record, lead, (old,), start_s, part))
    return HandMarks(caliper, tuple(at - start_s for at in hand.cursors if start_s <= at <= end_s), bounds)
