"""What hospital programs really write: RTF in the code page of its fonts, DOCX with tracked changes, escapes of HL7 v2 …"""

import base64
import gzip
import io
import json
import zipfile

import pytest

from medviewer.core.errors import MedviewerError
from medviewer.io.note.cda import cda
from medviewer.io.note.fhir import fhir
from medviewer.io.note.hl7 import hl7
from medviewer.io.note.plain import docx, pdf, rtf

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
CHINESE = "双侧胸腔未见积液。"


def hexed(text, encoding="gb18030"):
    return "".join(f"\\'{byte:02x}" for byte in text.encode(encoding))


def escaped(text, after="?"):
    units = text.encode("utf-16-le")
    return "".join(f"\\u{int.from_bytes(units[k : k + 2], 'little', signed=True)}{after}" for k in range(0, len(units), 2))


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (r"{\rtf1\ansi\ansicpg936{\fonttbl{\f0\fcharset134 SimSun;}}\f0 " + hexed(CHINESE) + r"\par}", CHINESE),
        (
            r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset134 SimSun;}}\f0 Note caf\'e9: {\f1 "
            + hexed(CHINESE)
            + r"} d\'e9j\'e0\par}",
            f"Note café: {CHINESE} déjà",
        ),
        (r"{\rtf1\ansi\ansicpg950 " + hexed("未見積液", "big5") + "}", "未見積液"),
        (r"{\rtf1\ansi\uc1 " + escaped(CHINESE + "😀") + "}", CHINESE + "😀"),
        (r"{\rtf1\ansi\ansicpg936\uc2 " + escaped("未", hexed("未")) + escaped("见", hexed("见")) + " end}", "未见 end"),
        (r"{\rtf1\ansi\uc0 " + escaped("未见", " ") + "end}", "未见end"),
        (r"{\rtf1\ansi \{braces\} back\\slash}", r"{braces} back\slash"),
    ],
)
def test_rtf_is_read_in_the_code_page_of_its_fonts(content, wanted):
    assert rtf(content.encode("latin-1"), "x")[0].strip() == wanted


def test_rtf_with_bytes_that_are_not_escaped_is_read():
    assert rtf(rb"{\rtf1\ansi\ansicpg936 " + CHINESE.encode("gb18030") + b"}", "x")[0].strip() == CHINESE


def made_docx():
    """A document by python-docx with what Word adds: changes, text box, content control, nested table, header, footnote."""
    python_docx = pytest.importorskip("docx")
    from docx.oxml import parse_xml

    document = python_docx.Document()
    document.sections[0].header.paragraphs[0].text = "Clinic of Radiology"
    document.sections[0].footer.paragraphs[0].text = "signed Dr. A"
    line = document.add_paragraph("Findings: ")._p
    line.append(parse_xml(f"<w:ins {W} w:id='1'><w:r><w:t xml:space='preserve'>small effusion </w:t></w:r></w:ins>"))
    line.append(parse_xml(f"<w:del {W} w:id='2'><w:r><w:delText>pneumonia</w:delText></w:r></w:del>"))
    line.append(parse_xml(f"<w:hyperlink {W}><w:r><w:t>left</w:t><w:tab/><w:t>side</w:t></w:r></w:hyperlink>"))
    table = document.add_table(2, 2)
    table.cell(0, 0).text = "Na"
    table.cell(0, 1).text = "140"
    table.cell(0, 1).add_table(1, 1).cell(0, 0).text = "nested"
    table.cell(1, 0).merge(table.cell(1, 1)).text = "merged"
    control = f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    document.element.body.insert(0, parse_xml(control))
    box = "<w:pict><v:textbox xmlns:v='urn:schemas-microsoft-com:vml'><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p>"
    line.append(parse_xml(f"<w:r {W}>{box}</w:txbxContent></v:textbox></w:pict></w:r>"))
    memory = io.BytesIO()
    document.save(memory)
    with zipfile.ZipFile(memory, "a") as archive:
        archive.writestr(
            "word/footnotes.xml",
            f"<w:footnotes {W}><w:footnote><w:p><w:r><w:t>a footnote</w:t></w:r></w:p></w:footnote></w:footnotes>",
        )
    return memory.getvalue()


def test_a_docx_is_read_whole_and_as_if_its_changes_were_accepted():
    lines = [line for line in docx(made_docx(), "x")[0].split("\n") if line]
    assert lines == [
        "Clinic of Radiology",
        "control",
        "Findings: small effusion left\tside",
        "box",
        "Na\t140 nested",
        "merged",
        "a footnote",
        "signed Dr. A",
    ]


def test_a_docx_with_entities_or_endless_nesting_ends_in_a_message_or_text():
    deep = f"<w:document {W}><w:body>" + "<w:tbl><w:tr><w:tc>" * 5000 + "</w:tc></w:tr></w:tbl>" * 5000 + "</w:body></w:document>"
    bad = f'<!DOCTYPE d [<!ENTITY a "x">]><w:document {W}><w:body><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:body></w:document>'
    for content, codes in ((deep, ("note-damaged", "")), (bad, ("xml-unsafe",))):
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w") as archive:
            archive.writestr("word/document.xml", content)
        try:
            found = docx(memory.getvalue(), "x")[0].strip()
        except MedviewerError as error:
            found = error.notice.code
        assert found in codes


HEAD = "MSH|^~\\&|A|B|C|D|20200102030405||ORU^R01|1|P|2.5\rPID|1||123^^^H||Doe^Jane\rOBR|1|||CXR^Chest X-ray\r"


@pytest.mark.parametrize(
    ("obx", "wanted"),
    [
        ("OBX|1|FT|G^Report||One\\.br\\two \\T\\ \\F\\ \\E\\ \\S\\ \\R\\", ["Report: One", "two & | \\ ^ ~"]),
        ("OBX|1|TX|G^Report||No effusion.~No pneumothorax.", ["Report: No effusion.", "No pneumothorax."]),
        ("OBX|1|TX|G^Report||A\\X0D0A\\B\\X0D\\C", ["Report: A", "B", "C"]),
        ("OBX|1|TX|G^Report||\\XE69CAAE8A781\\ \\XCEB4BCFB\\", ["Report: 未见 未见"]),
        ("OBX|1|FT|G^Report||\\.in+4\\Indented\\.sp2\\after\\H\\bold\\N\\", ["Report:", "Indented", "afterbold"]),
        ("OBX|1|NM|718-7^Hemoglobin||13.2|g/dL|12-16|N\rOBX|2|TX|||bare", ["Hemoglobin: 13.2 g/dL N (12-16)", "bare"]),
    ],
)
def test_hl7_escapes_repetitions_and_units_are_read(obx, wanted):
    (found,) = hl7(HEAD + obx + "\r", "x")
    assert [line.strip() for line in found.text.split("\n") if line.strip()] == ["Chest X-ray:", *wanted]


def attachment(data, kind):
    return {"contentType": kind, "data": base64.b64encode(data).decode()}


def reference(data, kind):
    return json.dumps({"resourceType": "DocumentReference", "content": [{"attachment": attachment(data, kind)}]})


@pytest.mark.parametrize(
    ("data", "kind", "wanted"),
    [
        (gzip.compress(b"No effusion."), "application/gzip", "No effusion."),
        (gzip.compress(CHINESE.encode("gb18030")), "text/plain", CHINESE),
        (CHINESE.encode("gb18030"), "text/plain; charset=gb18030", CHINESE),
        (b"<html><body><p>No <b>effusion</b>.</p></body></html>", "text/html", "No effusion."),
    ],
)
def test_fhir_attachments_are_read_also_packed(data, kind, wanted):
    assert fhir(reference(data, kind), "x")[0].text.strip() == wanted


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (bytes(range(256)) * 4, "image/png", "note-binary"),
        (b"\x1f\x8b broken", "text/plain", "note-damaged"),
        (gzip.compress(b"a" * 80_000_000), "text/plain", "note-bomb"),
    ],
)
def test_an_attachment_that_is_no_text_is_told(data, kind, code):
    with pytest.raises(MedviewerError, match=code):
        fhir(reference(data, kind), "x")


def test_one_bad_attachment_does_not_hide_the_rest_of_a_bundle():
    report = {
        "resourceType": "DiagnosticReport",
        "subject": {"reference": "urn:uuid:1"},
        "conclusion": "No pneumonia.",
        "presentedForm": [attachment(bytes(range(256)), "image/png") | {"title": "scan"}, attachment(b"Form.", "text/plain")],
    }
    pointing = {"resourceType": "DocumentReference", "content": [{"attachment": {"url": "Binary/b"}}]}
    binary = {"resourceType": "Binary", "id": "b", **attachment(b"From a Binary.", "text/plain")}
    person = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "name": [{"family": "Doe", "given": ["J"]}]}}
    entries = [person, *({"resource": one} for one in (report, pointing, binary))]
    found = fhir(json.dumps({"resourceType": "Bundle", "entry": entries}), "x")
    assert [(one.text, one.patient.name) for one in found] == [("scan\nForm.\nNo pneumonia.", "Doe^J"), ("From a Binary.", "")]


def test_nested_tables_and_lists_of_a_cda_keep_their_cells():
    inner = "<table><tbody><tr><td>Na</td><td>140</td></tr></tbody></table>"
    table = f"<table><tbody><tr><td>Panel</td><td>{inner}</td></tr></tbody></table>"
    text = f"<section><title>Results</title><text>{table}<list><item>one <content>bold</content></item></list></text></section>"
    body = f"<component><structuredBody><component>{text}</component></structuredBody></component>"
    found, _ = cda(f'<ClinicalDocument xmlns="urn:hl7-org:v3">{body}</ClinicalDocument>'.encode(), "x")
    lines = [" ".join(line.split()) for line in found.text.split("\n") if line.strip()]
    assert lines == ["Results:", "Panel", "Na 140", "one bold"]


def made_pdf(words):
    """A page with each text at its place, in the order given."""
    drawn = "".join(f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET\n" for x, y, text in words)
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(drawn)}>>stream\n{drawn}endstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj{content}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return f"{made}xref\n0 6\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size 6>>\nstartxref\n{len(made)}\n%%EOF".encode()


LEFT = [f"The left column has line number {n} of eight" for n in range(8)]
RIGHT = [f"and the right one goes on with its line {n} too" for n in range(8)]


def test_two_columns_of_prose_are_read_one_after_the_other():
    rows = [(50, 800, "A heading that goes across the whole page and both of the columns below it, to the end")]
    for n in range(8):
        rows += [(50, 760 - 14 * n, LEFT[n]), (320, 760 - 14 * n, RIGHT[n])]
    rows.append((50, 600, "A last line that goes across the whole page again, below both of the columns, to the end"))
    lines = [line.strip() for line in pdf(made_pdf(rows), "x")[0].split("\n") if line.strip()]
    assert lines[1:-1] == LEFT + RIGHT
    assert lines[0].startswith("A heading") and lines[-1].startswith("A last line")


def test_rows_of_a_table_in_a_pdf_stay_together():
    rows = [cell for n in range(10) for cell in ((50, 760 - 14 * n, f"Value {n}"), (320, 760 - 14 * n, f"{140 + n} mmol/l"))]
    lines = [" ".join(line.split()) for line in pdf(made_pdf(rows), "x")[0].split("\n") if line.strip()]
    assert lines == [f"Value {n} {140 + n} mmol/l" for n in range(10)]
