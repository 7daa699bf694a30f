"""Letters of the fonts Symbol and Wingdings, which have no meaning of their own: boxes, arrows, Greek."""

_SYMBOL = (
    dict(zip("ABGDEZHQIKLMNXOPRSTUFCYW", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", strict=True))
    | dict(zip("abgdezhqiklmnxoprstufcyw", "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
    | {"V": "ς", "J": "ϑ", "j": "ϕ", "v": "ϖ", "m": "µ"}
    | {"\xa3": "≤", "\xb3": "≥", "\xb1": "±", "\xb0": "°", "\xb4": "×", "\xb7": "•", "\xb8": "÷", "\xb9": "≠", "\xbb": "≈"}
    | {"\xac": "←", "\xad": "↑", "\xae": "→", "\xaf": "↓", "\xab": "↔", "\xa5": "∞", "\xd7": "⋅", "\xa2": "′", "\xb2": "″"}
    | {"\xde": "⇒", "\xdd": "⇑", "\xdf": "⇓", "\xd6": "√", "\xb6": "∂", "\xe5": "∑", "\xc6": "∅", "\xd2": "®", "\xd3": "©"}
)
_WINGDINGS = {
    "\xa8": "☐", "\x6f": "☐", "\x71": "☐", "\x70": "☐", "\x72": "☐", "\xfe": "☑", "\xfd": "☒", "\x78": "☒", "\xfc": "✓",
    "\xfb": "✗", "\xe0": "→", "\xdf": "←", "\xe1": "↑", "\xe2": "↓", "\xe8": "➔", "\xf0": "⇨", "\x6c": "●", "\x6e": "■",
    "\xa7": "▪", "\x76": "❖", "\xd8": "➢", "\xb7": "•",
}  # fmt: skip
UNKNOWN = "\ufffd"


def special(font: str) -> bool:
    """Is this one of the fonts whose letters are signs?"""
    return font.lower().startswith(("symbol", "wingdings", "webdings"))


def sign(font: str, code: int) -> str:
    """What the letter with this code shows; a space stays one, what is not known is UNKNOWN, so that it is seen and told."""
    letter = chr(code - 0xF000 if code >= 0xF000 else code)
    if font.lower().startswith("symbol"):
        plain = letter if letter in " 0123456789()[]{}+-=<>.,:;/|%!?&_\n\t" else UNKNOWN
        return _SYMBOL.get(letter, plain)
    return _WINGDINGS.get(letter, letter if letter.isspace() else UNKNOWN)
