"""Whose is an item that names nobody: a person says so, it can be undone, and it is remembered for the same content."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from medviewer.core.identity import Patient
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.services.acts import Act
from medviewer.services.session import Item, Session
from medviewer.store.records import AuditLine, Records, now

LOOKED_AT = 1 << 20
"""Bytes of a file that tell it from others, with its name and size."""


class Assigner:
    """Give it to the session once: items that were assigned before come with their patient. The files are never changed."""

    def __init__(self, session: Session, records: Records) -> None:
        self._session, self._records = session, records
        self._given: set[str] = set()
        """Items that a person gave to somebody, though their kind of file could have named its patient."""
        session.admit.append(self._admit)

    def may(self, item: Item) -> bool:
        """Only what names nobody itself can be given to somebody."""
        typed = isinstance(item, NoteDocument) and not item.path
        return typed or not item.has_identity or not item.patient.known or item.item in self._given

    def by_hand(self, item: Item) -> bool:
        """Whether the item is its patient's by a person's word, not by its file's."""
        return item.patient.known and item.item in self._given

    def assign(self, item: str, patient: Patient | None) -> None:
        """This item is the patient's, or again nobody's (None). Undoable, audited, kept."""
        found = self._session.item(item)
        if found is None or not self.may(found) or found.patient.key == (patient or Patient()).key:
            return
        before = found.patient if found.patient.known else None
        put = self._put(found, content_key(found))
        self._session.history.do(Act("act-assign", lambda: put(patient, "assign"), lambda: put(before, "undo-assign")))

    def _put(self, item: Item, content: str) -> Callable[[Patient | None, str], None]:
        def put(patient: Patient | None, act: str) -> None:
            who = self._session.who()
            whose = patient or Patient()
            there = self._session.item(item.item)
            moved = replace(there or item, patient=whose)
            if isinstance(moved, NoteDocument) and moved.note_id:
                self._records.save_note(moved, who, soon=True)
            if content:
                self._records.assign(content, patient, who)
            self._records.note_act(AuditLine(now(), who, act, whose.id, item.item, content, {"kind": item.kind}))
            self._given.add(item.item)
            if there is not None:
                self._session.change(moved)

        return put

    def _admit(self, item: Item) -> Item:
        if item.patient.known or not self.may(item):
            return item
        content = content_key(item)
        patient = self._records.assigned(content) if content else None
        if patient is None:
            return item
        self._given.add(item.item)
        return replace(item, patient=patient)


def content_key(item: Item) -> str:
    """What the assignment hangs on: the file's name, size and first bytes; "" for a note without a file."""
    path = Path((item.frames[0].path if item.frames else "") if isinstance(item, ImageSeries) else item.path)
    try:
        with path.open("rb") as file:
            head = file.read(LOOKED_AT)
        return hashlib.sha256(f"{path.name}|{path.stat().st_size}|".encode() + head).hexdigest()
    except OSError:
        return ""
