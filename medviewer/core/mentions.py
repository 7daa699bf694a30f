"""Findings named in a note, and how each is meant: present, absent, uncertain, past, of others, hypothetical.

NegEx and ConText (Chapman et al., J Biomed Inform 2001;34:301 and 2009;42:839) over a lexicon of cues: a cue before a phrase
reaches to the end of its sentence or to a word that ends scopes, a cue after it reaches back as far. The longest cue wins;
pseudo-cues do nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from medviewer.core.measures import owners
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
    "zh": re.compile(r"(?<=[。！；!;])|\n+|(?<![:：])[ \t\u3000]+(?=无|未|不|否认|没|考虑|可疑|疑|双|左|右|两|心|肺|余)"),
}
"""Ends of sentences; Chinese notes also end a clause with a space before what begins a new one (NT-07)."""
_FORM = re.compile(
    r"\s*(?::|-|：)\s*(?:(?:none|nil|negative|absent|never|denies|denied|n/a)\b|no(?=\s*(?:[.,;)\n]|$)))|\s*\(-\)", re.IGNORECASE
)
"""A form's answer after the phrase: "Fever: none" (NT-02)."""
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|vs|No|approx|e\.g|i\.e)\.$")
_STOP = re.compile(r"[ \t]*(?:[,，、.。;；!！?？)）\]\n]|$)")
"""What stands after a cue that belongs to the phrase before it."""
_STATED = re.compile(
    r"[\d一二三四五六七八九十半]+(?:余|多|个)?(?:年|月|天|日|周|小时|分|次|级|mm|cm|度)|[有见伴为呈示加重增]|较前|轻度|中度|重度|少量|大量|明显"
)
"""Words that say a Chinese clause states something of its own; a bare item after a comma goes on with the list."""
_ITEM = 10
"""Characters of a clause that can still be an item of a list."""
NEAR = 40
"""Characters in which a word of side is looked for before and after a phrase."""
LONGEST = 800
"""Characters of a sentence; what is longer is none and would let one cue reach over pages."""
NEXT = 12
"""Cues after a phrase that are looked at."""
LONG_LIST = 5
"""Items under one cue; readers of longer lists disagree what the cue still governs (NT-03)."""


@dataclass(frozen=True, slots=True)
class Cue:
    """`closes` where it belongs to what stands before it, as nothing of its clause follows: "X 未引出。"."""

    start: int
    end: int
    group: str
    role: Role
    closes: bool = False


@dataclass(frozen=True)
class Lexicon:
    """One language's table of cues and concepts, as it stands in `resources/lexicon`."""

    table: Mapping[str, Any]

    @property
    def language(self) -> Language:
        return "zh" if self.table["language"] == "zh" else "en"

    @cached_property
    def cues(self) -> re.Pattern[str]:
        """At each place the longest cue that begins there."""
        return _alternatives(self._roles, self.language, everywhere=True)

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
    def sides(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((side, _alternatives(words, self.language)) for side, words in self.table["laterality"].items())

    @cached_property
    def headers(self) -> re.Pattern[str]:
        """A known header, or capitals, at the start of a line or sentence, up to a colon."""
        known = "|".join(re.escape(header) for header in sorted(self.table["headers"], key=len, reverse=True))
        return re.compile(
            rf"(?:^|(?<=\n)|(?<=[.。]\s))[ \t]*(?P<title>(?i:{known})|[A-Z][A-Z /&]{{3,40}})\s*[:：]"
            r"|^[【\[](?P<boxed>[^】\]\n]{2,20})[】\]]",
            re.MULTILINE,
        )

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
        """Phrases and what they mean; "" for those that look like a finding and are none ("body mass index")."""
        other = dict.fromkeys((phrase.lower() for phrase in self.table.get("not_findings", ())), "")
        return other | {phrase.lower(): concept for concept, phrases in self.table["concepts"].items() for phrase in phrases}

    @cached_property
    def section_state(self) -> dict[str, State]:
        return {str(title).lower(): state for title, state in self.table.get("section_state", {}).items()}

    def role_of(self, text: str) -> tuple[str, Role]:
        return self._roles[_plain(text)]


def _plain(text: str) -> str:
    """Lower case, single spaces, "#" for a number."""
    return re.sub(r"\d+", "#", " ".join(text.lower().split()))


def _alternatives(phrases: Iterable[str], language: str, everywhere: bool = False) -> re.Pattern[str]:
    """The longest first; "#" in a phrase is a number. `everywhere` finds overlapping ones too, in group 1."""
    words = sorted(phrases, key=len, reverse=True)
    escaped = [r"\s+".join(re.escape(part).replace(r"\#", r"\d+") for part in word.split()) for word in words]
    whole = "|".join(escaped) or r"(?!)"
    if language != "zh":
        whole = rf"(?<!\w)(?:{whole})(?!\w)"
    return re.compile(rf"(?=({whole}))" if everywhere else whole, re.IGNORECASE)


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Half-open spans of the sentences."""
    found, start = [], 0
    for gap in _SPLIT["zh" if language == "zh" else "en"].finditer(text):
        if language != "zh" and _ABBREVIATED.search(text[max(start, gap.start() - 12) : gap.start()]):
            continue
        found.append((start, gap.start()))
        start = gap.end()
    found.append((start, len(text)))
    return [part for a, b in found if text[a:b].strip() for part in _short(text, a, b)]


def _short(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence without an end, as of a table or a scan, in parts of at most LONGEST characters, cut at a comma or space."""
    while end - start > LONGEST:
        cut = max((text.rfind(sign, start + LONGEST // 2, start + LONGEST) for sign in "，、,;\n \t"), default=-1) + 1
        cut = cut or start + LONGEST
        yield start, cut
        start = cut
    yield start, end


def sections(text: str, lexicon: Lexicon) -> tuple[Section, ...]:
    """Parts under headers: a known header at the start of a line or sentence, capitals up to a colon, or 【…】."""
    starts = []
    for m in lexicon.headers.finditer(text):
        name = "title" if m["title"] else "boxed"
        starts.append((m.start(name), m.end(), m[name].strip()))
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
    places = sorted(place for place in places if place[2])
    parts = sentences(text, lexicon.language)
    firsts = [start for start, _ in parts]
    headed = sections(text, lexicon)
    bodies = [section.body for section in headed]
    cues_of: dict[int, list[Cue]] = {}
    found = []
    for place in places:
        at = bisect_right(firsts, place[0]) - 1
        inside = at >= 0 and place[0] < parts[at][1]
        span = (parts[at][0], max(parts[at][1], place[1])) if inside else place[:2]
        if at not in cues_of:
            cues_of[at] = _cues(text, span, lexicon) if inside else []
        found.append(_mention(text, place, span, cues_of[at], _section_of(place[0], headed, bodies), lexicon))
    measured = owners(text, [place[:2] for place in places], parts)
    return tuple(replace(one, measures=measured[n]) if n in measured else one for n, one in enumerate(found))


def _section_of(start: int, headed: Sequence[Section], bodies: Sequence[int]) -> Section | None:
    at = bisect_right(bodies, start) - 1
    return headed[at] if at >= 0 and start < headed[at].end else None


def _mention(
    text: str, place: tuple[int, int, str], span: tuple[int, int], cues: list[Cue], section: Section | None, lexicon: Lexicon
) -> Mention:
    start, end, concept = place
    if any(cue.start < end and start < cue.end for cue in cues):  # "no focal" must not swallow the "focal" of the phrase
        cues = _cues(text[:start] + "\0" * (end - start) + text[end:], span, lexicon)
    judged = _judge(text, start, end, span, cues, lexicon)
    if judged.state == "present":
        state = lexicon.section_state.get(section.title.lower()) if section else None
        if section is not None and state is not None:
            title = (section.start, section.start + len(section.title))
            judged = _Judged(state, title, "section", (section.body, section.end))
    long = judged.cue is not None and judged.rule != "section" and _items(text, judged, lexicon) > LONG_LIST
    side = _side(text, start, end, span, lexicon)
    return Mention(start, end, text[start:end], concept, judged.state, side, judged.cue, judged.rule, judged.scope, long)


def _cues(text: str, span: tuple[int, int], lexicon: Lexicon) -> list[Cue]:
    """Cues of a sentence; of two that overlap the longer one counts, then the earlier; words that end scopes give way
    ("the patient had no": had no)."""
    every = [(m.start(1), m.end(1), m[1], *lexicon.role_of(m[1])) for m in lexicon.cues.finditer(text, *span)]
    kept: list[Cue] = []
    seen: list[tuple[int, int]] = []
    for start, end, words, group, role in sorted(every, key=lambda found: (found[4] == "ends", found[0] - found[1], found[0])):
        inside = any(a <= start and end <= b for a, b in seen)  # "he has" in "if he has" ends nothing, whoever wins
        seen.append((start, end))
        if not inside and not any(cue.start < end and start < cue.end for cue in kept):
            closes = bool(_STOP.match(text, end, span[1])) or (words in "?？" and text[start - 1 : start].isalnum())
            kept.append(Cue(start, end, group, role, closes and _plain(words) in lexicon.both))
            if _plain(words) in lexicon.table.get("both_ways", ()):
                kept.append(Cue(start, end, group, "after"))
    return sorted(kept, key=lambda cue: cue.start)


@dataclass(frozen=True, slots=True)
class _Judged:
    state: State
    cue: tuple[int, int] | None = None
    rule: str = ""
    scope: tuple[int, int] | None = None


def _judge(text: str, start: int, end: int, span: tuple[int, int], cues: list[Cue], lexicon: Lexicon) -> _Judged:
    """State, the cue's span, the name of the rule that applied, and how far it reaches."""
    form = _FORM.match(text, end, span[1])
    if form:
        return _Judged("absent", form.span(), "form: none", (start, end))
    within = _within(text, start, end, lexicon)
    if within is not None:
        return within
    outside = [cue for cue in cues if cue.end <= start or cue.start >= end]
    reaching = _before(text, [cue for cue in outside if cue.end <= start], start, lexicon)
    for group, cue in _after(text, [cue for cue in outside if cue.start >= end], end, lexicon).items():
        reaching.setdefault(group, (cue, "after"))
    for group, state in STATES:
        if group in reaching:
            cue, role = reaching[group]
            words = " ".join(text[cue.start : cue.end].split())
            return _Judged(state, (cue.start, cue.end), f"{state} {role}: {words.lower()}", _scope(cue, role, span, outside))
    return _Judged("present")


def _before(text: str, cues: list[Cue], start: int, lexicon: Lexicon) -> dict[str, tuple[Cue, str]]:
    """The nearest cue of each group that reaches forward to the phrase."""
    found: dict[str, tuple[Cue, str]] = {}
    for cue in reversed(cues):
        if cue.role == "ends" or _stated(text, cue.end, start, lexicon):
            break  # what ends a near cue's scope ends those of farther ones
        if cue.role == "before" and not cue.closes:
            found.setdefault(cue.group, (cue, "before"))
    return found


def _after(text: str, cues: list[Cue], end: int, lexicon: Lexicon) -> dict[str, Cue]:
    """The nearest cue of each group that reaches back to the phrase. A Chinese one speaks of its own clause alone, unless it
    says "all" (均、都、皆)."""
    found: dict[str, Cue] = {}
    for cue in cues[:NEXT]:
        if cue.role == "ends":
            break
        apart = lexicon.language == "zh" and re.search(r"[，,]", text[end : cue.start]) and text[cue.start] not in "均都皆"
        if (cue.role == "after" or cue.closes) and not apart:
            found.setdefault(cue.group, cue)
    return found


def _stated(text: str, start: int, end: int, lexicon: Lexicon) -> bool:
    """Does a new statement begin between a Chinese cue and the phrase: a comma, and then more than the next item of a list?"""
    if lexicon.language != "zh" or not (comma := re.search(r"[，,]", text[start:end])):
        return False
    clauses, length = [], 0
    for clause in re.split(r"[，,。；;\n]", text[start + comma.end() : end + 40]):
        clauses.append(clause)
        length += len(clause) + 1
        if start + comma.end() + length > end:
            break
    return any(len(clause) > _ITEM or _STATED.search(clause) for clause in clauses)


def _within(text: str, start: int, end: int, lexicon: Lexicon) -> _Judged | None:
    """A phrase that has its cue inside: "no headache" asked for as one (NT-02)."""
    phrase = text[start:end]
    if phrase.lower() in lexicon.concept_of:
        return None
    for cue in _cues(phrase, (0, len(phrase)), lexicon):
        whole = cue.end - cue.start == len(phrase)
        if cue.group == "absent" and not whole and (cue.start == 0 if cue.role == "before" else cue.end == len(phrase)):
            words = phrase[cue.start : cue.end].lower()
            return _Judged("absent", (start + cue.start, start + cue.end), f"absent within: {words}", (start, end))
    return None


def _scope(cue: Cue, role: str, span: tuple[int, int], cues: list[Cue]) -> tuple[int, int]:
    """From the cue to the next word that ends scopes, or to the sentence's end; backwards for a cue that follows."""
    if role == "before":
        return cue.end, min((c.start for c in cues if c.role == "ends" and c.start >= cue.end), default=span[1])
    return max((c.end for c in cues if c.role == "ends" and c.end <= cue.start), default=span[0]), cue.start


def _items(text: str, judged: _Judged, lexicon: Lexicon) -> int:
    """Items of the list that a cue governs."""
    if judged.scope is None:
        return 1
    return 1 + len(
        re.findall(r"[,、，]|\b(?:or|and|nor)\b" if lexicon.language != "zh" else r"[、，,和及或]", text[slice(*judged.scope)])
    )


def _side(text: str, start: int, end: int, span: tuple[int, int], lexicon: Lexicon) -> str:
    """The nearest word of side before the phrase, else after it, in the same sentence."""
    best: tuple[int, str] | None = None
    named = text[start:end].lower() in lexicon.concept_of  # the left of "left bundle branch block" is no side
    for side, pattern in lexicon.sides:
        for match in pattern.finditer(text, max(span[0], start - NEAR), min(span[1], end + NEAR)):
            if named and match.start() < end and start < match.end():
                continue
            distance = start - match.end() if match.end() <= start else NEAR + match.start() - end
            if distance >= 0 and (best is None or distance < best[0]):
                best = (distance, side)
    return best[1] if best else ""
