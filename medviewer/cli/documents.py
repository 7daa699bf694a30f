"""Core types → the JSON of docs/cli.md."""

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from medviewer import __version__
from medviewer.core.ecg import EcgRecord, extremes
from medviewer.core.ecg_doubt import amplitude_doubts
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.geometry import Geometry
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.services.session import Item
from medviewer.services.words import say

Document = dict[str, Any]


def document(schema: str, errors: Iterable[Notice] = (), warnings: Iterable[Notice] = (), lang: str = "en") -> Document:
    """The keys that every document has."""
    return {
        "schema": f"medviewer.{schema}/1",
        "program": {"name": "medviewer", "version": __version__, "commit": commit()},
        "errors": [error_entry(notice, lang) for notice in errors],
        "warnings": [warning_entry(notice, lang) for notice in warnings],
    }


def error_entry(notice: Notice, lang: str = "en") -> Document:
    sentence = say(notice, lang)
    return {"path": notice.path, "code": notice.code, "message": sentence.message, "remedy": sentence.remedy}


def warning_entry(notice: Notice, lang: str = "en") -> Document:
    return {"path": notice.path, "code": notice.code, "message": say(notice, lang).message}


def reason_entry(notice: Notice | None, lang: str = "en") -> Document | None:
    """A refusal or caution: code and sentence."""
    return None if notice is None else {"code": notice.code, "message": say(notice, lang).message}


def write_json(content: Document, target: str) -> None:
    """Write to a file, or to standard output for "-"; NaN and infinities become null."""
    text = json.dumps(finite(content), ensure_ascii=False, indent=1, allow_nan=False)
    raw = text.encode("utf-8", "backslashreplace") + b"\n"  # a path that is no UTF-8 keeps its bytes as JSON's own \udcXX
    if target == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(raw)
        sys.stdout.flush()
        return
    from medviewer.services.export import write_whole

    write_whole(Path(target), raw)


def finite(value: Any) -> Any:
    """The same structure with null for every number JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    return value


def patients_entry(items: Iterable[Any], lang: str, failed: list[Notice] | None = None) -> list[Document]:
    """Items grouped by patient and study, in the order they came. An ECG whose samples cannot be read is listed without their
    ranges, the reason goes to `failed`."""
    patients: dict[tuple[str, str, str], Document] = {}
    studies: dict[tuple[tuple[str, str, str], str], Document] = {}
    for item in items:
        who, visit = item.patient, item.study
        patient = patients.setdefault(
            who.key,
            {"patient_id": who.id, "name": who.name, "birth_date": who.birth_date, "sex": who.sex, "studies": []},
        )
        key = (who.key, visit.uid or visit.date)  # records and notes of several days have no UID that tells them apart
        if key not in studies:
            studies[key] = {
                "study_uid": visit.uid,
                "date": visit.date,
                "time": visit.time,
                "description": visit.description,
                "accession": visit.accession,
                "items": [],
            }
            patient["studies"].append(studies[key])
        studies[key]["items"].append(item_entry(item, lang, failed))
    return list(patients.values())


def item_entry(item: Item, lang: str, failed: list[Notice] | None = None) -> Document:
    """One item of `medviewer.info/1`, by its kind."""
    if isinstance(item, EcgRecord):
        return record_entry(item, lang, failed)
    if isinstance(item, NoteDocument):
        return note_entry(item, lang)
    return series_entry(item, lang)


def note_entry(note: NoteDocument, lang: str) -> Document:
    """One note of `medviewer.info/1`."""
    return {
        "kind": "note",
        "item": note.item,
        "path": note.path,
        "format": note.format,
        "language": note.language or None,
        "date": note.date or None,
        "author": note.author or None,
        "title": note.title or None,
        "characters": len(note.text),
        "encoding": note.encoding,
        "warnings": [warning_entry(notice, lang) for notice in note.warnings],
    }


def record_entry(record: EcgRecord, lang: str, failed: list[Notice] | None = None) -> Document:
    """One ECG of `medviewer.info/1`; every sample is read for the leads' smallest and largest values."""
    ranges: list[tuple[float | None, float | None]] = [(None, None)] * len(record.leads)
    doubts: tuple[Notice, ...] = ()
    try:
        ranges = [extremes(record, k) for k in range(len(record.leads))]
        doubts = amplitude_doubts(record)
    except MedviewerError as error:
        if failed is None:
            raise
        failed.append(error.notice)
    device = record.device
    return {
        "kind": "ecg",
        "item": record.item,
        "path": record.path,
        "format": record.format,
        "start": record.start or None,
        "seconds": record.seconds,
        "rate_hz": record.rate_hz,
        "leads": [
            {
                "name": lead.name,
                "unit": lead.unit or None,
                "rate_hz": lead.rate_hz,
                "samples": lead.samples,
                "min": low,
                "max": high,
            }
            for lead, (low, high) in zip(record.leads, ranges, strict=True)
        ],
        "gaps": [[gap.start_s, gap.end_s] for gap in record.gaps],
        "annotations": {
            "count": len(record.annotations),
            "symbols": dict(Counter(mark.symbol for mark in record.annotations if mark.symbol).most_common()),
        },
        "device": None
        if device is None
        else {
            "statements": list(device.statements),
            "measurements": {name: {"value": m.value, "unit": m.unit} for name, m in device.measurements.items()},
        },
        "warnings": [warning_entry(notice, lang) for notice in (*record.warnings, *doubts)],
    }


def series_entry(series: ImageSeries, lang: str) -> Document:
    """One image item of `medviewer.info/1`, with `pixels` null."""
    first = series.frames[0]
    return {
        "kind": "image",
        "item": series.item,
        "series_uid": series.series_uid,
        "modality": series.modality,
        "description": series.description,
        "body_part": series.body_part,
        "view": series.view,
        "laterality": series.laterality,
        "files": series.files,
        "frames": len(series.frames),
        "rows": first.rows,
        "columns": first.columns,
        "samples": 1 if first.photometric == "PALETTE COLOR" else first.samples,
        "bits_stored": first.bits_stored,
        "signed": first.signed,
        "photometric": first.photometric,
        "transfer_syntaxes": list(series.transfer_syntaxes),
        "geometry": geometry_entry(series.geometry),
        "split_reason": series.split_reason,
        "warnings": [warning_entry(notice, lang) for notice in series.warnings],
        "pixels": None,
    }


def geometry_entry(geometry: Geometry | None) -> Document | None:
    if geometry is None:
        return None
    return {
        "spacing_mm": list(geometry.spacing),
        "spacing_source": geometry.spacing_source,
        "origin_mm": list(geometry.origin) if geometry.origin else None,
        "direction": list(geometry.direction) if geometry.direction else None,
        "shape": list(geometry.shape),
        "frame_of_reference_uid": geometry.frame_of_reference or None,
        "regular": geometry.regular,
    }


@lru_cache(maxsize=1)
def commit() -> str | None:
    """The checkout's commit, None in an installed program."""
    git = Path(__file__).resolve().parents[2] / ".git"
    try:
        if git.is_file():  # a further working tree: its HEAD lies apart, the branches in the common folder
            git = git.parent / git.read_text("utf-8").strip().removeprefix("gitdir: ")
        head = (git / "HEAD").read_text("ascii").strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        if (git / "commondir").is_file():
            git = git / (git / "commondir").read_text("utf-8").strip()
        loose = git / ref
        if loose.is_file():
            return loose.read_text("ascii").strip()
        packed = (git / "packed-refs").read_text("ascii").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {ref}")), None)
    except OSError:
        return None
