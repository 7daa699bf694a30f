"""Notes of a person: written, edited, signed, added to; mentions corrected. Everything is kept in the database.

A file that was opened is never changed: what is written in it becomes a note of the database, which takes the file's place
the next time the same file is opened.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.core.note import Language, Mention, NoteDocument, State
from medviewer.services.acts import Act
from medviewer.services.session import Item, Session
from medviewer.store.records import AuditLine, Correction, Records, Revision, now

TYPED = "typed"
"""`format` of a note that has no file."""


class Notebook:
    """The notes' side of a session. Call it on the session's thread."""

    def __init__(self, session: Session, records: Records) -> None:
        self._session, self._records = session, records
        session.admit.append(self._admit)

    def start(
        self,
        patient: Patient | None = None,
        study: Study | None = None,
        text: str = "",
        *,
        language: Language = "",
        title: str = "",
        addendum_to: str = "",
    ) -> NoteDocument:
        """A new note, open and kept from its first word on. The author is who sits here."""
        note_id = uuid.uuid4().hex
        at = now()
        note = NoteDocument(
            item=f"note-{note_id[:8]}",
            patient=patient or Patient(),
            study=study or Study(date=at[:10], time=at[11:19]),
            path="",
            format=TYPED,
            text=text,
            encoding="utf-8",
            language=language,
            date=at,
            author=self._session.who(),
            title=title,
            note_id=note_id,
            addendum_to=addendum_to,
            has_identity=patient is not None and patient.known,
        )
        self._records.save_note(note, self._session.who(), soon=True)
        self._audit("add" if addendum_to else "write", note)
        self._session.put([note])
        return note

    def draft(self, note: NoteDocument, text: str) -> NoteDocument:
        """The next revision, kept within a second, without telling anybody: for each key. Raises `note-signed`."""
        if note.signed_at:
            raise MedviewerError("note-signed", note.path, who=note.signed_by, when=note.signed_at)
        if text == note.text and note.note_id:
            return note
        if not note.note_id:
            note = replace(note, note_id=content_id(note))
            if not self._records.revisions(note.note_id):
                self._records.save_note(note, note.author or "file", soon=True)
                self._audit("edit-file", note)
        known = self._session.item(note.item)
        latest = known.revision if isinstance(known, NoteDocument) and known.note_id == note.note_id else 0
        edited = replace(note, text=text, revision=max(note.revision, latest) + 1)
        self._records.save_note(edited, self._session.who())
        return edited

    def edit(self, note: NoteDocument, text: str) -> NoteDocument:
        """The next revision, kept within a second and put into the session, so that networks read it. Raises `note-signed`."""
        edited = self.draft(note, text)
        self._session.put([edited])
        return edited

    def sign(self, note: NoteDocument) -> NoteDocument:
        """The text stays from now on as it is; what is to be said more is an addendum. Raises `note-signed`, `note-empty`."""
        if not note.text.strip():
            raise MedviewerError("note-empty", note.path)
        kept = self.draft(note, note.text)
        who, at = self._session.who(), now()
        self._records.save_note(kept, who, soon=True)
        self._records.sign_note(kept.note_id, who, at)
        self._audit("sign", kept)
        signed = replace(kept, signed_by=who, signed_at=at)
        self._session.put([signed])
        return signed

    def add_to(self, note: NoteDocument, text: str = "") -> NoteDocument:
        """An addendum to a signed note: a note of its own, with its own author and date. Raises `note-not-signed`."""
        if not note.signed_at:
            raise MedviewerError("note-not-signed", note.path)
        return self.start(note.patient, note.study, text, language=note.language, title=note.title, addendum_to=note.note_id)

    def addenda(self, note: NoteDocument) -> tuple[NoteDocument, ...]:
        """In the order they were written."""
        return tuple(one for one in self._records.notes() if note.note_id and one.addendum_to == note.note_id)

    def history(self, note: NoteDocument) -> tuple[Revision, ...]:
        """Stored states, oldest first; the first of a file's note is the file."""
        return self._records.revisions(note.note_id) if note.note_id else ()

    def recall(self, patients: Sequence[Patient] = (), *, unassigned: bool = False) -> tuple[NoteDocument, ...]:
        """Open the notes without a file that were written about these people, and those about nobody; returns what came."""
        keys = {patient.key for patient in patients}
        wanted = [
            note
            for note in self._records.notes()
            if note.format == TYPED and self._session.item(note.item) is None and note.text.strip()
            if (note.patient.key in keys if note.patient.known else unassigned)
        ]
        if wanted:
            self._session.put(wanted)
        return tuple(wanted)

    # Mentions

    def correct(self, note: NoteDocument, mention: Mention, state: State) -> None:
        """Say how a mention is meant; undoable, kept with the note (NT-05)."""
        self.correct_all(note, (mention,), state)

    def correct_all(self, note: NoteDocument, mentions: Sequence[Mention], state: State) -> None:
        """Several mentions at once: one act."""
        key, who = content_id(note), self._session.who()
        kept = self._records.corrections(key)
        before = [next((c.state for c in kept if _same(c, one) and c.start == one.start), None) for one in mentions]

        def put(meant: Sequence[State | None], act: str) -> None:
            for mention, one in zip(mentions, meant, strict=True):
                if one is None:
                    self._records.uncorrect(key, mention)
                else:
                    self._records.correct(key, mention, one, who)
                facts = {"concept": mention.concept, "start": mention.start, "state": one or "as the rules say"}
                self._audit(act, note, mention.concept, facts)
            self._session.touch(note.item)

        meant: list[State | None] = [state] * len(mentions)
        self._session.history.do(Act("act-correct", lambda: put(meant, "correct"), lambda: put(before, "undo-correct")))

    def corrected(self, note: NoteDocument, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """The mentions as people say that they are meant; `rule` is then `corrected: WHO`."""
        kept = self._records.corrections(content_id(note))
        found = []
        for mention in mentions:
            told = min((c for c in kept if _same(c, mention)), key=lambda c: abs(c.start - mention.start), default=None)
            if told is not None and not _nearer(told, mention, mentions):
                told = None
            found.append(replace(mention, state=told.state, rule=f"corrected: {told.who}") if told else mention)
        return tuple(found)

    # Its own

    def _admit(self, item: Item) -> Item:
        """A file that was written in comes as it was left, and says so."""
        if not isinstance(item, NoteDocument) or item.note_id or not item.text:
            return item
        kept = self._records.notes(content_id(item))
        if not kept:
            return item
        told = Notice("note-edited-here", item.path, {"revision": kept[0].revision})
        return replace(
            item,
            text=kept[0].text,
            revision=kept[0].revision,
            note_id=kept[0].note_id,
            signed_by=kept[0].signed_by,
            signed_at=kept[0].signed_at,
            warnings=(*item.warnings, told),
        )

    def _audit(self, act: str, note: NoteDocument, subject: str = "", facts: dict | None = None) -> None:
        line = AuditLine(now(), self._session.who(), act, note.patient.id, note.item, subject or note.note_id, facts or {})
        self._records.note_act(line)


def content_id(note: NoteDocument) -> str:
    """The note's name in the database: its own, else one made of the file's text and its patient."""
    if note.note_id:
        return note.note_id
    return "file-" + hashlib.sha256(f"{note.patient.id}|{note.text}".encode()).hexdigest()[:32]


def _same(correction: Correction, mention: Mention) -> bool:
    return correction.concept == mention.concept and correction.text == mention.text


def _nearer(correction: Correction, mention: Mention, mentions: Sequence[Mention]) -> bool:
    """Is this the mention of its words that lies nearest to where the correction was made?"""
    nearest = min((m for m in mentions if _same(correction, m)), key=lambda m: abs(m.start - correction.start))
    return nearest is mention
