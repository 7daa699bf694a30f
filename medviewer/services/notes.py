"""What is known about a note besides its characters: language and sections; what a hand marked; another encoding for its file.

Readers and rules are imported with the first note: a window that shows images does not wait for them.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from medviewer.core.errors import MedviewerError
from medviewer.core.note import Hand, NoteDocument
from medviewer.services.session import Item
from medviewer.store import lexicon as tables
from medviewer.store.profile import Profile

if TYPE_CHECKING:
    from medviewer.core.lexicon import Lexicon

LOOKED_AT = 400_000
"""Characters in which headers are looked for."""
PREVIEWED = 160


class Notes:
    """The notes' side of what a user sees; `session.admit` takes `understood`."""

    def __init__(self, profile: Profile | None = None) -> None:
        self._profile = profile
        self._lexicons: dict[str, Lexicon] = {}
        self._hands: dict[str, dict[str, Hand]] = {}

    def lexicon(self, language: str) -> "Lexicon":
        """The table of a language with the user's changes."""
        from medviewer.core.lexicon import Lexicon

        kind = "zh" if language == "zh" else "en"
        if kind not in self._lexicons:
            self._lexicons[kind] = Lexicon(tables.table(kind, self._profile))
        return self._lexicons[kind]

    def groups(self, language: str, own: bool = False) -> tables.Groups:
        """Groups of phrases as they are now, or the program's `own`."""
        return tables.groups(tables.bundled(language) if own else tables.table(language, self._profile))

    def save_lexicon(self, language: str, wanted: tables.Groups) -> None:
        """Keep the user's table. Raises `output-unwritable`."""
        assert self._profile is not None
        tables.save(language, self._profile, wanted)
        self._lexicons.clear()

    def hand(self, item: str) -> Mapping[str, Hand]:
        """What a person said about words of a note: who they tell of. Kept while the program runs."""
        return self._hands.get(item, {})

    def mark(self, item: str, words: str, kind: Hand) -> None:
        """A person says which `kind` these words are in an item."""
        self._hands.setdefault(item, {})[words] = kind

    def understood(self, item: Item) -> Item:
        """A note with its language and its sections; other items as they are."""
        if not isinstance(item, NoteDocument):
            return item
        from medviewer.core.mentions import sections
        from medviewer.io.note.letters import language_of

        language = language_of(item.text) if item.format == "typed" or not item.language else item.language
        found = sections(item.text[:LOOKED_AT], self.lexicon(language))
        if language == item.language and found == item.sections:
            return item
        return replace(item, language=language, sections=found)


def encodings(note: NoteDocument) -> tuple[tuple[str, str], ...]:
    """(encoding, how the first characters beyond ASCII read in it) for every encoding that the file can be in."""
    from medviewer.io.note.letters import ENCODINGS, preview

    try:
        with Path(note.path).open("rb") as file:
            raw = file.read(1 << 20)
    except OSError as error:
        raise MedviewerError("file-unreadable", note.path, reason=error.strerror or "") from error
    return tuple((name, words) for name in ENCODINGS if (words := preview(raw, name, PREVIEWED)) is not None)


def reread(note: NoteDocument, encoding: str) -> NoteDocument:
    """The same note with its file read in another encoding. Raises `note-binary` …"""
    from medviewer.io.note.readers import open_notes

    fresh = next((one for one in open_notes(note.path, note.format, encoding=encoding) if one.part == note.part), None)
    if fresh is None:
        raise MedviewerError("note-empty", note.path)
    return replace(fresh, item=note.item, patient=note.patient, study=note.study, has_identity=note.has_identity)
