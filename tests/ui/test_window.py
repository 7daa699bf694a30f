"""The window as a person meets it: empty first, then files are dropped on it, keys and mouse."""

import subprocess
import sys

import pytest
from desk import start
from make import make_series
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel

from medviewer.core.measure import Ruler
from medviewer.ui.commands import COMMANDS
from medviewer.ui.image.rulers import length_words
from medviewer.ui.note.text import NoteText
from medviewer.ui.palette import KeySheet, Palette
from medviewer.ui.pane import ITEM_MIME


@pytest.fixture
def desk(qtbot, tmp_path):
    desk = start(qtbot, tmp_path / "profile")
    yield desk
    desk.window.close()


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    hand = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 50), *hand))
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), *hand))


def opened(qtbot, desk, *paths):
    """Drop and wait until the scan has ended and the first pane shows pixels."""
    drop(desk.window, *paths)
    qtbot.waitUntil(lambda: desk.session.account.finished and desk.session.account.found > 0, timeout=30000)
    pane = desk.grid.panes[0]
    qtbot.waitUntil(lambda: pane._shown is not None and not pane.loading, timeout=30000)
    return pane


def test_nothing_heavy_is_imported_before_the_first_paint():
    code = (
        "import sys\n"
        "from medviewer.ui.app import run\n"
        "heavy = ('numpy', 'pydicom', 'torch', 'scipy', 'pyqtgraph', 'sqlite3')\n"
        "painted = lambda: print('found', [name for name in heavy if name in sys.modules], flush=True)\n"
        "sys.exit(run([], new_instance=True, painted=painted, quit_after_paint=True))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "found []"


def test_the_window_opens_empty_with_what_can_be_done_first(desk):
    assert desk.window.centre.currentWidget() is desk.window.empty
    assert desk.window.empty.open.isVisible() and desk.window.empty.sample.isVisible()
    assert "not for diagnosis" in desk.window.notice.text()


def test_a_dropped_folder_fills_browser_and_pane(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 7)
    pane = opened(qtbot, desk, tmp_path / "ct")
    assert desk.browser.order() == [pane.series.item]
    assert len(pane.series.frames) == 7
    assert "Test, Person" in desk.window.identity.text() and "T-1" in desk.window.identity.text()
    assert desk.window.centre.currentWidget() is desk.grid
    assert "7 loaded" in desk.browser.footer.text()


def test_the_wheel_scrolls_and_keys_go_to_first_and_last(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 7)
    pane = opened(qtbot, desk, tmp_path / "ct")
    before = pane.view.frame
    wheel = QWheelEvent(
        QPointF(40, 40), pane.mapToGlobal(QPointF(40, 40)), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane, wheel)
    assert pane.view.frame == before + 1
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_Home)
    assert pane.view.frame == 0
    qtbot.keyClick(pane, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert pane.view.frame == 6


def drag(qtbot, pane, start, end, button=Qt.MouseButton.LeftButton, keys=Qt.KeyboardModifier.NoModifier):
    """Press, move in two steps, release, as a hand does; positions are (x, y) in the pane."""
    qtbot.mousePress(pane, button, keys, QPoint(*start))
    for part in (0.5, 1.0):
        where = QPointF(*(a + (b - a) * part for a, b in zip(start, end, strict=True)))
        move = QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), Qt.MouseButton.NoButton, button, keys)
        QApplication.sendEvent(pane, move)
    qtbot.mouseRelease(pane, button, keys, QPoint(*end))


@pytest.fixture
def pane(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 7, shape=(40, 30))
    return opened(qtbot, desk, tmp_path / "ct")


def test_a_left_drag_widens_the_window_to_the_right_and_moves_the_level_up_and_down(qtbot, pane):
    before = pane.drawn_window().window
    drag(qtbot, pane, (100, 100), (200, 100))
    wider = pane.drawn_window().window
    assert wider[1] > before[1] and wider[0] == pytest.approx(before[0])
    drag(qtbot, pane, (100, 100), (100, 180))
    assert pane.drawn_window().window[0] > wider[0]
    assert pane.drawn_window().window[1] == pytest.approx(wider[1])


def test_vt01_a_hand_set_window_survives_scrolling_and_reset_brings_back_the_opening(qtbot, pane):
    opening = pane.view
    drag(qtbot, pane, (100, 100), (160, 130))
    hand = pane.drawn_window()
    for k in range(7):
        pane.set_view(pane.view.at_frame(k, pane.series))
        qtbot.waitUntil(lambda k=k: pane._shown[0] == k)
        assert pane.drawn_window() == hand
    pane.set_view(pane.view.at_frame(opening.frame, pane.series))
    qtbot.keyClick(pane, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert pane.view == opening


def test_vt02_image_window_and_place_survive_resizing_and_ten_layout_changes(qtbot, desk, pane):
    drag(qtbot, pane, (100, 100), (160, 130))
    qtbot.keyClick(pane, Qt.Key.Key_End)
    kept = pane.view
    for rows, columns in [(1, 2), (2, 2), (1, 1), (2, 3), (1, 2)] * 2:
        desk.lay_out(rows, columns)
    desk.window.resize(1000, 700)
    qtbot.mouseDClick(pane, Qt.MouseButton.LeftButton)
    qtbot.mouseDClick(pane, Qt.MouseButton.LeftButton)
    assert pane.view == kept
    assert desk.grid.panes[0] is pane


def test_right_drag_zooms_middle_drag_pans_and_equals_fits_again(qtbot, pane):
    fit = pane.picture().zoom
    drag(qtbot, pane, (200, 200), (200, 140), Qt.MouseButton.RightButton)
    assert pane.picture().zoom > fit
    under = pane.picture().to_image(150, 150)
    drag(qtbot, pane, (150, 150), (180, 160), Qt.MouseButton.MiddleButton)
    assert pane.picture().to_screen(*under) == pytest.approx((180, 160))
    qtbot.keyClick(pane, Qt.Key.Key_Equal)
    assert pane.picture().zoom == pytest.approx(fit)


def test_the_ruler_says_millimetres_and_del_takes_it_away(qtbot, desk, pane):
    qtbot.keyClick(pane, Qt.Key.Key_L)
    assert pane.tool_id == "ruler"
    start, end = (pane.picture().to_screen(10, column) for column in (5.0, 15.0))
    drag(qtbot, pane, [round(v) for v in start], [round(v) for v in end])
    assert len(pane.rulers) == 1
    assert float(length_words(pane.series, pane.frame, pane.rulers[0]).split()[0]) == pytest.approx(8.0, abs=0.1)
    assert length_words(pane.series, pane.frame, pane.rulers[0]).split()[1] == "mm"
    qtbot.keyClick(pane, Qt.Key.Key_Delete)
    assert pane.rulers == []
    qtbot.keyClick(pane, Qt.Key.Key_Escape)
    assert pane.tool_id == "window"


def test_me07_the_probe_gives_the_value_in_hu_with_its_place(pane):
    x, y = pane.picture().to_screen(4, 7)
    value = pane.series.modality_values(pane.view.frame)[4, 7]
    assert f"{value} HU" in pane.probe(x, y)
    assert "column 7, row 4" in pane.probe(x, y) and "mm" in pane.probe(x, y)
    assert pane.probe(-50, -50) == ""


def test_px03_the_probe_is_the_same_for_monochrome1_and_monochrome2(qtbot, desk, tmp_path):
    said = []
    for name in ("MONOCHROME1", "MONOCHROME2"):
        tags = {"PhotometricInterpretation": name, "SeriesInstanceUID": f"1.2.3.{name[-1]}"}
        make_series(tmp_path / name, 1, modality="CR", tags=lambda k, tags=tags: tags)
        drop(desk.window, tmp_path / name)
    qtbot.waitUntil(lambda: len(desk.session.items) == 2, timeout=30000)
    pane = desk.grid.panes[0]
    for item in desk.browser.order():
        desk.show_item(item)
        qtbot.waitUntil(lambda: pane._shown is not None)
        said.append(pane.probe(*pane.picture().to_screen(3, 5)))
    assert said[0] == said[1] != ""


def test_me01_me02_a_length_stays_with_its_image_through_scrolling_other_series_and_layouts(qtbot, desk, tmp_path):
    make_series(tmp_path / "one", 4)
    make_series(tmp_path / "two", 4, tags=lambda k: {"SeriesInstanceUID": "1.2.9"})
    pane = opened(qtbot, desk, tmp_path)
    first = pane.item
    qtbot.keyClick(pane, Qt.Key.Key_Home)
    pane.length_drawn.emit(pane, Ruler((2.0, 2.0), (2.0, 7.0)))
    qtbot.keyClick(pane, Qt.Key.Key_Down)
    assert pane.rulers == []
    pane.show_item(next(item for item in desk.session.items if item.item != first.item))
    qtbot.keyClick(pane, Qt.Key.Key_Home)
    assert pane.rulers == []
    desk.lay_out(1, 2)
    other = desk.grid.panes[1]
    other.show_item(first)
    desk.grid.activate(other)
    qtbot.keyClick(other, Qt.Key.Key_Home)
    assert other.rulers == [Ruler((2.0, 2.0), (2.0, 7.0))]


def test_me08_a_length_is_on_its_image_again_when_it_is_opened_at_the_next_start(qtbot, tmp_path):
    make_series(tmp_path / "one", 1)
    first = start(qtbot, tmp_path / "profile", safe_mode=False)
    pane = opened(qtbot, first, tmp_path / "one")
    pane.length_drawn.emit(pane, Ruler((2.0, 2.0), (2.0, 7.0)))
    first.window.close()
    again = opened(qtbot, start(qtbot, tmp_path / "profile", safe_mode=False), tmp_path / "one")
    qtbot.waitUntil(lambda: again.rulers == [Ruler((2.0, 2.0), (2.0, 7.0))], timeout=10000)


def test_me10_a_length_that_was_drawn_or_taken_away_is_undone_without_a_question(qtbot, desk, pane):
    desk.choose_tool("ruler")
    drag(qtbot, pane, (200, 200), (260, 200))
    (drawn,) = pane.rulers
    qtbot.keyClick(pane, Qt.Key.Key_Delete)
    assert pane.rulers == []
    desk.keeping.undo()
    assert pane.rulers == [drawn]
    desk.keeping.undo()
    assert pane.rulers == []
    desk.keeping.redo()
    assert pane.rulers == [drawn]


def test_presets_automatic_and_invert_by_their_keys(qtbot, pane):
    qtbot.keyClick(pane, Qt.Key.Key_2)
    assert pane.drawn_window().window == (-600, 1500)
    qtbot.keyClick(pane, Qt.Key.Key_I)
    assert pane.view.invert
    qtbot.keyClick(pane, Qt.Key.Key_0)
    assert pane.view.window.explanation == "automatic"
    qtbot.keyClick(pane, Qt.Key.Key_W, Qt.KeyboardModifier.AltModifier)
    assert pane.view.window is None


def test_vt03_keys_act_on_the_pane_after_the_toolbar_was_used_but_not_while_text_is_typed(qtbot, desk, pane):
    desk.focus_search()
    kept = pane.view
    qtbot.keyClicks(desk.browser.search, "w1 r")
    assert desk.browser.search.text() == "w1 r"
    assert pane.view == kept
    qtbot.keyClick(desk.browser.tree, Qt.Key.Key_1)
    assert pane.drawn_window().window == (40, 400)


def test_vt09_a_second_patient_raises_a_banner_in_every_pane_and_identity_stays_visible(qtbot, desk, pane, tmp_path):
    assert not pane.banner.isVisible()
    other = {"PatientName": "Wang^XiuYing", "PatientID": "T-2", "SeriesInstanceUID": "1.2.9", "StudyInstanceUID": "1.2.8"}
    make_series(tmp_path / "other", 2, tags=lambda k: other)
    drop(desk.window, tmp_path / "other")
    qtbot.waitUntil(lambda: len(desk.session.patients) == 2, timeout=30000)
    desk.lay_out(1, 2)
    desk.show_item(desk.browser.order()[1], desk.grid.panes[1])
    for one in desk.grid.panes:
        assert one.banner.isVisible()
        assert "Wang, XiuYing" in one.banner.words() and "Test, Person" in one.banner.words()
    desk.grid.activate(desk.grid.panes[0])
    for words in ("T-1", "1970-01-01", "2026-01-02"):
        assert words in desk.window.identity.text()


def test_tab_goes_to_the_next_pane_and_page_down_to_the_next_series(qtbot, desk, tmp_path):
    for number in (1, 2):
        tags = {"SeriesInstanceUID": f"1.2.3.{number}", "SeriesNumber": number}
        make_series(tmp_path / str(number), 3, tags=lambda k, tags=tags: tags)
    drop(desk.window, tmp_path)
    qtbot.waitUntil(lambda: len(desk.browser.order()) == 2 and desk.session.account.finished, timeout=30000)
    desk.lay_out(1, 2)
    first, second = desk.grid.panes
    desk.show_item(desk.browser.order()[0], first)
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert second.active and not first.active
    qtbot.keyClick(second, Qt.Key.Key_PageDown)
    assert second.series is not None
    qtbot.keyClick(second, Qt.Key.Key_PageDown)
    assert second.series.item == desk.browser.order()[1]


def test_a_damaged_image_says_its_file_and_what_to_do_and_the_others_are_shown(qtbot, desk, tmp_path):
    paths = make_series(tmp_path / "ct", 3, shape=(64, 64))
    cut = paths[1].read_bytes()
    paths[1].write_bytes(cut[: len(cut) - 5000])
    drop(desk.window, tmp_path / "ct")
    qtbot.waitUntil(lambda: desk.session.account.finished and desk.session.account.found == 3, timeout=30000)
    account = desk.session.account
    assert account.loaded + len(account.failed) == 3
    pane = desk.grid.panes[0]
    if account.failed:
        desk.browser.show_files()
        assert "0001.dcm" in str(account.failed[0].path)
    else:
        pane.set_view(pane.view.at_frame(1, pane.series))
        qtbot.waitUntil(lambda: pane.error is not None)
        assert "0001.dcm" in pane.error.path


def test_no_two_commands_that_count_at_the_same_time_have_the_same_keys():
    for n, one in enumerate(COMMANDS):
        for other in COMMANDS[n + 1 :]:
            assert not (one.meets(other) and set(one.keys) & set(other.keys)), (one.id, other.id)


def test_the_palette_finds_a_command_by_a_part_of_its_name_and_does_it(qtbot, desk, pane):
    palette = Palette(desk, desk.window)
    qtbot.addWidget(palette)
    qtbot.keyClicks(palette.line, "vertic")
    assert palette.list.count() == 1
    before = pane.view
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert pane.view == before.flipped_vertically()


def test_the_key_sheet_names_every_command_that_has_keys(qtbot, desk):
    sheet = KeySheet(desk.bindings, desk.window)
    qtbot.addWidget(sheet)
    said = {label.text() for label in sheet.findChildren(QLabel)}
    assert {command.text() for command in COMMANDS if command.keys} <= said


def test_rn01_closing_during_a_scan_ends_within_two_seconds_and_with_exit_code_0(tmp_path):
    make_series(tmp_path / "ct", 300, shape=(64, 64))
    code = (
        "import sys, time\n"
        "from PySide6.QtCore import QTimer\n"
        "from medviewer.ui import app\n"
        "from medviewer.ui.window import Window\n"
        "made = Window.__init__\n"
        "def init(self):\n"
        "    made(self)\n"
        "    Window.last = self\n"
        "Window.__init__ = init\n"
        "begun = []\n"
        "def close():\n"
        "    begun.append(time.monotonic())\n"
        "    Window.last.close()\n"
        "painted = lambda: QTimer.singleShot(900, close)\n"
        f"code = app.run([{str(tmp_path / 'ct')!r}], new_instance=True, painted=painted)\n"
        "print('took', time.monotonic() - begun[0], flush=True)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) < 2.0
    assert "QThread" not in done.stderr


def test_a_series_is_dragged_from_the_browser_onto_another_pane(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 2)
    pane = opened(qtbot, desk, tmp_path / "ct")
    desk.lay_out(1, 2)
    other = desk.grid.panes[1]
    assert other.item is None
    data = QMimeData()
    data.setData(ITEM_MIME, pane.item.item.encode())
    hand = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(other, QDragEnterEvent(QPoint(50, 50), *hand))
    QApplication.sendEvent(other, QDropEvent(QPointF(50, 50), *hand))
    assert desk.grid.panes[1].item is pane.item


def test_files_dropped_over_any_part_of_the_window_are_opened(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 2)
    opened(qtbot, desk, tmp_path / "ct")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "ct"))])
    data.setText(str(tmp_path / "ct"))  # as file managers give it besides
    hand = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    writing = NoteText(lambda k: "", desk.grid.panes[0])
    writing.setReadOnly(False)
    parts = (
        desk.grid.panes[0],
        writing.viewport(),
        desk.browser.tree.viewport(),
        desk.browser.search,
        desk.findings,
        desk.networks,
    )
    wanted = []
    desk.window.dropped.connect(lambda paths: wanted.append(paths))
    for part in parts:
        # Qt itself goes up to the innermost widget that accepts
        QApplication.sendEvent(part, QDragEnterEvent(QPoint(5, 5), *hand))
        QApplication.sendEvent(desk.window, QDropEvent(QPointF(5, 5), *hand))
        assert wanted and wanted.pop() == [str(tmp_path / "ct")], type(part).__name__


def test_vt09_identity_and_notice_stay_in_the_top_bar_of_a_narrow_window(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 1)
    opened(qtbot, desk, tmp_path / "ct")
    window = desk.window
    window.resize(window.minimumSizeHint().width(), 600)
    qtbot.waitUntil(lambda: window.width() < 900)
    for label in (window.identity, window.notice):
        assert label.isVisible() and window.rect().contains(label.mapTo(window, label.rect().bottomRight()))
    assert "2026-01-02" in window.identity.text() and window.notice.width() >= window.notice.sizeHint().width()
    assert window.identity.width() >= 180 and window.left.width() >= 150
