"""RTF 1.9: bytes in the code page of their font become Unicode escapes before striprtf, which knows one code page a document."""

import re

CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
"""\\fcharset → encoding; 0 and 1 are the document's own."""
_PAGES = {936: "gb18030", 950: "big5", 10000: "mac_roman", 65001: "utf-8"}
_TOKEN = re.compile(rb"(?:\\'[0-9A-Fa-f]{2})+|\\([a-z]+)(-?\d+)? ?|\\[^a-z]|[{}]|[^\\{}]+", re.DOTALL)


def unified(raw: bytes) -> str:
    """The same RTF with every byte above 127 as \\u, each read in the code page of the font it stands in."""
    page = re.search(rb"\\ansicpg(\d+)", raw[:2000])
    number = int(page[1]) if page else 1252
    own = _PAGES.get(number, f"cp{number}")
    out: list[str] = []
    fonts: dict[int, str] = {}
    stack: list[tuple[str, int, bool]] = []
    encoding, skipped, table, left, font = own, 1, False, 0, -1
    for match in _TOKEN.finditer(raw):
        token = match[0]
        word, value = match[1], int(match[2]) if match[2] and len(match[2]) < 8 else 0
        if token == b"{":
            stack.append((encoding, skipped, table))
        elif token == b"}" and stack:
            encoding, skipped, table = stack.pop()
        elif word == b"fonttbl":
            table = True
        elif word == b"f" and table:
            font = value
        elif word == b"fcharset" and table:
            fonts[font] = CHARSETS.get(value, own)
        elif word == b"f":
            encoding = fonts.get(value, own)
        elif word == b"plain":
            encoding = own
        elif word == b"uc":
            skipped = min(max(value, 0), 8)
        if word == b"u" and match[2]:
            left = skipped
        elif word is None and token[:1] not in b"{}" and not token.startswith((b"\\{", b"\\}", b"\\\\")):
            text, left = _read(token, encoding, skipped, left)
            out.append(text)
            continue
        out.append(token.decode("latin-1"))
    return "".join(out)


def _read(token: bytes, encoding: str, skipped: int, left: int) -> tuple[str, int]:
    """A run of hex escapes or of plain text; its first `left` characters stand in for a \\u before and stay as they are."""
    hexed = token.startswith(b"\\'")
    if token.startswith(b"\\") and not hexed:
        return token.decode("latin-1"), left
    size = 4 if hexed else 1
    kept, rest = token[: left * size], token[left * size :]
    left -= len(kept) // size
    if not rest or (not hexed and rest.isascii()):
        return token.decode("latin-1"), left
    content = bytes.fromhex(rest.replace(b"\\'", b"").decode()) if hexed else rest
    if hexed and content.isascii():
        return token.decode("latin-1"), left
    for name in (encoding, "cp1252", "latin-1"):
        try:
            text = content.decode(name)
            break
        except (UnicodeDecodeError, LookupError):
            continue
    return kept.decode("latin-1") + "".join(_escape(c, skipped, hexed) for c in text), left


def _escape(sign: str, skipped: int, hexed: bool) -> str:
    if ord(sign) < 128:
        return f"\\'{ord(sign):02x}" if hexed else sign
    units = sign.encode("utf-16-le")
    codes = [int.from_bytes(units[k : k + 2], "little", signed=True) for k in range(0, len(units), 2)]
    return "".join(f"\\u{code}{'?' * skipped or ' '}" for code in codes)
