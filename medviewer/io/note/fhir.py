"""FHIR R4 JSON: every report, document, composition and impression of a resource, a Bundle or a file of lines."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.note.found import Found, embedded, left_out, unbase64
from medviewer.io.note.plain import markup

Resource = dict[str, Any]
TELLING = ("DiagnosticReport", "DocumentReference", "Composition", "ClinicalImpression")


@dataclass(slots=True)
class _Reading:
    """Lines of one resource as they come; `problems` are attachments that cannot be read, `elsewhere` those not in the file."""

    path: str
    known: dict[str, Resource]
    lines: list[str] = field(default_factory=list)
    problems: list[MedviewerError] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    elsewhere: bool = False

    def target(self, reference: Any) -> Resource | None:
        """What a reference points to: by full URL, by "#id" inside its own resource alone, by type and id on any server."""
        place = str(reference or "")
        parts = place.partition("/_history/")[0].split("/")
        return self.known.get(place) or self.known.get("/".join(parts[-2:]))


def fhir(text: str, path: str) -> list[Found]:
    """Raises `note-damaged`, `note-empty`, `note-elsewhere`, and what its only attachment raises."""
    entries = _entries(text, path)
    resources: list[Resource] = [r for _, r in entries]
    everything = resources + [c for r in resources for c in _dicts(r.get("contained"))]
    known = {f"{r.get('resourceType')}/{r.get('id')}": r for r in everything} | {url: r for url, r in entries if url}
    chosen = [r for r in resources if r.get("resourceType") in TELLING] or resources
    readings = [_Reading(path, known | {f"#{c.get('id')}": c for c in _dicts(r.get("contained"))}) for r in chosen]
    found = [_resource(r, reading) for r, reading in zip(chosen, readings, strict=True)]
    kept = [f for f in found if f.text.strip()]
    if not kept:
        problems = [problem for reading in readings for problem in reading.problems]
        elsewhere = any(reading.elsewhere for reading in readings)
        raise problems[0] if problems else MedviewerError("note-elsewhere" if elsewhere else "note-empty", path)
    return kept


def _entries(text: str, path: str) -> list[tuple[str, Resource]]:
    """(full URL, resource): one, those of a Bundle, or one a line."""
    try:
        roots = [json.loads(text)]
    except RecursionError as error:
        raise MedviewerError("note-damaged", path, reason="JSON") from error
    except ValueError as error:
        try:
            roots = [json.loads(line) for line in text.split("\n") if line.strip()]
        except (ValueError, RecursionError):
            raise MedviewerError("note-damaged", path, reason="JSON") from error
    roots = [root for root in roots if isinstance(root, dict) and "resourceType" in root]
    if not roots:
        raise MedviewerError("note-damaged", path, reason="no FHIR resource")
    found: list[tuple[str, Resource]] = []
    for root in roots:
        if root["resourceType"] == "Bundle":
            found += [(str(e.get("fullUrl") or ""), r) for e in _dicts(root.get("entry")) for r in _dicts([e.get("resource")])]
        else:
            found.append(("", root))
    return found


def _dicts(value: Any) -> list[Resource]:
    """The objects of a list, or a lone one."""
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, dict)]


def _resource(resource: Resource, at: _Reading) -> Found:
    """One resource's words; an attachment that cannot be read is one of the problems and the rest is told all the same."""
    for content in _dicts(resource.get("content")):
        _attachment(content.get("attachment"), at)
    for form in _dicts(resource.get("presentedForm")):
        _attachment(form, at)
    lines = at.lines
    lines += [str(resource[name]) for name in ("conclusion", "summary", "description") if isinstance(resource.get(name), str)]
    lines += [_coding(code) for code in _dicts(resource.get("conclusionCode")) or _dicts(resource.get("codedDiagnosis"))]
    for section in _dicts(resource.get("section")):
        _section(section, at)
    lines += _referred(resource.get("result"), at)
    if resource.get("resourceType") == "Observation":
        lines.append(_observation(resource))
    else:
        lines += _notes(resource)
    _narrative(resource.get("text"), at)
    subject = next(iter(_dicts(resource.get("subject") or resource.get("patient"))), {})
    who, shown = at.target(subject.get("reference")), str(subject.get("display") or "")
    moment = next(
        (resource[k] for k in ("effectiveDateTime", "date", "issued", "created") if isinstance(resource.get(k), str)), ""
    )
    authors = _dicts(resource.get("author") or resource.get("performer") or resource.get("assessor"))
    author = ", ".join(str(a.get("display")) for a in authors if a.get("display"))
    title = str(resource.get("title") or "") or _coding(resource.get("code") or resource.get("type") or {})
    text = "\n".join(line for line in lines if line.strip())
    return Found(text, "fhir", _person(who, shown), Study(date=str(moment)[:10]), str(moment), author, title, tuple(at.told))


def _narrative(narrative: Any, at: _Reading) -> None:
    """The resource's own words for people: where nothing else speaks, and where they say more ("additional")."""
    if isinstance(narrative, dict) and (narrative.get("status") == "additional" or not any(line.strip() for line in at.lines)):
        at.lines.append(markup(str(narrative.get("div") or ""), at.path))


def _referred(references: Any, at: _Reading) -> list[str]:
    """Observations that a report or section points to."""
    targets = [at.target(one.get("reference")) for one in _dicts(references)]
    return [_observation(target) for target in targets if target is not None and target.get("resourceType") == "Observation"]


def _attachment(attachment: Any, at: _Reading) -> None:
    """Its own data, or those of the Binary that it points to; its title where there are none, and that it is not shown."""
    if not isinstance(attachment, dict):
        return
    binary = at.target(attachment.get("url")) or {}
    data = attachment.get("data") or (binary.get("data") if binary.get("resourceType") == "Binary" else None)
    kind = str(attachment.get("contentType") or binary.get("contentType") or "")
    if isinstance(data, str):
        try:
            text, told = embedded(unbase64(data, at.path), kind, at.path)
            at.lines.append(text)
            at.told += told
            return
        except MedviewerError as error:
            at.problems.append(error)
            at.told.append(left_out(f"{kind or 'attachment'}, {error.notice.code}", at.path))
    elif attachment.get("url"):
        at.elsewhere = True
        at.told.append(Notice("note-part-elsewhere", at.path, {"what": kind or "attachment"}))
    if attachment.get("title"):
        at.lines.append(str(attachment["title"]))


def _section(section: Resource, at: _Reading, depth: int = 0) -> None:
    if depth > 20:
        return
    if section.get("title"):
        at.lines.append(f"{section['title']}:")
    if isinstance(section.get("text"), dict):
        at.lines.append(markup(str(section["text"].get("div") or ""), at.path))
    else:
        at.lines += _referred(section.get("entry"), at)
    for part in _dicts(section.get("section")):
        _section(part, at, depth + 1)


def _coding(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    codings = [c.get("display") for c in _dicts(concept.get("coding"))]
    return str(concept.get("text") or next((c for c in codings if c), ""))


def _notes(resource: Resource) -> list[str]:
    return [str(note["text"]) for note in _dicts(resource.get("note")) if note.get("text")]


def _quantity(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    number = f"{value.get('comparator', '')}{value.get('value', '')}"
    return f"{number} {value.get('unit') or value.get('code') or ''}".strip()


def _value(resource: Resource) -> str:
    """Of any of its kinds: quantity, text, code, number, yes or no, range, ratio, date."""
    for name in ("valueString", "valueInteger", "valueBoolean", "valueDateTime", "valueTime", "valueDecimal"):
        if resource.get(name) is not None:
            value = resource[name]
            return str(value).lower() if isinstance(value, bool) else str(value)
    ends = {"valueRange": ("low", "high", "–"), "valueRatio": ("numerator", "denominator", " : "), "valuePeriod": ("", "", "")}
    for name, (first, second, between) in ends.items():
        both = resource.get(name)
        if isinstance(both, dict) and first:
            return between.join(part for part in (_quantity(both.get(first)), _quantity(both.get(second))) if part)
        if isinstance(both, dict):
            return " – ".join(str(both[k]) for k in ("start", "end") if both.get(k))
    return _quantity(resource.get("valueQuantity")) or _coding(resource.get("valueCodeableConcept"))


def _observation(resource: Resource, depth: int = 0) -> str:
    """ "Hb: 12.1 g/dL [low] (12–16); haemolysed sample", its components after it."""
    said = _value(resource) or _coding(resource.get("dataAbsentReason"))
    flags = ", ".join(filter(None, map(_coding, _dicts(resource.get("interpretation")))))
    said += f" [{flags}]" if flags else ""
    ranges = [str(r.get("text") or "–".join(filter(None, (_quantity(r.get("low")), _quantity(r.get("high"))))))
              for r in _dicts(resource.get("referenceRange"))]  # fmt: skip
    said += "".join(f" ({one})" for one in ranges if one)
    parts = [] if depth > 3 else [_observation(c, depth + 1) for c in _dicts(resource.get("component"))]
    told = "; ".join(part for part in (said.strip(), *parts, *_notes(resource)) if part)
    name = _coding(resource.get("code"))
    return f"{name}: {told}" if told and name else told or name


def _person(resource: Resource | None, shown: str) -> Patient:
    if not resource or resource.get("resourceType") != "Patient":
        return Patient(name=shown)
    names = _dicts(resource.get("name"))
    name = ""
    if names:
        given = " ".join(str(g) for g in names[0].get("given") or ())
        name = f"{names[0].get('family') or ''}^{given}".strip("^") or str(names[0].get("text") or "")
    ids = [str(i.get("value")) for i in _dicts(resource.get("identifier")) if i.get("value")]
    sex = {"male": "M", "female": "F"}.get(str(resource.get("gender")), "")
    return Patient(ids[0] if ids else str(resource.get("id") or ""), name or shown, str(resource.get("birthDate") or ""), sex)
