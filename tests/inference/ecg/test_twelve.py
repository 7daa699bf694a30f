"""The shipped twelve-lead network: labels, derived leads, missing leads, long records, refusals, explanation."""

from pathlib import Path

import numpy as np
import pytest
from made import ecg_record

from medviewer.core.errors import MedviewerError
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import load, read_bundle, verify
from medviewer.inference.ecg import reading
from medviewer.inference.ecg.prepare import resampled
from medviewer.inference.ecg.twelve_beats import LEADS
from medviewer.inference.reading import Request

BUNDLE = Path(__file__).parents[3] / "models" / "ecg-12lead"
pytestmark = pytest.mark.skipif(not (BUNDLE / "bundle.json").is_file(), reason="no bundle ecg-12lead")


@pytest.fixture(scope="module")
def loaded():
    return load(read_bundle(BUNDLE))


def read(loaded, record, explain=""):
    request = Request(record, None, loaded.bundle, loaded.bundle.thresholds, explain=explain)
    return reading.read(loaded, request, CancelToken(), lambda done, total: None)


def ludb(data, number):
    import wfdb

    record = wfdb.rdrecord(str(data / "ecg" / "ludb" / str(number)))
    return {name: record.p_signal[:, k] for k, name in enumerate(("I", "II", "III", "aVR", "aVL", "aVF", *LEADS[2:]))}


def probabilities(found):
    return np.array([s.probability for s in found.scores])


def test_the_bundle_verifies_is_small_and_calls_itself_experimental():
    bundle = read_bundle(BUNDLE)
    assert "probe within" in verify(bundle)
    assert bundle.labels == ("NORM", "MI", "STTC", "CD", "HYP")
    assert "experimental" in bundle.text("title", "en").lower() and "试验" in bundle.text("title", "zh_CN")
    assert (BUNDLE / "weights.safetensors").stat().st_size <= 12e6


def test_a_true_twelve_lead_record_is_answered_alike_at_every_rate_and_unit(loaded, data):
    leads = ludb(data, 4)
    base = probabilities(read(loaded, ecg_record(list(leads.values()), 500.0, list(leads))))
    assert ((base > 0) & (base < 1)).all()
    for rate in (125.0, 250.0, 1000.0):
        moved = [resampled(lead, 500.0, rate) for lead in leads.values()]
        assert np.abs(probabilities(read(loaded, ecg_record(moved, rate, list(leads)))) - base).max() < 0.15
    steps = read(loaded, ecg_record([200 * lead for lead in leads.values()], 500.0, list(leads), unit=""))
    np.testing.assert_allclose(probabilities(steps), base, atol=1e-6)


def test_a_record_without_chest_leads_is_refused_by_name(loaded, data):
    leads = {k: v for k, v in ludb(data, 1).items() if k not in ("V2", "V5")}
    with pytest.raises(MedviewerError) as caught:
        read(loaded, ecg_record(list(leads.values()), 500.0, list(leads)))
    assert caught.value.notice.code == "ecg-leads-missing" and caught.value.notice.facts["leads"] == "V2, V5"


def test_a_fallen_electrode_is_told_and_three_are_refused(loaded, data):
    leads = ludb(data, 1)
    leads["V3"] = np.zeros(5000)
    found = read(loaded, ecg_record(list(leads.values()), 500.0, list(leads)))
    assert [c.code for c in found.cautions] == ["ecg-leads-unread"] and found.cautions[0].facts["leads"] == "V3"
    leads["V4"], leads["V5"] = np.zeros(5000), np.zeros(5000)
    with pytest.raises(MedviewerError) as caught:
        read(loaded, ecg_record(list(leads.values()), 500.0, list(leads)))
    assert caught.value.notice.code == "ecg-leads-missing"


def test_a_minute_is_read_in_windows_and_noise_is_refused(loaded, data):
    leads = {k: np.tile(v, 6) for k, v in ludb(data, 1).items()}
    found = read(loaded, ecg_record(list(leads.values()), 500.0, list(leads)))
    assert found.measurements["time read"].value == 60
    rng = np.random.default_rng(0)
    with pytest.raises(MedviewerError) as caught:
        read(loaded, ecg_record(list(rng.standard_normal((8, 5000))), 500.0, list(LEADS)))
    assert caught.value.notice.code in ("not-an-ecg", "ecg-leads-missing")


def test_the_explanation_names_a_lead_and_states_its_check(loaded, data):
    leads = ludb(data, 10)
    found = read(loaded, ecg_record(list(leads.values()), 500.0, list(leads)), explain="default")
    assert found.saliency is not None and found.saliency.lead in LEADS and len(found.saliency.values) == 50
    assert found.self_check is not None
