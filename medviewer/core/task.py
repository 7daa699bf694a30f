"""Work that takes time: how far it is, how urgent, and how to stop it."""

import threading
from dataclasses import dataclass
from enum import IntEnum

from medviewer.core.errors import Notice


class Priority(IntEnum):
    """Lower runs first."""

    INTERACTION = 0
    VISIBLE = 1
    PREFETCH = 2
    BACKGROUND = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` pieces (`total` 0 = unknown) of the work named by the message code `what`."""

    what: str
    done: int
    total: int


class Cancelled(Exception):
    """Raised inside work whose token was cancelled; never shown as an error."""


class CancelToken:
    """Set once by whoever wants the work to stop, looked at by the work between its pieces."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
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
