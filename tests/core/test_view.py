"""resolve: wish + facts → Picture, without pixels."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from made import image_series, marked

from medviewer.core.geometry import letters
from medviewer.core.grey import VoiTransform
from medviewer.core.view import ImageView, panned, resolve, windowed, zoomed_at

SIZE = (400.0, 300.0)
FLAT = np.zeros((5, 20, 30), np.uint16)
OBLIQUE = ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0))
PLANES = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "oblique": OBLIQUE,
}


def states():
    """The eight views that flips and turns can reach, each by another way."""
    for flip, turns in product((False, True), range(4)):
        view = ImageView(frame=0)
        view = view.flipped() if flip else view
        for _ in range(turns):
            view = view.rotated()
        yield view


def test_a_fitted_image_lies_just_inside_the_pane():
    picture = resolve(ImageView(), image_series(FLAT), SIZE)
    left, top = picture.to_screen(-0.5, -0.5)
    right, bottom = picture.to_screen(19.5, 29.5)
    assert (top, bottom) == pytest.approx((16.667, 283.333), abs=0.01)
    assert (left, right) == pytest.approx((0, 400))


def test_ge12_rows_and_columns_keep_their_spacing_and_a_circle_stays_round():
    picture = resolve(ImageView(), image_series(FLAT, spacing=(0.5, 0.8)), SIZE)
    across = picture.to_screen(0, 10)[0] - picture.to_screen(0, 0)[0]
    down = picture.to_screen(16, 0)[1] - picture.to_screen(0, 0)[1]
    assert across == pytest.approx(down)  # 10 × 0.8 mm and 16 × 0.5 mm are both 8 mm


def test_an_aspect_ratio_without_spacing_shapes_the_picture_but_gives_no_scale_bar():
    picture = resolve(ImageView(), image_series(FLAT, spacing=None, aspect=2.0), SIZE)
    down = picture.to_screen(1, 0)[1] - picture.to_screen(0, 0)[1]
    across = picture.to_screen(0, 1)[0] - picture.to_screen(0, 0)[0]
    assert down == pytest.approx(2 * across)
    assert picture.scale_bar is None


@pytest.mark.parametrize("plane", PLANES)
def test_ge17_letters_match_the_transformed_directions_in_all_eight_states(plane):
    series = image_series(FLAT, spacing=(0.5, 0.8), axes=PLANES[plane])
    seen = set()
    for view in states():
        seen.add(view.turn)
        picture = resolve(view, series, SIZE)
        # Patient direction of a step on the screen, found through the affine and the geometry, not through the letters.
        row, column = (np.array(axis) for axis in PLANES[plane])
        for number, (dx, dy) in enumerate(((-1, 0), (1, 0), (0, -1), (0, 1))):
            r0, c0 = picture.to_image(100, 100)
            r1, c1 = picture.to_image(100 + dx, 100 + dy)
            step = row * (c1 - c0) * 0.8 + column * (r1 - r0) * 0.5
            expected = letters(tuple(float(v) for v in np.round(step / np.linalg.norm(step), 9)))
            assert picture.letters[number] == expected, (view.turn, number)
    assert len(seen) == 8


@pytest.mark.parametrize("turns", range(4))
def test_ge17_flip_mirrors_left_and_right_on_the_screen_whatever_the_rotation(turns):
    view = ImageView(frame=0)
    for _ in range(turns):
        view = view.rotated()
    series = image_series(FLAT)
    plain, flipped = resolve(view, series, SIZE), resolve(view.flipped(), series, SIZE)
    for point in ((0, 0), (3, 17), (19, 29)):
        x, y = plain.to_screen(*point)
        assert flipped.to_screen(*point) == pytest.approx((SIZE[0] - x, y))


def test_rotate_right_turns_the_top_to_the_right():
    picture = resolve(ImageView().rotated(), image_series(FLAT), SIZE)
    middle = picture.to_screen(9.5, 14.5)
    assert picture.to_screen(0, 14.5)[0] > middle[0]


def test_vt01_scrolling_keeps_the_window_and_reset_restores_the_opening_state():
    windows = (VoiTransform("LINEAR", 40, 400),)
    series = image_series(FLAT, windows=windows)
    opening = ImageView.start(series)
    hand = replace(opening, window=VoiTransform("LINEAR", 55, 333), zoom=3.0, invert=True)
    for k in range(5):
        hand = hand.at_frame(k, series)
        assert resolve(hand, series, SIZE).voi == VoiTransform("LINEAR", 55, 333)
    assert hand.reset(series) == replace(opening, frame=4)
    assert resolve(hand.reset(series), series, SIZE).voi == windows[0]


def test_px01_monochrome1_is_inverted_once_and_the_users_inversion_undoes_it():
    one = image_series(FLAT, photometric="MONOCHROME1")
    assert resolve(ImageView(), one, SIZE).invert
    assert not resolve(ImageView(invert=True), one, SIZE).invert
    assert not resolve(ImageView(), image_series(FLAT), SIZE).invert


def test_px09_a_drag_from_a_table_starts_at_the_tables_own_range():
    table = VoiTransform("LUT", 0, 1, "curve", lut=tuple(range(0, 1024)), lut_first=200, lut_bits=10)
    moved = windowed(table, 0.0, 0.0, 1000.0)
    assert moved.function == "LINEAR_EXACT"
    assert moved.window == pytest.approx(table.window)


def test_px08_a_drag_keeps_sigmoid_and_never_makes_a_window_that_is_forbidden():
    assert windowed(VoiTransform("SIGMOID", 10, 20), 5, 5, 100).function == "SIGMOID"
    assert windowed(VoiTransform("LINEAR", 10, 20), -1e9, 0, 100).width == 1.0
    assert windowed(VoiTransform("LINEAR_EXACT", 10, 20), -1e9, 0, 100).width > 0


def test_zoom_keeps_the_point_under_the_pointer_and_pan_moves_with_the_hand():
    series = image_series(FLAT, spacing=(0.5, 0.8))
    for view in states():
        picture = resolve(view, series, SIZE)
        under = picture.to_image(120, 80)
        nearer = resolve(zoomed_at(view, picture, 2.5, 120, 80, SIZE), series, SIZE)
        assert nearer.to_screen(*under) == pytest.approx((120, 80))
        moved = resolve(panned(view, picture, 13, -7, SIZE), series, SIZE)
        assert moved.to_screen(*under) == pytest.approx((133, 73))


def test_the_scale_bar_is_a_round_length_and_says_where_it_is_at_the_detector():
    for mm in (0.1, 0.168, 0.7, 3.0):
        bar = resolve(ImageView(), image_series(FLAT, spacing=(mm, mm)), SIZE).scale_bar
        assert float(f"{bar.length:.0e}") == pytest.approx(bar.length)
        assert str(f"{bar.length:.0e}")[0] in "125"
        assert bar.pixels == pytest.approx(bar.length / mm * resolve(ImageView(), image_series(FLAT), SIZE).zoom, rel=1e-6)
        assert bar.pixels <= SIZE[0] / 4
    assert (
        resolve(ImageView(), image_series(FLAT, source="imager-pixel-spacing"), SIZE).scale_bar.source == "imager-pixel-spacing"
    )


def test_to_image_undoes_to_screen_in_every_state():
    series = image_series(marked(20, 30, 3, 4), spacing=(0.5, 0.8))
    for view in states():
        picture = resolve(replace(view, zoom=3.3, centre=(7.0, 9.0)), series, SIZE)
        assert picture.to_image(*picture.to_screen(3, 4)) == pytest.approx((3, 4))
