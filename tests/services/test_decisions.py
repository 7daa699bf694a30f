"""Decisions: kept in the database, restored for the same content and model version, undone and done again, audited."""

from dataclasses import replace

import pytest

from medviewer.core.finding import Finding, Provenance, Result, Score
from medviewer.core.identity import Patient, Study
from medviewer.core.note import NoteDocument
from medviewer.services.session import Session
from medviewer.store.database import Database
from medviewer.store.records import Records

MADE = Provenance("m", "1.0", "w", "content", "p/1", "0", "0", "cpu", 0, "2026-01-01T00:00:00Z")


def note(item="a"):
    return NoteDocument(item, Patient("T-1", "Test^Person"), Study(), f"{item}.txt", "txt", "text", "utf-8")


def result(item="a", made=MADE):
    finding = Finding(f"{item}/m/x", item, "note", "x", Score("x", 0.9, 0.8, 0.95, 0.5), None, made)
    return Result(item, None, "m", "ok", findings=(finding,), provenance=made)


@pytest.fixture
def begin(tmp_path):
    made = []

    def start(item="a", who="reader"):
        base = Database(tmp_path / "kept.db")
        made.append(base)
        session = Session(Records(base), lambda: who)
        session.put([note(item)])
        return session

    yield start
    for base in made:
        base.close()


def test_a_decision_is_there_again_when_the_same_content_is_analysed_by_the_same_version(begin):
    session = begin()
    session.put_result(result())
    session.decide("a/m/x", "rejected")
    session.records.database.close()
    again = begin("another-name")
    again.put_result(result("another-name"))
    assert again.findings[0].decision.state == "rejected"
    assert again.findings[0].decision.who == "reader"
    again.put_result(result("another-name", replace(MADE, model_version="1.1")))
    assert again.findings[0].decision.state == "proposed"
    again.put_result(result("another-name", replace(MADE, input_sha256="other content")))
    assert again.findings[0].decision.state == "proposed"


def test_undo_and_redo_follow_the_order_of_acts_and_each_has_its_audit_line(begin):
    session = begin()
    session.put_result(result())
    session.decide("a/m/x", "accepted", label="y")
    assert session.findings[0].called == "y"
    session.decide("a/m/x", "rejected")
    assert session.history.undo().what == "act-reject"
    assert (session.findings[0].decision.state, session.findings[0].called) == ("accepted", "y")
    session.history.undo()
    assert session.findings[0].decision.state == "proposed"
    assert session.history.undo() is None
    session.history.redo()
    session.history.redo()
    assert session.findings[0].decision.state == "rejected"
    assert session.history.redo() is None
    lines = session.records.audit("a")
    assert [line.act for line in lines] == ["relabel", "reject", "undo-reject", "undo-relabel", "relabel", "reject"]
    assert {(line.who, line.patient) for line in lines} == {("reader", "T-1")}
    assert lines[0].facts["label"] == "y" and lines[0].facts["probability"] == 0.9


def test_a_new_act_forgets_what_was_undone(begin):
    session = begin()
    session.put_result(result())
    session.decide("a/m/x", "accepted")
    session.history.undo()
    session.decide("a/m/x", "rejected")
    assert session.history.redo() is None


def test_an_act_is_undone_in_the_database_though_its_item_was_closed(begin):
    session = begin()
    session.put_result(result())
    session.decide("a/m/x", "accepted")
    session.close(["a"])
    session.history.undo()
    session.put([note()])
    session.put_result(result())
    assert session.findings[0].decision.state == "proposed"


def test_key_images_are_marked_again_at_the_next_start(begin):
    session = begin()
    session.mark_key_image("a", "/f.dcm", 3)
    session.mark_key_image("a", "/f.dcm", 4)
    session.mark_key_image("a", "/f.dcm", 4)
    session.records.database.close()
    assert begin().key_images("a") == {("/f.dcm", 3)}
