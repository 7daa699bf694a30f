"""What tells who a person is in a note, with what a person marked and unmarked by hand; and the copy without it.

The rules are imported, and the lists of names read, when they are first asked for (a third of a second).
"""

import sys
from collections.abc import Mapping

from medviewer.core.identity import Patient
from medviewer.core.note import Hand, Identifier, Language, NoteDocument

SOON = 8_000
"""Characters of a note that are looked through within a frame or two (about 20 ms)."""


def at_once(note: NoteDocument) -> bool:
    """Whether the note is short and the lists are read: else a window lets a thread look."""
    names = sys.modules.get("medviewer.store.names")
    return len(note.text) <= SOON and names is not None and names.gazetteer.cache_info().currsize > 0


def identified(note: NoteDocument, hand: Mapping[str, Hand] | None = None) -> tuple[Identifier, ...]:
    """In the order of the text. Rules find most, not all."""
    from medviewer.core.privacy import with_hand

    return with_hand(note.text, _found(note.text, note.patient), hand or {})


def clean_text(note: NoteDocument, hand: Mapping[str, Hand] | None = None) -> str:
    """The note with each of them replaced by its kind, the layout as it was."""
    from medviewer.core.privacy import clean

    return clean(note.text, identified(note, hand), note.language)


def clean_words(text: str, language: Language, patient: Patient | None = None) -> str:
    """The same of words that are no note, such as an item's name."""
    from medviewer.core.privacy import clean

    return clean(text, _found(text, patient), language)


def _found(text: str, patient: Patient | None) -> tuple[Identifier, ...]:
    from medviewer.core.privacy import identifiers
    from medviewer.store.names import gazetteer

    return identifiers(text, gazetteer(), patient)
