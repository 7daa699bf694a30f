"""Does a network fit an item? Fits, fits with cautions, or refused; each with its reasons."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from medviewer.core.errors import Notice
from medviewer.core.image import ImageSeries
from medviewer.inference.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer for one model; `reasons` are refusals where it is refused, cautions otherwise."""

    model: str
    verdict: Literal["fits", "cautions", "refused"]
    reasons: tuple[Notice, ...] = ()


LATERAL = ("LL", "RL", "LAT", "LATERAL", "LLD", "RLD", "L", "LEFT LATERAL", "RIGHT LATERAL")
_SYNONYMS = {"THORAX": "CHEST", "LUNG": "CHEST", "LUNGS": "CHEST"}
_VIEWS = {"ANTERO-POSTERIOR": "AP", "POSTERO-ANTERIOR": "PA", "ANTEROPOSTERIOR": "AP", "POSTEROANTERIOR": "PA"}


def fit(bundle: Bundle, item: object, others: Iterable[Bundle] = ()) -> Fit:
    """Judge by what the file says; pixels are the gate's business. `others` are named where they would fit instead."""
    if not isinstance(item, ImageSeries) or bundle.kind != item.kind:
        return Fit(bundle.id, "refused", (Notice("kind-not-trained", facts={"kind": str(getattr(item, "kind", "–"))}),))
    contract = bundle.contract
    refusals: list[Notice] = []
    cautions: list[Notice] = []
    _judge_kind(bundle, item, refusals, cautions, tuple(others))
    if not refusals:
        _judge_place(contract.get("body_part", ()), item, refusals, cautions)
        _judge_view(contract.get("view", ()), item, refusals, cautions)
        _judge_age(contract.get("age_years"), item, cautions)
    if refusals:
        return Fit(bundle.id, "refused", tuple(refusals))
    return Fit(bundle.id, "cautions" if cautions else "fits", tuple(cautions))


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


def _judge_place(allowed: Iterable[str], item: ImageSeries, refusals: list[Notice], cautions: list[Notice]) -> None:
    wanted = tuple(allowed)
    stated = _SYNONYMS.get(item.body_part, item.body_part)
    if not wanted or stated in wanted or not item.has_identity:
        return
    facts = {"stated": item.body_part or "–", "trained": ", ".join(wanted)}
    (refusals if stated else cautions).append(Notice("body-part-not-trained" if stated else "body-part-unknown", facts=facts))


def _judge_view(allowed: Iterable[str], item: ImageSeries, refusals: list[Notice], cautions: list[Notice]) -> None:
    wanted = tuple(allowed)
    stated = _VIEWS.get(item.view, item.view)
    if not wanted or stated in wanted or not item.has_identity:
        return
    facts = {"stated": item.view or "–", "trained": ", ".join(wanted)}
    if stated in LATERAL or stated:
        refusals.append(Notice("view-not-trained", facts=facts))
    else:
        cautions.append(Notice("view-unknown", facts=facts))


def _judge_age(allowed: Iterable[float] | None, item: ImageSeries, cautions: list[Notice]) -> None:
    if allowed is None:
        return
    low, high = allowed
    if item.age_years is None:
        cautions.append(Notice("age-unknown", facts={"low": low, "high": high}))
    elif not low <= item.age_years < high + 1:
        age = f"{item.age_years:.1f}" if item.age_years < 3 else f"{item.age_years:.0f}"
        cautions.append(Notice("age-outside-training", facts={"age": age, "low": low, "high": high}))
