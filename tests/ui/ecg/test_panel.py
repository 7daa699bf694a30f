"""The dock beside an ECG: events, decisions with undo, why, measurements."""

from dataclasses import replace

import numpy as np
import pytest
from desk import start
from made import beating, ecg_record
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from medviewer.core.ecg import Beats, DeviceReport, Episode, Measurement, Wave
from medviewer.core.ecg_marks import moved_bound
from medviewer.core.finding import Provenance, Result
from medviewer.services.session import Session
from medviewer.store.database import Database
from medviewer.store.records import Records

MADE = Provenance("ecg-beats", "1", "m" * 64, "i" * 64, "", "", "", "cpu", 0, "")


def answered(seconds=60.0, **facts):
    heart, peaks = beating(seconds, 250)
    record = ecg_record([heart], 250.0, ["II"], **facts)
    symbols = ["V" if n % 7 == 3 else "S" if n % 11 == 5 else "N" for n in range(len(peaks))]
    shares = np.linspace(0.99, 0.6, len(peaks))
    beats = Beats(tuple(int(p) for p in peaks), tuple(symbols), tuple(shares))
    spans = (Episode(0.0, 20.0, "N", 0.9), Episode(20.0, 40.0, "A", 0.8), Episode(40.0, 60.0, "N", 0.95))
    result = Result(
        "made", None, "ecg-beats", "ok", beats=beats, episodes=spans, provenance=MADE, measurements={"QT": Measurement(380, "ms")}
    )
    return record, result, symbols


@pytest.fixture
def desk(qtbot, tmp_path):
    return start(qtbot, tmp_path)


@pytest.fixture
def panel(desk):
    record, result, _ = answered()
    desk.session.put([record])
    desk.session.put_result(result)
    return desk.controls("ecg").panel


def key(desk, which, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(desk.grid.active, which, modifier)


def test_the_list_counts_each_class_and_filters_it(panel):
    _, _, symbols = answered()
    assert f"{symbols.count('V')} V" in panel.events.heading.text()
    assert len(panel.events.model.numbers) == len(symbols) + 3
    panel.events.chips["V"].click()
    assert {panel.events.model.event(n).label for n in range(panel.events.model.rowCount())} == {"V"}
    panel.events.chips["rhythm"].click()
    assert [panel.events.model.event(n).kind for n in range(panel.events.model.rowCount())] == ["rhythm"] * 3


def test_a_days_counts_stand_in_the_heading_and_the_filters_stay_whole(panel):
    from medviewer.core.ecg_marks import Marks

    count = 30000
    marks = Marks(np.arange(count) * 0.8, np.tile(["N", "N", "V"], count // 3), np.full(count, 0.9))
    panel.events.take(marks)
    assert "10000 V, 20000 N" in panel.events.heading.text()
    assert panel.events.chips["V"].text() == "V" and panel.events.chips["V"].toolTip() == "V 10000"
    assert panel.events.chips["all"].text() == "all"


@pytest.mark.parametrize("column", [0, 1, 3])
def test_the_list_sorts_by_each_column_both_ways(panel, column):
    model = panel.events.model
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        panel.events.table.sortByColumn(column, order)
        of = {0: lambda e: e.start_s, 1: lambda e: e.label, 3: lambda e: e.probability}[column]
        values = [of(model.event(n)) for n in range(model.rowCount())]
        assert values == sorted(values, reverse=order == Qt.SortOrder.DescendingOrder)


def test_a_row_that_is_clicked_is_brought_into_view_and_explained(desk, panel):
    model = panel.events.model
    row = next(n for n in range(model.rowCount()) if model.event(n).label == "V" and model.event(n).start_s > 30)
    panel.events.chosen.emit(model.numbers[row])
    pane = desk.grid.active
    assert pane.view.chosen_s == pytest.approx(model.event(row).start_s)
    picture = pane.picture()
    assert picture.start_s <= pane.view.chosen_s <= picture.start_s + picture.page_s
    assert not panel.why.isHidden() and "V" in panel.why.title.text()
    assert panel.why.trace.facts is not None


def test_a_beat_is_accepted_called_otherwise_rejected_and_each_is_undone(desk, panel):
    key(desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    pane = desk.grid.active
    number = next(n for n, at in enumerate(pane.marks.times) if abs(at - pane.view.chosen_s) < 1e-6)
    before = pane.marks.counts()
    key(desk, Qt.Key.Key_A)
    assert pane.marks.decided[number].state == "accepted" and pane.marks.decided[number].who
    key(desk, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert pane.marks.symbols[number] == "S"
    assert pane.marks.counts()["S"] == before["S"] + 1
    key(desk, Qt.Key.Key_X)
    assert not pane.marks.accepted()[number]
    for _ in range(3):
        desk.session.history.undo()
    assert pane.marks.counts() == before and not pane.marks.decided
    desk.session.history.redo()
    assert pane.marks.decided[number].state == "accepted"


def test_ec07_what_people_change_is_a_second_layer_and_counted_above_the_list(desk, panel):
    pane = desk.grid.active
    before = desk.session.result("made", "ecg-beats").beats
    assert "by hand" not in panel.events.heading.text()
    key(desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    key(desk, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    key(desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    key(desk, Qt.Key.Key_X)
    assert pane.marks.changed() == (1, 1) and "by hand: 1 renamed, 1 rejected" in panel.events.heading.text()
    assert desk.session.result("made", "ecg-beats").beats is before, "what was detected is never overwritten"


def test_a_rhythm_episode_is_decided_on_too(desk, panel):
    panel.events.chips["rhythm"].click()
    panel.events.chosen.emit(-2)
    assert "atrial fibrillation" in panel.why.title.text()
    panel.why.buttons["rejected"].click()
    assert desk.grid.active.marks.decided[-2].state == "rejected"


def test_decisions_on_beats_are_kept_and_come_back_with_the_same_answer(tmp_path):
    record, result, _ = answered()
    records = Records(Database(tmp_path / "kept.db"))
    first = Session(records)
    first.put([record])
    first.put_result(result)
    from medviewer.core.ecg_marks import beat_finding, marks_of

    first.judge(beat_finding(record, result, 3), "accepted", label="S")
    assert [line.act for line in records.audit()] == ["relabel"]
    later = Session(records)
    later.put([record])
    later.put_result(result)
    marks = marks_of(record, later.results("made"), later.decisions("made"))
    assert marks.symbols[3] == "S" and marks.decided[3].state == "accepted"
    records.database.close()


def test_measurements_say_where_they_come_from(desk):
    device = DeviceReport(("SINUS RHYTHM",), {"PR": Measurement(160, "ms", "device")})
    record, result, _ = answered(device=device)
    desk.session.put([record])
    desk.session.put_result(result)
    panel = desk.controls("ecg").panel
    assert panel.automatic.texts == ["QT 380 ms"]
    assert any(text.startswith("Heart rate 75") for text in panel.rhythm.texts)
    assert panel.statements.text() == "SINUS RHYTHM" and panel.device.texts == ["PR 160 ms"]
    titles = {name: label.text() for name, label in panel._titles.items() if not label.isHidden()}
    assert "AUTOMATIC" in titles["automatic"] and "DEVICE" in titles["device"]


def test_mean_beats_of_each_class_are_shown_with_their_members(qtbot, desk, panel):
    qtbot.waitUntil(lambda: bool(panel.shapes.found), timeout=10000)
    _, _, symbols = answered()
    assert {t.label: t.count for t in panel.shapes.found} == {c: symbols.count(c) for c in "NSV"}
    panel.shapes.resize(300, panel.shapes.heightForWidth(300))
    for box, label in zip(panel.shapes.boxes(300), "NSV", strict=True):
        QTest.mousePress(panel.shapes, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, box.center().toPoint())
        assert panel.events.model.rowCount() == symbols.count(label), "a click lists the members"


def test_mean_beats_are_whole_at_one_scale_and_inside_their_plot(qtbot, desk, panel):
    qtbot.waitUntil(lambda: bool(panel.shapes.found), timeout=10000)
    plots = panel.shapes
    for wide in (200, 300, 420):
        mm, boxes = plots.mm(wide), plots.boxes(wide)
        low = min((t.mean - t.spread).min() for t in plots.found)
        high = max((t.mean + t.spread).max() for t in plots.found)
        for one, box in zip(plots.found, boxes, strict=True):
            assert box.right() <= wide and box.bottom() <= plots.heightForWidth(wide)
            assert box.width() == pytest.approx(0.8 * 25 * mm) and len(one.mean) == round(0.8 * one.rate_hz)
            assert box.height() >= (high - low) * 10 * mm


def test_st_levels_are_a_table_of_their_own_without_units_behind_each(desk):
    record, result, _ = answered()
    levels = {f"ST {lead}": Measurement(-0.051, "mV") for lead in ("I", "aVR", "V6")}
    desk.session.put([record])
    desk.session.put_result(replace(result, measurements={**result.measurements, **levels}))
    panel = desk.controls("ecg").panel
    assert panel.automatic.texts == ["QT 380 ms"]
    assert panel.levels.texts == ["I −0.05", "aVR −0.05", "V6 −0.05"]


def test_the_panel_gives_way_to_the_cards_of_an_image(desk, panel):
    from made import image_series

    assert desk.controls("ecg").tabs.isTabVisible(0)
    desk.session.put([replace(image_series(np.zeros((1, 8, 8), np.uint16)), item="picture")])
    desk.show_item("picture")
    assert not desk.controls("ecg").tabs.isTabVisible(0)


def test_a_day_of_beats_fills_the_list_at_once(panel):
    from time import perf_counter

    from medviewer.core.ecg_marks import Marks

    count = 110_000
    times = np.cumsum(np.full(count, 0.78))
    marks = Marks(times, np.full(count, "N", "<U1"), np.full(count, 0.9))
    start = perf_counter()
    panel.events.take(marks)
    assert panel.events.model.rowCount() == count
    assert perf_counter() - start < 3


def test_marks_are_exported_as_people_left_them_and_the_page_is_printed(desk, panel, tmp_path):
    key(desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    key(desk, Qt.Key.Key_X)
    pane, controls = desk.grid.active, desk.controls("ecg")
    for kind in ("wfdb", "edf", "csv"):
        controls.write_marks(pane, tmp_path, kind)
    controls.write_page(pane, tmp_path / "page.pdf")
    assert sorted(p.name for p in tmp_path.glob("*.*") if p.is_file()) == ["made.edf", "made.events.csv", "made.mvb", "page.pdf"]
    rows = (tmp_path / "made.events.csv").read_text("utf-8-sig").splitlines()
    assert sum(",rejected," in row for row in rows) == 1
    controls.write_page(pane, tmp_path / "missing" / "page.pdf")
    assert "page.pdf" in desk.window.statusBar().currentMessage() or desk.window.statusBar().currentMessage()


def waved(desk):
    """A record whose waves are marked, with the bounds shown."""
    heart, peaks = beating(10, 500)
    record = ecg_record([heart], 500.0, ["II"])
    waves = []
    for p in peaks.tolist():
        waves += [Wave("P", p - 110, p - 80, p - 50), Wave("QRS", p - 20, p, p + 25), Wave("T", p + 80, p + 130, p + 190)]
    result = Result(
        "made", None, "ecg-waves", "ok", waves={"II": tuple(waves)}, provenance=MADE, measurements={"QT": Measurement(420, "ms")}
    )
    desk.session.put([record])
    desk.session.put_result(result)
    pane = desk.grid.active
    pane.set_view(replace(pane.view, waves=True, layout="12x1", fit=False, speed=50.0))
    return pane, peaks


def test_a_bound_is_dragged_by_hand_says_so_and_is_undone(desk):
    pane, peaks = waved(desk)
    panel = desk.controls("ecg").panel
    cell = pane.picture().cells[0]
    end = (int(peaks[2]) + 190) / 500
    x, y = cell.x(end), cell.y0
    shift = QPoint(0, pane.top())
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(round(x), round(y)) + shift)
    QTest.mouseMove(pane, QPoint(round(x + 8), round(y)) + shift)
    QTest.mouseMove(pane, QPoint(round(cell.x(end + 0.04)), round(y)) + shift)
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(round(x), round(y)) + shift)
    moved = pane.marks.waves["II"][8]
    assert moved.offset / 500 == pytest.approx(end + 0.04, abs=0.006)
    assert "BY HAND · II" in panel._titles["by hand"].text() and not panel._titles["by hand"].isHidden()
    qt = next(text for text in panel.by_hand.texts if text.startswith("QT "))
    assert int(qt.split()[1]) == pytest.approx(420 + 40, abs=8)
    assert panel.automatic.texts == ["QT 420 ms"], "what the network measured stays beside it"
    desk.session.history.undo()
    assert pane.marks.waves["II"][8].offset == int(peaks[2]) + 190
    desk.session.history.redo()
    assert pane.marks.waves["II"][8].offset == moved.offset


def test_ea06_the_part_between_the_cursors_is_exported_and_without_cursors_it_says_so(desk, panel, tmp_path):
    pane, controls = desk.grid.active, desk.controls("ecg")
    controls.save_part()
    assert "cursors" in desk.window.statusBar().currentMessage()
    pane.set_calipers(replace(pane.calipers, cursors=(30.0, 10.0)))
    assert pane.calipers.span == (30.0, 10.0)
    for kind, ending in (("wfdb", "hea"), ("pdf", "pdf")):
        controls.write_part(pane, tmp_path, kind, pane.calipers.span)
        assert list(tmp_path.glob(f"made_10-30s.{ending}")), desk.window.statusBar().currentMessage()
    controls.write_part(pane, tmp_path, "csv", (500.0, 600.0))
    assert "Nothing" in desk.window.statusBar().currentMessage()


def test_calipers_and_borders_come_back_when_the_record_is_opened_again(desk, tmp_path):
    heart, _ = beating(10, 500)
    path = tmp_path / "made.hea"
    path.write_text("made 1 500 5000\n")
    record = ecg_record([heart], 500.0, ["II"], path=str(path))
    desk.session.put([record])
    pane = desk.grid.active
    pane.set_view(replace(pane.view, layout="stacked", fit=False, speed=50.0))
    pane.set_tool("caliper")
    cell = pane.picture().cells[0]
    shift = QPoint(0, pane.top())
    a, b = (QPoint(round(cell.x(at)), round(cell.y0)) + shift for at in (1.0, 1.5))
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, a)
    QTest.mouseMove(pane, (a + b) / 2)
    QTest.mouseMove(pane, b)
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, b)
    pane.set_tool("pan")
    drawn = pane.calipers.caliper
    assert drawn.seconds == pytest.approx(0.5, abs=0.01)
    pane.hand_moved.emit(pane, pane.hand, "bound")
    before = pane.hand
    pane.set_hand(before.with_wave("II", Wave("T", 400, 450, 520)))
    pane.hand_moved.emit(pane, before, "bound")
    desk.session.close([record.item])
    assert pane.item is None
    desk.session.put([record])
    again = desk.grid.active
    assert again.calipers.caliper == drawn and again.marks.waves["II"] == (Wave("T", 400, 450, 520),)
    key(desk, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not again.bounds and again.calipers.caliper == drawn
    key(desk, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert again.calipers.caliper is None


def test_a_bound_stays_on_its_side_of_the_peak_and_out_of_its_neighbours(desk):
    pane, _ = waved(desk)
    waves = pane.marks.waves["II"]
    assert moved_bound(waves, 1, "onset", 0)[1].onset == waves[0].offset
    assert moved_bound(waves, 1, "onset", 10**6)[1].onset == waves[1].peak
    assert moved_bound(waves, 1, "offset", 10**6)[1].offset == waves[2].onset
    assert moved_bound(waves, 1, "offset", 0)[1].offset == waves[1].peak


def test_xp10_a_ribbon_whose_explanation_did_not_pass_its_check_is_not_drawn(desk):
    from medviewer.core.ecg import Saliency
    from medviewer.core.finding import SelfCheck

    record, result, _ = answered()
    ribbon = Saliency("II", "A", 0.0, 0.1, (1.0,) * 100)
    desk.session.put([record])
    for passed, drawn in ((True, 1), (False, 0)):
        check = SelfCheck(0.3, 0.1, None, passed)
        desk.session.put_result(replace(result, saliency=ribbon, self_check=check))
        assert len(desk.grid.active.marks.saliency) == drawn
    panel = desk.controls("ecg").panel
    panel.events.chosen.emit(-2)
    assert "did not pass" in panel.why.facts_line.text() and panel.why.tag.text() == "explanation weak"


def test_why_tells_that_like_beats_outvoted_the_network(desk, panel):
    from medviewer.core.ecg import Vote

    _, result, symbols = answered()
    number = symbols.index("V")
    vote = Vote(result.beats.sample[number], "V", "N", 0.62, 12)
    for said, alone in ((True, "N"), (False, "V")):
        desk.session.put_result(replace(result, vote=replace(vote, alone=alone)))
        panel.events.chosen.emit(number)
        told = "V by vote of 12 beats of like QRS; the network alone said N (0.62)." in panel.why.says.text()
        assert told is said
        panel.events.chosen.emit(symbols.index("V", number + 1))
        assert "vote" not in panel.why.says.text(), "it was asked about another beat"


def test_why_asks_the_network_for_the_chosen_beat(desk, panel):
    asked = []
    panel.explanation_wanted.disconnect()
    panel.explanation_wanted.connect(lambda *what: asked.append(what))
    key(desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    _, result, symbols = answered()
    assert not panel.why.ask.isHidden()
    panel.why.ask.click()
    key(desk, Qt.Key.Key_Y)
    first = next(n for n, c in enumerate(symbols) if c != "N")
    assert asked == [("made", "ecg-beats", result.beats.sample[first])] * 2


def test_one_network_s_ribbon_is_drawn_and_another_can_be_asked_for(desk):
    from medviewer.core.ecg import Saliency
    from medviewer.ui.ecg.marks import ribbon_model

    record, result, _ = answered()
    desk.session.put([record])
    ribbon = Saliency("II", "A", 0.0, 0.1, (1.0,) * 100)
    for model in ("ecg-12lead", "ecg-rhythm", "ecg-beats"):
        desk.session.put_result(replace(result, model=model, saliency=ribbon))
    pane, controls = desk.grid.active, desk.controls("ecg")
    assert list(pane.marks.saliency) == ["ecg-beats", "ecg-rhythm", "ecg-12lead"]
    assert ribbon_model(pane.view, pane.marks) == "ecg-beats"
    controls._take_ribbon(pane, "ecg-12lead")
    assert ribbon_model(pane.view, pane.marks) == "ecg-12lead"


def test_ed08_nothing_of_the_panel_is_wider_than_its_dock(qtbot, desk, panel):
    from PySide6.QtWidgets import QScrollArea

    pane = desk.grid.active
    qtbot.waitUntil(lambda: bool(panel.shapes.found), timeout=10000)
    for number in (*range(len(pane.marks.times)), -1, -2):
        panel.events.chosen.emit(number)
        area = panel.findChild(QScrollArea)
        assert area.widget().minimumSizeHint().width() <= area.viewport().width(), pane.marks.event(number)


def test_the_networks_panel_is_as_high_as_its_rows(qtbot, tmp_path):
    desk = start(qtbot, tmp_path, safe_mode=False)
    record, _, _ = answered()
    desk.session.put([record])
    networks = desk.networks
    rows = [networks._rows.itemAt(n).widget() for n in range(networks._rows.count())]
    qtbot.waitUntil(lambda: not networks._fit_later.isActive(), timeout=5000)
    assert rows and networks.maximumHeight() >= sum(row.sizeHint().height() for row in rows)


@pytest.mark.parametrize(
    ("seconds", "begun", "early", "late"),
    [
        (10.0, "2026-01-01T21:10:04", "5.68 s", "3:00:00.0"),
        (86400.0, "", "5.68 s", "3:00:00.0"),
        (86400.0, "2026-01-01T21:10:04", "21:10:09.7", "00:10:04.0"),
    ],
)
def test_times_in_the_list_are_by_the_clock_where_the_page_is(seconds, begun, early, late):
    from medviewer.ui.ecg import words

    record = replace(ecg_record([np.zeros(int(seconds))], 1.0), start=begun)
    assert words.event_time(record, 5.68) == early
    assert words.event_time(record, 3 * 3600.0) == late
