"""One patient's items in time order; items that name nobody given to somebody, with undo, audit and memory."""

from dataclasses import replace

import numpy as np
import pytest

from medviewer.core.identity import Patient, Study
from medviewer.core.note import NoteDocument
from medviewer.io.ecg.leads import held_record
from medviewer.services.assign import Assigner
from medviewer.services.session import Session
from medviewer.services.timeline import timeline
from medviewer.store.database import Database
from medviewer.store.records import Records

PERSON = Patient("T-1", "Test^Person", "1970-01-01", "O")


def note(item, date, patient=PERSON, study=""):
    return NoteDocument(item, patient, Study(date=study), "", "txt", "text", "utf-8", "en", date)


def ecg(item, start, patient=PERSON, path=""):
    record = held_record(str(path), "wfdb", item, [("II", 100.0, np.zeros(100), 0.005)], start=start)
    return replace(record, patient=patient)


def test_visits_of_all_kinds_are_one_order_newest_first_with_days_before():
    items = [
        note("old", "2024-06-30"),
        ecg("morning", "2025-11-18T09:42:00"),
        note("evening", "2025-11-18T18:00:00"),
        note("earlier", "", study="2025-11-02"),
        note("undated", ""),
    ]
    (line,) = timeline(items)
    assert [(v.day, v.before, [i.item for i in v.items]) for v in line.visits] == [
        ("2025-11-18", 0, ["evening", "morning"]),
        ("2025-11-02", 16, ["earlier"]),
        ("2024-06-30", 506, ["old"]),
        ("", None, ["undated"]),
    ]


def test_a_patient_whose_files_know_more_or_less_of_the_name_is_one_and_nobody_comes_last():
    items = [
        note("a", "2025-01-01", Patient()),
        note("b", "2025-01-01", Patient("1", "Wang^Xiuying", "1979-01-02")),
        note("c", "2025-01-01", Patient("1", "WANG^XIUYING=王^秀英", "1979-01-02")),
    ]
    lines = timeline(items)
    assert [len(line.visits[0].items) for line in lines] == [2, 1]
    assert lines[0].patient.name == "WANG^XIUYING=王^秀英"
    assert not lines[1].patient.known


@pytest.fixture
def begin(tmp_path):
    (tmp_path / "rec.hea").write_text("rec 1 100 100\n")
    made = []

    def start():
        records = Records(Database(tmp_path / "kept.db"))
        made.append(records.database)
        session = Session(records, lambda: "reader")
        assigner = Assigner(session, records)
        session.put([ecg("rec", "2025-01-01T08:00:00", Patient(), tmp_path / "rec.hea")])
        return session, assigner

    yield start
    for base in made:
        base.close()


def test_an_item_without_identity_is_given_to_a_patient_undone_and_remembered(begin, tmp_path):
    session, assigner = begin()
    before = (tmp_path / "rec.hea").read_bytes()
    assigner.assign("rec", PERSON)
    assert session.item("rec").patient == PERSON
    session.history.undo()
    assert not session.item("rec").patient.known
    session.history.redo()
    session.records.database.close()
    again, assigner = begin()
    assert again.item("rec").patient == PERSON
    assert [line.act for line in again.records.audit("rec")] == ["assign", "undo-assign", "assign"]
    assert {line.patient for line in again.records.audit("rec")} == {"T-1", ""}
    assigner.assign("rec", None)
    assert not again.item("rec").patient.known
    assert (tmp_path / "rec.hea").read_bytes() == before
    (tmp_path / "rec.hea").write_text("rec 1 100 200\n")
    again.put([ecg("rec", "", Patient(), tmp_path / "rec.hea")])
    assert not again.item("rec").patient.known


def test_an_item_that_names_its_patient_is_never_given_to_another(begin):
    session, assigner = begin()
    session.put([replace(note("named", "2025-01-01"), has_identity=True, path="/n.json")])
    assigner.assign("named", Patient("T-2", "Other"))
    assert session.item("named").patient == PERSON
    assert session.history.undo() is None
