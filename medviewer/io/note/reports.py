"""DICOM structured reports and encapsulated documents: DICOM PS3.3 A.35 and A.45."""

from collections.abc import Iterator
from typing import Any

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io import values
from medviewer.io.dicom import damage_told
from medviewer.io.note.found import Found, embedded, hl7_date
from medviewer.io.note.letters import Told, relettered, tidy

ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."


def dicom_document(path: str) -> Found:
    """The content tree of a structured report, or the encapsulated PDF, CDA or text. Raises `dicom-damaged`, `note-empty`."""
    import pydicom

    with damage_told(path):
        dataset = pydicom.dcmread(path, force=True)
        raw_words = {n: getattr(dataset.get_item(n), "value", None) for n in _DICOM_WORDS}
        sop = str(dataset.get("SOPClassUID") or "")
        if sop.startswith(ENCAPSULATED):
            raw, kind = (
                bytes(dataset.get("EncapsulatedDocument") or b""),
                str(dataset.get("MIMETypeOfEncapsulatedDocument") or ""),
            )
            size = dataset.get("EncapsulatedDocumentLength")
            text, told = embedded(raw[: int(size)] if size else raw.rstrip(b"\0"), kind, path)
            form = "dicom-document"
        else:
            text, told = _lettered("\n".join(_content(dataset, 0)), path)
            form = "dicom-sr"
        word = {n: _word(raw_words[n], dataset, n) for n in _DICOM_WORDS}
    if not text.strip():
        raise MedviewerError("note-empty", path)
    date, born = (hl7_date(word[n]) for n in ("ContentDate", "PatientBirthDate"))
    study_date = hl7_date(word["StudyDate"])[:10]
    clock = word["StudyTime"]
    study = Study(
        word["StudyInstanceUID"],
        study_date,
        f"{clock[:2]}:{clock[2:4]}:{clock[4:6]}" if clock[:6].isdigit() and len(clock) >= 6 else "",
        word["StudyDescription"],
        word["AccessionNumber"],
    )
    patient = Patient(word["PatientID"], word["PatientName"], born[:10], word["PatientSex"])
    title = word["DocumentTitle"] or word["SeriesDescription"]
    return Found(text, form, patient, study, (date or study_date)[:10], "", title, told)


def _word(raw: Any, dataset: Any, name: str) -> str:
    """A value as images read it: who has both must be one patient, whatever escapes the name is written with."""
    if not isinstance(raw, bytes):
        return str(dataset.get(name) or "").strip(" \0")
    charset = dataset.get("SpecificCharacterSet") or ""
    terms = [charset] if isinstance(charset, str) else list(charset)
    return values.text(raw, "\\".join(map(str, terms)).encode("ascii", "replace"), name == "PatientName")


def _lettered(text: str, path: str) -> tuple[str, Told]:
    """Lines in the letters that they were written in: pydicom reads what breaks the stated character set as Latin-1, and leaves
    the designation of ISO 2022 IR 58 in the text."""
    lines, guessed = [], ""
    for line in tidy(text.replace("\x1b$)A", ""), path).split("\n"):
        seen = relettered(line)
        lines.append(seen or line)
        guessed = guessed or ("gb18030" if any("\u4e00" <= c <= "\u9fff" for c in seen) else "utf-8" if seen else "")
    return "\n".join(lines), (Notice("charset-guessed", path, {"charset": guessed}),) if guessed else ()


_DICOM_WORDS = (
    *("ContentDate", "PatientBirthDate", "StudyDate", "StudyTime", "StudyInstanceUID", "StudyDescription", "AccessionNumber"),
    *("PatientID", "PatientName", "PatientSex", "DocumentTitle", "SeriesDescription"),
)


def _content(item: Any, depth: int) -> Iterator[str]:
    """Lines of one content item and its children, indented by depth."""
    if depth > 40:
        return
    name = _code(item.get("ConceptNameCodeSequence"))
    kind = str(item.get("ValueType") or "")
    value = ""
    if kind in ("TEXT", "UIDREF"):
        value = str(item.get("TextValue") or item.get("UID") or "")
    elif kind == "CODE":
        value = _code(item.get("ConceptCodeSequence"))
    elif kind == "NUM":
        measured = (item.get("MeasuredValueSequence") or [None])[0]
        if measured is not None:
            value = f"{measured.get('NumericValue', '')} {_code(measured.get('MeasurementUnitsCodeSequence'))}".strip()
        value = value or _code(item.get("NumericValueQualifierCodeSequence"))
    elif kind in ("PNAME", "DATE", "TIME", "DATETIME"):
        value = str(item.get("PersonName") or item.get("Date") or item.get("Time") or item.get("DateTime") or "")
    if name or value:
        yield f"{name}: {value}".strip() if value and name else f"{name}:" if name else value
    for child in item.get("ContentSequence") or ():
        yield from _content(child, depth + 1)


def _code(sequence: Any) -> str:
    """Its meaning, else the code itself."""
    names = ("CodeMeaning", "CodeValue", "LongCodeValue", "URNCodeValue")
    return next((str(sequence[0].get(name)) for name in names if sequence[0].get(name)), "") if sequence else ""
