"""Headers of one series have one layout: after a few files their elements are picked by one pattern instead of a walk.

The pattern holds the tag, VR and length of every element, so what it matches is byte for byte what the walk would have stepped
over; lengths may differ only for elements that name the single image, and those are checked against the length that is stated.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from medviewer.io import tags

AFTER = 8
"""Files of the same structure in a row before a pattern is made of them: compiling one takes as long as walking fifty."""
MOST = 4

VARYING = frozenset({
    0x00020003, tags.SOP_UID, tags.INSTANCE_NUMBER, tags.POSITION, tags.ACQUISITION_NUMBER, tags.TEMPORAL_POSITION, 0x00201041,
    0x00080013, 0x00080031, 0x00080032, 0x00080033, tags.TRIGGER_TIME, tags.TUBE_CURRENT, tags.EXPOSURE, 0x00181150,
})  # fmt: skip
"""Elements of short VRs whose lengths may differ: identity, position and times of the single image, its exposure."""


class Step(NamedTuple):
    """One element of a walked header: where its header, its value and what follows begin."""

    tag: int
    start: int
    value: int
    end: int


@dataclass(slots=True)
class Layouts:
    """The patterns learnt during one scan."""

    patterns: list["Layout"] = field(default_factory=list)
    tried: int = 0
    hit: int = 0
    _last: tuple[int, ...] = ()
    _same: int = 0

    @property
    def learning(self) -> bool:
        """Whether another pattern may still be learnt."""
        return len(self.patterns) < MOST

    def match(self, head: bytes) -> "tuple[Layout, dict[int, bytes], int, int] | None":
        """(pattern, elements, offset of the pixels, their stated length) of a header that has a known layout."""
        if self.tried > 64 and self.hit * 4 < self.tried:
            return None  # these files have no common layout: trying would only cost time
        for n, pattern in enumerate(self.patterns):
            self.tried += 1
            found = pattern.match(head)
            if found is not None:
                self.hit += 1
                if n:
                    self.patterns.insert(0, self.patterns.pop(n))
                return pattern, *found
        return None

    def learn(self, head: bytes, syntax: str, steps: Sequence[Step], pixels: int) -> None:
        """Hear of a walked header; `steps` lie one after the other from offset 132 to the pixel element at `pixels`."""
        structure = tuple(step.tag for step in steps)
        self._same = self._same + 1 if structure == self._last else 1
        self._last = structure
        if self._same >= AFTER and self.learning:
            self._same = 0
            self.patterns.append(Layout(head, syntax, steps, pixels))


class Layout:
    """A compiled pattern of one structure."""

    __slots__ = ("_match", "_varying", "_wanted", "syntax")

    def __init__(self, head: bytes, syntax: str, steps: Sequence[Step], pixels: int) -> None:
        self.syntax = syntax
        self._wanted: list[tuple[int, int]] = []
        self._varying: list[tuple[int, int]] = []
        groups = 0
        pattern = [b".{128}DICM"]
        follows = [head[step.start : step.start + 6] for step in steps[1:]] + [head[pixels : pixels + 4]]
        for step, after in zip(steps, follows, strict=True):
            header, length = head[step.start : step.value], step.end - step.value
            if step.tag == 0x00020010:
                pattern.append(re.escape(head[step.start : step.end]))
            elif step.tag in VARYING and len(header) == 8 and head[step.start + 4 : step.start + 6].isalpha():
                # Atomic: the value ends where the next element's tag begins, and the stated length must agree.
                pattern.append(b"%s(..)(?>(.{0,128}?)(?=%s))" % (re.escape(header[:6]), re.escape(after)))
                self._varying.append((groups, groups + 1))
                groups += 2
                if step.tag in tags.WANTED_TOP:
                    self._wanted.append((step.tag, groups - 1))
            elif step.tag in tags.WANTED_TOP:
                pattern.append(b"%s(.{%d})" % (re.escape(header), length))
                self._wanted.append((step.tag, groups))
                groups += 1
            else:
                pattern.append(b"%s.{%d}" % (re.escape(header), length))
        explicit = head[pixels + 4 : pixels + 6].isalpha()
        pattern.append(re.escape(head[pixels : pixels + (8 if explicit else 4)]) + b"(....)")
        self._match = re.compile(b"".join(pattern), re.DOTALL).match

    def match(self, head: bytes) -> tuple[dict[int, bytes], int, int] | None:
        """(elements, offset of the pixels, their stated length) of a header of this layout, None of another."""
        found = self._match(head)
        if found is None:
            return None
        groups = found.groups()
        for stated, value in self._varying:
            if int.from_bytes(groups[stated], "little") != len(groups[value]):
                return None
        elements = {tag: groups[n] for tag, n in self._wanted}
        return elements, found.end(), int.from_bytes(groups[-1], "little")
