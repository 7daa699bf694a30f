"""The note's pane as a person uses it: read, typed in, searched, corrected, cleaned."""

import time
from dataclasses import replace
from random import Random

import pytest
from desk import start
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from medviewer.core.finding import Result, Score, SelfCheck, Span
from medviewer.core.identity import Patient, Study
from medviewer.core.mentions import mentions, sections
from medviewer.core.note import NoteDocument
from medviewer.inference.note.reading import lexicon
from medviewer.store.names import gazetteer
from medviewer.ui.note import ink
from medviewer.ui.note.pane import PAUSE_MS, NotePane
from medviewer.ui.note.panel import MentionLine

TEXT = "FINDINGS: Right pneumonia. No pleural effusion.\nPossible nodule. Return if fever develops.\n"


@pytest.fixture(autouse=True, scope="module")
def lists_of_names():
    gazetteer()


@pytest.fixture
def desk(qtbot, tmp_path):
    return start(qtbot, tmp_path)


def shown(desk, text=TEXT, language="en", **about):
    note = NoteDocument("n1", Patient(), Study(), "/x/n1.txt", "txt", text, "utf-8", language, **about)
    desk.session.put([note])
    desk.show_item("n1")
    pane = desk.grid.active
    assert isinstance(pane, NotePane)
    return pane


def judge(desk, text=TEXT, language="en"):
    desk.session.put_result(Result("n1", None, "note-mentions", "ok", mentions=mentions(text, lexicon(language))))


def classed(desk, *pairs, spans=(), passed=True):
    scores = tuple(Score(label, p, max(p - 0.1, 0), min(p + 0.1, 1), 0.5) for label, p in pairs)
    check = SelfCheck(0.3, 0.1, None, passed)
    desk.session.put_result(Result("n1", None, "net", "ok", scores=scores, spans=spans, self_check=check, method="m"))


def test_a_note_turns_its_place_into_a_note_pane_with_sections_and_language(desk):
    pane = shown(desk)
    assert pane.text.text() == TEXT
    assert [s.title for s in pane.note.sections] == ["FINDINGS"]
    assert "English" in pane._language.text()
    assert pane.text.lineWrapMode() != 0


def test_mentions_are_drawn_by_state_and_listed_with_letter_and_side(desk):
    pane = shown(desk)
    judge(desk)
    chips = dict(pane.findings.words())
    assert chips == {
        "pneumonia · right": "present",
        "pleural effusion": "absent",
        "nodule": "uncertain",
        "fever": "hypothetical",
    }
    letters = {m.text: ink.letter_of(m) for m in pane.picture().mentions}
    assert letters == {"pneumonia": "", "pleural effusion": "N", "nodule": "?", "fever": "H"}
    assert len({style.letter for style in ink.STYLES.values()}) == len(ink.STYLES)
    assert len({str(style.line) for style in ink.STYLES.values()}) == len(ink.STYLES)


def test_nt05_hovering_tells_cue_rule_and_scope(desk, qtbot):
    pane = shown(desk)
    judge(desk)
    told = pane._describe(TEXT.index("effusion"))
    assert "absent" in told
    assert "“No”" in told
    assert "absent before: no" in told
    assert "pleural effusion." in told
    heard = []
    pane.probed.connect(heard.append)
    box = next(iter(pane.text.pieces(TEXT.index("effusion"), TEXT.index("effusion") + 4)))
    qtbot.mouseMove(pane.text.viewport(), box.center().toPoint())
    qtbot.waitUntil(lambda: any("absent" in words for words in heard))


def test_nt05_a_click_corrects_the_mention_and_undo_takes_it_back(desk, qtbot):
    pane = shown(desk)
    judge(desk)
    asked = []
    pane.asked.connect(lambda p, mention, where: asked.append(mention))
    box = next(iter(pane.text.pieces(TEXT.index("nodule"), TEXT.index("nodule") + 4)))
    qtbot.mouseClick(pane.text.viewport(), Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert [m.text for m in asked] == ["nodule"]
    QApplication.activePopupWidget().close()
    desk.controls("note").correct(pane, asked[0], "present")
    corrected = next(m for m in pane.picture().mentions if m.text == "nodule")
    assert corrected.state == "present"
    assert ink.colour_of(corrected) != ink.STYLES["present"].colour
    desk.keeping.undo()
    assert next(m for m in pane.picture().mentions if m.text == "nodule").state == "uncertain"


def test_nt09_three_classes_are_told_and_not_sure_below_the_threshold(desk):
    pane = shown(desk)
    classed(desk, ("a", 0.4), ("b", 0.3), ("c", 0.2), ("d", 0.1), spans=(Span(0, 8, 1.0),))
    words = pane.classes.words()
    assert words.startswith("not sure | a")
    assert "d" not in words.split(" | ")
    pane.classes.more.click()
    assert "d" in pane.classes.words().split(" | ")
    classed(desk, ("a", 0.8), ("b", 0.2), spans=(Span(0, 8, 1.0),))
    assert pane.classes.words().startswith("network | a")


def test_an_explanation_that_failed_its_check_is_told(desk):
    pane = shown(desk)
    classed(desk, ("a", 0.8), ("b", 0.2), spans=(Span(0, 8, 1.0),), passed=False)
    assert pane.classes.words().startswith("explanation weak")


def test_hovering_a_word_that_decided_tells_its_weight(desk):
    pane = shown(desk)
    classed(desk, ("a", 0.8), ("b", 0.2), spans=(Span(10, 15, 0.7), Span(16, 25, -0.4)))
    assert "+0.70" in pane._describe(11)
    assert "-0.40" in pane._describe(17)
    box = next(iter(pane.text.pieces(10, 15))).toRect()
    assert violet(pane, box) > 3 * violet(pane, box.translated(0, 69))  # where no text stands


def violet(pane, box):
    """Pixels of a rectangle that are clearly more blue than green."""
    image = pane.text.viewport().grab().toImage()
    points = [(x, y) for x in range(box.left(), box.right()) for y in range(box.top(), box.bottom())]
    return sum(image.pixelColor(x, y).blue() > image.pixelColor(x, y).green() + 25 for x, y in points) + 1


def test_typing_is_kept_at_once_and_read_after_a_pause(desk, qtbot):
    pane = shown(desk)
    drafts, edits = [], []
    pane.drafted.connect(lambda p, text: drafts.append(text))
    pane.edited.connect(lambda p, text: edits.append(text))
    qtbot.keyClick(pane, Qt.Key.Key_E)
    desk.controls("note").edit() if not pane.editing else None
    pane.text.moveCursor(pane.text.textCursor().MoveOperation.End)
    for letter in "w1 r":
        qtbot.keyClick(pane.text, letter)
    assert len(drafts) == 4
    assert not edits
    with qtbot.waitSignal(pane.edited, timeout=10 * PAUSE_MS):
        pass
    assert edits == [f"{TEXT}w1 r"]
    note = desk.session.item("n1")
    assert note.text == f"{TEXT}w1 r"
    assert note.note_id
    assert desk.notebook.history(note)[-1].text == f"{TEXT}w1 r"
    assert "saved" in pane._state.text()
    pane.text.undo()
    assert len(pane.text.text()) < len(f"{TEXT}w1 r")


def test_marks_stay_at_their_words_while_the_text_before_them_grows(desk, qtbot):
    pane = shown(desk)
    judge(desk)
    before = next(m for m in pane.picture().mentions if m.text == "nodule").start
    pane.set_editing(True)
    pane.text.moveCursor(pane.text.textCursor().MoveOperation.Start)
    qtbot.keyClicks(pane.text, "abc")
    moved = next(m for m in pane.text.picture().mentions if m.text == "nodule")
    assert moved.start == before + 3
    assert pane.text.text()[moved.start : moved.end] == "nodule"
    with qtbot.waitSignal(pane.edited, timeout=10 * PAUSE_MS):
        pass
    waiting = next(m for m in pane.text.picture().mentions if m.text == "nodule")
    assert waiting.start == before + 3  # the session has dropped the old answer, the pane keeps its marks
    judge(desk, f"abc{TEXT}")
    fresh = next(m for m in pane.picture().mentions if m.text == "nodule")
    assert fresh.start == before + 3


def test_hard_spaces_emoji_and_right_to_left_letters_survive_editing(desk, qtbot):
    text = "a\u00a0b 😀 שלום\tx\n\n"
    pane = shown(desk, text)
    assert pane.text.text() == text
    pane.set_editing(True)
    pane.text.moveCursor(pane.text.textCursor().MoveOperation.End)
    qtbot.keyClicks(pane.text, "z")
    assert pane.text.text() == f"{text}z"


def test_find_marks_every_place_and_goes_through_them(desk, qtbot):
    pane = shown(desk, "fever one, Fever two, fever three")
    qtbot.keyClick(pane.text, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert pane.finder.isVisible()
    qtbot.keyClicks(pane.finder.line, "fever")
    assert pane.finder.count.text() == "1 of 3"
    qtbot.keyClick(pane.finder.line, Qt.Key.Key_Return)
    assert pane.finder.count.text() == "2 of 3"
    assert pane.text.textCursor().selectedText() == "Fever"
    qtbot.keyClick(pane.finder.line, Qt.Key.Key_Escape)
    assert not pane.finder.isVisible()


def test_what_identifies_the_patient_is_marked_and_one_click_makes_a_clean_copy(desk, qtbot):
    pane = shown(desk, "Mr. John Smith, MRN: 4471, had no fever.")
    desk.controls("note").change("private")
    assert {i.kind for i in pane.picture().identifiers} == {"name", "id"}
    assert "1 × name" in pane.private.words()
    pane.private.followed.emit()
    copy = desk.grid.active.note
    assert copy.item != "n1"
    assert "Smith" not in copy.text
    assert "4471" not in copy.text
    assert "had no fever" in copy.text
    assert not copy.patient.known
    assert QApplication.clipboard().text() == copy.text
    assert desk.session.item("n1").text.startswith("Mr. John Smith")


def test_a_mark_can_be_taken_away_and_words_be_marked_by_hand(desk, qtbot):
    pane = shown(desk, "Mr. John Smith works at Boeing. A Smith Baker cyst. Boeing paid.")
    controls = desk.controls("note")
    controls.change("private")
    marked = [pane.note.text[i.start : i.end] for i in pane.picture().identifiers]
    assert marked[0] == "John Smith"
    touched = []
    pane.touched.connect(lambda _, one, where: touched.append(one))
    box = next(iter(pane.text.pieces(pane.picture().identifiers[0].start, pane.picture().identifiers[0].end)))
    qtbot.mouseClick(pane.text.viewport(), Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert [one.kind for one in touched] == ["name"]
    controls.mark(pane, "John Smith", "none")
    controls.mark(pane, "Boeing", "address")
    marks = [(pane.note.text[i.start : i.end], i.kind) for i in pane.picture().identifiers]
    assert ("John Smith", "name") not in marks
    assert marks.count(("Boeing", "address")) == 2
    pane.private.followed.emit()
    copy = desk.grid.active.note
    assert "Boeing" not in copy.text
    assert "John Smith" in copy.text


def test_selected_words_are_offered_to_be_marked_and_what_is_typed_is_looked_through(desk, qtbot):
    pane = shown(desk, "Seen at the bakery.")
    desk.controls("note").change("private")
    assert pane.picture().identifiers == ()
    assert "Rules miss some" in pane.private.words()
    assert pane.legend.isVisibleTo(pane)
    pane.text.go_to(12, 18)
    assert pane.text.selected() == (12, 18)
    desk.controls("note").menu(pane, QPoint(0, 0))
    menus = [m for m in desk.window.findChildren(QMenu) if m.title() == "Mark as"]
    assert len(menus) == 1
    menus[0].actions()[0].trigger()
    assert [(i.start, i.end, i.kind) for i in pane.picture().identifiers] == [(12, 18, "name")]
    for menu in desk.window.findChildren(QMenu):
        menu.close()
    pane.set_editing(True)
    qtbot.keyClicks(pane.text, "Dr. Okafor ")
    qtbot.waitUntil(lambda: any(i.kind == "name" and i.end - i.start == 6 for i in pane.picture().identifiers), timeout=4000)


def test_the_first_look_reads_the_lists_of_names_in_a_thread(desk, qtbot):
    gazetteer.cache_clear()
    pane = shown(desk, "Seen by Dr. Okafor.")
    desk.controls("note").change("private")
    assert "reading …" in pane.private.words()
    qtbot.waitUntil(lambda: [i.kind for i in pane.picture().identifiers] == ["name"], timeout=8000)


def test_a_long_note_is_looked_through_in_a_thread(desk, qtbot):
    text = "No fever. " * 2000 + "Seen by Dr. Okafor."
    pane = shown(desk, text)
    desk.controls("note").change("private")
    qtbot.waitUntil(lambda: [text[i.start : i.end] for i in pane.picture().identifiers] == ["Okafor"], timeout=8000)
    before = desk.grid.active.note.item
    pane.private.followed.emit()
    qtbot.waitUntil(lambda: desk.grid.active.note.item != before, timeout=8000)
    assert desk.grid.active.note.text.endswith("Dr. [NAME].")


def test_a_new_note_and_the_clipboard_become_notes_of_the_patient(desk):
    person = Patient("T-1", "Test^Person")
    note = NoteDocument("n1", person, Study("1.2"), "/x/n1.txt", "txt", "Seen.", "utf-8", "en", has_identity=True)
    desk.session.put([note])
    desk.show_item("n1")
    desk.controls("note").new()
    pane = desk.grid.active
    assert pane.editing
    assert pane.note.patient == person
    assert pane.note.study.uid == "1.2"
    QApplication.clipboard().setText("双侧胸腔未见积液。")
    desk.controls("note").paste()
    assert desk.grid.active.note.text == "双侧胸腔未见积液。"
    assert desk.grid.active.note.language == "zh"


def test_nt08_a_guessed_encoding_can_be_chosen_with_a_preview(desk, tmp_path, qtbot):
    from medviewer.core.errors import Notice
    from medviewer.services.notes import encodings

    file = tmp_path / "n1.txt"
    file.write_bytes("café naïve".encode("latin-1"))
    warning = Notice("charset-guessed", str(file), {"charset": "latin-1"})
    note = NoteDocument("n1", Patient(), Study(), str(file), "txt", "café naïve", "latin-1", "en", warnings=(warning,))
    desk.session.put([note])
    desk.show_item("n1")
    pane = desk.grid.active
    assert "encoding" in pane.strip.words()
    choices = dict(encodings(note))
    assert choices["latin-1"] == "café naïve"
    assert "utf-8" not in choices
    desk.controls("note").take_encoding(note, "koi8-r")
    assert desk.grid.active.note.text == file.read_bytes().decode("koi8-r")


def test_a_signed_note_cannot_be_edited(desk):
    pane = shown(desk, signed_by="x", signed_at="2026-01-01T00:00:00+00:00", note_id="a")
    pane.set_editing(True)
    assert not pane.editing
    assert not pane.edit_button.isEnabled()
    assert "signed by x" in pane._state.text()


def test_a_note_is_signed_after_a_question_and_then_takes_addenda_alone(desk, qtbot):
    from PySide6.QtWidgets import QMessageBox

    pane = shown(desk)
    desk.controls("note").add()
    assert desk.grid.active is pane  # not signed yet: told, nothing made
    desk.controls("note").ask_sign()
    box = desk.window.findChild(QMessageBox)
    next(b for b in box.buttons() if b.text() == "Sign").click()
    assert desk.session.item("n1").signed_at
    pane.set_editing(True)
    assert not pane.editing
    desk.controls("note").add()
    added = desk.grid.active
    assert added.editing
    assert added.note.addendum_to == desk.session.item("n1").note_id


def test_a_very_long_note_is_shown_in_part_and_says_so(desk):
    pane = shown(desk, "word " * 60_000)
    assert "200000 of 300000" in pane.strip.words().replace(",", "")
    assert not pane.edit_button.isEnabled()


def test_the_next_finding_is_gone_to(desk):
    pane = shown(desk)
    judge(desk)
    seen = []
    for _ in range(5):
        desk.controls("note").step_event(pane, 1)
        seen.append(pane.text.textCursor().selectedText())
    assert seen == ["pneumonia", "pleural effusion", "nodule", "fever", "pneumonia"]


def test_the_lexicon_is_changed_by_the_user_and_given_back(desk, qtbot):
    from medviewer.ui.note.lexicon import LexiconEditor

    editor = LexiconEditor(desk.notes, "en", desk.window)
    qtbot.addWidget(editor)
    row = next(k for k in range(editor.groups.count()) if editor.groups.item(k).text() == "concepts/cough")
    editor.groups.setCurrentRow(row)
    editor.phrases.appendPlainText("tussis")
    editor._save()
    assert [m.concept for m in mentions("No tussis.", desk.notes.lexicon("en"))] == ["cough"]
    again = LexiconEditor(desk.notes, "en", desk.window)
    qtbot.addWidget(again)
    again._reset()
    again._save()
    assert not mentions("No tussis.", desk.notes.lexicon("en"))


def test_a_click_activates_the_pane(desk, qtbot):
    pane = shown(desk)
    desk.lay_out(1, 2)
    other = desk.grid.panes[1]
    desk.grid.activate(other)
    qtbot.mouseClick(pane.text.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert desk.grid.active is pane


def test_the_bundled_face_has_the_signs_of_chinese_notes():
    from PySide6.QtGui import QRawFont

    from medviewer.store.assets import asset
    from medviewer.ui import theme

    face = QRawFont(str(asset(theme.FONT_FILE)), 14)
    assert all(face.supportsCharacter(ord(sign)) for sign in "啰音嘌呤癫痫肽瘘髌髂踝胫玥昇喆")


def test_headers_are_marked_in_one_layout_and_follow_what_is_typed(desk, qtbot):
    """By Qt's own highlighter 3,000 headers took 20 s of the GUI thread; all of them now cost about what the text itself does."""
    text = "ASSESSMENT: no fever.\n" * 3000
    note = desk.notebook.start(None, None, text)
    desk.show_item(note.item)
    pane = desk.grid.active

    def bold(block):
        return [(one.start, one.length) for one in block.layout().formats()]

    document = pane.text.document()
    assert bold(document.firstBlock()) == bold(document.lastBlock().previous()) == [(0, 11)]
    began = time.perf_counter()
    pane.text.fill(text)
    plain = time.perf_counter() - began
    assert bold(document.firstBlock()) == []
    began = time.perf_counter()
    pane.text.set_sections(note_of(desk, note).sections)
    assert time.perf_counter() - began < 10 * plain + 0.5
    pane.set_editing(True)
    cursor = pane.text.textCursor()
    cursor.setPosition(5)
    pane.text.setTextCursor(cursor)
    qtbot.keyClick(pane.text, Qt.Key.Key_Return)  # "ASSES" is no header any more, "SMENT" is one of another length
    qtbot.waitUntil(lambda: len(note_of(desk, note).text) == len(text) + 1, timeout=5000)
    assert bold(document.firstBlock()) == [] and bold(document.lastBlock().previous()) == [(0, 11)]


def note_of(desk, note):
    return desk.session.item(note.item)


def test_a_low_pane_leaves_the_room_to_the_text_and_what_is_left_out_is_one_click_away(qtbot):
    room = QWidget()
    qtbot.addWidget(room)
    line = MentionLine(lambda mention: "", room)
    text = " ".join(f"{word}, no" for word in ("pneumonia", "effusion", "nodule", "fever", "cough"))
    found = mentions(text, lexicon("en"))
    line.show_mentions(tuple(replace(m, laterality=side) for m in found for side in ("left", "right", "bilateral")))
    line.resize(380, 40)
    line.set_rows(1)
    room.resize(380, 400)
    room.show()
    line.grab()
    assert line.height() == line.ROW + 10 and len(line._boxes) < len(line.words())
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=line._more.center().toPoint())
    line.grab()
    assert line.height() > 2 * line.ROW and len(line._boxes) == len(line.words())
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=line._more.center().toPoint())
    assert line.height() == line.ROW + 10


def test_headers_survive_every_kind_of_edit(desk, qtbot):
    """Lines split, joined, taken away, put back by undo: no format stays where no header is, nothing is read after its end."""
    lines = [f"PLAN {chr(65 + n % 26)}: no fever {n}." if n % 3 else f"plain line {n}" for n in range(300)]
    pane = shown(desk, "\n".join(lines))
    pane.set_editing(True)
    headers, random = pane.text._headers, Random(1)
    lexicon_en = lexicon("en")
    for _ in range(150):
        cursor = pane.text.textCursor()
        length = len(pane.text.text())
        act = random.randrange(5)
        cursor.setPosition(random.randrange(max(1, length)))
        if act == 0:
            cursor.insertText(random.choice(("\n", "NEW PLAN: ", "x", "\nIMPRESSION: none\n")))
        elif act == 1:
            cursor.setPosition(min(length, cursor.position() + random.randrange(400)), QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        elif act == 2:
            pane.text.document().undo()
        elif act == 3:
            pane.text.document().redo()
        else:
            cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock)
            cursor.insertText("\n")
        text = pane.text.text()
        found = sections(text, lexicon_en)
        headers.show([(s.start, s.body) for s in found])
        formatted = []
        block = pane.text.document().firstBlock()
        while block.isValid():
            formatted += [(block.position() + one.start, one.length) for one in block.layout().formats()]
            block = block.next()
        ends = [text.find("\n", s.start) if "\n" in text[s.start : s.body] else s.body for s in found]
        assert formatted == [(s.start, end - s.start) for s, end in zip(found, ends, strict=True)]
    pane.text.fill("another note\n" * 50)
    headers.show([])
