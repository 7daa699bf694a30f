"""Let networks read open items: which fit, run them on the worker, hand results to the session."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medviewer.core.errors import Notice
from medviewer.core.finding import Result
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.core.task import CancelToken, Priority, Progress
from medviewer.inference.bundle import Bundle
from medviewer.inference.child import ChildEngine
from medviewer.inference.contract import Fit, fit
from medviewer.inference.engine import Engine, InPlaceEngine
from medviewer.inference.queue import InferenceQueue
from medviewer.inference.reading import Request
from medviewer.inference.registry import Registry
from medviewer.services.session import Item, Post, Session
from medviewer.store.cache import Cache
from medviewer.store.profile import Profile

log = logging.getLogger(__name__)

METHOD = "default"
"""Each network's own way to explain, with its check."""
QUICK = "unchecked"
"""A note's words are marked at once; the check of the marks follows as a later job."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a person may know about a network; `metrics` are rows of the bundle, `status` is "ok" or a problem's code."""

    bundle: Bundle
    thresholds: Mapping[str, float]
    status: str = "ok"

    @property
    def id(self) -> str:
        return self.bundle.id

    @property
    def version(self) -> str:
        return self.bundle.version

    @property
    def metrics(self) -> tuple[Mapping[str, Any], ...]:
        """Rows of figures as the bundle states them."""
        return tuple(self.bundle.document.get("metrics", ()))

    def title(self, lang: str) -> str:
        return self.bundle.text("title", lang)

    def task(self, lang: str) -> str:
        return self.bundle.text("task", lang)

    def label(self, label: str, lang: str) -> str:
        """The title of a label in a language."""
        for entry in self.bundle.document["labels"]:
            if entry["id"] == label:
                return str(entry["title"].get(lang) or entry["title"]["en"])
        return label

    def card(self, lang: str) -> str:
        """The whole card, Markdown."""
        return self.bundle.card(lang)


class Analyst:
    """Runs networks for the window. Call it on the session's thread; results arrive through `session.put_result`."""

    def __init__(
        self,
        session: Session,
        post: Post,
        profile: Profile,
        device: str = "auto",
        registry: Registry | None = None,
        engine: Engine | None = None,
    ) -> None:
        self._session = session
        self._post = post
        self._registry = registry or Registry(profile)
        self._engine = engine or ChildEngine(device, cache=Cache(profile.cache / "results"))
        self._queue = InferenceQueue()
        self._progress: list[Callable[[Progress | None], None]] = []
        self._device: Notice | None = None
        self._running = 0

    def models(self) -> tuple[ModelCard, ...]:
        """Every network that can be read, with the thresholds in force."""
        return tuple(ModelCard(b, self._registry.thresholds(b)) for b in self._registry.bundles())

    @property
    def problems(self) -> tuple[Notice, ...]:
        """Bundles that could not be read."""
        return tuple(self._registry.problems)

    def fitting(self, item: str) -> tuple[Fit, ...]:
        """Every network's answer to an open item; () for an item that is not open."""
        found = self._session.item(item)
        return () if found is None else fits(found, self._registry)

    def device(self) -> Notice | None:
        """Where networks run and why; None until the first run or `warm_up`."""
        return self._device

    def on_progress(self, listener: Callable[[Progress | None], None]) -> None:
        """`listener` hears how far the running job is, and None when all is done, on the session's thread."""
        self._progress.append(listener)

    def warm_up(self, done: Callable[[], None] | None = None) -> None:
        """Import torch and choose the device on the worker, so that the first analysis starts at once."""

        def finished(device: Any, error: BaseException | None) -> None:
            self._learn(device)
            if done is not None:
                self._post(done)

        self._queue.submit("device", lambda token: self._engine.device(), finished, priority=Priority.BACKGROUND)

    def run(
        self,
        item: str,
        frame: int | None,
        models: Sequence[str] | None = None,
        explain: str = METHOD,
        priority: Priority = Priority.VISIBLE,
    ) -> None:
        """Let `models` (None = all) read an item, of an image one frame. A network that refuses answers at once."""
        series = self._session.item(item)
        if series is None:
            return
        alike = {bundle.id for bundle in _of_kind(series, self._registry.bundles())}
        for answer in fits(series, self._registry):
            if answer.model not in (alike if models is None else models):
                continue
            if answer.verdict == "refused":
                self._session.put_result(Result(item, frame, answer.model, "refused", reason=answer.reasons[0]))
                continue
            first = QUICK if explain == METHOD and series.kind == "note" else explain
            self._submit(series, frame, answer, first, priority)

    def cancel(self) -> None:
        """Stop what runs and forget what waits; Esc."""
        self._queue.cancel_all()
        self._running = 0
        self._tell(None)

    @property
    def busy(self) -> bool:
        """Whether anything asked for is not answered yet."""
        return self._running > 0

    def set_threshold(self, model: str, label: str, value: float | None) -> None:
        """Set or take back the user's threshold and judge the results that are there again."""
        self._registry.set_threshold(model, label, value)
        bundle = self._registry.bundle(model)
        for item in self._session.items:
            old = self._session.result(item.item, model)
            if old is not None and old.status == "ok":
                explained = METHOD if old.method else ""
                answer = next(a for a in fits(item, self._registry) if a.model == bundle.id)
                self._submit(item, old.frame, answer, explained, Priority.INTERACTION)

    def close(self, timeout: float = 2.0) -> bool:
        """Cancel and wait for the worker; True if it ended in time."""
        ended = self._queue.close(timeout)
        self._engine.close()
        return ended

    def _submit(self, item: Item, frame: int | None, answer: Fit, explain: str, priority: Priority) -> None:
        bundle = self._registry.bundle(answer.model)
        thresholds = self._registry.thresholds(bundle)
        table = self._registry.lexicon(item.language) if isinstance(item, NoteDocument) else ""
        request = Request(item, frame, bundle, thresholds, answer.reasons, explain, lexicon=table)
        state = getattr(item, "revision", 0) or len(getattr(item, "frames", ()))
        key = f"{item.item}|{frame}|{bundle.id}|{bundle.sha256}|{explain}|{sorted(thresholds.items())}|{state}"

        def work(token: CancelToken) -> list[Result]:
            return self._engine.run([request], token, lambda done, total: self._report(done, total))

        def done(results: Any, error: BaseException | None) -> None:
            if error is not None:
                log.error("network %s failed: %s", bundle.id, type(error).__name__)
                facts = {"reason": type(error).__name__}
                results = [Result(item.item, frame, bundle.id, "failed", reason=Notice("network-failed", facts=facts))]
            self._learn(self._engine.device() if error is None else None)
            self._post(lambda: self._finish(item, results))
            if error is None and explain == QUICK and any(result.spans for result in results):
                self._post(
                    lambda: self._submit(item, frame, answer, METHOD, Priority.BACKGROUND) if self._is_open(item) else None
                )

        self._running += 1
        self._tell(Progress("analysing", 0, 1))
        self._queue.submit(key, work, done, priority=priority, slot=f"{item.item}|{bundle.id}")

    def _is_open(self, item: Item) -> bool:
        """Whether a note still has the text that was read: an answer to an older revision is dropped."""
        there = self._session.item(item.item)
        return not isinstance(item, NoteDocument) or (isinstance(there, NoteDocument) and there.text == item.text)

    def _finish(self, item: Item, results: Sequence[Result]) -> None:
        for result in results if self._is_open(item) else ():
            self._session.put_result(result)
        if not self._queue.busy:
            self._running = 0
            self._tell(None)

    def _learn(self, device: Any) -> None:
        if device is not None:
            self._device = device.why

    def _report(self, done: int, total: int) -> None:
        self._post(lambda: self._tell(Progress("analysing", done, total)) if self._running else None)

    def _tell(self, progress: Progress | None) -> None:
        for listener in self._progress:
            listener(progress)


def fits(item: Item, registry: Registry) -> tuple[Fit, ...]:
    """Every network's answer to an item, from its headers alone."""
    bundles = registry.bundles()
    return tuple(fit(bundle, item, bundles) for bundle in bundles)


def _of_kind(item: Item, bundles: Sequence[Bundle]) -> Sequence[Bundle]:
    """The networks for this kind of item; all, where there is none, so that somebody says why not."""
    return [bundle for bundle in bundles if bundle.kind == item.kind] or bundles


def requests_for(
    items: Sequence[Item], registry: Registry, models: Sequence[str], explain: str, concepts: Sequence[str] = ()
) -> Iterator[Request | Result]:
    """For each item and network, one request (of an image one a frame), or the refusal. Without `models`, all that fit; where
    none fits, the refusals of all. Raises `bundle-missing` for a model that is not there."""
    named = [registry.bundle(model) for model in models]
    for item in items:
        asked = named or _of_kind(item, registry.bundles())
        answers = [(bundle, fit(bundle, item, registry.bundles())) for bundle in asked]
        serving = [(b, a) for b, a in answers if a.verdict != "refused"]
        table = registry.lexicon(item.language) if isinstance(item, NoteDocument) else ""
        for bundle, answer in serving if serving and not models else answers:
            if answer.verdict == "refused":
                yield Result(item.item, None, bundle.id, "refused", reason=answer.reasons[0])
                continue
            for k in range(len(item.frames)) if isinstance(item, ImageSeries) else (None,):
                yield Request(item, k, bundle, registry.thresholds(bundle), answer.reasons, explain, tuple(concepts), table)


def infer(
    items: Sequence[Item],
    registry: Registry,
    engine: Engine,
    *,
    models: Sequence[str] = (),
    explain: str = METHOD,
    concepts: Sequence[str] = (),
    batch: int = 8,
    token: CancelToken | None = None,
) -> Iterator[Result]:
    """Results in the order of the items, in batches of equal requests; Cancelled ends it."""
    token = token or CancelToken()
    waiting: list[Request] = []
    for step in requests_for(items, registry, models, explain, concepts):
        same = isinstance(step, Request) and (not waiting or waiting[0].bundle.sha256 == step.bundle.sha256)
        if waiting and (not same or len(waiting) >= batch):
            yield from engine.run(waiting, token)
            waiting = []
        if isinstance(step, Request):
            waiting.append(step)
        else:
            yield step
    if waiting:
        yield from engine.run(waiting, token)


def analyse_once(item: Item, frame: int | None, model: str, *, profile: Profile, device: str = "auto") -> Result:
    """One network's answer to one item, here and now. Raises `bundle-missing`."""
    registry = Registry(profile)
    bundle = registry.bundle(model)
    answer = fit(bundle, item, registry.bundles())
    if answer.verdict == "refused":
        return Result(item.item, frame, model, "refused", reason=answer.reasons[0])
    engine = InPlaceEngine(device, cache=Cache(profile.cache / "results"))
    request = Request(item, frame, bundle, registry.thresholds(bundle), answer.reasons)
    return engine.run([request], CancelToken())[0]
