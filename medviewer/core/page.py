"""What the user wishes to see of a note, and the facts joined to it: `resolve` gives the one `NotePicture` that is painted."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from medviewer.core.finding import Result, Score, SelfCheck, Span
from medviewer.core.note import Identifier, Mention, NoteDocument
from medviewer.core.units import CharOffset

SMALLEST_ZOOM, LARGEST_ZOOM = 0.5, 3.0
TOP = 3
"""Classes that are told (NT-09)."""


@dataclass(frozen=True, slots=True)
class NoteView:
    """The wish. `overlay` the network whose words are marked, None = the first that answered; `words` and `mentions` switch the
    two kinds of marks; `private` marks what tells who the patient is; `zoom` enlarges the text."""

    overlay: str | None = None
    words: bool = True
    mentions: bool = True
    private: bool = False
    zoom: float = 1.0

    def zoomed(self, factor: float) -> "NoteView":
        """Letters `factor` times as large, within the limits."""
        return replace(self, zoom=min(max(self.zoom * factor, SMALLEST_ZOOM), LARGEST_ZOOM))


@dataclass(frozen=True, slots=True)
class NotePicture:
    """All that a painter needs besides the text, in its characters. `classes` are the likeliest first; `unsure` where the first
    is below its threshold; `model` whose words and classes they are, "" where no network answered; `weak` where the words
    failed their check."""

    words: tuple[Span, ...] = ()
    mentions: tuple[Mention, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    model: str = ""
    classes: tuple[Score, ...] = ()
    unsure: bool = False
    weak: bool = False
    check: SelfCheck | None = None


def resolve(
    view: NoteView,
    note: NoteDocument,
    results: Mapping[str, Result],
    mentions: Sequence[Mention] | None = None,
    identifiers: Sequence[Identifier] = (),
) -> NotePicture:
    """Join the wish with what networks and rules said; `mentions` are the corrected ones where a person corrected some. Pure."""
    chosen = classifier(view, results)
    judged = tuple(mentions if mentions is not None else next((r.mentions for r in results.values() if r.mentions), ()))
    length = len(note.text)
    words = tuple(span for span in (chosen.spans if chosen else ()) if span.end <= length) if view.words else ()
    classes = tuple(sorted(chosen.scores, key=lambda score: -score.probability)) if chosen else ()
    first = classes[0] if classes else None
    unsure = first is not None and first.threshold is not None and first.probability < first.threshold
    check = chosen.self_check if chosen else None
    return NotePicture(
        words=words,
        mentions=tuple(m for m in judged if m.end <= length) if view.mentions else (),
        identifiers=tuple(i for i in identifiers if i.end <= length) if view.private else (),
        model=chosen.model if chosen else "",
        classes=classes,
        unsure=unsure,
        weak=check is not None and not check.passed,
        check=check,
    )


def classifier(view: NoteView, results: Mapping[str, Result]) -> Result | None:
    """The network whose classes are shown: the one asked for, else the surest of those that answered."""
    there = [result for result in results.values() if result.status == "ok" and result.scores]
    asked = next((result for result in there if result.model == view.overlay), None)
    return asked or max(there, key=lambda r: max(s.probability for s in r.scores), default=None)


def shifted(picture: NotePicture, at: int, removed: int, added: int) -> NotePicture:
    """The marks after an edit: those before it stay, those after it move, those that it touched go."""
    by, end = added - removed, at + removed

    def place(start: int, stop: int) -> tuple[int, int] | None:
        if stop <= at:
            return start, stop
        return (start + by, stop + by) if start >= end else None

    def of(mention: Mention) -> Mention | None:
        span = place(mention.start, mention.end)
        cue = place(*mention.cue) if mention.cue else None
        scope = place(*mention.scope) if mention.scope else None
        return replace(mention, start=span[0], end=span[1], cue=cue, scope=scope) if span else None

    words = [replace(w, start=CharOffset(s[0]), end=CharOffset(s[1])) for w in picture.words if (s := place(w.start, w.end))]
    marks = [replace(i, start=s[0], end=s[1]) for i in picture.identifiers if (s := place(i.start, i.end))]
    moved = [m for one in picture.mentions if (m := of(one)) is not None]
    return replace(picture, words=tuple(words), mentions=tuple(moved), identifiers=tuple(marks))


class Utf16:
    """Characters of a text ↔ the UTF-16 units that Qt counts in: a character beyond the first plane is two of them."""

    def __init__(self, text: str) -> None:
        wide = () if text.isascii() or max(text, default="") <= "\uffff" else enumerate(text)
        self._wide = [index for index, sign in wide if sign > "\uffff"]
        self._units = [index + n for n, index in enumerate(self._wide)]

    def units(self, character: int) -> int:
        """Offset in UTF-16 units of a character offset."""
        return character + bisect_left(self._wide, character)

    def character(self, unit: int) -> int:
        """Character offset of an offset in UTF-16 units."""
        return unit - bisect_right(self._units, unit - 1)
