"""C-CDA: whole documents or fragments. HL7 CDA R2."""

import re
from xml.etree.ElementTree import Element, ParseError, tostring

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.note.found import Found, embedded, hl7_date, left_out, unbase64
from medviewer.io.note.letters import Told, decoded, is_utf8
from medviewer.io.note.plain import markup

_STATED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")
_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252"}
"""Encodings that are written under a narrower name."""


def cda(raw: bytes, path: str, encoding: str = "") -> tuple[Found, str]:
    """The narrative of all sections, or the embedded body, and the file's encoding. Raises `xml-unsafe`, `note-damaged`,
    `note-empty`, `note-elsewhere`."""
    words, encoding, told = xml_text(raw, path, encoding)
    root = _root(words, path)
    lines: list[str] = []
    notices = list(told)
    for body in root.iter("nonXMLBody"):
        _text(body.find("text"), lines, path, notices)
    for section in [root] if root.tag == "section" else root.iter("section"):
        _section(section, lines, path, notices)
    text = "\n".join(line for line in lines if line.strip())
    if not text.strip():
        elsewhere = any(body.find("text/reference") is not None for body in root.iter("nonXMLBody"))
        raise MedviewerError("note-elsewhere" if elsewhere else "note-empty", path)
    moment = root.find("effectiveTime")
    date = hl7_date((moment.get("value") or "") if moment is not None else "")
    author, title = root.find("author/assignedAuthor/assignedPerson/name"), root.find("title")
    study = Study(date=date[:10])
    return Found(text, "cda", _person(root), study, date, _words(author), _words(title), tuple(notices)), encoding


def xml_text(raw: bytes, path: str, encoding: str = "") -> tuple[str, str, Told]:
    """(text without its declaration, encoding, warnings): the parser itself knows no Chinese encodings. Valid UTF-8 beyond
    ASCII is UTF-8, whatever was declared."""
    declared = _STATED.search(raw[:400])
    name = declared[1].decode().lower() if declared else "utf-8"
    utf8 = b"\0" not in raw and is_utf8(raw)
    text, encoding, told = decoded(raw, path, encoding, "utf-8" if utf8 else _CODECS.get(name, name))
    if encoding == "utf-8" and not name.startswith("utf") and not raw.isascii():
        told = (*told, Notice("charset-guessed", path, {"charset": encoding}))
    return _DECLARED.sub("", text.lstrip("\ufeff")), encoding, told


def _root(words: str, path: str) -> Element:
    from defusedxml import DefusedXmlException

    try:
        try:
            root = _parsed(words)
        except ParseError:
            root = _parsed(_bound(words))
    except DefusedXmlException as error:
        raise MedviewerError("xml-unsafe", path, reason=type(error).__name__) from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise MedviewerError("note-damaged", path, reason="XML") from error
    for element in root.iter():
        element.tag = str(element.tag).rsplit("}", 1)[-1]
    return root


def _parsed(words: str) -> Element:
    from defusedxml.ElementTree import fromstring

    root: Element = fromstring(words, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    return root


def _bound(words: str) -> str:
    """A fragment, whose prefixes were bound by the document that it was cut from, inside an element that binds them."""
    prefixes = sorted(set(re.findall(r"[\s<]/?([A-Za-z][\w.-]*):[A-Za-z]", words)) - {"xml", "xmlns"})
    bound = "".join(f' xmlns:{prefix}="{prefix}"' for prefix in prefixes if f"xmlns:{prefix}" not in words)
    return f"<fragment{bound}>{words}</fragment>"


def _section(section: Element, lines: list[str], path: str, told: list[Notice]) -> None:
    """Title, narrative, attachments; what has no narrative is told by its entries."""
    title = section.find("title")
    if title is not None and "".join(title.itertext()).strip():
        lines.append(f"{' '.join(''.join(title.itertext()).split())}:")
    before = len(lines)
    _text(section.find("text"), lines, path, told)
    for entry in section.findall("entry"):
        for element in entry.iter():
            if element.tag == "text" and element.get("representation") == "B64":
                _text(element, lines, path, told)
    if not any(line.strip() for line in lines[before:]):
        lines += [said for entry in section.findall("entry") for one in entry.iter("observation") if (said := _observation(one))]


def _observation(one: Element) -> str:
    """ "Heart rate: 72 /min" of an entry."""
    code, value = one.find("code"), one.find("value")
    name = (code.get("displayName") or "") if code is not None else ""
    said = ""
    if value is not None:
        said = value.get("displayName") or " ".join(filter(None, (value.get("value"), value.get("unit")))) or _words(value)
    return f"{name}: {said}".strip(": ") if said else ""


def _words(element: Element | None) -> str:
    return " ".join(" ".join(element.itertext()).split()) if element is not None else ""


def _text(element: Element | None, lines: list[str], path: str, told: list[Notice]) -> None:
    if element is None:
        return
    if element.get("representation") == "B64":
        kind = element.get("mediaType") or ""
        try:
            text, more = embedded(unbase64("".join(element.itertext()), path), kind, path)
        except MedviewerError as error:
            if not kind.startswith(("image/", "video/", "audio/")):
                raise
            lines.append(f"[{kind}]")
            told.append(left_out(f"{kind}, {error.notice.code}", path))
            return
        lines.append(text)
        told += more
    elif element.get("mediaType", "").startswith("text/") and len(element) == 0:
        lines.append((element.text or "").strip())
    else:
        lines.append(markup(tostring(element, encoding="unicode"), path))


def _person(root: Element) -> Patient:
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
