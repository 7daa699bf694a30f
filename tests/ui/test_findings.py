"""The findings dock: every kind in one list, decided by keys and clicks, contradictions on top."""

from dataclasses import replace

import numpy as np
import pytest
from desk import start
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton

from medviewer.core.ecg import Beats
from medviewer.core.finding import Finding, Interval, Provenance, Result, Score, SelfCheck, Span
from medviewer.core.identity import Patient, Study
from medviewer.core.note import Mention, NoteDocument
from medviewer.io.ecg.leads import held_record

PERSON = Patient("T-1", "Test^Person", "1970-01-01", "O")
TEXT = "ECG: sinus rhythm. No premature ventricular beats. Possible fever."


def made(model, content="c"):
    return Provenance(model, "1.0", "w", content, "p/1", "0", "0", "cpu", 0, "2026-01-01T00:00:00Z")


def note():
    return NoteDocument(
        "note", PERSON, Study(date="2026-01-02"), "n.txt", "txt", TEXT, "utf-8", "en", "2026-01-02", title="Visit"
    )


def ecg():
    record = held_record("", "wfdb", "rec", [("II", 100.0, np.zeros(1000), 0.005)], start="2026-01-02T08:00:00")
    return replace(record, patient=PERSON)


def said():
    def mention(words, concept, state):
        at = TEXT.index(words)
        return Mention(at, at + len(words), words, concept, state)

    return Result(
        "note",
        None,
        "note-mentions",
        "ok",
        provenance=made("note-mentions"),
        mentions=(
            mention("sinus rhythm", "sinus rhythm", "present"),
            mention("premature ventricular beats", "premature ventricular beats", "absent"),
            mention("fever", "fever", "uncertain"),
        ),
    )


def beats():
    symbols = tuple("NNNNVNNNNN")
    shares = tuple(Score(label, symbols.count(label) / 10, 0.0, 0.2) for label in "NSVFQ")
    place = Interval(400, 480, "II")
    finding = Finding("rec/ecg-beats/V", "rec", "ecg", "V", shares[2], place, made("ecg-beats"), facts={"count": 1})
    marks = Beats(tuple(range(50, 1000, 95)), symbols, (0.9,) * 10)
    return Result("rec", None, "ecg-beats", "ok", scores=shares, findings=(finding,), beats=marks, provenance=made("ecg-beats"))


def classes():
    score = Score("cardiology", 0.94, 0.9, 0.97, 0.5)
    finding = Finding("note/note-x/cardiology", "note", "note", "cardiology", score, None, made("note-x"))
    check = SelfCheck(0.01, 0.02, None, False)
    spans = (Span(5, 17, 1.0), Span(22, 31, 0.4))
    return Result(
        "note",
        None,
        "note-x",
        "ok",
        scores=(score,),
        findings=(finding,),
        spans=spans,
        method="gradient-x-input",
        self_check=check,
        provenance=made("note-x"),
    )


@pytest.fixture
def desk(qtbot, tmp_path):
    desk = start(qtbot, tmp_path)
    desk.session.put([note(), ecg()])
    for result in (said(), beats(), classes()):
        desk.session.put_result(result)
    return desk


def words(desk):
    return [" ".join(card.words) for card in desk.findings.cards()]


def find(desk, label):
    return next(one for one in desk.session.findings if one.label == label)


def mention_row(desk, ending):
    children = (row for card in desk.findings.cards() for row in card.findChildren(object))
    return next(row for row in children if getattr(row, "finding", "").endswith(ending))


def told(card):
    return [label.text() for label in card.findChildren(object) if hasattr(label, "text") and label.isVisible()]


def button(widget, text):
    return next(one for one in widget.findChildren(QPushButton) if one.text() == text and one.isVisible())


def test_the_list_gathers_networks_and_the_notes_mentions_of_all_kinds(desk):
    assert {one.label for one in desk.session.findings} == {
        "V",
        "cardiology",
        "sinus rhythm",
        "premature ventricular beats",
        "fever",
    }
    told = "\n".join(words(desk))
    assert "1 of 10 beats (10 %)." in told
    assert "Words: “sinus rhythm”" in told
    assert "explanation weak" in told
    assert "0.94 (0.90–0.97), threshold 0.50" in told
    rows = [row.words for card in desk.findings.cards() for row in card.findChildren(object) if hasattr(row, "words")]
    assert ["Premature ventricular beats", "negated", ""] in rows


@pytest.mark.parametrize(("order", "first"), [("score", "cardiology"), ("name", "V"), ("newest", "cardiology")])
def test_the_list_can_be_sorted(desk, order, first):
    desk.findings.order.setCurrentIndex(desk.findings.order.findData(order))
    rows = [row for row in desk.findings.gathered.rows(order, "note") if row.finding is not None]
    assert len(rows) == 5
    if order != "newest":
        assert rows[0].finding.label == first
    days = [row.day for row in desk.findings.gathered.rows("newest", "")]
    assert days == sorted(days, reverse=True)


def test_x_rejects_y_accepts_and_ctrl_z_takes_it_back(qtbot, desk):
    desk.findings.selected = "rec/ecg-beats/V"
    qtbot.keyClick(desk.window, Qt.Key.Key_X)
    assert find(desk, "V").decision.state == "rejected"
    qtbot.keyClick(desk.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert find(desk, "V").decision.state == "proposed"
    qtbot.keyClick(desk.window, Qt.Key.Key_Y)
    assert find(desk, "V").decision.state == "accepted"
    (card,) = [card for card in desk.findings.cards() if card.finding == "rec/ecg-beats/V"]
    assert card.property("state") == "accepted"
    assert any(word.startswith("accepted ") and desk.session.who() in word for word in card.words)
    assert [line.act for line in desk.session.records.audit("rec")] == ["reject", "undo-reject", "accept"]


def test_a_finding_is_called_otherwise_from_its_menu(qtbot, desk, monkeypatch):
    class Model:
        id = "ecg-beats"

        class bundle:  # noqa: N801
            labels = ("N", "S", "V")

        def label(self, label, lang):
            return {"S": "Supraventricular"}.get(label, label)

    desk.findings._models = {"ecg-beats": Model()}
    menu = desk.findings._menu(find(desk, "V"))
    next(action for action in menu.actions() if action.text() == "Call it: Supraventricular").trigger()
    finding = find(desk, "V")
    assert (finding.label, finding.called, finding.decision.state) == ("V", "S", "accepted")
    assert any("The network called it V" in said for said in words(desk))
    assert desk.session.records.audit("rec")[-1].act == "relabel"


def test_a_mention_is_meant_otherwise_from_its_menu_and_that_ends_the_disagreement(desk):
    assert desk.findings.disagreement.shown.rule == "ventricular-beats-denied"
    menu = desk.findings._menu(find(desk, "premature ventricular beats"))
    next(action for action in menu.actions() if action.text().endswith("stated")).trigger()
    assert find(desk, "premature ventricular beats").facts["state"] == "present"
    assert desk.findings.disagreement.shown is None and desk.findings.disagreement.isHidden()
    desk.keeping.undo()
    assert desk.findings.disagreement.shown is not None


def test_a_click_on_a_card_shows_its_place(qtbot, desk):
    shown = []
    desk.findings.shown.connect(lambda *what: shown.append(what))
    card = next(card for card in desk.findings.cards() if card.finding == "rec/ecg-beats/V")
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert shown == [("rec", "ecg-beats", find(desk, "V").evidence)]
    row = mention_row(desk, "premature ventricular beats/absent")
    reject = next(one for one in row.findChildren(QToolButton) if one.toolTip() == "Reject")
    qtbot.mouseClick(reject, Qt.MouseButton.LeftButton)
    assert find(desk, "premature ventricular beats").decision.state == "rejected"
    assert desk.findings.disagreement.shown is None


def test_one_amber_card_stands_on_top_with_both_pieces_of_evidence_and_can_be_seen_off(qtbot, desk):
    card = desk.findings.disagreement
    assert card.isVisible()
    texts = told(card)
    assert any("1 of 10 beats of the ECG are read as ventricular" in text for text in texts)
    assert "“premature ventricular beats”" in texts and "1 of 10 beats" in texts
    qtbot.mouseClick(button(card, "Why?"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any("ventricular-beats-denied; same day" in text for text in told(card)), timeout=2000)
    qtbot.mouseClick(button(card, "Seen"), Qt.MouseButton.LeftButton)
    assert not card.isVisible()
    assert desk.findings.gathered.discordances(seen=True)
    qtbot.keyClick(desk.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert card.isVisible()


def test_show_both_puts_note_and_ecg_side_by_side(qtbot, desk):
    asked = []
    desk.findings.both_wanted.connect(asked.append)
    qtbot.mouseClick(button(desk.findings.disagreement, "Show both"), Qt.MouseButton.LeftButton)
    assert asked[0].rule == "ventricular-beats-denied"
    shown = {pane.item.item for pane in desk.grid.panes if pane.item is not None}
    assert "rec" in shown
    assert len(desk.grid.panes) >= 2


def test_ctrl_n_and_ctrl_b_step_through_the_list_in_its_order(qtbot, desk):
    ids = [row.finding.id for row in desk.findings.gathered.rows("pane", desk.findings._marked) if row.finding is not None]
    desk.findings.selected = ids[0]
    desk.findings.step(1)
    assert desk.findings.selected == ids[1]
    desk.findings.step(-1)
    desk.findings.step(-1)
    assert desk.findings.selected in ids


def test_nothing_of_a_card_is_wider_than_the_dock(qtbot, desk):
    desk.window.resize(1000, 700)
    qtbot.wait(50)
    area = desk.findings._area
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()


def test_the_audit_list_shows_every_act_newest_first_and_can_be_narrowed(desk):
    desk.session.decide("rec/ecg-beats/V", "rejected")
    desk.keeping.undo()
    desk.notebook.start(PERSON, None, "New.")
    dialog = desk.together.audit()
    rows = [[dialog.tree.topLevelItem(k).text(c) for c in range(6)] for k in range(dialog.tree.topLevelItemCount())]
    assert [row[2] for row in rows] == ["note begun", "Undone: rejected", "rejected"]
    assert all(row[1] == desk.session.who() and row[3] == "T-1" for row in rows)
    assert rows[2][5].startswith("V rejected 0.1")
    dialog.search.setText("undone")
    assert [dialog.tree.topLevelItem(k).isHidden() for k in range(3)] == [True, False, True]


def test_beats_that_a_person_rejected_or_called_otherwise_contradict_nothing(desk):
    from medviewer.core.ecg_marks import beat_finding

    assert desk.findings.disagreement.shown is not None
    record, result = desk.session.item("rec"), desk.session.result("rec", "ecg-beats")
    desk.session.judge(beat_finding(record, result, 4), "accepted", label="N")
    assert desk.findings.disagreement.shown is None
    desk.keeping.undo()
    assert desk.findings.disagreement.shown is not None
    desk.session.judge(beat_finding(record, result, 4), "rejected")
    assert desk.findings.disagreement.shown is None


def test_a_decision_makes_its_own_card_anew_and_keeps_the_others(desk):
    before = {card.finding: card for card in desk.findings.cards()}
    desk.session.decide("rec/ecg-beats/V", "accepted")
    after = {card.finding: card for card in desk.findings.cards()}
    assert set(before) == set(after)
    assert [key for key in after if after[key] is not before[key]] == ["rec/ecg-beats/V"]


def test_a_decided_card_with_every_tag_is_no_wider_than_the_dock(qtbot, desk):
    from medviewer.core.errors import Notice

    desk.settings.set("user", "Dr. Somebody With-a-Long-Name")
    result = replace(classes(), cautions=(Notice("borderline", facts={"label": "cardiology"}),))
    desk.session.put_result(result)
    desk.session.decide("note/note-x/cardiology", "accepted")
    desk.window.resize(1000, 700)
    qtbot.wait(50)
    area = desk.findings._area
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()


def test_words_of_a_card_are_no_markup(desk):
    from medviewer.core.errors import Notice

    reason = Notice("language-not-trained", facts={"language": '<b>"en"</b>', "languages": "zh"})
    desk.session.put_result(Result("note", None, "other", "refused", reason=reason))
    texts = [text for card in desk.findings.cards() for text in told(card)]
    assert not any("&quot;" in text or "&lt;" in text for text in texts)
