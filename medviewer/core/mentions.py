"""Findings named in a note, and how each is meant: present, absent, uncertain, past, of others, hypothetical.

NegEx and ConText (Chapman et al., J Biomed Inform 2001;34:301 and 2009;42:839) over a lexicon of cues: a cue before a phrase
reaches to the end of its sentence or to a word that ends scopes, a cue after it reaches back as far. The longest cue wins;
pseudo-cues do nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from medviewer.core.note import Language, Mention, Section, State

Role = Literal["before", "after", "pseudo", "ends"]
STATES: tuple[tuple[str, State], ...] = (
    *(("absent", "absent"), ("other", "other_person"), ("hypothetical", "hypothetical")),
    *(("uncertain", "uncertain"), ("past", "past")),
)
"""Groups of cues, the strongest first: "no family history of X" is absent, "history of possible X" is uncertain."""
_SPLIT = {
    "en": re.compile(
        r"(?<=[.!?])[\"')]*\s+(?=[A-Z\"'(\d*])|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)]|[A-Z][A-Za-z /&]{2,40}:))|(?<=;)\s"
        r"|\s(?=\d{1,2}\)\s)|\s+(?=[A-Z][A-Z /&]{3,40}(?:\([A-Z]+\))?:\s)"
    ),
    "zh": re.compile(r"(?<=[。！；!;])|\n+"),
}
_FORM = re.compile(r"\s*(?::|-|：)\s*(?:none|no|nil|negative|absent|denies|denied|n/a)\b", re.IGNORECASE)
"""A form's answer after the phrase: "Fever: none" (NT-02)."""
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|vs|No|approx|e\.g|i\.e)\.$")
NEAR = 40
"""Characters in which a word of side is looked for before and after a phrase."""


@dataclass(frozen=True, slots=True)
class Cue:
    start: int
    end: int
    group: str
    role: Role


@dataclass(frozen=True)
class Lexicon:
    """One language's table of cues and concepts, as it stands in `resources/lexicon`."""

    table: Mapping[str, Any]

    @property
    def language(self) -> Language:
        return "zh" if self.table["language"] == "zh" else "en"

    @cached_property
    def cues(self) -> re.Pattern[str]:
        """All cues, the longest first."""
        return _alternatives(self._roles, self.language)

    @cached_property
    def _roles(self) -> dict[str, tuple[str, Role]]:
        roles: dict[str, tuple[str, Role]] = {}
        for name, _ in STATES[::-1]:
            for role in ("after", "before"):
                roles.update(dict.fromkeys(self.table.get(f"{name}_{role}", ()), (name, role)))
        roles.update(dict.fromkeys(self.table["ends"], ("ends", "ends")))
        roles.update(dict.fromkeys(self.table["pseudo"], ("pseudo", "pseudo")))
        return roles

    @cached_property
    def both(self) -> frozenset[str]:
        """Cues that count before and after a phrase alike."""
        return frozenset(
            cue
            for name, _ in STATES
            for cue in self.table.get(f"{name}_after", ())
            if cue in set(self.table.get(f"{name}_before", ()))
        )

    @cached_property
    def concepts(self) -> re.Pattern[str]:
        return _alternatives(self.concept_of, self.language)

    @cached_property
    def concept_of(self) -> dict[str, str]:
        return {phrase.lower(): concept for concept, phrases in self.table["concepts"].items() for phrase in phrases}

    def role_of(self, text: str) -> tuple[str, Role]:
        return self._roles[" ".join(text.lower().split())]


def _alternatives(phrases: Iterable[str], language: str) -> re.Pattern[str]:
    words = sorted(phrases, key=len, reverse=True)
    escaped = [r"\s+".join(re.escape(part) for part in word.split()) for word in words]
    if language == "zh":
        return re.compile("|".join(escaped), re.IGNORECASE)
    return re.compile(r"(?<!\w)(?:" + "|".join(escaped) + r")(?!\w)", re.IGNORECASE)


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Half-open spans of the sentences."""
    found, start = [], 0
    for gap in _SPLIT["zh" if language == "zh" else "en"].finditer(text):
        if language != "zh" and _ABBREVIATED.search(text[max(start, gap.start() - 12) : gap.start()]):
            continue
        found.append((start, gap.start()))
        start = gap.end()
    found.append((start, len(text)))
    return [(a, b) for a, b in found if text[a:b].strip()]


def sections(text: str, headers: Iterable[str]) -> tuple[Section, ...]:
    """Parts under headers: a known header at the start of a line or sentence, or capitals up to a colon."""
    known = "|".join(re.escape(header) for header in sorted(headers, key=len, reverse=True))
    pattern = re.compile(rf"(?:^|(?<=\n)|(?<=[.。]\s))[ \t]*(?P<title>(?i:{known})|[A-Z][A-Z /&]{{3,40}})\s*[:：]", re.MULTILINE)
    starts = [(m.start("title"), m.end(), m["title"].strip()) for m in pattern.finditer(text)]
    ends = [*[start for start, _, _ in starts[1:]], len(text)][: len(starts)]
    return tuple(Section(title, start, body, end) for (start, body, title), end in zip(starts, ends, strict=True))


def mentions(text: str, lexicon: Lexicon, concepts: Sequence[str] = ()) -> tuple[Mention, ...]:
    """Every phrase of the lexicon and of `concepts` (wherever it stands, ignoring case), in the order of the text."""
    places: list[tuple[int, int, str]] = [
        (m.start(), m.end(), lexicon.concept_of[" ".join(m.group().lower().split())]) for m in lexicon.concepts.finditer(text)
    ]
    for concept in concepts:
        wanted = r"\s+".join(re.escape(part) for part in concept.split())
        if wanted:
            asked = [m.span() for m in re.finditer(wanted, text, re.IGNORECASE)]
            places = [place for place in places if place[:2] not in asked]
            places += [(*span, concept) for span in asked]
    parts = sentences(text, lexicon.language)
    headed = sections(text, lexicon.table["headers"])
    of_section = {str(k).lower(): v for k, v in lexicon.table.get("section_state", {}).items()}
    found = []
    cues_of: dict[tuple[int, int], list[Cue]] = {}
    for start, end, concept in sorted(places):
        span = next(((a, b) for a, b in parts if a <= start < b), (start, end))
        span = (span[0], max(span[1], end))
        if span not in cues_of:
            cues_of[span] = _cues(text, span, lexicon)
        cues = cues_of[span]
        if any(cue.start < end and start < cue.end for cue in cues):  # "no focal" must not swallow the "focal" of the phrase
            cues = _cues(text[:start] + "\0" * (end - start) + text[end:], span, lexicon)
        state, cue, rule = _judge(text, start, end, span, cues, lexicon)
        if state == "present":
            section = next((s for s in headed if s.body <= start < s.end), None)
            if section and section.title.lower() in of_section:
                state, cue, rule = (
                    of_section[section.title.lower()],
                    (section.start, section.start + len(section.title)),
                    "section",
                )
        found.append(Mention(start, end, text[start:end], concept, state, _side(text, start, end, span, lexicon), cue, rule))
    return tuple(found)


def _cues(text: str, span: tuple[int, int], lexicon: Lexicon) -> list[Cue]:
    found = []
    for match in lexicon.cues.finditer(text, *span):
        group, role = lexicon.role_of(match.group())
        found.append(Cue(match.start(), match.end(), group, role))
    return found


def _judge(
    text: str, start: int, end: int, span: tuple[int, int], cues: list[Cue], lexicon: Lexicon
) -> tuple[State, tuple[int, int] | None, str]:
    """State, the cue's span and the name of the rule that applied."""
    form = _FORM.match(text, end, span[1])
    if form and lexicon.language == "en":
        return "absent", (form.start(), form.end()), "form: none"
    outside = [cue for cue in cues if cue.end <= start or cue.start >= end]
    reaching: dict[str, Cue] = {}
    for cue in outside:
        if cue.role == "ends" or cue.role == "pseudo":
            continue
        forward = cue.role == "before" or " ".join(text[cue.start : cue.end].lower().split()) in lexicon.both
        backward = cue.role == "after" or (forward and cue.role != "before")
        if forward and cue.end <= start and not _ended(outside, cue.end, start):
            reaching[cue.group] = cue
        elif backward and cue.start >= end and not _ended(outside, end, cue.start):
            reaching.setdefault(cue.group, cue)
    for group, state in STATES:
        if group in reaching:
            cue = reaching[group]
            words = " ".join(text[cue.start : cue.end].split())
            return state, (cue.start, cue.end), f"{state} {cue.role}: {words.lower()}"
    return "present", None, ""


def _ended(cues: list[Cue], start: int, end: int) -> bool:
    """Does a word between the two places end scopes?"""
    return any(cue.role == "ends" and start <= cue.start and cue.end <= end for cue in cues)


def _side(text: str, start: int, end: int, span: tuple[int, int], lexicon: Lexicon) -> str:
    """The nearest word of side before the phrase, else after it, in the same sentence."""
    best: tuple[int, str] | None = None
    for side, words in lexicon.table["laterality"].items():
        pattern = _alternatives(words, lexicon.language)
        for match in pattern.finditer(text, max(span[0], start - NEAR), min(span[1], end + NEAR)):
            distance = start - match.end() if match.end() <= start else NEAR + match.start() - end
            if distance >= 0 and (best is None or distance < best[0]):
                best = (distance, side)
    return best[1] if best else ""
