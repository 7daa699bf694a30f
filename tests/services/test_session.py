"""What is open, and the one announcement."""

from dataclasses import dataclass

import numpy as np
import pytest

from medviewer.core.finding import Finding, Provenance, Result, Score
from medviewer.core.identity import Patient, Study
from medviewer.services.session import Changes, Session

PROVENANCE = Provenance("m", "1", "0", "0", "p/1", "0", "0", "cpu", 0, "2026-01-01T00:00:00Z")


@dataclass(frozen=True)
class Thing:
    item: str
    patient: Patient = Patient("1", "A^B")
    study: Study = Study("s")
    kind: str = "image"


def result(item, model="m", status="ok"):
    finding = Finding(f"{item}/{model}", item, "image", "pneumonia", Score("pneumonia", 0.9, 0.8, 0.95, 0.5), None, PROVENANCE)
    return Result(item, 0, model, status, findings=(finding,))


@pytest.fixture
def heard():
    session = Session()
    changes: list[Changes] = []
    session.listen(changes.append)
    return session, changes


def test_items_are_announced_once_with_what_they_replace(heard):
    session, changes = heard
    session.put([Thing("a"), Thing("b")])
    session.put([Thing("c")], removed=["a"])
    assert [set(c.items) for c in changes] == [{"a", "b"}, {"c"}]
    assert changes[1].removed == {"a"}
    assert [item.item for item in session.items] == ["b", "c"]


def test_rn02_a_result_for_an_item_that_was_closed_is_dropped(heard):
    session, changes = heard
    session.put([Thing("a")])
    session.close(["a"])
    session.put_result(result("a"))
    assert session.results("a") == ()
    assert not any(c.results for c in changes[2:])


def test_an_item_that_grew_loses_the_results_of_its_older_self(heard):
    session, changes = heard
    session.put([Thing("a")])
    session.put_result(result("a"))
    session.put([Thing("a")])
    assert session.results("a") == ()
    assert changes[-1].results == {"a"}


def test_a_decision_is_kept_with_who_and_when_and_can_be_taken_back(heard):
    session, changes = heard
    session.put([Thing("a")])
    session.put_result(result("a"))
    session.decide("a/m", "accepted", "reader")
    (finding,) = session.findings
    assert finding.decision.state == "accepted"
    assert finding.decision.who == "reader"
    assert finding.decision.when
    session.decide("a/m", "proposed", "reader")
    assert session.findings[0].decision.who == ""
    assert changes[-1].results == {"a"}


def test_two_people_are_two_and_plain_pictures_are_nobody(heard):
    session, _ = heard
    session.put(
        [
            Thing("a", Patient("1", "Wang^Xiuying", "1979-01-02")),
            Thing("b", Patient("1", "WANG XIUYING", "1979-01-02")),
            Thing("c", Patient("2", "Lindqvist^Per")),
            Thing("d", Patient()),
        ]
    )
    assert [patient.id for patient in session.patients] == ["1", "2"]


def test_the_heat_of_a_result_is_found_by_item_and_model(heard):
    from medviewer.core.finding import Attribution

    session, _ = heard
    session.put([Thing("a")])
    heat = Attribution("a", 0, "m", "pneumonia", "grad-cam", np.ones((2, 2), np.float32), np.eye(2, 3), (32, 32), None)
    session.put_result(Result("a", 0, "m", "ok", attribution=heat))
    assert session.attribution("a", "m") is heat
    assert session.attribution("a", "other") is None
