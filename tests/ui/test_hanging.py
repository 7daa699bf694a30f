"""What hangs where when a patient with several kinds of data is opened."""

from dataclasses import replace

import numpy as np
from desk import start
from make import make_series
from PySide6.QtWidgets import QLabel

from medviewer.core.ecg import EcgRecord
from medviewer.core.identity import Patient, Study
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.io.scan import scan
from medviewer.ui.hanging import hang

ANNA, BEN = Patient("1", "Anna"), Patient("2", "Ben")


def image(tmp_path, name, modality, patient) -> ImageSeries:
    folder = tmp_path / name
    make_series(folder, 2)
    series = next(iter(scan([folder], workspace=tmp_path).items))
    return replace(series, item=name, modality=modality, patient=patient)


def note(name, patient):
    return NoteDocument(name, patient, Study(), name, "txt", "No effusion.", "utf-8")


def ecg(name, patient):
    class Flat:
        def read(self, lead, start, stop):
            return np.zeros(stop - start)

    return EcgRecord(name, patient, Study(), name, "wfdb", "", (), Flat())


def test_the_patient_with_most_kinds_is_hung_with_the_radiograph_and_the_ecg_across(tmp_path):
    items = [image(tmp_path, "ct", "CT", BEN), image(tmp_path, "first", "DX", ANNA), note("n", BEN), ecg("e", BEN)]
    items.append(image(tmp_path, "dx", "DX", BEN))
    found = hang(items)
    assert found is not None and (found.rows, found.columns, found.wide) == (2, 2, True)
    assert found.items == ("dx", "n", "e")


def test_two_kinds_take_two_panes_and_one_kind_or_nobody_known_takes_none(tmp_path):
    first = image(tmp_path, "ct", "CT", ANNA)
    assert hang([first, note("n", ANNA)]).items == ("ct", "n") and hang([first, note("n", ANNA)]).rows == 1
    both = hang([first, ecg("e", ANNA)])
    assert (both.rows, both.columns, both.wide, both.items) == (2, 1, False, ("ct", "e"))
    assert hang([first, note("n", BEN)]) is None
    assert hang([replace(first, patient=Patient()), note("n", Patient())]) is None


def test_the_last_row_across_covers_all_columns_alone_and_again_after_a_restart(qtbot, tmp_path):
    desk = start(qtbot, tmp_path / "profile", size=(1280, 800), safe_mode=False)
    desk.actions.by_id["layout-wide"].trigger()
    desk.window.show_panes(True)
    qtbot.waitUntil(lambda: desk.grid.panes[2].width() > 1.8 * desk.grid.panes[0].width())
    desk.grid.maximise(desk.grid.panes[2])
    assert [pane.isVisibleTo(desk.grid) for pane in desk.grid.panes] == [False, False, True]
    desk.grid.maximise(desk.grid.panes[2])
    desk.lay_out(2, 2)
    assert len(desk.grid.panes) == 4
    desk.lay_out(2, 2, True)
    desk.window.close()
    again = start(qtbot, tmp_path / "profile", safe_mode=False)
    assert len(again.grid.panes) == 3 and again.grid.wide


def test_a_pane_full_of_words_takes_no_height_from_the_others(qtbot, tmp_path):
    desk = start(qtbot, tmp_path / "profile", size=(1000, 800))
    desk.lay_out(2, 1)
    desk.window.show_panes(True)
    pane = desk.grid.turn(desk.grid.panes[1], "note")
    words = QLabel("many words " * 500, pane)
    words.setWordWrap(True)
    pane.layout().addWidget(words)
    desk.window.resize(1200, 700)
    qtbot.waitUntil(lambda: words.isVisible() and words.width() > 100)
    qtbot.wait(50)
    first, second = desk.grid.panes
    assert abs(first.height() - second.height()) <= 1 and first.width() == second.width() == desk.grid.width()
