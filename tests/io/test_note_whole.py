"""What word processors and hospital systems put into a document is all read, or it is told what is not."""

import base64
import io
import json
import os
import zipfile

import pytest
from pydicom.dataset import Dataset

from medviewer.core.errors import MedviewerError
from medviewer.io.note.cda import cda
from medviewer.io.note.fhir import fhir
from medviewer.io.note.hl7 import hl7, stated_charset
from medviewer.io.note.plain import docx, pdf, rtf
from medviewer.io.note.readers import claims, open_notes
from medviewer.io.note.reports import _content, _lettered

RTF = rb"""{\rtf1\ansi\ansicpg936\uc2\deff0{\fonttbl{\f0\froman\fcharset0 Times New Roman;}
{\f3\froman\fcharset2{\*\panose 05050102010706020507}Symbol;}{\f4\fnil\fcharset2 Wingdings;}
{\f13\fnil\fcharset134{\*\panose 02010600030101010101}\'cb\'ce\'cc\'e5{\*\falt SimSun};}}
{\colortbl;\red0;}{\stylesheet{\ql Normal;}}{\*\generator Word;}{\info{\title Secret}{\author Bob}}
{\header Ward 3\par}{\footer page 1\par}
\pard\plain {\loch\f13 \'d6\'f7\'cb\'df\'a3\'ba\'bf\'c8\'cb\'d4\par}
{\f0 No effusion {\f4\'fe}yes {\f4\u61608\'3f\'3f}no {\f3\'b3} 3\par}
{\field{\*\fldinst HYPERLINK "x"}{\fldrslt link}}{\footnote \pard below the line}{\deleted gone}{\*\annotation asked}
\trowd\intbl Hb\par low\cell 12.1\cell\row\pard
{\pict\pngblip 89504e47}{\*\unknown hidden}{\bin5 {{{}}}
{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt in a box\par}}{\shprslt in a box}}
{\upr{old}{\*\ud new}} a\~b\_c\emdash d\par}"""


def test_an_rtf_is_read_with_its_headers_notes_boxes_and_signs_and_without_what_was_deleted():
    text, told = rtf(RTF, "x")
    lines = [line for line in text.split("\n") if line.strip()]
    assert lines == [
        "Ward 3",
        "主诉：咳嗽",
        "No effusion ☑yes ☐no ≥ 3",
        "linkHb low\t12.1",
        "in a box",
        "new a\xa0b\u2011c—d",
        "below the line",
        "asked",
        "page 1",
    ]
    assert told == ()


def test_half_a_letter_in_an_rtf_is_told():
    text, told = rtf(rb"{\rtf1\ansi a \u-10179? b}", "x")
    assert "�" in text and [one.code for one in told] == ["charset-damaged"]


W = 'xmlns:w="w"'


def document(body, **parts):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", content)
    return memory.getvalue()


def test_boxes_arrows_form_fields_and_comments_of_a_docx_are_read():
    signs = "".join(f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>' for font, code in
                    (("Wingdings", "F0FE"), ("Wingdings", "F0A8"), ("Symbol", "F0B3"), ("Wingdings", "F021")))  # fmt: skip
    ticked = "<w:r><w:fldChar><w:ffData><w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>"
    body = f"<w:p>{signs}<w:r><w:t>smoker</w:t></w:r></w:p><w:p>{ticked}<w:r><w:t>fever</w:t></w:r></w:p>"
    comments = f"<w:comments {W}><w:comment><w:p><w:r><w:t>asked by B</w:t></w:r></w:p></w:comment></w:comments>"
    text, told = docx(document(body, comments=comments), "x")
    assert text.split("\n") == ["☑☐≥�smoker", "☑ fever", "asked by B"]
    assert [one.code for one in told] == ["charset-damaged"]  # a sign that nobody knows is seen and told


HEAD = "MSH|^~\\&|A|B|C|D|20200102030405||ORU^R01|1|P|2.5||||||{}\r"
PID = "PID|1||{}^^^H||{}\r"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("GB 18030-2000", "gb18030"), ("UNICODE UTF-8", "utf-8"), ("8859/1", "cp1252"), ("BIG-5", "big5"), ("8859/5", "iso8859-5")],
)
def test_msh_18_names_the_encoding(name, encoding, tmp_path):
    words = {"gb18030": "积液", "utf-8": "积液", "big5": "積液", "iso8859-5": "Жалобы", "cp1252": "Größe"}[encoding]
    raw = (HEAD.format(name) + f"OBX|1|TX|1^F||{words}\r").encode(encoding)
    assert stated_charset(raw) == encoding
    (tmp_path / "x.hl7").write_bytes(raw)
    (note,) = open_notes(str(tmp_path / "x.hl7"), "hl7")
    assert (note.text, note.warnings) == (f"F: {words}", ())


def test_a_report_in_one_line_an_obx_has_its_name_once_and_raw_line_ends_lose_nothing():
    obx = (
        "OBX|1|TX|1^Findings||No effusion.\rOBX|2|TX|1^Findings||No nodule.\rOBX|3|TX|2^Impression||Normal\nfor age\r\nand sex.\r"
    )
    (found,) = hl7(HEAD.format("") + obx, "x")
    assert found.text.split("\n") == ["Findings: No effusion.", "No nodule.", "Impression: Normal", "for age", "and sex."]


def test_one_message_about_two_people_is_two_notes():
    first = PID.format("T-1", "Doe^A") + "OBR|1|||X^Chest\rOBX|1|TX|1^F||Pneumonia.\r"
    second = PID.format("T-2", "Doe^B") + "OBR|1|||X^Chest\rOBX|1|TX|1^F||Normal.\r"
    found = hl7("\x0bFHS|^~\\&\r" + HEAD.format("") + first + second + "\x1c\r", "x")
    assert [(one.patient.id, one.text) for one in found] == [("T-1", "Chest:\nF: Pneumonia."), ("T-2", "Chest:\nF: Normal.")]


@pytest.mark.parametrize(
    ("obx", "wanted"),
    [
        ("OBX|1|SN|1^Titre||>^100|mg", "Titre: >100 mg"),
        ("OBX|1|CWE|1^Code||^^^^^^^^as it was said", "Code: as it was said"),
        ("OBX|1|CE|1^Code||I10", "Code: I10"),
        ("OBX|1|NM|1^Glucose||182|mg/dL|70-105|H", "Glucose: 182 mg/dL H (70-105)"),
        ("NTE|1||one~two", "one\ntwo"),
        ("OBX|1|ED|1^Doc||^text^plain^A^plain words", "plain words"),
        ("OBX|1|ED|1^Doc||^application^pdf^Base64^" + base64.b64encode(b"%PDF-x").decode(), "[application/pdf]"),
        ("OBX|1|ED|1^Doc||^image^jpeg^Base64^" + base64.b64encode(b"abc").decode(), "[image/jpeg]"),
    ],
)
def test_every_kind_of_value_keeps_what_it_says(obx, wanted):
    (found,) = hl7(HEAD.format("") + obx + "\r", "x")
    assert found.text == wanted
    assert [one.code for one in found.warnings] == (["note-part-left-out"] if wanted.startswith("[") else [])


def attachment(raw, kind):
    return {"attachment": {"contentType": kind, "data": base64.b64encode(raw).decode()}}


def test_fhir_observations_and_narratives_are_told_whole():
    observation = {
        "resourceType": "Observation", "id": "o", "code": {"text": "Hb"}, "valueQuantity": {"value": 9, "unit": "g/dL"},
        "interpretation": [{"text": "low"}], "referenceRange": [{"low": {"value": 12}, "high": {"value": 16}}],
        "note": [{"text": "haemolysed"}], "component": [{"code": {"text": "seen"}, "valueBoolean": False}],
    }  # fmt: skip
    report = {
        "resourceType": "DiagnosticReport", "conclusion": "Anaemia.", "result": [{"reference": "Observation/o"}],
        "text": {"status": "additional", "div": "<div>More words.</div>"},
    }  # fmt: skip
    (found,) = fhir(json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in (report, observation)]}), "x")
    assert found.text.split("\n") == ["Anaemia.", "Hb: 9 g/dL [low] (12–16); seen: false; haemolysed", "More words."]


def test_fhir_attachments_in_a_stated_encoding_and_what_is_not_in_the_file():
    content = [
        attachment("积".encode("gbk"), "text/plain; charset=GBK"),
        attachment("Größe".encode("latin-1"), "text/plain;charset=iso-8859-1"),
        attachment(os.urandom(20), "image/jpeg"),
        {"attachment": {"contentType": "application/pdf", "url": "https://elsewhere.example/1"}},
    ]
    one = {"resourceType": "DocumentReference", "content": content}
    (found,) = fhir(json.dumps(one), "x")
    assert found.text == "积\nGröße"
    assert [w.code for w in found.warnings] == ["note-part-left-out", "note-part-elsewhere"]
    with pytest.raises(MedviewerError, match="note-elsewhere"):
        fhir(json.dumps(one | {"content": content[3:]}), "x")


def test_fhir_resources_one_a_line_are_read():
    lines = "\n".join(json.dumps({"resourceType": "DiagnosticReport", "conclusion": words}) for words in ("One.", "Two."))
    assert [found.text for found in fhir(lines, "x")] == ["One.", "Two."]


CDA = '<?xml version="1.0" encoding="{}"?><ClinicalDocument xmlns="urn:hl7-org:v3">{}</ClinicalDocument>'


@pytest.mark.parametrize("declared", ["GB18030", "GBK", "GB2312", "utf-8"])
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_cda_is_read_in_its_true_encoding_whatever_the_parser_knows(declared, encoding):
    words = "右肺见结节，未见胸腔积液。"
    found, name = cda(CDA.format(declared, f"<section><text>{words}</text></section>").encode(encoding), "x")
    assert (found.text, name) == (words, encoding)
    guess = declared.lower()[:2] != encoding[:2]
    assert [one.code for one in found.warnings] == (["charset-guessed"] if guess else [])


def test_a_section_without_words_is_told_by_its_entries_and_a_picture_in_a_cda_is_named():
    entry = '<entry><observation><code displayName="Heart rate"/><value value="72" unit="/min"/></observation></entry>'
    image = '<component><nonXMLBody><text mediaType="image/jpeg" representation="B64">AAAA</text></nonXMLBody></component>'
    found, _ = cda(CDA.format("utf-8", f"{image}<section><title>Signs</title>{entry}</section>").encode(), "x")
    assert found.text == "[image/jpeg]\nSigns:\nHeart rate: 72 /min"
    assert [one.code for one in found.warnings] == ["note-part-left-out"]
    elsewhere = '<nonXMLBody><text mediaType="application/pdf"><reference value="x.pdf"/></text></nonXMLBody>'
    with pytest.raises(MedviewerError, match="note-elsewhere"):
        cda(CDA.format("utf-8", elsewhere).encode(), "x")


def item(kind, name, **values):
    one, code = Dataset(), Dataset()
    code.CodeMeaning, one.ValueType, one.ConceptNameCodeSequence = name, kind, [code]
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return one


def test_a_structured_report_tells_codes_without_a_meaning_and_why_a_number_is_missing():
    code, why = Dataset(), Dataset()
    code.CodeValue, why.CodeMeaning = "R-42D8A", "Not a number"
    root = item("CONTAINER", "Report")
    root.ContentSequence = [
        item("CODE", "Site", ConceptCodeSequence=[code]),
        item("NUM", "Size", MeasuredValueSequence=[], NumericValueQualifierCodeSequence=[why]),
    ]
    assert list(_content(root, 0)) == ["Report:", "Site: R-42D8A", "Size: Not a number"]


def test_chinese_in_a_structured_report_whose_bytes_break_the_stated_set_is_read_and_told():
    seen = "Finding: 未见积液abc".encode("gbk").decode("latin-1") + "\r\nMüller"
    text, told = _lettered(seen, "x")
    assert text == "Finding: 未见积液abc\nMüller" and [one.code for one in told] == ["charset-guessed"]
    assert _lettered("Finding: \x1b$)A未见", "x") == ("Finding: 未见", ())


def made_pdf(stream, encoding="/WinAnsiEncoding", font="/Type1/BaseFont/Helvetica", pages=1):
    kids = " ".join(f"{6 + n} 0 R" for n in range(pages))
    objects = {
        1: "<</Type/Catalog/Pages 2 0 R>>", 2: f"<</Type/Pages/Kids[{kids}]/Count {pages}>>",
        4: f"<</Length {len(stream)}>>stream\n{stream}\nendstream", 5: f"<</Type/Font/Subtype{font}/Encoding{encoding}>>",
    }  # fmt: skip
    for n in range(pages):
        words = 4 if n == 0 else 3
        objects[6 + n] = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {words} 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    objects[3] = "<</Length 22>>stream\n10 10 100 100 re f    \nendstream"
    made, places = "%PDF-1.4\n", {}
    for number, content in sorted(objects.items()):
        places[number] = len(made)
        made += f"{number} 0 obj{content}endobj\n"
    table = "".join(f"{places[n]:010} 00000 n \n" for n in sorted(places))
    last = f"trailer<</Root 1 0 R/Size {len(places) + 1}>>\nstartxref\n{len(made)}\n%%EOF"
    return f"{made}xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}{last}".encode("latin-1")


def test_a_word_broken_at_a_pdfs_line_end_keeps_its_hyphen_and_a_prefix_is_no_other_kind():
    raw = made_pdf("BT /F1 12 Tf 50 700 Td (No pneumo-) Tj 0 -14 Td (thorax; 5 \xb5m) Tj ET")
    assert pdf(raw, "x")[0].split() == ["No", "pneumo-", "thorax;", "5", "µm"]
    assert claims(b"mail header\n" + raw) == "pdf"
    assert pdf(b"mail header\n" + raw, "x")[0].split()[0] == "No"


def test_lines_and_cells_of_a_pdf_are_parted_where_pdfium_does_not():
    cells = [(50, 700, "Haemoglobin"), (120, 700, "12.1"), (50, 690, "Leucocytes"), (120, 690, "11,200"), (160, 690, "/ul")]
    raw = made_pdf("".join(f"BT /F1 9 Tf {x} {y} Td ({words}) Tj ET\n" for x, y, words in cells))
    assert pdf(raw, "x")[0].split("\n") == ["Haemoglobin 12.1", "Leucocytes 11,200 /ul"]


def test_pages_without_a_text_layer_letters_without_a_meaning_and_a_lock_are_told():
    text, told = pdf(made_pdf("BT /F1 12 Tf 50 700 Td (Words) Tj ET", pages=3), "x")
    assert text.strip() == "Words" and [(w.code, w.facts["pages"]) for w in told] == [("pdf-pages-without-text", "2, 3")]
    descendant = (
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/A/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>"
    )
    font = f"/Type0/BaseFont/A/DescendantFonts[{descendant}]"
    _, told = pdf(made_pdf("BT /F1 12 Tf 50 700 Td <0024002500260027> Tj ET", "/Identity-H", font), "x")
    assert [one.code for one in told] == ["pdf-letters-unknown"]
    locked = made_pdf("BT /F1 12 Tf 50 700 Td (Words) Tj ET").replace(
        b"trailer<<", b"trailer<</ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (b"00" * 32, b"11" * 32)
    )
    with pytest.raises(MedviewerError, match="pdf-encrypted"):
        pdf(locked, "x")


@pytest.mark.parametrize("cmap", ["UniGB-UCS2-H", "GBK-EUC-H"])
def test_chinese_fonts_that_are_not_in_the_pdf_are_read(cmap):
    words = "未见胸腔积液，右肺肺炎"
    descendant = (
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>"
    )
    font = f"/Type0/BaseFont/STSong-Light/DescendantFonts[{descendant}]"
    raw = words.encode("utf-16-be" if cmap.startswith("Uni") else "gbk").hex()
    text, told = pdf(made_pdf(f"BT /F1 12 Tf 50 700 Td <{raw}> Tj ET", f"/{cmap}", font), "x")
    assert (text, told) == (words, ())


def test_fragments_of_a_cda_are_read_as_such_with_prefixes_that_nobody_bound(tmp_path):
    body = '<templateId root="2.16.840.1.113883.10.20.22.2.3.1"/><title>Results</title><text>No effusion &lt; 5.</text>'
    fragment = f'<!-- cut out -->\n<section>{body}<entry><value xsi:type="CD" sdtc:x="1"/></entry></section>'
    (tmp_path / "x.xml").write_text(fragment + fragment.replace("effusion", "nodule"), "utf-8")
    kind = claims((tmp_path / "x.xml").read_bytes())
    (note,) = open_notes(str(tmp_path / "x.xml"), kind)
    assert (note.format, note.text) == ("cda", "Results:\nNo effusion < 5.\nResults:\nNo nodule < 5.")


def test_each_document_of_a_bundle_belongs_to_the_person_inside_it():
    """ "#p" means what the resource itself contains, not what another one of the same bundle does."""

    def one(n):
        person = {"resourceType": "Patient", "id": "p", "identifier": [{"value": f"T-{n}"}], "name": [{"family": f"Doe{n}"}]}
        return {
            "resourceType": "DiagnosticReport",
            "contained": [person],
            "subject": {"reference": "#p"},
            "conclusion": f"Words {n}.",
        }

    far = {"resourceType": "Patient", "id": "9", "identifier": [{"value": "T-9"}], "name": [{"family": "Far"}]}
    away = {"resourceType": "DiagnosticReport", "subject": {"reference": "https://h.example/fhir/Patient/9/_history/2"},
            "conclusion": "Far."}  # fmt: skip
    entries = [{"resource": one} for one in (one(1), one(2), far, away)]
    found = fhir(json.dumps({"resourceType": "Bundle", "entry": entries}), "x")
    assert [(f.patient.id, f.text) for f in found] == [("T-1", "Words 1."), ("T-2", "Words 2."), ("T-9", "Far.")]
