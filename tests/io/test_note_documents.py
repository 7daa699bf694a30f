"""Notes in DICOM: the content tree of a structured report, and documents that are carried inside."""

import io

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from medviewer.core.note import NoteDocument
from medviewer.io.scan import scan

BASIC_TEXT, ENCAPSULATED_CDA = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.104.2"


def code(meaning):
    one = Dataset()
    one.CodeValue, one.CodingSchemeDesignator, one.CodeMeaning = "1", "99T", meaning
    return Sequence([one])


def item(kind, name, **values):
    one = Dataset()
    one.ValueType, one.ConceptNameCodeSequence = kind, code(name)
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return one


def document(sop):
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = sop
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.Modality, made.PatientName, made.PatientID, made.StudyDate = "SR", "Test^Person", "T-1", "20260102"
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    return made


def only(path, tmp_path):
    (note,) = scan([path], workspace=tmp_path / "unpacked").items
    assert isinstance(note, NoteDocument)
    return note


def test_a_structured_report_is_read_as_its_content_tree(tmp_path):
    report = document(BASIC_TEXT)
    size = Dataset()
    size.NumericValue, size.MeasurementUnitsCodeSequence = "14", code("mm")
    report.ValueType, report.ConceptNameCodeSequence = "CONTAINER", code("Report")
    report.ContentSequence = Sequence(
        [
            item("TEXT", "Finding", TextValue="No pleural effusion. 未见气胸。"),
            item("NUM", "Diameter", MeasuredValueSequence=Sequence([size])),
            item("CODE", "Impression", ConceptCodeSequence=code("Nodule")),
        ]
    )
    report.save_as(tmp_path / "sr.dcm", enforce_file_format=True)
    note = only(tmp_path / "sr.dcm", tmp_path)
    assert note.text.splitlines() == [
        "Report:",
        "Finding: No pleural effusion. 未见气胸。",
        "Diameter: 14 mm",
        "Impression: Nodule",
    ]
    assert (note.format, note.patient.id, note.study.date) == ("dicom-sr", "T-1", "2026-01-02")


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("text/xml", b"<ClinicalDocument xmlns='urn:hl7-org:v3'><p>No fever.</p></ClinicalDocument>"),
        ("text/rtf", b"{\\rtf1 No fever.}"),
    ],
)
def test_a_document_inside_dicom_is_read_by_its_own_kind(kind, raw, tmp_path):
    carried = document(ENCAPSULATED_CDA)
    carried.MIMETypeOfEncapsulatedDocument, carried.EncapsulatedDocument = kind, raw + b"\0" * (len(raw) % 2)
    carried.EncapsulatedDocumentLength = len(raw)
    carried.save_as(tmp_path / "doc.dcm", enforce_file_format=True)
    note = only(tmp_path / "doc.dcm", tmp_path)
    assert note.text.strip() == "No fever."
    assert note.patient.name == "Test^Person"


def test_a_report_whose_names_have_escape_sequences_belongs_to_the_images_patient(tmp_path):
    """ISO 2022 IR 58, as Chinese equipment writes it; the designation is no letter of the name."""
    report = document(BASIC_TEXT)
    report.SpecificCharacterSet = ["", "ISO 2022 IR 58"]
    report.PatientName, report.ValueType, report.ConceptNameCodeSequence = "N" * 30, "CONTAINER", code("Report")
    report.ContentSequence = Sequence([item("TEXT", "Finding", TextValue="T" * 20)])
    memory = io.BytesIO()
    report.save_as(memory, enforce_file_format=True)
    name, words = (b"\x1b$)A" + part.encode("gb2312") for part in ("王", "未见积液"))
    name = b"Wang^XiaoMing=" + name + b"^\x1b$)A" + "小明".encode("gb2312")
    raw = memory.getvalue().replace(b"N" * 30, name.ljust(30)).replace(b"T" * 20, words.ljust(20))
    (tmp_path / "sr.dcm").write_bytes(raw)
    note = only(tmp_path / "sr.dcm", tmp_path)
    assert (note.patient.name, note.text) == ("Wang^XiaoMing=王^小明", "Report:\nFinding: 未见积液")
