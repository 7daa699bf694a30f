"""Preparation of radiographs: scale, shape, padding, the way back to the image's pixels."""

import numpy as np
import pytest

from medviewer.inference.image.prepare import prepare_cxr, quality, resize

PARAMETERS = {"size": 224, "views": 2, "channels": 1, "low": 1.0, "high": 99.0, "mean": 0.5, "std": 0.27}


def chest(rows: int = 300, cols: int = 410) -> np.ndarray:
    """A body with two dark lungs and a bright spot: no side equal to another."""
    y, x = np.mgrid[0:rows, 0:cols] / np.array([rows, cols])[:, None, None]
    left = ((x - 0.3) / 0.13) ** 2 + ((y - 0.5) / 0.3) ** 2 < 1
    right = ((x - 0.68) / 0.15) ** 2 + ((y - 0.5) / 0.33) ** 2 < 1
    body = 150.0 - 90 * left - 70 * right
    return (body + 30 * y + 10 * np.random.default_rng(0).normal(size=body.shape)).clip(0, 255).astype(np.float32)


@pytest.mark.parametrize(("gain", "offset"), [(16.0, 0.0), (257.0, 0.0), (4.0, -1024.0), (1 / 255, 0.0)])
def test_mw05_copies_on_another_scale_give_the_same_tensor(gain: float, offset: float) -> None:
    one, other = (prepare_cxr(g, parameters=PARAMETERS).tensor for g in (chest(), chest() * gain + offset))
    assert np.abs(one - other).max() < 2e-3


def test_mw06_an_inverted_picture_gives_the_negative_so_that_the_caller_must_invert_first() -> None:
    one, other = (prepare_cxr(g, parameters=PARAMETERS).tensor for g in (chest(), 255 - chest()))
    assert np.allclose(one, -other, atol=1e-3)


@pytest.mark.parametrize("shape", [(300, 410), (410, 300), (224, 224), (97, 350), (900, 701)])
def test_mw07_a_spot_in_the_tensor_goes_back_to_its_pixel(shape: tuple[int, int]) -> None:
    rows, cols = shape
    image = np.zeros(shape, np.float32)
    r, c = rows // 5, cols // 7
    image[r - 3 : r + 4, c - 3 : c + 4] = 100
    prepared = prepare_cxr(image, parameters={**PARAMETERS, "high": 100.0, "low": 0.0})
    hot = prepared.tensor[0, 0] - prepared.tensor.min()
    where = np.array([(np.arange(224) * hot.sum(1)).sum(), (np.arange(224) * hot.sum(0)).sum()]) / hot.sum()
    back = prepared.to_image @ np.array([*where, 1.0])
    assert np.abs(back - [r, c]).max() < 1.0
    assert prepared.shape == shape


def test_mw07_corners_of_the_tensor_are_corners_of_the_image() -> None:
    prepared = prepare_cxr(chest(), parameters=PARAMETERS)
    assert np.allclose(prepared.to_image @ [-0.5, -0.5, 1], [-0.5, -0.5])
    assert np.allclose(prepared.to_image @ [223.5, 223.5, 1], [299.5, 409.5])


def test_mw07_padding_is_cut_off_and_the_way_back_knows_it() -> None:
    image = np.full((400, 500), -2000.0, np.float32)
    valid = np.zeros(image.shape, bool)
    image[40:340, 60:470], valid[40:340, 60:470] = chest(), True
    padded, plain = prepare_cxr(image, valid, parameters=PARAMETERS), prepare_cxr(chest(), parameters=PARAMETERS)
    assert np.array_equal(padded.tensor, plain.tensor)
    assert np.allclose(padded.to_image[:, 2] - plain.to_image[:, 2], [40, 60])


def test_the_second_view_is_the_first_mirrored_and_nothing_can_be_written() -> None:
    prepared = prepare_cxr(chest(), parameters=PARAMETERS)
    assert prepared.tensor.shape == (2, 1, 224, 224)
    assert prepared.tensor.dtype == np.float32
    assert prepared.flipped == (False, True)
    assert np.array_equal(prepared.tensor[1, 0], prepared.tensor[0, 0, :, ::-1])
    assert not prepared.tensor.flags.writeable
    assert prepare_cxr(chest(), parameters={**PARAMETERS, "channels": 3, "views": 1}).tensor.shape == (1, 3, 224, 224)


def test_shrinking_does_not_alias_and_keeps_the_mean() -> None:
    stripes = np.tile(np.array([0.0, 100.0], np.float32), (300, 250))
    small = resize(stripes, 100, 60)
    assert small[5:-5, 5:-5].std() < 2
    assert small.mean() == pytest.approx(50, abs=1)
    assert np.array_equal(resize(stripes, 300, 500), stripes)


def test_a_constant_picture_gives_zeros_and_quality_tells_it() -> None:
    assert not prepare_cxr(np.full((50, 60), 7.0), parameters=PARAMETERS).tensor.any()
    assert quality(np.full((50, 60), 7.0))["spread"] == 0
    assert quality(chest())["spread"] > 0.3
    assert quality(np.zeros((0, 5)))["smallest"] == 0


@pytest.mark.parametrize("image", [np.zeros((0, 4)), np.zeros((2, 3, 4)), np.full((4, 4), np.nan)])
def test_what_is_no_picture_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"pixel|grey"):
        prepare_cxr(image, parameters=PARAMETERS)
