"""Amplitudes that are none of a heart, and hours that add up."""

import numpy as np
import pytest
from made import beating, ecg_record

from medviewer.core.ecg import Episode
from medviewer.core.ecg_doubt import amplitude_doubts
from medviewer.core.ecg_marks import hours
from medviewer.core.ecg_stated import Stated, restated


@pytest.mark.parametrize(("factor", "told"), [(1.0, False), (1000.0, True), (0.001, True), (0.2, False), (5.0, False)])
def test_ef11_an_amplitude_that_no_ecg_has_is_told_and_never_rescaled(factor, told):
    heart, _ = beating(12.0)
    record = ecg_record([heart * factor, np.zeros(6000)], names=["II", "V1"])
    found = amplitude_doubts(record)
    assert [notice.code for notice in found] == ["ecg-amplitude-implausible"] * told
    assert not told or found[0].facts["leads"] == "II", "a lead that is off has no amplitude"
    np.testing.assert_array_equal(record.source.read(0, 0, 6000), heart * factor)


def test_ef11_other_channels_and_uncalibrated_leads_are_not_judged():
    heart, _ = beating(12.0)
    assert amplitude_doubts(ecg_record([heart * 1000], names=["Resp"])) == ()
    assert amplitude_doubts(ecg_record([heart * 1000], names=["II"], unit="")) == ()


def test_what_is_stated_counts_in_numbers_of_the_file_and_not_in_assumed_millivolts():
    raw = np.array([0.0, 400.0, -200.0])
    record = ecg_record([raw / 200], names=["II"], unit="")
    stated = restated(record, Stated(500.0, 1 / 1000, ("II",)))
    np.testing.assert_allclose(stated.source.read(0, 0, 3), raw / 1000)
    kept = restated(record, Stated(500.0, None, ("II",)))
    np.testing.assert_allclose(kept.source.read(0, 0, 3), raw / 200)


@pytest.mark.parametrize(
    ("spans", "read"),
    [([(0, 100)], 100), ([(0, 30), (50, 80)], 60), ([(0, 60), (40, 100)], 100), ([(-5, 20), (90, 130)], 30)],
)
def test_el06_hours_that_were_read_and_were_not_are_the_whole_record(spans, read):
    record = ecg_record([np.zeros(10000)], 100.0, ["II"])
    found = hours(record, [Episode(a, b, "N", 0.9) for a, b in spans])
    assert found["time read"].value == read
    assert found["time read"].value + found["time not read"].value == record.seconds
    assert hours(record, []) == {}
