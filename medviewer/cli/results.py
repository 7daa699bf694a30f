"""A network's result → one entry of `medviewer.infer/1`."""

from collections.abc import Mapping
from dataclasses import asdict

from medviewer.cli.documents import Document, reason_entry
from medviewer.core.finding import Finding, Interval, Provenance, Region, Result, Span
from medviewer.core.image import ImageSeries
from medviewer.core.note import Mention, NoteDocument
from medviewer.core.units import CharOffset
from medviewer.services.compare import Discordance
from medviewer.services.session import Item
from medviewer.services.words import say


def result_entry(result: Result, item: Item, lang: str, array: str | None = None) -> Document:
    """One result of `medviewer.infer/1`; every key of docs/cli.md is there."""
    provenance = result.provenance
    return {
        "input": {"path": _path(item, result.frame), "kind": item.kind, "item": result.item, "frame": result.frame},
        "model": {
            "id": result.model,
            "version": provenance.model_version if provenance else None,
            "sha256": provenance.model_sha256 if provenance else None,
        },
        "device": provenance.device if provenance else None,
        "seconds": result.seconds,
        "status": result.status,
        "reason": reason_entry(result.reason, lang),
        "cautions": [reason_entry(notice, lang) for notice in result.cautions],
        "scores": [
            {
                "label": score.label,
                "probability": score.probability,
                "low": score.low,
                "high": score.high,
                "threshold": score.threshold,
                "positive": score.positive,
            }
            for score in result.scores
        ],
        "findings": [_finding_entry(finding, item) for finding in result.findings],
        "beats": {
            "sample": list(result.beats.sample) if result.beats else [],
            "symbol": list(result.beats.symbol) if result.beats else [],
            "probability": list(result.beats.probability) if result.beats else [],
        },
        "episodes": [
            {"start_s": e.start_s, "end_s": e.end_s, "label": e.label, "probability": e.probability} for e in result.episodes
        ],
        "waves": {
            lead: [{"kind": w.kind, "onset": w.onset, "peak": w.peak, "offset": w.offset} for w in waves]
            for lead, waves in result.waves.items()
        },
        "measurements": {name: {"value": m.value, "unit": m.unit, "source": m.source} for name, m in result.measurements.items()},
        "spans": [
            {"start": span.start, "end": span.end, "text": _words(item, span.start, span.end), "weight": span.weight}
            for span in result.spans
        ],
        "mentions": [_mention_entry(mention) for mention in result.mentions],
        "explanation": _explanation_entry(result, item, array),
        "provenance": _provenance_entry(provenance) if provenance is not None else None,
    }


def _mention_entry(mention: Mention) -> Document:
    return {
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "concept": mention.concept,
        "state": mention.state,
        "laterality": mention.laterality or None,
        "cue": {"start": mention.cue[0], "end": mention.cue[1]} if mention.cue else None,
        "rule": mention.rule,
        "scope": {"start": mention.scope[0], "end": mention.scope[1]} if mention.scope else None,
        "check": mention.check,
        "measures": [
            {"start": one.start, "end": one.end, "text": one.text, "values": list(one.values), "unit": one.unit}
            for one in mention.measures
        ],
    }


def _explanation_entry(result: Result, item: Item, array: str | None) -> Document | None:
    if not result.method:
        return None
    attribution, check = result.attribution, result.self_check
    return {
        "method": result.method,
        "target": attribution.target if attribution else None,
        "array": array,
        "empty": attribution.empty if attribution else not result.spans and item.kind == "note",
        "self_check": None
        if check is None
        else {
            "deletion": check.deletion,
            "random": check.random,
            "agreement": check.agreement,
            "passed": check.passed,
        },
        "vote": None if result.vote is None else asdict(result.vote) | {"changed": result.vote.changed},
    }


def _provenance_entry(provenance: Provenance) -> Document:
    return {
        "input_sha256": provenance.input_sha256,
        "preprocessing": provenance.preprocessing,
        "model_sha256": provenance.model_sha256,
        "program": provenance.program,
        "torch": provenance.torch,
        "engine": provenance.engine,
        "device": provenance.device,
        "seed": provenance.seed,
        "time": provenance.time,
        "notice": "Research use only – not for diagnosis",
    }


def discordance_entry(found: Discordance, items: Mapping[str, Item], lang: str) -> Document:
    """Both pieces of evidence of a contradiction and its sentence; `identity` is "same" or "assumed" (one names nobody)."""
    note, network = found.note, found.network
    sentence, score = say(found.notice, lang), network.score
    span = note.evidence if isinstance(note.evidence, Span) else Span(CharOffset(0), CharOffset(0))
    place = network.evidence
    return {
        "rule": found.rule,
        "message": sentence.message,
        "remedy": sentence.remedy,
        "days": found.days,
        "identity": "assumed" if found.assumed else "same",
        "note": {
            "path": _path(items[note.item], None),
            "item": note.item,
            "concept": note.label,
            "state": note.state,
            "start": span.start,
            "end": span.end,
            "text": note.words,
        },
        "network": {
            "path": _path(items[network.item], network.frame),
            "item": network.item,
            "frame": network.frame,
            "model": network.model,
            "label": network.label,
            "probability": score.probability if score else None,
            "threshold": score.threshold if score else None,
            "value": network.value,
            "samples": [place.start, place.end] if isinstance(place, Interval) else None,
            "box_pixels": list(place.box) if isinstance(place, Region) and place.box else None,
        },
    }


def _path(item: Item, frame: int | None) -> str:
    return item.frames[frame or 0].path if isinstance(item, ImageSeries) else item.path


def _words(item: Item, start: int, end: int) -> str:
    return item.text[start:end] if isinstance(item, NoteDocument) else ""


def _finding_entry(finding: Finding, item: Item) -> Document:
    """A finding with its place: the box in pixels always, in mm where the image has a spacing."""
    box = finding.evidence.box if isinstance(finding.evidence, Region) else None
    geometry = item.geometry if isinstance(item, ImageSeries) else None
    in_mm = None
    if box is not None and geometry is not None:
        row_mm, column_mm, _ = geometry.spacing
        in_mm = [box[0] * row_mm, box[1] * column_mm, box[2] * row_mm, box[3] * column_mm]
    return {
        "label": finding.label,
        "probability": finding.score.probability,
        "box_pixels": None if box is None else list(box),
        "box_mm": in_mm,
        "position_mm": None,
        "slice": finding.evidence.frame if isinstance(finding.evidence, Region) else None,
        "diameter_mm": None,
        "volume_mm3": None,
        "mask": None,
    }
