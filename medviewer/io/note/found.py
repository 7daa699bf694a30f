"""What a document says, and the documents that it carries inside: attachments by their media type or by what they are."""

import base64
import binascii
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.note.letters import Told, decoded
from medviewer.io.note.plain import LARGEST_FILE, docx, markup, pdf, rtf

NOBODY, NO_STUDY = Patient(), Study()


@dataclass(frozen=True, slots=True)
class Found:
    """What a document says: its text and who, when, by whom; what is to be told about it."""

    text: str
    format: str
    patient: Patient = NOBODY
    study: Study = NO_STUDY
    date: str = ""
    author: str = ""
    title: str = ""
    warnings: Told = ()


def embedded(raw: bytes, kind: str, path: str) -> tuple[str, Told]:
    """The text of an attachment of this media type; what it is by content counts where the type is silent."""
    from medviewer.io.note.cda import cda

    kind, _, parameters = kind.lower().partition(";")
    kind = kind.strip()
    charset = re.search(r"charset\s*=\s*[\"']?([\w-]+)", parameters)
    if raw.startswith(b"\x1f\x8b"):
        raw, kind = _gunzipped(raw, path), ""
    readers: tuple[tuple[bool, Callable[[bytes, str], tuple[str, Told]]], ...] = (
        ("rtf" in kind or raw.startswith(b"{\\rtf"), rtf),
        ("pdf" in kind or raw.startswith(b"%PDF"), pdf),
        ("wordprocessingml" in kind or raw.startswith(b"PK\x03\x04"), docx),
    )
    if kind.startswith(("image/", "audio/", "video/", "model/", "font/")):
        raise MedviewerError("note-binary", path)
    for fits, read in readers:
        if fits:
            return read(raw, path)
    if re.match(rb"[^<]{0,100}<(?:[^>]*>\s*<){0,6}(\w+:)?ClinicalDocument", raw[:4000]):
        try:
            inner, _ = cda(raw, path)
            return inner.text, inner.warnings
        except MedviewerError as error:
            if error.notice.code == "xml-unsafe":
                raise  # else a fragment without sections: its words are told as of any XML
    text, _, told = decoded(raw, path, stated=charset[1] if charset else "")
    if "html" in kind or "xml" in kind or re.match(r"\s*<(!doctype|html|\?xml|div)", text, re.IGNORECASE):
        return markup(text, path), told
    return text, told


def left_out(what: str, path: str) -> Notice:
    """A part of a document that is not shown; the rest is."""
    return Notice("note-part-left-out", path, {"what": what})


def _gunzipped(raw: bytes, path: str) -> bytes:
    """Raises `note-bomb` beyond LARGEST_FILE, `note-damaged`."""
    unpack = zlib.decompressobj(31)
    try:
        found = unpack.decompress(raw, LARGEST_FILE)
    except zlib.error as error:
        raise MedviewerError("note-damaged", path, reason="gzip") from error
    if unpack.unconsumed_tail:
        raise MedviewerError("note-bomb", path)
    return found


def unbase64(text: str, path: str) -> bytes:
    """Raises `note-damaged`."""
    try:
        return base64.b64decode("".join(text.split()))
    except (binascii.Error, ValueError) as error:
        raise MedviewerError("note-damaged", path, reason="base64") from error


def hl7_date(value: str) -> str:
    """ "20260103101500" as ISO 8601, as much of it as there is; "" for no date."""
    digits = re.match(r"\d{4,14}", value)
    if not digits or len(digits.group()) < 8:
        return ""
    d = digits.group()
    day = f"{d[:4]}-{d[4:6]}-{d[6:8]}"
    return f"{day}T{d[8:10]}:{d[10:12]}:{(d + '00')[12:14]}" if len(d) >= 12 else day
