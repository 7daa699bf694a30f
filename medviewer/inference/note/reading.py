"""Notes: classes with the words that decided them in one forward and backward pass; findings by the rules of the lexicon."""

import hashlib
import json
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Finding, Score, Span, probability_words
from medviewer.core.lexicon import Lexicon
from medviewer.core.mentions import mentions, sections
from medviewer.core.note import NoteDocument
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded
from medviewer.inference.note import readout
from medviewer.inference.note.prepare import Prepared
from medviewer.inference.note.weigh import checked, prepared_for, weighed
from medviewer.inference.reading import SEED, Reading, Report, Request, one_by_one
from medviewer.store.assets import asset

RULES = "rules"
METHOD = "gradient-x-input"
REFUSALS = ("note-too-short", "language-not-trained", "note-unlike-training", "note-no-question")
HEADERS = 2
"""Headers of a text from which on it is a clinician's note: none of 4,555 questions of patients has one."""
MARKED = 0.15
"""Words whose weight is above this share of the largest are given as spans."""
UNCHECKED = "unchecked"
"""The request's `explain` that leaves the check to a later job."""


@lru_cache(maxsize=4)
def lexicon(language: str, table: str = "") -> Lexicon:
    """The table of a language, or the user's own as JSON; English for other languages."""
    return Lexicon(json.loads(table or asset(f"lexicon/{'zh' if language == 'zh' else 'en'}.json").read_text("utf-8")))


def read(loaded: Loaded, request: Request, token: CancelToken, report: Report) -> Reading:
    """The rules' mentions, or a network's classes, for one note."""
    note = request.item
    assert isinstance(note, NoteDocument)
    digest = hashlib.sha256(note.text.encode("utf-8")).hexdigest()
    if loaded.bundle.document["architecture"]["name"] == RULES:
        said = mentions(note.text, lexicon(note.language, request.lexicon), request.concepts)
        return Reading(mentions=said, cautions=(Notice("lexicon-changed"),) if request.lexicon else (), input_sha256=digest)
    try:
        prepared = prepared_for(loaded, note.text)
    except ValueError as error:
        raise MedviewerError("note-too-short", note.path, found=0, least=1) from error
    _gate(loaded, prepared, note)
    token.check()
    logits, weights, target = weighed(loaded, prepared, bool(request.explain))
    try:
        found = readout.scores(logits, loaded.bundle.document["readout"])
    except ValueError as error:
        raise MedviewerError("network-output-invalid", "", reason=str(error)) from error
    spans: tuple[Span, ...] = ()
    check = None
    if weights is not None:
        spans = _spans(prepared, weights)
        token.check()
        check = None if request.explain == UNCHECKED else checked(loaded, prepared, weights, target, token)
    best = max(found, key=lambda score: score.probability)
    threshold = request.thresholds.get(best.label, 0.0)
    unsure = best.probability < threshold
    cautions = _short(loaded, prepared)
    if unsure:
        cautions += (Notice("note-class-unsure", facts={"probability": probability_words(best.probability)}),)
    return Reading(
        scores=found,
        findings=() if unsure else (_finding(request, note, best),),
        cautions=cautions,
        spans=spans,
        method=METHOD if weights is not None else "",
        self_check=check,
        input_sha256=digest,
    )


def _gate(loaded: Loaded, prepared: Prepared, note: NoteDocument) -> None:
    """Raises `note-unlike-training` for a shopping list, source code, another language … (MW-13)."""
    least = float(loaded.bundle.document.get("gate", {}).get("known_pairs", 0.0))
    if prepared.known < least:
        headers = list(dict.fromkeys(one.title.strip(" :：") for one in sections(note.text, lexicon(note.language))))
        if loaded.bundle.contract.get("form") == "question" and len(headers) >= HEADERS:
            raise MedviewerError("note-no-question", note.path, headers=", ".join(headers[:4]))
        raise MedviewerError("note-unlike-training", note.path, found=f"{prepared.known:.0%}", least=f"{least:.0%}")


def _short(loaded: Loaded, prepared: Prepared) -> tuple[Notice, ...]:
    """A caution for a text with fewer words than any that the network was trained on."""
    found, least = len(prepared.spans), int(loaded.bundle.document.get("gate", {}).get("tokens", 0))
    return (Notice("note-shorter-than-training", facts={"found": found, "least": least}),) if found < least else ()


run = one_by_one(read, REFUSALS)


def probe(loaded: Loaded) -> tuple[float, float]:
    """As `inference.reading.Room` says; of the rules, the hash of their tables and a few sentences must be as stated."""
    stored = json.loads((loaded.bundle.folder / "probe.json").read_text("utf-8"))
    if loaded.bundle.document["architecture"]["name"] == RULES:
        tables = hashlib.sha256(b"".join(asset(f"lexicon/{n}.json").read_bytes() for n in ("en", "zh"))).hexdigest()
        wrong = sum(
            mentions(case["text"], lexicon(case["language"]), [case["concept"]])[0].state != case["state"]
            for case in stored["cases"]
        )
        return float(wrong + (tables != loaded.bundle.document["rules_sha256"])), 0.0
    worst = 0.0
    for case in stored["cases"]:
        prepared = prepared_for(loaded, case["text"])
        logits, _, _ = weighed(loaded, prepared, explain=False)
        found = readout.scores(logits, loaded.bundle.document["readout"])
        worst = max(worst, *(abs(s.probability - p) for s, p in zip(found, case["scores"], strict=True)))
    return worst, float(stored["tolerance"])


def _spans(prepared: Prepared, weights: NDArray[np.float64]) -> tuple[Span, ...]:
    """Words that speak for or against the class, neighbours of one sign joined, weights scaled so that the largest is ±1."""
    largest = float(np.abs(weights).max(initial=0.0))
    if largest <= 0:
        return ()
    scaled = weights / largest
    places = np.flatnonzero(np.abs(scaled) >= MARKED)
    starts, ends, scaled = prepared.spans[places, 0], prepared.spans[places, 1], scaled[places]
    joined = (starts[1:] - ends[:-1] <= 1) & ((scaled[1:] > 0) == (scaled[:-1] > 0))
    first = np.flatnonzero(np.concatenate([[True], ~joined]))
    last = np.append(first[1:], len(places)) - 1
    heaviest = np.maximum.reduceat(np.abs(scaled), first) * np.sign(scaled[first])
    return tuple(map(Span, starts[first].tolist(), ends[last].tolist(), heaviest.tolist()))


def _finding(request: Request, note: NoteDocument, score: Score) -> Finding:
    from medviewer.core.finding import Provenance

    nobody = Provenance(request.bundle.id, "", "", "", "", "", "", "", SEED, "")
    return Finding(f"{note.item}/{request.bundle.id}/{score.label}", note.item, "note", score.label, score, None, nobody)
