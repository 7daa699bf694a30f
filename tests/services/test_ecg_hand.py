"""Calipers and borders are kept with their record, undone, audited, and exported."""

import csv
from dataclasses import replace

import pytest
from made import beating, ecg_record

from medviewer.core.ecg import Wave
from medviewer.core.ecg_hand import HandCaliper, HandMarks
from medviewer.services.ecg_hand import Hand, record_key
from medviewer.services.export_marks import export_marks
from medviewer.services.session import Session
from medviewer.store.database import Database
from medviewer.store.records import Records

CALIPER = HandMarks(HandCaliper("II", (1.0, 0.1), (1.4, 0.6), 0.0))
MOVED = replace(CALIPER, bounds=(("II", Wave("T", 400, 450, 520)),))


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "made.hea"
    path.write_text("made 1 500 5000\n")
    heart, _ = beating(10.0)
    return ecg_record([heart], names=["II"], path=str(path))


def opened(tmp_path):
    records = Records(Database(tmp_path / "kept.db"))
    return Session(records), records


def test_marks_of_a_hand_come_back_with_the_same_file_and_only_there(tmp_path, record):
    session, records = opened(tmp_path)
    shown = []
    Hand(session).keep(record, HandMarks(), CALIPER, "caliper", shown.append)
    Hand(session).keep(record, CALIPER, MOVED, "bound", shown.append)
    assert shown == [CALIPER, MOVED]
    records.database.close()
    session, records = opened(tmp_path)
    assert Hand(session).recall(record) == MOVED
    assert Hand(session).recall(replace(record, item="other")).none
    stated = replace(record, leads=(replace(record.leads[0], rate_hz=250.0),))
    assert Hand(session).recall(stated).none, "times of another sampling rate lie elsewhere"
    assert record_key(replace(record, path="gone.hea")) == "" and Hand(session).recall(replace(record, path="gone.hea")).none
    records.database.close()


def test_each_act_is_undone_done_again_and_audited(tmp_path, record):
    session, records = opened(tmp_path)
    hand, shown = Hand(session), []
    hand.keep(record, HandMarks(), CALIPER, "caliper", shown.append)
    hand.keep(record, CALIPER, CALIPER, "caliper", shown.append)
    hand.keep(record, CALIPER, MOVED, "bound", shown.append)
    session.history.undo()
    assert hand.recall(record) == CALIPER == shown[-1]
    session.history.undo()
    assert hand.recall(record).none and shown[-1].none
    session.history.redo()
    assert hand.recall(record) == CALIPER
    lines = records.audit("made")
    assert [line.act for line in lines] == ["caliper", "bound", "undo-bound", "undo-caliper", "caliper"]
    assert "1.4" in lines[0].facts["ecg-caliper II"] and lines[0].patient == "1"
    records.database.close()


def test_marks_of_a_hand_are_exported_and_read_back_by_other_programs(tmp_path, record):
    import wfdb

    cursors = replace(MOVED, cursors=(2.0, 3.5))
    assert export_marks(record, [], tmp_path, "wfdb", hand=HandMarks()) == []
    assert export_marks(record, [], tmp_path, "wfdb", hand=cursors) == ["made.mvb"]
    read = wfdb.rdann(str(tmp_path / "made"), "mvb")
    assert set(read.symbol) == {'"'} and list(read.sample) == [400, 500, 520, 700, 1000, 1750]
    assert "caliper II 400 ms +0.500 mV begin" in read.aux_note
    (name,) = export_marks(record, [], tmp_path, "edf", hand=cursors)
    import pyedflib

    with pyedflib.EdfReader(str(tmp_path / name)) as edf:
        onset, length, text = edf.readAnnotations()
    found = {t: (float(a), float(b)) for a, b, t in zip(onset, length, text, strict=True)}
    assert found["T II by hand"] == pytest.approx((0.8, 0.24)) and found["cursor 2"][0] == 3.5
    (name,) = export_marks(record, [], tmp_path, "csv", hand=cursors)
    rows = list(csv.DictReader((tmp_path / name).open(encoding="utf-8-sig")))
    assert [(row["kind"], row["state"]) for row in rows] == [
        ("border", "manual"),
        ("caliper", "manual"),
        *[("cursor", "manual")] * 2,
    ]
