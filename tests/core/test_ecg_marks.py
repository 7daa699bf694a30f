"""A day's events: found, stepped through and decided on without going through all of them."""

import time

import numpy as np
import pytest
from made import ecg_record

from medviewer.core.ecg import Beats, Episode, Wave
from medviewer.core.ecg_marks import beat_finding, marks_of, waves_between
from medviewer.core.finding import Decision, Provenance, Result

MADE = Provenance("ecg-beats", "1", "m" * 64, "i" * 64, "", "", "", "cpu", 0, "")
RECORD = ecg_record([np.zeros(1000)], 100.0, ["II"])


def result(samples, symbols, episodes=()):
    beats = Beats(tuple(samples), tuple(symbols), (0.9,) * len(samples))
    return Result("made", None, "ecg-beats", "ok", beats=beats, episodes=tuple(episodes), provenance=MADE)


def test_the_next_and_the_last_event_are_those_of_the_wanted_kinds_and_go_round():
    marks = marks_of(RECORD, [result([100, 200, 300, 400, 500], "NVNSV", [Episode(2.5, 4.5, "A", 0.9)])])
    assert marks.numbers(("N", "S", "V", "F", "Q", "rhythm")) == [0, 1, -1, 2, 3, 4]
    steps = [marks.beside(("S", "V", "rhythm"), at, 1) for at in (0.0, 2.0, 2.5, 4.0, 5.0)]
    assert steps == [1, -1, 3, 4, 1], "after the last comes the first again"
    assert [marks.beside(("V",), at, -1) for at in (5.0, 2.0, 9.0)] == [1, 4, 4]
    assert marks.beside(("F",), 0.0, 1) is None


def test_decisions_reach_their_beats_and_names_that_fit_none_are_left_out():
    one = result([100, 200, 300], "NNN")
    decided = {
        beat_finding(RECORD, one, 1).id: Decision("accepted", "who", "now", "V"),
        "made/ecg-beats/beat/250": Decision("rejected", "who", "now"),
        "made/ecg-beats/beat/x": Decision("rejected", "who", "now"),
        "made/ecg-beats/beat/999": Decision("rejected", "who", "now"),
    }
    marks = marks_of(RECORD, [one], decided)
    assert list(marks.decided) == [1] and marks.symbols.tolist() == ["N", "V", "N"]


@pytest.mark.parametrize("wanted", [("N",), ("S", "V", "F", "Q", "rhythm")])
def test_a_hundred_thousand_beats_are_stepped_through_within_a_frame_or_two(wanted):
    samples = np.cumsum(np.full(100_000, 85)).tolist()
    marks = marks_of(RECORD, [result(samples, ["NNNNNNNNNNNNNNNNNNNV"[n % 20] for n in range(100_000)])])
    begun = time.process_time()
    for k in range(10):
        assert marks.beside(wanted, 8500.0 * k, 1) is not None
    assert (time.process_time() - begun) / 10 < 0.05


def test_waves_of_a_stretch_are_found_without_looking_at_a_days_all():
    """With the bounds shown, each paint and each move of the mouse went through 300,000 waves."""

    class Counted(tuple):
        looks = 0

        def __getitem__(self, n):
            Counted.looks += 1
            return super().__getitem__(n)

    rate = 250.0
    waves = Counted(Wave("QRS", 200 * n, 200 * n + 12, 200 * n + 25) for n in range(100_000))
    found = [waves[n] for n in waves_between(waves, 1000.0, 1010.0, rate)]
    wanted = [w for w in waves if w.offset >= 1000 * rate and w.onset <= 1010 * rate]
    assert set(wanted) <= set(found) and len(found) <= len(wanted) + 5
    looks, Counted.looks = Counted.looks, 0
    assert looks < 200
    assert list(waves_between((), 0.0, 10.0, rate)) == []
