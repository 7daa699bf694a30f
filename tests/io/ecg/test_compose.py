"""The DICOM ECG written here is a twelve-lead waveform that our reader and pydicom read alike."""

import numpy as np
import pydicom

from medviewer.io.ecg.compose import STEP_UV, write_twelve_leads
from medviewer.io.ecg.waveform import open_records

TAGS = {
    "PatientName": "Test^Who",
    "PatientID": "T-1",
    "StudyInstanceUID": "2.25.1",
    "StudyDate": "20260101",
    "StudyTime": "120000",
}
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def made(tmp_path):
    rng = np.random.default_rng(1)
    leads = {name: rng.normal(0, 0.5, 5000) for name in LEADS}
    return leads, write_twelve_leads(tmp_path / "x.dcm", leads, 500, TAGS)


def test_a_written_ecg_is_read_back_within_half_a_step(tmp_path):
    leads, path = made(tmp_path)
    record = open_records(str(path))[0]
    assert tuple(lead.name for lead in record.leads) == LEADS
    assert {lead.rate_hz for lead in record.leads} == {500} and {lead.unit for lead in record.leads} == {"mV"}
    assert record.patient.id == "T-1" and not record.warnings
    for k, name in enumerate(LEADS):
        assert np.abs(record.source.read(k, 0, 5000) - leads[name]).max() <= STEP_UV / 2000 + 1e-9


def test_pydicom_reads_the_same_values(tmp_path):
    leads, path = made(tmp_path)
    dataset = pydicom.dcmread(path)
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.9.1.1"
    array = dataset.waveform_array(0)
    assert np.abs(array / 1000 - np.stack([leads[n] for n in LEADS], 1)).max() <= STEP_UV / 2000 + 1e-9


def test_writing_twice_gives_the_same_bytes(tmp_path):
    _, first = made(tmp_path / "a")
    _, again = made(tmp_path / "b")
    assert first.read_bytes() == again.read_bytes()
