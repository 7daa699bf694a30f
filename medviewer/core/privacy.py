"""Words in a note that tell who the patient is: names, dates, ids, phone numbers, addresses; and a copy without them.

HIPAA Safe Harbor (45 CFR 164.514(b)(2)) names the kinds. Rules find most, never all: a person must look before text leaves.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from medviewer.core.identity import Patient
from medviewer.core.note import Hand, Identifier, Kind, Language
from medviewer.core.privacy_en import english_names
from medviewer.core.privacy_fixed import fixed
from medviewer.core.privacy_words import EnglishLevels
from medviewer.core.privacy_zh import ChineseCosts, chinese_names

AGE_BEHIND = re.compile(r",?\s+\(?(9\d|1[01]\d)(?=[,;)]|\s{2}|\t| [MF]\b)")
"""An age over 89 right behind a name."""
PART = 100_000
"""Characters that are looked through at once."""


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """How often words are names and how often they are anything else; made by `resources/names/make.py`."""

    en: EnglishLevels = field(default_factory=EnglishLevels)
    zh: ChineseCosts = field(default_factory=ChineseCosts)


def identifiers(text: str, gazetteer: Gazetteer, patient: Patient | None = None) -> tuple[Identifier, ...]:
    """What tells who a person is, in the order of the text, not overlapping; the known patient's own name and ID included."""
    found: list[Identifier] = []
    for start, part in _parts(text):
        there = list(fixed(part))
        for first, end in english_names(part, gazetteer.en):
            there.append(Identifier(first, end, "name"))
            if old := AGE_BEHIND.match(part, end):
                there.append(Identifier(*old.span(1), "age"))
        there += [Identifier(*span, "name") for span in chinese_names(part, gazetteer.zh)]
        found += [Identifier(start + one.start, start + one.end, one.kind) for one in there]
    if patient is not None:
        found += _of(patient, text)
    return joined(found)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """(where it begins, part): a long text in parts that end with a line or a word, so that memory stays small."""
    start = 0
    while len(text) - start > PART:
        cut = max(text.rfind("\n", start + PART // 2, start + PART), 0) or text.rfind(" ", start + PART // 2, start + PART)
        stop = cut + 1 if cut > start else start + PART
        yield start, text[start:stop]
        start = stop
    yield start, text[start:]


def with_hand(text: str, found: Sequence[Identifier], hand: Mapping[str, Hand]) -> tuple[Identifier, ...]:
    """What rules found and a person's word about it: `hand` says of words what they are, "none" that they tell nobody's identity.
    It counts wherever the words stand."""
    kept = [one for one in found if hand.get(text[one.start : one.end]) is None]
    said: list[Identifier] = []
    for words, kind in hand.items():
        if kind != "none":
            edges = (r"(?<!\w)" if _latin(words[0]) else "", r"(?!\w)" if _latin(words[-1]) else "")
            said += [Identifier(*m.span(), kind) for m in re.finditer(edges[0] + re.escape(words) + edges[1], text)]
    free = [one for one in kept if not any(s.start <= one.start and one.end <= s.end for s in said)]
    return joined([*free, *said])


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _of(patient: Patient, text: str) -> Iterable[Identifier]:
    words: list[tuple[str, Kind]] = [(part, "name") for part in re.split(r"[\^=\s]+", patient.name) if len(part) > 1]
    words += [(patient.id, "id")] if len(patient.id) > 2 else []
    for word, kind in words:
        edge = r"\b" if word.isascii() else ""
        for match in re.finditer(edge + re.escape(word) + edge, text, re.IGNORECASE):
            yield Identifier(*match.span(), kind)


def joined(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """In the order of the text; of two that overlap the one that begins first, the longer if both do; the rest of the other is kept."""
    kept: list[Identifier] = []
    for one in sorted(found, key=lambda i: (i.start, -i.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif one.end > kept[-1].end:
            kept[-1] = Identifier(kept[-1].start, one.end, kept[-1].kind)
    return tuple(kept)


_WORDS = {
    "en": {"name": "[NAME]", "date": "[DATE]", "id": "[ID]", "phone": "[PHONE]", "mail": "[MAIL]", "address": "[ADDRESS]", "age": "[AGE]"},
    "zh": {"name": "【姓名】", "date": "【日期】", "id": "【编号】", "phone": "【电话】", "mail": "【邮箱】", "address": "【地址】", "age": "【年龄】"},
}  # fmt: skip


def clean(text: str, found: Sequence[Identifier], language: Language) -> str:
    """The text with each identifier replaced by its kind; all else, layout too, as it was."""
    words, parts, at = _WORDS["zh" if language == "zh" else "en"], [], 0
    for one in found:
        parts += [text[at : one.start], words[one.kind]]
        at = one.end
    return "".join([*parts, text[at:]])
