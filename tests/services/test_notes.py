"""Notes beside their text: sections, language, the user's lexicon; jobs about a note that is being typed."""

import json
import queue
import threading

from medviewer.core.errors import Notice
from medviewer.core.finding import Result, Score, Span
from medviewer.core.identity import Patient, Study
from medviewer.core.mentions import mentions
from medviewer.core.note import NoteDocument
from medviewer.inference.device import Device
from medviewer.services.analyse import METHOD, QUICK, Analyst
from medviewer.services.notes import Notes
from medviewer.services.session import Session
from medviewer.store import lexicon
from medviewer.store.profile import Profile


def note(text, revision=0, **about):
    about = {"language": "en", "format": "txt"} | about
    return NoteDocument("n", Patient(), Study(), "", text=text, encoding="utf-8", revision=revision, **about)


def test_a_typed_note_learns_its_language_and_every_note_its_sections():
    notes = Notes()
    typed = notes.understood(note("FINDINGS: no fever.", language="", format="typed"))
    assert typed.language == "en"
    assert [s.title for s in typed.sections] == ["FINDINGS"]
    assert notes.understood(note("诊断：肺炎。", language="en", format="typed")).language == "zh"


def test_a_users_lexicon_keeps_differences_alone_and_is_used_by_the_rules(tmp_path):
    profile = Profile.at(tmp_path)
    notes = Notes(profile)
    groups = notes.groups("en")
    groups["concepts/cough"] = [*groups["concepts/cough"], "tussis"]
    groups["absent_before"] = [cue for cue in groups["absent_before"] if cue != "denies"]
    notes.save_lexicon("en", groups)
    kept = json.loads((profile.config / "lexicon.en.json").read_text("utf-8"))
    assert kept == {"add": {"concepts/cough": ["tussis"]}, "remove": {"absent_before": ["denies"]}}
    found = mentions("He denies tussis.", notes.lexicon("en"))
    assert [(m.concept, m.state) for m in found] == [("cough", "present")]
    notes.save_lexicon("en", notes.groups("en", own=True))
    assert not (profile.config / "lexicon.en.json").exists()
    (profile.config / "lexicon.zh.json").write_text("{not json")
    assert lexicon.table("zh", profile) == lexicon.bundled("zh")


class Slow:
    """An engine that waits until it is let go, and answers each request with one span."""

    def __init__(self):
        self.go, self.asked = threading.Semaphore(0), []

    def device(self):
        return Device("cpu", Notice("device-cpu-chosen", facts={"cores": 1}))

    def run(self, requests, token, report=None):
        self.asked += [(r.bundle.id, r.item.text, r.explain) for r in requests]
        self.go.acquire()
        token.check()
        return [
            Result("n", None, r.bundle.id, "ok", scores=(Score("a", 0.9, 0.8, 1.0),), spans=(Span(0, 1, 1.0),), method="m")
            for r in requests
        ]

    def close(self):
        for _ in range(20):
            self.go.release()


def test_while_a_note_is_typed_older_jobs_are_dropped_and_the_check_follows_the_answer(tmp_path):
    posted = queue.Queue()
    session, engine = Session(), Slow()
    analyst = Analyst(session, posted.put, Profile.at(tmp_path), engine=engine)
    wanted = ["note-specialty-en"]
    for revision, text in enumerate(("The heart.", "The heart is", "The heart is enlarged."), 1):
        session.put([note(text, revision)])
        analyst.run("n", None, wanted)
    for _ in range(8):
        engine.go.release()
    while session.result("n", wanted[0]) is None or engine.asked[-1][2] != METHOD:
        try:
            posted.get(timeout=0.05)()
        except queue.Empty:
            continue
    texts = [text for _, text, _ in engine.asked]
    assert texts[-1] == "The heart is enlarged."
    assert "The heart is" not in texts  # superseded before it began
    last = [explain for _, text, explain in engine.asked if text == texts[-1]]
    assert last == [QUICK, METHOD]
    session.put([note("Something else.", 4)])
    while not posted.empty():
        posted.get()()
    assert session.result("n", wanted[0]) is None  # an answer to an older text is not put on a newer one
    analyst.close()


def test_another_encoding_for_a_file_of_two_people_keeps_each_ones_words(tmp_path):
    from medviewer.io.note.readers import open_notes
    from medviewer.services.notes import reread

    head = "MSH|^~\\&|A|B|C|D|20200102030405||ORU^R01|1|P|2.5\r"
    people = "".join(f"PID|1||T-{n}||Doe^{n}\rOBX|1|TX|||Größe {n}.\r" for n in (1, 2))
    (tmp_path / "x.hl7").write_bytes((head + people).encode("cp1252"))
    for note in open_notes(str(tmp_path / "x.hl7"), "hl7", encoding="koi8-r"):
        again = reread(note, "cp1252")
        assert (again.patient.id, again.text) == (f"T-{note.part}", f"Größe {note.part}.")
