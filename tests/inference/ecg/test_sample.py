"""The sample adult's ECGs give each ECG network something to answer, and what was drawn is what is told."""

from pathlib import Path

import pytest

from medviewer.core.phantom_ecg import rhythm
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import load, read_bundle
from medviewer.inference.ecg import reading
from medviewer.inference.reading import Reading, Request
from medviewer.io.scan import scan
from medviewer.services.sample import FIBRILLATION_S, TEN_SECONDS, sample_paths

MODELS = Path(__file__).resolve().parents[3] / "models"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    place = tmp_path_factory.mktemp("sample")
    adult = sample_paths(place)[1]
    found = scan([str(adult)], workspace=tmp_path_factory.mktemp("work")).items
    return {len(item.leads): item for item in found if item.kind == "ecg"}


def answer(model: str, record) -> Reading:
    if not (MODELS / model / "bundle.json").is_file():
        pytest.skip(f"{model} is not there")
    bundle = read_bundle(MODELS / model)
    request = Request(record, None, bundle, bundle.thresholds, explain="")
    return reading.read(load(bundle), request, CancelToken(), lambda done, total: None)


def test_the_beats_network_finds_every_beat_and_the_ventricular_one(records):
    found = answer("ecg-beats", records[12]).beats
    drawn = rhythm(10, TEN_SECONDS)
    assert len(found.sample) == len(drawn)
    assert max(abs(s / 500 - beat.at_s) for s, beat in zip(found.sample, drawn, strict=True)) < 0.06
    assert found.symbol[4] == "V" and found.symbol.count("V") == 1


def test_the_rhythm_network_finds_the_stretch_of_fibrillation(records):
    episodes = [e for e in answer("ecg-rhythm", records[2]).episodes if e.label == "A"]
    start, end = FIBRILLATION_S
    inside = sum(max(0.0, min(e.end_s, end) - max(e.start_s, start)) for e in episodes)
    assert inside >= 0.5 * (end - start)
    assert sum(e.end_s - e.start_s for e in episodes) - inside <= 15


def test_the_waves_network_has_no_p_waves_in_fibrillation_and_one_a_beat_elsewhere(records):
    found = answer("ecg-waves", records[2]).waves["II"]
    start, end = FIBRILLATION_S
    p = [w.onset / 250 for w in found if w.kind == "P"]
    qrs = [w.onset / 250 for w in found if w.kind == "QRS"]
    assert sum(start + 2 < at < end - 2 for at in p) <= 0.05 * sum(start < at < end for at in qrs)
    before = sum(at < start for at in qrs)
    assert 0.85 * before <= sum(at < start for at in p) <= before


def test_the_twelve_lead_network_answers_with_all_its_classes(records):
    scores = {s.label: s.probability for s in answer("ecg-12lead", records[12]).scores}
    assert set(scores) == {"NORM", "MI", "STTC", "CD", "HYP"}
    assert all(0 <= p <= 1 for p in scores.values())
