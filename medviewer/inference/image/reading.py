"""Chest radiographs and their sisters: prepare → forward → gate → readout → explain → check, many frames in one forward."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer import __version__
from medviewer.core.errors import Fact, MedviewerError, Notice
from medviewer.core.finding import Attribution, Finding, Provenance, Region, Result, Score, SelfCheck
from medviewer.core.image import ImageSeries
from medviewer.core.task import CancelToken
from medviewer.inference import gate
from medviewer.inference.bundle import Loaded
from medviewer.inference.image import readout
from medviewer.inference.image.prepare import Prepared, prepare_cxr, quality
from medviewer.inference.reading import SEED, Reading, Report, Request, Runtime, judged, signed, unanswered

BOX_CUTOFF = 0.5
"""A finding's box holds the heat above this share of its maximum."""
COLOUR_TOLERANCE = 6.0
"""Mean difference between channels, of 255, up to which a picture counts as grey."""
SMALLEST_SIDE = 64
METHODS = ("grad-cam",)
"""The first is the default."""


def run(runtime: Runtime, requests: Sequence[Request], token: CancelToken, report: Report) -> list[Result]:
    """As `inference.reading.Room` says."""
    results: list[Result | None] = [None] * len(requests)
    steps = 2 * len(requests)
    inputs: dict[int, tuple[Prepared, str]] = {}
    start = time.perf_counter()
    for i, request in enumerate(requests):
        token.check()
        try:
            inputs[i] = _input(request)
            results[i] = _remembered(runtime, request, inputs[i][1], start)
        except MedviewerError as error:
            results[i] = _without_answer(request, error.notice)
        report(i + 1, steps)
    waiting = [i for i in inputs if results[i] is None]
    if waiting:
        chosen = [(requests[i], *inputs[i]) for i in waiting]
        for i, result in zip(waiting, _read(runtime, chosen, token), strict=True):
            results[i] = result
            report(len(requests) + i + 1, steps)
    return [result for result in results if result is not None]


def probe(loaded: Loaded) -> tuple[float, float]:
    """As `inference.reading.Room` says."""
    import torch

    with np.load(loaded.bundle.folder / "probe.npz", allow_pickle=False) as stored:
        grey, expected, tolerance = stored["grey"], stored["scores"], float(stored["tolerance"])
    worst = 0.0
    for picture, wanted in zip(grey, expected, strict=True):
        prepared = prepare_cxr(picture, parameters=loaded.bundle.document["preprocessing"]["parameters"])
        with torch.inference_mode():
            logits = loaded.module(torch.from_numpy(prepared.tensor.copy())).numpy()
        found = [score.probability for score in readout.scores(logits, loaded.bundle.document["readout"])]
        worst = max(worst, float(np.abs(np.array(found) - wanted).max()))
    return worst, tolerance


def forward(
    runtime: Runtime, loaded: Loaded, tensors: Sequence[NDArray[np.float32]], token: CancelToken
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Logits and gate features of each input, in as few passes as memory allows (RN-09)."""
    import torch

    from medviewer.inference.image.networks import forward_with_features

    answers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    size = len(tensors)
    if loaded.graph is not None:
        for tensor in tensors:  # one after the other is as fast, and Stop answers at once
            token.check()
            logits, features = loaded.graph(tensor)
            answers.append((logits, features))
        return answers
    while len(answers) < len(tensors):
        token.check()
        part = tensors[len(answers) : len(answers) + size]
        full = False
        try:
            with torch.inference_mode():
                batch = torch.from_numpy(np.concatenate(part)).to(loaded.device)
                logits, features = forward_with_features(loaded.module, batch)
        except torch.OutOfMemoryError:
            full = True
        if full:
            loaded, size = runtime.make_room(loaded, size)
            continue
        ends = np.cumsum([len(tensor) for tensor in part])[:-1]
        answers += list(zip(np.split(logits, ends), np.split(features, ends), strict=True))
    return answers


def _read(runtime: Runtime, chosen: Sequence[tuple[Request, Prepared, str]], token: CancelToken) -> list[Result]:
    start = time.perf_counter()
    try:
        loaded = runtime.load(chosen[0][0].bundle)
        answers = forward(runtime, loaded, [prepared.tensor for _, prepared, _ in chosen], token)
    except MedviewerError as error:
        return [_without_answer(request, error.notice) for request, _, _ in chosen]
    each = (time.perf_counter() - start) / len(chosen)
    found = []
    for (request, prepared, digest), (logits, features) in zip(chosen, answers, strict=True):
        token.check()
        provenance = replace(runtime.provenance(request.bundle, digest), engine=loaded.engine)
        began = time.perf_counter() - each
        try:
            scores, attribution = _answer(loaded, request, prepared, logits, features, token)
        except MedviewerError as error:
            refusal = _without_answer(request, error.notice)
            found.append(replace(refusal, provenance=provenance, seconds=time.perf_counter() - began))
            continue
        _remember(runtime, request, digest, scores, attribution, loaded.engine)
        found.append(_result(request, scores, attribution, provenance, began))
    return found


def _answer(
    loaded: Loaded,
    request: Request,
    prepared: Prepared,
    logits: NDArray[np.float32],
    features: NDArray[np.float32],
    token: CancelToken,
) -> tuple[tuple[Score, ...], Attribution | None]:
    limit = loaded.bundle.document.get("gate", {}).get("limit")
    if limit is not None and loaded.gate:
        distance = gate.score(features, loaded.gate)
        if not distance <= float(limit):
            facts: dict[str, Fact] = {"distance": round(min(distance, 1e6), 2), "limit": round(float(limit), 2)}
            raise MedviewerError("unlike-training", "", **facts)
    try:
        scores = readout.scores(logits, loaded.bundle.document["readout"])
    except ValueError as error:
        raise MedviewerError("network-output-invalid", "", reason=str(error)) from error
    return scores, _explain(loaded, request, prepared, scores, token) if request.explain else None


def _explain(
    loaded: Loaded, request: Request, prepared: Prepared, scores: tuple[Score, ...], token: CancelToken
) -> Attribution | None:
    from medviewer.inference import explain

    labels = [score.label for score in scores]
    positive = loaded.bundle.positive
    likely = next(score.probability for score in scores if score.label == positive)
    target = explain.target_for(labels, positive, likely, request.thresholds.get(positive, 0.5))
    heat = explain.explain(_method(request), loaded.module, prepared.tensor, target, flipped=prepared.flipped)
    token.check()
    check = explain.self_check(
        loaded.module, prepared.tensor, heat, target, seed=SEED, flipped=prepared.flipped, cancel=lambda: token.cancelled
    )
    return Attribution(
        item=request.item.item,
        frame=request.frame or 0,
        model=loaded.bundle.id,
        target=labels[target],
        method=heat.method,
        heat=heat.array,
        to_image=heat_to_image(prepared.to_image, heat.cell),
        cell=(heat.cell[0] * abs(float(prepared.to_image[0, 0])), heat.cell[1] * abs(float(prepared.to_image[1, 1]))),
        self_check=SelfCheck(check.deletion, check.random, check.agreement, check.passed),
        empty=heat.empty,
        probability=scores[target].probability,
    )


def _method(request: Request) -> str:
    return request.explain if request.explain in METHODS else METHODS[0]


def _remembered(runtime: Runtime, request: Request, digest: str, start: float) -> Result | None:
    entry = runtime.cache.get(_key(request, digest)) if runtime.cache else None
    if entry is None:
        return None
    words, arrays = entry
    scores = tuple(Score(*row) for row in words["scores"])
    attribution = None
    if words["attribution"]:
        about = words["attribution"]
        check = SelfCheck(**about["self_check"]) if about["self_check"] else None
        attribution = Attribution(
            request.item.item,
            request.frame or 0,
            request.bundle.id,
            about["target"],
            about["method"],
            arrays["heat"],
            arrays["to_image"],
            (about["cell"][0], about["cell"][1]),
            check,
            about["empty"],
            next(score.probability for score in scores if score.label == about["target"]),
        )
    provenance = replace(runtime.provenance(request.bundle, digest), engine=words.get("engine", "torch"))
    return _result(request, scores, attribution, provenance, start)


def _remember(
    runtime: Runtime, request: Request, digest: str, scores: tuple[Score, ...], attribution: Attribution | None, engine: str
) -> None:
    if runtime.cache is None:
        return
    rows = [[s.label, s.probability, s.low, s.high] for s in scores]
    words: dict[str, Any] = {"scores": rows, "attribution": None, "engine": engine}
    arrays: dict[str, NDArray[Any]] = {}
    if attribution is not None:
        a, c = attribution, attribution.self_check
        check = {"deletion": c.deletion, "random": c.random, "agreement": c.agreement, "passed": c.passed} if c else None
        words["attribution"] = {
            "target": a.target,
            "method": a.method,
            "cell": list(a.cell),
            "empty": a.empty,
            "self_check": check,
        }
        arrays = {"heat": a.heat, "to_image": a.to_image}
    runtime.cache.put(_key(request, digest), words, arrays)


def heat_to_image(to_image: NDArray[np.float64], cell: tuple[int, int]) -> NDArray[np.float64]:
    """2×3 affine from (heat row, heat column, 1) to the image, from the tensor's and the size of a heat cell in tensor pixels."""
    grid = np.array([[cell[0], 0, (cell[0] - 1) / 2], [0, cell[1], (cell[1] - 1) / 2], [0, 0, 1]], float)
    product: NDArray[np.float64] = np.asarray(to_image, float) @ grid
    return product


def _key(request: Request, digest: str) -> str:
    positive = request.thresholds.get(request.bundle.positive)
    about = (
        digest,
        request.bundle.sha256,
        request.bundle.preprocessing,
        _method(request) if request.explain else "",
        SEED,
        __version__,
    )
    return "|".join(map(str, (*about, positive if request.explain else "")))


def _input(request: Request) -> tuple[Prepared, str]:
    """The prepared tensor and the hash of the stored pixels. Raises MedviewerError where the picture is not to be read."""
    series, k = request.item, request.frame or 0
    assert isinstance(series, ImageSeries)
    frame, stored = series.frames[k], series.source.stored(k)
    digest = hashlib.sha256(f"{stored.dtype.str}{stored.shape}{frame.inverted}".encode() + np.ascontiguousarray(stored).data)
    if stored.ndim == 3:
        grey = _luma(stored, frame.path)
        valid = None
    else:
        grey = series.modality_values(k).astype(np.float32)
        valid = series.unpadded(k)
        if frame.inverted:
            grey = -grey
    found = quality(grey)
    if found["smallest"] < SMALLEST_SIDE:
        raise MedviewerError("image-too-small", frame.path, side=int(found["smallest"]), least=SMALLEST_SIDE)
    try:
        prepared = prepare_cxr(grey, valid, parameters=request.bundle.document["preprocessing"]["parameters"])
    except ValueError as error:
        raise MedviewerError("image-without-content", frame.path, reason=str(error)) from error
    return prepared, digest.hexdigest()


def _luma(colour: NDArray[Any], path: str) -> NDArray[np.float32]:
    """Grey of a picture whose channels hardly differ. Raises `colour-image` for a real colour picture."""
    channels = colour[..., :3].astype(np.float32)
    scale = 255.0 / float(np.iinfo(colour.dtype).max) if colour.dtype.kind == "u" else 1.0
    spread = float((channels.max(axis=-1) - channels.min(axis=-1)).mean()) * scale
    if spread > COLOUR_TOLERANCE:
        raise MedviewerError("colour-image", path)
    grey: NDArray[np.float32] = channels @ np.array([0.299, 0.587, 0.114], np.float32)
    return grey


_REFUSALS = ("colour-image", "image-too-small", "image-without-content", "unlike-training")


def _without_answer(request: Request, reason: Notice) -> Result:
    return unanswered(request, reason, refused=reason.code in _REFUSALS)


def _result(
    request: Request, scores: tuple[Score, ...], attribution: Attribution | None, provenance: Provenance, start: float
) -> Result:
    item, frame, model = request.item.item, request.frame or 0, request.bundle.id
    findings = tuple(
        Finding(
            id=f"{item}/{frame}/{model}/{score.label}",
            item=item,
            kind="image",
            label=score.label,
            score=score,
            evidence=Region(frame, _box(attribution)),
            provenance=provenance,
        )
        for score in judged(request, scores)
        if score.positive
    )
    return signed(request, Reading(scores=scores, attribution=attribution, findings=findings), provenance, start)


def _box(attribution: Attribution | None) -> tuple[float, float, float, float] | None:
    """(row0, column0, row1, column1) in image index coordinates around the heat above `BOX_CUTOFF`."""
    if attribution is None or attribution.empty:
        return None
    rows, columns = np.nonzero(attribution.heat >= BOX_CUTOFF)
    corners = np.array([[rows.min() - 0.5, columns.min() - 0.5, 1], [rows.max() + 0.5, columns.max() + 0.5, 1]])
    (r0, c0), (r1, c1) = corners @ attribution.to_image.T
    return (float(r0), float(c0), float(r1), float(c1))
