"""Notes with the exact places of what tells who a person is, and how much of it was marked.

The files `golden/identifiers.<part>.<language>.txt` hold notes headed by `### title`; `{n:Rosa}` is a name, `{n:Dr Lim|Lim}`
shows the first and means the second, `{n:Jane Doe|o}` may be marked or not.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
KINDS = {
    "n": "name",
    "d": "date",
    "i": "id",
    "p": "phone",
    "m": "mail",
    "a": "address",
    "g": "age",
    "l": "place",
    "o": "optional",
}
TITLES = re.compile(
    r"(?:mr|mrs|ms|miss|dr|drs|prof|professor|sister|nurse|sgt|rev|fr|det|doctor|m\.?d|rn|dra|the|of|on|年|先生|女士|医生)\b\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Made:
    """A note: its text, (start, end, kind) of every item, and the characters that may be marked or not."""

    title: str
    text: str
    items: tuple[tuple[int, int, str], ...]
    free: frozenset[int]


@dataclass
class Count:
    """Of each kind: items found and items there, marks that hold nothing else and marks made."""

    found: dict[str, int] = field(default_factory=dict)
    there: dict[str, int] = field(default_factory=dict)
    right: int = 0
    made: int = 0
    kind_right: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Over every kind but places (towns, hospitals, employers), which are told apart."""
        return sum(n for k, n in self.found.items() if k != "place") / sum(n for k, n in self.there.items() if k != "place")

    @property
    def precision(self) -> float:
        return self.right / max(self.made, 1)


def notes(part: str, language: str) -> Iterator[Made]:
    for block in (GOLDEN / f"identifiers.{part}.{language}.txt").read_text("utf-8").split("### ")[1:]:
        title, _, body = block.partition("\n")
        text, items, free, at = "", [], set(), 0
        for match in re.finditer(r"\{([a-z]):([^{}]*)\}", body):
            text += body[at : match.start()]
            shown, _, meant = match[2].partition("|")
            first = len(text) + (shown.rindex(meant) if meant and meant != "o" else 0)
            if meant == "o" or match[1] == "o":
                free |= set(range(len(text), len(text) + len(shown)))
            else:
                items.append((first, first + len(meant or shown), KINDS[match[1]]))
            text += shown
            at = match.end()
        yield Made(title, text + body[at:], tuple(items), frozenset(free))


def count(notes_: Iterator[Made], mark: Callable[[str], tuple[tuple[int, int, str], ...]]) -> Count:
    """An item is found when each of its letters and digits is marked; a mark is right when each of its own belongs to an item."""
    total = Count()
    for note in notes_:
        text, marks = note.text, mark(note.text)
        covered = {place for start, end, _ in marks for place in range(start, end)}
        gold = {place for start, end, _ in note.items for place in range(start, end)} | note.free
        for start, end, kind in note.items:
            total.there[kind] = total.there.get(kind, 0) + 1
            if all(place in covered for place in range(start, end) if text[place].isalnum()):
                total.found[kind] = total.found.get(kind, 0) + 1
                total.kind_right += any(a < end and start < b and k == kind for a, b, k in marks)
            else:
                total.missed.append(f"{kind}:{text[start:end]}  …{text[max(start - 15, 0) : end + 12]!r}")
        for start, end, kind in marks:
            rest = "".join(text[place] if place not in gold else " " for place in range(start, end))
            alone = not any(char.isalnum() for char in TITLES.sub(" ", rest))
            if alone and not any(place in gold for place in range(start, end)):
                alone = False
            total.made += 1
            total.right += alone
            if not alone:
                total.wrong.append(f"{kind}:{text[start:end]}  …{text[max(start - 15, 0) : end + 12]!r}")
    return total
