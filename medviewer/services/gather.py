"""What networks and notes say about everything that is open, as rows of one list, and where they contradict each other."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, cast

from medviewer.core.ecg import BeatClass, Beats, EcgRecord
from medviewer.core.ecg_marks import marks_of
from medviewer.core.finding import Decision, Finding, Provenance, Result, Score, Span
from medviewer.core.note import Mention, NoteDocument
from medviewer.core.units import CharOffset
from medviewer.services.acts import Act
from medviewer.services.annotate import Notebook
from medviewer.services.compare import Discordance, compare, day_of
from medviewer.services.session import Item, Session
from medviewer.store.assets import asset
from medviewer.store.records import AuditLine, now

Order = Literal["pane", "newest", "score", "name", "state"]
ORDERS: tuple[Order, ...] = ("pane", "newest", "score", "name", "state")
SAID = ("present", "uncertain", "absent", "past", "other_person", "hypothetical")
"""States of mentions, what matters first."""
_STATES = {"proposed": 0, "accepted": 1, "rejected": 2}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: a finding, or (`finding` None) an answer without one: below every threshold, refused, failed."""

    result: Result
    finding: Finding | None
    day: str

    @property
    def said(self) -> str:
        """State of a note's mention, "" for a network's finding."""
        return str(self.finding.facts.get("state", "")) if self.finding is not None else ""


def mention_findings(result: Result, mentions: Sequence[Mention]) -> tuple[Finding, ...]:
    """One finding for each concept that a note names in one sense; a rule has no probability, so the score is a bare 1."""
    assert result.provenance is not None
    groups: dict[tuple[str, str], list[Mention]] = {}
    for mention in mentions:
        groups.setdefault((mention.concept, mention.state), []).append(mention)
    found = []
    for (concept, state), same in groups.items():
        sides = {mention.laterality for mention in same if mention.laterality}
        sizes = list(dict.fromkeys(mention.size for mention in same if mention.measures))
        found.append(
            Finding(
                f"{result.item}/{result.model}/{concept}/{state}",
                result.item,
                "note",
                concept,
                Score(concept, 1.0, 1.0, 1.0),
                Span(CharOffset(same[0].start), CharOffset(same[0].end)),
                result.provenance,
                facts={
                    "state": state,
                    "count": len(same),
                    "side": sides.pop() if len(sides) == 1 else "",
                    "size": "; ".join(sizes),
                },
            )
        )
    return tuple(sorted(found, key=lambda one: (SAID.index(str(one.facts["state"])), one.evidence.start)))  # type: ignore[union-attr]


@lru_cache(maxsize=4)
def _concepts(language: str) -> dict[str, list[str]]:
    return dict(json.loads(asset(f"lexicon/{language}.json").read_text("utf-8"))["concepts"])


def concept_title(concept: str, lang: str) -> str:
    """A concept of the lexicon in the user's language: its first phrase there."""
    phrases = _concepts("zh").get(concept, ()) if lang.startswith("zh") else ()
    return (
        phrases[0]
        if phrases
        else re.sub(r"\b(?:ecg|st|st-t)\b", lambda m: m[0].upper(), concept[:1].upper() + concept[1:], flags=re.I)
    )


class Gathered:
    """The session read as one list. Give it to the session once: it makes findings of mentions as results come."""

    def __init__(self, session: Session, notebook: Notebook | None = None) -> None:
        self._session, self._notebook = session, notebook
        session.complete.append(self._with_mentions)

    def rows(self, order: Order = "pane", active: str = "") -> tuple[Row, ...]:
        """Every finding, refusal and answer below its thresholds; `active` is the item of the active pane."""
        found = []
        answers = self._session.all_results
        for item in self._session.items:
            day = day_of(item) if answers[item.item] else ""
            for result in answers[item.item]:
                found += [Row(result, finding, day) for finding in result.findings]
                if not result.findings and (result.status != "ok" or result.scores):
                    found.append(Row(result, None, day))
        keys: dict[Order, Callable[[Row], tuple]] = {
            "pane": lambda row: (row.result.item != active, row.result.status != "ok", bool(row.said)),
            "newest": lambda row: (_backwards(row.day), row.result.item, bool(row.said)),
            "score": lambda row: (bool(row.said) or row.finding is None, -(row.finding.score.probability if row.finding else 0)),
            "name": lambda row: (row.finding is None, row.finding.called if row.finding else row.result.model),
            "state": lambda row: (row.finding is None, _STATES[row.finding.decision.state] if row.finding else 3),
        }
        return tuple(sorted(found, key=keys[order]))

    def mentions(self, note: NoteDocument) -> tuple[Mention, ...]:
        """What a note says, as people corrected it, without what they rejected."""
        result = next((r for r in self._session.results(note.item) if r.mentions), None)
        if result is None:
            return ()
        said = self._corrected(note, result.mentions)
        gone = {(f.label, f.facts.get("state")) for f in result.findings if f.decision.state == "rejected"}
        return tuple(mention for mention in said if (mention.concept, mention.state) not in gone)

    def discordances(self, *, seen: bool = False) -> tuple[Discordance, ...]:
        """Where notes and networks contradict each other; those that a person has seen are left out, unless asked for."""
        answers = self._session.all_results
        items = [item for item in self._session.items if answers[item.item]]
        results = [self._judged(item, result) for item in items for result in answers[item.item]]
        found = compare(items, results, self.mentions)
        if seen or self._session.records is None:
            return found
        kept = self._session.records.decided([self._as_finding(one) for one in found])
        return tuple(one for one, known in zip(found, kept, strict=True) if known.decision.state == "proposed")

    def _judged(self, item: Item, result: Result) -> Result:
        """A network's beats as people left them: rejected ones are gone, others have the person's class."""
        decided = self._session.decisions(item.item)
        if not isinstance(item, EcgRecord) or result.beats is None or not decided:
            return result
        marks = marks_of(item, [result], decided)
        kept = [n for n, there in enumerate(marks.accepted()) if there]
        own = result.beats
        symbols = tuple(cast(BeatClass, str(marks.symbols[n])) for n in kept)
        return replace(result, beats=Beats(tuple(own.sample[n] for n in kept), symbols, tuple(own.probability[n] for n in kept)))

    def see(self, one: Discordance) -> None:
        """A person knows of it: it is not told again for the same note and answer. Undoable."""
        records, who, finding = self._session.records, self._session.who(), self._as_finding(one)
        item = self._session.item(one.note.item)
        patient = item.patient.id if item is not None else ""

        def put(decision: Decision, act: str) -> None:
            if records is not None:
                records.decide(finding, decision)
                records.note_act(AuditLine(now(), who, act, patient, one.note.item, one.id, dict(one.notice.facts)))
            self._session.touch(one.note.item)

        seen = Decision("accepted", who, now())
        self._session.history.do(
            Act("act-seen", lambda: put(seen, "see-discordance"), lambda: put(Decision(), "undo-see-discordance"))
        )

    def _as_finding(self, one: Discordance) -> Finding:
        """What its being seen hangs on: the rule, and the content of both sides."""
        sides = (self._session.result(side.item, side.model) for side in (one.note, one.network))
        content = "|".join(r.provenance.input_sha256 if r and r.provenance else "" for r in sides)
        made = Provenance("discordance", "1", "", content, "", "", "", "", 0, "")
        return Finding(f"{one.note.item}/{one.rule}", one.note.item, "note", one.rule, Score(one.rule, 1, 1, 1), None, made)

    def _with_mentions(self, result: Result) -> Result:
        item = self._session.item(result.item)
        if not result.mentions or result.provenance is None or not isinstance(item, NoteDocument):
            return result
        return replace(result, findings=mention_findings(result, self._corrected(item, result.mentions)))

    def _corrected(self, note: NoteDocument, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        return self._notebook.corrected(note, mentions) if self._notebook is not None else tuple(mentions)


def _backwards(day: str) -> tuple[int, ...]:
    """Sorts ISO dates newest first, unknown ones last."""
    return tuple(-ord(c) for c in day) if day else (0,)
