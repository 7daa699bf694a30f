"""Bytes → characters: which encoding a text is in, what is told about a guess, what a damaged one still holds."""

import re
import unicodedata

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.note import Language

LARGEST_TEXT = 20 << 20
"""Characters of one note."""
ENCODINGS = (
    *("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "cp1250", "cp1251", "shift_jis", "euc-kr"),
    "koi8-r",
)
"""What a person may choose from where a guess is wrong."""
MARKS = (
    *((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xef\xbb\xbf", "utf-8-sig")),
    *((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")),
)
"""Byte order marks; UTF-32's begins like UTF-16's."""
GUESSED_FROM, LOOKED_AT = 2000, 20_000
DAMAGED = 0.1
"""Share of broken characters among those beyond ASCII up to which a text counts as its encoding, damaged."""
Told = tuple[Notice, ...]


def decoded(raw: bytes, path: str, encoding: str = "", stated: str = "") -> tuple[str, str, Told]:
    """Text, encoding, warnings. Order: the `encoding` that a person asked for, byte order mark, the one that the document
    itself `stated`, UTF-8, UTF-16 and UTF-32 by their zeros, GB18030, Big5 or UTF-16 where they make Chinese, each line in its
    own, a damaged UTF-8 or GB18030, Windows-1252, Latin-1.

    Raises `note-binary` for what is no text. A guess is told as `charset-guessed` (NT-08), broken letters as `charset-damaged`.
    """
    if encoding:
        return tidy(raw.decode(encoding, "replace"), path), encoding, ()
    marked = next((name for mark, name in MARKS if raw.startswith(mark)), "")
    if marked:
        return _replaced(raw, marked, path, ())
    if stated and (b"\0" not in raw or stated.startswith(("utf-16", "utf-32"))) and _fits(raw, stated):
        return tidy(raw.decode(stated), path), stated, ()
    wide = by_zeros(raw)
    if wide:
        return _replaced(raw, wide, path, _guessed(wide, path))
    if b"\0" in raw[:65536]:
        name = next((name for name in ("utf-16-le", "utf-16-be") if _chinese_as(raw, name)), "")
        if not name:
            raise MedviewerError("note-binary", path)
        return _replaced(raw, name, path, _guessed(name, path))
    if _fits(raw, "utf-8"):
        told = _guessed("utf-8", path) if stated and not raw.isascii() else ()
        return tidy(raw.decode("utf-8"), path), "utf-8", told
    for name in ("gb18030", "big5", "utf-16-le", "utf-16-be"):
        if _chinese_as(raw, name):
            return tidy(raw.decode(name), path), name, _guessed(name, path)
    text, names = _line_by_line(raw)
    if len(names) > 1:
        told = (Notice("charset-mixed", path, {"charsets": ", ".join(sorted(names))}),)
        return tidy(text, path), "mixed", told + _damage(text, path)
    name = names.pop() if names else "cp1252"
    text = text if name != "cp1252" else _western(raw)
    name = "latin-1" if name == "cp1252" and not re.search(rb"[\x80-\x9f]", raw) else name
    return tidy(text, path), name, (*(() if name == "utf-8" else _guessed(name, path)), *_damage(text, path))


def _fits(raw: bytes, name: str) -> bool:
    try:
        raw.decode(name)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def is_utf8(raw: bytes) -> bool:
    """Whether all of it is valid UTF-8."""
    return _fits(raw, "utf-8")


def _guessed(name: str, path: str) -> Told:
    return (Notice("charset-guessed", path, {"charset": name}),)


def _replaced(raw: bytes, name: str, path: str, told: Told) -> tuple[str, str, Told]:
    text = raw.decode(name, "replace")
    return tidy(text, path), name, told + _damage(text, path)


def _damage(text: str, path: str) -> Told:
    broken = text.count("\ufffd")
    return (Notice("charset-damaged", path, {"n": broken}),) if broken else ()


def by_zeros(raw: bytes) -> str:
    """The UTF-16 or UTF-32 that Latin letters betray by their zeros, "" where none does."""
    head = raw[:GUESSED_FROM]
    if len(raw) >= 8 and len(raw) % 4 == 0:
        zeros = [head[k::4].count(0) / max(1, len(head[k::4])) for k in range(4)]
        if zeros[3] == 1 and zeros[2] > 0.9 and zeros[0] < 0.5:
            return "utf-32-le"
        if zeros[0] == 1 and zeros[1] > 0.9 and zeros[3] < 0.5:
            return "utf-32-be"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(raw) > 3 and max(even, odd) > 0.4 * len(head) / 2 > 2 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _chinese_as(raw: bytes, name: str) -> bool:
    """Do these bytes make Chinese in this encoding?"""
    if name.startswith("utf-16") and len(raw) % 2:
        return False
    try:
        text = raw.decode(name)
    except UnicodeDecodeError:
        return False
    return plausible_chinese(text) or (name == "gb18030" and _pairs(raw))


_HIGH = re.compile(rb"[\x80-\xff]+")


def _pairs(raw: bytes) -> bool:
    """GB 2312 stands in whole pairs, its frequent ideographs begin with B0 to D7: accents of Latin letters do neither."""
    runs = [run[0] for run in _HIGH.finditer(raw[:LOOKED_AT])][: -1 if len(raw) > LOOKED_AT else None]
    leads = [run[k] for run in runs for k in range(0, len(run) - 1, 2)]
    if len(leads) < 2 or any(len(run) % 2 for run in runs):
        return False
    return sum(0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3 for lead in leads) >= 0.8 * len(leads)


def relettered(text: str) -> str:
    """Text that was read as Latin-1 but is UTF-8 or GB 2312, "" where it may well be Latin-1 (TF-01)."""
    if text.isascii() or any(ord(c) > 255 for c in text):
        return ""
    raw = text.encode("latin-1")
    if _fits(raw, "utf-8"):
        return raw.decode("utf-8")
    return raw.decode("gb18030") if _fits(raw, "gb18030") and _pairs(raw) else ""


def _lenient(raw: bytes, name: str) -> str:
    """The text of a damaged encoding: few letters are broken, the others are many; "" where it is another encoding."""
    text = raw.decode(name, "replace")
    broken, good = text.count("\ufffd"), sum(ord(c) > 127 for c in text) - text.count("\ufffd")
    if good < 2 or broken > max(3, DAMAGED * good):
        return ""
    return text if name == "utf-8" or plausible_chinese(text) else ""


def _western(raw: bytes) -> str:
    """Windows-1252, which is Latin-1 with letters where that has control characters; five bytes have no letter."""
    return raw.decode("cp1252", "replace") if re.search(rb"[\x80-\x9f]", raw) else raw.decode("latin-1")


def _line_by_line(raw: bytes) -> tuple[str, set[str]]:
    """Each line in the encoding that fits it, and the encodings that were needed beyond ASCII."""
    lines, names = [], set()
    for line in raw.split(b"\n"):
        text, name = _line(line)
        names |= set() if line.isascii() else {name}
        lines.append(text)
    return "\n".join(lines), names


def _line(line: bytes) -> tuple[str, str]:
    if _fits(line, "utf-8"):
        return line.decode("utf-8"), "utf-8"
    if _chinese_as(line, "gb18030"):
        return line.decode("gb18030"), "gb18030"
    for name in ("utf-8", "gb18030"):
        if text := _lenient(line, name):
            return text, name
    return _western(line), "cp1252"


def preview(raw: bytes, encoding: str, length: int) -> str | None:
    """How the first words beyond ASCII read in an encoding; None where the bytes cannot be in it."""
    start = next((n for n, byte in enumerate(raw) if byte > 127), 0)
    line = raw.rfind(b"\n", 0, start) + 1
    line -= line % 2 if encoding.startswith("utf-16") else 0
    part = raw[max(line, start - 40 * 2) if start - line > 80 else line :][: 8 * length]
    text = part.decode(encoding, "replace")
    beyond = [c for c in text[:-2] if ord(c) > 127]
    if encoding not in ("latin-1", "cp1252") and beyond.count("\ufffd") > 0.02 * len(beyond):
        return None
    return " ".join(text.split())[:length]


_COMMON = frozenset(
    "的一是不了人我在有这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没"
    "日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理"
    "美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北"
    "少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感"
    "金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认"
    "算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完"
    "革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议"
    "形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏痛患病诊断检查疗医疼症肝肺胸腹血压尿"
    "药"
)
"""Frequent Chinese characters, and some of medicine."""


def plausible_chinese(text: str) -> bool:
    """Among characters beyond ASCII, most are Chinese and some are common ones."""
    beyond = [c for c in text[:LOOKED_AT] if ord(c) > 127 and c != "\ufffd"]
    if not beyond:
        return False
    wide = sum("\u3000" <= c <= "\u9fff" or "\uff00" <= c <= "\uffef" for c in beyond)
    return wide > 0.9 * len(beyond) and sum(c in _COMMON for c in beyond) > 0.15 * len(beyond)


_ENDS = str.maketrans({"\x0b": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


def tidy(text: str, path: str) -> str:
    """Line ends as LF, no control characters; offsets are counted in this text. Raises `note-too-long`, `note-binary`."""
    if len(text) > LARGEST_TEXT:
        raise MedviewerError("note-too-long", path, found=len(text), limit=LARGEST_TEXT)
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_ENDS)
    looked = text[:65536]
    controls = sum(unicodedata.category(c) == "Cc" and c not in "\n\t\f" for c in looked)
    if controls > max(2, 0.02 * len(looked)):
        raise MedviewerError("note-binary", path)
    return re.sub(r"[\0-\x08\x0e-\x1f\x7f]", "", text).removeprefix("\ufeff")


def language_of(text: str) -> Language:
    """ "zh" where at least a tenth of the letters are Chinese, "en" where most are Latin, "" else."""
    sample = text[:20000]
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in sample)
    latin = sum(c.isascii() and c.isalpha() for c in sample)
    if chinese and chinese * 3 >= latin * 0.3:
        return "zh"
    other = sum(c.isalpha() and not c.isascii() and not "\u00c0" <= c <= "\u024f" for c in sample)
    return "en" if latin > other else ""
