"""Intervals, axes and ST levels of signals whose waves were put where they are."""

import numpy as np
import pytest

from medviewer.core.ecg import Gap, Wave
from medviewer.core.intervals import axis, joined, measured, rows, st_level

RATE = 500.0


def beat_waves(peaks: list[float], *, p: bool = True, shift: float = 0.0) -> list[Wave]:
    """P from -180 to -80 ms, QRS from -40 to 50 ms, T from 180 to 360 ms around each peak (seconds)."""
    found = []
    for at in peaks:
        wanted = [("P", -0.18, -0.13, -0.08)] if p else []
        wanted += [("QRS", -0.04, 0.0, 0.05), ("T", 0.18, 0.27, 0.36)]
        found += [Wave(k, *(round((at + shift + x) * RATE) for x in times)) for k, *times in wanted]  # type: ignore[arg-type]
    return found


def drawn(peaks: list[float], seconds: float, *, p: float, r: float, st: float = 0.0, offset: float = 0.0) -> np.ndarray:
    """P and QRS as half sines of the heights given inside the bounds of `beat_waves`, `st` mV from J on for 100 ms."""
    t = np.arange(int(seconds * RATE)) / RATE
    x = np.full(len(t), offset)
    for at in peaks:
        for first, last, height in ((-0.18, -0.08, p), (-0.04, 0.05, r)):
            inside = (t >= at + first) & (t <= at + last)
            x[inside] += height * np.sin(np.pi * (t[inside] - at - first) / (last - first))
        x[(t > at + 0.05) & (t <= at + 0.16)] += st
    return x


PEAKS = [0.9, 1.8, 2.7, 3.6, 4.5]


def found_in(waves: dict[str, list[Wave]], signals: dict[str, np.ndarray], seconds: float = 6.0, gaps: tuple[Gap, ...] = ()):
    beats = joined([rows(w, RATE, seconds, gaps) for w in waves.values()])
    return measured(beats, {name: (x, RATE) for name, x in signals.items()}, gaps)


def test_known_intervals_come_out_to_two_milliseconds() -> None:
    found = found_in({"II": beat_waves(PEAKS)}, {})
    wanted = {"heart rate": 60 / 0.9, "P": 100, "PR": 140, "QRS": 90, "QT": 400, "QTc Bazett": 400 / 0.9**0.5}
    for name, value in wanted.items():
        assert found[name].value == pytest.approx(value, abs=2), name
        assert found[name].source == "automatic"
    assert found["QTc Fridericia"].value == pytest.approx(400 / 0.9 ** (1 / 3), abs=2)
    assert {found[n].unit for n in ("PR", "QRS", "QT")} == {"ms"} and found["heart rate"].unit == "/min"


def test_moved_bounds_say_that_a_hand_moved_them() -> None:
    beats = joined([rows(beat_waves(PEAKS), RATE, 6)])
    signals = {"V2": (drawn(PEAKS, 6, p=0.1, r=1), RATE)}
    assert {m.source for m in measured(beats, signals, source="manual").values()} == {"manual"}


def test_ec06_without_p_waves_there_is_no_pr_and_no_zero() -> None:
    found = found_in({"II": beat_waves(PEAKS, p=False)}, {})
    assert "PR" not in found and "P" not in found and "P axis" not in found
    assert found["QRS"].value == pytest.approx(90, abs=2)


def test_ec05_one_beat_has_no_rate_and_none_has_nothing() -> None:
    assert "heart rate" not in found_in({"II": beat_waves([2.0])}, {})
    assert "QTc Bazett" not in found_in({"II": beat_waves([2.0])}, {})
    assert found_in({"II": []}, {}) == {}
    assert measured((), {}) == {}


@pytest.mark.parametrize("angle", [-150, -60, 0, 30, 75, 120, 179])
def test_the_axis_of_a_dipole_is_its_direction(angle: float) -> None:
    x, y = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    lead_i = drawn(PEAKS, 6, p=0.1 * x, r=x)
    lead_ii = drawn(PEAKS, 6, p=0.1 * (x / 2 + y * 3**0.5 / 2), r=x / 2 + y * 3**0.5 / 2)
    signals = {"I": lead_i, "aVF": lead_ii - lead_i / 2}
    found = found_in({"I": beat_waves(PEAKS), "aVF": beat_waves(PEAKS)}, signals)
    for name in ("QRS axis", "P axis"):
        assert abs((found[name].value - angle + 180) % 360 - 180) < 2
        assert found[name].unit == "°"


def test_an_axis_needs_both_leads_and_a_deflection() -> None:
    beats = joined([rows(beat_waves(PEAKS), RATE, 6)])
    flat = np.zeros(3000)
    assert axis(beats, {"I": (drawn(PEAKS, 6, p=0, r=1), RATE)}) is None
    assert axis(beats, {"I": (flat, RATE), "aVF": (flat, RATE)}) is None


@pytest.mark.parametrize("st", [-0.15, 0.0, 0.2])
def test_st_is_measured_against_the_level_before_the_qrs(st: float) -> None:
    beats = joined([rows(beat_waves(PEAKS), RATE, 6)])
    assert st_level(beats, drawn(PEAKS, 6, p=0.1, r=1, st=st, offset=3.0), RATE) == pytest.approx(st, abs=0.001)
    found = found_in({"V2": beat_waves(PEAKS)}, {"V2": drawn(PEAKS, 6, p=0.1, r=1, st=st)})
    assert found["ST V2"].value == pytest.approx(st, abs=0.001) and found["ST V2"].unit == "mV"


def test_st_of_a_lead_that_is_all_gap_is_absent() -> None:
    assert "ST V2" not in found_in({"II": beat_waves(PEAKS)}, {"V2": np.full(3000, np.nan)})


def test_ec06_one_row_a_beat_in_order_and_edge_beats_are_incomplete() -> None:
    marks = [w for w in beat_waves([0.1, 1.0, 1.9]) if w.onset >= 0][:-1]
    found = rows(marks, RATE, 2.1)
    assert len(found) == 3
    assert [row.incomplete for row in found] == [True, False, True]
    assert found[0].p is None and found[2].t is None and found[1].p is not None
    for row in found:
        if row.p:
            assert row.p[1] <= row.qrs[0]
        if row.t:
            assert row.qrs[1] <= row.t[0]


def test_a_p_wave_that_no_qrs_follows_belongs_to_no_beat() -> None:
    blocked = Wave("P", *(round(x * RATE) for x in (2.3, 2.35, 2.4)))  # type: ignore[arg-type]
    found = rows([*beat_waves([1.0]), blocked, *beat_waves([3.2], p=False)], RATE, 4)
    assert found[0].p is not None and found[1].p is None


def test_ec08_an_interval_across_a_gap_does_not_count() -> None:
    peaks = [0.9, 1.8, 4.2, 5.1]
    beats = joined([rows(beat_waves(peaks), RATE, 6, (Gap(2.5, 3.6),))])
    assert measured(beats, {}, (Gap(2.5, 3.6),))["heart rate"].value == pytest.approx(60 / 0.9, abs=0.2)


def test_leads_join_to_nearly_the_earliest_onset_and_the_latest_end() -> None:
    leads = [rows(beat_waves(PEAKS, shift=s), RATE, 6) for s in (-0.01, -0.005, 0.0, 0.005, 0.01)]
    found = joined(leads)
    assert len(found) == len(PEAKS)
    assert found[0].qrs[0] == pytest.approx(0.9 - 0.04 - 0.005, abs=0.003)
    assert found[0].qrs[1] == pytest.approx(0.9 + 0.05 + 0.005, abs=0.003)


def test_a_wave_that_one_lead_of_three_shows_is_absent() -> None:
    leads = [rows(beat_waves(PEAKS, p=p), RATE, 6) for p in (True, False, False)]
    assert all(row.p is None for row in joined(leads))
