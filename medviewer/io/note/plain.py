"""RTF, DOCX, PDF and HTML → characters, and what is to be told about them."""

import io
import re
import zipfile
import zlib
from html.parser import HTMLParser
from pathlib import Path

from defusedxml import DefusedXmlException

from medviewer.core.errors import MedviewerError, Notice
from medviewer.io.note.columns import page_text
from medviewer.io.note.letters import Told, tidy
from medviewer.io.note.office import office_lines
from medviewer.io.note.rtf import rtf_text

LARGEST_FILE = 64 << 20
LARGEST_PART = 256 << 20
"""Bytes of an unpacked DOCX, and of each of its parts."""
LARGEST_RATIO = 200
UNKNOWN = 0.2
"""Share of a PDF's letters without a meaning (no ToUnicode) from which on it is told."""
_UNPACKING = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
"""What a damaged or encrypted ZIP raises."""


def rtf(raw: bytes, path: str) -> tuple[str, Told]:
    """Raises `note-damaged`, `note-binary`."""
    if raw.count(b"{") > 1_000_000 or len(raw) > LARGEST_FILE:
        raise MedviewerError("note-damaged", path, reason="RTF")
    text = rtf_text(raw)
    return tidy(text, path), _damage_told(text, path)


def _damage_told(text: str, path: str) -> Told:
    broken = text.count("\ufffd")
    return (Notice("charset-damaged", path, {"n": broken}),) if broken else ()


def docx(raw: bytes, path: str) -> tuple[str, Told]:
    """Headers, body, notes, comments and footers of a DOCX, as they read with all changes accepted. Raises `note-bomb`,
    `note-damaged`, `note-no-word`, `xml-unsafe`."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            if sum(part.file_size for part in parts.infolist()) > LARGEST_PART:
                raise MedviewerError("note-bomb", path)
            for part in parts.infolist():
                if part.file_size > LARGEST_PART or part.file_size > LARGEST_RATIO * max(part.compress_size, 4096):
                    raise MedviewerError("note-bomb", path)
            if not any(name.startswith("word/") for name in parts.namelist()):
                raise MedviewerError("note-no-word", path)
            lines = office_lines(parts)
    except DefusedXmlException as error:
        raise MedviewerError("xml-unsafe", path, reason=type(error).__name__) from error
    except (*_UNPACKING, KeyError, ValueError, SyntaxError, RecursionError) as error:
        raise MedviewerError("note-damaged", path, reason=f"DOCX: {type(error).__name__}") from error
    text = "\n".join(lines)
    return tidy(text, path), _damage_told(text, path)


def pdf(raw: bytes, path: str) -> tuple[str, Told]:
    """The text layer of a PDF; pages without one and letters without a meaning are told. Raises `pdf-without-text`,
    `pdf-encrypted`, `note-damaged`."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(raw)
        pages = [page_text(page) for page in document]
        drawn = [any(True for _ in page.get_objects(max_depth=1)) for page in document]
    except (pypdfium2.PdfiumError, ValueError, RuntimeError) as error:
        code = "pdf-encrypted" if "assword" in str(error) else "note-damaged"
        raise MedviewerError(code, path, **({} if code == "pdf-encrypted" else {"reason": "PDF"})) from error
    text = "\n".join(words for words, _ in pages)
    if not text.strip():
        raise MedviewerError("pdf-without-text", path)
    empty = [str(n) for n, ((words, _), ink) in enumerate(zip(pages, drawn, strict=True), 1) if ink and not words.strip()]
    told = [Notice("pdf-pages-without-text", path, {"pages": ", ".join(empty[:20]), "n": len(empty)})] if empty else []
    unknown, letters = sum(n for _, n in pages), sum(not c.isspace() for c in text)
    if unknown > UNKNOWN * letters:
        told.append(Notice("pdf-letters-unknown", path, {"share": round(100 * unknown / max(1, letters))}))
    return tidy(text, path), tuple(told)


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
    return tidy(re.sub(r"[ \t]*\n\s*\n+", "\n", "".join(reader.parts)).strip(), path)


def read_text(file: Path) -> bytes:
    """The file's bytes. Raises `note-too-long`."""
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise MedviewerError("note-too-long", str(file), found=size, limit=LARGEST_FILE)
    return file.read_bytes()
