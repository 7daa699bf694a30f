"""Annotations and exports of ECGs, each read back by another reader (EA-01 … EA-07)."""

from dataclasses import replace

import numpy as np
import pyedflib
import pytest
import wfdb
from made import beating, ecg_record

from medviewer.core.ecg import Annotation, Beats, Episode
from medviewer.core.ecg_marks import marks_of
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Decision, Provenance, Result
from medviewer.io.ecg import edf, write
from medviewer.io.ecg.edf_write import EdfChannel, EdfNote, number, write_edf
from medviewer.io.ecg.wfdb import open_records
from medviewer.services.export_marks import export_marks

MADE = Provenance("ecg-beats", "1", "", "", "", "", "", "", 0, "")


def answered(seconds=60.0, rate=360.0, **facts):
    heart, peaks = beating(seconds, rate)
    record = ecg_record([heart, -heart], rate, ["MLII", "V1"], **facts)
    symbols = [("N", "S", "V", "F", "Q")[n % 5] for n in range(len(peaks))]
    beats = Beats(tuple(int(p) for p in peaks), tuple(symbols), (0.9,) * len(peaks))
    spans = (Episode(0.0, 20.0, "N", 0.9), Episode(20.0, 40.5, "A", 0.8), Episode(40.5, 60.0, "~", 0.7))
    return record, Result("made", None, "ecg-beats", "ok", beats=beats, episodes=spans, provenance=MADE)


def test_ea03_every_class_is_written_and_read_back_by_the_wfdb_package(tmp_path):
    record, result = answered()
    assert export_marks(record, [result], tmp_path, "wfdb") == ["made.mvb"]
    read = wfdb.rdann(str(tmp_path / "made"), "mvb")
    beats = [(s, c) for s, c in zip(read.sample, read.symbol, strict=True) if c != "+"]
    assert beats == list(zip(result.beats.sample, result.beats.symbol, strict=True))
    assert read.fs == 360
    notes = [(s, a.rstrip("\0")) for s, c, a in zip(read.sample, read.symbol, read.aux_note, strict=True) if c == "+"]
    assert notes == [(0, "(N"), (7200, "(AFIB"), (14580, "(NOISE")]


def test_ea03_what_people_decided_is_what_is_written(tmp_path):
    record, result = answered()
    names = [f"made/ecg-beats/beat/{s}" for s in result.beats.sample]
    decided = {names[0]: Decision("rejected", "me", "now"), names[1]: Decision("accepted", "me", "now", "V")}
    export_marks(record, [result], tmp_path, "wfdb", decided)
    read = wfdb.rdann(str(tmp_path / "made"), "mvb")
    beats = {int(s): c for s, c in zip(read.sample, read.symbol, strict=True) if c != "+"}
    assert result.beats.sample[0] not in beats and beats[result.beats.sample[1]] == "V"
    export_marks(record, [result], tmp_path, "csv", decided)
    rows = (tmp_path / "made.events.csv").read_text("utf-8-sig").splitlines()
    assert "Research use only" in rows[0] and sum("rejected" in row for row in rows) == 1
    assert len(rows) == 1 + len(result.beats.sample) + 3


def test_ea02_marks_written_at_the_records_own_rate_are_read_at_it(tmp_path):
    record, result = answered(rate=250.0)
    write.write(record, tmp_path, "made", "wfdb")
    export_marks(record, [result], tmp_path, "wfdb")
    again = open_records(str(tmp_path / "made.hea"))[0]
    times = [a.time_s for a in again.annotations if a.symbol != "+"]
    assert times == pytest.approx([s / 250 for s in result.beats.sample])


def test_ea02_marks_beyond_the_end_are_counted_and_not_drawn(tmp_path):
    record, _ = answered(10.0)
    write.write(record, tmp_path, "made", "wfdb")
    wfdb.wrann("made", "atr", np.array([100, 5000, 99999]), ["N", "N", "V"], fs=360, write_dir=str(tmp_path))
    again = open_records(str(tmp_path / "made.hea"))[0]
    assert [a.symbol for a in again.annotations] == ["N"] or len(again.annotations) == 1
    assert any(w.code == "ecg-annotations-beyond" and w.facts["count"] == 2 for w in again.warnings)


def test_ea01_a_window_of_the_trace_has_the_marks_of_its_own_samples():
    record, result = answered()
    marks = marks_of(record, [result])
    here = marks.between(3000 / 360, 6000 / 360)
    assert [round(t * 360) for t in marks.times[here]] == [s for s in result.beats.sample if 3000 <= s < 6000]
    assert not len(marks.times[marks.between(1000, 2000)]), "an empty list is valid"


def test_ea04_three_hundred_and_fifty_long_annotations_in_a_minute_are_all_there(tmp_path):
    rng = np.random.default_rng(1)
    texts = [f"{n}: a text that is longer than forty characters, 心房颤动 {n}" for n in range(350)]
    marks = tuple(
        Annotation(float(t), "", text) for t, text in zip(np.sort(rng.integers(0, 21600, 350)) / 360, texts, strict=True)
    )
    record, _ = answered(annotations=marks)
    write.write(record, tmp_path, "made", "edf")
    with pyedflib.EdfReader(str(tmp_path / "made.edf")) as reader:
        onsets, _, read = reader.readAnnotations()
    assert list(read) == texts
    assert list(onsets) == pytest.approx([m.time_s for m in marks], abs=1e-4)


def test_ea04_a_file_that_reads_back_otherwise_is_deleted(tmp_path, monkeypatch):
    record, _ = answered(10.0)
    monkeypatch.setattr(
        "medviewer.io.ecg.edf.open_records", lambda path: [replace(record, annotations=(Annotation(1, "", "x"),))]
    )
    with pytest.raises(MedviewerError) as raised:
        write.write(record, tmp_path, "made", "edf")
    assert raised.value.notice.code == "export-differs"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("step", [0.005, 0.001, 1 / 306, 0.00488, 2.5e-4])
@pytest.mark.parametrize("kind", ["edf", "wfdb"])
def test_ea05_the_first_round_is_within_a_step_and_the_second_equal_to_the_bit(tmp_path, step, kind):
    values = np.random.default_rng(2).integers(-2000, 2000, 5000) * step
    record = ecg_record([values], 500.0, ["II"])
    record = replace(record, leads=(replace(record.leads[0], resolution=step),))
    read = values
    for n, name in enumerate(("one", "two")):
        names = write.write(record, tmp_path, name, kind)
        again = (edf.open_records if kind == "edf" else open_records)(str(tmp_path / names[0]))[0]
        after = again.source.read(0, 0, 5000)
        assert np.abs(after - read).max() <= step * 1.001 if n == 0 else np.array_equal(after, read)
        record, read = again, after


def test_ea05_a_second_reader_gets_the_same_values_and_gaps_are_never_zero(tmp_path):
    heart, _ = beating(10)
    heart[1000:2000] = np.nan
    write.write(ecg_record([heart], 500.0, ["II"]), tmp_path, "made", "edf")
    with pyedflib.EdfReader(str(tmp_path / "made.edf")) as reader:
        other = reader.readSignal(0)
        assert reader.getLabel(0) == "II" and reader.getPhysicalDimension(0) == "mV"
    assert np.abs(other[:1000] - heart[:1000]).max() <= 0.001
    assert (other[1000:2000] < -30).all()
    again = edf.open_records(str(tmp_path / "made.edf"))[0]
    assert np.array_equal(np.isnan(again.source.read(0, 0, 5000)), np.isnan(heart))


def test_numbers_of_a_header_are_the_nearest_that_fit():
    for value in (163.835, 107.0849673, 32767.0, 0.0327671234, 3276700.0):
        assert len(number(value)) <= 7 and float(number(value)) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(("hours", "rate"), [(25, 4), (144, 2)])
def test_ea07_marks_late_in_a_long_file_are_at_their_sample_for_a_second_reader(tmp_path, hours, rate):
    length = hours * 3600 * rate
    digital = (np.arange(length) % 200).astype(np.int16)
    ticks = [0, length // 3, length - rate, length - 1]
    notes = [EdfNote(tick, f"mark {n}") for n, tick in enumerate(ticks)]
    write_edf(
        tmp_path / "long.edf", [EdfChannel("II", "mV", ("-163.835", "163.835"), digital)], rate, "2026-01-01T10:00:00", notes
    )
    with pyedflib.EdfReader(str(tmp_path / "long.edf")) as reader:
        onsets, _, texts = reader.readAnnotations()
        assert list(texts) == [note.text for note in notes]
        assert [round(float(o) * rate) for o in onsets] == ticks
        assert reader.getNSamples()[0] == length
    ours = edf.open_records(str(tmp_path / "long.edf"))[0]
    assert [round(a.time_s * rate) for a in ours.annotations] == ticks
    assert ours.seconds == hours * 3600


def test_beats_and_rhythm_go_into_edf_with_their_lengths(tmp_path):
    record, result = answered()
    assert export_marks(record, [result], tmp_path, "edf") == ["made.edf"]
    with pyedflib.EdfReader(str(tmp_path / "made.edf")) as reader:
        onsets, lengths, texts = reader.readAnnotations()
    spans = [(round(float(o), 3), float(d), t) for o, d, t in zip(onsets, lengths, texts, strict=True) if t.startswith("(")]
    assert spans == [(0.0, 20.0, "(N"), (20.0, 20.5, "(AFIB"), (40.5, 19.5, "(NOISE")]
    beats = [(round(float(o) * 360), t) for o, t in zip(onsets, texts, strict=True) if not t.startswith("(")]
    assert beats == list(zip(result.beats.sample, result.beats.symbol, strict=True))


def test_a_rate_without_whole_seconds_makes_one_data_record_and_nothing_is_padded(tmp_path):
    record = ecg_record([np.sin(np.arange(1000) / 9)], 499.3123, ["II"])
    (name,) = write.write(record, tmp_path, "made", "edf")
    with pyedflib.EdfReader(str(tmp_path / name)) as reader:
        assert reader.getNSamples()[0] == 1000 and reader.datarecords_in_file == 1
        assert reader.getSampleFrequency(0) == pytest.approx(499.3123, rel=1e-6)
        assert np.abs(reader.readSignal(0) - np.sin(np.arange(1000) / 9)).max() <= 0.001
    assert edf.open_records(str(tmp_path / name))[0].rate_hz == pytest.approx(499.3123, rel=1e-6)


def test_a_rate_that_edf_cannot_hold_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr("medviewer.io.ecg.edf_write.MOST_SAMPLES", 1000)  # as a day of such a rate has more than a data record
    record = ecg_record([np.zeros(2000)], 499.31234567, ["II"])
    with pytest.raises(MedviewerError) as raised:
        write.write(record, tmp_path, "made", "edf")
    assert raised.value.notice.code == "export-rate-fraction" and not list(tmp_path.iterdir())


def test_ea05_a_lead_far_from_zero_keeps_its_own_steps_in_16_bits(tmp_path):
    """mne's EDF has electrodes at 176 mV with steps of 0.0004 µV."""
    values = 175.7459 + np.rint(1e4 * np.sin(np.arange(2000) / 9)) * 3.8e-7
    record = ecg_record([values], 128.0, ["II"])
    record = replace(record, leads=(replace(record.leads[0], resolution=3.8e-7),))
    for kind in ("edf", "wfdb"):
        write.write(record, tmp_path, "made", kind)
    with pyedflib.EdfReader(str(tmp_path / "made.edf")) as reader:
        assert np.abs(reader.readSignal(0)[:2000] - values).max() <= 3.8e-7
    read = wfdb.rdrecord(str(tmp_path / "made"))
    assert np.abs(read.p_signal[:, 0] - values).max() <= 3.8e-7 and read.fmt == ["16"]


def test_ea05_a_lead_of_more_than_16_bits_is_refused_by_edf_and_kept_by_wfdb(tmp_path):
    rng = np.random.default_rng(2)
    for bits, fmt in ((15, "16"), (22, "24"), (30, "32")):
        values = np.append(rng.integers(-(1 << bits), 1 << bits, 500), [1 << bits, np.nan]) * 0.005
        record = ecg_record([values, np.zeros(502)], 200.0, ["II", "V1"])
        record = replace(record, leads=tuple(replace(lead, resolution=0.005) for lead in record.leads))
        write.write(record, tmp_path, f"b{bits}", "wfdb")
        read = wfdb.rdrecord(str(tmp_path / f"b{bits}"))
        assert set(read.fmt) == {fmt}
        # The package knows the invalid value of formats 16 and 24 and 32 alike.
        assert np.array_equal(np.isnan(read.p_signal[:, 0]), np.isnan(values))
        assert np.nanmax(np.abs(read.p_signal[:, 0] - values)) <= 0.005 / 2
        if bits > 15:
            with pytest.raises(MedviewerError, match="export-range"):
                write.write(record, tmp_path, f"b{bits}", "edf")


def test_a_wfdb_record_named_with_blanks_comes_back_under_its_own_item(tmp_path):
    record = ecg_record([np.sin(np.arange(300) / 9)], 100.0, ["II"])
    names = [write.write(record, tmp_path, stem, "wfdb")[0] for stem in ("a (b)", "a__b_", "记录 1", "1.2.3")]
    assert len(set(names)) == 4 and names[1] == "a__b_.hea"
    for name, item in zip(names, ("a (b)", "a__b_", "记录 1", "1.2.3"), strict=True):
        assert wfdb.rdrecord(str(tmp_path / name[:-4])).sig_len == 300
        assert open_records(str(tmp_path / name))[0].item == item
