"""The PDF of an ECG: true scale, provenance, read back by another library."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pypdfium2
import pytest
from made import beating, ecg_record

from medviewer.core.ecg import DeviceReport, Measurement
from medviewer.core.ecg_view import STANDARD, EcgView
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Provenance, Result
from medviewer.core.signal import Filters
from medviewer.ui.ecg.page import FOOT_MM, HEAD_MM, MARGIN_MM, SHEET_MM, Printed, pages_of, write_pdf

MADE = Provenance("ecg-waves", "1.0", "abcdef0123456789" * 4, "", "", "", "", "cpu", 0, "")


def printed(view=None, seconds=10.0, **facts):
    heart, _ = beating(seconds)
    record = ecg_record([heart] * 12, names=list(STANDARD), device=DeviceReport(("SINUS RHYTHM",)), **facts)
    result = Result("made", None, "ecg-waves", "ok", measurements={"QT": Measurement(380, "ms")}, provenance=MADE)
    return Printed(record, view or EcgView.start(record), {"ecg-waves": result}, {})


def opened(path):
    return pypdfium2.PdfDocument(path)


def words_of(path):
    document = opened(path)
    return "\n".join(document[n].get_textpage().get_text_range() for n in range(len(document)))


def test_ed01_the_pulse_on_paper_is_ten_by_five_millimetres(tmp_path):
    record = ecg_record([np.full(5000, np.nan)])
    write_pdf(Printed(record, EcgView("stacked"), {}, {}), tmp_path / "e.pdf")
    page = opened(tmp_path / "e.pdf")[0]
    assert [round(x / 72 * 25.4) for x in page.get_size()] == [round(x) for x in SHEET_MM]
    dots = 12
    dark = np.asarray(page.render(scale=dots * 25.4 / 72).to_pil().convert("L")) < 90
    rows = slice(round((MARGIN_MM + HEAD_MM + 13) * dots), round((SHEET_MM[1] - MARGIN_MM - FOOT_MM - 12) * dots))
    pulse = dark[rows, round((MARGIN_MM + 1) * dots) : round((MARGIN_MM + 10.5) * dots)]
    down, across = np.flatnonzero(pulse.any(axis=1)), np.flatnonzero(pulse.any(axis=0))
    assert (down[-1] - down[0]) / dots == pytest.approx(10.0, abs=0.3)
    roof = np.flatnonzero(pulse[down[0] + 1])
    assert (roof[-1] - roof[0]) / dots == pytest.approx(5.0, abs=0.3)
    assert (across[-1] - across[0]) / dots == pytest.approx(7.0, abs=0.3)


def test_the_page_says_how_it_is_drawn_by_whom_and_that_it_is_for_research(tmp_path):
    one = printed()
    write_pdf(replace(one, view=replace(one.view, filters=Filters(0.5, 40))), tmp_path / "e.pdf")
    text = words_of(tmp_path / "e.pdf")
    drawn = ("25 mm/s", "10 mm/mV", "0.5–40 Hz", "to scale")
    made = ("Research use only", "ecg-waves 1.0 (abcdef012345)", "QT 380 ms", "SINUS RHYTHM", "From the device", "Made, Test")
    for wanted in (*drawn, *made):
        assert wanted in text, wanted


def test_several_pages_follow_each_other_to_the_end(tmp_path):
    one = printed(seconds=35.0)
    views = pages_of(one.record, replace(one.view, fit=False), None)
    assert len(views) == 4 and all(b.start_s > a.start_s for a, b in pairwise(views))
    write_pdf(one, tmp_path / "e.pdf", None)
    assert len(opened(tmp_path / "e.pdf")) == 4


def test_a_page_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(MedviewerError) as raised:
        write_pdf(printed(), tmp_path / "missing" / "e.pdf")
    assert raised.value.notice.code == "output-unwritable"
    assert list(tmp_path.iterdir()) == []


def test_an_uncalibrated_record_says_so_on_paper(tmp_path):
    heart, _ = beating()
    record = ecg_record([heart], unit="")
    write_pdf(Printed(record, EcgView.start(record), {}, {}), tmp_path / "e.pdf")
    assert "UNCALIBRATED" in words_of(tmp_path / "e.pdf")
