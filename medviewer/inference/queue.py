"""One worker thread owns all inference: jobs by priority, equal ones joined, superseded ones dropped, cancel between pieces."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from medviewer.core.task import Cancelled, CancelToken, Priority

log = logging.getLogger(__name__)

Work = Callable[[CancelToken], Any]
"""Runs on the worker thread in pieces under 200 ms, looking at the token between them."""


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work asked for. `key` joins equal ones; a job of the same `slot` with a later `generation` supersedes it."""

    key: str
    work: Work
    done: Callable[[Any, BaseException | None], None]
    priority: Priority
    slot: str
    generation: int
    token: CancelToken = field(default_factory=CancelToken)
    joined: list[Callable[[Any, BaseException | None], None]] = field(default_factory=list)

    def cancel(self) -> None:
        self.token.cancel()


class InferenceQueue:
    """`done(result, error)` is called on the worker thread, once for each submit, unless the job was cancelled or superseded."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Job]] = []
        self._count = itertools.count()
        self._jobs: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._running: Job | None = None
        self._closing = False
        self._thread: threading.Thread | None = None

    def submit(
        self,
        key: str,
        work: Work,
        done: Callable[[Any, BaseException | None], None],
        *,
        priority: Priority = Priority.VISIBLE,
        slot: str = "",
    ) -> Job:
        """Queue `work`, or join a waiting or running job of the same key. A new key in the same `slot` supersedes the old."""
        with self._changed:
            if self._closing:
                raise RuntimeError("the queue is closed")
            same = self._jobs.get(key)
            if same is not None and not same.token.cancelled:
                same.joined.append(done)
                if priority < same.priority and same is not self._running:
                    same.priority = priority
                    heapq.heappush(self._heap, (priority, next(self._count), same))
                return same
            generation = next(self._count)
            for other in list(self._jobs.values()):
                if slot and other.slot == slot and other.generation < generation:
                    other.cancel()
            job = Job(key, work, done, priority, slot, generation)
            self._jobs[key] = job
            heapq.heappush(self._heap, (priority, generation, job))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return job

    def cancel_all(self) -> None:
        with self._changed:
            for job in self._jobs.values():
                job.cancel()

    @property
    def busy(self) -> bool:
        with self._changed:
            return any(not job.token.cancelled for job in self._jobs.values())

    def close(self, timeout: float = 2.0) -> bool:
        """Cancel everything and wait for the worker; True if it ended in time."""
        with self._changed:
            self._closing = True
            for job in self._jobs.values():
                job.cancel()
            self._changed.notify_all()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or bool(self._heap))
                if self._closing:
                    return
                _, _, job = heapq.heappop(self._heap)
                if self._jobs.get(job.key) is not job or job is self._running:
                    continue
                if job.token.cancelled:
                    del self._jobs[job.key]
                    continue
                self._running = job
            self._answer(job, *self._perform(job))

    def _perform(self, job: Job) -> tuple[Any, BaseException | None]:
        try:
            return job.work(job.token), None
        except Cancelled as stopped:
            return None, stopped
        except Exception as error:  # whatever a network raises ends its job, not the worker
            log.debug("job failed", exc_info=True)
            return None, error

    def _answer(self, job: Job, result: Any, error: BaseException | None) -> None:
        with self._changed:
            self._running = None
            if self._jobs.get(job.key) is job:
                del self._jobs[job.key]
            late = job.token.cancelled or self._closing
            listeners = [] if late else [job.done, *job.joined]
        for listener in listeners:
            try:
                listener(result, error)
            except Exception:  # the other listeners and the worker go on
                log.exception("an answer was not taken")
