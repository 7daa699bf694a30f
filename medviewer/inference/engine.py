"""Where torch runs: prepare → forward → gate → readout → explain → check, in pieces that a cancel can part.

The engine in this file runs in place, on the queue's worker thread; a warm child process can stand behind the same protocol.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer import __version__
from medviewer.core.errors import Fact, MedviewerError, Notice
from medviewer.core.finding import Attribution, Finding, Provenance, Region, Result, Score, SelfCheck
from medviewer.core.image import ImageSeries
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Bundle, Loaded, load
from medviewer.inference.device import Device, choose, prepare_environment, set_threads
from medviewer.store.cache import Cache

SEED = 0
BORDERLINE = 0.001
"""A score nearer than this to its threshold is called borderline (RN-10)."""
BOX_CUTOFF = 0.5
"""A finding's box holds the heat above this share of its maximum."""
COLOUR_TOLERANCE = 6.0
"""Mean difference between channels, of 255, up to which a picture counts as grey."""
SMALLEST_SIDE = 64

Report = Callable[[int, int], None]
"""done, total"""


@dataclass(frozen=True, slots=True)
class Request:
    """One frame to be read by one network; `explain` is a method or "" for the score alone."""

    series: ImageSeries
    frame: int
    bundle: Bundle
    thresholds: Mapping[str, float]
    cautions: tuple[Notice, ...] = ()
    explain: str = "grad-cam"


class Engine(Protocol):
    """What the worker thread drives."""

    def device(self) -> Device: ...

    def run(self, requests: Sequence[Request], token: CancelToken, report: Report | None = None) -> list[Result]:
        """One Result for each request, in order; refusals and failures are Results. Raises Cancelled only."""
        ...


class InPlaceEngine:
    """Torch in this process, one network on the device at a time, float32, one forward for a batch of equal requests."""

    def __init__(self, device: str = "auto", threads: int | None = None, cache: Cache | None = None) -> None:
        prepare_environment()
        self._wanted = device
        self._threads = threads
        self._cache = cache
        self._device: Device | None = None
        self._loaded: Loaded | None = None

    def device(self) -> Device:
        """Chosen once, by a real computation."""
        if self._device is None:
            set_threads(self._threads)
            self._device = choose(self._wanted)
        return self._device

    def run(self, requests: Sequence[Request], token: CancelToken, report: Report | None = None) -> list[Result]:
        results: list[Result | None] = [None] * len(requests)
        steps = 2 * len(requests)
        inputs: dict[int, tuple[Any, str]] = {}
        start = time.perf_counter()
        for i, request in enumerate(requests):
            token.check()
            try:
                inputs[i] = _input(request)
                results[i] = self._remembered(request, inputs[i][1], start)
            except MedviewerError as error:
                results[i] = _without_answer(request, error.notice)
            if report:
                report(i + 1, steps)
        waiting = [i for i in inputs if results[i] is None]
        if waiting:
            chosen = [(requests[i], *inputs[i]) for i in waiting]
            for i, result in zip(waiting, self._read(chosen, token, start), strict=True):
                results[i] = result
                if report:
                    report(len(requests) + i + 1, steps)
        return [result for result in results if result is not None]

    def _read(self, chosen: Sequence[tuple[Request, Any, str]], token: CancelToken, start: float) -> list[Result]:
        try:
            loaded = self._load(chosen[0][0].bundle)
            answers = self.forward(loaded, [prepared.tensor for _, prepared, _ in chosen], token)
        except MedviewerError as error:
            return [_without_answer(request, error.notice) for request, _, _ in chosen]
        found = []
        for (request, prepared, digest), (logits, features) in zip(chosen, answers, strict=True):
            token.check()
            each = (time.perf_counter() - start) / len(chosen)
            found.append(self._answer(loaded, request, prepared, digest, logits, features, token, each))
        return found

    def _answer(
        self,
        loaded: Loaded,
        request: Request,
        prepared: Any,
        digest: str,
        logits: NDArray[np.float32],
        features: NDArray[np.float32],
        token: CancelToken,
        seconds: float,
    ) -> Result:
        from medviewer.inference import gate
        from medviewer.inference.image import readout

        began = time.perf_counter()
        bundle = loaded.bundle
        provenance = self._provenance(bundle, digest)
        limit = bundle.document.get("gate", {}).get("limit")
        if limit is not None and loaded.gate:
            distance = gate.score(features, loaded.gate)
            if not distance <= float(limit):
                facts: dict[str, Fact] = {"distance": round(min(distance, 1e6), 2), "limit": round(float(limit), 2)}
                refusal = _without_answer(request, Notice("unlike-training", facts=facts), "refused")
                return replace(refusal, provenance=provenance, seconds=seconds)
        try:
            read = readout.scores(logits, bundle.document["readout"])
        except ValueError as error:
            return _without_answer(request, Notice("network-output-invalid", facts={"reason": str(error)}))
        scores = tuple(Score(s.label, s.probability, s.low, s.high) for s in read)
        attribution = self._explain(loaded, request, prepared, scores, token) if request.explain else None
        self._remember(request, digest, scores, attribution)
        seconds += time.perf_counter() - began
        return _result(request, scores, attribution, provenance, seconds)

    def _explain(
        self, loaded: Loaded, request: Request, prepared: Any, scores: tuple[Score, ...], token: CancelToken
    ) -> Attribution | None:
        from medviewer.inference import explain

        labels = [score.label for score in scores]
        positive = loaded.bundle.positive
        likely = next(score.probability for score in scores if score.label == positive)
        target = explain.target_for(labels, positive, likely, request.thresholds.get(positive, 0.5))
        heat = explain.explain(request.explain, loaded.module, prepared.tensor, target, flipped=prepared.flipped)
        token.check()
        check = explain.self_check(
            loaded.module, prepared.tensor, heat, target, seed=SEED, flipped=prepared.flipped, cancel=lambda: token.cancelled
        )
        return Attribution(
            item=request.series.item,
            frame=request.frame,
            model=loaded.bundle.id,
            target=labels[target],
            method=heat.method,
            heat=heat.array,
            to_image=heat_to_image(prepared.to_image, heat.cell),
            cell=(heat.cell[0] * abs(float(prepared.to_image[0, 0])), heat.cell[1] * abs(float(prepared.to_image[1, 1]))),
            self_check=SelfCheck(check.deletion, check.random, check.agreement, check.passed),
            empty=heat.empty,
        )

    def _load(self, bundle: Bundle) -> Loaded:
        device = self.device().name
        if self._loaded is None or self._loaded.bundle.sha256 != bundle.sha256 or self._loaded.device != device:
            self._loaded = None
            self._loaded = load(bundle, device)
        return self._loaded

    def forward(
        self, loaded: Loaded, tensors: Sequence[NDArray[np.float32]], token: CancelToken
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Logits and gate features of each input. Out of memory: half the batch, then the CPU (RN-09)."""
        import torch

        from medviewer.inference.image.networks import forward_with_features

        answers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
        size = len(tensors)
        while len(answers) < len(tensors):
            token.check()
            part = tensors[len(answers) : len(answers) + size]
            module = loaded.module
            full = False
            try:
                with torch.inference_mode():
                    batch = torch.from_numpy(np.concatenate(part)).to(loaded.device)
                    logits, features = forward_with_features(module, batch)
            except torch.OutOfMemoryError:
                full = True
            if full:
                loaded, size = self._make_room(loaded, size)
                continue
            ends = np.cumsum([len(tensor) for tensor in part])[:-1]
            answers += list(zip(np.split(logits, ends), np.split(features, ends), strict=True))
        return answers

    def _make_room(self, loaded: Loaded, size: int) -> tuple[Loaded, int]:
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if size > 1:
            return loaded, size // 2
        if loaded.device == "cpu":
            raise MedviewerError("memory-exhausted", loaded.bundle.id)
        self._device = Device("cpu", Notice("device-cpu-fallback", facts={"cores": 1, "reason": "out of memory"}))
        self._loaded = replace(loaded, module=loaded.module.to("cpu"), device="cpu")
        return self._loaded, 1

    def _provenance(self, bundle: Bundle, digest: str) -> Provenance:
        import torch

        return Provenance(
            model=bundle.id,
            model_version=bundle.version,
            model_sha256=bundle.sha256,
            input_sha256=digest,
            preprocessing=bundle.preprocessing,
            program=__version__,
            torch=torch.__version__,
            device=self.device().name,
            seed=SEED,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _remembered(self, request: Request, digest: str, start: float) -> Result | None:
        entry = self._cache.get(_key(request, digest)) if self._cache else None
        if entry is None:
            return None
        words, arrays = entry
        scores = tuple(Score(*row) for row in words["scores"])
        attribution = None
        if words["attribution"]:
            about = words["attribution"]
            check = SelfCheck(**about["self_check"]) if about["self_check"] else None
            attribution = Attribution(
                request.series.item,
                request.frame,
                request.bundle.id,
                about["target"],
                about["method"],
                arrays["heat"],
                arrays["to_image"],
                (about["cell"][0], about["cell"][1]),
                check,
                about["empty"],
            )
        provenance = self._provenance(request.bundle, digest)
        return _result(request, scores, attribution, provenance, time.perf_counter() - start)

    def _remember(self, request: Request, digest: str, scores: tuple[Score, ...], attribution: Attribution | None) -> None:
        if self._cache is None:
            return
        words: dict[str, Any] = {"scores": [[s.label, s.probability, s.low, s.high] for s in scores], "attribution": None}
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
        self._cache.put(_key(request, digest), words, arrays)


def heat_to_image(to_image: NDArray[np.float64], cell: tuple[int, int]) -> NDArray[np.float64]:
    """2×3 affine from (heat row, heat column, 1) to the image, from the tensor's and the size of a heat cell in tensor pixels."""
    grid = np.array([[cell[0], 0, (cell[0] - 1) / 2], [0, cell[1], (cell[1] - 1) / 2], [0, 0, 1]], float)
    product: NDArray[np.float64] = np.asarray(to_image, float) @ grid
    return product


def _key(request: Request, digest: str) -> str:
    positive = request.thresholds.get(request.bundle.positive)
    about = (digest, request.bundle.sha256, request.bundle.preprocessing, request.explain, SEED, __version__)
    return "|".join(map(str, (*about, positive if request.explain else "")))


def _input(request: Request) -> tuple[Any, str]:
    """The prepared tensor and the hash of the stored pixels. Raises MedviewerError where the picture is not to be read."""
    from medviewer.inference.image.prepare import prepare_cxr, quality

    series, frame = request.series, request.series.frames[request.frame]
    stored = series.source.stored(request.frame)
    digest = hashlib.sha256(f"{stored.dtype.str}{stored.shape}{frame.inverted}".encode() + np.ascontiguousarray(stored).data)
    if stored.ndim == 3:
        grey = _luma(stored, frame.path)
        valid = None
    else:
        grey = series.modality_values(request.frame).astype(np.float32)
        valid = series.unpadded(request.frame)
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


def _without_answer(request: Request, reason: Notice, status: str = "") -> Result:
    refused = status == "refused" or reason.code in _REFUSALS
    return Result(
        request.series.item,
        request.frame,
        request.bundle.id,
        "refused" if refused else "failed",
        reason=reason,
        cautions=request.cautions,
    )


def _result(
    request: Request, scores: tuple[Score, ...], attribution: Attribution | None, provenance: Provenance, seconds: float
) -> Result:
    judged = tuple(replace(score, threshold=request.thresholds.get(score.label)) for score in scores)
    near = [s for s in judged if s.threshold is not None and abs(s.probability - s.threshold) < BORDERLINE]
    cautions = request.cautions + tuple(Notice("borderline", facts={"label": s.label}) for s in near)
    findings = tuple(
        Finding(
            id=f"{request.series.item}/{request.frame}/{request.bundle.id}/{score.label}",
            item=request.series.item,
            kind="image",
            label=score.label,
            score=score,
            evidence=Region(request.frame, _box(attribution)),
            provenance=provenance,
            cautions=cautions,
        )
        for score in judged
        if score.positive
    )
    return Result(
        request.series.item,
        request.frame,
        request.bundle.id,
        "ok",
        seconds,
        cautions=cautions,
        scores=judged,
        findings=findings,
        attribution=attribution,
        provenance=provenance,
    )


def _box(attribution: Attribution | None) -> tuple[float, float, float, float] | None:
    """(row0, column0, row1, column1) in image index coordinates around the heat above `BOX_CUTOFF`."""
    if attribution is None or attribution.empty:
        return None
    rows, columns = np.nonzero(attribution.heat >= BOX_CUTOFF)
    corners = np.array([[rows.min() - 0.5, columns.min() - 0.5, 1], [rows.max() + 0.5, columns.max() + 0.5, 1]])
    (r0, c0), (r1, c1) = corners @ attribution.to_image.T
    return (float(r0), float(c0), float(r1), float(c1))
