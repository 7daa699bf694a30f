"""Notes: classes with the words that decided them in one forward and backward pass; findings by the rules of the lexicon."""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Finding, Score, SelfCheck, Span
from medviewer.core.mentions import Lexicon, mentions
from medviewer.core.note import NoteDocument
from medviewer.core.task import CancelToken
from medviewer.core.units import CharOffset
from medviewer.inference.bundle import Loaded
from medviewer.inference.note import readout
from medviewer.inference.note.prepare import Prepared, prepare, spread, without
from medviewer.inference.reading import SEED, Reading, Report, Request, one_by_one
from medviewer.store.assets import asset

RULES = "rules"
METHOD = "gradient-x-input"
REFUSALS = ("note-too-short", "language-not-trained")
MARKED = 0.15
"""Words whose weight is above this share of the largest are given as spans."""
COVERED = 0.2
"""Share of the words that the self-check takes away."""
DRAWS = 5
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
        check = None if request.explain == UNCHECKED else _checked(loaded, prepared, weights, target, found, token)
    best = max(found, key=lambda score: score.probability)
    threshold = request.thresholds.get(best.label, 0.0)
    unsure = best.probability < threshold
    cautions = (Notice("note-class-unsure", facts={"probability": round(best.probability, 2)}),) if unsure else ()
    return Reading(
        scores=found,
        findings=() if unsure else (_finding(request, note, best),),
        cautions=cautions,
        spans=spans,
        method=METHOD if weights is not None else "",
        self_check=check,
        input_sha256=digest,
    )


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


def prepared_for(loaded: Loaded, text: str) -> Prepared:
    """The text as this network reads it. ValueError without words."""
    module = loaded.module
    known, frequencies = module.known.detach().cpu().numpy(), module.frequencies.detach().cpu().numpy()
    return prepare(text, known, frequencies, loaded.bundle.document["preprocessing"]["parameters"])


def weighed(loaded: Loaded, prepared: Prepared, explain: bool) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, int]:
    """Logits, and for each token its weight for the likeliest class against the others: gradient × input, one backward pass."""
    import torch

    module, device = loaded.module, loaded.device
    buckets = torch.from_numpy(prepared.buckets).to(device)
    amounts = torch.from_numpy(prepared.weights).to(device)
    words = torch.from_numpy(prepared.words).to(device)
    keep, owner = words > 0, torch.zeros(len(words), dtype=torch.long, device=device)
    with torch.set_grad_enabled(explain):
        embedded = module.embed(words)
        if explain:
            embedded = embedded.detach().requires_grad_(True)
        linear = module.linear(buckets, amounts)
        logits = linear + module.share * module.recurrent(embedded, keep, owner, 1)[0]
    values = logits.detach().double().cpu().numpy()
    target = int(values.argmax())
    if not explain:
        return values, None, target
    others = [k for k in range(len(values)) if k != target]
    (slope,) = torch.autograd.grad(logits[target] - logits[others].mean(), embedded)
    recurrent = (slope * embedded).sum(-1)[keep].detach().double().cpu().numpy()
    table = module.bag(buckets).detach().double().cpu().numpy()
    effect = (table[:, target] - table[:, others].mean(1)) * prepared.weights
    weights = spread(prepared, effect)
    return values, weights + recurrent[: len(weights)], target


def _spans(prepared: Prepared, weights: NDArray[np.float64]) -> tuple[Span, ...]:
    """Words that speak for or against the class, neighbours of one sign joined, weights scaled so that the largest is ±1."""
    largest = float(np.abs(weights).max(initial=0.0))
    if largest <= 0:
        return ()
    found: list[Span] = []
    scaled = weights / largest
    for place in np.flatnonzero(np.abs(scaled) >= MARKED):
        (start, end), weight = prepared.spans[place], scaled[place]
        last = found[-1] if found else None
        if last is not None and start - last.end <= 1 and (last.weight > 0) == (weight > 0):
            found[-1] = Span(last.start, CharOffset(end), float(max(last.weight, weight, key=abs)))
        else:
            found.append(Span(CharOffset(start), CharOffset(end), float(weight)))
    return tuple(found)


def _checked(
    loaded: Loaded, prepared: Prepared, weights: NDArray[np.float64], target: int, found: Sequence[Score], token: CancelToken
) -> SelfCheck | None:
    """Does the class lose more when the weightiest words are taken away than when as many others are (XP-10)?"""
    count = len(weights)
    taken = max(1, round(COVERED * count))
    if count < 5:
        return None
    generator = np.random.default_rng(SEED)
    before = found[target].probability

    def drop(gone: NDArray[np.int64]) -> float:
        token.check()
        missing = np.zeros(count, bool)
        missing[gone] = True
        logits, _, _ = weighed(loaded, without(prepared, missing), explain=False)
        return before - readout.scores(logits, loaded.bundle.document["readout"])[target].probability

    deletion = drop(np.argsort(-weights)[:taken])
    random = float(np.mean([drop(generator.choice(count, taken, replace=False)) for _ in range(DRAWS)]))
    return SelfCheck(float(deletion), random, None, deletion > random + 0.01)


def _finding(request: Request, note: NoteDocument, score: Score) -> Finding:
    from medviewer.core.finding import Provenance

    nobody = Provenance(request.bundle.id, "", "", "", "", "", "", "", SEED, "")
    return Finding(f"{note.item}/{request.bundle.id}/{score.label}", note.item, "note", score.label, score, None, nobody)
