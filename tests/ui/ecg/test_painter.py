"""What is painted of an ECG, pixel by pixel."""

from dataclasses import replace

import numpy as np
import pytest
from made import beating, ecg_record
from PySide6.QtGui import QColor

from medviewer.core.ecg import Gap
from medviewer.core.ecg_layout import resolve
from medviewer.core.ecg_view import STANDARD, EcgView
from medviewer.core.signal import Filters
from medviewer.ui import theme
from medviewer.ui.ecg import words
from medviewer.ui.ecg.ink import covered
from medviewer.ui.ecg.painter import paint

SIZE = (900, 600)
BARE = EcgView("stacked", fit=False, text="none")


def ink_of(view):
    return np.array(QColor(theme.ECG_INK[view.theme].trace).getRgb()[:3], int)


def inked(pixels, view=BARE):
    return np.abs(pixels.astype(int) - ink_of(view)).sum(axis=2) < 60


def test_coverage_is_the_share_of_each_pixel():
    share = covered(np.array([0.25, 1.0, np.nan, -5.0], np.float32), np.array([1.5, 3.0, np.nan, 0.5], np.float32), 4)
    assert np.allclose(share[:, 0], [0.75, 0.5, 0, 0]) and np.allclose(share[:, 1], [0, 1, 1, 0])
    assert np.allclose(share[:, 2], 0) and np.allclose(share[:, 3], [0.5, 0, 0, 0])


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_ed01_the_pulse_of_one_millivolt_is_ten_by_five_millimetres(ratio):
    mm = 8.0
    record = ecg_record([np.full(5000, np.nan)])
    pixels = inked(paint(record, BARE, {}, SIZE, pixel_ratio=ratio, px_per_mm=mm, calibrated=True))[: int(560 * ratio)]
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    assert (rows[-1] - rows[0]) / ratio == pytest.approx(10 * mm, rel=0.02)
    roof = np.flatnonzero(pixels[rows[0]])
    assert (roof[-1] - roof[0]) / ratio == pytest.approx(5 * mm, abs=0.02 * 5 * mm + 1)
    assert (columns[-1] - columns[0]) / ratio == pytest.approx(7 * mm, abs=2)


def test_ed01_a_millivolt_and_a_second_of_the_trace_measure_as_the_grid():
    step = np.zeros(5000)
    step[500:] = 1.0
    record = ecg_record([step])
    picture = resolve(BARE, record, SIZE, 4.0)
    pixels = inked(paint(record, BARE, {}, SIZE, px_per_mm=4.0))
    cell = picture.cells[0]
    assert pixels[round(cell.y(1.0)), round(cell.x(1.5))] or pixels[round(cell.y(1.0)) - 1, round(cell.x(1.5))]
    assert pixels[round(cell.y(0.0)), round(cell.x(0.5))] or pixels[round(cell.y(0.0)) - 1, round(cell.x(0.5))]
    edge = np.flatnonzero(pixels[round(cell.y(0.5)), int(cell.rect.x) :])
    assert edge[0] == pytest.approx(100, abs=1), "one second is 25 mm of 4 pixels"


def test_ed02_the_same_signal_in_other_units_gives_identical_pixels(tmp_path):
    from medviewer.io.ecg.wfdb import open_records

    values = (beating()[0] * 1000).astype("<i2")
    pictures = []
    for unit, gain in (("uV", 1), ("mV", 1000), ("V", 1000000)):
        (tmp_path / "r.dat").write_bytes(values.tobytes())
        header = tmp_path / f"r{unit}.hea"
        header.write_text(f"r{unit} 1 500 {len(values)}\nr.dat 16 {gain}(0)/{unit} 16 0 0 0 0 II\n")
        pictures.append(paint(open_records(str(header))[0], BARE, {}, SIZE))
    assert np.array_equal(pictures[0], pictures[1]) and np.array_equal(pictures[1], pictures[2])


def test_minus_avr_is_drawn_upside_down():
    names = list(STANDARD)
    signals = [np.zeros(5000) for _ in names]
    signals[names.index("aVR")][:] = -1.0
    record = ecg_record(signals, names=names)
    view = replace(BARE, layout="cabrera")
    picture = resolve(view, record, SIZE, 3.0)
    cell = next(c for c in picture.cells if c.label == "-aVR")
    pixels = inked(paint(record, view, {}, SIZE, px_per_mm=3.0))
    above = round(cell.y0 - cell.px_per_mv)
    assert pixels[above - 1 : above + 2, round(cell.x(1.0))].any()


def test_ef05_a_gap_is_hatched_and_never_a_line_at_zero():
    signal = np.zeros(5000)
    signal[1000:2000] = np.nan
    record = ecg_record([signal], gaps=(Gap(2.0, 4.0),))
    picture = resolve(BARE, record, SIZE, 3.0)
    cell = picture.cells[0]
    pixels = paint(record, BARE, {}, SIZE, px_per_mm=3.0)
    band = inked(pixels)[round(cell.y0) - 2 : round(cell.y0) + 3, round(cell.x(2.2)) : round(cell.x(3.8))]
    assert not band.any()
    quiet = np.array(QColor(theme.ECG_INK["dark"].quiet).getRgb()[:3], int)
    area = pixels[round(cell.y0) - 20 : round(cell.y0) + 20, round(cell.x(2.1)) : round(cell.x(3.9))].astype(int)
    assert (np.abs(area - quiet).sum(axis=2) < 60).any()


def test_ed04_ed07_the_footer_tells_speed_gain_and_filters_that_were_used():
    record = ecg_record([np.zeros(5000)], 500.0)
    view = EcgView("stacked", 50.0, 20.0)
    how, _, read, scale = words.footer(view, resolve(view, record, SIZE), view.filters, False)
    assert how == "50 mm/s · 20 mm/mV · unfiltered" and read == "" and scale == "not to scale"
    shown = Filters(0.5, 40, 50)
    how, notice, read, _ = words.footer(replace(view, filters=shown), resolve(view, record, SIZE), shown, True)
    assert (
        "shown 0.5–40 Hz, mains 50 Hz" in how
        and notice.startswith("Research use only")
        and "networks read the unfiltered" in read
    )
    how, *_ = words.footer(replace(view, filters=shown), resolve(view, record, SIZE), Filters(), True)
    assert "unfiltered at this zoom" in how
    assert EcgView().filters.none, "what was recorded is shown unless somebody asks otherwise"


def test_ef01_an_uncalibrated_record_says_so_on_the_picture():
    loose = ecg_record([np.zeros(5000)], unit="")
    assert "UNCALIBRATED" in words.attention(loose)[0]
    assert not words.attention(ecg_record([np.zeros(5000)]))
    view = replace(BARE, text="all")
    amber = np.array(QColor(theme.ATTENTION_GROUND).getRgb()[:3], int)
    there = [
        (np.abs(paint(r, view, {}, SIZE).astype(int) - amber).sum(axis=2) < 6).sum()
        for r in (loose, ecg_record([np.zeros(5000)]))
    ]
    assert there[0] > 500 > there[1]


def test_samples_that_cannot_be_read_are_a_sentence_in_place():
    from medviewer.core.errors import MedviewerError

    record = ecg_record([np.zeros(5000)])

    def broken(lead, start, stop):
        raise MedviewerError("ecg-truncated", "x")

    record.source.read = broken
    assert paint(record, BARE, {}, SIZE).any()


def test_ed09_a_day_costs_no_more_columns_than_a_second():
    record = ecg_record([np.random.default_rng(1).normal(size=1 << 20)])
    for seconds in (0.01, 1.0, 60.0, 2000.0):
        view = replace(BARE, speed=BARE.speed * 9.0 / seconds)
        pixels = paint(record, view, {}, SIZE)
        assert inked(pixels).any()


@pytest.mark.parametrize("letters", [(), (12.0,), (12.0, 21.0), (40.0,)])
def test_the_rhythms_letter_of_a_line_makes_room_for_letters_of_beats(letters):
    """On a page of full disclosure AF and V began at one place and lay over each other."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    from medviewer.ui.ecg.marks import LETTER_PX, _paint_line_label

    image = QImage(80, 24, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    _paint_line_label(painter, "AF", QRectF(10, 1, 60, 4), np.array(letters), theme.ECG_INK["dark"])
    painter.end()
    columns = [x for x in range(80) if any(QColor(image.pixel(x, y)).lightness() > 40 for y in range(24))]
    assert columns, "it is drawn"
    assert all(abs(x - at) >= LETTER_PX / 2 - 1.5 for x in columns for at in letters if at <= 30 or at == 40.0)


def test_letters_of_beats_stand_above_the_trace_of_a_low_row():
    """Twelve rows in a pane of 500 pixels: the letters lay on P waves and hid them."""
    from medviewer.core.ecg_marks import Marks
    from medviewer.ui.ecg.marks import _letters, _paint_beats, marked_cells, tight

    record = ecg_record([np.zeros(5000) for _ in STANDARD], 500.0, list(STANDARD))
    view = EcgView("12x1")
    picture = resolve(view, record, (700, 500))
    (cell,) = marked_cells(picture)
    marks = Marks(np.arange(1.0, 9.0), np.full(8, "V"), np.ones(8))
    from PySide6.QtGui import QImage, QPainter

    image = QImage(700, 500, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    _paint_beats(painter, view, cell, marks, _letters(cell, marks), theme.ECG_INK["dark"])
    painter.end()
    rows = [y for y in range(500) if any(QColor(image.pixel(x, y)).lightness() > 40 for x in range(0, 700))]
    assert tight(cell) and rows and max(rows) < cell.y0 - 4 * picture.px_per_mm, "0.4 mV: no P wave is so high"
