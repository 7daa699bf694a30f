"""Looking at images beyond the first window: cine, tags, magnifier, layers, key images, own keys, what is kept."""

from dataclasses import replace

import numpy as np
import pytest
from desk import start
from made import image_series
from make import make_image, make_series, save
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu

from medviewer.core.grey import VoiTransform
from medviewer.core.overlay import Overlay, Shutter
from medviewer.core.view import ImageView, resolve
from medviewer.io.elements import elements
from medviewer.store.profile import Profile
from medviewer.store.settings import SETTINGS, Settings
from medviewer.ui.image.painter import paint
from medviewer.ui.layout import LayoutPicker
from medviewer.ui.patient.browser import MARKS, SECOND
from medviewer.ui.patient.tags import TagList
from medviewer.ui.preferences import CHOICES, TITLES, Preferences

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def desk(qtbot, tmp_path):
    desk = start(qtbot, tmp_path / "profile")
    yield desk
    desk.window.close()


def opened(qtbot, desk, *paths):
    desk.open([str(path) for path in paths])
    pane = desk.grid.panes[0]
    qtbot.waitUntil(lambda: pane._shown is not None and desk.session.account.finished and not pane.loading, timeout=30000)
    pane.setFocus()
    return pane


@pytest.fixture
def pane(qtbot, desk, tmp_path):
    make_series(tmp_path / "ct", 7, shape=(40, 30))
    return opened(qtbot, desk, tmp_path / "ct")


def drag(qtbot, pane, start, end, keys=Qt.KeyboardModifier.NoModifier):
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, keys, QPoint(*start))
    where = QPointF(*end)
    move = QMouseEvent(
        QEvent.Type.MouseMove, where, pane.mapToGlobal(where), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, keys
    )
    QApplication.sendEvent(pane, move)
    qtbot.mouseRelease(pane, Qt.MouseButton.LeftButton, keys, QPoint(*end))


# Cine


def test_cine_shows_every_image_in_turn_begins_again_and_stops_by_its_key(qtbot, desk, pane):
    seen = []
    pane.view_changed.connect(lambda one: seen.append(one.view.frame))
    qtbot.keyClick(pane, Qt.Key.Key_Home)
    qtbot.keyClick(pane, Qt.Key.Key_C)
    desk.cine.set_rate(60)
    qtbot.waitUntil(lambda: len(seen) > 9, timeout=10000)
    qtbot.keyClick(pane, Qt.Key.Key_C)
    assert desk.cine.pane is None
    assert [frame for frame in seen if frame][:6] == [1, 2, 3, 4, 5, 6]
    assert seen[seen.index(6) + 1] == 0


def test_cine_without_loop_ends_at_the_last_image(qtbot, desk, pane):
    desk.cine.set_loop(False)
    desk.cine.toggle(pane)
    desk.cine.set_rate(60)
    qtbot.waitUntil(lambda: desk.cine.pane is None, timeout=10000)
    assert pane.view.frame == 6


def test_cine_runs_as_fast_as_the_file_says_and_the_users_speed_is_kept_for_files_that_say_nothing(qtbot, desk, tmp_path):
    make_series(tmp_path / "timed", 4, tags=lambda k: {"FrameTime": 40})
    make_series(tmp_path / "plain", 4, tags=lambda k: {"SeriesInstanceUID": "1.2.3.7"})
    pane = opened(qtbot, desk, tmp_path / "timed", tmp_path / "plain")
    timed, plain = sorted(desk.session.items, key=lambda item: item.frame_seconds is None)
    desk.show_item(timed.item)
    desk.cine.toggle(pane)
    assert desk.cine.rate == 25
    desk.cine.faster(1)
    assert desk.cine.rate == 30 and desk.settings.get("cine_rate") == 10
    desk.show_item(plain.item)
    assert desk.cine.pane is None
    desk.cine.toggle(pane)
    assert desk.cine.rate == 10
    qtbot.keyClick(pane, Qt.Key.Key_Comma)
    assert desk.cine.rate == 8 and desk.settings.get("cine_rate") == 8


def test_cine_waits_for_a_slow_image_instead_of_leaving_it_out(qtbot, desk, pane):
    desk.cine.toggle(pane)
    shown = pane._shown
    pane._shown = None
    before = pane.view.frame
    desk.cine._tick()
    assert pane.view.frame == before
    pane._shown = shown
    desk.cine._tick()
    assert pane.view.frame == before + 1


def test_cine_of_a_single_image_does_nothing(qtbot, desk, tmp_path):
    make_series(tmp_path / "one", 1)
    pane = opened(qtbot, desk, tmp_path / "one")
    qtbot.keyClick(pane, Qt.Key.Key_C)
    assert desk.cine.pane is None


# Tags


def test_the_tags_of_the_image_are_listed_with_sequences_and_found_by_tag_name_or_value(qtbot, desk, pane):
    desk.images.show_tags()
    (tags,) = desk.window.findChildren(TagList)
    qtbot.waitUntil(lambda: bool(tags._rows), timeout=10000)
    shown = lambda: [row.text(1) for row, _ in tags._rows if not row.isHidden()]  # noqa: E731
    assert "Patient's Name" in shown() and len(shown()) > 30
    for words in ("0010,0010", "00100010", "patient's name", "test^person"):
        tags.search.setText(words)
        assert "Patient's Name" in shown() and len(shown()) < 4, words
    tags.search.setText("no such thing")
    assert shown() == []
    tags.reject()


def test_elements_walks_into_items_keeps_private_ones_and_never_reads_pixels(tmp_path):
    from pydicom.dataset import Dataset

    ds = make_image(np.zeros((4, 4), np.uint16))
    code = Dataset()
    code.CodeMeaning = "Chest"
    ds.AnatomicRegionSequence = [code]
    ds.private_block(0x0009, "made", create=True).add_new(1, "LO", "own")
    rows = list(elements(str(save(ds, tmp_path / "a.dcm"))))
    meaning = next(row for row in rows if row.name == "Code Meaning")
    assert (meaning.level, meaning.value, meaning.tag) == (2, "Chest", "(0008,0104)")
    assert any(row.value == "own" and row.tag == "(0009,1001)" for row in rows)
    assert not any(row.tag == "(7FE0,0010)" for row in rows)


def test_tf08_an_element_that_cannot_be_read_does_not_hide_the_others(tmp_path):
    path = save(make_image(np.zeros((4, 4), np.uint16), tags={"SeriesNumber": 7}), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(b"IS\x02\x007 ", b"IS\x02\x00x "))
    rows = list(elements(str(path)))
    broken = next(row for row in rows if row.tag == "(0020,0011)")
    assert "78" in broken.value or "x" in broken.value
    assert any(row.name == "Patient's Name" for row in rows)


# Hands


def test_the_magnifier_is_there_while_its_key_is_held(qtbot, desk, pane):
    plain = pane.grab().toImage()
    qtbot.keyPress(pane, Qt.Key.Key_M)
    assert pane.magnifier.on
    pane.magnifier.move((pane.width() / 2 + 40, pane.height() / 2))
    assert pane.grab().toImage() != plain
    qtbot.keyRelease(pane, Qt.Key.Key_M)
    assert not pane.magnifier.on
    assert pane.grab().toImage() == plain


def test_ctrl_drag_shows_the_values_of_a_region_from_black_to_white(qtbot, pane):
    picture = pane.picture()
    start, end = picture.to_screen(5, 4), picture.to_screen(9, 8)
    drag(qtbot, pane, [round(v) for v in start], [round(v) for v in end], CTRL)
    part = pane.series.modality_values(pane.view.frame)[5:10, 4:9]
    centre, width = pane.drawn_window().window
    assert centre - width / 2 == pytest.approx(part.min())
    assert centre + width / 2 == pytest.approx(part.max())


def test_alt_drag_is_window_level_whatever_the_tool(qtbot, desk, pane):
    desk.choose_tool("ruler")
    before = pane.drawn_window().window
    drag(qtbot, pane, (100, 100), (180, 100), ALT)
    assert pane.drawn_window().window[1] > before[1]
    assert pane.rulers == [] and pane.tool_id == "ruler"


def test_page_up_and_page_down_go_through_the_series_and_stop_at_the_ends(qtbot, desk, tmp_path):
    for number in (1, 2, 3):
        tags = {"SeriesInstanceUID": f"1.2.3.{number}", "SeriesNumber": number}
        make_series(tmp_path / str(number), 2, tags=lambda k, tags=tags: tags)
    pane = opened(qtbot, desk, tmp_path)
    order = desk.browser.order()
    desk.show_item(order[0])
    for key, at in ((Qt.Key.Key_PageDown, 1), (Qt.Key.Key_PageDown, 2), (Qt.Key.Key_PageDown, 2), (Qt.Key.Key_PageUp, 1)):
        qtbot.keyClick(pane, key)
        assert pane.series.item == order[at]


def test_space_goes_through_three_levels_of_words_and_the_level_stays_for_the_next_series(qtbot, desk, pane, tmp_path):
    qtbot.keyClick(pane, Qt.Key.Key_Space)
    assert pane.view.text == "less"
    make_series(tmp_path / "other", 2, tags=lambda k: {"SeriesInstanceUID": "1.2.3.5"})
    desk.open([str(tmp_path / "other")])
    qtbot.waitUntil(lambda: len(desk.session.items) == 2, timeout=30000)
    desk.show_item(desk.browser.order()[-1])
    assert pane.view.text == "less"
    qtbot.keyClick(pane, Qt.Key.Key_Space)
    qtbot.keyClick(pane, Qt.Key.Key_Space)
    assert pane.view.text == "all"


def test_k_marks_a_key_image_and_its_row_says_so_until_k_takes_it_back(qtbot, desk, pane):
    row = desk.browser._rows[pane.series.item]
    assert "★" not in row.data(0, SECOND)
    qtbot.keyClick(pane, Qt.Key.Key_K)
    assert pane.is_key and "★ 1" in row.data(0, SECOND)
    qtbot.keyClick(pane, Qt.Key.Key_Down)
    assert not pane.is_key
    qtbot.keyClick(pane, Qt.Key.Key_Up)
    assert pane.is_key
    qtbot.keyClick(pane, Qt.Key.Key_K)
    assert not pane.is_key and "★" not in row.data(0, SECOND)


def test_ex02_the_copied_picture_is_the_pane_as_it_is_painted(qtbot, desk, pane):
    qtbot.keyClick(pane, Qt.Key.Key_2)
    qtbot.keyClick(pane, Qt.Key.Key_C, CTRL)
    copied = QApplication.clipboard().pixmap().toImage()
    assert copied.size() == pane.grab().size()
    assert copied.convertToFormat(pane.grab().toImage().format()) == pane.grab().toImage()


# Windows and layers


def test_px09_windows_and_tables_of_the_file_stand_first_in_the_menu_by_their_explanation(qtbot, desk, tmp_path):
    from pydicom.dataset import Dataset

    lut = Dataset()
    lut.LUTDescriptor, lut.LUTExplanation = [256, 0, 8], "harder & darker"
    lut.LUTData = b"".join(int(v).to_bytes(2, "little") for v in range(256))
    tags = {
        "WindowCenter": [100, 200], "WindowWidth": [50, 300], "WindowCenterWidthExplanation": ["SOFT", "WIDE"],
        "VOILUTSequence": [lut],
    }  # fmt: skip
    make_series(tmp_path / "cr", 1, modality="CR", tags=lambda k: tags)
    pane = opened(qtbot, desk, tmp_path / "cr")
    menu = QMenu()
    desk.images._add_file_windows(menu, pane)
    said = [action.text() for action in menu.actions()]
    assert "SOFT" in said[0] and "WIDE" in said[1] and "harder && darker" in said[2]
    assert menu.actions()[0].isChecked()
    menu.actions()[2].trigger()
    assert pane.drawn_window().function == "LUT"
    drag(qtbot, pane, (100, 100), (110, 100))
    assert pane.drawn_window().window[1] < 400


def test_px11_px16_the_automatic_window_leaves_padding_out_and_is_defined_for_a_constant_image(qtbot, desk, tmp_path):
    pixels = np.full((64, 64), -2000, np.int16)
    pixels[16:48, 16:48] = np.arange(1024).reshape(32, 32)
    tags = {"PixelPaddingValue": -2000, "WindowCenter": 0, "WindowWidth": 10, "RescaleIntercept": 0}
    make_series(tmp_path / "ct", 1, pixels=lambda k: pixels, tags=lambda k: tags)
    pane = opened(qtbot, desk, tmp_path / "ct")
    qtbot.keyClick(pane, Qt.Key.Key_0)
    centre, width = pane.drawn_window().window
    assert centre - width / 2 > 0 and centre + width / 2 < 1024
    flat = make_series(tmp_path / "flat", 1, pixels=lambda k: np.full((8, 8), 7, np.int16),
                       tags=lambda k: {"SeriesInstanceUID": "1.2.3.6"})  # fmt: skip
    desk.open([str(flat[0])])
    qtbot.waitUntil(lambda: len(desk.session.items) == 2, timeout=30000)
    desk.show_item(desk.browser.order()[-1])
    qtbot.waitUntil(lambda: not pane.loading)
    qtbot.keyClick(pane, Qt.Key.Key_0)
    assert pane.drawn_window().width > 0


def test_px11_blank_padding_is_black_in_any_window_and_polarity():
    stored = np.full((1, 8, 8), 100, np.int16)
    stored[0, :, :4] = -2000
    voi = VoiTransform("LINEAR", -1000, 4000)
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        series = image_series(stored, padding=(-2000, -2000), photometric=photometric, windows=(voi,))
        plain = paint(series, ImageView(), None, (8, 8), texts=False)[..., 0]
        blank = paint(series, ImageView(blank_padding=True), None, (8, 8), texts=False)[..., 0]
        assert plain[4, 1] > 0 and blank[4, 1] == 0
        assert blank[4, 6] == plain[4, 6] > 0


def layered():
    mask = np.zeros((4, 6), bool)
    mask[1, 2] = True
    plane = Overlay(0x6000, 4, 6, (10, 20), label="made")
    stored = np.full((1, 32, 48), 500, np.uint16)
    shutter = Shutter(rectangle=(4, 6, 27, 41))
    series = image_series(stored, overlays=(plane,), shutter=shutter, windows=(VoiTransform("LINEAR", 500, 400),))
    series.source.overlay = lambda k, overlay: overlay.placed(mask, (32, 48))
    return series


def test_px07_an_overlay_plane_lies_at_its_origin_in_every_turn_and_is_switched_off():
    series = layered()
    for view in (ImageView(), ImageView().flipped(), ImageView().rotated(), ImageView().flipped_vertically().rotated()):
        size = (192, 192)
        painted = paint(series, view, None, size, texts=False).astype(int)
        coloured = np.argwhere(np.ptp(painted, axis=2) > 20)
        x, y = resolve(view, series, size).to_screen(11, 22)
        assert np.allclose(coloured.mean(axis=0)[::-1] + 0.5, (x, y), atol=1.0)
    off = paint(series, ImageView(planes=False), None, (192, 192), texts=False).astype(int)
    assert np.ptp(off, axis=2).max() == 0


def test_px17_outside_the_shutter_is_black_until_it_is_switched_off_and_a_bad_shutter_hides_nothing():
    series = layered()
    shut = paint(series, ImageView(planes=False), None, (48, 32), texts=False)[..., 0]
    open_ = paint(series, ImageView(planes=False, shutter=False), None, (48, 32), texts=False)[..., 0]
    assert shut[1, 20] == 0 and shut[20, 2] == 0 and shut[16, 24] == open_[16, 24] > 0
    assert open_[1, 20] > 0
    bad = image_series(np.full((1, 32, 48), 500, np.uint16), shutter=Shutter(polygon=((3, 3),)),
                       windows=(VoiTransform("LINEAR", 500, 400),))  # fmt: skip
    assert paint(bad, ImageView(), None, (48, 32), texts=False)[..., 0].min() > 0


# Letters, marks


def test_ge17_a_radiograph_without_position_has_the_letters_of_its_patient_orientation_in_all_turns(qtbot, desk, tmp_path):
    tags = {"ImageOrientationPatient": None, "ImagePositionPatient": None, "PatientOrientation": ["L", "F"]}
    make_series(tmp_path / "cr", 1, modality="CR", tags=lambda k: tags)
    series = opened(qtbot, desk, tmp_path / "cr").series
    said = lambda view: resolve(view, series, (100, 100)).letters  # noqa: E731
    assert said(ImageView()) == ("R", "L", "H", "F")
    assert said(ImageView().flipped()) == ("L", "R", "H", "F")
    assert said(ImageView().flipped_vertically()) == ("R", "L", "F", "H")
    assert said(ImageView().rotated()) == ("F", "H", "R", "L")
    assert said(ImageView().rotated(False)) == ("H", "F", "L", "R")
    assert said(ImageView().rotated().rotated()) == ("L", "R", "F", "H")


@pytest.mark.parametrize("stated", [None, ["X", "Y"], ["L"], ["1.0", "0.0"]])
def test_tf08_a_patient_orientation_that_is_nonsense_gives_no_letters(qtbot, desk, tmp_path, stated):
    tags = {"ImageOrientationPatient": None, "ImagePositionPatient": None}
    tags |= {"PatientOrientation": stated} if stated else {}
    make_series(tmp_path / "cr", 1, modality="CR", tags=lambda k: tags)
    series = opened(qtbot, desk, tmp_path / "cr").series
    assert resolve(ImageView(), series, (100, 100)).letters == ("", "", "", "")


def test_ge10_a_row_tells_lossy_missing_geometry_and_why_it_was_split(qtbot, desk, tmp_path):
    tags = {"LossyImageCompression": "01", "LossyImageCompressionRatio": 8, "PixelSpacing": None,
            "ImageOrientationPatient": None, "ImagePositionPatient": None}  # fmt: skip
    make_series(tmp_path / "a", 1, modality="CR", tags=lambda k: tags | {"SeriesInstanceUID": "1.2.3.4"})
    make_series(tmp_path / "b", 3)
    scout = {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "SOPInstanceUID": "1.2.3.99"}
    make_series(tmp_path / "c", 1, tags=lambda k: scout)
    opened(qtbot, desk, tmp_path)
    marks = [row.data(0, MARKS) or "" for row in desk.browser._rows.values()]
    assert any("lossy" in said and "no geometry" in said for said in marks)
    assert sum("split: orientation" in said for said in marks) == 1
    assert "" in marks


# Panes


def test_the_picker_lays_out_any_rows_and_columns_and_they_are_kept(qtbot, desk, pane):
    qtbot.keyClick(pane, Qt.Key.Key_0, ALT)
    (picker,) = desk.window.findChildren(LayoutPicker)
    qtbot.mouseClick(picker, Qt.MouseButton.LeftButton, pos=picker.cell(3, 4).center().toPoint())
    assert desk.grid.shape == (3, 4) and len(desk.grid.panes) == 12
    assert desk.settings.get("layout") == [3, 4]
    desk.ask_layout()
    picker = desk.window.findChildren(LayoutPicker)[-1]
    qtbot.keyClick(picker, Qt.Key.Key_Up)
    qtbot.keyClick(picker, Qt.Key.Key_Return)
    assert desk.grid.shape == (2, 4) and desk.grid.panes[0] is pane


def test_layout_and_docks_are_there_again_after_a_restart(qtbot, tmp_path):
    desk = start(qtbot, tmp_path / "profile", safe_mode=False)
    desk.lay_out(2, 3)
    desk.window.resize(790, 620)  # the offscreen screen is 800 × 800
    desk.window.resizeDocks([desk.window.left], [230], Qt.Orientation.Horizontal)
    QApplication.processEvents()
    size, left = desk.window.size(), desk.window.left.width()
    desk.window.close()
    again = start(qtbot, tmp_path / "profile", safe_mode=False)
    assert again.grid.shape == (2, 3)
    assert again.window.size() == size
    assert again.window.left.width() == left
    again.window.close()


def test_a_damaged_pane_says_what_to_do_and_copies_the_reason_without_names(qtbot, desk, pane):
    class Broken:
        def stored(self, k):
            from medviewer.core.errors import MedviewerError

            raise MedviewerError("pixel-data-truncated", "/home/Test^Person/0003.dcm", expected=100, found=7)

    desk.show_item(pane.series.item)
    pane.show_item(replace(pane.series, source=Broken(), item="other"))
    qtbot.waitUntil(lambda: pane.error is not None)
    assert pane.damage.isVisible() and "0003.dcm" in pane.damage.words()
    qtbot.mouseClick(pane.damage.copy, Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().text()
    assert "pixel-data-truncated" in copied and "expected: 100" in copied
    assert "Person" not in copied and "0003" not in copied


def test_a_late_image_is_announced_in_the_pane_while_the_one_before_stays(qtbot, desk, pane):
    import threading

    gate = threading.Event()
    source = pane.series.source

    class Slow:
        def stored(self, k):
            if k == 5:
                gate.wait(20)
            return source.stored(k)

    pane.show_item(replace(pane.series, source=Slow(), item="slow"))
    qtbot.waitUntil(lambda: not pane.loading)
    before = pane._shown[0]
    pane.set_view(pane.view.at_frame(5, pane.series))
    qtbot.waitUntil(lambda: not pane._late.isActive(), timeout=5000)
    assert pane.loading and pane._shown[0] == before
    announced = pane.grab().toImage()
    gate.set()
    qtbot.waitUntil(lambda: not pane.loading, timeout=5000)
    assert pane.grab().toImage() != announced


# Keys and preferences


def test_keys_are_changed_at_once_shown_everywhere_and_a_clash_is_refused_with_the_others_name(qtbot, desk, pane):
    dialog = Preferences(desk.settings, desk.bindings, desk.window)
    dialog.rebound.connect(desk.actions.rebind)
    qtbot.addWidget(dialog)
    dialog.choose("invert")
    dialog.keys.setKeySequence("Ctrl+O")
    qtbot.mouseClick(dialog.set, Qt.MouseButton.LeftButton)
    assert "Open files" in dialog.said.text() and "Ctrl+O" in dialog.said.text()
    dialog.keys.setKeySequence("U")
    qtbot.mouseClick(dialog.set, Qt.MouseButton.LeftButton)
    assert dialog.said.text() == ""
    qtbot.keyClick(pane, Qt.Key.Key_I)
    assert not pane.view.invert
    qtbot.keyClick(pane, Qt.Key.Key_U)
    assert pane.view.invert
    assert desk.settings.get("keys") == {"invert": ["U"]}
    qtbot.mouseClick(dialog.default, Qt.MouseButton.LeftButton)
    qtbot.keyClick(pane, Qt.Key.Key_I)
    assert not pane.view.invert
    assert desk.settings.get("keys") == {}


def test_a_key_that_was_given_away_is_refused_back_until_it_is_free(desk):
    from medviewer.ui.commands import command

    assert desk.bindings.bind("flip", ["Ctrl+Shift+H"]) is None
    assert desk.bindings.bind("invert", ["H"]) is None
    assert desk.bindings.reset("flip").id == "invert"
    assert desk.bindings.of(command("flip")) == ("Ctrl+Shift+H",)
    assert desk.bindings.bind("invert", []) is None
    assert desk.bindings.of(command("invert")) == ()
    assert desk.bindings.reset("flip") is None


def test_cr05_keys_that_make_no_sense_in_the_settings_file_are_passed_over(tmp_path):
    from medviewer.ui.bindings import Bindings
    from medviewer.ui.commands import COMMANDS

    settings = Settings(Profile.at(tmp_path))
    settings.set("keys", {"gone": ["X"], "invert": "Y", "flip": [3, "Ctrl+H"]})
    bindings = Bindings(settings)
    for one in COMMANDS:
        assert bindings.of(one) == (("Ctrl+H",) if one.id == "flip" else one.keys)


def test_every_setting_with_choices_or_a_title_is_in_the_preferences_and_changes_are_kept(qtbot, desk):
    dialog = Preferences(desk.settings, desk.bindings, desk.window)
    qtbot.addWidget(dialog)
    for setting in SETTINGS:
        if setting.choices:
            assert setting.key in TITLES and all(choice in CHOICES for choice in setting.choices)
    assert set(dialog.fields) == set(TITLES)
    dialog.changed.connect(desk.images.setting_changed)
    desk.session.put([image_series(np.zeros((1, 8, 8), np.uint16))])
    dialog.fields["overlay_opacity"].setValue(0.75)
    assert desk.settings.get("overlay_opacity") == 0.75
    assert desk.grid.active.view.opacity == 0.75
    dialog.fields["language"].setCurrentIndex(2)
    assert desk.settings.get("language") == "zh_CN"
    dialog.fields["cine_loop"].click()
    assert desk.settings.get("cine_loop") is False
