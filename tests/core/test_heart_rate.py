"""Intervals, variability and what they leave out."""

import numpy as np
import pytest

from medviewer.core.ecg import Gap
from medviewer.core.heart_rate import intervals, poincare, variability


def beats(rr):
    times = np.concatenate(([0.5], 0.5 + np.cumsum(rr)))
    return times, np.full(len(times), "N", "<U1")


def test_known_intervals_give_known_numbers():
    rr = np.tile([0.8, 0.9], 100)
    found = variability(intervals(*beats(rr)))
    assert found["mean NN"].value == pytest.approx(850)
    assert found["SDNN"].value == pytest.approx(np.std(rr * 1000, ddof=1), abs=0.1)
    assert found["RMSSD"].value == pytest.approx(100) and found["pNN50"].value == 100
    assert found["heart rate"].unit == "/min"


def test_a_rhythm_in_the_high_band_has_its_power_there():
    clock, times = 0.5, []
    while clock < 600:
        times.append(clock)
        clock += 0.85 + 0.04 * np.sin(2 * np.pi * 0.25 * clock)
    times = np.array(times)
    found = variability(intervals(times, np.full(len(times), "N", "<U1")))
    assert found["LF/HF"].value < 0.1
    assert found["HF"].value == pytest.approx(40**2 / 2, rel=0.25)


def test_ec08_ectopic_beats_and_gaps_are_left_out_with_their_neighbours():
    rr = np.full(200, 0.8)
    times, symbols = beats(rr)
    symbols = symbols.copy()
    times = times.copy()
    symbols[50] = "V"
    times[50] -= 0.3
    found = intervals(times, symbols, [Gap(100.2, 101.0)])
    assert len(found.seconds) < len(rr)
    assert variability(found)["RMSSD"].value == pytest.approx(0, abs=1e-6)
    before, after = poincare(found)
    assert np.allclose(before, 800) and np.allclose(after, 800)
    spanning = (found.end_s - found.seconds < 101.0) & (found.end_s > 100.2)
    assert not spanning.any()


def test_ec08_variability_is_not_stated_where_too_little_is_usable():
    times, symbols = beats(np.full(100, 0.8))
    symbols = symbols.copy()
    symbols[::3] = "V"
    found = variability(intervals(times, symbols))
    assert "heart rate" in found and "SDNN" not in found and found["normal intervals"].value < 80


@pytest.mark.parametrize("count", [0, 1])
def test_ec05_no_beat_and_one_beat_have_no_rate(count):
    assert variability(intervals(np.arange(count, dtype=float), np.full(count, "N", "<U1"))) == {}


def test_slowest_and_fastest_beats_are_told_where_they_can_differ():
    rr = np.full(40, 0.8)
    assert "lowest rate" not in variability(intervals(*beats(rr[:12])))
    rr[10:18], rr[30:38] = 0.5, 1.2
    found = variability(intervals(*beats(rr)))
    assert (found["lowest rate"].value, found["heart rate"].value, found["highest rate"].value) == (50, 75, 120)


def test_a_long_time_without_a_beat_is_told_and_is_no_interval():
    """Flutter or an electrode that fell off: 50 s between two beats are no pulse of one a minute, and no NN of 50 s."""
    rr = np.full(400, 0.8)
    rr[200] = 50.0
    rr[300] = 3.0
    found = variability(intervals(*beats(rr)))
    assert found["longest RR"].value == 50 and found["lowest rate"].value == pytest.approx(60 / ((7 * 0.8 + 3.0) / 8), abs=0.1)
    assert found["mean NN"].value == pytest.approx((398 * 800 + 3000) / 399, abs=1)
