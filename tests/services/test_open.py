"""Opening runs in a thread and hands everything to the session through `post`."""

import contextlib
import queue
import threading
import time

from make import make_series

from medviewer.services.open import open_paths
from medviewer.services.sample import sample_paths
from medviewer.services.session import Session


class Drain:
    """The command line's and the tests' `post`: a queue emptied on the main thread."""

    def __init__(self):
        self.waiting = queue.SimpleQueue()

    def __call__(self, change):
        self.waiting.put(change)

    def until(self, opening):
        end = time.monotonic() + 60
        while not (opening.finished and self.waiting.empty()):
            assert time.monotonic() < end
            with contextlib.suppress(queue.Empty):  # the thread may end just after its last word
                self.waiting.get(timeout=0.1)()


def test_a_folder_becomes_items_and_an_account_on_the_main_thread_only(tmp_path):
    make_series(tmp_path / "ct", 6)
    (tmp_path / "ct" / "notes.csv").write_text("a,b")
    session, drain = Session(), Drain()
    threads = set()
    session.listen(lambda changes: threads.add(threading.get_ident()))
    opening = open_paths(session, drain, [tmp_path / "ct"], workspace=tmp_path / "w")
    drain.until(opening)
    assert threads == {threading.get_ident()}
    (series,) = session.items
    assert series.complete
    assert len(series.frames) == 6
    account = session.account
    assert account.finished
    assert (account.found, account.loaded, len(account.skipped), len(account.failed)) == (7, 6, 1, 0)


def test_a_cancelled_scan_ends_and_keeps_what_was_found(tmp_path):
    make_series(tmp_path / "ct", 40)
    session, drain = Session(), Drain()
    opening = open_paths(session, drain, [tmp_path / "ct"], workspace=tmp_path / "w")
    opening.cancel()
    assert opening.join(10)
    while not drain.waiting.empty():
        drain.waiting.get()()
    assert session.account.finished


def test_the_sample_patients_are_a_child_with_a_radiograph_and_an_adult_with_ct_film_and_two_ecgs(tmp_path):
    session, drain = Session(), Drain()
    opening = open_paths(session, drain, sample_paths(tmp_path / "sample"), workspace=tmp_path / "w")
    drain.until(opening)
    ecgs = [item for item in session.items if item.kind == "ecg"]
    images = {(item.modality, item.patient.id): item for item in session.items if item.kind == "image"}
    assert set(images) == {("CR", "SAMPLE-1"), ("CT", "SAMPLE-2"), ("CR", "SAMPLE-2")}
    child, adult = images["CR", "SAMPLE-1"], images["CT", "SAMPLE-2"]
    assert 3.5 <= child.age_years <= 5
    assert child.view == "AP"
    assert child.lossy
    assert child.source.stored(0).std() > 20
    assert adult.geometry.shape == (64, 256, 256)
    assert adult.geometry.regular
    assert adult.source.volume().shape == (64, 256, 256)
    assert {(ecg.format, len(ecg.leads), ecg.seconds) for ecg in ecgs} == {("dicom", 12, 10.0), ("wfdb", 2, 120.0)}
    assert {ecg.patient.key for ecg in ecgs} == {adult.patient.key}
    assert session.account.failed == ()


def test_the_sample_adult_has_two_notes_of_her_own_that_differ_in_one_point_alone(tmp_path):
    import json

    from medviewer.core.lexicon import Lexicon
    from medviewer.core.mentions import mentions
    from medviewer.io.scan import scan
    from medviewer.store.assets import asset

    batch = scan([str(path) for path in sample_paths(tmp_path / "sample")], workspace=tmp_path)
    assert batch.account.failed == () and batch.account.skipped == ()
    adult = next(item for item in batch.items if item.patient.id == "SAMPLE-2" and item.kind == "image")
    notes = {item.language: item for item in batch.items if item.kind == "note"}
    assert set(notes) == {"en", "zh"}
    said = {}
    for language, note in notes.items():
        assert note.patient.key == adult.patient.key and note.date.startswith(adult.study.date)
        lexicon = Lexicon(json.loads(asset(f"lexicon/{language}.json").read_text("utf-8")))
        said[language] = {mention.concept: mention.state for mention in mentions(note.text, lexicon)}
    assert set(said["en"]) == set(said["zh"])
    assert [c for c, state in said["en"].items() if said["zh"][c] != state] == ["premature ventricular beats"]


def test_two_files_of_one_name_from_two_folders_are_two_items_and_one_file_opened_twice_is_one(tmp_path):
    session, drain = Session(), Drain()
    for folder, words in (("a", "No fever."), ("b", "Fever.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "note.txt").write_text(words)
    for folder in ("a", "b", "b", "a"):
        drain.until(open_paths(session, drain, [tmp_path / folder / "note.txt"], workspace=tmp_path / "w"))
    assert {item.item: item.text for item in session.items} == {"note": "No fever.", "note-2": "Fever."}


def test_a_series_is_the_same_by_its_uid_wherever_its_files_lie(tmp_path):
    session, drain = Session(), Drain()
    for folder in ("a", "b"):
        make_series(tmp_path / folder, 3)
        drain.until(open_paths(session, drain, [tmp_path / folder], workspace=tmp_path / "w"))
    assert len(session.items) == 1
