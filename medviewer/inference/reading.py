"""What is asked of a network, what it answers, and what the rooms of the three kinds may use of the engine."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Answer, Provenance, Result, Score
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Bundle, Loaded
from medviewer.store.cache import Cache

SEED = 0
BORDERLINE = 0.001
"""A score nearer than this to its threshold is called borderline (RN-10)."""

Item = ImageSeries | EcgRecord | NoteDocument
Report = Callable[[int, int], None]
"""done, total"""


@dataclass(frozen=True, slots=True)
class Request:
    """One item to be read by one network: of an image its `frame`, else None. `explain` is a method, or "" for the scores alone.

    `concepts` are phrases that a note is to be judged for besides the lexicon's; `lexicon` the user's own table as JSON, "" for
    the program's.
    """

    item: Item
    frame: int | None
    bundle: Bundle
    thresholds: Mapping[str, float]
    cautions: tuple[Notice, ...] = ()
    explain: str = "default"
    concepts: tuple[str, ...] = ()
    lexicon: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Answer):
    """A network's answer before the engine signs it. `method` and `self_check` explain spans and traces, `attribution` pixels."""

    input_sha256: str = ""


class Runtime(Protocol):
    """What a room may use of the engine that runs it."""

    cache: Cache | None

    def load(self, bundle: Bundle) -> Loaded:
        """The network on the engine's device. Raises `bundle-altered`, `bundle-damaged`."""
        ...

    def make_room(self, loaded: Loaded, size: int) -> tuple[Loaded, int]:
        """After memory ended: half the batch, then the CPU. Raises `memory-exhausted` (RN-09)."""
        ...

    def provenance(self, bundle: Bundle, digest: str) -> Provenance: ...


class Room(Protocol):
    """`inference/<kind>/reading.py`."""

    def run(self, runtime: Runtime, requests: Sequence[Request], token: CancelToken, report: Report) -> list[Result]:
        """One Result for each request (all of one bundle), in order; `report` hears done and total. Raises Cancelled only."""
        ...

    def probe(self, loaded: Loaded) -> tuple[float, float]:
        """Worst difference from the stored answers of `probe.npz`, and its tolerance."""
        ...


Read = Callable[[Loaded, Request, CancelToken, Report], Reading]


def one_by_one(read: Read, refusals: Sequence[str]) -> Callable[[Runtime, Sequence[Request], CancelToken, Report], list[Result]]:
    """A room's `run` for items that are read one after the other; errors whose code is in `refusals` are refusals."""

    def run(runtime: Runtime, requests: Sequence[Request], token: CancelToken, report: Report) -> list[Result]:
        results = []
        for request in requests:
            token.check()
            started = time.perf_counter()
            try:
                reading = read(runtime.load(request.bundle), request, token, report)
            except MedviewerError as error:
                results.append(unanswered(request, error.notice, error.notice.code in refusals))
                continue
            results.append(signed(request, reading, runtime.provenance(request.bundle, reading.input_sha256), started))
        return results

    return run


def unanswered(request: Request, reason: Notice, refused: bool) -> Result:
    """A refusal or a failure, with its reason."""
    status: Any = "refused" if refused else "failed"
    return Result(request.item.item, request.frame, request.bundle.id, status, reason=reason, cautions=request.cautions)


def judged(request: Request, scores: Sequence[Score]) -> tuple[Score, ...]:
    """Scores with the request's thresholds."""
    return tuple(replace(score, threshold=request.thresholds.get(score.label)) for score in scores)


def signed(request: Request, reading: Reading, provenance: Provenance, started: float) -> Result:
    """The reading as a Result: thresholds, borderline cautions, provenance; `started` on the perf_counter clock."""
    scores = judged(request, reading.scores)
    near = [s for s in scores if s.threshold is not None and abs(s.probability - s.threshold) < BORDERLINE]
    cautions = request.cautions + reading.cautions + tuple(Notice("borderline", facts={"label": s.label}) for s in near)
    of_label = {score.label: score for score in scores}
    findings = tuple(
        replace(f, score=of_label.get(f.label, f.score), provenance=provenance, cautions=cautions) for f in reading.findings
    )
    said: dict[str, Any] = {one.name: getattr(reading, one.name) for one in fields(Answer)}
    said |= {"cautions": cautions, "scores": scores, "findings": findings}
    if reading.attribution is not None:
        said |= {"method": reading.attribution.method, "self_check": reading.attribution.self_check}
    seconds = time.perf_counter() - started
    return Result(request.item.item, request.frame, request.bundle.id, "ok", seconds, provenance=provenance, **said)
