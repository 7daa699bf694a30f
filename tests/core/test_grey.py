"""Stored numbers → greys, against the formulas of DICOM PS3.3 C.11."""

import numpy as np
import pytest

from medviewer.core.grey import ModalityTransform, VoiTransform, automatic, grey_bytes, screen_table, spanning, usable

RAMP = np.arange(-2000, 2001, dtype=np.int16)


def linear(v, c, w):
    """PS3.3 C.11.2.1.2.1, as the pseudo-code there."""
    if v <= c - 0.5 - (w - 1) / 2:
        return 0.0
    if v > c - 0.5 + (w - 1) / 2:
        return 1.0
    return (v - (c - 0.5)) / (w - 1) + 0.5


def exact(v, c, w):
    return min(max((v - c) / w + 0.5, 0.0), 1.0)


def sigmoid(v, c, w):
    return 1 / (1 + np.exp(-4 * (v - c) / w))


@pytest.mark.parametrize(("function", "reference"), [("LINEAR", linear), ("LINEAR_EXACT", exact), ("SIGMOID", sigmoid)])
@pytest.mark.parametrize(("centre", "width"), [(40, 400), (-600, 1500), (0.5, 2), (100.25, 33.3)])
def test_px08_each_window_function_follows_its_formula_within_one_grey(function, reference, centre, width):
    table = screen_table(ModalityTransform(), VoiTransform(function, centre, width), signed=True, invert=False)
    shown = table[RAMP.view(np.uint16)].astype(int)
    wanted = np.array([reference(float(v), centre, width) * 255 for v in RAMP])
    assert np.abs(shown - wanted).max() <= 1.0
    assert len(set(shown)) > 1


def test_px08_width_one_is_a_threshold_and_widths_below_are_refused():
    grey = VoiTransform("LINEAR", 10, 1).apply(np.array([8, 9, 10, 11]))
    assert grey.tolist() == [0, 0, 1, 1]
    assert not usable(VoiTransform("LINEAR", 10, 0))
    assert not usable(VoiTransform("SIGMOID", 10, -5))
    assert not usable(VoiTransform("LINEAR", float("nan"), 5))


def test_px02_monochrome1_is_inverted_after_voi():
    for bits in (np.uint16(0), np.uint16(40000)):
        voi = VoiTransform("LINEAR", 1000 + int(bits) // 100, 800)
        plain = screen_table(ModalityTransform(), voi, signed=False, invert=False)
        inverted = screen_table(ModalityTransform(), voi, signed=False, invert=True)
        assert np.array_equal(inverted, 255 - plain)
        assert plain.min() == 0
        assert plain.max() == 255


def test_px05_a_slope_below_one_keeps_its_fractions():
    values = ModalityTransform(slope=0.01).apply(np.array([0, 37, 10000], np.uint16))
    assert values.dtype == np.float64
    assert values.tolist() == pytest.approx([0.0, 0.37, 100.0])


def test_px15_a_modality_table_is_applied_and_clamped_at_its_ends():
    transform = ModalityTransform(lut=(10, 20, 30), lut_first=5, unit="OD")
    assert transform.apply(np.array([0, 5, 6, 7, 99], np.uint16)).tolist() == [10, 10, 20, 30, 30]


def test_whole_rescales_stay_whole_and_signed():
    values = ModalityTransform(slope=2, intercept=-1024).apply(np.array([0, 65535], np.uint16))
    assert values.dtype == np.int32
    assert values.tolist() == [-1024, 130046]


def test_px09_a_voi_table_is_followed_and_a_drag_starts_near_it():
    curve = tuple(int(65535 * (i / 1023) ** 2) for i in range(1024))
    voi = VoiTransform("LUT", lut=curve, lut_first=100, lut_bits=16)
    assert voi.apply(np.array([100, 100 + 1023])).tolist() == [0.0, 1.0]
    assert voi.apply(np.array([612]))[0] == pytest.approx(0.25, abs=0.01)
    centre, width = voi.window
    assert 100 < centre < 1123
    assert 400 < width <= 1024


def test_px11_padding_stays_out_of_the_automatic_window():
    image = np.arange(10000, dtype=np.int16).reshape(100, 100) % 1000
    padded = image.copy()
    padded[:30] = -2000
    valid = np.ones_like(padded, bool)
    valid[:30] = False
    assert automatic(padded, valid) == automatic(image[30:])


@pytest.mark.parametrize(
    "image",
    [np.full((64, 64), 7, np.uint16), np.full((8, 8), np.nan), np.zeros((0, 0)), np.pad([[1]], 2000).astype(np.uint16)],
    ids=["constant", "nan", "empty", "one bright pixel"],
)
def test_px16_every_image_has_defined_levels(image):
    voi = automatic(image)
    assert usable(voi)
    grey = voi.apply(image)
    assert np.isfinite(grey).all()
    if image.size and (image == 1).sum() == 1:
        assert grey.max() == 1.0
        assert grey.min() == 0.0


def test_greys_are_rounded_to_nearest():
    assert grey_bytes(np.array([0.0, 0.5, 1.0, 127.4 / 255]), invert=False).tolist() == [0, 128, 255, 127]


def test_a_span_shows_both_its_ends():
    voi = spanning(-5, 20)
    assert voi.apply(np.array([-5.0, 20.0])).tolist() == [0.0, 1.0]
