"""Findings named in a note, and how each is meant: present, absent, uncertain, past, of others, hypothetical.

NegEx and ConText (Chapman et al., J Biomed Inform 2001;34:301 and 2009;42:839) over a lexicon of cues: a cue before a phrase
reaches to the end of its sentence or to a word that ends scopes, a cue after it reaches back as far. The longest cue wins;
pseudo-cues do nothing. `statements` knows where a clause of its own begins within that reach.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from medviewer.core.lexicon import STATES, Lexicon, Role
from medviewer.core.measures import owners
from medviewer.core.note import Mention, Section, State
from medviewer.core.statements import (
    apart,
    aside,
    asked,
    clause,
    farther,
    form,
    joined,
    other_statement,
    relatives,
    sentences,
    spoke,
    stated,
)

_STOP = re.compile(r"[ \t]*(?:[,，、.。;；!！?？)）\]\n]|$)")
"""What stands after a cue that belongs to the phrase before it."""
NEAR = 40
"""Characters in which a word of side is looked for before and after a phrase."""
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
        found_at = asked(text, concept)
        if found_at:
            places = [place for place in places if place[:2] not in found_at]
            places += [(*span, concept) for span in found_at]
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
    every = lexicon.cues_in(text, *span)
    kept: list[Cue] = []
    seen: list[tuple[int, int]] = []
    for start, end, group, role in sorted(every, key=lambda found: (found[3] == "ends", found[0] - found[1], found[0])):
        inside = any(a <= start and end <= b for a, b in seen)  # "he has" in "if he has" ends nothing, whoever wins
        seen.append((start, end))
        if not inside and not any(cue.start < end and start < cue.end for cue in kept):
            words = lexicon.tokens(text[start:end])
            closes = bool(_STOP.match(text, end, span[1])) or (text[start:end] in "?？" and text[start - 1 : start].isalnum())
            kept.append(Cue(start, end, group, role, closes and words in lexicon.both))
            if words in lexicon.both_ways:
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
    answered = form(text, start, end, span)
    if answered is not None:
        return _Judged(*answered, (start, end) if answered[1] else None)
    within = _within(text, start, end, lexicon)
    if within is not None:
        return within
    outside = [cue for cue in cues if cue.end <= start or cue.start >= end]
    reaching = _before(text, [cue for cue in outside if cue.end <= start], start, end, span, lexicon)
    for group, cue in _after(text, [cue for cue in outside if cue.start >= end], end, lexicon).items():
        reaching.setdefault(group, (cue, "after"))
    for group, state in STATES:
        if group in reaching:
            cue, role = reaching[group]
            words = " ".join(text[cue.start : cue.end].split())
            return _Judged(state, (cue.start, cue.end), f"{state} {role}: {words.lower()}", _scope(cue, role, span, outside))
    return _Judged("present")


def _before(
    text: str, cues: list[Cue], start: int, end: int, span: tuple[int, int], lexicon: Lexicon
) -> dict[str, tuple[Cue, str]]:
    """The nearest cue of each group that reaches forward to the phrase."""
    found: dict[str, tuple[Cue, str]] = {}
    chinese = lexicon.language == "zh"
    asides = [] if chinese else relatives(text, span[0], start)
    ended: set[str] = set()  # groups whose scope alone ends: "no complaints due to …", but "mother died due to …"
    for cue in reversed(cues):
        if any(a <= cue.start and cue.end <= b for a, b in asides):
            continue
        if (cue.role == "ends" and cue.group == "ends") or (chinese and stated(text, cue.end, start)):
            break  # what ends a near cue's scope ends those of farther ones
        ended |= {cue.group} if cue.role == "ends" else set()
        if cue.role != "before" or cue.closes or cue.group in found or cue.group in ended:
            continue
        words = text[cue.start : cue.end].lower(), text[cue.end : start], text[start:end], text[end : span[1]]
        if chinese or cue.group != "absent" or not apart(*words):
            found[cue.group] = (cue, "before")
        if cue.group == "uncertain" and not chinese and joined(text, cue.start):
            ended.add("absent")
        if clause(text, cue.start, cue.end):
            break  # it begins a clause of its own: "not needed if fever …", "未见气胸，考虑肺炎"
    return found


def _after(text: str, cues: list[Cue], end: int, lexicon: Lexicon) -> dict[str, Cue]:
    """The nearest cue of each group that reaches back to the phrase. A Chinese one speaks of its own clause alone, unless it
    says "all" (均、都、皆)."""
    found: dict[str, Cue] = {}
    chinese = lexicon.language == "zh"
    if not chinese:
        end = aside(text, end)
        cues = [cue for cue in cues if cue.end >= end]
    for cue in cues[:NEXT]:
        if (cue.role == "ends" and cue.group == "ends") or (not chinese and spoke(text, end, cue.start)):
            break
        far = farther(text[cue.start : cue.end], text[end : cue.start])
        elsewhere = chinese and re.search(r"[，,]", text[end : cue.start]) and text[cue.start] not in "均都皆"
        if (cue.role == "after" or cue.closes) and not elsewhere and not far:
            found.setdefault(cue.group, cue)
    return found


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
    closing = [c for c in cues if c.role == "ends" and c.group in ("ends", cue.group)]
    if role == "before":
        return cue.end, min((c.start for c in closing if c.start >= cue.end), default=span[1])
    return max((c.end for c in closing if c.end <= cue.start), default=span[0]), cue.start


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
            if named and start <= match.start() < end:
                continue
            after = match.end() > start
            distance = NEAR + match.start() - end if after else start - match.end()
            if match.start() < start < match.end():
                distance = 0  # 左下肺不张: the side's word runs into the phrase
            if lexicon.language != "zh" and other_statement(
                text[end : match.start()] if after else text[match.end() : end].lstrip(", ")
            ):
                continue
            if distance >= 0 and (best is None or distance < best[0]):
                best = (distance, side)
    return best[1] if best else ""
