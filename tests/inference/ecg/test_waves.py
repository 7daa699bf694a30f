"""ecg-waves as it ships: a drawn heart whose waves are known, other rates, polarity, blocks, fibrillation, nothing to find."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from medviewer.core import phantom_ecg
from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError
from medviewer.core.intervals import rows
from medviewer.core.phantom_ecg import P_ONSET_S, QRS_S, Bump, dipole, rhythm, seen
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded, load, read_bundle, verify
from medviewer.inference.ecg import reading, waves_reading
from medviewer.inference.ecg.prepare import resampled
from medviewer.inference.ecg.waves import waves_input
from medviewer.inference.reading import Reading, Request
from medviewer.io.ecg.leads import held_record

FOLDER = Path(__file__).resolve().parents[3] / "models" / "ecg-waves"
pytestmark = pytest.mark.skipif(not (FOLDER / "bundle.json").is_file(), reason="the ecg-waves bundle is not there")
BEATS = rhythm(20, {6: "V", 14: "S"})
LEADS = ("I", "II", "aVF", "V1", "V5")


@pytest.fixture(scope="module")
def waves() -> Loaded:
    return load(read_bundle(FOLDER))


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    return seen(dipole(BEATS, 20, 500), LEADS)


def record_of(leads: dict[str, np.ndarray], rate: float) -> EcgRecord:
    return held_record("x", "csv", "x", [(name, rate, signal, 0.001) for name, signal in leads.items()])


def read(loaded: Loaded, leads: dict[str, np.ndarray], rate: float = 500, explain: str = "") -> Reading:
    bundle = loaded.bundle
    request = Request(record_of(leads, rate), None, bundle, bundle.thresholds, explain=explain)
    return reading.read(loaded, request, CancelToken(), lambda done, total: None)


def starts(found: Reading, kind: str, lead: str = "II", rate: float = 500) -> np.ndarray:
    return np.array([w.onset for w in found.waves[lead] if w.kind == kind]) / rate


def test_the_bundle_verifies():
    assert "probe within" in verify(read_bundle(FOLDER))


def test_every_beat_of_the_drawn_heart_is_found_with_its_bounds(waves, drawn):
    found = read(waves, drawn)
    assert set(found.waves) == set(LEADS)
    qrs = [w for w in found.waves["II"] if w.kind == "QRS"]
    assert len(qrs) == len(BEATS)
    for wave, beat in zip(qrs, BEATS, strict=True):
        assert abs(wave.onset / 500 - (beat.at_s - (0.07 if beat.kind == "V" else QRS_S[0]))) < 0.03
        assert wave.onset < wave.peak < wave.offset
    p = starts(found, "P")
    for beat in BEATS[1:]:
        near = np.abs(p - (beat.at_s - P_ONSET_S)).min()
        assert near < 0.03 if beat.kind == "N" else beat.kind != "V" or near > 0.05
    for lead in LEADS:
        assert all(a.offset <= b.onset for a, b in pairwise(found.waves[lead]))


def test_the_measurements_are_those_of_the_drawn_heart(waves, drawn):
    found = read(waves, drawn).measurements
    for name, value, near in (("heart rate", 70, 4), ("PR", 171, 20), ("QRS", 97, 20), ("P", 100, 20), ("QT", 405, 30)):
        assert abs(found[name].value - value) < near, name
        assert found[name].source == "automatic"
    i, avf = (np.array((0.632, -0.235, 0.059)), np.array((0.235 - 0.316, 1.066 + 0.1175, -0.132 - 0.0295)))
    areas = [
        sum(
            w * np.dot(v, h)
            for w, h in ((0.008, (-0.12, -0.05, -0.22)), (0.012, (1.1, 0.85, 0.35)), (0.010, (-0.1, -0.12, 0.55)))
        )
        for v in (i, avf)
    ]
    wanted = np.degrees(np.arctan2(areas[1] * 2 / 3**0.5, areas[0]))
    assert abs(found["QRS axis"].value - wanted) < 12
    assert {f"ST {lead}" for lead in LEADS} <= set(found)


@pytest.mark.parametrize("times", [8, 10])
def test_ec02_a_t_wave_twice_as_tall_as_r_is_no_beat(waves, monkeypatch, times):
    def taller(bump: Bump) -> Bump:
        x, y, z = bump.height
        return replace(bump, height=(times * x, times * y, times * z)) if bump.with_rate else bump

    monkeypatch.setattr(phantom_ecg, "SHAPES", {k: tuple(map(taller, v)) for k, v in phantom_ecg.SHAPES.items()})
    beats = rhythm(12, {})
    leads = seen(dipole(beats, 12, 500), ("II", "V5"))
    near = leads["II"][int((beats[3].at_s - 0.05) * 500) : int((beats[3].at_s + 0.45) * 500)]
    assert near[70:].max() > 2 * near[:50].max()
    assert len(starts(read(waves, leads), "QRS")) == len(beats)


def test_ec02_beats_a_third_as_high_as_their_neighbours_are_found(waves):
    beats = rhythm(12, {})
    leads = seen(dipole(beats, 12, 500), ("II", "V5"))
    for signal in leads.values():
        for beat in beats[1::2]:
            signal[int((beat.at_s - 0.3) * 500) : int((beat.at_s + 0.5) * 500)] /= 3
    assert len(starts(read(waves, leads), "QRS")) == len(beats)


@pytest.mark.parametrize("rate", [125, 250, 360, 1000])
def test_ec04_the_same_heart_at_another_rate_gives_the_same_waves(waves, drawn, rate):
    usual = read(waves, drawn)
    other = read(waves, {name: resampled(x, 500, rate) for name, x in drawn.items()}, rate)
    for kind in ("P", "QRS", "T"):
        a, b = starts(usual, kind), starts(other, kind, rate=rate)
        assert abs(len(a) - len(b)) <= 1
        assert np.median(np.abs(a[:, None] - b[None]).min(1)) < 0.008


def test_ec03_an_inverted_lead_gives_the_same_waves(waves, drawn):
    usual, other = read(waves, drawn), read(waves, {name: -x for name, x in drawn.items()})
    for kind, near in (("P", 0.012), ("QRS", 0.006), ("T", 0.02)):
        a, b = starts(usual, kind), starts(other, kind)
        assert abs(len(a) - len(b)) <= 1
        assert np.median(np.abs(a[:, None] - b[None]).min(1)) < near


def test_bounds_are_told_without_the_mean_error_of_their_lead(waves, drawn):
    """The bundle states it for the twelve leads by the names that records carry; a lead of another name keeps its bounds."""
    errors = waves.bundle.document["readout"]["lead_errors_ms"]
    assert set(errors) == {"I", "II", "III", "aVR", "aVL", "aVF", *(f"V{k}" for k in range(1, 7))}
    assert max(abs(e) for lead in errors.values() for pair in lead.values() for e in pair) < 10
    known = read(waves, {"I": drawn["I"], "V5": drawn["V5"]})
    other = read(waves, {"CH1": drawn["I"], "CH2": drawn["V5"]})
    for name, channel in (("I", "CH1"), ("V5", "CH2")):
        for kind in ("P", "QRS", "T"):
            shift = starts(known, kind, name) - starts(other, kind, channel)
            assert np.abs(1000 * shift + errors[name][kind][0]).max() <= 2.01, (name, kind)


def test_bounds_of_a_short_record_are_read_from_leads_together_and_alone(waves, drawn):
    prepared = [waves_input(drawn[name], 500) for name in ("II", "V1")]
    token = CancelToken()
    joint = waves_reading.shares_of(waves, prepared, token, lambda done, total: None)
    alone = [waves_reading.shares_of(waves, [lead], token, lambda done, total: None)[0] for lead in prepared]
    own = waves_reading.own_shares(waves, prepared, joint, token)
    assert np.abs(own - (joint + np.stack(alone)) / 2).max() < 1e-4
    assert np.abs(own - joint).max() > 0.05
    one = joint[:1]
    assert waves_reading.own_shares(waves, prepared[:1], one, token) is one
    long = np.zeros((2, 4, waves_reading.WHOLE + 1), np.float32)
    assert waves_reading.own_shares(waves, prepared, long, token) is long


def test_el04_a_long_record_gives_the_same_waves_as_a_part_of_it_alone(waves):
    leads = seen(dipole(rhythm(100, {}), 100, 250), ("II", "V1"))
    whole = read(waves, leads, 250)
    part = read(waves, {name: x[40 * 250 : 60 * 250] for name, x in leads.items()}, 250)
    for kind in ("P", "QRS", "T"):
        a = starts(whole, kind, rate=250)
        b = starts(part, kind, rate=250) + 40
        a, b = a[(a > 42) & (a < 58)], b[(b > 42) & (b < 58)]
        assert len(a) == len(b)
        assert np.abs(a - b).max() <= 0.012


def test_el04_hours_read_one_by_one_give_the_waves_of_the_whole(waves, monkeypatch):
    leads = seen(dipole(rhythm(200, {}), 200, 250), ("II", "V1"))
    whole = read(waves, leads, 250)
    step = waves_reading.WINDOW - waves_reading.OVERLAP
    monkeypatch.setattr(waves_reading, "BLOCK", 3 * step)
    monkeypatch.setattr(waves_reading, "MARGIN", 2 * step)
    blocks = read(waves, leads, 250)
    assert whole.waves == blocks.waves and whole.measurements == blocks.measurements


def test_ec06_a_gap_holds_no_wave_and_the_beats_beside_it_stay(waves, drawn):
    holed = {name: x.copy() for name, x in drawn.items()}
    for x in holed.values():
        x[8 * 500 : 11 * 500] = np.nan
    found = read(waves, holed)
    for lead in LEADS:
        assert not [w for w in found.waves[lead] if w.offset >= 4000 and w.onset < 5500]
    assert len(starts(found, "QRS")) == sum(not 7.95 < b.at_s < 11.05 for b in BEATS)


def test_ec06_fibrillation_of_the_mit_database_has_p_waves_in_less_than_a_twentieth_of_the_beats(waves, data):
    from medviewer.io.ecg.wfdb import open_records

    record = open_records(str(data / "ecg" / "mitdb" / "203.hea"))[0]
    edges = [(a.time_s, a.text) for a in record.annotations if a.text.startswith("(")] + [(record.seconds, "")]
    start, end = max(((a[0], b[0]) for a, b in pairwise(edges) if a[1].startswith("(AFIB")), key=lambda e: e[1] - e[0])
    end = min(end, start + 120)
    assert end - start > 60
    leads = {lead.name: record.source.read(k, round(start * 360), round(end * 360)) for k, lead in enumerate(record.leads)}
    found = read(waves, leads, 360)
    lead = record.leads[0].name
    assert len(starts(found, "QRS", lead)) > 60
    assert len(starts(found, "P", lead)) < 0.05 * len(starts(found, "QRS", lead))
    assert "PR" not in found.measurements and "P" not in found.measurements


def test_ec06_edge_beats_are_rows_with_absent_waves(waves, drawn):
    cut = {name: x[int((BEATS[2].at_s - 0.06) * 500) : int((BEATS[5].at_s + 0.12) * 500)] for name, x in drawn.items()}
    found = rows(read(waves, cut).waves["II"], 500, len(cut["II"]) / 500)
    assert len(found) == 4
    assert found[0].p is None and found[0].incomplete
    assert found[-1].t is None and found[-1].incomplete
    assert not found[1].incomplete and found[1].p and found[1].t


def test_ec05_what_holds_no_beat_is_refused_with_the_reason(waves):
    for signal, reason in ((np.zeros(5000), "flat"), (np.random.default_rng(0).normal(0, 0.1, 5000), "noise")):
        with pytest.raises(MedviewerError) as raised:
            read(waves, {"II": signal})
        assert raised.value.notice.code in ("not-an-ecg", "ecg-without-beats") and reason


def test_xp10_the_explanation_is_checked_by_deletion(waves, drawn):
    found = read(waves, drawn, explain="default")
    assert found.method == "integrated-gradients"
    assert found.saliency.lead == "II" and found.saliency.target == "P"
    assert max(found.saliency.values) == 1 and min(found.saliency.values) >= 0
    assert found.self_check.passed and found.self_check.deletion > 0.3


def test_a_flat_lead_among_others_is_left_out(waves, drawn):
    found = read(waves, drawn | {"V5": np.zeros(10000)})
    assert set(found.waves) == set(LEADS) - {"V5"}
