"""Does a network fit an item? Fits, fits with cautions, or refused; each with its reasons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import Fact, Notice
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument, is_dialogue
from medviewer.inference.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer for one model; `reasons` are refusals where it is refused, cautions otherwise."""

    model: str
    verdict: Literal["fits", "cautions", "refused"]
    reasons: tuple[Notice, ...] = ()


LONGEST_NOTE = 1_000_000
"""Characters that are read as one note."""
_SYNONYMS = {"THORAX": "CHEST", "LUNG": "CHEST", "LUNGS": "CHEST"}
_VIEWS = {"ANTERO-POSTERIOR": "AP", "POSTERO-ANTERIOR": "PA", "ANTEROPOSTERIOR": "AP", "POSTEROANTERIOR": "PA"}


def fit(bundle: Bundle, item: object, others: Iterable[Bundle] = ()) -> Fit:
    """Judge by what the file says; pixels are the gate's business. `others` are named where they would fit instead."""
    refusals: list[Notice] = []
    cautions: list[Notice] = []
    kind = str(getattr(item, "kind", "–"))
    if kind != bundle.kind:
        refusals.append(Notice("kind-not-trained", facts={"kind": kind}))
    elif isinstance(item, ImageSeries):
        _judge_image(bundle, item, refusals, cautions, tuple(others))
    elif isinstance(item, EcgRecord):
        _judge_record(bundle, item, refusals, cautions)
    elif isinstance(item, NoteDocument):
        _judge_note(bundle, item, refusals, cautions)
    if refusals:
        return Fit(bundle.id, "refused", tuple(refusals))
    return Fit(bundle.id, "cautions" if cautions else "fits", tuple(cautions))


def _judge_image(
    bundle: Bundle, item: ImageSeries, refusals: list[Notice], cautions: list[Notice], others: tuple[Bundle, ...]
) -> None:
    contract = bundle.contract
    _judge_kind(bundle, item, refusals, cautions, others)
    if not refusals:
        if item.has_identity:
            part, view = contract.get("body_part", ()), contract.get("view", ())
            of_part, of_view = ("body-part-not-trained", "body-part-unknown"), ("view-not-trained", "view-unknown")
            _judge_stated(part, item.body_part, _SYNONYMS, of_part, refusals, cautions)
            _judge_stated(view, item.view, _VIEWS, of_view, refusals, cautions)
        _judge_age(contract.get("age_years"), item, cautions)


def _judge_record(bundle: Bundle, item: EcgRecord, refusals: list[Notice], cautions: list[Notice]) -> None:
    """Count of leads, rate and length; a record without a gain is read with a caution."""
    contract = bundle.contract
    least = int(contract.get("leads", {}).get("minimum", 1))
    if len(item.leads) < least:
        refusals.append(Notice("leads-too-few", facts={"found": len(item.leads), "least": least}))
    for name, code, value in (("rate_hz", "rate-not-trained", item.rate_hz), ("seconds", "length-not-trained", item.seconds)):
        low, high = contract.get(name, (0.0, float("inf")))
        if not low <= value <= high:
            refusals.append(Notice(code, facts={"found": round(value, 1), "low": low, "high": high}))
    if any(lead.unit != "mV" for lead in item.leads):
        cautions.append(Notice("ecg-uncalibrated"))


def _judge_note(bundle: Bundle, item: NoteDocument, refusals: list[Notice], cautions: list[Notice]) -> None:
    """Language, length, and the form that the network was trained on: a dialogue is told from a note by who speaks."""
    languages = tuple(bundle.contract.get("language", ()))
    least, most = (int(n) for n in (*bundle.contract.get("characters", (1,)), LONGEST_NOTE)[:2])
    form = str(bundle.contract.get("form", ""))
    if len(item.text.strip()) < least:
        refusals.append(Notice("note-too-short", facts={"found": len(item.text.strip()), "least": least}))
    elif len(item.text) > most:
        refusals.append(Notice("note-too-long", facts={"found": len(item.text), "limit": most}))
    elif languages and item.language not in languages:
        refusals.append(Notice("language-not-trained", facts={"found": item.language or "–", "trained": ", ".join(languages)}))
    elif form and (form == "dialogue") != is_dialogue(item.text):
        refusals.append(Notice("note-form-not-trained", facts={"form": form}))
    elif form == "question":
        cautions.append(Notice("note-form-uncertain", facts={"form": form}))


def _judge_kind(
    bundle: Bundle, item: ImageSeries, refusals: list[Notice], cautions: list[Notice], others: tuple[Bundle, ...]
) -> None:
    allowed = bundle.contract.get("modality", ())
    if not item.has_identity:
        cautions.append(Notice("plain-picture"))
    elif item.modality not in allowed:
        fitting = [other.id for other in others if other.id != bundle.id and fit(other, item).verdict != "refused"]
        facts = {
            "modality": item.modality or "–",
            "trained": ", ".join(allowed),
            "fitting": f" → {', '.join(fitting)}" if fitting else "",
        }
        refusals.append(Notice("modality-not-trained", facts=facts))
    elif bundle.contract.get("dimension") == 2 and len(item.frames) > 1 and item.files == 1:
        refusals.append(Notice("multi-frame-not-trained", facts={"frames": len(item.frames)}))


def _judge_stated(
    allowed: Iterable[str],
    stated: str,
    synonyms: Mapping[str, str],
    codes: tuple[str, str],
    refusals: list[Notice],
    cautions: list[Notice],
) -> None:
    """A body part or a view: another one than was trained on is refused, a caution where the file states none."""
    wanted, meant = tuple(allowed), synonyms.get(stated, stated)
    if not wanted or meant in wanted:
        return
    facts: dict[str, Fact] = {"stated": stated or "–", "trained": ", ".join(wanted)}
    if meant:
        refusals.append(Notice(codes[0], facts=facts))
    else:
        cautions.append(Notice(codes[1], facts=facts))


def _judge_age(allowed: Iterable[float] | None, item: ImageSeries, cautions: list[Notice]) -> None:
    if allowed is None:
        return
    low, high = allowed
    if item.age_years is None:
        cautions.append(Notice("age-unknown", facts={"low": low, "high": high}))
    elif not low <= item.age_years < high + 1:
        age = f"{item.age_years:.1f}" if item.age_years < 3 else f"{item.age_years:.0f}"
        cautions.append(Notice("age-outside-training", facts={"age": age, "low": low, "high": high}))
