"""From probabilities to waves: order, agreement of leads, bounds between samples, no P waves by chance."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medviewer.inference.ecg import waves as preparation
from medviewer.inference.ecg.waves import OVERLAP, RATE, WHOLE, WINDOW, blend, heighted, waves_input, windows
from medviewer.inference.ecg.waves_readout import QRS, P, Segment, T, bounds, corrected, peak_of, steady, together

LENGTH = 2500


def shares_of(waves: list[tuple[int, float, float]], leads: int = 3, length: int = LENGTH, certain: float = 0.96) -> np.ndarray:
    """Probabilities with smooth edges of these (kind, onset, offset) in samples."""
    at = np.arange(length, dtype=float)
    out = np.full((leads, 4, length), 0.01, np.float32)
    for kind, onset, offset in waves:
        inside = (
            1
            / (1 + np.exp(np.clip(-(at - onset + 0.5) / 1.5, -50, 50)))
            / (1 + np.exp(np.clip(-(offset + 0.5 - at) / 1.5, -50, 50)))
        )
        out[:, kind] = np.maximum(out[:, kind], certain * inside)
    out[:, 0] = np.maximum(0, 1 - out[:, 1:].sum(1))
    return out / out.sum(1, keepdims=True)


def beat(at: float, *, p: float | None = 40.0) -> list[tuple[int, float, float]]:
    """P, QRS, T of a beat whose QRS begins at `at`, its P `p` samples before."""
    found = [] if p is None else [(P, at - p, at - p + 25)]
    return [*found, (QRS, at, at + 22), (T, at + 50, at + 95)]


def test_waves_come_out_where_they_were_put_to_a_fraction_of_a_sample():
    wanted = [w for at in (300.0, 520.25, 740.5) for w in beat(at)]
    shares = shares_of(wanted)
    found = bounds(shares[0], together(shares))
    assert [s.kind for s in found] == [w[0] for w in wanted]
    for s, (_, onset, offset) in zip(found, wanted, strict=True):
        assert s.onset == pytest.approx(onset, abs=1.5) and s.offset == pytest.approx(offset, abs=1.5)
    # the four hundredths of doubt inside pull both bounds in by the same: what differs between beats is the fraction
    assert found[4].onset - found[1].onset == pytest.approx(220.25, abs=0.3)


def test_ec06_two_t_waves_and_a_p_inside_a_t_leave_one_t_in_order():
    wanted = [*beat(300), (T, 420, 440), (P, 352, 362), *beat(700)]
    found = together(shares_of(wanted))
    assert [s.kind for s in found] == [P, QRS, T, P, QRS, T]
    assert all(a.offset < b.onset for a, b in pairwise(found))


def test_the_mean_error_of_a_lead_is_taken_from_its_bounds_and_the_order_holds():
    found = [Segment(QRS, 100.0, 125.0, 0.9), Segment(T, 126.0, 190.0, 0.9)]
    moved = corrected(found, {"T": [8.0, -4.0], "P": [100.0, 0.0]})
    assert moved[1].offset == 191.0
    assert moved[0].onset == 100.0
    assert moved[0].offset < moved[1].onset == pytest.approx(125.0, abs=0.51)
    assert corrected(found, {"T": [-8.0, 0.0]})[1].onset == 128.0
    assert corrected(found, {"QRS": [-200.0, 0.0]})[0].onset <= corrected(found, {"QRS": [-200.0, 0.0]})[0].offset
    assert corrected(found, {}) == found


def test_two_qrs_within_200_ms_are_one():
    found = together(shares_of([(QRS, 300, 325), (QRS, 335, 347)]))
    assert [s.kind for s in found] == [QRS]


def test_a_lead_that_shows_little_takes_the_agreed_bounds():
    shares = shares_of([w for at in (300.0, 520.0) for w in beat(at)], leads=4)
    shares[3, 1:] = 0.01
    shares[3, 0] = 0.97
    agreed = together(shares)
    assert bounds(shares[3], agreed) == agreed
    assert len(agreed) == 6


def test_ec06_p_waves_at_chance_distances_are_left_out_and_steady_ones_stay():
    rng = np.random.default_rng(3)
    steady_beats = [w for at in range(200, 2300, 200) for w in beat(at, p=40)]
    chance = [w for at in range(200, 2300, 200) for w in beat(at, p=float(rng.uniform(30, 90)) if rng.random() < 0.5 else None)]
    assert sum(s.kind == P for s in together(shares_of(steady_beats))) == 11
    assert sum(s.kind == P for s in together(shares_of(chance))) == 0


def uneven_beats(scatter: float) -> list[tuple[int, float, float]]:
    """Irregular beats whose P waves keep their distance up to `scatter` samples."""
    rng = np.random.default_rng(4)
    onsets = np.cumsum(rng.uniform(120, 260, 12)) + 60
    return [w for at in onsets for w in beat(float(at), p=40 + float(rng.uniform(-scatter, scatter)))]


def test_ec06_one_lead_alone_needs_closer_p_waves_where_intervals_are_irregular():
    for scatter, alone, three in ((0.5, 12, 12), (7.0, 0, 12)):
        waves = uneven_beats(scatter)
        assert sum(s.kind == P for s in together(shares_of(waves, leads=1, length=3000))) == alone
        assert sum(s.kind == P for s in together(shares_of(waves, leads=3, length=3000))) == three


def test_ec06_one_lead_alone_keeps_p_waves_that_march_and_not_those_that_only_come_often():
    beats = [Segment(QRS, float(x), float(x + 35), 0.9) for x in range(120, 2400, 390)]
    even = [Segment(P, float(x), float(x + 25), 0.9) for x in range(30, 2400, 195)]
    rough = [Segment(P, s.onset + n % 3 * 40, s.offset + n % 3 * 40, 0.9) for n, s in enumerate(even)]
    for waves, kept in ((even, True), (rough, False)):
        apart = [p for p in waves if all(p.offset < b.onset or p.onset > b.offset for b in beats)]
        found = steady(
            sorted([*apart, *(replace(b, onset=b.onset + 30 * (n % 2)) for n, b in enumerate(beats))], key=lambda s: s.onset),
            alone=True,
        )
        assert (sum(s.kind == P for s in found) == len(apart)) is kept


def test_p_waves_that_march_through_in_a_complete_block_stay():
    marching = [Segment(P, float(x), float(x + 25), 0.9) for x in range(30, 2400, 170)]
    beats = [Segment(QRS, float(x), float(x + 35), 0.9) for x in range(120, 2400, 390)]
    apart = [p for p in marching if all(p.offset < b.onset or p.onset > b.offset for b in beats)]
    found = steady(sorted([*apart, *beats], key=lambda s: s.onset))
    assert sum(s.kind == P for s in found) == len(apart)


def faint_p(distances: list[float], probability: float = 0.35) -> np.ndarray:
    """Beats 200 samples apart whose P is below one half."""
    onsets = np.cumsum([200.0, *([200.0] * (len(distances) - 1))])
    shares = shares_of([w for at in onsets for w in beat(at, p=None)])
    weak = shares_of([(P, at - d, at - d + 25) for at, d in zip(onsets, distances, strict=True)])
    shares[:, P] = np.maximum(shares[:, P], probability * weak[:, P])
    shares[:, 0] = np.maximum(0, 1 - shares[:, 1:].sum(1))
    return shares


def test_faint_p_waves_of_a_regular_stretch_are_found_together():
    found = [s for s in together(faint_p([45.0] * 11)) if s.kind == P]
    assert len(found) == 11
    assert all(abs(s.centre - (200 * (k + 1) - 45 + 12.5)) < 4 for k, s in enumerate(found))
    assert not [s for s in together(faint_p([45.0] * 11, 0.2)) if s.kind == P]


def test_faint_p_waves_that_most_beats_lack_are_not_told():
    some = faint_p([45.0] * 11)
    none = faint_p([45.0] * 11, 0.0)
    for k in range(0, 11, 2):
        part = slice(200 * k + 100, 200 * k + 300)
        some[:, :, part] = none[:, :, part]
    assert not [s for s in together(some) if s.kind == P]


def test_faint_p_waves_are_not_looked_for_where_intervals_are_irregular():
    rng = np.random.default_rng(2)
    onsets = np.cumsum(rng.uniform(150, 260, 11)) + 100
    shares = shares_of([w for at in onsets for w in beat(at, p=None)], length=3200)
    weak = shares_of([(P, at - 45, at - 20) for at in onsets], length=3200)
    shares[:, P] = np.maximum(shares[:, P], 0.35 * weak[:, P])
    shares[:, 0] = np.maximum(0, 1 - shares[:, 1:].sum(1))
    assert not [s for s in together(shares) if s.kind == P]


def test_few_beats_are_not_judged():
    few = [w for at in (300, 700, 1100) for w in beat(at, p=None if at == 700 else 40 + at / 100)]
    assert sum(s.kind == P for s in together(shares_of(few))) == 2


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 700))
@example(1060, 1, 552)  # a faint P wave came between a QRS and its T
def test_whatever_the_probabilities_the_order_holds(seed, leads, length):
    rng = np.random.default_rng(seed)
    rough = rng.gamma(0.3, 1, (leads, 4, length // 8 + 2)).repeat(8, axis=2)[:, :, :length].astype(np.float32) + 1e-3
    shares = rough / rough.sum(1, keepdims=True)
    agreed = together(shares)
    middles = [s.centre for s in agreed if s.kind == QRS]
    assert all(b - a >= 0.2 * RATE - 1 for a, b in pairwise(middles))
    order = [s.kind for s in agreed]
    assert all((a, b) != (T, T) and (a, b) != (P, T) for a, b in pairwise(order))
    for lead in shares:
        found = bounds(lead, agreed)
        assert len(found) == len(agreed)
        assert all(s.onset <= s.offset + 1 for s in found)
        assert all(a.offset <= b.onset + 1 for a, b in pairwise(found))


def test_r_is_the_peak_of_a_qrs_and_the_depth_of_a_qs():
    r = np.array([0, -0.2, 0.4, 1.0, 0.3, -0.5, 0.0])
    assert peak_of(r, QRS) == 3
    assert peak_of(-np.abs(np.sin(np.linspace(0, np.pi, 21))), QRS) == 10
    assert peak_of(np.linspace(1, 2, 9) + np.array([0, 0, 0, 0, 0, -0.6, 0, 0, 0]), T) == 5


@pytest.mark.parametrize("length", [1, 400, WHOLE, WHOLE + 1, WINDOW * 3, 100_003])
def test_the_weights_of_all_windows_sum_to_one_everywhere(length):
    total = np.zeros(length)
    places = windows(length)
    for n, (a, b) in enumerate(places):
        total[a:b] += blend(b - a, n == 0, n == len(places) - 1)
    assert np.abs(total - 1).max() < 1e-5
    assert all(b - a > OVERLAP for a, b in places[1:])


def test_the_input_is_the_same_for_millivolts_microvolts_and_steps():
    x = np.random.default_rng(0).normal(0, 1, 5000).cumsum() / 50
    a, b = waves_input(x, 500), waves_input(x * 1000 + 77, 500)
    assert np.abs(a - b).max() < 1e-3
    assert len(a) == 2500 and a.dtype == np.float32
    assert not heighted(np.zeros(500)).any()


@pytest.mark.parametrize("rate", [250.0, 360.0, 500.0, 257.3])
def test_a_lead_prepared_in_parts_is_the_lead_prepared_whole(monkeypatch, rate):
    rng = np.random.default_rng(1)
    t = np.arange(int(230 * rate)) / rate
    signal = np.exp(-(((t % 0.83) - 0.3) ** 2) / 0.0008) + 0.3 * np.sin(2 * np.pi * 0.2 * t) + rng.normal(0, 0.02, len(t))
    signal[int(100 * rate) : int(104 * rate)] = np.nan
    whole = waves_input(signal, rate)
    monkeypatch.setattr(preparation, "PART_S", 47)
    parts = waves_input(signal, rate)
    assert parts.shape == whole.shape and parts.dtype == whole.dtype
    assert np.abs(parts - whole).max() < 1e-3
