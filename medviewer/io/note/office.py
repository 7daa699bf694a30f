"""The words of a DOCX: paragraphs, tables (also inside each other), content controls, text boxes, headers, footers, notes.

ECMA-376 part 1, WordprocessingML. Tracked changes read as accepted: what was deleted or moved away is left out.
"""

import re
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from medviewer.io.note.signs import UNKNOWN, sign, special

_PARTS = tuple(rf"word/{part}\.xml" for part in (r"header\d*", r"document\d*", "footnotes", "endnotes", "comments", r"footer\d*"))
"""In the order in which they are told."""
_GONE = frozenset(("del", "moveFrom", "Fallback", "instrText", "delText", "rPr", "pPr"))
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
DEEPEST = 60


def office_lines(archive: zipfile.ZipFile) -> list[str]:
    """Lines of the whole document; equal headers and footers once. KeyError without a body."""
    names = archive.namelist()
    if not any(re.fullmatch(_PARTS[1], name) for name in names):
        raise KeyError("word/document.xml")
    lines: list[str] = []
    for pattern in _PARTS:
        told: set[str] = set()
        for name in sorted(n for n in names if re.fullmatch(pattern, n)):
            found = list(_blocks(fromstring(archive.read(name)), 0))
            if "\n".join(found).strip() and "\n".join(found) not in told:
                told.add("\n".join(found))
                lines += found if pattern == _PARTS[1] else [line for line in found if line.strip()]
    return lines


def _name(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _value(element: Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rsplit("}", 1)[-1] == name), "")


def _sign(element: Element) -> str:
    """A letter of Symbol or Wingdings: a ticked box, an arrow, a Greek letter."""
    font, code = _value(element, "font"), _value(element, "char")
    try:
        number = int(code, 16)
    except ValueError:
        return UNKNOWN
    return sign(font, number) if special(font) else chr(number) if number < 0xE000 else UNKNOWN


def _ticked(box: Element) -> bool:
    """A form field's box: its last state, else its first one."""
    states = {_name(one): _value(one, "val") for one in box}
    state = states.get("checked", states.get("default", "0"))
    return state not in ("0", "false", "off")


def _blocks(element: Element, depth: int) -> Iterator[str]:
    """Lines of everything below an element that holds paragraphs and tables."""
    if depth > DEEPEST:
        return
    for child in element:
        kind = _name(child)
        if kind == "p":
            boxes: list[str] = []
            yield "".join(_inline(child, boxes, depth))
            yield from boxes
        elif kind == "tbl":
            yield from _rows(child, depth)
        elif kind not in _GONE:
            yield from _blocks(child, depth + 1)


def _rows(table: Element, depth: int) -> Iterator[str]:
    """A line a row, cells parted by tabs; paragraphs and tables inside a cell by spaces."""
    for child in table:
        kind = _name(child)
        if kind == "tr":
            cells = (" ".join(line.replace("\t", " ") for line in _blocks(cell, depth + 1) if line) for cell in _cells(child))
            yield "\t".join(cells)
        elif kind not in _GONE and kind != "tc" and depth < DEEPEST:
            yield from _rows(child, depth + 1)


def _cells(row: Element) -> Iterator[Element]:
    """The cells of a row, also of those inside content controls."""
    for child in row:
        if _name(child) == "tc":
            yield child
        elif _name(child) in ("sdt", "sdtContent", "customXml"):
            yield from _cells(child)


def _inline(element: Element, boxes: list[str], depth: int) -> Iterator[str]:
    """Pieces of one paragraph; the lines of its text boxes are put into `boxes`."""
    for child in element:
        kind = _name(child)
        if kind == "t":
            yield child.text or ""
        elif kind in _SIGNS:
            yield _SIGNS[kind]
        elif kind == "sym":
            yield _sign(child)
        elif kind == "checkBox":
            yield "☑ " if _ticked(child) else "☐ "
        elif kind == "txbxContent":
            boxes += _blocks(child, depth + 1)
        elif kind not in _GONE and depth < DEEPEST:
            yield from _inline(child, boxes, depth + 1)
