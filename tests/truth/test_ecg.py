"""ECG files of the shared data against wfdb, pyedflib, pydicom, and against what physics demands of the limb leads."""

import numpy as np
import pytest

from medviewer.core.ecg import EcgRecord
from medviewer.io.scan import scan


@pytest.fixture(scope="module")
def ecg(data):
    return data / "ecg"


def records(path, folder):
    batch = scan([path], workspace=folder)
    assert not batch.account.failed, batch.account.failed
    return [item for item in batch.items if isinstance(item, EcgRecord)]


def signal(record, lead):
    return record.source.read(lead, 0, record.leads[lead].samples)


WFDB = (
    *("formats/wfdb/100_3chan", "formats/wfdb/binformats", "formats/wfdb/flacformats", "formats/wfdb/mixedsignals"),
    *("formats/wfdb/310derive", "formats/wfdb/311derive", "formats/wfdb/3000003_0003", "formats/wfdb/multi-segment/041s/041s"),
    *("mitdb/101", "mitdb/original212/100", "ludb/1", "ptbxl/challenge500/JS00001", "cinc2017/original/A00001"),
)


def wfdb_names(ecg):
    found = [ecg / name for name in WFDB if (ecg / f"{name}.hea").is_file()]
    found += sorted(p.with_suffix("") for p in (ecg / "ptbxl").rglob("*.hea"))[:4]
    found += sorted(p.with_suffix("") for p in (ecg / "cinc2017").rglob("*.hea"))[:2]
    return found


def test_wfdb_signals_equal_the_wfdb_package_in_every_storage_format(ecg, tmp_path):
    import wfdb

    names = wfdb_names(ecg)
    assert len(names) > 10
    for name in names:
        (record,) = records(f"{name}.hea", tmp_path)
        truth = wfdb.rdrecord(str(name), smooth_frames=False, m2s=True)
        expected = truth.e_p_signal if truth.e_p_signal is not None else list(truth.p_signal.T)
        assert len(record.leads) == len(expected), name
        for k, wanted in enumerate(expected):
            found = signal(record, k)
            factor = {"uV": 1e-3, "mV": 1.0, "V": 1e3}.get(truth.units[k], 1.0)
            assert found.shape == np.shape(wanted), (name, k)
            step = record.leads[k].resolution
            np.testing.assert_allclose(found, np.asarray(wanted) * factor, atol=step * 0.51, rtol=1e-9, err_msg=f"{name} {k}")


def test_a_part_of_a_record_equals_the_same_part_of_the_whole(ecg, tmp_path):
    for name in wfdb_names(ecg):
        (record,) = records(f"{name}.hea", tmp_path)
        for k, lead in enumerate(record.leads):
            whole = signal(record, k)
            a, b = lead.samples // 3, min(lead.samples, lead.samples // 3 + 37)
            np.testing.assert_array_equal(record.source.read(k, a, b), whole[a:b])


def test_annotations_equal_the_wfdb_package(ecg, tmp_path):
    import wfdb

    (record,) = records(ecg / "mitdb" / "101.hea", tmp_path)
    truth = wfdb.rdann(str(ecg / "mitdb" / "101"), "atr")
    assert [m.symbol for m in record.annotations] == truth.symbol
    np.testing.assert_allclose([m.time_s * 360 for m in record.annotations], truth.sample, atol=1e-6)


def test_edf_signals_equal_pyedflib_at_their_own_rates(ecg, tmp_path):
    import pyedflib

    compared = 0
    for path in sorted((ecg / "formats" / "edf").iterdir()):
        (record,) = records(path, tmp_path)
        with pyedflib.EdfReader(str(path)) as truth:
            assert len(record.leads) == truth.signals_in_file
            for k, lead in enumerate(record.leads):
                unit = truth.getPhysicalDimension(k).strip()
                factor = {"uV": 1e-3, "µV": 1e-3, "mV": 1.0, "V": 1e3}.get(unit, 1.0)
                assert lead.rate_hz == pytest.approx(truth.getSampleFrequency(k))
                np.testing.assert_allclose(signal(record, k), truth.readSignal(k) * factor, atol=lead.resolution * 0.51)
                compared += 1
    assert compared > 20


def test_ef10_a_discontinuous_edf_has_its_gaps_and_its_marks_at_true_times(ecg, tmp_path):
    (record,) = records(ecg / "formats" / "edf_discontinuous" / "subsecond_gaps.edf", tmp_path)
    assert [(round(g.start_s, 3), round(g.end_s, 3)) for g in record.gaps] == [(60.0, 100.0), (130.0, 400.0)]
    lead = record.leads[0]
    values = signal(record, 0)
    for gap in record.gaps:
        inside = values[round(gap.start_s * lead.rate_hz) : round(gap.end_s * lead.rate_hz)]
        assert len(inside) and np.isnan(inside).all()
    assert np.isfinite(values[: round(60 * lead.rate_hz)]).all() and "." in record.start


def test_ef12_dicom_waveforms_equal_pydicom(ecg, tmp_path):
    import pydicom
    from pydicom.data import get_testdata_file

    files = [*sorted((ecg / "formats" / "dicom_waveform").glob("*.dcm")), get_testdata_file("waveform_ecg.dcm")]
    for path in files:
        first = records(path, tmp_path)[0]
        dataset = pydicom.dcmread(path)
        labels = [str(g.get("MultiplexGroupLabel") or "") for g in dataset.WaveformSequence]
        index = next((k for k, label in enumerate(labels) if "MEDIAN" not in label.upper()), 0)
        truth = dataset.waveform_array(index)
        for k, channel in enumerate(dataset.WaveformSequence[index].ChannelDefinitionSequence):
            unit = channel.ChannelSensitivityUnitsSequence[0].CodeValue
            factor = {"uV": 1e-3, "mV": 1.0}.get(unit, 1.0)
            np.testing.assert_allclose(signal(first, k), truth[:, k] * factor, atol=first.leads[k].resolution)


LIMBS = ("scp", "hl7_aecg/liryc_example.xml", "ge_muse", "philips_sierra", "schiller_xml", "ishne")


@pytest.mark.parametrize("place", LIMBS)
def test_ef16_limb_leads_obey_einthoven_and_r_waves_are_plausible(ecg, tmp_path, place):
    batch = scan([ecg / "formats" / place], workspace=tmp_path)
    found = [item for item in batch.items if isinstance(item, EcgRecord)]
    assert found
    for record in found:
        index = {lead.name: k for k, lead in enumerate(record.leads)}
        one, two, three = (signal(record, index[name]) for name in ("I", "II", "III"))
        foot = signal(record, index["aVF"])
        if record.item == "liryc_example":  # a test pattern on every lead: said, not repaired
            assert "leads-inconsistent" in [n.code for n in record.warnings]
            continue
        assert "leads-inconsistent" not in [n.code for n in record.warnings]
        step = max(record.leads[index["I"]].resolution, 1e-3)
        assert np.nanmedian(np.abs(two - one - three)) <= 3 * step, record.item
        assert np.nanmedian(np.abs((two + three) / 2 - foot)) <= 4 * step, record.item
        peaks = [np.ptp(signal(record, k)[np.isfinite(signal(record, k))]) for k in range(len(record.leads))]
        assert 0.3 < max(peaks) < 15, (record.item, peaks)


def test_every_export_is_read_back(ecg, tmp_path):
    from medviewer.io.ecg.write import write

    (record,) = records(ecg / "formats" / "edf_discontinuous" / "subsecond_gaps.edf", tmp_path)
    (twelve,) = records(ecg / "ludb" / "1.hea", tmp_path)
    for each in (record, twelve):
        for kind in ("npz", "csv", "wfdb", "edf"):
            assert write(each, tmp_path, f"{each.item}_{kind}", kind)
    with np.load(tmp_path / "1_npz.npz") as held:
        assert held["signal_mv"].shape == (5000, 12) and held["rate_hz"] == 500 and held["leads"][0] == "I"


def test_records_of_several_rates_are_written_one_a_rate(ecg, tmp_path):
    from medviewer.io.ecg.write import write

    (record,) = records(ecg / "formats" / "wfdb" / "mixedsignals.hea", tmp_path)
    names = write(record, tmp_path, record.item, "npz")
    assert len(names) == len({lead.rate_hz for lead in record.leads}) > 1 and all("@" in name for name in names)
