"""The drawn heart: its beats stand where they are said, its leads obey Einthoven, its waves are where its parameters put them."""

import numpy as np

from medviewer.core.phantom_ecg import LEADS, SHAPES, dipole, rhythm, seen


def test_limb_leads_obey_einthoven_and_goldberger():
    leads = seen(dipole(rhythm(4, {}), 4, 500))
    assert tuple(leads) == LEADS
    assert np.abs(leads["I"] + leads["III"] - leads["II"]).max() < 1e-9
    assert np.abs(leads["aVR"] + leads["aVL"] + leads["aVF"]).max() < 1e-9


def test_the_r_peak_is_where_the_beat_is():
    beats = rhythm(8, {})
    lead = seen(dipole(beats, 8, 500))["II"]
    for beat in beats[:-1]:
        start = int((beat.at_s - 0.1) * 500)
        assert abs(start + lead[start : start + 100].argmax() - beat.at_s * 500) <= 3
        assert 0.7 < lead[start : start + 100].max() < 1.8


def test_ectopic_beats_come_early_and_pause_as_their_kind_does():
    beats = rhythm(10, {4: "V", 8: "S"})
    assert [b.kind for b in beats].count("V") == [b.kind for b in beats].count("S") == 1
    times = np.diff([b.at_s for b in beats])
    usual = float(np.median(times))
    assert times[3] < 0.75 * usual and times[7] < 0.75 * usual
    assert abs(times[3] + times[4] - 2 * usual) < 0.15 * usual
    assert times[7] + times[8] < 1.85 * usual


def test_a_ventricular_beat_is_wider_and_has_no_p_wave():
    beats = rhythm(10, {4: "V"})
    x = dipole(beats, 10, 500)

    def span(at: float, before: float, after: float) -> float:
        part = x[:, int((at - before) * 500) : int((at + after) * 500)]
        return float(np.ptp(part, axis=1).max())

    sinus, ectopic = beats[3].at_s, beats[4].at_s
    assert span(ectopic, -0.06, 0.1) > 3 * span(sinus, -0.06, 0.1)
    assert min(bump.at_s for bump in SHAPES["V"]) > -0.1 > min(bump.at_s for bump in SHAPES["N"])


def test_fibrillation_has_irregular_intervals_and_waves_in_v1():
    beats = rhythm(60, {}, (20, 50))
    inside = [b.at_s for b in beats if b.kind == "A"]
    assert inside[0] >= 20 and inside[-1] < 50
    assert np.std(np.diff(inside)) / np.mean(np.diff(inside)) > 0.15
    flicker = dipole(beats, 60, 250, (20, 50)) - dipole(beats, 60, 250)
    assert np.abs(flicker[:, : 19 * 250]).max() < 1e-9
    inside_v1 = seen(flicker, ("V1",))["V1"][25 * 250 : 45 * 250]
    assert 0.02 < inside_v1.std() < 0.15
    spectrum = np.abs(np.fft.rfft(inside_v1))
    assert 4 < spectrum[20:].argmax() / 20 + 1 < 8


def test_the_same_seed_gives_the_same_signal():
    first, again = (seen(dipole(rhythm(5, {}), 5, 250)) for _ in range(2))
    assert all(np.array_equal(first[k], again[k]) for k in LEADS)
