"""Notes that are hostile, damaged or odd: a clear message each, nothing lost, no minutes."""

import io
import random
import signal
import subprocess
import sys
import time
import zipfile

import pytest
from desk import start
from hypothesis import given, settings
from hypothesis import strategies as st

from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient, Study
from medviewer.core.mentions import mentions
from medviewer.core.note import NoteDocument
from medviewer.inference.contract import fit
from medviewer.inference.note.reading import lexicon
from medviewer.inference.registry import Registry
from medviewer.io.note.cda import cda
from medviewer.io.note.fhir import fhir
from medviewer.io.note.hl7 import hl7
from medviewer.io.note.letters import LARGEST_TEXT, decoded
from medviewer.io.note.plain import docx, pdf, rtf
from medviewer.io.note.readers import open_notes
from medviewer.io.scan import scan
from medviewer.services.notes import Notes
from medviewer.services.privacy import clean_text, identified
from medviewer.store.database import Database
from medviewer.store.profile import Profile
from medviewer.store.records import Records
from medviewer.ui.note.text import LARGEST_SHOWN

SENTENCE = "The patient denies fever and chest pain. No pleural effusion.\n"


def zipped(*parts):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return memory.getvalue()


def codes(path, tmp_path):
    batch = scan([path], workspace=tmp_path / "unpacked")
    return [n.code for n in batch.account.failed], [i.text for i in batch.items], [s.code for s in batch.account.skipped]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.txt", b"", "empty-file"),
        ("blank.txt", b" \n\n\t ", "note-empty"),
        ("deep.json", b'{"resourceType":"Bundle","entry":' + b"[" * 100_000, "note-damaged"),
        ("short.hl7", b"MSH|^~\\&|", "note-empty"),
        ("noise.rtf", b"{\\rtf1 " + bytes(random.Random(1).randbytes(5000)) + b"}", "note-binary"),
        ("braces.rtf", b"{\\rtf1 " + b"{" * 200_000, "note-empty"),
        ("noise.pdf", b"%PDF-1.7\n" + random.Random(2).randbytes(8000), "note-damaged"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "note-old-office"),
        ("sheet.xlsx", zipped(("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", "<workbook/>")), "note-no-word"),
        ("noise.docx", b"PK\x03\x04" + b"[Content_Types].xml" + random.Random(3).randbytes(3000), "note-damaged"),
    ],
)
def test_what_is_no_note_is_told_in_one_code(name, content, code, tmp_path):
    file = tmp_path / name
    file.write_bytes(content)
    failed, items, _ = codes(file, tmp_path)
    assert failed == [code]
    assert not items


def test_a_binary_file_named_txt_is_not_opened(tmp_path):
    file = tmp_path / "program.txt"
    file.write_bytes(b"\x7fELF" + random.Random(4).randbytes(30_000))
    failed, items, skipped = codes(file, tmp_path)
    assert not items
    assert failed or skipped
    late = tmp_path / "late.txt"
    late.write_bytes(b"Notes: fine.\n" * 400 + random.Random(5).randbytes(50_000))
    failed, items, skipped = codes(late, tmp_path)
    assert not items
    assert failed or skipped


def test_a_pdf_without_text_says_that_it_is_a_scan():
    raw = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\nxref\n0 4\n0000000000 65535 f \n"
        b"trailer<</Root 1 0 R/Size 4>>\nstartxref\n9\n%%EOF"
    )
    with pytest.raises(MedviewerError, match="pdf-without-text"):
        pdf(raw, "x.pdf")


def test_docx_bombs_are_not_unpacked():
    types = ("[Content_Types].xml", "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>")
    began = time.monotonic()
    for parts in ([("word/document.xml", b"A" * 40_000_000)], [(f"word/media/{k}", b"A" * 400_000) for k in range(700)]):
        with pytest.raises(MedviewerError, match="note-bomb"):
            docx(zipped(types, *parts), "x.docx")
    assert time.monotonic() - began < 30


def test_entities_of_a_document_are_not_expanded(tmp_path):
    file = tmp_path / "laughs.xml"
    names = "".join(f'<!ENTITY a{k} "{("&a" + str(k - 1) + ";") * 10}">' for k in range(1, 9))
    file.write_text(
        f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "lol">{names}]>'
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>&a8;</title></ClinicalDocument>'
    )
    assert codes(file, tmp_path)[0] == ["xml-unsafe"]


def test_nt08_one_note_in_four_encodings_has_the_same_text_and_mentions():
    text = "右肺下叶肺炎，双侧胸腔未见积液。\n建议复查。"
    read = {name: decoded(text.encode(name), "x")[0] for name in ("utf-8", "utf-8-sig", "utf-16", "gb18030")}
    assert set(read.values()) == {text}
    marks = {tuple((m.start, m.end, m.state) for m in mentions(one, lexicon("zh"))) for one in read.values()}
    assert len(marks) == 1


def test_lines_in_different_encodings_are_read_each_in_its_own_and_told():
    raw = "Café\n".encode("latin-1") + "未见积液。\n".encode("gb18030") + "naïve\n".encode()
    text, name, warnings = decoded(raw, "x")
    assert text == "Café\n未见积液。\nnaïve\n"
    assert name == "mixed"
    assert [w.code for w in warnings] == ["charset-mixed"]


def test_twenty_megabytes_open_and_more_is_told(tmp_path):
    file = tmp_path / "long.txt"
    text = (SENTENCE * (LARGEST_TEXT // len(SENTENCE) + 1))[:LARGEST_TEXT]
    file.write_text(text)
    began = time.monotonic()
    (note,) = open_notes(str(file), "txt")
    note = Notes().understood(note)
    assert note.text == text
    assert note.language == "en"
    for bundle in Registry(Profile.at()).bundles():
        if bundle.kind == "note":
            assert fit(bundle, note).verdict == "refused"
    file.write_text(text + "x")
    with pytest.raises(MedviewerError, match="note-too-long"):
        open_notes(str(file), "txt")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("text", ["fever " * 17_000, "no fever, " * 10_000, "双侧胸腔未见积液，" * 5000, "发热" * 20_000])
def test_a_line_of_a_hundred_thousand_characters_is_judged(text):
    began = time.monotonic()
    found = mentions(text, lexicon("zh" if text[0] > "z" else "en"))
    assert len(found) >= 5000
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("text", ["😀 fever 𠮷 no cough 👩‍⚕️", "המטופל ללא חום. No fever. سعال", "\u202eno fever\u202c", "a\x00b"])
def test_emoji_and_right_to_left_text_keep_their_places(text):
    for mention in mentions(text, lexicon("en")):
        assert text[mention.start : mention.end] == mention.text


def test_hostile_notes_are_shown_and_typed_in(qtbot, tmp_path):
    desk = start(qtbot, tmp_path)
    for k, text in enumerate(("fever " * 17_000, SENTENCE * 20_000, "😀" * 5000 + "\n" + "שלום " * 2000, "\n" * 30_000)):
        note = NoteDocument(f"n{k}", Patient(), Study(), f"/x/{k}.txt", "txt", text, "utf-8", "en")
        desk.session.put([note])
        desk.show_item(note.item)
        pane = desk.grid.active
        assert pane.text.text() == text[:LARGEST_SHOWN]
        if len(text) <= LARGEST_SHOWN:
            pane.set_editing(True)
            pane.text.moveCursor(pane.text.textCursor().MoveOperation.End)
            qtbot.keyClicks(pane.text, "ab")
            pane._flush()
            assert desk.session.item(note.item).text == f"{text}ab"
        pane.grab()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000))
def test_no_bytes_break_the_readers(raw):
    head = b"MSH|^~\\&|A\rPID|1||T-1\rOBX|1|TX|||"
    readers = (
        lambda: decoded(raw, "x"), lambda: rtf(b"{\\rtf1 " + raw, "x"), lambda: docx(raw, "x"), lambda: pdf(raw, "x"),
        lambda: hl7(decoded(head + raw, "x")[0], "x"), lambda: hl7(decoded(head + b"x\rMSH\r" + raw, "x")[0], "x"),
        lambda: cda(b"<ClinicalDocument><section><text>" + raw + b"</text></section></ClinicalDocument>", "x"),
        lambda: fhir(decoded(b'{"resourceType": "Observation", "valueString": "' + raw + b'"}', "x")[0], "x"),
    )  # fmt: skip
    for read in readers:
        assert _code(read).startswith(("note-", "pdf-", "xml-", "read"))


def _code(read):
    try:
        read()
    except MedviewerError as error:
        return error.notice.code
    return "read"


WORDS = st.lists(
    st.sampled_from(
        ["no", "fever", "denies", ",", ".", "cough", "but", "history of", "无", "发热", "，", "。", "(-)", "😀", "\n", "if"]
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(WORDS, st.sampled_from(["en", "zh"]))
def test_mentions_lie_inside_the_text_whatever_it_says(words, language):
    text = " ".join(words) if language == "en" else "".join(words)
    found = mentions(text, lexicon(language), ["cough", "发热"])
    for mention in found:
        assert text[mention.start : mention.end] == mention.text
        for span in (mention.cue, mention.scope):
            assert span is None or 0 <= span[0] <= span[1] <= len(text)
    note = NoteDocument("n", Patient(), Study(), "", "txt", text, "utf-8", language)
    assert all(0 <= one.start < one.end <= len(text) for one in identified(note))
    assert isinstance(clean_text(note), str)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_what_is_typed_in_the_pane_survives_kill_9(tmp_path):
    program = f"""
import sys, time
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
app = QApplication([])
from medviewer.store.profile import Profile
from medviewer.store.settings import Settings
from medviewer.ui.app import Starter
from medviewer.ui.window import Window
profile = Profile.at({str(tmp_path / "profile")!r})
window = Window()
starter = Starter(window, profile, Settings(profile), "en", "cpu", [], False, False)
window.first_paint.connect(starter.start)
window.show()
while starter.desk is None:
    app.processEvents(); time.sleep(0.01)
desk = starter.desk
desk.controls("note").new()
pane = desk.grid.active
while True:
    QTest.keyClick(pane.text, "x")
    app.processEvents()
    print(len(pane.text.text()), time.monotonic(), flush=True)
    time.sleep(0.05)
"""
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
    typed = []
    while not typed or typed[-1][1] - typed[0][1] < 5:
        typed.append(tuple(float(word) for word in running.stdout.readline().split()))
    running.send_signal(signal.SIGKILL)
    rest = running.communicate()[0]
    typed += [tuple(float(word) for word in line.split()) for line in rest.splitlines() if len(line.split()) == 2]
    base = Database(tmp_path / "profile" / "data" / "medviewer.db")
    (note,) = Records(base).notes()
    base.close()
    end = typed[-1][1]
    kept_until = max(when for length, when in typed if length <= len(note.text))
    assert end - kept_until <= 2.0
