"""Lengths on images are kept with their image, undone, audited, and read back with the same number and unit."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from made import image_series

from medviewer.core.measure import Ruler, length
from medviewer.core.overlay import Region
from medviewer.services.lengths import Lengths
from medviewer.services.session import Session
from medviewer.store.database import Database
from medviewer.store.records import Records

RULER = Ruler((2.0, 2.5), (2.0, 12.5))
OTHER = Ruler((4.0, 1.0), (9.0, 1.0))


@pytest.fixture
def begin(tmp_path):
    made = []

    def start(file=tmp_path / "kept.db", who="reader"):
        base = Database(file)
        made.append(base)
        session = Session(Records(base), lambda: who)
        lengths = Lengths(session, lambda: None)
        lengths.take("made", lengths.kept("made"))
        return session, lengths

    yield start
    for base in made:
        base.close()


def series(**facts):
    return image_series(np.zeros((3, 20, 30), np.int16), **({"sop_uid": "1.2.7"} | facts))


def test_me09_lengths_drawn_now_and_before_are_all_there_each_with_author_and_time(begin):
    session, lengths = begin()
    lengths.draw(series(), 1, RULER)
    session.records.database.close()
    session, lengths = begin(who="second")
    lengths.draw(series(path="moved/elsewhere.dcm"), 1, OTHER)
    session.records.database.close()
    session, lengths = begin()
    assert set(lengths.of(series(), 1)) == {RULER, OTHER}
    assert lengths.of(series(), 0) == () == lengths.of(series(), 7)
    said = [(line.act, line.who, bool(line.at), line.facts["value"]) for line in session.records.audit("made")]
    assert said == [("length", "reader", True, 10.0), ("length", "second", True, 5.0)]


def test_undone_and_removed_lengths_are_gone_at_the_next_start(begin):
    session, lengths = begin()
    lengths.draw(series(), 0, RULER)
    lengths.draw(series(), 0, OTHER)
    session.history.undo()
    lengths.remove(series(), 0, RULER)
    session.records.database.close()
    session, lengths = begin()
    assert lengths.of(series(), 0) == ()
    assert [line.act for line in session.records.audit("made")] == ["length", "length", "undo-length", "length-removed"]


def test_me08_a_length_is_on_the_disk_though_the_program_never_ends_well(begin, tmp_path):
    session, lengths = begin()
    lengths.draw(series(), 2, RULER)
    assert session.records.database.flush(5.0)
    for file in tmp_path.glob("kept.db*"):
        shutil.copy(file, tmp_path / file.name.replace("kept", "copied"))
    _, lengths = begin(tmp_path / "copied.db")
    assert lengths.of(series(), 2) == (RULER,)


@pytest.mark.parametrize(
    ("facts", "value", "unit"),
    [
        ({"modality": "CT", "spacing": (0.7, 0.7)}, 7.0, "mm"),
        ({"modality": "DX", "spacing": (0.2, 0.2), "source": "imager-pixel-spacing"}, 2.0, "mm"),
        ({"modality": "US", "spacing": None, "regions": (Region((0, 0, 19, 29), (0.05, 0.05), ("cm", "cm")),)}, 5.0, "mm"),
        ({"modality": "OT", "spacing": None}, 10.0, "px"),
    ],
)
def test_me06_every_saved_length_is_read_back_with_its_number_and_unit(begin, facts, value, unit):
    session, lengths = begin()
    shown = series(**facts)
    lengths.draw(shown, 0, RULER)
    session.records.database.close()
    session, lengths = begin()
    (again,) = lengths.of(replace(shown), 0)
    measured = length(shown, again.start, again.end)
    assert (measured.value, measured.unit) == (pytest.approx(value), unit)
    (line,) = session.records.audit("made")
    assert (line.facts["value"], line.facts["unit"]) == (pytest.approx(value), unit)


def test_a_row_that_says_nothing_is_left_out(begin):
    session, _ = begin()
    for value in ("", "[1, 2]", '{"a": 1}', "[[1], [2]]"):
        session.records.mark("made", "length", "1.2.7", 0, value)
    assert Lengths(session, lambda: None).kept("made") == {}


def test_what_was_kept_is_read_late_and_never_over_what_was_drawn_meanwhile(begin):
    session, lengths = begin()
    lengths.draw(series(), 0, RULER)
    late = Lengths(session, lambda: None)
    assert late.of(series(), 0) == () and not late.knows("made")
    before = late.kept("made")
    late.draw(series(), 0, OTHER)
    late.take("made", before)
    assert set(late.of(series(), 0)) == {RULER, OTHER}
