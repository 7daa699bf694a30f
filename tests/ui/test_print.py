"""The report on paper: words that can be read back, identity and notice on each page, true scale, and the dialog's hands."""

import re
from dataclasses import replace

import numpy as np
import pydicom
import pypdfium2
import pytest
from desk import start
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from medviewer.core.finding import Finding, Interval, Provenance, Result, Score
from medviewer.core.identity import Patient, Study
from medviewer.core.note import NoteDocument
from medviewer.io.ecg.leads import held_record
from medviewer.services.report import Material, build
from medviewer.ui.patient.reporting import open_report
from medviewer.ui.pdf import PX_PER_MM
from medviewer.ui.print import _font, paginate, report_pdf, strip_of, wrap

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
    from medviewer.core.ecg_layout import resolve
    from medviewer.core.ecg_view import EcgView
    from medviewer.services.report import EcgStrip
    from medviewer.ui.print import ROOM, STRIP_MM

    one = strip_of(EcgStrip(record(), 0.0, (), ""))
    assert [lead.name for lead in one.leads] == ["II"]
    named = strip_of(EcgStrip(record(), 0.0, (answer(),), "", lead="I"))
    assert [lead.name for lead in named.leads] == ["I"], "the finding's own lead, whatever other networks read"
    np.testing.assert_array_equal(one.source.read(0, 10, 20), record().source.read(1, 10, 20))
    picture = resolve(
        EcgView(layout="stacked", fit=False, theme="paper"), one, (ROOM, STRIP_MM * PX_PER_MM), PX_PER_MM, calibrated=True
    )
    (cell,) = picture.cells
    assert cell.px_per_s == 25 * PX_PER_MM and cell.px_per_mv == 10 * PX_PER_MM and picture.to_scale


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
    assert dialog.signed is None  # it is asked first
    (box,) = dialog.findChildren(QMessageBox)
    next(b for b in box.buttons() if box.buttonRole(b) == QMessageBox.ButtonRole.AcceptRole).click()
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


LONG = {
    "en": "Wolfeschlegelsteinhausenbergerdorff-Hohenlohe^Hubert Blaine Maximilian Alexander Ferdinand Theodor^Prof. Dr. Dr.",
    "zh_CN": "Abdurahman^Memet=阿卜杜热合曼·买买提吐尔逊·阿卜杜克热木·麦麦提依明·努尔艾合麦提江·吾甫尔^阿依古丽·艾尔肯",
}


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_a_very_long_name_takes_lines_and_never_the_place_of_number_and_birth_date(qapp, lang):
    who = Patient("ID-2026-0001", LONG[lang], "1934-02-28", "M")
    items = [replace(one, patient=who) for one in (record(), *(note(n) for n in range(40)))]
    report = build(Material(items, [answer()]), lang, "a writer with a very long name " * 4, comment="x " * 2000, proposed=True)
    texts, _ = pages(report_pdf(report))
    for n, said in enumerate(texts, 1):
        flat = re.sub(r"\s", "", said)
        assert re.sub(r"[\s^=]", "", LONG[lang]) in flat
        assert "1934-02-28" in flat.split("x" * 50)[0] and "ID-2026-0001" in flat
        assert (f"page{n}of{len(texts)}" if lang == "en" else f"第{n}/{len(texts)}页") in flat


def test_an_endless_name_is_cut_in_the_head_and_number_and_birth_date_stand(qapp):
    who = Patient("ID-2026-0001", "X y " * 3000, "1934-02-28", "M")
    report = build(Material([replace(record(), patient=who)], [answer()]), "en", "reader")
    for said in pages(report_pdf(report))[0]:
        assert "…" in said and "ID ID-2026-0001" in said and "born 1934-02-28" in said


def test_what_is_painted_on_a_page_speaks_its_language_whatever_the_window_speaks(qapp):
    from medviewer.ui.headless import spoken

    made = {lang: build(Material([record()], [answer()]), lang, "reader", proposed=True) for lang in ("en", "zh_CN")}
    for window in ("en", "zh_CN"):
        with spoken(window):
            english, chinese = ("".join(pages(report_pdf(made[lang]))[0]) for lang in ("en", "zh_CN"))
        assert "to scale" in english and "按真实比例" not in english
        assert "按真实比例" in chinese and "to scale" not in chinese


def test_in_the_pdf_a_second_is_25_mm_and_a_millivolt_10_mm_and_the_lead_is_named(qapp):
    square = np.where(np.arange(3000) % 100 < 50, 1.0, 0.0)  # half a second at 1 mV, half a second at none
    made = replace(held_record("", "wfdb", "rec", [("V5", 100.0, square, 0.005)]), patient=PERSON, item="rec")
    report = build(Material([made], [answer()]), "en", "reader", proposed=True)
    pdf = pypdfium2.PdfDocument(report_pdf(report))
    dots_mm = 20
    try:
        assert "V5" in pdf[0].get_textpage().get_text_range()
        dark = np.asarray(pdf[0].render(scale=dots_mm * 25.4 / 72).to_pil().convert("L")) < 90
    finally:
        pdf.close()
    plateaus = runs_of(dark.sum(axis=1) > 0.3 * dark.shape[1])  # the two levels, each a thick row of ink
    (high, low) = plateaus
    assert (low - high) / dots_mm == pytest.approx(10, abs=0.1)
    crossings = [n for n in runs_of(dark[round((high + low) / 2)]) if n > 15 * dots_mm + 10 * dots_mm]  # past the pulse
    assert len(crossings) > 10
    np.testing.assert_allclose(np.diff(crossings)[1:] / dots_mm, 12.5, atol=0.1)


def runs_of(marked):
    """The middle of each run of true."""
    ends = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(marked, int), [0]))))
    return [(a + b - 1) / 2 for a, b in zip(ends[::2], ends[1::2], strict=True)]


def test_key_images_stand_two_side_by_side(qapp):
    from made import image_series

    from medviewer.core.finding import Region

    series = [replace(image_series(np.zeros((1, 60, 50), np.uint16)), item=f"i{n}", patient=PERSON) for n in range(4)]
    answers = []
    for one in series:
        score = Score("pneumonia", 0.9, 0.8, 0.95, 0.5)
        found = Finding(f"{one.item}/x", one.item, "image", "pneumonia", score, Region(0), replace(MADE, model="cxr-x"))
        answers.append(Result(one.item, 0, "cxr-x", "ok", scores=(score,), findings=(found,), provenance=found.provenance))
    report = build(Material(series, answers), "en", "reader", proposed=True)
    images = [len(list(page.get_objects(filter=(3,)))) for page in pypdfium2.PdfDocument(report_pdf(report))]
    assert sum(images) == 4 and max(images) >= 2 and len(images) <= 3


def test_a_strip_is_as_high_as_its_trace_so_that_no_peak_is_cut(qapp):
    from medviewer.ui.ecg.painter import EcgPainter
    from medviewer.ui.print import STRIP_MM, TALLEST_MM, _strip_mm

    def high(millivolts):
        trace = np.where(np.arange(3000) % 100 < 5, millivolts, 0.0)
        return _strip_mm(EcgPainter(held_record("", "wfdb", "rec", [("II", 100.0, trace, 0.005)])), 0.0)

    assert high(0.2) == STRIP_MM
    assert high(2.0) == pytest.approx(2 * 20 + 29) and high(-2.0) == high(2.0)
    assert high(50.0) == TALLEST_MM
