"""The tables of cues, sides, headers and concepts of one language, as they stand in `resources/lexicon`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from medviewer.core.note import Language, State

Role = Literal["before", "after", "pseudo", "ends"]
Tokens = tuple[str, ...]
_TOKEN = {"en": re.compile(r"\w+|[^\w\s]"), "zh": re.compile(r"\d+|\S")}
"""What cues are made of: words and signs; in Chinese every character."""
STATES: tuple[tuple[str, State], ...] = (
    *(("absent", "absent"), ("other", "other_person"), ("hypothetical", "hypothetical")),
    *(("uncertain", "uncertain"), ("past", "past")),
)
"""Groups of cues, the strongest first: "no family history of X" is absent, "history of possible X" is uncertain."""


@dataclass(frozen=True)
class Lexicon:
    """One language's table of cues and concepts, as it stands in `resources/lexicon`."""

    table: Mapping[str, Any]

    @property
    def language(self) -> Language:
        return "zh" if self.table["language"] == "zh" else "en"

    @cached_property
    def cues(self) -> dict[Tokens, tuple[str, Role]]:
        """Every cue as its tokens, the classes of words in it spelled out ("<be> not seen"), and its group and role."""
        classes = self.table.get("words", {})
        roles: dict[Tokens, tuple[str, Role]] = {}

        def add(name: str, what: tuple[str, Role]) -> None:
            for phrase in self.table.get(name, ()):
                roles.update(dict.fromkeys((self._cut(each) for each in _spelled(phrase, classes)), what))

        for name, _ in STATES[::-1]:
            add(f"{name}_after", (name, "after"))
            add(f"{name}_before", (name, "before"))
        add("ends_denial", ("absent", "ends"))
        add("ends", ("ends", "ends"))
        add("pseudo", ("pseudo", "pseudo"))
        return roles

    @cached_property
    def _longest(self) -> dict[str, int]:
        """Tokens of the longest cue that begins with a token."""
        longest: dict[str, int] = {}
        for tokens in self.cues:
            longest[tokens[0]] = max(longest.get(tokens[0], 0), len(tokens))
        return longest

    def _cut(self, text: str) -> Tokens:
        return tuple("#" if one.isdigit() else one for one in _TOKEN[self.language].findall(low(text)))

    def cues_in(self, text: str, start: int, end: int) -> list[tuple[int, int, str, Role]]:
        """At each place of text[start:end] the longest cue that begins there: start, end, group, role."""
        places = [(start, start), *((m.start(), m.end()) for m in _TOKEN[self.language].finditer(text, start, end))]
        tokens = ("^", *("#" if text[a:b].isdigit() else low(text[a:b]) for a, b in places[1:]))  # "^": a sentence begins
        found = []
        for i, token in enumerate(tokens):
            for n in range(min(self._longest.get(token, 0), len(tokens) - i), 0, -1):
                what = self.cues.get(tokens[i : i + n])
                if what is not None:
                    found.append((places[i][0], places[i + n - 1][1], *what))
                    break
        return found

    @cached_property
    def sides(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Laterality and the words for it."""
        return tuple((side, alternatives(words, self.language)) for side, words in self.table["laterality"].items())

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
    def both(self) -> frozenset[Tokens]:
        """Cues that count before and after a phrase alike."""
        classes = self.table.get("words", {})

        def cut(name: str) -> set[Tokens]:
            return {self._cut(each) for phrase in self.table.get(name, ()) for each in _spelled(phrase, classes)}

        return frozenset().union(*(cut(f"{name}_after") & cut(f"{name}_before") for name, _ in STATES))

    @cached_property
    def both_ways(self) -> frozenset[Tokens]:
        """Cues that judge what stands before them and after them at once ("versus")."""
        return frozenset(map(self._cut, self.table.get("both_ways", ())))

    def tokens(self, text: str) -> Tokens:
        """Its tokens in lower case, "#" for a number."""
        return self._cut(text)

    @cached_property
    def concepts(self) -> re.Pattern[str]:
        """Every phrase that names a finding or looks like one."""
        return alternatives(self.concept_of, self.language)

    @cached_property
    def concept_of(self) -> dict[str, str]:
        """Phrases and what they mean; "" for those that look like a finding and are none ("body mass index")."""
        other = dict.fromkeys((phrase.lower() for phrase in self.table.get("not_findings", ())), "")
        return other | {phrase.lower(): concept for concept, phrases in self.table["concepts"].items() for phrase in phrases}

    @cached_property
    def section_state(self) -> dict[str, State]:
        """State of what stands under a header, in lower case ("past medical history": past)."""
        return {str(title).lower(): state for title, state in self.table.get("section_state", {}).items()}


def low(text: str) -> str:
    """Lower case, letter by letter where one grows by it, so that offsets stay."""
    return text.lower().replace("’", "'")


def _spelled(phrase: str, classes: Mapping[str, Sequence[str]]) -> list[str]:
    """A phrase of the table with each class of words in it written out: "<be> <now?> seen" → "is seen", "is now seen" …"""
    head, found, rest = phrase.partition("<")
    name, closed, tail = rest.partition(">")
    words = classes.get(name.removesuffix("?")) if found and closed else None
    if words is None:
        return [phrase]
    return [f"{head}{word}{end}" for end in _spelled(tail, classes) for word in (*words, *([""] if name.endswith("?") else []))]


def alternatives(phrases: Iterable[str], language: str) -> re.Pattern[str]:
    """The longest first."""
    words = sorted(phrases, key=len, reverse=True)
    escaped = [r"\s+".join(map(re.escape, word.split())) for word in words]
    whole = "|".join(escaped) or r"(?!)"
    if language != "zh":
        whole = rf"(?<!\w)(?:{whole})(?!\w)"
    return re.compile(whole, re.IGNORECASE)
