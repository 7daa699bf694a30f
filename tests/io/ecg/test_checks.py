"""What a record tells about itself: beats against the device's rate, a calibration pulse behind the leads."""

import numpy as np
import pytest
from made import beating

from medviewer.core.ecg import DeviceReport, EcgRecord, Measurement
from medviewer.io.ecg.checks import counted_rate, without_pulse
from medviewer.io.ecg.leads import held_record
from medviewer.io.scan import scan


def said(rate, device_rate):
    heart, _ = beating(10.0, 500.0, 75.0)
    channels = [(name, rate, heart * k, 0.001) for name, k in (("I", 0.5), ("II", 1.0), ("V1", -0.8))]
    device = DeviceReport((), {"heart rate": Measurement(device_rate, "/min", "device")})
    return [warning.code for warning in held_record("", "aecg", "r", channels, device=device).warnings]


@pytest.mark.parametrize(("bpm", "rate"), [(45, 250), (75, 500), (150, 1000), (75, 100)])
def test_beats_are_counted_at_any_rate(bpm, rate):
    heart, peaks = beating(12.0, rate, bpm)
    assert counted_rate([heart], rate) == pytest.approx(bpm, rel=0.05) and len(peaks) > 5


def test_a_rate_that_makes_another_heart_than_the_device_counted_is_told():
    assert said(500.0, 75) == [] and said(500.0, 60) == []
    assert said(100.0, 75) == ["ecg-rate-implausible"], "500 Hz called 100 Hz: a fifth of the beats a minute"
    assert said(2000.0, 75) == ["ecg-rate-implausible"]


def test_flat_leads_and_one_beat_have_no_rate():
    assert counted_rate([np.zeros(5000), np.full(5000, np.nan)], 500) is None


@pytest.mark.parametrize("name", ["sierra_129DYPRG.xml", "sierra_1_04_01.xml", "sierra_1_04_ZZDEMO.xml"])
def test_ef15_the_calibration_pulse_behind_the_leads_is_left_out_and_said(data, tmp_path, name):
    (record,) = scan([data / "ecg" / "formats" / "philips_sierra" / name], workspace=tmp_path).items
    assert isinstance(record, EcgRecord)
    (told,) = (w for w in record.warnings if w.code == "ecg-pulse-cut")
    assert record.seconds + told.facts["seconds"] == pytest.approx(11.0, abs=0.01)
    last = [record.source.read(k, record.leads[k].samples - 250, record.leads[k].samples) for k in range(12)]
    assert np.ptp(np.stack(last), axis=0).max() > 0.1, "the leads differ to their end"


def test_ef15_leads_without_a_pulse_stay_whole():
    heart, _ = beating(10.0)
    leads = [heart * k for k in (0.5, 1.0, -0.7)]
    assert without_pulse(leads, 500) == 5000
    pulse = np.concatenate((np.zeros(100), np.ones(100), np.zeros(50)))
    assert without_pulse([np.concatenate((lead + 0.01 * k, pulse)) for k, lead in enumerate(leads, 1)], 500) == 5000
    flat = [np.concatenate((lead + 0.01 * k, np.zeros(250))) for k, lead in enumerate(leads, 1)]
    assert without_pulse(flat, 500) == 5250, "electrodes that fell off are no pulse"
    assert without_pulse([pulse] * 3, 500) == 250
