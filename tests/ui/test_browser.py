"""The browser as a timeline of all three kinds; items of nobody dragged to a patient."""

from dataclasses import replace

import numpy as np
import pytest
from desk import start
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent

from medviewer.core.identity import Patient, Study
from medviewer.core.note import NoteDocument
from medviewer.io.ecg.leads import held_record
from medviewer.ui.pane import ITEM_MIME
from medviewer.ui.patient.rows import ITEM, LEVEL, MARKS, SECOND, THUMB

PERSON = Patient("T-1", "Test^Person", "1970-01-01", "O")


def note(item="note", date="2025-11-18T10:00:00", patient=PERSON, **more):
    return NoteDocument(item, patient, Study(), f"/{item}.txt", "txt", "No fever at all.", "utf-8", "en", date, **more)


def ecg(item="rec", start="2025-11-02T09:42:00", patient=PERSON, seconds=10):
    channels = [(name, 100.0, np.sin(np.arange(100 * seconds) / 8), 0.005) for name in ("I", "II")]
    return replace(held_record("/rec.hea", "wfdb", item, channels, start=start), patient=patient, item=item)


def rows(desk):
    """(level, words, second line) of every row from top to bottom."""
    tree, found = desk.browser.tree, []

    def walk(row):
        found.append((row.data(0, LEVEL), row.text(0), row.data(0, SECOND) or ""))
        for k in range(row.childCount()):
            walk(row.child(k))

    for k in range(tree.topLevelItemCount()):
        walk(tree.topLevelItem(k))
    return found


@pytest.fixture
def desk(qtbot, tmp_path):
    return start(qtbot, tmp_path)


def test_images_ecgs_and_notes_stand_in_one_time_order_with_their_thumbnails(qtbot, desk):
    desk.session.put([ecg(), note(title="Discharge note"), ecg("holter", "2024-06-30T08:00:00", seconds=7200)])
    assert rows(desk) == [
        ("patient", "Test, Person", "T-1"),
        ("study", "2025-11-18", ""),
        ("series", "Discharge note", "English · 4 words · 10:00"),
        ("study", "2025-11-02", "16 days before"),
        ("series", "ECG 2 leads, 10 s", "100 Hz · 09:42"),
        ("study", "2024-06-30", "17 months before"),
        ("series", "Holter 2 h, 2 leads", "100 Hz · 08:00"),
    ]
    assert desk.browser.order() == ["note", "rec", "holter"]
    tree = desk.browser._rows
    qtbot.waitUntil(lambda: all(row.data(0, THUMB) is not None for row in tree.values()), timeout=5000)
    shades = {tree["rec"].data(0, THUMB).pixelColor(x, y).lightness() for x in range(80) for y in range(80)}
    assert max(shades) > 150 and min(shades) == 0


def test_one_click_opens_each(qtbot, desk):
    from medviewer.ui.kinds import pane_class

    desk.session.put([ecg(), note()])
    for item in ("rec", "note"):
        row = desk.browser._rows[item]
        rect = desk.browser.tree.visualItemRect(row)
        qtbot.mouseClick(desk.browser.tree.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
        if pane_class(desk.session.item(item).kind) is not None:
            assert desk.grid.active.item.item == item


def test_what_names_nobody_stands_under_unassigned_and_is_dragged_to_a_patient(qtbot, desk):
    desk.session.put([note(), ecg("stray", patient=Patient())])
    assert [words for level, words, _ in rows(desk) if level == "patient"] == ["Test, Person", "Unassigned"]
    tree = desk.browser.tree
    data = QMimeData()
    data.setData(ITEM_MIME, b"stray")
    place = QPointF(tree.visualItemRect(tree.topLevelItem(0)).center())
    assert tree.person_at(place.toPoint()) == PERSON
    tree.dropEvent(QDropEvent(place, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))
    assert desk.session.item("stray").patient == PERSON
    assert [words for level, words, _ in rows(desk) if level == "patient"] == ["Test, Person"]
    assert desk.browser._rows["stray"].data(0, MARKS) == "given by hand"
    desk.keeping.undo()
    assert [words for level, words, _ in rows(desk) if level == "patient"] == ["Test, Person", "Unassigned"]
    menu = desk.browser.assign_menu(desk.session.item("stray"))
    assert [action.text() for action in menu.actions()] == ["Belongs to Test, Person  T-1", "Belongs to nobody"]
    menu.actions()[0].trigger()
    assert desk.session.item("stray").patient == PERSON


def test_a_search_finds_notes_and_ecgs_by_their_words(desk):
    desk.session.put([ecg(), note(title="Discharge note", author="Dr. Who")])
    desk.browser.search.setText("discharge who")
    assert desk.browser.order() == ["note"]
    desk.browser.search.setText("2025-11-02")
    assert desk.browser.order() == ["rec"]


def test_a_signed_note_says_who_signed(desk):
    desk.session.put([note()])
    desk.notebook.sign(desk.session.item("note"))
    row = desk.browser._rows["note"]
    assert row.data(0, ITEM) == "note"
    assert row.data(0, MARKS) == f"signed by {desk.session.who()}"
