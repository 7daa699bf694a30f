"""From the wish to the picture of an ECG: paper, layouts, zoom."""

from dataclasses import replace

import numpy as np
import pytest
from made import ecg_record

from medviewer.core.ecg_layout import SCREEN_MM, resolve
from medviewer.core.ecg_moves import moved, paged, with_gain, with_speed, zoomed_at
from medviewer.core.ecg_view import GAINS, SHORTEST_S, SPEEDS, STANDARD, EcgView

SIZE = (1400.0, 900.0)


def twelve(seconds=10.0, names=STANDARD, **facts):
    return ecg_record([np.zeros(int(seconds * 100))] * len(names), 100.0, list(names), **facts)


@pytest.mark.parametrize(
    ("layout", "columns", "order"),
    [
        ("12x1", 1, STANDARD),
        ("6x2", 2, STANDARD),
        ("3x4", 4, STANDARD),
        ("3x4+1", 4, STANDARD),
        ("cabrera", 2, ("aVL", "I", "-aVR", "II", "aVF", "III", *STANDARD[6:])),
        ("stacked", 1, STANDARD),
    ],
)
def test_ed05_each_layout_draws_each_lead_once_in_clinical_order(layout, columns, order):
    shuffled = twelve(names=tuple(reversed(STANDARD)))
    picture = resolve(EcgView(layout=layout), shuffled, SIZE)
    leads = [cell for cell in picture.cells if not cell.rhythm]
    by_column = sorted(leads, key=lambda cell: (round(cell.rect.x), cell.y0))
    assert tuple(cell.label for cell in by_column) == order
    assert sorted(shuffled.leads[cell.lead].name for cell in leads) == sorted(STANDARD)
    assert len({round(cell.rect.x) for cell in leads}) == columns
    assert [cell.sign for cell in leads if cell.label == "-aVR"] == ([-1.0] if layout == "cabrera" else [])
    strips = [cell.label for cell in picture.cells if cell.rhythm]
    assert strips == (["II"] if layout == "3x4+1" else [])


def test_ed06_columns_follow_each_other_or_begin_together_and_the_picture_says_which():
    record = twelve()
    picture = resolve(EcgView(layout="3x4+1"), record, SIZE)
    assert picture.columns == "consecutive"
    assert sorted({cell.start_s for cell in picture.cells if not cell.rhythm}) == pytest.approx([0, 2.5, 5.0, 7.5])
    picture = resolve(EcgView(layout="3x4+1", simultaneous=True), record, SIZE)
    assert picture.columns == "simultaneous" and {cell.start_s for cell in picture.cells} == {0.0}


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("gain", GAINS)
def test_ed01_a_second_and_a_millivolt_have_their_millimetres(speed, gain):
    picture = resolve(EcgView("12x1", speed, gain, fit=False), twelve(), SIZE, 3.9, calibrated=True)
    assert picture.to_scale
    cell = picture.cells[0]
    assert cell.x(1.0) - cell.x(0.0) == pytest.approx(speed * 3.9)
    assert cell.y(0.0) - cell.y(1.0) == pytest.approx(gain * 3.9)


def test_ed01_what_is_fitted_or_not_calibrated_is_not_to_scale():
    record = twelve()
    assert not resolve(EcgView(fit=False), record, SIZE, SCREEN_MM, calibrated=False).to_scale
    fitted = resolve(EcgView("3x4+1", fit=True), record, (700, 500), SCREEN_MM, calibrated=True)
    assert not fitted.to_scale
    strip = next(cell for cell in fitted.cells if cell.rhythm)
    assert strip.seconds >= 9.5, "ten seconds fit into a narrow pane"


def test_ed03_all_leads_have_one_gain():
    assert len({cell.px_per_mv for cell in resolve(EcgView("12x1"), twelve(), SIZE).cells}) == 1


def test_ed03_one_lead_alone_has_another_gain_only_by_a_persons_will():
    view = EcgView("12x1").with_lead_gain("V2", 0.5).with_lead_gain("V3", 2.0).with_lead_gain("V3", 1.0)
    cells = {cell.label: cell for cell in resolve(view, twelve(), SIZE).cells}
    assert cells["V2"].px_per_mv == pytest.approx(0.5 * cells["V1"].px_per_mv) and cells["V2"].own_gain == 5.0
    assert {cell.own_gain for label, cell in cells.items() if label != "V2"} == {0.0}
    assert view.opening(twelve()).lead_gains == (), "another record begins with one gain"


def test_a_layout_whose_leads_are_missing_falls_back_to_one_row_a_lead():
    record = twelve(names=("MLII", "V5"))
    picture = resolve(EcgView("3x4+1"), record, SIZE)
    assert [cell.label for cell in picture.cells] == ["MLII", "V5"]


def test_openings():
    assert EcgView.start(twelve()).layout == "3x4+1"
    assert EcgView.start(twelve(names=("I", "V1"))).layout == "stacked"
    assert EcgView.start(twelve(1800)).layout == "holter"
    kept = replace(EcgView(), theme="paper", gain=20.0, start_s=5.0, speed=33.0)
    assert (kept.opening(twelve()).theme, kept.opening(twelve()).gain, kept.opening(twelve()).start_s) == ("paper", 20.0, 0.0)
    assert kept.opening(twelve()).speed == 25.0


def test_speed_and_gain_go_in_the_usual_steps_and_stop_at_the_ends():
    view = EcgView()
    assert with_gain(view, 1).gain == 20 and with_gain(replace(view, gain=20.0), 1).gain == 20
    assert with_speed(view, -1).speed == 12.5 and with_speed(replace(view, speed=33.0), 1).speed == 50


@pytest.mark.parametrize("layout", ["12x1", "3x4+1", "stacked"])
def test_zoom_keeps_the_moment_under_the_pointer_and_ends_at_ten_ms_and_the_whole(layout):
    record = twelve(100)
    view = EcgView(layout, fit=False, start_s=40.0)
    picture = resolve(view, record, SIZE)
    x, y = 800.0, 300.0
    moment = picture.cell_at(x, y).time(x)
    nearer = zoomed_at(view, record, picture, 1.7, x, y)
    closer = resolve(nearer, record, SIZE)
    assert closer.cell_at(x, y).time(x) == pytest.approx(moment, abs=0.001)
    for factor, least, most in ((1e9, SHORTEST_S, SHORTEST_S), (1e-9, 100, 100)):
        seen = zoomed_at(view, record, picture, factor, x, y)
        for _ in range(3):
            seen = zoomed_at(seen, record, resolve(seen, record, SIZE), factor, x, y)
        width = resolve(seen, record, SIZE).cells[0].seconds
        columns = 4 if layout == "3x4+1" else 1
        assert least * 0.9 / columns <= width <= most * 1.1


def test_pages_follow_each_other_and_end_with_the_record():
    record = twelve(100)
    view = EcgView("12x1", fit=False)
    seen = [view.start_s]
    for _ in range(30):
        view = paged(view, record, resolve(view, record, SIZE), 1)
        seen.append(view.start_s)
    page = resolve(view, record, SIZE).page_s
    assert seen[1] == pytest.approx(page) and seen[-1] == pytest.approx(100 - page)
    assert paged(view, record, resolve(view, record, SIZE), -100).start_s == 0
    assert moved(view, record, 1e9).start_s < 100


def test_ed08_labels_pulses_and_rows_are_inside_a_small_pane_at_two_hundred_percent():
    for size in ((750.0, 640.0), (683.0, 384.0)):
        for layout in ("3x4+1", "12x1", "cabrera", "holter"):
            picture = resolve(EcgView(layout), twelve(), size)
            for cell in picture.cells:
                assert 0 <= cell.rect.x < size[0] and 0 <= cell.y0 <= picture.paper.h + 1
            assert all(0 <= x < size[0] / 4 for x, _ in picture.pulses)


@pytest.mark.parametrize(
    ("layout", "size", "drawn"),
    [
        ("3x4+1", (660, 440), "3x4+1"),
        ("3x4+1", (900, 260), "3x4"),
        ("3x4+1", (403, 760), "6x2"),
        ("3x4+1", (300, 760), "12x1"),
        ("3x4+1", (400, 300), ""),
        ("3x4", (900, 260), "3x4"),
        ("6x2", (700, 380), "3x4"),
        ("6x2", (290, 760), "12x1"),
        ("12x1", (700, 470), "12x1"),
        ("12x1", (700, 380), "3x4"),
        ("12x1", (900, 160), ""),
    ],
)
def test_twelve_leads_that_have_no_room_stand_in_another_layout_and_in_none_give_way_to_the_rhythm_strip(layout, size, drawn):
    """Two ECGs beside each other in narrow, high panes showed lead II alone."""
    picture = resolve(EcgView(layout=layout), twelve(), size)
    assert picture.instead == (drawn if drawn != layout else "") and picture.left_out == (0 if drawn else 11)
    if drawn:
        assert len({cell.label for cell in picture.cells}) == 12
        rows = {"3x4": 3, "3x4+1": 4, "6x2": 6, "12x1": 12}[drawn]
        assert len({cell.y0 for cell in picture.cells}) == rows
    else:
        (strip,) = picture.cells
        assert strip.label == "II" and strip.rect.w > 0.8 * size[0] and picture.columns == ""


def test_other_lead_sets_keep_their_rows_however_small_the_pane():
    assert len(resolve(EcgView(), twelve(names=("II", "V1", "V5")), (300, 200)).cells) == 3


@pytest.mark.parametrize("layout", ["3x4+1", "3x4", "6x2", "12x1", "cabrera"])
def test_ed05_right_and_posterior_leads_stand_in_further_rows(layout):
    """Of fifteen leads the last three were left out without a word."""
    record = twelve(names=(*STANDARD, "V4R", "V8", "V9"))
    picture = resolve(EcgView(layout), record, (1400, 900))
    drawn = [record.leads[cell.lead].name for cell in picture.cells if not cell.rhythm]
    assert sorted(drawn) == sorted((*STANDARD, "V4R", "V8", "V9"))
    assert {cell.label for cell in picture.cells if cell.y0 > max(c.y0 for c in picture.cells if c.label == "V6")} <= {
        *("V4R", "V8", "V9", "II")
    }
