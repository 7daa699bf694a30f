"""What a note's pane says about it: where it is kept, its language, what a mention rests on, which identifiers were found."""

from collections import Counter
from collections.abc import Iterable
from html import escape

from medviewer.core.note import Identifier, Mention, NoteDocument
from medviewer.ui.headless import translated
from medviewer.ui.note import ink

LONGEST_SCOPE = 120
"""Characters of a scope that are quoted."""


def _tr(text: str) -> str:
    return translated("note", text)


def kept(note: NoteDocument) -> str:
    if note.signed_at:
        return _tr("signed by {who}").format(who=note.signed_by)
    return _tr("saved") if note.note_id else _tr("as in the file")


def language(note: NoteDocument) -> str:
    names = {"en": _tr("English"), "zh": _tr("Chinese")}
    return names.get(note.language, _tr("language unknown"))


def counted(identifiers: Iterable[Identifier]) -> str:
    """ "2 × name, 1 × date"."""
    counts = Counter(one.kind for one in identifiers)
    return ", ".join(f"{n} × {ink.tr(ink.KINDS[kind])}" for kind, n in counts.items()) or _tr("nothing found")


def mention(one: Mention, text: str) -> str:
    """Rich text: "pneumonia: absent", then size, cue, rule and scope, a line each; `text` is the note's."""
    side = f" · {ink.tr(ink.SIDES[one.laterality])}" if one.laterality else ""
    lines = [f"<b>{escape(one.text)}: {ink.tr(ink.STYLES[one.state].word)}</b>{side}"]
    if one.measures:
        lines.append(_tr("measured: {size}").format(size=escape(one.size)))
    if one.cue:
        lines.append(_tr("cue: {cue}").format(cue=escape(f"“{text[slice(*one.cue)]}”")))
    if one.rule:
        lines.append(_tr("rule: {rule}").format(rule=escape(one.rule)))
    if one.scope:
        scope = " ".join(text[slice(*one.scope)].split())
        scope = scope if len(scope) < LONGEST_SCOPE else scope[: LONGEST_SCOPE - 1] + "…"
        lines.append(_tr("scope: {scope}").format(scope=escape(scope)))
    if one.check:
        lines.append(_tr("a long list: check it"))
    return "<br>".join(lines)
