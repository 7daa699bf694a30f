"""What a person did, put and got as core types: decisions, notes, corrections, assignments, marks, and the audit line of each."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from medviewer.core.errors import Fact
from medviewer.core.finding import Decision, Finding, Provenance
from medviewer.core.identity import Patient, Study
from medviewer.core.note import Mention, NoteDocument, State
from medviewer.store.database import Database

SAVE_S = 1.0
"""Longest time that typed words wait before they are written."""
COALESCE_S = 60.0
"""Within this time edits by one person are one stored revision."""
_NOTE = "id, item, patient, study, path, format, encoding, language, date, author, title, addendum_to, signed_by, signed_at"


def now() -> str:
    """ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act: when, who, what (`accept`, `reject`, `relabel`, `propose`, `assign`, `unassign`, `write`, `sign`, `correct` …),
    on which patient's (ID) item and which part of it."""

    at: str
    who: str
    act: str
    patient: str
    item: str
    subject: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revision:
    """One stored state of a note's text."""

    revision: int
    at: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Correction:
    """How a person says a mention is meant; found again by its words and concept where the text has moved."""

    concept: str
    start: int
    end: int
    text: str
    state: State
    who: str
    at: str


def decision_key(finding: Finding) -> tuple[str, str, str, str]:
    """What a decision hangs on: the input's content (its item where a network gives no hash), model, version, and the
    finding's own name without the item's, which may differ the next time."""
    made = finding.provenance
    content = made.input_sha256 or finding.item
    return content, made.model, made.model_version, finding.id.removeprefix(f"{finding.item}/")


class Records:
    """Puts return at once and are on the disk within `SAVE_S` (notes) or milliseconds; gets see every put before them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # Decisions

    def decide(self, finding: Finding, decision: Decision) -> None:
        """Keep what was decided; "proposed" takes it back."""
        key = decision_key(finding)
        if decision.state == "proposed":
            self._run("DELETE FROM decisions WHERE input = ? AND model = ? AND version = ? AND place = ?", key)
        else:
            values = (*key, decision.state, decision.label, decision.who, decision.when)
            self._run("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def decided(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings with what was decided about them before, by the same model's same version on the same content."""
        found = tuple(findings)
        known: dict[tuple[str, ...], Decision] = {}
        for content, model, version in {decision_key(one)[:3] for one in found}:
            rows = self.database.read(
                "SELECT place, state, who, at, label FROM decisions WHERE input = ? AND model = ? AND version = ?",
                (content, model, version),
            )
            known |= {(content, model, version, place): Decision(*rest) for place, *rest in rows}
        return tuple(replace(one, decision=known.get(decision_key(one), one.decision)) for one in found)

    def details(self, item: str, made: Provenance) -> dict[str, Decision]:
        """Decisions on single beats and episodes of one answer, by finding id."""
        rows = self.database.read(
            "SELECT place, state, who, at, label FROM decisions WHERE input = ? AND model = ? AND version = ?",
            (made.input_sha256 or item, made.model, made.model_version),
        )
        small = (f"{made.model}/beat/", f"{made.model}/episode/")
        return {f"{item}/{place}": Decision(*rest) for place, *rest in rows if place.startswith(small)}

    # Audit

    def note_act(self, line: AuditLine) -> None:
        """Append a line; nothing can change or remove it."""
        facts = json.dumps(dict(line.facts), ensure_ascii=False, sort_keys=True)
        values = (line.at, line.who, line.act, line.patient, line.item, line.subject, facts)
        self._run("INSERT INTO audit (at, who, act, patient, item, subject, facts) VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def audit(self, item: str = "") -> tuple[AuditLine, ...]:
        """All lines, or those of one item, oldest first."""
        rows = self.database.read(
            "SELECT at, who, act, patient, item, subject, facts FROM audit WHERE ? IN ('', item) ORDER BY id", (item,)
        )
        return tuple(
            AuditLine(at, who, act, patient, owner, subject, json.loads(facts))
            for at, who, act, patient, owner, subject, facts in rows
        )

    # Notes

    def save_note(self, note: NoteDocument, who: str, *, soon: bool = False) -> None:
        """Keep the note and its text as its newest revision, within `SAVE_S` or at once (`soon`).

        Edits of one person within a minute are one revision; revision 0, a file's own text, stays.
        """
        at = now()
        about = _note_row(note)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                f"INSERT INTO notes ({_NOTE}) VALUES ({', '.join('?' * 14)}) ON CONFLICT (id) DO UPDATE SET"
                " item = excluded.item, patient = excluded.patient, study = excluded.study, language = excluded.language,"
                " date = excluded.date, author = excluded.author, title = excluded.title",
                about,
            )
            last = connection.execute(
                "SELECT revision, at, who FROM revisions WHERE note = ? ORDER BY revision DESC LIMIT 1", (note.note_id,)
            ).fetchone()
            started = at
            if last is not None and last[2] == who and last[0] > 0 and _seconds(last[1], at) < COALESCE_S:
                started = last[1]
                connection.execute("DELETE FROM revisions WHERE note = ? AND revision = ?", (note.note_id, last[0]))
            connection.execute(
                "INSERT OR REPLACE INTO revisions VALUES (?, ?, ?, ?, ?)", (note.note_id, note.revision, started, who, note.text)
            )

        if soon:
            self.database.write(work)
        else:
            self.database.write(work, key=("note", note.note_id), delay=SAVE_S)

    def sign_note(self, note_id: str, who: str, at: str) -> None:
        """From now on the text stays as it is."""
        self._run("UPDATE notes SET signed_by = ?, signed_at = ? WHERE id = ? AND signed_at = ''", (who, at, note_id))

    def notes(self, note_id: str = "") -> tuple[NoteDocument, ...]:
        """Every kept note with its newest text, or the one of this name."""
        columns = ", ".join(f"notes.{name}" for name in _NOTE.split(", "))
        rows = self.database.read(
            f"SELECT {columns}, revisions.text, MAX(revisions.revision) FROM notes JOIN revisions ON revisions.note = notes.id"
            " WHERE ? IN ('', notes.id) GROUP BY notes.id ORDER BY notes.date, notes.id",
            (note_id,),
        )
        return tuple(_note_of(row) for row in rows)

    def revisions(self, note_id: str) -> tuple[Revision, ...]:
        """Stored states of a note, oldest first."""
        rows = self.database.read("SELECT revision, at, who, text FROM revisions WHERE note = ? ORDER BY revision", (note_id,))
        return tuple(Revision(*row) for row in rows)

    # Mentions corrected by hand

    def correct(self, note_key: str, mention: Mention, state: State, who: str) -> None:
        """Keep how a mention is meant."""
        values = (note_key, mention.concept, mention.start, mention.end, mention.text, state, who, now())
        self._run("INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def uncorrect(self, note_key: str, mention: Mention) -> None:
        """Take the correction back."""
        values = (note_key, mention.concept, mention.start, mention.text)
        self._run("DELETE FROM corrections WHERE note = ? AND concept = ? AND start = ? AND text = ?", values)

    def corrections(self, note_key: str) -> tuple[Correction, ...]:
        rows = self.database.read(
            'SELECT concept, start, "end", text, state, who, at FROM corrections WHERE note = ?', (note_key,)
        )
        return tuple(Correction(*row) for row in rows)

    # Items without identity

    def assign(self, content: str, patient: Patient | None, who: str) -> None:
        """Whose the item with this content is, in a person's word; None takes it back."""
        if patient is None:
            self._run("DELETE FROM assignments WHERE content = ?", (content,))
        else:
            values = (content, json.dumps(asdict(patient), ensure_ascii=False), who, now())
            self._run("INSERT OR REPLACE INTO assignments VALUES (?, ?, ?, ?)", values)

    def assigned(self, content: str) -> Patient | None:
        rows = self.database.read("SELECT patient FROM assignments WHERE content = ?", (content,))
        return Patient(**json.loads(rows[0][0])) if rows else None

    # Key images and lengths

    def mark(self, item: str, kind: str, path: str, frame: int, value: str = "", *, there: bool = True) -> None:
        """Keep or drop one mark of an image (`kind` "key" or "length", `value` its points as JSON)."""
        values = (item, kind, path, frame, value)
        if there:
            self._run("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?)", values)
        else:
            self._run("DELETE FROM marks WHERE item = ? AND kind = ? AND path = ? AND frame = ? AND value = ?", values)

    def marks(self, item: str, kind: str) -> tuple[tuple[str, int, str], ...]:
        """(path, frame in the file, value) of an item's marks."""
        rows = self.database.read("SELECT path, frame, value FROM marks WHERE item = ? AND kind = ?", (item, kind))
        return tuple((path, frame, value) for path, frame, value in rows)

    def _run(self, statement: str, values: tuple[Any, ...]) -> None:
        self.database.write(lambda connection: connection.execute(statement, values))


def _seconds(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


def _note_row(note: NoteDocument) -> tuple[str, ...]:
    patient, study = (json.dumps(asdict(who), ensure_ascii=False) for who in (note.patient, note.study))
    return (
        *(note.note_id, note.item, patient, study, note.path, note.format, note.encoding, note.language),
        *(note.date, note.author, note.title, note.addendum_to, note.signed_by, note.signed_at),
    )


def _note_of(row: tuple[Any, ...]) -> NoteDocument:
    about = dict(zip(_NOTE.split(", "), row, strict=False))
    patient, study = Patient(**json.loads(about.pop("patient"))), Study(**json.loads(about.pop("study")))
    note_id = about.pop("id")
    return NoteDocument(
        **about, note_id=note_id, patient=patient, study=study, text=row[14], revision=row[15], has_identity=patient.known
    )
