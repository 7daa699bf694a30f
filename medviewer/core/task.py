"""Work that takes time: how far it is, how urgent, and how to stop it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from medviewer.core.errors import Notice


class Priority(IntEnum):
    """Lower runs first."""

    INTERACTION = 0
    VISIBLE = 1
    BACKGROUND = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` pieces (`total` 0 = unknown) of the work named by the message code `what`."""

    what: str
    done: int
    total: int


class Pace:
    """How long work will still take, from its own progress (EL-03); a smaller `done` or another `total` is other work."""

    SURE_S, SURE_SHARE = 3.0, 0.02
    """Before so much time and so large a share nothing is said."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, int] | None = None
        self._last = (0, 0)

    def left(self, done: int, total: int) -> float | None:
        """Seconds that are left, None while nobody can tell."""
        now = self._clock()
        if self._first is None or done < self._last[0] or total != self._last[1]:
            self._first = (now, done)
        self._last = (done, total)
        began, at = self._first
        if total <= 0 or now - began < self.SURE_S or done - at < self.SURE_SHARE * total:
            return None
        return (total - done) * (now - began) / (done - at)


class Cancelled(Exception):
    """Raised inside work whose token was cancelled; never shown as an error."""


class CancelToken:
    """Set once by whoever wants the work to stop, looked at by the work between its pieces."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop; from any thread."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if the work should stop."""
        if self._event.is_set():
            raise Cancelled


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the files: the four numbers shown after every opening, and the lists behind them (TF-10).

    `found` = `loaded` + `skipped` + `failed`.
    """

    found: int = 0
    loaded: int = 0
    skipped: tuple[Notice, ...] = ()
    failed: tuple[Notice, ...] = ()
    finished: bool = True
