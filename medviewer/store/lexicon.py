"""The tables of cues and concepts: the program's, with what a user added or took out of them.

A user's file `lexicon.<language>.json` in the profile holds only the differences: {"add": {group: [phrase]}, "remove": {…}};
a concept's phrases are the group "concepts/<concept>", a class of words that phrases name as "<be>" is "words/be".
"""

import copy
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medviewer.core.errors import MedviewerError
from medviewer.store.assets import asset
from medviewer.store.profile import Profile

log = logging.getLogger(__name__)

LANGUAGES = ("en", "zh")
CONCEPTS, WORDS = "concepts/", "words/"
Groups = dict[str, list[str]]


def bundled(language: str) -> dict[str, Any]:
    """The program's table; English for other languages."""
    found: dict[str, Any] = json.loads(asset(f"lexicon/{'zh' if language == 'zh' else 'en'}.json").read_text("utf-8"))
    return found


def groups(table: Mapping[str, Any]) -> Groups:
    """Every list of phrases that a user may change, by its name."""
    found = {
        name: list(value)
        for name, value in table.items()
        if isinstance(value, list) and (name in ("pseudo", "ends", "ends_denial") or name.endswith(("_before", "_after")))
    }
    found |= {f"{WORDS}{name}": list(words) for name, words in table.get("words", {}).items()}
    return found | {f"{CONCEPTS}{concept}": list(phrases) for concept, phrases in table["concepts"].items()}


def table(language: str, profile: Profile | None) -> dict[str, Any]:
    """The program's table with the user's differences; a user's file that cannot be read is left alone and told in the log."""
    made = copy.deepcopy(bundled(language))
    for how, changed in changes(language, profile).items():
        for group, phrases in changed.items():
            _apply(made, group, phrases, how == "add")
    return made


def _apply(made: dict[str, Any], group: str, phrases: Sequence[str], add: bool) -> None:
    kind, inside, name = group.partition("/")
    home, name = (made.setdefault(kind, {}), name) if inside else (made, group)
    kept = [phrase for phrase in home.get(name, ()) if add or phrase not in phrases]
    home[name] = sorted({*kept, *phrases}) if add else kept
    if not home[name] and group.startswith(CONCEPTS):
        del home[name]


def changes(language: str, profile: Profile | None) -> dict[str, Groups]:
    """What the user added and removed."""
    path = _path(language, profile)
    if path is None or not path.is_file():
        return {"remove": {}, "add": {}}
    try:
        found = json.loads(path.read_text("utf-8"))
        return {how: {str(g): [str(p) for p in ps] for g, ps in dict(found.get(how, {})).items()} for how in ("remove", "add")}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("the user's lexicon could not be read: %s", type(error).__name__)
        return {"remove": {}, "add": {}}


def save(language: str, profile: Profile, wanted: Groups) -> None:
    """Keep how `wanted` differs from the program's table. Raises `output-unwritable`."""
    own = groups(bundled(language))
    every = {*own, *wanted}
    add = {g: sorted({*wanted.get(g, ())} - {*own.get(g, ())}) for g in sorted(every)}
    remove = {g: sorted({*own.get(g, ())} - {*wanted.get(g, ())}) for g in sorted(every)}
    found = {"add": {g: p for g, p in add.items() if p}, "remove": {g: p for g, p in remove.items() if p}}
    path = _path(language, profile)
    assert path is not None
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if found["add"] or found["remove"]:
            part.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
            part.replace(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise MedviewerError("output-unwritable", str(path), reason=error.strerror or "") from error


def _path(language: str, profile: Profile | None) -> Path | None:
    return profile.config / f"lexicon.{'zh' if language == 'zh' else 'en'}.json" if profile is not None else None
