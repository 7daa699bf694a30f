"""What the painter puts on the screen: greys, the overlay on its pixel, the words that belong to it."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from made import image_series, marked

from medviewer.core.finding import Attribution, SelfCheck
from medviewer.core.grey import ModalityTransform, VoiTransform
from medviewer.core.view import ImageView, resolve
from medviewer.ui.image.corners import corners
from medviewer.ui.image.painter import heat_image, paint
from medviewer.ui.image.words import window_line

pytestmark = pytest.mark.usefixtures("qapp")
RAMP = np.arange(256, dtype=np.uint16).reshape(1, 16, 16) * 257


def exact(view=None, **facts):
    """A 16×16 ramp painted one screen pixel to an image pixel, greys [16, 16]."""
    series = image_series(RAMP, **facts)
    return paint(series, view or ImageView(), None, (16, 16), texts=False)[..., 0].astype(int)


def heat_at(shape, row, column, to_image, *, passed=True, empty=False, frame=0):
    heat = np.zeros(shape, np.float32)
    heat[row, column] = 1.0
    check = SelfCheck(0.4 if passed else 0.01, 0.05, None, passed)
    return Attribution("made", frame, "net", "thing", "grad-cam", heat, np.asarray(to_image, float), (8.0, 8.0), check, empty)


def violet_centre(picture):
    """Where colour is, as the mean (x, y) of the pixels that are no grey; None without any."""
    coloured = np.argwhere(np.ptp(picture.astype(int), axis=2) > 20)
    return None if len(coloured) == 0 else tuple(coloured.mean(axis=0)[::-1] + 0.5)


def test_px02_monochrome1_is_255_minus_the_monochrome2_rendering():
    window = (VoiTransform("LINEAR", 32768, 40000),)
    two = exact(windows=window)
    one = exact(windows=window, photometric="MONOCHROME1")
    assert len(np.unique(two)) > 100
    assert (one == 255 - two).all()


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_px08_each_function_paints_its_own_curve(function):
    voi = VoiTransform(function, 30000, 20000)
    painted = exact(windows=(voi,))
    expected = np.floor(voi.apply(RAMP[0].astype(float)) * 255 + 0.5)
    assert np.abs(painted - expected).max() <= 1


def test_px09_a_table_opens_with_its_curve_and_is_named():
    table = VoiTransform("LUT", 0, 1, "curve A", lut=tuple(255 - v for v in range(256)), lut_first=0, lut_bits=8)
    series = image_series((RAMP // 257).astype(np.uint16), windows=(table,))
    painted = paint(series, ImageView(), None, (16, 16), texts=False)[..., 0].astype(int)
    assert np.abs(painted - (255 - RAMP[0] // 257)).max() <= 1
    assert "curve A" in window_line(table, series, ImageView())


def test_float_and_32_bit_pixels_are_painted_through_their_values():
    values = (RAMP / 65535.0).astype(np.float32)
    wide = RAMP.astype(np.int32) * 3000
    for stored, voi in (
        (values, VoiTransform("LINEAR_EXACT", 0.5, 1.0)),
        (wide, VoiTransform("LINEAR_EXACT", 98302500, 196605000)),
    ):
        painted = paint(image_series(stored, windows=(voi,)), ImageView(), None, (16, 16), texts=False)[..., 0].astype(int)
        assert np.abs(painted - RAMP[0] // 257).max() <= 1


def test_colour_is_painted_as_it_is():
    stored = np.zeros((1, 4, 4, 3), np.uint8)
    stored[0, 1, 2] = (250, 10, 90)
    painted = paint(image_series(stored), ImageView(), None, (4, 4), texts=False)
    assert tuple(painted[1, 2]) == (250, 10, 90)


def all_views():
    for flip, turns, zoom in product((False, True), range(4), (None, 5.3)):
        view = ImageView(overlay="net", opacity=1.0, zoom=zoom, centre=None if zoom is None else (18.0, 12.0))
        view = view.flipped() if flip else view
        for _ in range(turns):
            view = view.rotated()
        yield view


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.8)])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_ai02_mw07_heat_lies_on_its_pixel_through_crop_letterbox_zoom_pan_flip_and_rotation(spacing, ratio):
    # 40×24 pixels were cropped by (6, 2), put into a square of 32 with bars, read as a heat map of 8×8 cells of 4 pixels.
    series = image_series(marked(40, 24, 15, 7, 0), spacing=spacing)
    to_image = [[4.0, 0.0, 6 + 1.5], [0.0, 4.0, 2 - 4 + 1.5]]
    heat = heat_at((8, 8), 2, 3, to_image)
    target = (4.0 * 2 + 7.5, 4.0 * 3 - 0.5)
    size = (300, 260)
    for view in all_views():
        painted = paint(series, view, heat, size, pixel_ratio=ratio, texts=False)
        centre = violet_centre(painted)
        wanted = resolve(view, series, size).to_screen(*target)
        assert centre is not None
        # The blob is symmetric about its cell, so its middle is the place.
        assert np.hypot(centre[0] / ratio - wanted[0], centre[1] / ratio - wanted[1]) < 1.0, view


def test_ai08_heat_is_fully_clear_below_its_cut_off_and_has_one_opacity():
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(2, 0)
    image = heat_image(ramp, 0.6, 0.35)
    alphas = {image.pixelColor(x, 0).alpha() for x in range(image.width())}
    assert alphas == {0, 153}
    assert image.pixelColor(round(image.width() * 0.30), 0).alpha() == 0
    assert image.pixelColor(round(image.width() * 0.40), 0).alpha() == 153


def test_heat_whose_check_failed_is_drawn_only_when_somebody_insists():
    series = image_series(marked(32, 32, 5, 5, 0))
    weak = heat_at((8, 8), 3, 3, [[4.0, 0, 1.5], [0, 4.0, 1.5]], passed=False)
    view = ImageView(overlay="net")
    assert violet_centre(paint(series, view, weak, (64, 64), texts=False)) is None
    assert violet_centre(paint(series, replace(view, show_anyway=True), weak, (64, 64), texts=False)) is not None


def test_xp01_an_empty_map_and_heat_of_another_image_colour_nothing():
    series = image_series(np.zeros((2, 32, 32), np.uint16))
    grid = [[4.0, 0, 1.5], [0, 4.0, 1.5]]
    for heat in (heat_at((8, 8), 3, 3, grid, empty=True), heat_at((8, 8), 3, 3, grid, frame=1)):
        assert violet_centre(paint(series, ImageView(overlay="net"), heat, (64, 64), texts=False)) is None


def test_xp08_the_overlays_words_name_network_target_score_method_and_cell():
    series = image_series(marked(32, 32, 5, 5, 0))
    heat = heat_at((8, 8), 3, 3, [[4.0, 0, 1.5], [0, 4.0, 1.5]])
    view = ImageView(overlay="net")
    said = corners(series, view, resolve(view, series, (400, 400)), replace(heat, probability=0.99951), "").overlay
    assert "net" in said and "thing >0.999" in said and "grad-cam" in said
    assert "8 × 8" in said


def test_in05_at_scale_two_the_picture_is_the_same_and_finer():
    series = image_series(marked(64, 64, 10, 40, 60000), windows=(VoiTransform("LINEAR", 30000, 60000),))
    one = paint(series, ImageView(), None, (64, 64), texts=False)
    two = paint(series, ImageView(), None, (64, 64), pixel_ratio=2.0, texts=False)
    assert two.shape == (128, 128, 3)
    assert one[10, 40, 0] > 200
    assert two[20:22, 80:82, 0].min() > 100 and two[40, 40, 0] == 0


def test_me07_and_px03_nothing_in_painting_changes_the_stored_numbers():
    series = image_series(RAMP.copy(), photometric="MONOCHROME1", modality_transform=ModalityTransform(2.0, -5.0))
    before = series.source.stored(0).copy()
    paint(series, ImageView(invert=True), None, (40, 40))
    assert (series.source.stored(0) == before).all()
