"""A report as DICOM: an Encapsulated PDF (PS3.3 A.45.1) and an Enhanced SR (PS3.3 A.35.2); each is read back before it counts."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medviewer import __version__
from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient, Study

PDF_CLASS, SR_CLASS = "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.88.22"
NOTICE = "Research use only – not for diagnosis"
PRIVATE = "99MEDVIEWER"
"""Coding scheme of labels that are the program's own."""
LONGEST = 64
"""Characters of an LO, and of each group of a PN (PS3.5 6.2)."""
_CONTROLS = re.compile(r"[\\\0-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Measured:
    """One accepted finding for the SR: what, the probability (None where there is none), who accepted it, with which network."""

    name: str
    code: str
    probability: float | None
    where: str
    who: str
    model: str


@dataclass(frozen=True, slots=True)
class Written:
    """What both objects say about themselves; `sections` are (heading, text) of the SR."""

    patient: Patient
    study: Study
    title: str
    author: str
    created: str
    signed_by: str
    signed_at: str
    language: str
    findings: tuple[Measured, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()
    evidence: tuple[tuple[str, str, str, str], ...] = ()
    """(study UID, series UID, SOP class UID, SOP instance UID) of the images that the report is about."""


def encapsulated_pdf(about: Written, pdf: bytes) -> bytes:
    """The DICOM file. Raises `output-differs` where it does not read back, `report-id-unfit`."""
    ds = _base(about, PDF_CLASS, "DOC")
    ds.InstanceNumber = 1
    ds.ContentDate, ds.ContentTime = _moment(about.created)
    ds.AcquisitionDateTime = "".join(_moment(about.created))
    ds.BurnedInAnnotation, ds.ConversionType = "YES", "WSD"
    ds.DocumentTitle = about.title
    ds.ConceptNameCodeSequence = [_code("11528-7", "LN", "Radiology Report")]
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument = pdf + (b"\0" if len(pdf) % 2 else b"")
    ds.EncapsulatedDocumentLength = len(pdf)
    return _bytes(ds, lambda read: read.EncapsulatedDocument[: len(pdf)] == pdf)


def structured_report(about: Written) -> bytes:
    """Accepted findings as a container each, with probability, network and who; the report's sections as text."""
    from highdicom.sr import ContainerContentItem, RelationshipTypeValues, TextContentItem

    inside = RelationshipTypeValues.CONTAINS
    ds = _base(about, SR_CLASS, "SR")
    ds.InstanceNumber = 1
    ds.ContentDate, ds.ContentTime = _moment(about.created)
    ds.CodingSchemeIdentificationSequence = [_scheme()]
    ds.CompletionFlag = "COMPLETE" if about.signed_by else "PARTIAL"
    ds.VerificationFlag = "VERIFIED" if about.signed_by else "UNVERIFIED"
    if about.signed_by:
        ds.VerifyingObserverSequence = [_observer(about)]
    ds.PerformedProcedureCodeSequence = []
    ds.ReferencedPerformedProcedureStepSequence = []
    if about.evidence:
        ds.CurrentRequestedProcedureEvidenceSequence = _evidence(about.evidence)
    root = ContainerContentItem(name=_coded("11528-7", "LN", "Radiology Report"))
    content = [*_context(about), *(_finding(one) for one in about.findings)]
    for heading, words in about.sections:
        section = ContainerContentItem(name=_coded("121070", "DCM", "Findings"), relationship_type=inside)
        said = f"{heading}\n{words}".strip() or "–"
        section.ContentSequence = [TextContentItem(_coded("121071", "DCM", "Finding"), said, inside)]
        content.append(section)
    root.ContentSequence = content
    for element in root:
        ds[element.tag] = element
    return _bytes(ds, lambda read: len(read.ContentSequence) == len(content))


def _context(about: Written) -> list[Any]:
    from highdicom.sr import (
        CodeContentItem,
        DateTimeContentItem,
        PnameContentItem,
        RelationshipTypeValues,
        TextContentItem,
    )
    from pydicom.valuerep import DT

    aside = RelationshipTypeValues.HAS_CONCEPT_MOD
    told = RelationshipTypeValues.HAS_OBS_CONTEXT
    language = _coded("zh-CN", "RFC5646", "Chinese") if about.language.startswith("zh") else _coded("en", "RFC5646", "English")
    return [
        CodeContentItem(_coded("121049", "DCM", "Language of Content Item and Descendants"), language, aside),
        PnameContentItem(_coded("121008", "DCM", "Person Observer Name"), _person(about.author), told),
        DateTimeContentItem(_coded("111526", "DCM", "DateTime Started"), DT("".join(_moment(about.created))), told),
        TextContentItem(_coded("121106", "DCM", "Comment"), NOTICE, RelationshipTypeValues.CONTAINS),
    ]


def _finding(one: Measured) -> Any:
    from highdicom.sr import ContainerContentItem, NumContentItem, RelationshipTypeValues, TextContentItem

    inside = RelationshipTypeValues.CONTAINS
    container = ContainerContentItem(name=_coded("121071", "DCM", "Finding"), relationship_type=inside)
    # A label is the program's own code: no terminology has "score of this network above its threshold".
    content = [TextContentItem(_coded(one.code[:16], PRIVATE, one.code[:64]), one.name, inside)]
    if one.probability is not None:
        unit = _coded("1", "UCUM", "no units")
        content.append(
            NumContentItem(_coded("PROBABILITY", PRIVATE, "Probability"), float(one.probability), unit, relationship_type=inside)
        )
    for name, words in (("Where", one.where), ("Accepted by", one.who), ("Network", one.model)):
        if words:
            content.append(TextContentItem(_coded(name.upper().replace(" ", "-"), PRIVATE, name), words, inside))
    container.ContentSequence = content
    return container


def _base(about: Written, sop_class: str, modality: str) -> Any:
    """Patient, study, series, equipment, SOP common."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid(prefix=None)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    who, study = about.patient, about.study
    if len(who.id) > LONGEST or _CONTROLS.search(who.id):
        raise MedviewerError("report-id-unfit", limit=LONGEST)
    ds.PatientName, ds.PatientID = _name(who.name), who.id
    ds.PatientBirthDate, ds.PatientSex = _day(who.birth_date), who.sex if who.sex in ("M", "F", "O") else ""
    ds.StudyInstanceUID = study.uid or generate_uid(prefix=None)
    ds.StudyDate, ds.StudyTime = _day(study.date), study.time.replace(":", "")[:16]
    accession = study.accession if len(study.accession) <= 16 else ""
    ds.StudyID, ds.AccessionNumber, ds.StudyDescription = "", _plain(accession), _plain(study.description)
    ds.ReferringPhysicianName = ""
    ds.SeriesInstanceUID, ds.SeriesNumber = generate_uid(prefix=None), 9001 if modality == "DOC" else 9002
    ds.Modality, ds.SeriesDescription = modality, about.title[:64]
    ds.Manufacturer, ds.ManufacturerModelName, ds.SoftwareVersions = "medviewer", "medviewer", __version__
    ds.DeviceSerialNumber = "0"
    today = datetime.now(UTC)
    ds.InstanceCreationDate, ds.InstanceCreationTime = f"{today:%Y%m%d}", f"{today:%H%M%S}"
    return ds


def _plain(words: str) -> str:
    """As an LO takes it: one line, LONGEST characters, no backslash, which would part two values."""
    return _CONTROLS.sub(" ", words).strip()[:LONGEST]


def _name(name: str) -> str:
    """A PN: LONGEST characters in each of at most three groups; the report's pages have the whole name."""
    return "=".join(_plain(group) for group in name.split("=")[:3])


def _day(date: str) -> str:
    """DA of an ISO date; a year alone is none."""
    digits = date[:10].replace("-", "")
    return digits if re.fullmatch(r"\d{8}", digits) else ""


def _person(name: str) -> str:
    """A person's name as DICOM writes it: what a user typed is the family name, a caret after it."""
    name = " ".join(_plain(name).split())[: LONGEST - 2] or "-"
    return name if "^" in name else f"{name}^"


def _scheme() -> Any:
    from pydicom.dataset import Dataset

    one = Dataset()
    one.CodingSchemeDesignator, one.CodingSchemeName = PRIVATE, "Labels of medviewer's networks and lexicon"
    return one


def _observer(about: Written) -> Any:
    from pydicom.dataset import Dataset

    one = Dataset()
    one.VerifyingObserverName, one.VerifyingOrganization = _person(about.signed_by), "medviewer"
    one.VerificationDateTime = "".join(_moment(about.signed_at or about.created))
    one.VerifyingObserverIdentificationCodeSequence = []
    return one


def _evidence(images: Sequence[tuple[str, str, str, str]]) -> list[Any]:
    from pydicom.dataset import Dataset

    studies: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for study, series, sop_class, instance in images:
        studies.setdefault(study, {}).setdefault(series, []).append((sop_class, instance))
    found = []
    for study, series_of in studies.items():
        one = Dataset()
        one.StudyInstanceUID, one.ReferencedSeriesSequence = study, []
        for series, instances in series_of.items():
            part = Dataset()
            part.SeriesInstanceUID, part.ReferencedSOPSequence = series, []
            for sop_class, instance in instances:
                image = Dataset()
                image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = sop_class, instance
                part.ReferencedSOPSequence.append(image)
            one.ReferencedSeriesSequence.append(part)
        found.append(one)
    return found


def evidence_of(paths: Sequence[str]) -> tuple[tuple[str, str, str, str], ...]:
    """What an SR refers to, from the headers of DICOM files; other files are left out."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    found = []
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")
    for path in dict.fromkeys(paths):
        try:
            ds = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(names))
            found.append((str(ds[names[0]].value), str(ds[names[1]].value), str(ds[names[2]].value), str(ds[names[3]].value)))
        except (InvalidDicomError, OSError, KeyError, ValueError):
            continue
    return tuple(found)


def _bytes(ds: Any, same: Any) -> bytes:
    """The file's bytes, read back."""
    import pydicom

    memory = io.BytesIO()
    ds.save_as(memory, enforce_file_format=True)
    raw = memory.getvalue()
    if not same(pydicom.dcmread(io.BytesIO(raw))):
        raise MedviewerError("output-differs", str(Path(str(ds.SOPInstanceUID))))
    return raw


def _moment(created: str) -> tuple[str, str]:
    """DA and TM of an ISO time."""
    return created[:10].replace("-", ""), created[11:19].replace(":", "")


def _code(value: str, scheme: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _coded(value: str, scheme: str, meaning: str) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(value, scheme, meaning)
