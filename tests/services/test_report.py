"""A report says what a person accepted, whose it is, and where each answer comes from; as data, text and DICOM."""

import io
import re
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from made import image_series

from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Decision, Finding, Interval, Provenance, Region, Result, Score, SelfCheck, Span
from medviewer.core.identity import Patient, Study
from medviewer.core.note import NoteDocument
from medviewer.io.ecg.leads import held_record
from medviewer.services.report import EcgStrip, Excerpt, Heading, KeyImage, Material, Table, as_text, build
from medviewer.services.reporting import as_dicom
from medviewer.services.session import Session

PERSON = Patient("T-1", "Test^Person=测试^人", "1970-01-01", "O")
TEXT = "Admitted with cough. Chest film: pneumonia of the right lower lobe. No effusion was seen at all."
YES = Decision("accepted", "reader", "2026-01-03T10:04:00+00:00")


def made(model):
    return Provenance(model, "1.2", "f" * 64, "e" * 64, "p/1", "0.1", "2.1", "cpu", 0, "2026-01-03T09:00:00+00:00")


def items():
    image = replace(image_series(np.zeros((2, 8, 8), np.uint16)), patient=PERSON, study=Study("1.2.3", "2026-01-02"))
    record = held_record("", "wfdb", "rec", [("II", 100.0, np.zeros(2000), 0.005)], start="2026-01-02T08:00:00")
    note = NoteDocument("note", PERSON, Study(), "n.txt", "txt", TEXT, "utf-8", "en", "2026-01-01", title="Visit")
    return image, replace(record, patient=PERSON), note


def results(decision=YES):
    image = items()[0]
    at = TEXT.index("pneumonia")
    score = Score("pneumonia", 0.9, 0.8, 0.95, 0.58)
    beats = Score("V", 0.03, 0.03, 0.03)
    found = [
        Finding("i/x", image.item, "image", "pneumonia", score, Region(1), made("cxr-x"), decision=decision),
        Finding("r/x", "rec", "ecg", "V", beats, Interval(900, 980), made("ecg-x"), decision=decision, facts={"count": 4}),
        Finding("n/x", "note", "note", "pneumonia", Score("pneumonia", 1, 1, 1), Span(at, at + 9), made("note-mentions"),
                decision=decision, facts={"state": "present", "side": "right", "count": 1}),
    ]  # fmt: skip
    check = SelfCheck(0.3, 0.1, None, True)
    return [
        Result(one.item, 1 if one.kind == "image" else None, one.provenance.model, "ok", scores=(one.score,), findings=(one,),
               provenance=one.provenance, self_check=check)
        for one in found
    ]  # fmt: skip


def material(decision=YES):
    return Material(items(), results(decision))


def test_accepted_findings_of_all_kinds_stand_with_score_who_and_their_evidence():
    report = build(material(), "en", "reader")
    table = next(block for block in report.blocks if isinstance(block, Table))
    assert [row[0] for row in table.rows[1:]] == ["pneumonia", "V", "Pneumonia (stated, right)"]
    assert "0.90 (0.80–0.95) ≥ 0.58, cxr-x 1.2" in table.rows[1][2]
    assert all(row[3] == "reader, 2026-01-03 10:04" for row in table.rows[1:])
    image, strip, excerpt = (next(b for b in report.blocks if isinstance(b, kind)) for kind in (KeyImage, EcgStrip, Excerpt))
    assert image.frame == 1
    assert strip.start_s == pytest.approx(9.0 - 7 / 3)
    (start, end) = excerpt.marked[0]
    assert excerpt.text[start:end] == "pneumonia" and excerpt.text.startswith("Admitted")


def test_what_nobody_judged_is_left_out_or_stands_apart():
    silent = build(material(Decision()), "en", "reader")
    assert "No finding was accepted." in as_text(silent) and silent.findings == ()
    asked = build(material(Decision()), "en", "reader", proposed=True)
    headings = [block.text for block in asked.blocks if isinstance(block, Heading)]
    assert "Proposed by networks, judged by nobody" in headings
    assert asked.findings == ()
    rejected = as_text(build(material(replace(YES, state="rejected")), "en", "reader", proposed=True))
    assert "0.90 (0.80–0.95)" not in rejected


def test_mw14_every_network_stands_in_the_provenance_and_the_notice_and_identity_in_the_text():
    said = as_text(build(material(), "en", "reader", comment="Two readings."))
    for part in ("cxr-x 1.2", "ecg-x 1.2", "note-mentions 1.2", "f" * 16, "e" * 16, "torch 2.1", "thresholds pneumonia 0.58"):
        assert part in said
    assert "Test Person 测试 人 · ID T-1 · born 1970-01-01" in said
    assert said.rstrip().endswith("Research use only – not for diagnosis")
    assert said.index("Two readings.") < said.index("cxr-x")
    chinese = as_text(build(material(), "zh_CN", "reader"))
    assert "仅供研究，不用于诊断" in chinese and "肺炎（肯定" not in chinese and "肺炎 (肯定, 右)" in chinese


def test_ex11_a_report_is_about_one_patient():
    image, _, note = items()
    other = replace(note, item="other", patient=Patient("T-2", "Another"))
    with pytest.raises(MedviewerError, match="report-several-patients"):
        build(Material((image, other), ()), "en", "reader")
    with pytest.raises(MedviewerError, match="report-empty"):
        build(Material((), ()), "en", "reader")


def test_the_dicom_objects_are_read_back_by_pydicom_and_by_our_own_reader(tmp_path):
    session = Session()
    session.put(items())
    for result in results():
        session.put_result(result)
    report = replace(build(material(), "en", "reader"), signed_by="reader", signed_at="2026-01-03T10:05:00+00:00")
    files = as_dicom(report, session, b"%PDF-1.4 odd", lambda model, label: label or model)
    pdf = pydicom.dcmread(io.BytesIO(files["report-pdf.dcm"]))
    assert pdf.SOPClassUID.name == "Encapsulated PDF Storage"
    assert pdf.EncapsulatedDocument[: pdf.EncapsulatedDocumentLength] == b"%PDF-1.4 odd"
    assert (pdf.PatientID, str(pdf.PatientName), pdf.PatientBirthDate, pdf.StudyInstanceUID) == (
        *("T-1", "Test^Person=测试^人", "19700101", "1.2.3"),
    )
    report_sr = pydicom.dcmread(io.BytesIO(files["report-sr.dcm"]))
    assert report_sr.SOPClassUID.name == "Enhanced SR Storage"
    assert (report_sr.CompletionFlag, report_sr.VerificationFlag) == ("COMPLETE", "VERIFIED")
    numbers = [n for c in report_sr.ContentSequence for n in c.get("ContentSequence", ()) if n.ValueType == "NUM"]
    assert [float(n.MeasuredValueSequence[0].NumericValue) for n in numbers] == [0.9]
    from medviewer.io.scan import scan

    (tmp_path / "sr.dcm").write_bytes(files["report-sr.dcm"])
    (note,) = scan([tmp_path / "sr.dcm"], workspace=tmp_path).items
    assert note.patient == PERSON
    for part in ("Accepted by: reader", "pneumonia", "Research use only", "Provenance"):
        assert part in note.text


def test_highdicom_reads_the_sr_and_its_context_has_the_types_of_the_standard():
    import highdicom

    report = replace(build(material(), "en", "reader"), signed_by="reader", signed_at="2026-01-03T10:05:00+00:00")
    raw = as_dicom(report, Session(), b"%PDF", lambda m, label: label or m)["report-sr.dcm"]
    found = highdicom.sr.srread(io.BytesIO(raw))
    assert type(found).__name__ == "EnhancedSR"
    kinds = {item.ConceptNameCodeSequence[0].CodeMeaning: item.ValueType for item in found.ContentSequence}
    assert kinds["Person Observer Name"] == "PNAME" and kinds["DateTime Started"] == "DATETIME"
    assert [one.CodingSchemeDesignator for one in found.CodingSchemeIdentificationSequence] == ["99MEDVIEWER"]
    assert "ImageComments" not in found and "ConversionType" not in found


def test_the_validator_of_dicom3tools_finds_no_error_in_either_object(tmp_path):
    import shutil
    import subprocess

    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    report = replace(build(material(), "zh_CN", "reader"), signed_by="医生", signed_at="2026-01-03T10:05:00+00:00")
    for name, raw in as_dicom(report, Session(), b"%PDF-1.4 odd", lambda m, label: label or m).items():
        (tmp_path / name).write_bytes(raw)
        said = subprocess.run(["dciodvfy", str(tmp_path / name)], capture_output=True, text=True, check=False)
        assert "Error" not in said.stdout + said.stderr
        assert "not present in standard DICOM IOD" not in said.stdout + said.stderr


def test_addenda_are_printed_in_later_reports_with_author_day_and_signature():
    from medviewer.services.reporting import material_of
    from medviewer.services.words import text

    title = text("report-title", "en")

    image, record, note = items()
    signed = replace(note, note_id="n1", signed_by="Dr. A", signed_at="2026-01-02T09:00:00+00:00", title=title)
    more = NoteDocument("more", PERSON, Study(), "", "typed", "Nodule seen too.\nFollow up.", "utf-8", "en",
                        "2026-01-04T08:30:00", "Dr. B", title, note_id="n2", addendum_to="n1")  # fmt: skip
    said = as_text(build(Material((image, record, signed, more), ()), "en", "reader"))
    assert f"ADDENDA\nTo “{title}”, by Dr. B, 2026-01-04 08:30. Not signed.\nNodule seen too.\nFollow up." in said
    closed = replace(more, signed_by="Dr. B", signed_at="2026-01-04T09:00:00+00:00")
    assert "Not signed" not in as_text(build(Material((image, closed), ()), "en", "reader"))
    assert "补充说明" in as_text(build(Material((image, closed), ()), "zh_CN", "reader"))
    session = Session()
    session.put([signed, closed])

    class Nothing:
        def discordances(self, seen):
            return ()

    kept = material_of(session, Nothing(), PERSON, lambda model, label: label).items
    assert [item.item for item in kept] == ["more"]  # the signed report is none, its addendum is


def test_an_unsigned_report_is_no_verified_sr():
    report = build(material(), "zh_CN", "reader")
    session = Session()
    session.put(items())
    sr = pydicom.dcmread(io.BytesIO(as_dicom(report, session, b"%PDF", lambda m, label: label or m)["report-sr.dcm"]))
    assert (sr.CompletionFlag, sr.VerificationFlag) == ("PARTIAL", "UNVERIFIED")
    assert "VerifyingObserverSequence" not in sr


@pytest.mark.parametrize("name", ["A" * 70 + "^B", "阿" * 70 + "^" + "依" * 70, "Te\\st^Per\nson", "A^B=测^试=た^ろ=more"])
def test_a_name_that_dicom_cannot_hold_is_shortened_by_group_and_never_parts_into_two_values(name):
    who = Patient("T-1", name, "1934", "unknown")
    report = build(Material(tuple(replace(one, patient=who) for one in items()), results()), "zh_CN", "reader")
    for raw in as_dicom(report, Session(), b"%PDF", lambda m, label: label or m).values():
        read = pydicom.dcmread(io.BytesIO(raw))
        groups = str(read.PatientName).split("=")
        assert len(groups) <= 3 and all(len(group) <= 64 for group in groups)
        assert read["PatientName"].VM == 1 and groups[0][:2] == name[:2]
        assert (read.PatientID, read.PatientBirthDate, read.PatientSex) == ("T-1", "", "")


@pytest.mark.parametrize("number", ["I" * 65, "T\\1", "T\n1"])
def test_an_id_that_dicom_cannot_hold_is_refused_not_altered(number):
    who = Patient(number, "Test", "", "")
    report = build(Material(tuple(replace(one, patient=who) for one in items()), results()), "en", "reader")
    assert number in report.identity
    with pytest.raises(MedviewerError, match="report-id-unfit"):
        as_dicom(report, Session(), b"%PDF", lambda m, label: label or m)


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_every_state_and_every_answer_has_words_in_the_report(lang):
    """A code that has no sentence stands there as itself."""
    image, record, note = items()
    states = ("present", "absent", "uncertain", "past", "other_person", "hypothetical")
    mentions = tuple(
        Finding(f"n/{n}", "note", "note", "nodule", Score("nodule", 1, 1, 1), Span(0, 8), made("note-mentions"), decision=YES,
                facts={"state": state, "side": side, "count": 1})
        for n, (state, side) in enumerate(zip(states, ("left", "right", "bilateral", "", "", ""), strict=True))
    )  # fmt: skip
    answers = [Result(image.item, 0, f"m-{status}", status) for status in ("ok", "refused", "failed")]
    answers += [*results(), replace(results()[2], findings=mentions)]
    signed = replace(note, signed_by="Dr. A", signed_at="2026-01-02T09:00:00+00:00", note_id="n1")
    more = replace(note, item="more", note_id="n2", addendum_to="n1")
    said = as_text(build(Material((image, record, signed, more), answers), lang, "reader", comment="x", proposed=True))
    assert not re.findall(r"report-[a-z-]+", said)
