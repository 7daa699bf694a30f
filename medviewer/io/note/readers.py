"""Which reader takes a note, by content; plain text only as .txt or where the file was named itself."""

import re
from pathlib import Path

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.note import NoteDocument
from medviewer.io.note.plain import decoded, docx, language_of, markup, pdf, read_text, rtf
from medviewer.io.note.reports import dicom_document
from medviewer.io.note.structured import Found, cda, fhir, hl7

ABOUT = re.compile(r"(?i)(read.?me|licen[cs]e|copying|notice|changelog|requirements|autorun|sources)\b")
"""Text files that lie beside data and tell of it."""


def is_note_name(path: str) -> bool:
    """Text in a folder or archive that is meant for a reader: a .txt, but no readme or licence."""
    file = Path(path)
    return file.suffix.lower() == ".txt" and not file.name.startswith(".") and ABOUT.match(file.stem) is None


def claims(head: bytes, named: bool = False) -> str | None:
    """A word for the reader: what any scan takes for a note (RTF, DOCX, PDF, HL7, CDA, FHIR), and any text that was `named`."""
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return "docx" if b"[Content_Types].xml" in head or b"word/" in head else None
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"MSH") and len(bare) > 8 and bare[3:4] in b"|^~#!":
        return "hl7"
    if bare.startswith(b"<") and re.search(rb"urn:hl7-org:v3|<(\w+:)?ClinicalDocument", head) and b"AnnotatedECG" not in head:
        return "cda"
    if bare.startswith(b"{") and b'"resourceType"' in head:
        return "fhir"
    if named and head and (b"\0" not in head or head[:2] in (b"\xff\xfe", b"\xfe\xff") or _wide(head)):
        return "html" if re.match(rb"(?i)<(!doctype html|html)", bare) else "txt"
    return None


def _wide(head: bytes) -> bool:
    zeros = [head[k::2].count(0) for k in (0, 1)]
    return max(zeros) > 0.4 * len(head) / 2 > 2 * min(zeros)


def open_notes(path: str, kind: str, encoding: str = "") -> list[NoteDocument]:
    """The notes of a file, its characters in `encoding` where a person chose one.

    Raises `note-empty`, `note-binary`, `note-damaged`, `note-too-long`, `pdf-without-text` …"""
    file = Path(path)
    raw = read_text(file) if kind != "dicom" else b""
    chosen, encoding = encoding, "utf-8"
    warnings: tuple[Notice, ...] = ()
    if kind == "dicom":
        found = [dicom_document(path)]
    elif kind == "cda":
        found = [cda(raw, path)]
    elif kind in ("rtf", "docx", "pdf"):
        found = [Found({"rtf": rtf, "docx": docx, "pdf": pdf}[kind](raw, path), kind)]
        encoding = "rtf" if kind == "rtf" else "binary"
    else:
        text, encoding, warnings = decoded(raw, path, chosen)
        if kind == "fhir":
            found = fhir(text, path)
        elif kind == "hl7":
            found = hl7(text, path)
        else:
            found = [Found(markup(text, path) if kind == "html" else text, kind)]
    if not any(one.text.strip() for one in found):
        raise MedviewerError("note-empty", path)
    return [_document(one, path, encoding, warnings, n) for n, one in enumerate(found, 1)]


def _document(found: Found, path: str, encoding: str, warnings: tuple[Notice, ...], n: int) -> NoteDocument:
    stem = Path(path).stem
    language = language_of(found.text)
    return NoteDocument(
        item=stem if n == 1 else f"{stem}-{n}",
        patient=found.patient,
        study=found.study,
        path=path,
        format=found.format,
        text=found.text,
        encoding=encoding,
        language=language,
        date=found.date,
        author=found.author,
        title=found.title,
        warnings=warnings,
        has_identity=found.patient.known,
    )
