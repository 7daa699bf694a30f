"""The shipped rhythm network on real records: classes, episodes, burden, other rates, refusals, explanation."""

import time
from pathlib import Path

import numpy as np
import pytest
from made import beating, ecg_record

from medviewer.core.task import Cancelled, CancelToken
from medviewer.inference.bundle import load, read_bundle, verify
from medviewer.inference.ecg import reading, rhythm
from medviewer.inference.ecg.prepare import resampled
from medviewer.inference.engine import InPlaceEngine
from medviewer.inference.reading import Request

BUNDLE = Path(__file__).parents[3] / "models" / "ecg-rhythm"
pytestmark = pytest.mark.skipif(not (BUNDLE / "bundle.json").is_file(), reason="no bundle ecg-rhythm")


@pytest.fixture(scope="module")
def loaded():
    return load(read_bundle(BUNDLE))


def read(loaded, record, explain=""):
    request = Request(record, None, loaded.bundle, loaded.bundle.thresholds, explain=explain)
    return reading.read(loaded, request, CancelToken(), lambda done, total: None)


def best(found):
    return max(found.scores, key=lambda s: s.probability).label


def half_hour(data, name, start_s=0.0, stop_s=1805.0):
    import wfdb

    record = wfdb.rdrecord(str(data / "ecg" / "mitdb" / name), sampfrom=int(start_s * 360), sampto=min(650000, int(stop_s * 360)))
    return record.p_signal[:, 0]


def test_the_bundle_verifies_and_its_labels_are_those_of_the_contract():
    assert "probe within" in verify(read_bundle(BUNDLE))
    assert read_bundle(BUNDLE).labels == ("N", "A", "O", "~")
    assert (BUNDLE / "weights.safetensors").stat().st_size <= 12e6


def test_records_of_the_challenge_get_their_class_by_original_file(loaded, data):
    """Twenty records with four classes; most were trained on, so this asks whether the way from file to answer is whole."""
    import csv

    import wfdb

    folder = data / "ecg" / "cinc2017"
    label = {}
    for table in folder.glob("*.csv"):
        label |= {row["record"]: row["label"] for row in csv.DictReader(table.read_text("ascii").splitlines())}
    right = []
    for header in sorted((folder / "original").glob("*.hea")):
        signal = wfdb.rdrecord(str(header.with_suffix(""))).p_signal[:, 0]
        found = read(loaded, ecg_record([signal], 300.0, ["I"]))
        assert len(found.episodes) == 1 and abs(sum(s.probability for s in found.scores) - 1) < 1e-6
        right.append(best(found) == label[header.stem])
    assert len(right) == 20 and sum(right) >= 15


def test_fibrillation_of_half_an_hour_is_found_with_its_burden_in_seconds(loaded, data):
    signal = half_hour(data, "219", 0, 600)
    began = time.perf_counter()
    found = read(loaded, ecg_record([signal], 360.0, ["MLII"]))
    assert time.perf_counter() - began < 60
    assert found.measurements["AF burden"].value > 60
    assert found.episodes[0].start_s == 0 and found.episodes[-1].end_s == pytest.approx(len(signal) / 360)
    for one, other in zip(found.episodes[:-1], found.episodes[1:], strict=True):
        assert one.end_s == other.start_s and one.label != other.label


def test_sinus_rhythm_has_little_burden(loaded, data):
    found = read(loaded, ecg_record([half_hour(data, "103", 0, 300)], 360.0, ["MLII"]))
    assert found.measurements["AF burden"].value < 5


@pytest.mark.parametrize("rate", [125.0, 250.0, 500.0, 1000.0])
def test_the_sampling_rate_hardly_moves_the_answer(loaded, data, rate):
    signal = half_hour(data, "202", 0, 30)
    base = read(loaded, ecg_record([signal], 360.0, ["MLII"]))
    moved = read(loaded, ecg_record([resampled(signal, 360.0, rate)], rate, ["MLII"]))
    assert max(abs(a.probability - b.probability) for a, b in zip(base.scores, moved.scores, strict=True)) < 0.12


def test_a_gap_of_two_minutes_is_no_episode(loaded, data):
    signal = half_hour(data, "103", 0, 300).copy()
    signal[60 * 360 : 180 * 360] = np.nan
    found = read(loaded, ecg_record([signal], 360.0, ["MLII"]))
    assert not any(e.start_s < 150 and e.end_s > 90 for e in found.episodes)
    assert 120 <= found.measurements["time read"].value <= 240


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (np.zeros(5000), "flat"),
        (np.full(5000, np.nan), "empty"),
        (np.random.default_rng(0).standard_normal(5000), "noise"),
        (np.sin(np.arange(5000) / 20), None),
        (np.clip(40 * np.sin(np.arange(5000) / 20), -3, 3), "saturated"),
    ],
)
def test_what_is_no_ecg_is_refused_with_the_reason(loaded, signal, reason):
    from medviewer.core.errors import MedviewerError

    with pytest.raises(MedviewerError) as caught:
        read(loaded, ecg_record([signal], 500.0, ["II"]))
    assert caught.value.notice.code == "not-an-ecg"
    assert reason is None or caught.value.notice.facts["reason"] == reason


def test_unit_and_polarity_do_not_decide(loaded):
    signal, _ = beating(30, 300, 75)
    one = read(loaded, ecg_record([signal], 300.0, ["I"]))
    steps = read(loaded, ecg_record([200 * signal], 300.0, ["I"], unit=""))
    assert max(abs(a.probability - b.probability) for a, b in zip(one.scores, steps.scores, strict=True)) < 1e-6
    turned = read(loaded, ecg_record([-signal], 300.0, ["I"]))
    assert best(one) == best(turned)


def test_the_explanation_covers_the_window_and_states_its_check(loaded, data):
    found = read(loaded, ecg_record([half_hour(data, "202", 1200, 1230)], 360.0, ["MLII"]), explain="default")
    assert found.method == "integrated-gradients" and found.saliency is not None and found.self_check is not None
    assert len(found.saliency.values) == 150 and max(found.saliency.values) == 1.0 and found.saliency.step_s == 0.2
    assert found.self_check.passed == (found.self_check.deletion > found.self_check.random + 0.01)


def test_the_engine_signs_the_answer(data):
    record = ecg_record([half_hour(data, "103", 0, 30)], 360.0, ["MLII"])
    bundle = read_bundle(BUNDLE)
    (result,) = InPlaceEngine("cpu").run([Request(record, None, bundle, bundle.thresholds, explain="")], CancelToken(), print)
    assert result.status == "ok" and result.provenance is not None and result.provenance.model_sha256 == bundle.sha256
    assert {s.label for s in result.scores} == {"N", "A", "O", "~"}


def test_el03_a_long_record_is_heard_of_after_its_first_windows_and_stops_there(loaded, monkeypatch):
    signal, _ = beating(600, 300, 75)
    prepared = []
    made = rhythm.rhythm_input
    monkeypatch.setattr(rhythm, "rhythm_input", lambda *a, **k: (prepared.append(True), made(*a, **k))[1])
    token, heard = CancelToken(), []

    def report(done, total):
        heard.append((done, total))
        token.cancel()

    request = Request(ecg_record([signal], 300.0, ["II"]), None, loaded.bundle, loaded.bundle.thresholds, explain="")
    with pytest.raises(Cancelled):
        reading.read(loaded, request, token, report)
    assert heard == [(rhythm.BATCH, 39)] and len(prepared) == rhythm.BATCH
