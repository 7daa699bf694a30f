"""Documents of hospital systems: FHIR R4 JSON, C-CDA (whole or fragments), HL7 v2 ORU/MDM.

HL7 FHIR R4; HL7 v2.5.1 chapters 2.7 (escapes) and 7.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element, ParseError, tostring

from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient, Study
from medviewer.io.note.plain import LARGEST_FILE, decoded, docx, markup, pdf, rtf

NOBODY, NO_STUDY = Patient(), Study()


@dataclass(frozen=True, slots=True)
class Found:
    """What a document says: its text and who, when, by whom."""

    text: str
    format: str
    patient: Patient = NOBODY
    study: Study = NO_STUDY
    date: str = ""
    author: str = ""
    title: str = ""


def embedded(raw: bytes, kind: str, path: str) -> str:
    """The text of an attachment of this media type; what it is by content counts where the type is silent."""
    kind = kind.lower().split(";")[0].strip()
    if raw.startswith(b"\x1f\x8b"):
        raw, kind = _gunzipped(raw, path), ""
    if "rtf" in kind or raw.startswith(b"{\\rtf"):
        return rtf(raw, path)
    if "pdf" in kind or raw.startswith(b"%PDF"):
        return pdf(raw, path)
    if "wordprocessingml" in kind or raw.startswith(b"PK\x03\x04"):
        return docx(raw, path)
    text = decoded(raw, path)[0]
    if "html" in kind or "xml" in kind or re.match(r"\s*<(!doctype|html|\?xml|div|clinicaldocument)", text, re.IGNORECASE):
        return markup(text, path)
    return text


def _gunzipped(raw: bytes, path: str) -> bytes:
    """Raises `note-bomb` beyond LARGEST_FILE, `note-damaged`."""
    unpack = zlib.decompressobj(31)
    try:
        found = unpack.decompress(raw, LARGEST_FILE)
    except zlib.error as error:
        raise MedviewerError("note-damaged", path, reason="gzip") from error
    if unpack.unconsumed_tail:
        raise MedviewerError("note-bomb", path)
    return found


def _unbase64(text: str, path: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()))
    except (binascii.Error, ValueError) as error:
        raise MedviewerError("note-damaged", path, reason="base64") from error


# FHIR


def fhir(text: str, path: str) -> list[Found]:
    """Every report, document, composition and impression of a resource or a Bundle. Raises `note-damaged`, `note-empty`."""
    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MedviewerError("note-damaged", path, reason="JSON") from error
    if not isinstance(root, dict) or "resourceType" not in root:
        raise MedviewerError("note-damaged", path, reason="no FHIR resource")
    entries: list[Any] = [root]
    if root["resourceType"] == "Bundle":
        entries = [e.get("resource") for e in root.get("entry") or () if isinstance(e, dict)]
    resources: list[dict[str, Any]] = [r for r in entries if isinstance(r, dict)]
    everything = resources + [c for r in resources for c in r.get("contained") or () if isinstance(c, dict)]
    known = {f"{r.get('resourceType')}/{r.get('id')}": r for r in everything} | {f"#{r.get('id')}": r for r in everything}
    for entry in root.get("entry") or ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict) and entry.get("fullUrl"):
            known[str(entry["fullUrl"])] = entry["resource"]
    telling = ("DiagnosticReport", "DocumentReference", "Composition", "ClinicalImpression", "Observation")
    chosen = [r for r in resources if r.get("resourceType") in telling[:4]] or resources
    problems: list[MedviewerError] = []
    found = [_resource(r, known, path, problems) for r in chosen]
    kept = [f for f in found if f.text.strip()]
    if not kept:
        raise problems[0] if problems else MedviewerError("note-empty", path)
    return kept


def _resource(resource: dict[str, Any], known: dict[str, dict[str, Any]], path: str, problems: list[MedviewerError]) -> Found:
    """One resource's words; an attachment that cannot be read is one of the `problems` and the rest is told all the same."""
    lines: list[str] = []
    kind = str(resource.get("resourceType"))
    for content in resource.get("content") or ():
        _attachment(content.get("attachment") if isinstance(content, dict) else None, lines, path, known, problems)
    for form in resource.get("presentedForm") or ():
        _attachment(form, lines, path, known, problems)
    for name in ("conclusion", "summary", "description"):
        if isinstance(resource.get(name), str):
            lines.append(str(resource[name]))
    lines += [_coding(code) for code in resource.get("conclusionCode") or resource.get("codedDiagnosis") or ()]
    for section in resource.get("section") or ():
        _fhir_section(section, lines, path)
    for reference in resource.get("result") or ():
        target = known.get(str(reference.get("reference") if isinstance(reference, dict) else ""))
        if target:
            lines.append(_observation(target))
    if kind == "Observation":
        lines.append(_observation(resource))
    narrative = resource.get("text")
    if not any(line.strip() for line in lines) and isinstance(narrative, dict):
        lines.append(markup(str(narrative.get("div") or ""), path))
    subject = resource.get("subject") or resource.get("patient") or {}
    who = known.get(str(subject.get("reference") or "")) if isinstance(subject, dict) else None
    shown = str(subject.get("display") or "") if isinstance(subject, dict) else ""
    moment = next(
        (resource[k] for k in ("effectiveDateTime", "date", "issued", "created") if isinstance(resource.get(k), str)), ""
    )
    authors = resource.get("author") or resource.get("performer") or resource.get("assessor") or ()
    authors = [authors] if isinstance(authors, dict) else authors
    author = ", ".join(str(a.get("display")) for a in authors if isinstance(a, dict) and a.get("display"))
    title = str(resource.get("title") or "") or _coding(resource.get("code") or resource.get("type") or {})
    text = "\n".join(line for line in lines if line.strip())
    return Found(text, "fhir", _person(who, shown), Study(date=str(moment)[:10]), str(moment), author, title)


def _attachment(
    attachment: Any, lines: list[str], path: str, known: dict[str, dict[str, Any]], problems: list[MedviewerError]
) -> None:
    """Its own data, or those of the Binary that it points to; its title where there are none."""
    if not isinstance(attachment, dict):
        return
    binary = known.get(str(attachment.get("url") or ""), {})
    data = attachment.get("data") or (binary.get("data") if binary.get("resourceType") == "Binary" else None)
    if isinstance(data, str):
        kind = str(attachment.get("contentType") or binary.get("contentType") or "")
        try:
            lines.append(embedded(_unbase64(data, path), kind, path))
            return
        except MedviewerError as error:
            problems.append(error)
    if attachment.get("title"):
        lines.append(str(attachment["title"]))


def _fhir_section(section: Any, lines: list[str], path: str, depth: int = 0) -> None:
    if not isinstance(section, dict) or depth > 20:
        return
    if section.get("title"):
        lines.append(f"{section['title']}:")
    if isinstance(section.get("text"), dict):
        lines.append(markup(str(section["text"].get("div") or ""), path))
    for part in section.get("section") or ():
        _fhir_section(part, lines, path, depth + 1)


def _coding(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    codings = [c.get("display") for c in concept.get("coding") or () if isinstance(c, dict)]
    return str(concept.get("text") or next((c for c in codings if c), ""))


def _observation(resource: dict[str, Any]) -> str:
    value = resource.get("valueQuantity")
    said = ""
    if isinstance(value, dict):
        said = f"{value.get('value', '')} {value.get('unit') or value.get('code') or ''}".strip()
    said = said or str(resource.get("valueString") or "") or _coding(resource.get("valueCodeableConcept"))
    parts = "; ".join(_observation(c) for c in resource.get("component") or () if isinstance(c, dict))
    name = _coding(resource.get("code"))
    return f"{name}: {said or parts}" if said or parts else name


def _person(resource: dict[str, Any] | None, shown: str) -> Patient:
    if not resource or resource.get("resourceType") != "Patient":
        return Patient(name=shown)
    names = [n for n in resource.get("name") or () if isinstance(n, dict)]
    name = ""
    if names:
        given = " ".join(str(g) for g in names[0].get("given") or ())
        name = f"{names[0].get('family') or ''}^{given}".strip("^") or str(names[0].get("text") or "")
    ids = [str(i.get("value")) for i in resource.get("identifier") or () if isinstance(i, dict) and i.get("value")]
    sex = {"male": "M", "female": "F"}.get(str(resource.get("gender")), "")
    return Patient(ids[0] if ids else str(resource.get("id") or ""), name or shown, str(resource.get("birthDate") or ""), sex)


# C-CDA


def cda(raw: bytes, path: str) -> Found:
    """The narrative of all sections, or the embedded body. Raises `xml-unsafe`, `note-damaged`, `note-empty`."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(raw, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise MedviewerError("xml-unsafe", path, reason=type(error).__name__) from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise MedviewerError("note-damaged", path, reason="XML") from error
    for element in root.iter():
        element.tag = str(element.tag).rsplit("}", 1)[-1]
    lines: list[str] = []
    for body in root.iter("nonXMLBody"):
        _cda_text(body.find("text"), lines, path)
    for section in [root] if root.tag == "section" else root.iter("section"):
        title = section.find("title")
        if title is not None and "".join(title.itertext()).strip():
            lines.append(f"{' '.join(''.join(title.itertext()).split())}:")
        _cda_text(section.find("text"), lines, path)
        for entry in section.iter():
            if entry.tag == "text" and entry.get("representation") == "B64":
                _cda_text(entry, lines, path)
    text = "\n".join(line for line in lines if line.strip())
    if not text.strip():
        raise MedviewerError("note-empty", path)
    moment = root.find("effectiveTime")
    date = hl7_date((moment.get("value") or "") if moment is not None else "")
    title = root.find("title")
    author = root.find("author/assignedAuthor/assignedPerson/name")
    return Found(
        text,
        "cda",
        _cda_person(root),
        Study(date=date[:10]),
        date,
        _words(author),
        _words(title),
    )


def _words(element: Element | None) -> str:
    return " ".join(" ".join(element.itertext()).split()) if element is not None else ""


def _cda_text(element: Element | None, lines: list[str], path: str) -> None:
    if element is None:
        return
    if element.get("representation") == "B64":
        lines.append(embedded(_unbase64("".join(element.itertext()), path), element.get("mediaType") or "", path))
    elif element.get("mediaType", "").startswith("text/") and len(element) == 0:
        lines.append((element.text or "").strip())
    else:
        lines.append(markup(tostring(element, encoding="unicode"), path))


def _cda_person(root: Element) -> Patient:
    role = root.find("recordTarget/patientRole")
    if role is None:
        return Patient()
    number, name = role.find("id"), role.find("patient/name")
    birth, sex = role.find("patient/birthTime"), role.find("patient/administrativeGenderCode")
    family, given = (name.find("family"), name.findall("given")) if name is not None else (None, [])
    spelled = f"{_words(family)}^{' '.join(_words(g) for g in given)}".strip("^")
    return Patient(
        (number.get("extension") or "") if number is not None else "",
        spelled or _words(name),
        hl7_date((birth.get("value") or "") if birth is not None else "")[:10],
        {"M": "M", "F": "F"}.get((sex.get("code") or "") if sex is not None else "", ""),
    )


def hl7_date(value: str) -> str:
    digits = re.match(r"\d{4,14}", value)
    if not digits or len(digits.group()) < 8:
        return ""
    d = digits.group()
    day = f"{d[:4]}-{d[4:6]}-{d[6:8]}"
    return f"{day}T{d[8:10]}:{d[10:12]}:{(d + '00')[12:14]}" if len(d) >= 12 else day


# HL7 v2


def hl7(text: str, path: str) -> list[Found]:
    """One document a message: OBR titles and OBX values (texts, numbers with units, encapsulated data). Raises `note-damaged`."""
    segments = [line for line in re.split(r"[\r\n]+", text.strip()) if line.strip()]
    if not segments or not segments[0].startswith("MSH") or len(segments[0]) < 8:
        raise MedviewerError("note-damaged", path, reason="HL7 v2")
    field_mark, marks = segments[0][3], segments[0][4:8]
    found: list[Found] = []
    for message in _messages(segments):
        lines: list[str] = []
        patient, date, author, title = Patient(), "", "", ""
        for segment in message:
            fields = segment.split(field_mark)
            get = partial(_field, fields)
            if fields[0] == "PID":
                ids, name = get(3).split(marks[1])[0].split(marks[0]), get(5).split(marks[1])[0].split(marks[0])
                spelled = f"{name[0]}^{name[1] if len(name) > 1 else ''}".strip("^")
                sex = get(8) if get(8) in ("M", "F") else ""
                patient = Patient(ids[0], _plain(spelled, marks), hl7_date(get(7))[:10], sex)
            elif fields[0] == "OBR":
                name_of = _component(get(4), 1, marks)
                title = title or name_of
                date = date or hl7_date(get(7))
                lines.append(f"{name_of}:" if name_of else "")
            elif fields[0] == "TXA":
                title, date = title or get(2), date or hl7_date(get(4))
                author = author or " ".join(p for p in get(9).split(marks[0])[1:3] if p)
            elif fields[0] == "OBX":
                lines.append(_obx(fields, marks, path))
            elif fields[0] == "NTE":
                lines.append(_plain(get(3), marks))
        text_of = "\n".join(line for line in lines if line.strip())
        if text_of.strip():
            found.append(Found(text_of, "hl7", patient, Study(date=date[:10]), date, author, title))
    if not found:
        raise MedviewerError("note-empty", path)
    return found


def _field(fields: list[str], n: int) -> str:
    return fields[n] if n < len(fields) else ""


def _messages(segments: list[str]) -> Iterator[list[str]]:
    message: list[str] = []
    for segment in segments:
        if segment.startswith("MSH") and message:
            yield message
            message = []
        message.append(segment)
    yield message


def _component(field: str, n: int, marks: str) -> str:
    parts = field.split(marks[0])
    return _plain(parts[n] if n < len(parts) and parts[n] else parts[0], marks)


def _plain(text: str, marks: str) -> str:
    """Escapes resolved: \\F\\ \\S\\ \\T\\ \\R\\ \\E\\ \\.br\\ \\Xhh\\."""
    escape = marks[2]
    named = {"F": "|", "S": marks[0], "T": marks[3:4] or "&", "R": marks[1], "E": escape, ".br": "\n", "H": "", "N": ""}

    def one(match: re.Match[str]) -> str:
        word = match[1]
        if word in named:
            return named[word]
        if word.startswith("X") and re.fullmatch(r"X([0-9A-Fa-f]{2})+", word):
            raw = bytes.fromhex(word[1:])
            try:
                return raw.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
            except UnicodeDecodeError:
                return raw.decode("gb18030", "replace")
        return "\n" if word.startswith(".") else ""

    return re.sub(re.escape(escape) + r"([^" + re.escape(escape) + r"]{1,40})" + re.escape(escape), one, text)


def _obx(fields: list[str], marks: str, path: str) -> str:
    get = partial(_field, fields)
    kind, name = get(2), _component(get(3), 1, marks)
    if kind == "ED":
        parts = get(5).split(marks[0])
        if len(parts) >= 5 and parts[3].lower() == "base64":
            try:
                return embedded(_unbase64(parts[4], path), parts[2], path)
            except MedviewerError:  # the rest of the message is read all the same
                return f"[{parts[2] or 'attachment'}]"
        return _plain(parts[-1], marks)
    values = [_component(v, 1, marks) if kind in ("CE", "CWE", "CNE") else _plain(v, marks) for v in get(5).split(marks[1])]
    value = "\n".join(unescape(v) for v in values if v)
    unit, abnormal = _component(get(6), 0, marks), get(8)
    if kind in ("TX", "FT", "ST") and not unit and len(value) > 40:
        return value
    head = f"{name}: " if name else ""
    return f"{head}{value} {unit} {abnormal}".strip() if value else ""
