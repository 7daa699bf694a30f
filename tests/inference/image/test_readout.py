"""Logits to calibrated scores."""

import numpy as np
import pytest

from medviewer.inference.image.readout import scores

READOUT = {"labels": ["normal", "pneumonia"], "positive": "pneumonia", "slope": 1.2, "offset": 0.3, "band": 0.5}


def test_probabilities_sum_to_one_in_the_bundles_order_and_lie_in_their_band() -> None:
    found = scores(np.array([[0.1, 1.4], [0.0, 1.0]]), READOUT)
    assert [s.label for s in found] == ["normal", "pneumonia"]
    assert sum(s.probability for s in found) == pytest.approx(1)
    assert found[1].probability == pytest.approx(1 / (1 + np.exp(-(1.2 * 1.15 + 0.3))))
    assert all(s.low < s.probability < s.high for s in found)


def test_views_that_disagree_widen_the_band() -> None:
    near, far = (scores(np.array([[0.0, a], [0.0, b]]), READOUT)[1] for a, b in ((1.0, 1.0), (-2.0, 4.0)))
    assert near.probability == pytest.approx(far.probability)
    assert far.high - far.low > near.high - near.low


def test_the_order_of_labels_does_not_change_the_probability() -> None:
    turned = {**READOUT, "labels": ["pneumonia", "normal"]}
    assert scores(np.array([[2.0, 0.5]]), turned)[0] == scores(np.array([[0.5, 2.0]]), READOUT)[1]


@pytest.mark.parametrize("logits", [np.zeros((2, 3)), np.zeros(2), np.array([[0.0, np.nan]])])
def test_xp01_logits_that_are_not_finite_or_not_two_are_an_error(logits: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"logits|finite"):
        scores(logits, READOUT)


def test_extreme_logits_do_not_overflow() -> None:
    with np.errstate(all="raise"):
        assert scores(np.array([[0.0, 5e3]]), READOUT)[1].probability == 1.0
