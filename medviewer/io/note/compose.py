"""Write a note as a FHIR R4 DocumentReference with its patient: text that knows whose it is."""

import base64
import json
from pathlib import Path

from medviewer.core.identity import Patient


def write_fhir(path: Path, text: str, patient: Patient, *, date: str, title: str, author: str, language: str) -> None:
    """`date` ISO 8601; `language` "en" or "zh-CN". Written whole or not at all. Raises OSError."""
    family, _, given = patient.name.split("=")[0].partition("^")
    person = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"value": patient.id}],
        "name": [{"family": family, "given": given.split()}],
        "gender": {"F": "female", "M": "male"}.get(patient.sex, "other"),
        "birthDate": patient.birth_date,
    }
    data = base64.b64encode(text.encode("utf-8")).decode("ascii")
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "language": language,
        "contained": [person],
        "subject": {"reference": "#p"},
        "date": date,
        "author": [{"display": author}],
        "type": {"text": title},
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
    part.replace(path)
