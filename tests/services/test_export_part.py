"""A part of an ECG as files: values, marks and clock of the whole, from the part's start."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from made import beating, ecg_record

from medviewer.core.ecg import Annotation, Beats, Episode, Gap, Wave
from medviewer.core.ecg_hand import HandCaliper, HandMarks
from medviewer.core.ecg_marks import beat_finding, episode_finding
from medviewer.core.finding import Decision, Provenance, Result
from medviewer.io.ecg import edf, wfdb
from medviewer.services.export_part import export_part, part_of

MADE = Provenance("ecg-beats", "1", "m" * 64, "i" * 64, "", "", "", "cpu", 0, "")
SPAN = (100.0, 10.0)


@pytest.fixture
def whole():
    heart, peaks = beating(120.0, 250.0)
    slow = np.sin(np.arange(120 * 50) / 11)
    heart = heart.copy()
    heart[5000:5500] = np.nan
    record = ecg_record(
        [heart, slow],
        [250.0, 50.0],
        ["II", "V1"],
        start="2026-01-02T23:59:55",
        gaps=(Gap(20.0, 22.0),),
        annotations=(Annotation(5.0, "", "before"), Annotation(15.0, "", "here"), Annotation(100.0, "", "after")),
    )
    samples = tuple(int(p) for p in peaks if not 5000 <= p < 5500)
    beats = Beats(samples, tuple("V" if n % 9 == 4 else "N" for n in range(len(samples))), (0.9,) * len(samples))
    spans = (Episode(0.0, 40.0, "N", 0.9), Episode(40.0, 120.0, "A", 0.8))
    waves = {"II": (Wave("QRS", 2000, 2010, 2020), Wave("QRS", 3000, 3010, 3020)), "V1": (Wave("T", 1000, 1010, 1020),)}
    return record, Result("made", None, "ecg-beats", "ok", beats=beats, episodes=spans, waves=waves, provenance=MADE)


def test_ea06_a_mark_at_15_s_reads_5_s_after_a_crop_from_10_s_and_values_are_equal(whole):
    record, result = whole
    part = part_of(record, SPAN, [result])
    assert part.record.seconds == 90.0 and part.record.start == "2026-01-03T00:00:05"
    assert [(mark.time_s, mark.text) for mark in part.record.annotations] == [(5.0, "here")]
    assert part.record.gaps == (Gap(10.0, 12.0),)
    for lead, rate in ((0, 250), (1, 50)):
        np.testing.assert_array_equal(
            part.record.source.read(lead, 0, 90 * rate), record.source.read(lead, 10 * rate, 100 * rate)
        )
        assert len(part.record.source.read(lead, 0, 10**9)) == 90 * rate
    (answer,) = part.results
    assert [s + 2500 for s in answer.beats.sample] == [s for s in result.beats.sample if 2500 <= s < 25000]
    assert answer.episodes == (Episode(0.0, 30.0, "N", 0.9), Episode(30.0, 90.0, "A", 0.8))
    assert answer.waves == {"II": (Wave("QRS", 500, 510, 520),), "V1": (Wave("T", 500, 510, 520),)}


def test_ea06_decisions_and_marks_of_a_hand_move_with_their_part(whole):
    record, result = whole
    decided = {
        beat_finding(record, result, 20).id: Decision("rejected", "who", "now"),
        beat_finding(record, result, 2).id: Decision("rejected", "who", "now"),
        episode_finding(record, result, 1).id: Decision("accepted", "who", "now"),
    }
    hand = HandMarks(HandCaliper("II", (15.0, 0.1), (15.5, 0.2), 0.0), (5.0, 50.0), (("II", Wave("QRS", 3000, 3010, 3025)),))
    part = part_of(record, SPAN, [result], decided, hand)
    at = result.beats.sample[20] - 2500
    (answer,) = part.results
    k = answer.beats.sample.index(at)
    assert set(part.decided) == {beat_finding(part.record, answer, k).id, episode_finding(part.record, answer, 1).id}
    assert part.hand.caliper.start == (5.0, 0.1) and part.hand.cursors == (40.0,)
    assert part.hand.bounds == (("II", Wave("QRS", 500, 510, 525)),)


def test_ea06_parts_are_written_and_read_back_with_the_same_values(tmp_path, whole):
    record, result = whole
    one = replace(record, leads=record.leads[:1])
    part = part_of(one, SPAN, [result])
    names = export_part(part, tmp_path, "wfdb")
    assert [name.rsplit(".", 1)[1] for name in names] == ["hea", "mvb"]
    (again,) = wfdb.open_records(str(tmp_path / names[0]))
    truth = record.source.read(0, 2500, 25000)
    step = one.leads[0].resolution
    np.testing.assert_allclose(again.source.read(0, 0, 22500), truth, atol=step)
    assert again.start == "2026-01-03T00:00:05"
    marks = [mark for mark in again.annotations if mark.symbol in "NV"]
    assert [round(mark.time_s * 250) + 2500 for mark in marks] == [s for s in result.beats.sample if 2500 <= s < 25000]
    (name,) = export_part(part, tmp_path, "edf")
    (again,) = edf.open_records(str(tmp_path / name))
    np.testing.assert_allclose(again.source.read(0, 0, 22500), truth, atol=step)
    assert again.start.startswith("2026-01-03T00:00:05")
    names = export_part(part, tmp_path, "csv")
    rows = list(csv.reader((tmp_path / names[0]).open(encoding="utf-8")))
    values = np.array([[float(v) for v in row] for row in rows[1:]])
    np.testing.assert_allclose(values[:, 1], truth, atol=step)
    assert any("events" in name for name in names)


def test_ea06_leads_of_uneven_rates_begin_at_one_moment(whole):
    record, _ = whole
    part = part_of(record, (10.013, 20.0)).record
    assert part.leads[0].samples == 2500 - 5 and part.leads[1].samples == 499, "10.02 s is a sample of both"


@pytest.mark.parametrize("span", [(5.0, 5.0), (300.0, 400.0)])
def test_an_empty_part_is_none(whole, span):
    with pytest.raises(ValueError, match="empty"):
        part_of(whole[0], span)
