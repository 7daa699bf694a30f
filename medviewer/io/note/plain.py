"""Texts: plain, RTF, DOCX, PDF and HTML → characters, with the encoding that gave them."""

import io
import re
import unicodedata
import zipfile
import zlib
from html.parser import HTMLParser
from pathlib import Path

from defusedxml import DefusedXmlException

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.note import Language
from medviewer.io.note.columns import page_text
from medviewer.io.note.office import office_lines
from medviewer.io.note.rtf import unified

LARGEST_FILE = 64 << 20
LARGEST_TEXT = 20 << 20
"""Characters of one note."""
LARGEST_PART = 256 << 20
"""Bytes of an unpacked DOCX, and of each of its parts."""
LARGEST_RATIO = 200
_UNPACKING = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
"""What a damaged or encrypted ZIP raises."""


ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "shift_jis", "euc-kr", "koi8-r")
"""What a person may choose from where a guess is wrong."""


def decoded(raw: bytes, path: str, encoding: str = "") -> tuple[str, str, tuple[Notice, ...]]:
    """Text, encoding, warnings. Order: the `encoding` that was asked for, byte order mark, UTF-8, UTF-16 by its zeros, GB18030
    or Big5 where they make Chinese, Latin-1. Mixed encodings: what is not of the file's own is read line by line.

    Raises `note-binary` for what is no text. A guess is told as `charset-guessed` (NT-08).
    """
    if encoding:
        return _text(raw.decode(encoding, "replace"), path), encoding, ()
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return _text(raw.decode(name, "replace"), path), name, ()
    zeros_even, zeros_odd = raw[0:2000:2].count(0), raw[1:2000:2].count(0)
    if len(raw) > 3 and max(zeros_even, zeros_odd) > 0.4 * len(raw[:2000]) / 2 > 2 * min(zeros_even, zeros_odd):
        name = "utf-16-le" if zeros_odd > zeros_even else "utf-16-be"
        return _text(raw.decode(name, "replace"), path), name, (Notice("charset-guessed", path, {"charset": name}),)
    if b"\0" in raw[:65536]:
        raise MedviewerError("note-binary", path)
    try:
        return _text(raw.decode("utf-8"), path), "utf-8", ()
    except UnicodeDecodeError:
        pass
    for name in ("gb18030", "big5"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if _plausible_chinese(text):
            return _text(text, path), name, (Notice("charset-guessed", path, {"charset": name}),)
    text, names = _line_by_line(raw)
    if len(names) > 1:
        return _text(text, path), "mixed", (Notice("charset-mixed", path, {"charsets": ", ".join(sorted(names))}),)
    text = raw.decode("latin-1")
    return _text(text, path), "latin-1", (Notice("charset-guessed", path, {"charset": "latin-1"}),)


def _line_by_line(raw: bytes) -> tuple[str, set[str]]:
    """Each line in the encoding that fits it, and the encodings that were needed beyond ASCII."""
    lines, names = [], set()
    for line in raw.split(b"\n"):
        for name in ("utf-8", "gb18030", "latin-1"):
            try:
                text = line.decode(name)
            except UnicodeDecodeError:
                continue
            if name != "gb18030" or _plausible_chinese(text):
                names |= set() if line.isascii() else {name}
                lines.append(text)
                break
    return "\n".join(lines), names


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


def _plausible_chinese(text: str) -> bool:
    """Among characters beyond ASCII, most are Chinese and some are common ones."""
    beyond = [c for c in text[:20000] if ord(c) > 127]
    if not beyond:
        return False
    wide = sum("\u3000" <= c <= "\u9fff" or "\uff00" <= c <= "\uffef" for c in beyond)
    return wide > 0.9 * len(beyond) and sum(c in _COMMON for c in beyond) > 0.15 * len(beyond)


def _text(text: str, path: str) -> str:
    """Line ends as LF, no control characters; offsets are counted in this text."""
    if len(text) > LARGEST_TEXT:
        raise MedviewerError("note-too-long", path, found=len(text), limit=LARGEST_TEXT)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    controls = sum(unicodedata.category(c) == "Cc" and c not in "\n\t\f" for c in text[:65536])
    if controls > 0.02 * max(1, len(text[:65536])):
        raise MedviewerError("note-binary", path)
    return re.sub(r"[\0-\x08\x0b\x0e-\x1f\x7f]", "", text).removeprefix("\ufeff")


def language_of(text: str) -> Language:
    """ "zh" where at least a tenth of the letters are Chinese, "en" where most are Latin, "" else."""
    sample = text[:20000]
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in sample)
    latin = sum(c.isascii() and c.isalpha() for c in sample)
    if chinese and chinese * 3 >= latin * 0.3:
        return "zh"
    other = sum(c.isalpha() and not c.isascii() and not "\u00c0" <= c <= "\u024f" for c in sample)
    return "en" if latin > other else ""


def rtf(raw: bytes, path: str) -> str:
    """RTF by striprtf. Raises `note-damaged`."""
    from striprtf.striprtf import rtf_to_text

    if raw.count(b"{") > 1_000_000 or len(raw) > LARGEST_FILE:
        raise MedviewerError("note-damaged", path, reason="RTF")
    try:
        found = rtf_to_text(unified(raw), encoding="cp1252", errors="replace")
        found = str(found).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    except (ValueError, IndexError, KeyError, LookupError, RecursionError, AttributeError, TypeError) as error:
        raise MedviewerError("note-damaged", path, reason=f"RTF: {type(error).__name__}") from error
    return _text(found, path)


def docx(raw: bytes, path: str) -> str:
    """Headers, body, footnotes and footers of a DOCX, as they read with all changes accepted. Raises `note-bomb`,
    `note-damaged`, `xml-unsafe`."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            if sum(part.file_size for part in parts.infolist()) > LARGEST_PART:
                raise MedviewerError("note-bomb", path)
            for part in parts.infolist():
                if part.file_size > LARGEST_PART or part.file_size > LARGEST_RATIO * max(part.compress_size, 4096):
                    raise MedviewerError("note-bomb", path)
            lines = office_lines(parts)
    except DefusedXmlException as error:
        raise MedviewerError("xml-unsafe", path, reason=type(error).__name__) from error
    except (*_UNPACKING, KeyError, ValueError, SyntaxError, RecursionError) as error:
        raise MedviewerError("note-damaged", path, reason=f"DOCX: {type(error).__name__}") from error
    return _text("\n".join(lines), path)


def pdf(raw: bytes, path: str) -> str:
    """The text layer of a PDF. Raises `pdf-without-text`, `note-damaged`."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(raw)
        pages = [page_text(page) for page in document]
    except (pypdfium2.PdfiumError, ValueError, RuntimeError) as error:
        raise MedviewerError("note-damaged", path, reason="PDF") from error
    text = "\n".join(pages)
    if not text.strip():
        raise MedviewerError("pdf-without-text", path)
    return _text(text, path)


class _Markup(HTMLParser):
    """Text of HTML or CDA narrative; block elements end lines, table cells are parted by tabs."""

    BLOCKS = frozenset(
        ("p", "br", "div", "li", "item", "tr", "paragraph", "h1", "h2", "h3", "h4", "title", "caption", "table", "list")
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        if tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0
        self.parts.append("\n" if tag in self.BLOCKS else "\t" if tag in ("td", "th") else "")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def markup(text: str, path: str) -> str:
    """The words of HTML."""
    reader = _Markup()
    reader.feed(text)
    return _text(re.sub(r"[ \t]*\n\s*\n+", "\n", "".join(reader.parts)).strip(), path)


def read_text(file: Path) -> bytes:
    """The file's bytes. Raises `note-too-long`."""
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise MedviewerError("note-too-long", str(file), found=size, limit=LARGEST_FILE)
    return file.read_bytes()
