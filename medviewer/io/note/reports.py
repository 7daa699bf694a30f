"""DICOM structured reports and encapsulated documents: DICOM PS3.3 A.35 and A.45."""

from collections.abc import Iterator
from typing import Any

from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient, Study
from medviewer.io.dicom import damage_told
from medviewer.io.note.structured import Found, embedded, hl7_date

SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."
ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."


def dicom_document(path: str) -> Found:
    """The content tree of a structured report, or the encapsulated PDF, CDA or text. Raises `dicom-damaged`, `note-empty`."""
    import pydicom

    with damage_told(path):
        dataset = pydicom.dcmread(path, force=True)
        sop = str(dataset.get("SOPClassUID") or "")
        if sop.startswith(ENCAPSULATED):
            raw, kind = (
                bytes(dataset.get("EncapsulatedDocument") or b""),
                str(dataset.get("MIMETypeOfEncapsulatedDocument") or ""),
            )
            size = dataset.get("EncapsulatedDocumentLength")
            text, form = embedded(raw[: int(size)] if size else raw.rstrip(b"\0"), kind, path), "dicom-document"
        else:
            text, form = "\n".join(_content(dataset, 0)), "dicom-sr"
        word = {n: str(dataset.get(n) or "").strip(" \0") for n in _DICOM_WORDS}
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
    return Found(text, form, patient, study, (date or study_date)[:10], "", title)


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
    elif kind in ("PNAME", "DATE", "TIME", "DATETIME"):
        value = str(item.get("PersonName") or item.get("Date") or item.get("Time") or item.get("DateTime") or "")
    if name or value:
        yield f"{name}: {value}".strip() if value and name else f"{name}:" if name else value
    for child in item.get("ContentSequence") or ():
        yield from _content(child, depth + 1)


def _code(sequence: Any) -> str:
    return str(sequence[0].get("CodeMeaning") or "") if sequence else ""
