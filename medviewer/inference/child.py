"""The engine in one warm, spawned process, which alone imports torch.

Pixels and traces cross by shared memory. A crash or a time-out ends the process, is told, and the next job starts a fresh one.
"""

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord, Signal
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Result
from medviewer.core.image import ImageSeries, Pixels
from medviewer.core.overlay import Overlay
from medviewer.core.task import Cancelled, CancelToken
from medviewer.inference.device import Device, prepare_environment
from medviewer.inference.engine import InPlaceEngine
from medviewer.inference.reading import Report, Request, unanswered
from medviewer.store.cache import Cache

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

STOP_WITHIN = 0.7
"""Seconds a job has to look at its token after Stop; then its process is ended (RN-03)."""
SILENCE = 180.0
"""Seconds without a sign of life after which a job is given up."""
LARGEST_CROSSING = 1 << 28
"""Bytes of a trace that cross at once; a longer record is opened again by the child."""


class ChildEngine:
    """As `engine.Engine`. `run` and `device` are called by one thread, `close` by any."""

    def __init__(self, device: str = "auto", threads: int | None = None, cache: Cache | None = None) -> None:
        self._about = (device, threads, cache)
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._device: Device | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the child, None while there is none."""
        return self._process.pid if self._process is not None and self._process.is_alive() else None

    def device(self) -> Device:
        if self._device is None:
            self._ask("device", (), CancelToken(), None)
        assert self._device is not None
        return self._device

    def run(self, requests: Sequence[Request], token: CancelToken, report: Report | None = None) -> list[Result]:
        with contextlib.ExitStack() as held:
            crossing: list[Request] = []
            unread: dict[int, Result] = {}
            for i, request in enumerate(requests):
                token.check()
                try:
                    crossing.append(held.enter_context(_crossing(request)))
                except MedviewerError as error:
                    unread[i] = unanswered(request, error.notice, refused=False)
            try:
                answers = iter(self._ask("run", crossing, token, report) if crossing else [])
            except MedviewerError as error:
                answers = iter([unanswered(request, error.notice, refused=False) for request in crossing])
            return [unread[i] if i in unread else next(answers) for i in range(len(requests))]

    def close(self) -> None:
        """End the child, within a second."""
        self._closed = True
        self._end()

    def _ask(self, what: str, body: Any, token: CancelToken, report: Report | None) -> Any:
        """Send a job and wait for its answer. Raises Cancelled, or MedviewerError `engine-crashed`, `engine-timeout`."""
        try:
            pipe = self._started()
            pipe.send((what, body))
            return self._wait(pipe, token, report)
        except (EOFError, OSError) as error:
            if self._closed:
                raise Cancelled from error
            code = self._process.exitcode if self._process is not None else None
            self._end()
            raise MedviewerError("engine-crashed", "", exit_code="–" if code is None else code) from error

    def _wait(self, pipe: "Connection", token: CancelToken, report: Report | None) -> Any:
        heard = time.monotonic()
        stopping: float | None = None
        while True:
            if pipe.poll(0.05):
                word, *body = pipe.recv()
                heard = time.monotonic()
                if word == "progress":
                    if report is not None:
                        report(*body)
                    continue
                if word == "cancelled":
                    raise Cancelled
                if word == "failed":
                    raise MedviewerError("network-failed", "", reason=body[0])
                answer, self._device = body
                return answer
            now = time.monotonic()
            if token.cancelled and stopping is None:
                stopping = now
                pipe.send(("cancel", ()))
            if stopping is not None and now - stopping > STOP_WITHIN:
                self._end()
                raise Cancelled
            if now - heard > SILENCE:
                self._end()
                raise MedviewerError("engine-timeout", "", seconds=int(SILENCE))

    def _started(self) -> "Connection":
        """The pipe to the one child; starts it where there is none."""
        if self._closed:
            raise Cancelled
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._end()
            import multiprocessing

            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs, *self._about), name="medviewer-engine", daemon=True)
            self._process.start()
            theirs.close()
        return self._pipe

    def _end(self) -> None:
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.join(0.2)
            if process.is_alive():
                process.kill()
                process.join(0.5)


def serve(pipe: "Connection", device: str, threads: int | None, cache: Cache | None) -> None:
    """The child: jobs one after the other, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_environment()
    engine = InPlaceEngine(device, threads, cache)
    inbox: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    current: list[CancelToken] = [CancelToken()]

    def listen() -> None:
        while True:
            try:
                what, body = pipe.recv()
            except (EOFError, OSError):
                os._exit(0)  # the window is gone: nobody waits for what runs
            if what == "cancel":
                current[0].cancel()
            else:
                current[0] = CancelToken()
                inbox.put((what, body))

    threading.Thread(target=listen, name="inbox", daemon=True).start()
    while True:
        what, body = inbox.get()
        try:
            answer = (
                engine.run(body, current[0], lambda done, total: pipe.send(("progress", done, total))) if what == "run" else None
            )
            pipe.send(("answer", answer, engine.device()))
        except Cancelled:
            pipe.send(("cancelled",))
        except Exception as error:  # whatever a network raises ends its job, not the child
            pipe.send(("failed", type(error).__name__))


def _tell(pipe: "Connection", done: int, total: int) -> None:
    pipe.send(("progress", done, total))


@dataclass(frozen=True, slots=True)
class SharedArray:
    """An array of another process: name of the block, shape, numpy type."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def copy(self) -> NDArray[Any]:
        from multiprocessing.shared_memory import SharedMemory

        block = SharedMemory(self.name)
        try:
            return np.ndarray(self.shape, self.dtype, block.buf).copy()
        finally:
            block.close()


@dataclass(frozen=True, slots=True)
class SharedPixels:
    """PixelSource of the one frame that crossed."""

    frame: int
    pixels: SharedArray

    def stored(self, k: int) -> Pixels:
        if k != self.frame:
            raise MedviewerError("pixel-data-missing", "")
        return self.pixels.copy()

    def volume(self) -> Pixels:
        return self.pixels.copy()[None]

    def overlay(self, k: int, overlay: Overlay) -> NDArray[np.bool_]:
        raise MedviewerError("pixel-data-missing", "")


class SharedSignal:
    """SignalSource of a record that crossed whole; leads of any lengths."""

    def __init__(self, leads: Sequence[SharedArray]) -> None:
        self._leads = tuple(leads)
        self._read: dict[int, Signal] = {}

    def read(self, lead: int, start: int, stop: int) -> Signal:
        if lead not in self._read:
            self._read[lead] = self._leads[lead].copy()
        return self._read[lead][start:stop]


class ReopenedSignal:
    """SignalSource of a record too long to cross: the child opens its file at the first read."""

    def __init__(self, path: str, item: str) -> None:
        self._path, self._item = path, item
        self._record: EcgRecord | None = None

    def read(self, lead: int, start: int, stop: int) -> Signal:
        if self._record is None:
            from medviewer.io.scan import scan

            found = scan([self._path], workspace=Path(self._path).parent).items
            records = [item for item in list[object](found) if isinstance(item, EcgRecord)]
            same = [record for record in records if record.item == self._item] or records
            if not same:
                raise MedviewerError("unreadable", self._path, reason="–")
            self._record = same[0]
        return self._record.source.read(lead, start, stop)


@contextmanager
def _crossing(request: Request) -> Iterator[Request]:
    """The request as the child gets it; shared blocks live as long as the context."""
    item = request.item
    with contextlib.ExitStack() as held:
        if isinstance(item, ImageSeries):
            k = request.frame or 0
            yield replace(request, item=replace(item, source=SharedPixels(k, held.enter_context(_shared(item.source.stored(k))))))
        elif isinstance(item, EcgRecord) and sum(lead.samples for lead in item.leads) * 8 <= LARGEST_CROSSING:
            leads = [item.source.read(i, 0, lead.samples) for i, lead in enumerate(item.leads)]
            yield replace(request, item=replace(item, source=SharedSignal([held.enter_context(_shared(lead)) for lead in leads])))
        elif isinstance(item, EcgRecord):
            yield replace(request, item=replace(item, source=ReopenedSignal(item.path, item.item)))
        else:
            yield request


@contextmanager
def _shared(array: NDArray[Any]) -> Iterator[SharedArray]:
    from multiprocessing.shared_memory import SharedMemory

    try:
        block = SharedMemory(create=True, size=max(1, array.nbytes))
    except OSError as error:
        raise MedviewerError("memory-exhausted", "") from error
    try:
        np.ndarray(array.shape, array.dtype, block.buf)[...] = array
        yield SharedArray(block.name, array.shape, array.dtype.str)
    finally:
        block.close()
        block.unlink()
