"""The ECG pane under hands and keys, in a running window."""

from dataclasses import replace

import numpy as np
import pytest
from desk import start
from made import beating, ecg_record
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from medviewer.core.ecg import Beats, Episode
from medviewer.core.ecg_view import GAINS, STANDARD, EcgView
from medviewer.core.finding import Interval, Result
from medviewer.ui.ecg.calipers import caliper_words, cursor_words
from medviewer.ui.ecg.pane import EcgPane
from medviewer.ui.ecg.scale import BAR_PX, ScaleDialog, screen_scale


def twelve(seconds=10.0):
    heart, peaks = beating(seconds)
    return ecg_record([heart * k for k in np.linspace(0.4, 1.2, 12)], names=list(STANDARD)), peaks


@pytest.fixture
def desk(qtbot, tmp_path):
    return start(qtbot, tmp_path)


@pytest.fixture
def pane(desk):
    record, _ = twelve()
    desk.session.put([record])
    shown = desk.grid.active
    assert isinstance(shown, EcgPane)
    return shown


def drag(pane, start, end, button=Qt.MouseButton.LeftButton, modifier=Qt.KeyboardModifier.NoModifier):
    """With the mouse, in the coordinates of the picture."""
    shift = QPoint(0, pane.top())
    a, b = QPoint(*(round(v) for v in start)) + shift, QPoint(*(round(v) for v in end)) + shift
    QTest.mousePress(pane, button, modifier, a)
    QTest.mouseMove(pane, (a + b) / 2)
    QTest.mouseMove(pane, b)
    QTest.mouseRelease(pane, button, modifier, b)


def key(desk, which, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(desk.grid.active, which, modifier)


def test_a_dropped_ecg_takes_a_pane_and_its_name_stands_above(desk, pane):
    assert pane.view.layout == "3x4+1" and pane.record is not None
    assert desk.grid.panes == [pane]
    desk.session.close(["made"])
    assert pane.item is None


def test_keys_change_gain_speed_page_layout_and_theme(desk, pane):
    pane.setFocus()
    key(desk, Qt.Key.Key_Plus)
    assert pane.view.gain == 20
    key(desk, Qt.Key.Key_Minus)
    key(desk, Qt.Key.Key_Minus)
    assert pane.view.gain == 5
    key(desk, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert pane.view.speed == 50
    key(desk, Qt.Key.Key_Right)
    assert pane.view.start_s > 0
    key(desk, Qt.Key.Key_Home)
    assert pane.view.start_s == 0
    key(desk, Qt.Key.Key_End)
    assert pane.view.start_s == pytest.approx(10 - pane.picture().page_s, abs=0.01)
    key(desk, Qt.Key.Key_5)
    assert pane.view.layout == "cabrera"
    key(desk, Qt.Key.Key_P)
    assert pane.view.theme == "paper" and desk.settings.get("ecg_theme") == "paper"
    key(desk, Qt.Key.Key_F)
    assert not pane.view.filters.none
    assert set(GAINS) >= {pane.view.gain}


def test_image_keys_do_nothing_to_an_ecg_and_its_commands_are_out_of_sight(desk, pane):
    before = pane.view
    key(desk, Qt.Key.Key_I)
    assert pane.view == before
    assert not desk.actions.by_id["invert"].isVisible() and desk.actions.by_id["ecg-gain-up"].isVisible()


def test_the_wheel_moves_in_time_and_with_ctrl_zooms_at_the_pointer(desk, pane):
    pane.set_view(replace(pane.view, layout="12x1", fit=False))

    def wheel(at, delta, modifier):
        where = QPointF(at[0], at[1] + pane.top())
        event = QWheelEvent(
            where, pane.mapToGlobal(where), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(pane, event)

    wheel((400, 200), -120, Qt.KeyboardModifier.NoModifier)
    assert pane.view.start_s > 0
    cell = pane.picture().cell_at(400, 200)
    moment = cell.time(400)
    wheel((400, 200), 360, Qt.KeyboardModifier.ControlModifier)
    assert pane.view.speed > 40
    assert pane.picture().cell_at(400, 200).time(400) == pytest.approx(moment, abs=0.02)
    for _ in range(60):
        wheel((400, 200), 360, Qt.KeyboardModifier.ControlModifier)
    assert pane.picture().cells[0].seconds == pytest.approx(0.01, rel=0.05), "ten milliseconds are the nearest (ED-09)"


def test_dragging_moves_in_time_and_the_right_button_zooms(desk, pane):
    pane.set_view(replace(pane.view, layout="12x1", fit=False))
    drag(pane, (500, 300), (400, 300))
    assert pane.view.start_s == pytest.approx(100 / pane.picture().px_per_s, abs=0.02)
    speed = pane.view.speed
    drag(pane, (500, 300), (500, 250), Qt.MouseButton.RightButton)
    assert pane.view.speed > speed


def test_ed04_a_caliper_measures_time_rate_and_millivolts_whatever_the_scale(desk, pane):
    pane.set_view(replace(pane.view, layout="12x1", fit=False))
    desk.choose_tool("caliper")
    for speed, gain in ((25.0, 10.0), (50.0, 5.0)):
        pane.set_view(replace(pane.view, speed=speed, gain=gain))
        cell = pane.picture().cells[1]
        start, end = (cell.x(1.0), cell.y(0.0)), (cell.x(1.8), cell.y(0.5))
        drag(pane, start, end)
        one = pane.calipers.caliper
        assert one.seconds == pytest.approx(0.8, abs=0.02) and one.value == pytest.approx(0.5, abs=0.05)
        text = caliper_words(one, pane.record)
        assert " ms · 7" in text and text.endswith("mV")


def test_ef01_the_caliper_of_an_uncalibrated_lead_says_approximately(desk):
    loose = replace(ecg_record([beating()[0]], unit=""), item="loose")
    desk.session.put([loose])
    pane = desk.grid.active
    desk.choose_tool("caliper")
    cell = pane.picture().cells[0]
    drag(pane, (cell.x(1.0), cell.y(0.0)), (cell.x(2.0), cell.y(0.5)))
    assert "approx." in caliper_words(pane.calipers.caliper, loose)


def test_ed06_a_caliper_stays_in_the_cell_where_it_began(desk, pane):
    desk.choose_tool("caliper")
    cell = next(c for c in pane.picture().cells if c.label == "I")
    after = next(c for c in pane.picture().cells if c.label == "aVR")
    drag(pane, (cell.x(1.0), cell.y0), (after.x(after.start_s + 1.0), cell.y0))
    one = pane.calipers.caliper
    assert one.lead == cell.lead and one.end[0] <= cell.start_s + cell.seconds + 1e-6


def test_two_cursors_tell_their_distance_and_march_out_repeats_the_caliper(desk, pane):
    pane.set_view(replace(pane.view, layout="12x1", fit=False))
    desk.choose_tool("cursors")
    cell = pane.picture().cells[0]
    for at in (1.0, 1.75):
        drag(pane, (cell.x(at), cell.y0), (cell.x(at), cell.y0))
    assert [pytest.approx(v, abs=0.01) for v in (1.0, 1.75)] == list(pane.calipers.cursors)
    assert cursor_words((1.0, 1.75)) == "Δ 750 ms · 80/min"
    key(desk, Qt.Key.Key_M)
    assert pane.calipers.march
    key(desk, Qt.Key.Key_Delete)
    assert pane.calipers.cursors == () and pane.calipers.caliper is None


def marked(record, peaks):
    symbols = ["N"] * len(peaks)
    symbols[3], symbols[6] = "V", "S"
    episodes = (Episode(0.0, 5.0, "N", 0.9), Episode(5.0, 10.0, "A", 0.97))
    beats = Beats(tuple(int(p) for p in peaks), tuple(symbols), (0.95,) * len(peaks))
    return Result(record.item, None, "ecg-beats", "ok", beats=beats, episodes=episodes)


def test_results_are_marked_and_ctrl_n_goes_from_event_to_event(desk):
    record, peaks = twelve()
    desk.session.put([record])
    desk.session.put_result(marked(record, peaks))
    pane = desk.grid.active
    assert pane.marks.counts() == {"N": len(peaks) - 2, "S": 1, "V": 1, "F": 0, "Q": 0}
    seen = []
    for _ in range(4):
        key(desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        seen.append(pane.view.chosen_s)
    wanted = sorted([peaks[3] / 500, peaks[6] / 500, 5.0])
    assert seen[:3] == pytest.approx(wanted)
    key(desk, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    key(desk, Qt.Key.Key_G)
    assert not pane.view.marks


def test_a_findings_place_is_brought_into_view(desk):
    heart, _ = beating(100)
    record = ecg_record([heart], names=["II"])
    desk.session.put([record])
    desk.show_finding("made", "ecg-beats", Interval(40000, 40400))
    pane = desk.grid.active
    picture = pane.picture()
    assert picture.start_s <= 80.4 <= picture.start_s + picture.page_s
    assert pane.view.chosen_s == pytest.approx(80.4)


def test_ed01_a_ruler_calibrates_the_screen_once(desk, pane):
    assert not pane.picture().to_scale
    dialog = ScaleDialog(desk.settings, pane)
    dialog.length.setValue(100.0)
    dialog._save()
    assert screen_scale(desk.settings, pane) == (BAR_PX / 100.0, True)
    desk.controls("ecg")._rescale()
    pane.set_view(replace(pane.view, fit=False))
    picture = pane.picture()
    assert picture.to_scale and picture.px_per_mm == pytest.approx(4.0)


def test_the_holter_head_jumps_and_a_click_on_a_line_shows_that_moment_at_paper_speed(desk):
    heart, _ = beating(900, 100)
    record = ecg_record([heart], 100.0, ["II"])
    desk.session.put([record])
    pane = desk.grid.active
    assert pane.view.layout == "holter"
    overview = pane.picture().overview
    drag(pane, (overview.x + overview.w / 2, overview.y + 10), (overview.x + overview.w / 2, overview.y + 10))
    assert pane.view.chosen_s == pytest.approx(450, abs=3)
    line = next(c for c in pane.picture().cells if c.line)
    at = line.start_s + line.seconds / 2
    drag(pane, (line.x(at), line.y0), (line.x(at), line.y0))
    assert pane.view.chosen_s == pytest.approx(at, abs=0.1)
    strip = next(c for c in pane.picture().cells if c.rhythm)
    assert strip.start_s < at < strip.start_s + strip.seconds


def test_two_ecgs_side_by_side_have_the_same_scale_whatever_their_layouts(desk):
    one, _ = twelve()
    two = replace(one, item="other")
    desk.lay_out(1, 2)
    desk.session.put([one, two])
    desk.show_item("made", desk.grid.panes[0])
    desk.show_item("other", desk.grid.panes[1])
    desk.window.resize(2600, 560)
    QApplication.processEvents()
    first, second = desk.grid.panes
    second.set_view(replace(second.view, layout="12x1"))
    pictures = [pane.picture() for pane in desk.grid.panes]
    assert first.own_mm() != pytest.approx(second.own_mm(), abs=0.01), "alone they would differ"
    assert pictures[0].px_per_mm == pictures[1].px_per_mm
    assert {(p.speed, p.gain) for p in pictures} == {(25.0, 10.0)}
    desk.lay_out(1, 1)
    assert desk.grid.panes[0].most_mm is None or desk.grid.panes[0].picture().px_per_mm == desk.grid.panes[0].own_mm()


def test_el01_a_long_records_pyramid_is_built_beside_and_closing_stops_it(qtbot, desk):
    record = ecg_record([np.zeros(1 << 21)], 500.0, ["II"])
    desk.session.put([record])
    pane = desk.grid.active
    assert pane._painter.traces.pyramid is None, "the first paint waits for nothing that it does not need"
    pane.grab()
    assert pane._painter.traces.pyramid is not None
    qtbot.waitUntil(lambda: pane._painter.traces.pyramid.done == record.seconds, timeout=20000)
    token = pane._token
    desk.session.close(["made"])
    assert token.cancelled


def test_a_table_that_does_not_say_its_rate_is_told_and_stated_by_hand(qtbot, desk, tmp_path):
    from medviewer.ui.ecg.stated import StatedDialog

    heart, _ = beating(10, 250)
    table = tmp_path / "table.csv"
    np.savetxt(table, np.column_stack([heart * 1000, -heart * 1000]), delimiter=",", fmt="%.1f")
    desk.open([str(table)])
    qtbot.waitUntil(lambda: isinstance(desk.grid.active, EcgPane) and desk.grid.active.record is not None, timeout=20000)
    pane = desk.grid.active
    assert "Hz is assumed" in pane.strip.words() and 'href="state"' in pane.strip.words()
    dialog = StatedDialog(pane.record, pane)
    dialog.rate.setValue(250)
    dialog.unit.setCurrentText("µV")
    dialog.names.setText("I")
    dialog.try_accept()
    assert not dialog.wrong.isHidden() and "2 leads" in dialog.wrong.text()
    dialog.names.setText("I, aVR")
    dialog.accepted.connect(lambda: desk.session.put([dialog.record()]))
    dialog.try_accept()
    record = pane.record
    assert (record.rate_hz, [lead.name for lead in record.leads], record.leads[0].unit) == (250, ["I", "aVR"], "mV")
    assert np.allclose(record.source.read(0, 0, 2500), heart, atol=1e-4)
    assert record.seconds == 10 and pane.strip.isHidden()


def test_warnings_of_a_file_stand_in_the_pane_until_they_are_hidden(desk):
    from medviewer.core.errors import Notice

    record, _ = twelve()
    desk.session.put([replace(record, warnings=(Notice("leads-derived", "x", {"leads": "III"}),))])
    pane = desk.grid.active
    assert "III" in pane.strip.words() and not pane.strip.isHidden()
    pane._link("hide")
    assert pane.strip.isHidden()


def test_the_lead_of_the_lines_is_chosen_in_the_layout_menu(desk):
    record = ecg_record([np.zeros(90000), np.ones(90000)], 100.0, ["II", "V1"])
    desk.session.put([record])
    pane = desk.grid.active
    menu = pane.bar.layout_button.menu()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == "V1").trigger()
    assert {cell.lead for cell in pane.picture().cells if cell.line} == {1}


def test_ed03_the_menu_gives_the_lead_under_the_pointer_another_gain(desk, pane):
    from PySide6.QtWidgets import QMenu

    cell = next(c for c in pane.picture().cells if c.label == "V2")
    place = pane.mapToGlobal(QPoint(round(cell.rect.x + 40), round(cell.y0) + pane.top()))
    menu = QMenu()
    desk.controls("ecg")._lead_gains(menu, pane, place)
    (gains,) = (action.menu() for action in menu.actions())
    assert gains.title() == "Gain of V2 alone"
    next(action for action in gains.actions() if action.text() == "×0.5").trigger()
    assert pane.view.lead_gains == (("V2", 0.5),)
    assert next(c for c in pane.picture().cells if c.label == "V2").own_gain == 5.0


def test_the_corner_tells_name_sex_age_id_and_birth_date(desk):
    from medviewer.core.identity import Patient
    from medviewer.ui.ecg import words

    record, _ = twelve()
    record = replace(record, patient=Patient("7", "Doe^Jane", "1964-05-02", "F"), age_years=62.0)
    left, right = words.head(record, EcgView.start(record))
    assert left == ("Doe, Jane", "F 62 · 7 · born 1964-05-02") and "12 leads, 10 s, 500 Hz" in right[0]
