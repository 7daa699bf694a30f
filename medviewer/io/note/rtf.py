"""RTF 1.9 → what a reader of the document sees: headers, body, text boxes, then notes, comments and footers.

Bytes are read in the code page of their font; text that was deleted under tracking is left out.
"""

import re
from dataclasses import dataclass, replace

from medviewer.io.note.signs import UNKNOWN, sign, special

CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
"""\\fcharset → encoding; 0 and 1 are the document's own."""
_PAGES = {936: "gb18030", 950: "big5", 10000: "mac_roman", 65001: "utf-8"}
_TOKEN = re.compile(rb"\\'([0-9A-Fa-f]{2})|\\([A-Za-z]+)(-?\d+)? ?|\\(.)|([{}])|([^\\{}]+)|\\", re.DOTALL)
_SIGNS = {
    "par": "\n", "line": "\n", "sect": "\n", "page": "\n", "row": "\n", "nestrow": "\n", "column": "\n", "softline": "\n",
    "tab": "\t", "cell": "\t", "nestcell": "\t", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "qmspace": " ",
}  # fmt: skip
_AFTER_BACKSLASH = {"~": "\xa0", "_": "\u2011", "\n": "\n", "\r": "\n", "\\": "\\", "{": "{", "}": "}"}
_HIDDEN = frozenset((
    "colortbl", "stylesheet", "info", "pict", "objdata", "fldinst", "datafield", "listtable", "listoverridetable",
    "rsidtbl", "generator", "themedata", "colorschememapping", "datastore", "latentstyles", "xmlnstbl", "filetbl",
    "revtbl", "sp", "shprslt", "nonshppict", "xe", "tc", "rxe", "nonesttables", "template", "userprops", "docvar",
    "atnid", "atnauthor", "bkmkstart", "bkmkend", "private", "pgptbl", "operator", "background", "formfield", "ftnsep",
    "ftnsepc", "aftnsep",
))  # fmt: skip
"""Groups that hold no words of the document."""
_PLACES = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "head"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "foot"),
    **dict.fromkeys(("footnote", "annotation"), "notes"),
}
"""Groups whose words stand apart from the body."""
_SHOWN_STARRED = frozenset(("shpinst", "annotation", "ud", "shppict"))
"""Groups that begin with \\* and are read all the same; all others are for the programs that know them."""
_BOXES = frozenset(("shptxt", "dptxbxtext"))


@dataclass(frozen=True, slots=True)
class _Group:
    """What counts until the group ends: `uc` how many letters stand in for a \\u, `place` where its words go."""

    encoding: str
    font: str = ""
    uc: int = 1
    hidden: bool = False
    deleted: bool = False
    starred: bool = False
    place: str = "body"
    table: str = ""
    upr: bool = False


def rtf_text(raw: bytes) -> str:
    """The words; lone halves of letters and what has no meaning as U+FFFD."""
    return _Reader(raw).read()


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        page = re.search(rb"\\ansicpg(\d+)", raw[:2000])
        number = int(page[1]) if page else 0
        own = _PAGES.get(number, f"cp{number}") if number else "mac_roman" if b"\\mac" in raw[:20] else "cp1252"
        self._own = own
        self._fonts: dict[int, tuple[str, str]] = {}
        self._default = self._font = -1
        self._name = b""
        self._now = _Group(own)
        self._stack: list[_Group] = []
        self._pending = bytearray()
        self._left, self._in_cell = 0, False
        self._parts: dict[str, list[str]] = {place: [] for place in ("head", "body", "notes", "foot")}

    def read(self) -> str:
        at = 0
        while (match := _TOKEN.match(self._raw, at)) is not None:
            at = match.end()
            hexed, word, value, escaped, brace, plain = match.groups()
            if hexed is not None:
                self._bytes(bytes.fromhex(hexed.decode()))
            elif word is not None:
                number = int(value) if value and len(value) < 10 else None
                if word == b"bin" and number and number > 0:
                    at += number
                else:
                    self._word(word.decode(), number)
            elif escaped is not None:
                self._escaped(escaped.decode("latin-1"))
            elif brace is not None:
                self._brace(brace == b"{")
            elif plain is not None:
                self._bytes(plain.replace(b"\r", b"").replace(b"\n", b""))
        self._flush()
        parts = ("".join(part) for part in self._parts.values())
        text = "\n".join(part for part in parts if part.strip())
        lines = re.sub(r"\t+\n", "\n", text)
        return lines.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _brace(self, opens: bool) -> None:
        self._flush()
        self._left = 0
        if opens:
            self._stack.append(self._now)
            self._now = replace(self._now, starred=False, upr=False, hidden=self._now.hidden or self._now.upr)
        elif self._stack:
            before, self._now = self._now, self._stack.pop()
            if before.place != self._now.place and not before.hidden:
                self._parts[before.place].append("\n")

    def _bytes(self, raw: bytes) -> None:
        """Letters in the font's code page; the first ones after a \\u stand in for it."""
        skipped = min(self._left, len(raw))
        self._left -= skipped
        if self._now.table and not self._now.hidden:
            self._name += raw
            if b";" in raw:
                name = self._name.split(b";")[0].decode("latin-1").strip()
                self._fonts[self._font] = (self._fonts.get(self._font, ("", ""))[0], name)
                self._name = b""
        self._pending += raw[skipped:]

    def _flush(self) -> None:
        if not self._pending:
            return
        raw, self._pending = bytes(self._pending), bytearray()
        if special(self._now.font):
            self._say("".join(sign(self._now.font, code) for code in raw))
            return
        for name in (self._now.encoding, "cp1252", "latin-1"):
            try:
                self._say(raw.decode(name))
                return
            except (UnicodeDecodeError, LookupError):
                continue

    def _say(self, words: str) -> None:
        if not (self._now.hidden or self._now.deleted or self._now.table):
            self._parts[self._now.place].append(words)

    def _escaped(self, sign_: str) -> None:
        if sign_ == "*":
            self._flush()
            self._now = replace(self._now, starred=True)
        elif self._left:
            self._left -= 1
        elif sign_ in "\\{}":
            self._pending += sign_.encode()  # it may be the second half of a letter
        else:
            self._flush()
            self._say(_AFTER_BACKSLASH.get(sign_, ""))

    def _word(self, word: str, value: int | None) -> None:
        self._flush()
        now = self._now
        if word == "u" and value is not None:
            self._unicode(value)
            return
        if self._left:
            self._left -= 1
        if now.starred and word not in _SHOWN_STARRED:
            self._now = replace(now, hidden=True, starred=False)
        elif word in _HIDDEN:
            self._now = replace(now, hidden=True)
        elif word == "fonttbl":
            self._now = replace(now, table="fonts")
        elif word == "upr":
            self._now = replace(now, upr=True)
        elif word == "ud":
            self._now = replace(now, hidden=self._stack[-2].hidden if len(self._stack) > 1 else False)
        elif word in _PLACES:
            self._now = replace(now, place=_PLACES[word])
        elif word in _BOXES:
            self._say("\n")
        elif word in _SIGNS:
            self._say(" " if word == "par" and self._in_cell else _SIGNS[word])
        elif now.table:
            self._font_word(word, value)
        else:
            self._state(word, value)

    def _unicode(self, value: int) -> None:
        code = value & 0xFFFF
        self._left = self._now.uc
        if 0xF000 <= code <= 0xF0FF:
            self._say(sign(self._now.font, code) if special(self._now.font) else UNKNOWN)
        else:
            self._say(chr(code))

    def _font_word(self, word: str, value: int | None) -> None:
        if word == "f" and value is not None:
            self._font, self._name = value, b""
        elif word in ("fcharset", "cpg") and value:
            own = CHARSETS.get(value, self._own) if word == "fcharset" else _PAGES.get(value, f"cp{value}")
            self._fonts[self._font] = (own, self._fonts.get(self._font, ("", ""))[1])

    def _state(self, word: str, value: int | None) -> None:
        """Fonts, how many letters stand in for a \\u, deleted text, cells."""
        now = self._now
        if word in ("f", "plain", "deff"):
            self._default = value if word == "deff" and value is not None else self._default
            number = value if word == "f" and value is not None else self._default
            encoding, font = self._fonts.get(number, ("", ""))
            deleted = now.deleted and word != "plain"
            self._now = replace(now, encoding=encoding or self._own, font=font, deleted=deleted)
        elif word == "uc":
            self._now = replace(now, uc=min(max(value or 0, 0), 8))
        elif word == "deleted":
            self._now = replace(now, deleted=value != 0)
        elif word in ("pard", "intbl"):
            self._in_cell = word == "intbl"
