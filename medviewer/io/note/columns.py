"""Two columns of prose on a page of a PDF are read one after the other; tables and forms, whose rows belong together, as they
stand."""

from collections.abc import Sequence
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
"""Boxes of a page that are looked at."""
LINES = 400
"""Pieces of lines on one page; with more it is a drawing or a table."""
Box = tuple[float, float, float, float]
"""left, bottom, right, top in points, upwards."""


def page_text(page: Any) -> str:
    """The words of a pypdfium2 page."""
    reader = page.get_textpage()
    whole = str(reader.get_text_bounded())
    boxes = joined([reader.get_rect(n) for n in range(min(reader.count_rects(), MOST))])
    found = gutter(boxes, page.get_width())
    if found is None:
        return whole
    x, top, bottom = found
    high, wide = page.get_height(), page.get_width()
    parts = ((0, top, wide, high), (0, bottom, x, top), (x, bottom, wide, top), (0, 0, wide, bottom))
    texts = [reader.get_text_bounded(left=a, bottom=b, right=c, top=d) for a, b, c, d in parts]
    return "\n".join(part for part in texts if part.strip())


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
