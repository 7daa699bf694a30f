"""HL7 v2 ORU and MDM: a document for each patient of each message. HL7 v2.5.1 chapters 2 (escapes, MSH-18) and 7."""

import re
from collections.abc import Iterator
from functools import partial
from html import unescape

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.note.found import Found, embedded, hl7_date, left_out, unbase64

_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?=\W|$)")
_CHARSETS = {
    "ASCII": "ascii", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8", "UNICODE UTF-16": "utf-16", "UNICODE UTF-32": "utf-32",
    "UTF-8": "utf-8", "GB 18030-2000": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "GB2312": "gb18030", "BIG-5": "big5",
    "ISO IR87": "iso2022_jp", "ISO IR14": "shift_jis", "ISO IR159": "iso2022_jp_1", "KS X 1001": "euc-kr",
}  # fmt: skip
"""HL7 table 0211."""
LONG = 40
"""Letters of a text from which on it begins below its name."""


def stated_charset(raw: bytes) -> str:
    """The encoding that MSH-18 names, "" where it names none that is known."""
    first = re.split(rb"[\r\n]", raw.lstrip(b"\x0b\xef\xbb\xbf \r\n"), maxsplit=1)[0]
    if len(first) < 9 or not first.startswith(b"MSH"):
        return ""
    fields = first.split(first[3:4])
    name = fields[17].split(first[5:6])[0].decode("ascii", "replace").strip().upper() if len(fields) > 17 else ""
    if match := re.fullmatch(r"8859/(\d+)", name):
        return "cp1252" if match[1] == "1" else f"iso8859-{match[1]}"
    return _CHARSETS.get(name, "")


def hl7(text: str, path: str) -> list[Found]:
    """OBR titles, OBX values (texts, numbers with units, encapsulated data), NTE. Raises `note-damaged`, `note-empty`."""
    segments = _segments(text)
    first = next((n for n, line in enumerate(segments) if line.startswith("MSH") and len(line) >= 8), None)
    if first is None:
        raise MedviewerError("note-damaged", path, reason="HL7 v2")
    found = [_document(message, path) for message in _messages(segments[first:])]
    kept = [one for one in found if one.text.strip()]
    if not kept:
        raise MedviewerError("note-empty", path)
    return kept


def _segments(text: str) -> list[str]:
    """Lines, those that begin no segment joined to the one before: some senders leave line ends inside a value."""
    found: list[str] = []
    for line in re.split(r"[\r\n]+", text.strip("\x0b\x1c \r\n")):
        if found and line.strip("\x1c ") and _SEGMENT.match(line) is None:
            found[-1] += "\n" + line
        elif line.strip("\x1c "):
            found.append(line)
    return found


def _document(message: list[str], path: str) -> Found:
    lines: list[str] = []
    told: list[Notice] = []
    patient, date, author, title, last = Patient(), "", "", "", ""
    mark, marks = message[0][3], (message[0][4:8] + "^~\\&"[len(message[0][4:8]) :])
    for segment in message:
        fields = segment.split(mark)
        get = partial(_field, fields)
        if fields[0] == "PID":
            patient = _patient(get, marks)
        elif fields[0] == "OBR":
            name = _component(get(4), (1, 0), marks)
            title, date, last = title or name, date or hl7_date(get(7)), ""
            lines.append(f"{name}:" if name else "")
        elif fields[0] == "TXA":
            title, date = title or _component(get(2), (1, 0), marks), date or hl7_date(get(4))
            author = author or " ".join(p for p in get(9).split(marks[0])[1:3] if p)
        elif fields[0] == "OBX":
            said, last = _obx(fields, marks, path, told, last)
            lines.append(said)
        elif fields[0] == "NTE":
            lines += [_plain(part, marks) for part in get(3).split(marks[1])]
    text = "\n".join(line for line in lines if line.strip())
    return Found(text, "hl7", patient, Study(date=date[:10]), date, author, title, tuple(told))


def _patient(get: partial[str], marks: str) -> Patient:
    ids, name = (get(3) or get(2)).split(marks[1])[0].split(marks[0]), get(5).split(marks[1])[0].split(marks[0])
    spelled = f"{name[0]}^{name[1] if len(name) > 1 else ''}".strip("^")
    return Patient(_plain(ids[0], marks), _plain(spelled, marks), hl7_date(get(7))[:10], get(8) if get(8) in ("M", "F") else "")


def _field(fields: list[str], n: int) -> str:
    return fields[n] if n < len(fields) else ""


def _messages(segments: list[str]) -> Iterator[list[str]]:
    """One for each MSH and, in a message about several people, for each PID: words of one are none of the other."""
    head, message = segments[0], [segments[0]]
    for segment in segments[1:]:
        begins, other = (
            segment.startswith("MSH") and len(segment) >= 8,
            segment.startswith("PID") and any(s.startswith("PID") for s in message),
        )
        if begins or other:
            yield message
            head = segment if begins else head
            message = [head] if begins else [head, segment]
        else:
            message.append(segment)
    yield message


def _component(field: str, order: tuple[int, ...], marks: str) -> str:
    """The first of these components that says something."""
    parts = field.split(marks[0])
    return next((_plain(parts[n], marks) for n in order if n < len(parts) and parts[n].strip()), "")


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


def _obx(fields: list[str], marks: str, path: str, told: list[Notice], last: str) -> tuple[str, str]:
    """(words, the name that was told): a report that comes a line an OBX has its name once, over the lines."""
    get = partial(_field, fields)
    kind, name = get(2), _component(get(3), (1, 0), marks)
    if kind == "ED":
        return _carried(get(5).split(marks[0]), marks, path, told), ""
    coded = {"CE": (1, 4, 0), "CWE": (1, 8, 4, 0), "CNE": (1, 8, 4, 0)}.get(kind)
    values = get(5).split(marks[1])
    if kind == "SN":
        said = ["".join(_plain(v, marks).split("^")) for v in values]
    else:
        said = [_component(v, coded, marks) if coded else _plain(v, marks) for v in values]
    value = "\n".join(unescape(v) for v in said if v)
    unit, limits, abnormal = _component(get(6), (0, 1), marks), _plain(get(7), marks), get(8)
    if kind in ("TX", "FT", "ST") and not unit:
        if name == last or not name:
            return value, last
        between = "\n" if len(value) > LONG and kind != "ST" else " "
        return f"{name}:{between}{value}" if value else "", name if value else last
    more = " ".join(part for part in (value, unit, abnormal, f"({limits})" if limits else "") if part)
    return (f"{name}: {more}" if name else more) if value else "", ""


def _carried(parts: list[str], marks: str, path: str, told: list[Notice]) -> str:
    """Encapsulated data, in base64 or as plain words."""
    if len(parts) < 5 or parts[3].lower() != "base64":
        return _plain(parts[-1], marks)
    kind = f"{parts[1]}/{parts[2]}".lower().strip("/") if "/" not in parts[2] else parts[2]
    try:
        text, more = embedded(unbase64(parts[4], path), kind, path)
    except MedviewerError as error:  # the rest of the message is read all the same
        told.append(left_out(f"{kind or 'attachment'}, {error.notice.code}", path))
        return f"[{kind or 'attachment'}]"
    told += more
    return text
