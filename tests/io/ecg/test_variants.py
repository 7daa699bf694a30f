"""Each variant of a format, written here from known samples and read back: WFDB storage, segments, DICOM leads, SCP codings."""

import binascii
import struct
from itertools import pairwise

import numpy as np
import pydicom
import pytest

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError
from medviewer.io.ecg import scp, waveform, wfdb, wfdb_signals
from medviewer.io.ecg.compose import write_twelve_leads
from medviewer.io.scan import scan

# WFDB

KNOWN = np.array([0, 1, -1, 5, 120, -119, 60, -40, 100, 3], np.int64)
WIDE = KNOWN * 200 + 17
DEEP = KNOWN * 60001 + 5
"""Ten samples: not divisible by three, which 310 and 311 once crashed on."""


def bits_310(values):
    padded = [*values, 0, 0]
    raw = b""
    for n in range(0, len(values), 3):
        a, b, c = (int(v) & 0x3FF for v in padded[n : n + 3])
        raw += struct.pack("<HH", a << 1 | (c & 0x1F) << 11, b << 1 | (c >> 5) << 11)
    return raw


def bits_311(values):
    padded = [*values, 0, 0]
    return b"".join(
        struct.pack("<I", (a & 0x3FF) | (b & 0x3FF) << 10 | (c & 0x3FF) << 20)
        for a, b, c in ((int(v) for v in padded[n : n + 3]) for n in range(0, len(values), 3))
    )


def bits_212(values):
    pairs = [*values, 0] if len(values) % 2 else list(values)
    raw = b""
    for a, b in zip(pairs[::2], pairs[1::2], strict=True):
        a, b = int(a) & 0xFFF, int(b) & 0xFFF
        raw += bytes((a & 0xFF, a >> 8 | (b >> 8) << 4, b & 0xFF))
    return raw


def three_bytes(values):
    return b"".join(struct.pack("<i", int(v))[:3] for v in values)


STORED = {
    "8": (np.cumsum(np.clip(np.diff(KNOWN, prepend=7), -128, 127)) + 7, None),
    "16": (WIDE, lambda v: v.astype("<i2").tobytes()),
    "24": (DEEP, three_bytes),
    "32": (DEEP * 200, lambda v: v.astype("<i4").tobytes()),
    "61": (WIDE, lambda v: v.astype(">i2").tobytes()),
    "80": (KNOWN, lambda v: (v + 128).astype("u1").tobytes()),
    "160": (WIDE, lambda v: (v + 32768).astype("<u2").tobytes()),
    "212": (KNOWN * 10, bits_212),
    "310": (KNOWN * 4, bits_310),
    "311": (KNOWN * 4, bits_311),
}


@pytest.mark.parametrize("kind", STORED)
def test_ef04_every_storage_format_gives_the_samples_that_were_written(tmp_path, kind):
    values, pack = STORED[kind]
    first = int(values[0])
    raw = np.diff(values, prepend=first).astype("i1").tobytes() if pack is None else pack(values)
    (tmp_path / "r.dat").write_bytes(raw)
    (tmp_path / "r.hea").write_text(f"r 1 250 {len(values)}\nr.dat {kind} 100(0)/mV 12 0 {first} 0 0 II\n")
    (record,) = wfdb.open_records(str(tmp_path / "r.hea"))
    np.testing.assert_allclose(record.source.read(0, 0, len(values)) * 100, values, atol=1e-6)
    np.testing.assert_allclose(record.source.read(0, 4, 9) * 100, values[4:9], atol=1e-6)


@pytest.mark.parametrize("kind", ["508", "516", "524"])
def test_ef04_flac_formats_give_the_samples_that_were_written(tmp_path, kind):
    import wfdb as package

    values = {"508": KNOWN, "516": WIDE, "524": DEEP}[kind]
    long = np.tile(values, 40)
    package.wrsamp(
        "r", 250, ["mV"], ["II"], d_signal=long[:, None], fmt=[kind], adc_gain=[100.0], baseline=[0], write_dir=str(tmp_path)
    )
    (record,) = wfdb.open_records(str(tmp_path / "r.hea"))
    np.testing.assert_allclose(record.source.read(0, 0, len(long)) * 100, long, atol=1e-6)


def test_ef04_a_format_that_is_not_known_is_refused_by_name(tmp_path):
    (tmp_path / "r.dat").write_bytes(bytes(100))
    (tmp_path / "r.hea").write_text("r 1 250 10\nr.dat 77 100(0)/mV 12 0 0 0 0 II\n")
    batch = scan([tmp_path / "r.hea"], workspace=tmp_path)
    assert [(n.code, n.facts["format"]) for n in batch.account.failed] == [("ecg-format-unknown", "77")]


def test_a_long_lead_is_read_in_parts_and_equals_one_read_whole(tmp_path, monkeypatch):
    samples = np.random.default_rng(2).integers(-2000, 2000, (5000, 3)).astype("<i2")
    samples[700, 1] = -32768
    (tmp_path / "r.dat").write_bytes(samples.tobytes())
    lines = "".join(f"r.dat 16 200(0)/mV 16 0 0 0 0 L{k}\n" for k in range(3))
    (tmp_path / "r.hea").write_text(f"r 3 500 5000\n{lines}")
    (record,) = wfdb.open_records(str(tmp_path / "r.hea"))
    whole = record.source.read(1, 3, 4999)
    monkeypatch.setattr(wfdb_signals, "WORDS_AT_ONCE", 1000)
    np.testing.assert_array_equal(record.source.read(1, 3, 4999), whole)
    assert np.isnan(whole[697]) and np.nansum(np.abs(whole - samples[3:4999, 1] / 200)) < 1e-9


def test_ef06_a_segment_is_read_by_its_own_gain_and_the_others_are_told(tmp_path):
    for name, gain in (("a", 200), ("b", 400), ("c", 200)):
        (tmp_path / f"{name}.dat").write_bytes(np.full(100, 400, "<i2").tobytes())
        (tmp_path / f"{name}.hea").write_text(f"{name} 1 250 100\n{name}.dat 16 {gain}(0)/mV 16 0 0 0 0 II\n")
    (tmp_path / "r.hea").write_text("r/3 1 250 300\na 100\nb 100\nc 100\n")
    (record,) = wfdb.open_records(str(tmp_path / "r.hea"))
    values = record.source.read(0, 0, 300)
    assert set(values[:100]) == {2.0} == set(values[200:]) and set(values[100:200]) == {1.0}
    (told,) = record.warnings
    assert (told.code, told.facts) == ("ecg-segments-differ", {"count": 1, "segments": "b"})


def test_a_layout_of_null_signals_names_the_leads_and_absent_ones_are_gaps(tmp_path):
    """As MIMIC has it: the layout stores nothing (format 0), a segment holds some of its leads, "~" is a pause."""
    (tmp_path / "a.dat").write_bytes(np.arange(100, dtype="<i2").tobytes())
    (tmp_path / "a.hea").write_text("a 1 125 100\na.dat 16 100/mV 16 0 0 0 0 V\n")
    (tmp_path / "b.dat").write_bytes(np.arange(200, dtype="<i2").tobytes())
    (tmp_path / "b.hea").write_text("b 2 125 100\nb.dat 16 0/mV 16 0 0 0 0 II\nb.dat 16 100/mV 16 0 0 0 0 V\n")
    (tmp_path / "l.hea").write_text("l 2 125 0\n~ 0 0 16 0 0 0 0 II\n~ 0 100/mV 16 0 0 0 0 V\n")
    (tmp_path / "r.hea").write_text("r/4 2 125 275\nl 0\na 100\n~ 75\nb 100\n")
    (record,) = wfdb.open_records(str(tmp_path / "r.hea"))
    ii, v = (record.source.read(k, 0, 275) for k in range(2))
    assert [lead.name for lead in record.leads] == ["II", "V"]
    assert np.isnan(ii[:175]).all() and np.isnan(v[100:175]).all()
    np.testing.assert_allclose(v[:100], np.arange(100) / 100)
    np.testing.assert_allclose(v[175:], np.arange(1, 200, 2) / 100)
    assert [(gap.start_s, gap.end_s) for gap in record.gaps] == [(0.8, 1.4)]
    assert [one.code for one in record.warnings] == ["ecg-gain-missing"], "what is wrong in a segment is told too"


# DICOM

STUDY = {"StudyInstanceUID": "1.2.3", "PatientName": "A^B", "PatientID": "1", "StudyDate": "20260101", "StudyTime": "080000"}


@pytest.fixture
def twelve(tmp_path):
    """A dataset of two leads to be changed, and the values in it."""
    wave = np.rint(np.sin(np.arange(500) / 20) * 400) * 2.5e-3
    write_twelve_leads(tmp_path / "e.dcm", {"I": wave, "aVR": -wave}, 500, STUDY)
    return tmp_path / "e.dcm", pydicom.dcmread(tmp_path / "e.dcm"), wave


def reread(path, dataset):
    dataset.save_as(path)
    return waveform.open_records(str(path))


def test_ef13_twelve_bits_in_sixteen_are_read(twelve):
    path, dataset, wave = twelve
    for channel in dataset.WaveformSequence[0].ChannelDefinitionSequence:
        channel.WaveformBitsStored = 12
    (record,) = reread(path, dataset)
    np.testing.assert_allclose(record.source.read(0, 0, 500), wave, atol=1e-9)


@pytest.mark.parametrize("meaning", ["I", "Lead I", "Lead I (Einthoven)", "ECG Lead I", "lead i"])
def test_ef13_a_lead_is_known_by_its_label_however_it_is_written(twelve, meaning):
    path, dataset, _ = twelve
    source = dataset.WaveformSequence[0].ChannelDefinitionSequence[0].ChannelSourceSequence[0]
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "x1", "99LOCAL", meaning
    (record,) = reread(path, dataset)
    assert [lead.name for lead in record.leads] == ["I", "aVR"]


def test_ef13_a_code_counts_before_a_label_that_says_otherwise(twelve):
    path, dataset, _ = twelve
    dataset.WaveformSequence[0].ChannelDefinitionSequence[0].ChannelSourceSequence[0].CodeMeaning = "Lead V5"
    assert reread(path, dataset)[0].leads[0].name == "I"
    source = dataset.WaveformSequence[0].ChannelDefinitionSequence[0].ChannelSourceSequence[0]
    source.CodeValue, source.CodingSchemeDesignator = "5.6.3-9-7", "SCPECG"
    assert reread(path, dataset)[0].leads[0].name == "V5", "SCP-ECG's number seven"


def test_ef13_codes_padded_with_nul_are_understood(twelve):
    path, _, _ = twelve
    raw = path.read_bytes()
    assert raw.count(b"2:1 ") == 1
    path.write_bytes(raw.replace(b"2:1 ", b"2:1\0"))
    assert waveform.open_records(str(path))[0].leads[0].name == "I"


def test_ef13_rhythm_comes_first_and_the_median_beat_is_the_devices(twelve):
    from copy import deepcopy

    path, dataset, wave = twelve
    median = deepcopy(dataset.WaveformSequence[0])
    median.MultiplexGroupLabel, median.NumberOfWaveformSamples = "MEDIAN BEAT", 300
    dataset.WaveformSequence = pydicom.Sequence([median, dataset.WaveformSequence[0]])
    (record,) = reread(path, dataset)
    assert record.leads[0].samples == 500 and record.device is not None
    np.testing.assert_allclose(record.device.medians["I"], wave[:300], atol=1e-9)


def test_what_the_device_measured_is_read_from_its_annotations(twelve):
    path, dataset, _ = twelve
    dataset.WaveformAnnotationSequence = []
    for meaning, value, unit in (
        ("Ventricular Heart Rate", "80", "{H.B.}/min"),
        ("PR Interval", "156", "ms"),
        ("PP Interval", "0", "ms"),
        ("QRS Axis", "-12", "deg"),
        ("QTc Interval", "", "ms"),
    ):
        entry, concept, units = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = "1", "SCPECG", meaning
        units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = unit, "UCUM", unit
        entry.ConceptNameCodeSequence, entry.MeasurementUnitsCodeSequence, entry.NumericValue = [concept], [units], value or None
        entry.ReferencedWaveformChannels, entry.AnnotationGroupNumber = [1, 0], 0
        dataset.WaveformAnnotationSequence.append(entry)
    (record,) = reread(path, dataset)
    assert {name: (one.value, one.unit, one.source) for name, one in record.device.measurements.items()} == {
        "heart rate": (80.0, "/min", "device"),
        "PR": (156.0, "ms", "device"),
        "QRS axis": (-12.0, "°", "device"),
    }


def test_padding_in_all_channels_is_a_gap_and_compressed_sound_is_refused(twelve):
    path, dataset, _ = twelve
    group = dataset.WaveformSequence[0]
    stored = np.frombuffer(group.WaveformData, "<i2").copy().reshape(-1, 2)
    stored[100:150] = -32768
    group.WaveformData = stored.tobytes()
    (record,) = reread(path, dataset)
    assert [(gap.start_s, gap.end_s) for gap in record.gaps] == [(0.2, 0.3)]
    assert np.isnan(record.source.read(0, 100, 150)).all()
    group.WaveformSampleInterpretation, group.WaveformBitsAllocated = "MB", 8
    with pytest.raises(MedviewerError) as told:
        reread(path, dataset)
    assert told.value.notice.code == "ecg-header-invalid"


# SCP-ECG

WAVE = np.rint(np.sin(np.arange(240) / 9) * 90 + np.where(np.arange(240) % 60 == 30, 700, 0)).astype(int)
OWN = {0: "0", 1: "10", -1: "110"}
"""An own Huffman table; everything else by a row of 16 bits after "111"."""


def section(number, body):
    size = 16 + len(body)
    rest = struct.pack("<HIBB6s", number, size, 20, 20, b"" if number else b"SCPECG") + body
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def differences(values, order):
    if order == 1:
        return [int(values[0]), *(int(b - a) for a, b in pairwise(values))]
    if order == 2:
        second = [int(values[n] - 2 * values[n - 1] + values[n - 2]) for n in range(2, len(values))]
        return [int(values[0]), int(values[1]), *second]
    return [int(v) for v in values]


def coded(values, table):
    if table == "none":
        return np.array(values, "<i2").tobytes()
    bits = ""
    for v in values:
        if table == "own":
            bits += OWN.get(v) or "111" + f"{v & 0xFFFF:016b}"
        elif v == 0:
            bits += "0"
        elif abs(v) <= 8:
            bits += "1" * abs(v) + "0" + ("0" if v > 0 else "1")
        elif -128 <= v <= 127:
            bits += "1111111110" + f"{v & 0xFF:08b}"
        else:
            bits += "1111111111" + f"{v & 0xFFFF:016b}"
    return bytes(int(bits[n : n + 8].ljust(8, "0"), 2) for n in range(0, len(bits), 8))


def own_table():
    rows = [(len(word), len(word), 1, value, word) for value, word in OWN.items()] + [(3, 19, 1, 0, "111")]
    return struct.pack("<HH", 1, len(rows)) + b"".join(
        struct.pack("<BBBhI", prefix, whole, switch, value, int(word[::-1], 2)) for prefix, whole, switch, value, word in rows
    )


def scp_file(path, table, order, areas=()):
    """Leads I and II at 500 Hz; with `areas` (first, last sample from 1) all else is stored as means of four."""
    stored = WAVE
    if areas:
        kept = np.zeros(len(WAVE), bool)
        for first, last in areas:
            kept[first - 1 : last] = True
        stored, k = [], 0
        while k < len(WAVE):
            end = k + 1
            while not kept[k] and end < len(WAVE) and end - k < 4 and not kept[end]:
                end += 1
            stored.append(round(float(np.mean(WAVE[k:end]))))
            k = end
    parts = [coded(differences(np.array(stored) * sign, order), table) for sign in (1, -1)]
    leads = bytes((2, 8)) + b"".join(struct.pack("<IIB", 1, len(WAVE), code) for code in (1, 2))
    rhythm = struct.pack("<HHBB2H", 2500, 2000, order, bool(areas), *map(len, parts)) + b"".join(parts)
    beats = struct.pack("<HHH", 0, 0, len(areas)) + b"".join(struct.pack("<HIII", 1, 0, 0, 0) for _ in areas)
    beats += b"".join(struct.pack("<II", *area) for area in areas)
    bodies = {2: {"none": None, "default": struct.pack("<H", 19999), "own": own_table()}[table], 3: leads, 6: rhythm}
    bodies[4] = beats if areas else None
    sections = {number: section(number, body) for number, body in sorted(bodies.items()) if body is not None}
    pointers, at = b"", 6 + 16 + 10 * (1 + len(sections))
    for number, raw in sections.items():
        pointers += struct.pack("<HII", number, len(raw), at + 1)
        at += len(raw)
    zero = section(0, struct.pack("<HII", 0, 16 + 10 * (1 + len(sections)), 7) + pointers)
    body = struct.pack("<I", 6 + len(zero) + sum(map(len, sections.values()))) + zero + b"".join(sections.values())
    path.write_bytes(struct.pack("<H", binascii.crc_hqx(body, 0xFFFF)) + body)
    return path


@pytest.mark.parametrize("table", ["none", "default", "own"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_ef14_each_table_with_plain_first_and_second_differences(tmp_path, table, order):
    (record,) = scp.open_records(str(scp_file(tmp_path / "r.scp", table, order)))
    assert [lead.name for lead in record.leads][:2] == ["I", "II"] and record.leads[0].rate_hz == 500
    assert [w.code for w in record.warnings if w.code.startswith("scp")] == []
    np.testing.assert_allclose(record.source.read(0, 0, 240), WAVE * 2.5e-3, atol=1e-9)
    np.testing.assert_allclose(record.source.read(1, 0, 240), -WAVE * 2.5e-3, atol=1e-9)


@pytest.mark.parametrize(("table", "order"), [("none", 0), ("default", 2)])
def test_ef14_bimodal_compression_is_whole_in_the_protected_areas_and_near_elsewhere(tmp_path, table, order):
    areas = ((21, 41), (81, 101), (141, 161), (201, 221))
    (record,) = scp.open_records(str(scp_file(tmp_path / "r.scp", table, order, areas)))
    found = record.source.read(0, 0, 240) / 2.5e-3
    assert len(found) == 240
    for first, last in areas:
        np.testing.assert_allclose(found[first - 1 : last], WAVE[first - 1 : last], atol=1e-6)
    assert np.abs(found - WAVE).max() <= 15, "straight lines between means of four samples of a slow wave"


@pytest.mark.parametrize("number", [2, 3, 6])
def test_ef14_a_wrong_crc_of_a_section_is_told_by_its_number(tmp_path, number):
    path = scp_file(tmp_path / "r.scp", "default", 1)
    raw = bytearray(path.read_bytes())
    for k in range(3):
        at = 22 + 10 + 10 * k
        found, _, index = struct.unpack_from("<HII", raw, at)
        if found == number:
            raw[index - 1] ^= 0x55
    path.write_bytes(raw)
    (item,) = scan([path], workspace=tmp_path).items
    assert isinstance(item, EcgRecord)
    assert number in [w.facts["section"] for w in item.warnings if w.code == "scp-crc-wrong"]
