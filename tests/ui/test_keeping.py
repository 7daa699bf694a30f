"""What a person did is there at the next start; undo and redo by key."""

from desk import start
from PySide6.QtCore import Qt

from medviewer.core.finding import Finding, Provenance, Result, Score
from medviewer.core.identity import Patient, Study
from medviewer.core.note import NoteDocument

MADE = Provenance("m", "1.0", "w", "content", "p/1", "0", "0", "cpu", 0, "2026-01-01T00:00:00Z")
PERSON = Patient("T-1", "Test^Person", "1970-01-01", "O")


def with_finding(desk):
    desk.session.put([NoteDocument("a", PERSON, Study(), "a.txt", "txt", "text", "utf-8", has_identity=True)])
    finding = Finding("a/m/x", "a", "note", "x", Score("x", 0.9, 0.8, 0.95, 0.5), None, MADE)
    desk.session.put_result(Result("a", None, "m", "ok", findings=(finding,), provenance=MADE))


def state(desk):
    return desk.session.findings[0].decision.state


def test_decisions_notes_and_the_name_in_the_settings_outlive_the_window(qtbot, tmp_path):
    desk = start(qtbot, tmp_path, safe_mode=False)
    desk.settings.set("user", "Dr. Reader")
    with_finding(desk)
    desk.session.decide("a/m/x", "accepted")
    desk.notebook.start(PERSON, None, "Written here.")
    desk.window.close()
    again = start(qtbot, tmp_path, safe_mode=False)
    assert again.session.items == ()
    with_finding(again)
    (finding,) = again.session.findings
    assert (finding.decision.state, finding.decision.who) == ("accepted", "Dr. Reader")
    assert [item.text for item in again.session.items if item.item != "a"] == ["Written here."]
    again.window.close()


def test_safe_mode_keeps_nothing(qtbot, tmp_path):
    desk = start(qtbot, tmp_path)
    with_finding(desk)
    desk.session.decide("a/m/x", "accepted")
    assert state(desk) == "accepted"
    desk.window.close()
    assert not list(tmp_path.rglob("*.db"))


def test_ctrl_z_takes_back_and_ctrl_y_does_again(qtbot, tmp_path):
    desk = start(qtbot, tmp_path)
    with_finding(desk)
    desk.session.decide("a/m/x", "rejected")
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(desk.window, Qt.Key.Key_Z, control)
    assert state(desk) == "proposed"
    qtbot.keyClick(desk.window, Qt.Key.Key_Y, control)
    assert state(desk) == "rejected"
    qtbot.keyClick(desk.window, Qt.Key.Key_Z, control)
    qtbot.keyClick(desk.window, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    assert state(desk) == "rejected"
    assert "Rejected" in desk.window.statusBar().currentMessage()


def test_a_save_that_fails_is_told_in_words(qtbot, tmp_path):
    from medviewer.core.errors import Notice

    desk = start(qtbot, tmp_path, lang="zh_CN")
    desk.keeping.database._problem(Notice("database-not-written", facts={"reason": "disk full"}))
    qtbot.waitUntil(lambda: "disk full" in desk.window.statusBar().currentMessage(), timeout=2000)
    assert desk.keeping.problem is not None
    desk.keeping.database._problem(None)
    qtbot.waitUntil(lambda: desk.keeping.problem is None, timeout=2000)
