"""Where a note contradicts what a network says about the same patient. The rules are a table: `resources/discordance.json`.

Pure: items, results and mentions in, discordances with both pieces of evidence out. It says that two readings differ, never
which of them is right.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import Fact, Notice
from medviewer.core.finding import Evidence, Interval, Region, Result, Score, Span, probability_words
from medviewer.core.image import ImageSeries
from medviewer.core.note import Mention, NoteDocument
from medviewer.core.units import CharOffset
from medviewer.services.session import Item
from medviewer.store.assets import asset

Mentions = Callable[[NoteDocument], Sequence[Mention]]
COUNTED = ("present", "absent", "uncertain")
"""States that are about this patient now; past, other people's and hypothetical ones contradict nothing."""


@dataclass(frozen=True, slots=True)
class Side:
    """One piece of evidence: the item, the network (`note-mentions` for the words of a note), what it is about and where.

    `words` are the note's own; `score` is None where a count or measurement decides, then `value` is it.
    """

    item: str
    model: str
    label: str
    evidence: Evidence | None
    frame: int | None = None
    words: str = ""
    state: str = ""
    score: Score | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Discordance:
    """`notice` is the sentence: code `discordance-RULE` with facts that name no patient. `assumed` is True where one of the
    items names nobody and was taken for this patient's."""

    rule: str
    note: Side
    network: Side
    notice: Notice
    days: int | None
    assumed: bool = False

    @property
    def id(self) -> str:
        """Stable as long as its two items keep their ids."""
        return f"{self.rule}/{self.note.item}/{self.network.item}"


@lru_cache(maxsize=1)
def rules() -> tuple[Mapping[str, Any], ...]:
    """The lines of the table."""
    return tuple(json.loads(asset("discordance.json").read_text("utf-8"))["rules"])


def compare(
    items: Iterable[Item], results: Iterable[Result], mentions: Mentions, *, one_patient: bool = False
) -> tuple[Discordance, ...]:
    """Every contradiction between a note's mentions and a network's result on an item of the same patient.

    Items without identity are compared with nothing unless `one_patient` says that all items are one person's; where two
    people are named, that says nothing.
    """
    there = {item.item: item for item in items}
    named = {item.patient.key for item in there.values() if item.patient.known}
    together = one_patient and len(named) <= 1
    notes = [(item, tuple(mentions(item))) for item in there.values() if isinstance(item, NoteDocument)]
    answers = [r for r in results if r.status == "ok" and r.item in there and there[r.item].kind != "note"]
    found = []
    for note, said in notes:
        for result in answers:
            other = there[result.item]
            same = note.patient.known and note.patient.key == other.patient.key
            if same or together:
                found += [one for rule in rules() if (one := _judge(rule, note, said, other, result, not same)) is not None]
    return tuple(sorted(found, key=lambda one: (one.days is None, one.days or 0, one.rule, one.id)))


def day_of(item: Item) -> str:
    """ISO date of an item: the note's own, the record's start, the study's; "" if none is known."""
    own = item.date if isinstance(item, NoteDocument) else item.start if isinstance(item, EcgRecord) else ""
    return (own or item.study.date)[:10]


def _judge(
    rule: Mapping[str, Any], note: NoteDocument, said: Sequence[Mention], item: Item, result: Result, assumed: bool
) -> Discordance | None:
    """The contradiction of one rule, or None."""
    if result.model not in rule["models"]:
        return None
    apart = _days(day_of(note), day_of(item))
    mention = _stated(said, rule["concepts"], rule["note"])
    if mention is None or (apart is not None and apart > rule["days"]):
        return None
    if any(m.concept in rule.get("unless", ()) and m.state in ("present", "uncertain") for m in said):
        return None
    answer = _measured(rule, result) if "measured" in rule else _scored(rule, item, result)
    if answer is None:
        return None
    network, facts = answer
    start = min(mention.start, mention.cue[0] if mention.cue else mention.start)
    end = max(mention.end, mention.cue[1] if mention.cue else mention.end)
    words = " ".join(note.text[start:end].split())
    span = Span(CharOffset(start), CharOffset(end))
    side = Side(note.item, "note-mentions", mention.concept, span, words=words, state=mention.state)
    return Discordance(rule["rule"], side, network, Notice(f"discordance-{rule['rule']}", facts=facts), apart, assumed)


def _stated(said: Sequence[Mention], concepts: Sequence[str], state: str) -> Mention | None:
    """The first mention that says so, if all that count say the same."""
    about = [mention for mention in said if mention.concept in concepts and mention.state in COUNTED]
    return about[0] if about and all(mention.state == state for mention in about) else None


def _scored(rule: Mapping[str, Any], item: Item, result: Result) -> tuple[Side, dict[str, Fact]] | None:
    """The network's side where its score, or its share of beats, contradicts."""
    label = rule["label"]
    score = next((one for one in result.scores if one.label == label), None)
    finding = next((one for one in result.findings if one.label == label), None)
    if score is None or (finding is not None and (finding.decision.state == "rejected" or finding.called != label)):
        return None
    evidence = finding.evidence if finding is not None else None
    count = result.beats.symbol.count(label) if result.beats is not None else 0
    of = len(result.beats.sample) if result.beats is not None else 0
    if evidence is None and count and result.beats is not None and isinstance(item, EcgRecord):
        evidence = Interval.of_beat(result.beats.sample[result.beats.symbol.index(label)], item.rate_hz)
    holds = {
        "positive": lambda: _positive(score, result.scores),
        "negative": lambda: score.threshold is not None and score.high < score.threshold,
        "share": lambda: count >= rule["beats_at_least"] and count / max(of, 1) >= rule["share_at_least"],
        "none": lambda: of >= rule["of_beats"] and count == 0,
    }[rule["network"]]
    if not holds():
        return None
    if evidence is None and isinstance(item, ImageSeries):
        evidence = Region(result.frame or 0)
    facts: dict[str, Fact] = {
        "probability": probability_words(score.probability),
        "threshold": f"{score.threshold:.2f}" if score.threshold is not None else "–",
        "count": count,
        "of": of,
    }
    value = float(count) if rule["network"] in ("share", "none") else None
    side = Side(result.item, result.model, label, evidence, result.frame, score=None if value is not None else score, value=value)
    return side, facts


def _positive(score: Score, scores: Sequence[Score]) -> bool:
    """Above its threshold; a class without one (a normal rhythm) by being the likeliest, while no other is above its own."""
    if score.threshold is not None:
        return score.positive
    return score.probability >= 0.5 and not any(one.positive for one in scores if one.label != score.label)


def _measured(rule: Mapping[str, Any], result: Result) -> tuple[Side, dict[str, Fact]] | None:
    measured = result.measurements.get(rule["measured"])
    if measured is None:
        return None
    if not (measured.value < rule.get("below", -1) or measured.value > rule.get("above", float("inf"))):
        return None
    facts: dict[str, Fact] = {"value": round(measured.value), "unit": measured.unit}
    return Side(result.item, result.model, rule["measured"], None, result.frame, value=measured.value), facts


def _days(first: str, second: str) -> int | None:
    """Days between two ISO dates, None where one is not known."""
    try:
        return abs((date.fromisoformat(first) - date.fromisoformat(second)).days)
    except ValueError:
        return None
