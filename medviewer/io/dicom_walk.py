"""The header pass of plain little-endian files: an own walk over element offsets (PS3.5 section 7), a tenth of pydicom's time."""

import os
import struct

from medviewer.io import tags
from medviewer.io.header import DEFLATED, EXPLICIT_BE, IMPLICIT_LE, UNDEFINED, Header, PixelData
from medviewer.io.layout import Layouts, Step
from medviewer.io.tags import OVERLAY_DATA, PIXEL_TAGS, SEQUENCES, WANTED_TOP

CHUNK = 16384
HEADER_LIMIT = 64 << 20
"""A header longer than this is not read into memory: the file is damaged or hostile."""
DEPTH_LIMIT = 16

_LONG_VR = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SHORT_VR = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHL").unpack_from
_long = struct.Struct("<L").unpack_from


class Odd(Exception):
    """The walk met something it does not judge; pydicom decides."""


def walk_header(path: str, head: bytes | None = None, size: int | None = None, layouts: Layouts | None = None) -> Header:
    """The fast way; raises `Odd` for every file it does not fully understand."""
    fd = -1
    if layouts is not None and head is not None and size is not None:
        known = layouts.match(head)
        if known is not None:
            pattern, elements, offset, length = known
            place = PixelData(tags.PIXELS, offset, None if length == UNDEFINED else length)
            return Header(path, size, pattern.syntax, elements, place)
    try:
        if head is None or size is None:
            fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            size = os.fstat(fd).st_size
            head = os.read(fd, CHUNK)
        want = CHUNK
        while True:
            try:
                return _walk(path, head, size, layouts)
            except _More as more:
                if len(head) >= size:
                    raise Odd from None
                want = max(want * 4, more.upto)
                if want > HEADER_LIMIT:
                    raise Odd from None
                if fd < 0:
                    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
                os.lseek(fd, 0, os.SEEK_SET)
                head = os.read(fd, want)
    except (struct.error, IndexError):
        raise Odd from None
    finally:
        if fd >= 0:
            os.close(fd)


class _More(Exception):
    def __init__(self, upto: int) -> None:
        self.upto = upto


def _walk(path: str, head: bytes, size: int, layouts: Layouts | None) -> Header:
    pos, syntax, preamble = _start(head)
    elements: dict[int, bytes] = {}
    overlays: dict[int, int] = {}
    end = len(head)
    implicit = syntax == IMPLICIT_LE
    last = -1
    steps = _meta_steps(head, pos) if layouts is not None and layouts.learning else None
    while True:
        if pos + 12 > end:
            if pos == size:
                return Header(path, size, syntax, elements, None, preamble=preamble, overlays=overlays)
            raise _More(pos + 12) if end < size else Odd
        if implicit:
            group, element, length = _implicit(head, pos)
            value = pos + 8
        else:
            group, element, vr, length = _explicit(head, pos)
            value = pos + 8
            if vr in _LONG_VR:
                (length,) = _long(head, value)
                value += 4
            elif vr not in _SHORT_VR:
                raise Odd
        tag = group << 16 | element
        if tag <= last:
            raise Odd
        last = tag
        if tag in PIXEL_TAGS:
            if layouts is not None and steps is not None and tag == tags.PIXELS and not overlays:
                layouts.learn(head, syntax, steps, pos)
            place = PixelData(tag, value, None if length == UNDEFINED else length)
            return Header(path, size, syntax, elements, place, preamble=preamble, overlays=overlays)
        if tag in SEQUENCES:
            raise Odd
        if length == UNDEFINED:
            steps = None
            pos = _skip_items(head, value, size, implicit or vr == b"UN", 0)
            continue
        if steps is not None:
            steps.append(Step(tag, pos, value, value + length))
        pos = value + length
        if tag in WANTED_TOP:
            if pos > end:
                raise _More(pos) if pos <= size else Odd
            if implicit or vr != b"UN":
                elements[tag] = head[value:pos]
            else:
                raise Odd
            continue
        if tag in OVERLAY_DATA:
            overlays[OVERLAY_DATA[tag]] = length
        if pos > end:
            if pos > size:
                raise Odd
            if pos < size:
                raise _More(pos + 4096)


def _element(head: bytes, pos: int) -> tuple[int, int, int, bytes]:
    """Tag, offset of the value, its length and VR of an element of explicit VR. (`_walk`, which is hot, has it in line.)"""
    group, element, vr, length = _explicit(head, pos)
    value = pos + 8
    if vr in _LONG_VR:
        (length,) = _long(head, value)
        value += 4
    elif vr not in _SHORT_VR:
        raise Odd
    return group << 16 | element, value, length, vr


def _start(head: bytes) -> tuple[int, str, bool]:
    """Offset of the data set, its transfer syntax, whether there is a preamble."""
    if head[128:132] != b"DICM":
        raise Odd
    pos, syntax = 132, ""
    while pos + 8 <= len(head):
        if _explicit(head, pos)[0] != 2:
            break
        tag, value, length, _ = _element(head, pos)
        if value + length > len(head):
            raise Odd
        if tag == 0x00020010:
            syntax = head[value : value + length].rstrip(b"\0 ").decode("ascii", "replace")
        pos = value + length
    if not syntax or syntax in (EXPLICIT_BE, DEFLATED):
        raise Odd
    return pos, syntax, True


def _meta_steps(head: bytes, end: int) -> list[Step]:
    """The elements of the file meta information, which `_start` has found whole."""
    steps, pos = [], 132
    while pos < end:
        tag, value, length, _ = _element(head, pos)
        steps.append(Step(tag, pos, value, value + length))
        pos = value + length
    return steps


def _skip_items(head: bytes, pos: int, size: int, implicit: bool, depth: int) -> int:
    """End of a sequence of undefined length whose first item starts at `pos`."""
    if depth > DEPTH_LIMIT:
        raise Odd
    while True:
        if pos + 8 > len(head):
            raise _More(pos + 8) if len(head) < size else Odd
        group, element, length = _implicit(head, pos)
        pos += 8
        if group != 0xFFFE:
            raise Odd
        if element == 0xE0DD:
            return pos
        if element != 0xE000:
            raise Odd
        pos = _skip_elements(head, pos, size, implicit, depth + 1) if length == UNDEFINED else pos + length


def _skip_elements(head: bytes, pos: int, size: int, implicit: bool, depth: int) -> int:
    """End of an item of undefined length whose first element starts at `pos`."""
    while True:
        if pos + 12 > len(head):
            if pos + 8 <= len(head) and _implicit(head, pos)[:2] == (0xFFFE, 0xE00D):
                return pos + 8
            raise _More(pos + 12) if len(head) < size else Odd
        group, element, length = _implicit(head, pos)
        if group == 0xFFFE:
            if element != 0xE00D:
                raise Odd
            return pos + 8
        value, vr = pos + 8, b""
        if not implicit:
            _, value, length, vr = _element(head, pos)
        pos = _skip_items(head, value, size, implicit or vr == b"UN", depth) if length == UNDEFINED else value + length
