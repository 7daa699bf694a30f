"""Beats and numbers of a prepared window, windows and episodes of long records: all that needs no weights."""

import numpy as np
import pytest
from made import beating

from medviewer.inference.ecg import rhythm
from medviewer.inference.ecg.prepare import rhythm_input
from medviewer.inference.ecg.rhythm_beats import NUMBERS, STEPS, pulse
from medviewer.inference.ecg.rhythm_numbers import WINDOW

LABELS = ("N", "A", "O", "~")


def prepared(signal, rate):
    return rhythm_input(signal, rate, wanted=120.0, low=0.5, high=40.0)


def test_every_beat_of_a_plain_ecg_is_found_within_a_sample():
    signal, peaks = beating(30, 500, 75)
    found = pulse(prepared(signal, 500))
    assert len(found.at) == len(peaks)
    np.testing.assert_allclose(found.at / 120, peaks / 500, atol=0.009)


def test_tall_t_waves_and_alternating_r_waves_do_not_change_the_count():
    signal, peaks = beating(30, 500, 75, t=1.2, r=1.0)
    assert abs(len(pulse(prepared(signal, 500)).at) - len(peaks)) <= 1
    signal, peaks = beating(30, 500, 75)
    for at in peaks[::2]:
        near = slice(max(0, at - 50), at + 50)
        signal[near] *= 1 / 3
    assert abs(len(pulse(prepared(signal, 500)).at) - len(peaks)) <= 1


def test_an_inverted_lead_gives_the_same_beats_and_intervals():
    signal, _ = beating(30, 500, 75)
    one, other = pulse(prepared(signal, 500)), pulse(prepared(-signal, 500))
    np.testing.assert_allclose(one.at, other.at, atol=2)
    np.testing.assert_allclose(one.steps[:, :5], other.steps[:, :5], atol=0.05)


@pytest.mark.parametrize("rate", [100, 125, 250, 360, 1000])
def test_the_sampling_rate_does_not_change_beats(rate):
    signal, peaks = beating(30, rate, 75)
    found = pulse(prepared(signal, rate))
    assert abs(len(found.at) - len(peaks)) <= 1
    assert np.abs(found.at[:, None] / 120 - peaks[None, :] / rate).min(1).max() < 0.012


@pytest.mark.parametrize("size", [10, 119, 240, 3600])
def test_a_window_without_beats_gives_zeros_and_no_exception(size):
    found = pulse(np.zeros(size, np.float32))
    assert found.shapes.shape == (1, 2, WINDOW) and found.steps.shape == (1, STEPS)
    assert found.numbers.shape == (NUMBERS,) and np.isfinite(found.numbers).all()


def test_beats_rise_by_at_least_a_fifth_of_a_second_even_in_noise():
    found = pulse(np.random.default_rng(0).standard_normal(7200).astype(np.float32))
    assert (np.diff(found.at) >= 24).all() and np.isfinite(found.numbers).all()


def test_half_windows_take_the_mean_of_the_windows_over_them_and_equal_ones_are_one_episode():
    shares = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]], float)
    found = rhythm._episodes(shares, LABELS, 80.0)
    assert [(e.label, e.start_s, e.end_s) for e in found] == [("N", 0.0, 45.0), ("A", 45.0, 80.0)]


def test_el06_windows_that_could_not_be_read_are_no_episode_and_not_counted():
    shares = np.full((6, 4), np.nan)
    shares[0] = shares[5] = [0, 1, 0, 0]
    found = rhythm._episodes(shares, LABELS, 105.0)
    assert [(e.start_s, e.end_s) for e in found] == [(0.0, 30.0), (75.0, 105.0)]
    about = rhythm._burden(found)
    assert about["AF burden"].value == 100.0 and about["time read"].value == 60.0


def test_noise_counts_as_read_but_not_in_the_burden():
    shares = np.array([[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1], [1, 0, 0, 0], [1, 0, 0, 0]], float)
    found = rhythm._episodes(shares, LABELS, 105.0)
    seconds = {e.label: e.end_s - e.start_s for e in found}
    assert rhythm._burden(found)["AF burden"].value == round(100 * seconds["A"] / (seconds["A"] + seconds["N"]), 1)
