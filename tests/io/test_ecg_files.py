"""Odd but valid ECG files: several samples a frame, data records of any length, units in any spelling, one wrong field."""

import numpy as np
import pyedflib
import pytest

from medviewer.io.ecg import edf
from medviewer.io.ecg.edf_write import EdfNote, channel, write_edf
from medviewer.io.ecg.wfdb import open_records
from medviewer.io.scan import scan


def test_ef03_four_samples_a_frame_stay_four_and_nothing_is_averaged(tmp_path):
    fast, slow = np.arange(200), 1000 + np.arange(50)
    frames = np.column_stack([fast.reshape(50, 4), slow]).astype("<i2")
    (tmp_path / "r.dat").write_bytes(frames.tobytes())
    lines = ["r 2 100 50", "r.dat 16x4 200(0)/mV 16 0 0 0 0 II", "r.dat 16 200(0)/mV 16 0 0 0 0 V1"]
    (tmp_path / "r.hea").write_text("\n".join(lines) + "\n")
    record = open_records(str(tmp_path / "r.hea"))[0]
    assert [(lead.rate_hz, lead.samples) for lead in record.leads] == [(400, 200), (100, 50)]
    assert np.allclose(record.source.read(0, 0, 200), fast / 200) and np.allclose(record.source.read(1, 0, 50), slow / 200)
    assert record.seconds == 0.5


@pytest.mark.parametrize("duration", [0.25, 1, 10, 30])
def test_ef09_the_rate_is_samples_by_duration_and_the_marks_are_no_channel(tmp_path, duration):
    path = tmp_path / "r.edf"
    with pyedflib.EdfWriter(str(path), 1, file_type=pyedflib.FILETYPE_EDFPLUS) as writer:
        writer.setSignalHeader(0, {
            "label": "II", "dimension": "mV", "sample_frequency": 100, "physical_max": 5, "physical_min": -5,
            "digital_max": 32767, "digital_min": -32768, "prefilter": "", "transducer": "",
        })  # fmt: skip
        writer.setDatarecordDuration(duration)
        wave = np.sin(np.arange(6000) / 10)
        writer.writeSamples([wave])
        writer.writeAnnotation(12.5, -1, "here")
    record = edf.open_records(str(path))[0]
    assert [(lead.name, lead.rate_hz) for lead in record.leads] == [("II", 100.0)]
    assert np.abs(record.source.read(0, 0, 6000) - wave).max() < 0.001
    assert [(mark.time_s, mark.text) for mark in record.annotations] == [(12.5, "here")]


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        (b"mV", 1),
        (b"uV", 1e-3),
        (b"\xb5V", 1e-3),
        ("µV".encode(), 1e-3),
        ("μV".encode(), 1e-3),
        (b"V", 1e3),
        (b"MV", 1),
        (b"uv", 1e-3),
    ],
)
def test_ef11_millivolts_in_any_spelling_and_encoding(tmp_path, unit, factor):
    path = tmp_path / "r.edf"
    write_edf(path, [channel("II", "XX", np.arange(500) * 0.01, 0.01)], 100, "", [EdfNote(5, "x")])
    path.write_bytes(path.read_bytes().replace(b"XX      ", unit.ljust(8), 1))
    record = edf.open_records(str(path))[0]
    if unit in ("µV".encode(), "μV".encode()):
        assert record.leads[0].unit in ("mV", unit.decode("latin-1")), "two bytes in an eight-byte field"
    else:
        assert record.leads[0].unit == "mV"
        assert np.allclose(record.source.read(0, 0, 500), np.arange(500) * 0.01 * factor, rtol=1e-3)


def test_ef11_a_unit_that_is_no_voltage_is_kept_and_never_guessed(tmp_path):
    path = tmp_path / "r.edf"
    write_edf(path, [channel("Resp", "mmHg", np.arange(500) * 0.01, 0.01)], 100, "", [])
    lead = edf.open_records(str(path))[0].leads[0]
    assert lead.unit == "mmHg" and lead.name == "Resp"


@pytest.mark.parametrize(
    ("at", "value", "code"),
    [
        (256 + 2 * (16 + 80 + 8 + 8 + 8), b"32767   ", "ecg-gain-missing"),
        (236, b"99999   ", "ecg-length-differs"),
        (168, b"31.02.26", "ecg-start-invalid"),
    ],
)
def test_ef07_one_wrong_field_of_a_header_is_told_by_name_and_the_file_opens(tmp_path, at, value, code):
    path = tmp_path / "r.edf"
    write_edf(path, [channel("II", "mV", np.arange(500) * 0.01, 0.01)], 100, "2026-01-02T03:04:05", [])
    raw = bytearray(path.read_bytes())
    raw[at : at + 8] = value
    path.write_bytes(bytes(raw))
    kept = path.read_bytes()
    record = edf.open_records(str(path))[0]
    assert record.leads and code in {warning.code for warning in record.warnings}
    assert record.source.read(0, 0, 500).shape == (500,)
    assert path.read_bytes() == kept, "the file stays as it is"


TABLES = {
    "I,II,V1\n": True,
    "time,lead1,lead2\n": True,
    "time_s,ECG I [mV]\n": True,
    "t;MLII;V5\n".replace(";", ","): True,
    "# Sampling Rate (Hz):= 1000\n# Labels:= ECG\n": True,
    "": False,
    "x,y,z\n": False,
    "slice,area [mm],volume\n": False,
    "time,I,nodule,volume,diameter\n": False,
    "# Sampling of the tissue\nx,y\n": False,
}


@pytest.mark.parametrize("head", TABLES)
def test_a_table_in_a_folder_is_an_ecg_only_where_it_says_so(tmp_path, head):
    columns = max((line.count(",") for line in head.splitlines() if not line.startswith("#")), default=0) + 1
    rows = "".join(",".join(f"{(k + c) * 0.01:.2f}" for c in range(columns)) + "\n" for k in range(60))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(head + rows)
    assert [item.kind for item in scan([tmp_path / "in"], workspace=tmp_path).items] == (["ecg"] if TABLES[head] else [])
    assert [item.kind for item in scan([tmp_path / "in" / "a.csv"], workspace=tmp_path).items] == ["ecg"]


def ishne(folder, samples, rate=200):
    """A recording of one lead (5 µV a step), and its header for a file of marks."""
    import struct

    head = bytearray(522 - 10)
    struct.pack_into("<4i", head, 0, 0, len(samples), 522, 522)
    struct.pack_into("<h", head, 146, 1)
    struct.pack_into("<h", head, 148, 6)
    struct.pack_into("<h", head, 196, 5000)
    struct.pack_into("<h", head, 262, rate)
    (folder / "h.ecg").write_bytes(b"ISHNE1.0\0\0" + head + samples.astype("<i2").tobytes())
    return b"ANN  1.0\0\0" + bytes(head)


def test_marks_beside_an_ishne_recording_are_its_annotations_and_dropouts_are_gaps(tmp_path):
    import struct

    samples = np.arange(4000) % 300
    samples[1000:1400] = -32768
    head = ishne(tmp_path, samples)
    marks = b"".join(
        struct.pack("<ccH", label, b"\0", since) for label, since in ((b"N", 200), (b"V", 150), (b"P", 250), (b"C", 9))
    )
    (tmp_path / "h.ann").write_bytes(head + struct.pack("<I", 100) + marks + struct.pack("<ccH", b"!", b"\0", 500))
    batch = scan([tmp_path], workspace=tmp_path / "w")
    (record,) = batch.items
    assert [(mark.time_s, mark.symbol, mark.text) for mark in record.annotations] == [
        (1.5, "N", ""), (2.25, "V", ""), (3.5, "/", ""), (3.545, "", "C"),
    ]  # fmt: skip
    assert [(gap.start_s, gap.end_s) for gap in record.gaps] == [(5.0, 7.0)]
    assert batch.account.failed == () and [one.code for one in record.warnings if "annot" in one.code] == [
        "ecg-annotations-unreadable"
    ]


def test_ec08_where_a_wfdb_record_holds_codes_for_no_sample_there_is_a_gap(tmp_path):
    stored = np.tile(np.arange(2000, dtype="<i2")[:, None], (1, 2))
    stored[500:900] = -32768
    stored[1500:1600, 0] = -32768
    (tmp_path / "r.dat").write_bytes(stored.tobytes())
    (tmp_path / "r.hea").write_text("r 2 250 2000\nr.dat 16 200/mV 16 0 0 0 0 II\nr.dat 16 200/mV 16 0 0 0 0 V1\n")
    (record,) = scan([tmp_path / "r.hea"], workspace=tmp_path).items
    assert [(gap.start_s, gap.end_s) for gap in record.gaps] == [(2.0, 3.6)], "one lead alone is an electrode, no gap"
