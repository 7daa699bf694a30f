"""Two columns of prose on a page of a PDF are read one after the other; tables and forms, whose rows belong together, as they
stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

ROWS = 6
"""Lines side by side below which two columns are taken for a table."""
SHARE = 0.28
"""Least median width of a line of either column, in widths of the text: narrower ones are labels, values, dates."""
GUTTER = 0.02
"""Least width between the columns, in widths of the page."""
SPACE = 1.2
"""A gap between words is less than so many letter heights."""
MOST = 20_000
"""Boxes and letters of a page whose places are looked at."""
GAP, WIDE_GAP = 0.2, 0.6
"""Letters further apart, in letter heights, belong to two words; Chinese ones are set wider."""
OVERLAP = 0.3
"""Letters of one line share more of their height."""
LINES = 400
"""Pieces of lines on one page; with more it is a drawing or a table."""
Box = tuple[float, float, float, float]
"""left, bottom, right, top in points, upwards."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """One letter of a page and its box; `box` None for what stands in no place: spaces and line ends that pdfium puts in."""

    letter: str
    box: Box | None
    upright: bool = True


def page_text(page: Any) -> tuple[str, int]:
    """The words of a pypdfium2 page, and how many of its letters have no meaning."""
    reader = page.get_textpage()
    signs, unknown = _signs(reader)
    boxes = joined([reader.get_rect(n) for n in range(min(reader.count_rects(), MOST))])
    found = gutter(boxes, page.get_width())
    if found is None:
        return _text(signs), unknown
    x, top, bottom = found
    parts: tuple[list[_Sign], ...] = ([], [], [], [])
    part = 0
    for sign in signs:
        if sign.box is not None:
            middle = ((sign.box[0] + sign.box[2]) / 2, (sign.box[1] + sign.box[3]) / 2)
            part = 0 if middle[1] >= top else 3 if middle[1] <= bottom else 1 if middle[0] < x else 2
        parts[part].append(sign)
    return "\n".join(words for signs in parts if (words := _text(signs)).strip()), unknown


def _signs(reader: Any) -> tuple[list[_Sign], int]:
    """Letters in the file's order; beyond MOST their places are not asked for."""
    from ctypes import byref

    from pypdfium2 import raw

    found, unknown, box = [], 0, raw.FS_RECTF()
    for n in range(reader.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(reader, n))
        if n >= MOST or raw.FPDFText_IsGenerated(reader, n) == 1 or not raw.FPDFText_GetLooseCharBox(reader, n, byref(box)):
            found.append(_Sign(letter, None))
            continue
        unknown += raw.FPDFText_HasUnicodeMapError(reader, n) == 1
        upright = abs(raw.FPDFText_GetCharAngle(reader, n)) < 0.01
        found.append(_Sign(letter, (box.left, box.bottom, box.right, box.top), upright))
    return found, unknown


def _text(signs: Sequence[_Sign]) -> str:
    """Words and lines: where letters lie apart pdfium's own spaces are at times missing, and line ends are spaces, in tables
    above all. A hyphen at a line's end comes from it as one of two signs that are no text, the line's end with it."""
    parts: list[str] = []
    last: _Sign | None = None
    blank = ""  # since the last letter that has a place
    for sign in signs:
        if sign.box is None or sign.letter.isspace():
            blank += sign.letter
            continue
        if last is not None and last.box is not None and last.upright and sign.upright and not blank.strip(" "):
            blank = _between(last, sign, blank)
        parts += [blank, sign.letter]
        last, blank = sign, ""
    text = "".join([*parts, blank]).replace("\x02", "-\n").replace("\ufffe", "-\n")
    return re.sub(r"-\n\s*\n", "-\n", text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def _between(last: _Sign, sign: _Sign, blank: str) -> str:
    """What parts two letters: a line's end, a space, nothing, by how their boxes lie."""
    assert last.box is not None and sign.box is not None
    high = min(last.box[3] - last.box[1], sign.box[3] - sign.box[1])
    if min(last.box[3], sign.box[3]) - max(last.box[1], sign.box[1]) < OVERLAP * high:
        return "\n"
    gap = max(sign.box[0] - last.box[2], last.box[0] - sign.box[2])
    wide = min(ord(last.letter), ord(sign.letter)) >= 0x2E80
    return blank or (" " if gap > high * (WIDE_GAP if wide else GAP) else "")


def joined(boxes: Sequence[Box]) -> list[Box]:
    """Boxes of one height with no more than a space between them as one: some writers box each letter."""
    if not boxes:
        return []
    high = median(b[3] - b[1] for b in boxes) or 1.0
    found: list[Box] = []
    for box in sorted(boxes, key=lambda b: (-round((b[1] + b[3]) / 2 / high), b[0])):
        last = found[-1] if found else None
        level = last is not None and abs((box[1] + box[3]) - (last[1] + last[3])) < 1.6 * high
        if last is not None and level and -high < box[0] - last[2] < SPACE * high:
            found[-1] = (last[0], min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
        else:
            found.append(box)
    return found


def gutter(boxes: Sequence[Box], width: float) -> tuple[float, float, float] | None:
    """Middle of the gap between two columns, and the top and bottom of the rows that it divides; None where there is none."""
    if not 2 * ROWS <= len(boxes) <= LINES:
        return None
    text = max(b[2] for b in boxes) - min(b[0] for b in boxes)
    for x in sorted({b[0] for b in boxes}):
        left = [b for b in boxes if b[2] <= x - GUTTER * width]
        right = [b for b in boxes if b[0] >= x]
        across = [b for b in boxes if b[2] > x - GUTTER * width and b[0] < x]
        if not left or not right:
            continue
        top, bottom = (
            min(max(b[3] for b in side) for side in (left, right)),
            max(min(b[1] for b in side) for side in (left, right)),
        )
        top, bottom = top + 1, bottom - 1
        if any(bottom < (b[1] + b[3]) / 2 < top for b in across):
            continue
        sides = [[b for b in side if bottom < (b[1] + b[3]) / 2 < top] for side in (left, right)]
        if all(len(_lines(side)) >= ROWS and median(_lines(side)) >= SHARE * text for side in sides):
            return x - GUTTER * width / 2, top, bottom
    return None


def _lines(boxes: Sequence[Box]) -> list[float]:
    """The width of each line: boxes whose middles lie at one height."""
    rows: dict[int, list[Box]] = {}
    for box in sorted(boxes, key=lambda b: b[1]):
        middle = round((box[1] + box[3]) / 2)
        home = next((key for key in rows if abs(key - middle) <= 3), middle)
        rows.setdefault(home, []).append(box)
    return [max(b[2] for b in row) - min(b[0] for b in row) for row in rows.values()]
