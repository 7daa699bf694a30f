"""Nothing of a text is lost or silently garbled: encodings stated, guessed, damaged; a guess and a loss are told."""

import pytest

from medviewer.core.errors import MedviewerError
from medviewer.io.note.letters import decoded, relettered
from medviewer.io.note.readers import claims, open_notes
from medviewer.io.scan import scan

ZH = "主诉：咳嗽三天。胸片未见积液。心电图窦性心律。"
WESTERN = "Dr Müller: kein Erguß. 38 °C, Größe 5 µm – “quoted” € 5"


@pytest.mark.parametrize(
    ("raw", "wanted", "encoding", "told"),
    [
        (WESTERN.encode("cp1252"), WESTERN, "cp1252", ["charset-guessed"]),
        ("Größe 5 µm".encode("latin-1"), "Größe 5 µm", "latin-1", ["charset-guessed"]),
        (ZH.encode("gbk"), ZH, "gb18030", ["charset-guessed"]),
        ("积液".encode("gbk"), "积液", "gb18030", ["charset-guessed"]),
        ((ZH + "㐀𠀀").encode("gb18030"), ZH + "㐀𠀀", "gb18030", ["charset-guessed"]),
        (
            "胸片未見積液。患者無發熱，建議複查。".encode("big5"),
            "胸片未見積液。患者無發熱，建議複查。",
            "big5",
            ["charset-guessed"],
        ),
        (("Note. " + ZH).encode("utf-32"), "Note. " + ZH, "utf-32", []),
        ("No effusion.".encode("utf-32-le"), "No effusion.", "utf-32-le", ["charset-guessed"]),
        ("No effusion.".encode("utf-32-be"), "No effusion.", "utf-32-be", ["charset-guessed"]),
        (ZH.encode("utf-16-le"), ZH, "utf-16-le", ["charset-guessed"]),
        ((ZH + "\n" + ZH).encode("utf-16-be"), ZH + "\n" + ZH, "utf-16-be", ["charset-guessed"]),
        (b"one\x0btwo\xc2\x85three\xe2\x80\xa8four\x0cfive", "one\ntwo\nthree\nfour\x0cfive", "utf-8", []),
        ((ZH * 3).encode()[:-1], ZH * 3 + "\b", "utf-8", ["charset-damaged"]),
        ((ZH * 20).encode() + b"\xff\xfe" + "末尾。".encode(), ZH * 20 + "\b\b末尾。", "utf-8", ["charset-damaged"]),
        ((ZH * 3).encode("gbk")[:-1], ZH * 3 + "\b", "gb18030", ["charset-guessed", "charset-damaged"]),
        (ZH.encode() + b"\n" + "Größe".encode("latin-1"), ZH + "\nGröße", "mixed", ["charset-mixed"]),
    ],
)
def test_nt08_every_encoding_of_the_trade_is_read_and_a_guess_or_a_loss_is_told(raw, wanted, encoding, told):
    """ "\\b" stands for a broken letter, which takes the place of the one that it was."""
    text, name, notices = decoded(raw, "x")
    if wanted.endswith("\b"):
        wanted = wanted[:-2] + "�"
    assert text == wanted.replace("\b", "�")
    assert (name, [notice.code for notice in notices]) == (encoding, told)


def test_a_stated_encoding_counts_before_a_guess_and_a_false_one_does_not():
    assert decoded("积".encode("gbk"), "x", stated="gb18030")[:2] == ("积", "gb18030")
    text, name, told = decoded(ZH.encode(), "x", stated="ascii")
    assert (text, name, [one.code for one in told]) == (ZH, "utf-8", ["charset-guessed"])


@pytest.mark.parametrize("text", ["Müller", "Größe Öl ÄÖÜ", "ação, être, año", "38 °C ±½", "naïve façade"])
def test_western_letters_are_not_taken_for_chinese_pairs(text):
    assert decoded(text.encode("latin-1"), "x")[:2] == (text, "latin-1")
    assert relettered(text) == ""


def test_a_small_text_with_a_few_control_characters_is_a_text_and_a_binary_none():
    assert decoded(b"page\x1bone\x07", "x")[0] == "pageone"
    with pytest.raises(MedviewerError, match="note-binary"):
        decoded(bytes(range(1, 32)) * 20, "x")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le"])
@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("fhir", '{"resourceType": "DiagnosticReport", "conclusion": "No effusion."}'),
        ("cda", '<ClinicalDocument xmlns="urn:hl7-org:v3"><section><text>No effusion.</text></section></ClinicalDocument>'),
        ("hl7", "MSH|^~\\&|A|B|C|D|20200102030405||ORU^R01|1|P|2.5\rOBX|1|TX|||No effusion.\r"),
    ],
)
def test_documents_in_wide_letters_are_known_for_what_they_are(kind, document, encoding, tmp_path):
    raw = document.encode(encoding)
    assert claims(raw) == kind
    (tmp_path / "x").write_bytes(raw)
    assert [note.text for note in open_notes(str(tmp_path / "x"), kind)] == ["No effusion."]


def test_a_hard_case_opens_through_the_scan_with_its_warning(tmp_path):
    (tmp_path / "note.txt").write_bytes(WESTERN.encode("cp1252"))
    (note,) = scan([tmp_path / "note.txt"], workspace=tmp_path).items
    assert (note.text, note.encoding, [w.code for w in note.warnings]) == (WESTERN, "cp1252", ["charset-guessed"])
