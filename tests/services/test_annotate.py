"""Notes that a person writes: kept within two seconds, signed for good, corrected with undo."""

import os
import signal
import subprocess
import sys
import time

import pytest

from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient, Study
from medviewer.core.note import Mention, NoteDocument
from medviewer.services.annotate import Notebook
from medviewer.services.session import Session
from medviewer.store.database import Database
from medviewer.store.records import Records

PERSON = Patient("T-1", "Test^Person", "1970-01-01", "O")


@pytest.fixture
def book(tmp_path):
    made = []

    def start(who="reader"):
        records = Records(Database(tmp_path / "kept.db"))
        session = Session(records, lambda: who)
        made.append(records.database)
        return Notebook(session, records), session, records

    yield start
    for base in made:
        base.close()


def filed(text="Cough. No fever.", item="note"):
    return NoteDocument(item, Patient(), Study(), f"/somewhere/{item}.txt", "txt", text, "utf-8", "en")


def test_a_typed_note_comes_back_with_author_date_and_study(book):
    notebook, session, records = book()
    note = notebook.start(PERSON, Study("1.2", "2026-01-02"), "First words.")
    note = notebook.edit(note, "First words. More words.")
    assert session.item(note.item).text == "First words. More words."
    records.database.close()
    again, fresh, _ = book()
    (back,) = again.recall([PERSON])
    assert (back.text, back.author, back.study.uid, back.patient) == ("First words. More words.", "reader", "1.2", PERSON)
    assert back.date
    assert back.revision == note.revision
    assert fresh.item(back.item) == back


def test_notes_of_other_people_are_not_recalled(book):
    notebook, _, records = book()
    notebook.start(PERSON, None, "Mine.")
    notebook.start(None, None, "Nobody's.")
    records.database.close()
    again, _, _ = book()
    assert again.recall([Patient("T-2", "Other")]) == ()
    assert [note.text for note in again.recall([], unassigned=True)] == ["Nobody's."]


def test_an_edited_file_is_unchanged_and_comes_back_as_it_was_left(book, tmp_path):
    notebook, session, records = book()
    session.put([filed()])
    note = notebook.edit(session.item("note"), "Cough. Fever since Monday.")
    assert [r.text for r in notebook.history(note)] == ["Cough. No fever.", "Cough. Fever since Monday."]
    records.database.close()
    _, fresh, _ = book()
    fresh.put([filed()])
    back = fresh.item("note")
    assert back.text == "Cough. Fever since Monday."
    assert [warning.code for warning in back.warnings] == ["note-edited-here"]
    assert back.revision == note.revision


def test_edits_of_one_person_within_a_minute_are_one_revision_and_of_two_people_two(book):
    notebook, _, records = book()
    note = notebook.start(PERSON, None, "a")
    for text in ("ab", "abc", "abcd"):
        note = notebook.draft(note, text)
    assert [r.text for r in notebook.history(note)][-1] == "abcd"
    assert len(notebook.history(note)) <= 2
    records.database.close()
    other, _, _ = book("second")
    (note,) = other.recall([PERSON])
    note = other.edit(note, "abcde")
    assert [(r.who, r.text) for r in other.history(note)][-2:] == [("reader", "abcd"), ("second", "abcde")]


def test_a_signed_note_takes_no_edits_but_addenda(book):
    notebook, session, records = book()
    note = notebook.sign(notebook.start(PERSON, None, "Final."))
    assert note.signed_by == "reader" and note.signed_at
    with pytest.raises(MedviewerError, match="note-signed"):
        notebook.edit(note, "Changed.")
    stale = session.item(note.item)
    records.database.write(lambda c: c.execute("INSERT INTO revisions VALUES (?, 99, 't', 'w', 'forged')", (stale.note_id,)))
    assert [r.text for r in notebook.history(note)][-1] == "Final."
    added = notebook.add_to(note, "One thing more.")
    assert added.addendum_to == note.note_id
    assert [a.text for a in notebook.addenda(note)] == ["One thing more."]
    assert [line.act for line in records.audit()] == ["write", "sign", "add"]
    with pytest.raises(MedviewerError, match="note-not-signed"):
        notebook.add_to(added)
    with pytest.raises(MedviewerError, match="note-empty"):
        notebook.sign(notebook.start(PERSON))


def test_nt05_a_corrected_mention_stays_corrected_where_the_text_moves_and_can_be_undone(book):
    notebook, session, records = book()
    note = notebook.start(PERSON, None, "No fever. Fever.")
    said = [Mention(3, 8, "fever", "fever", "absent"), Mention(10, 15, "fever", "fever", "present")]
    notebook.correct(note, said[0], "uncertain")
    assert [m.state for m in notebook.corrected(note, said)] == ["uncertain", "present"]
    assert notebook.corrected(note, said)[0].rule == "corrected: reader"
    moved = [Mention(13, 18, "fever", "fever", "absent"), Mention(20, 25, "fever", "fever", "present")]
    assert [m.state for m in notebook.corrected(note, moved)] == ["uncertain", "present"]
    session.history.undo()
    assert [m.state for m in notebook.corrected(note, said)] == ["absent", "present"]
    session.history.redo()
    assert notebook.corrected(note, said)[0].state == "uncertain"
    assert [line.act for line in records.audit()][1:] == ["correct", "undo-correct", "correct"]


def test_several_mentions_are_corrected_and_undone_as_one_act(book):
    notebook, session, _ = book()
    note = notebook.start(PERSON, None, "No fever. Fever.")
    said = [Mention(3, 8, "fever", "fever", "absent"), Mention(10, 15, "Fever", "fever", "present")]
    notebook.correct(note, said[1], "past")
    notebook.correct_all(note, said, "uncertain")
    assert [m.state for m in notebook.corrected(note, said)] == ["uncertain", "uncertain"]
    session.history.undo()
    assert [m.state for m in notebook.corrected(note, said)] == ["absent", "past"]


TYPIST = """
import sys, time
from medviewer.services.annotate import Notebook
from medviewer.services.session import Session
from medviewer.store.database import Database
from medviewer.store.records import Records
records = Records(Database(__import__('pathlib').Path(sys.argv[1])))
book = Notebook(Session(records, lambda: 'typist'), records)
note = book.start(None, None, 'start ')
n = 0
while True:
    n += 1
    note = book.draft(note, note.text + f'{n} ')
    print(f'{n} {time.time():.3f}', flush=True)
    time.sleep(0.02)
"""


def test_a_killed_program_loses_at_most_two_seconds_of_typing(tmp_path):
    path = tmp_path / "kept.db"
    child = subprocess.Popen([sys.executable, "-c", TYPIST, str(path)], stdout=subprocess.PIPE, text=True)
    lines = []
    try:
        end = time.monotonic() + 60
        while len(lines) < 200 and time.monotonic() < end:
            lines.append(child.stdout.readline().split())
    finally:
        killed = time.time()
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read()
        child.wait()
    lines += [line.split() for line in rest.splitlines() if len(line.split()) == 2]
    typed = {int(n): float(at) for n, at in lines}
    base = Database(path)
    (note,) = Records(base).notes()
    base.close()
    last = int(note.text.split()[-1])
    assert note.text.split()[1:] == [str(n) for n in range(1, last + 1)]
    lost = [at for n, at in typed.items() if n > last]
    assert killed - min(lost, default=killed) <= 2.0
    assert last > 50
