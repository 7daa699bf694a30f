"""The report on paper: words that can be read back, identity and notice on each page, true scale, and the dialog's hands."""

import re
from dataclasses import replace

import numpy as np
import pydicom
import pypdfium2
import pytest
from desk import start
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from medviewer.core.finding import Finding, Interval, Provenance, Result, Score
from medviewer.core.identity import Patient, Study
from medviewer.core.note import NoteDocument
from medviewer.io.ecg.leads import held_record
from medviewer.services.report import Material, build
from medviewer.ui.patient.reporting import open_report
from medviewer.ui.print import PX, _font, paginate, report_pdf, strip_of, wrap

PERSON = Patient("T-1", "Test^Person=测试^人", "1970-01-01", "O")
MADE = Provenance("ecg-x", "1.2", "f" * 64, "e" * 64, "p/1", "0.1", "2.1", "cpu", 0, "2026-01-03T09:00:00+00:00")


def record(name="rec"):
    channels = [(lead, 100.0, np.sin(np.arange(3000) / 9), 0.005) for lead in ("I", "II")]
    return replace(held_record("", "wfdb", name, channels, start="2026-01-02T08:00:00"), patient=PERSON, item=name)


def note(n, words=400):
    text = " ".join(f"word{k}" for k in range(words))
    return NoteDocument(
        f"note{n}", PERSON, Study(date="2026-01-02"), "", "typed", text, "utf-8", "en", "2026-01-02", title=f"N{n}"
    )


def answer(item="rec"):
    score = Score("V", 0.03, 0.03, 0.03)
    finding = Finding(f"{item}/ecg-x/V", item, "ecg", "V", score, Interval(900, 980), MADE, facts={"count": 4})
    return Result(item, None, "ecg-x", "ok", scores=(score,), findings=(finding,), provenance=MADE)


def pages(pdf):
    document = pypdfium2.PdfDocument(pdf)
    try:
        sizes = [page.get_size() for page in document]
        return [page.get_textpage().get_text_range() for page in document], sizes
    finally:
        document.close()


@pytest.mark.parametrize(("lang", "notice"), [("en", "Research use only – not for diagnosis"), ("zh_CN", "仅供研究，不用于诊断")])
def test_every_page_names_the_patient_and_the_notice_and_its_words_can_be_read_back(qapp, lang, notice):
    items = [record(), *(note(n) for n in range(40))]
    report = build(Material(items, [answer()]), lang, "reader", comment="x " * 2000, proposed=True)
    texts, sizes = pages(report_pdf(report))
    assert len(texts) == len(paginate(report)) > 1
    for text in texts:
        assert "Test Person 测试 人" in text and "ID T-1" in text and notice in text
    assert all(abs(w - 595.3) < 1 and abs(h - 841.9) < 1 for w, h in sizes)
    assert "ecg-x 1.2" in " ".join(texts) and "f" * 16 in " ".join(texts)


def test_no_piece_is_higher_than_a_page_and_none_is_lost(qapp):
    report = build(Material([record()], [answer()]), "en", "reader", comment="\n".join(f"line {n}" for n in range(300)))
    text = " ".join(pages(report_pdf(report))[0])
    assert all(f"line {n}\r" in text or f"line {n}\n" in text or f"line {n} " in text for n in range(300))


def test_the_strip_is_one_lead_at_true_scale(qapp):
    from medviewer.core.ecg_view import EcgView, resolve
    from medviewer.services.report import EcgStrip
    from medviewer.ui.print import ROOM, STRIP_MM

    one = strip_of(EcgStrip(record(), 0.0, (), ""))
    assert [lead.name for lead in one.leads] == ["II"]
    np.testing.assert_array_equal(one.source.read(0, 10, 20), record().source.read(1, 10, 20))
    picture = resolve(EcgView(layout="stacked", fit=False, theme="paper"), one, (ROOM, STRIP_MM * PX), PX, calibrated=True)
    (cell,) = picture.cells
    assert cell.px_per_s == 25 * PX and cell.px_per_mv == 10 * PX and picture.to_scale


def test_lines_are_broken_by_words_and_by_chinese_characters_and_lose_nothing(qapp):
    for words in ("one two three " * 30, "未见胸腔积液，未见气胸。" * 20, "x" * 500, "😀 emoji " * 40):
        lines = wrap(words, _font(12), 200)
        assert len(lines) > 3
        assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", words)


@pytest.fixture
def desk(qtbot, tmp_path):
    desk = start(qtbot, tmp_path / "profile")
    desk.session.put([record()])
    desk.session.put_result(answer())
    desk.session.decide("rec/ecg-x/V", "accepted")
    if desk.grid.active.item is None:
        pytest.skip("no pane for ECGs")
    return desk


def test_ctrl_p_shows_the_report_and_saves_copies_and_signs_it(qtbot, desk, tmp_path):
    dialog = open_report(desk)
    assert dialog.report.findings[0].label == "V"
    assert dialog.pages.count() >= 2
    dialog.save_pdf(tmp_path / "r.pdf")
    assert "4 beats" in pages((tmp_path / "r.pdf").read_bytes())[0][0]
    dialog.copy_text()
    assert "ID T-1" in QApplication.clipboard().text()
    dialog.save_dicom(tmp_path)
    assert pydicom.dcmread(tmp_path / "T-1.report-pdf.dcm").PatientID == "T-1"
    qtbot.mouseClick(dialog.buttons["sign"], Qt.MouseButton.LeftButton)
    assert dialog.signed.signed_by == desk.session.who()
    assert not dialog.buttons["sign"].isEnabled() and not dialog.comment.isEnabled()
    dialog.save_pdf(tmp_path / "signed.pdf")
    assert f"Signed by {desk.session.who()}" in " ".join(pages((tmp_path / "signed.pdf").read_bytes())[0])
    assert [line.act for line in desk.session.records.audit()][-1] == "sign"
    assert desk.session.item(dialog.signed.item).text.startswith("Report of images")


def test_the_language_of_the_report_is_chosen_apart_from_the_windows(qtbot, desk):
    dialog = open_report(desk)
    dialog.language.setCurrentIndex(dialog.language.findData("zh_CN"))
    assert dialog.report.title == "影像、心电与病历报告"
    dialog.proposed.setChecked(True)
    assert dialog.report is not None


def test_an_answer_that_was_taken_back_leaves_the_report(desk):
    desk.keeping.undo()
    assert open_report(desk).report.findings == ()
