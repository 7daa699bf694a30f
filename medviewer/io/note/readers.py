"""Which reader takes a note, by content; plain text only as .txt or where the file was named itself."""

import re
from pathlib import Path

from medviewer.core.errors import MedviewerError
from medviewer.core.note import NoteDocument
from medviewer.io.note.cda import cda
from medviewer.io.note.fhir import fhir
from medviewer.io.note.found import Found
from medviewer.io.note.hl7 import hl7, stated_charset
from medviewer.io.note.letters import MARKS, Told, by_zeros, decoded, language_of
from medviewer.io.note.plain import docx, markup, pdf, read_text, rtf
from medviewer.io.note.reports import dicom_document

ABOUT = re.compile(r"(?i)(read.?me|licen[cs]e|copying|notice|changelog|requirements|autorun|sources)\b")
"""Text files that lie beside data and tell of it."""


_CDA = re.compile(rb"urn:hl7-org:v3|<(\w+:)?ClinicalDocument|2\.16\.840\.1\.113883\.10\.20\.")
"""Whole documents, and fragments that name a template of C-CDA."""


def is_note_name(path: str) -> bool:
    """Text in a folder or archive that is meant for a reader: a .txt, but no readme or licence."""
    file = Path(path)
    return file.suffix.lower() == ".txt" and not file.name.startswith(".") and ABOUT.match(file.stem) is None


def claims(head: bytes, named: bool = False) -> str | None:
    """A word for the reader: what any scan takes for a note (RTF, DOCX, PDF, HL7, CDA, FHIR), and any text that was `named`."""
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if b"%PDF-" in head[:1024] and (head.startswith(b"%PDF-") or b" obj" in head):
        return "pdf"
    if named and head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "ole"
    if head.startswith(b"PK\x03\x04"):
        return "docx" if b"[Content_Types].xml" in head or b"word/" in head else None
    wide = _wide(head)
    if wide:
        head = head[: len(head) // 4 * 4].decode(wide, "ignore").encode()
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x0b \r\n\t")
    if bare.startswith((b"MSH", b"FHS", b"BHS")) and len(bare) > 8 and bare[3:4] in b"|^~#!":
        return "hl7"
    if bare.startswith(b"<") and _CDA.search(head) and b"AnnotatedECG" not in head:
        return "cda"
    if bare.startswith(b"{") and b'"resourceType"' in head:
        return "fhir"
    if named and head and (b"\0" not in head or wide):
        return "html" if re.match(rb"(?i)<(!doctype html|html)", bare) else "txt"
    return None


def _wide(head: bytes) -> str:
    """UTF-16 or UTF-32 of a text's first bytes, "" for one byte a Latin letter."""
    marked = next((name for mark, name in MARKS if head.startswith(mark)), "")
    if marked.startswith(("utf-16", "utf-32")):
        return marked
    return by_zeros(head[: len(head) // 4 * 4])


def open_notes(path: str, kind: str, encoding: str = "") -> list[NoteDocument]:
    """The notes of a file, its characters in `encoding` where a person chose one.

    Raises `note-empty`, `note-binary`, `note-damaged`, `note-too-long`, `pdf-without-text` …"""
    raw = read_text(Path(path)) if kind != "dicom" else b""
    found, encoding, told = _read(raw, path, kind, encoding)
    if not any(one.text.strip() for one in found):
        raise MedviewerError("note-empty", path)
    return [_document(one, path, encoding, (*told, *one.warnings), n) for n, one in enumerate(found, 1)]


def _read(raw: bytes, path: str, kind: str, encoding: str) -> tuple[list[Found], str, Told]:
    if kind == "ole":
        raise MedviewerError("note-old-office", path)
    if kind == "dicom":
        return [dicom_document(path)], "utf-8", ()
    if kind == "cda":
        found, name = cda(raw, path, encoding)
        return [found], name, ()
    if kind in ("rtf", "docx", "pdf"):
        words, told = {"rtf": rtf, "docx": docx, "pdf": pdf}[kind](raw, path)
        return [Found(words, kind)], "rtf" if kind == "rtf" else "binary", told
    text, name, told = decoded(raw, path, encoding, stated_charset(raw) if kind == "hl7" else "")
    if kind == "fhir":
        return fhir(text, path), name, told
    if kind == "hl7":
        return hl7(text, path), name, told
    return [Found(markup(text, path) if kind == "html" else text, kind)], name, told


def _document(found: Found, path: str, encoding: str, warnings: Told, n: int) -> NoteDocument:
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
        part=n,
    )
