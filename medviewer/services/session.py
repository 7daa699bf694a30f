"""What is open, what the networks said about it, and the one announcement that every view listens to.

Changed by one thread only: other threads hand their changes to `post`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import Fact
from medviewer.core.finding import Attribution, Decision, Finding, Result
from medviewer.core.identity import Patient
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.core.task import Account
from medviewer.services.acts import Act, History, system_user
from medviewer.store.records import AuditLine, Records, now

Post = Callable[[Callable[[], None]], None]
"""Runs a callable on the session's thread, later."""


Item = ImageSeries | EcgRecord | NoteDocument
"""Anything of the browser."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new: ids of items added, grown or removed, items whose results or key images changed, and whether
    the scan's account did."""

    items: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    results: frozenset[str] = frozenset()
    account: bool = False
    marks: frozenset[str] = frozenset()


DecisionState = Literal["proposed", "accepted", "rejected"]


class Session:
    """Open items by id, results by (item, model), decisions by finding; what a person does is kept in `records`, if any.

    Each of `admit` sees every item that comes and may hand in another in its place (the state in which it was left), each of
    `complete` every result (findings made of what it says).
    """

    def __init__(self, records: Records | None = None, who: Callable[[], str] = system_user) -> None:
        self.records, self.who = records, who
        self.history = History()
        self.admit: list[Callable[[Item], Item]] = []
        self.complete: list[Callable[[Result], Result]] = []
        self._items: dict[str, Item] = {}
        self._results: dict[tuple[str, str], Result] = {}
        self._listeners: list[Callable[[Changes], None]] = []
        self.account = Account()
        self._key_images: dict[str, frozenset[tuple[str, int]]] = {}
        self._details: dict[str, dict[str, Decision]] = {}

    def listen(self, listener: Callable[[Changes], None]) -> None:
        """Call `listener` with every change, on the thread that made it, until the session ends."""
        self._listeners.append(listener)

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(self._items.values())

    def item(self, item: str) -> Item | None:
        return self._items.get(item)

    @property
    def patients(self) -> tuple[Patient, ...]:
        """Different known people among the items, in the order they came."""
        seen: dict[tuple[str, str, str], Patient] = {}
        for item in self._items.values():
            if item.patient.known:
                seen.setdefault(item.patient.key, item.patient)
        return tuple(seen.values())

    def put(self, items: Iterable[Item], removed: Iterable[str] = (), account: Account | None = None) -> None:
        """Add or replace items by id; an item that grew keeps its results' place but loses results of its older self."""
        gone = frozenset(removed)
        for item in gone:
            self._items.pop(item, None)
        put = {item.item: self._admitted(item) for item in items}
        self._items.update(put)
        for item in gone:
            self._key_images.pop(item, None)
            self._details.pop(item, None)
        stale = {key for key in self._results if key[0] in put or key[0] in gone}
        for key in stale:
            del self._results[key]
        if account is not None:
            self.account = account
        self._announce(Changes(frozenset(put), gone, frozenset(key[0] for key in stale), account is not None))

    def _admitted(self, item: Item) -> Item:
        for look in self.admit:
            item = look(item)
        return item

    def close(self, items: Iterable[str]) -> None:
        """Take items out with their results; what was decided stays in the database."""
        self.put((), removed=items)

    def change(self, item: Item) -> None:
        """Something about an open item is said otherwise, its data are the same: its results stay."""
        if item.item in self._items:
            self._items[item.item] = item
            self._announce(Changes(items=frozenset({item.item}), results=frozenset({item.item})))

    def touch(self, item: str) -> None:
        """Make an item's results anew and let views draw them: what a person says about them has changed."""
        for key, result in list(self._results.items()):
            if key[0] == item:
                for look in self.complete:
                    result = look(result)
                if self.records is not None and result.findings:
                    result = replace(result, findings=self.records.decided(result.findings))
                self._results[key] = result
        self._announce(Changes(results=frozenset({item})))

    @property
    def all_results(self) -> dict[str, list[Result]]:
        """Item → the networks' answers about it, in the order of the items."""
        found: dict[str, list[Result]] = {item: [] for item in self._items}
        for (item, _), result in self._results.items():
            found[item].append(result)
        return found

    def results(self, item: str) -> tuple[Result, ...]:
        return tuple(result for (owner, _), result in self._results.items() if owner == item)

    def result(self, item: str, model: str) -> Result | None:
        return self._results.get((item, model))

    def put_result(self, result: Result) -> None:
        """Keep a network's answer with what was decided about it before; an answer for an item that is no longer open is
        dropped (RN-02)."""
        if result.item not in self._items:
            return
        for look in self.complete:
            result = look(result)
        if self.records is not None and result.findings:
            result = replace(result, findings=self.records.decided(result.findings))
        self._results[result.item, result.model] = result
        if self.records is not None and result.provenance is not None and (result.beats is not None or result.episodes):
            self._details[result.item] = self.decisions(result.item) | self.records.details(result.item, result.provenance)
        self._announce(Changes(results=frozenset({result.item})))

    def decisions(self, item: str) -> dict[str, Decision]:
        """Decisions on single beats and rhythm episodes of a record, by finding id: they are too many to be findings each."""
        return dict(self._details.get(item, {}))

    def attribution(self, item: str, model: str) -> Attribution | None:
        result = self._results.get((item, model))
        return result.attribution if result else None

    def key_images(self, item: str) -> frozenset[tuple[str, int]]:
        """(path, index in the file) of the images of an item that a person marked: they stay marked when the item grows."""
        if item not in self._key_images and item in self._items:
            kept = self.records.marks(item, "key") if self.records is not None else ()
            self._key_images[item] = frozenset((path, index) for path, index, _ in kept)
        return self._key_images.get(item, frozenset())

    def mark_key_image(self, item: str, path: str, index: int) -> None:
        """Mark an image, or take its mark away."""
        self._key_images[item] = self.key_images(item) ^ {(path, index)}
        if self.records is not None:
            there = (path, index) in self._key_images[item]
            patient = self._items[item].patient.id if item in self._items else ""
            self.records.mark(item, "key", path, index, there=there)
            act = "key-image" if there else "no-key-image"
            self.records.note_act(AuditLine(now(), self.who(), act, patient, item, f"{Path(path).name}#{index}", {}))
        self._announce(Changes(marks=frozenset({item})))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all open items, in the order of the answers."""
        return tuple(finding for result in self._results.values() for finding in result.findings)

    def decide(self, finding: str, state: DecisionState, who: str = "", label: str = "") -> None:
        """Accept a finding (as `label`, where it is called otherwise), reject it, or take that back ("proposed"). Undoable."""
        found = next((one for one in self.findings if one.id == finding), None)
        if found is not None:
            self.judge(found, state, who, label)

    def judge(self, found: Finding, state: DecisionState, who: str = "", label: str = "") -> None:
        """As `decide`, of a finding that need not be among a result's: one beat or one rhythm episode."""
        before = self._details.get(found.item, {}).get(found.id, found.decision)
        who = (who or self.who()) if state != "proposed" else ""
        decision = Decision(state, who, now() if state != "proposed" else "", label if state == "accepted" else "")
        code = "relabel" if decision.label else {"accepted": "accept", "rejected": "reject"}.get(state, "propose")
        patient = self._items[found.item].patient.id
        self.history.do(
            Act(
                f"act-{code}",
                lambda: self._decided(found, decision, code, patient),
                lambda: self._decided(found, before, f"undo-{code}", patient),
            )
        )

    def _decided(self, finding: Finding, decision: Decision, act: str, patient: str) -> None:
        """Keep it, with its audit line, and show it where the finding is still open."""
        if self.records is not None:
            self.records.decide(finding, decision)
            made = finding.provenance
            facts: dict[str, Fact] = {
                "state": decision.state,
                "label": decision.label or finding.label,
                "model": made.model,
                "version": made.model_version,
                "probability": round(finding.score.probability, 4),
            }
            self.records.note_act(AuditLine(now(), self.who(), act, patient, finding.item, finding.id, facts))
        for key, result in self._results.items():
            if any(one.id == finding.id for one in result.findings):
                kept = tuple(replace(one, decision=decision) if one.id == finding.id else one for one in result.findings)
                self._results[key] = replace(result, findings=kept)
                self._announce(Changes(results=frozenset({key[0]})))
                return
        details = self._details.setdefault(finding.item, {})
        if decision.state == "proposed":
            details.pop(finding.id, None)
        else:
            details[finding.id] = decision
        self._announce(Changes(results=frozenset({finding.item})))

    def _announce(self, changes: Changes) -> None:
        for listener in list(self._listeners):
            listener(changes)
