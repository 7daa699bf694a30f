"""What a person did, to be undone and done again in order (Ctrl+Z, Ctrl+Y)."""

import getpass
from collections.abc import Callable
from dataclasses import dataclass

LONGEST = 200
"""Acts that can be taken back."""


@dataclass(frozen=True, slots=True)
class Act:
    """`what` is the message code that names it; both ways write their own audit line."""

    what: str
    do: Callable[[], None]
    undo: Callable[[], None]


class History:
    """Acts in order; a new one forgets what was undone."""

    def __init__(self) -> None:
        self._done: list[Act] = []
        self._undone: list[Act] = []

    def do(self, act: Act) -> None:
        """Do it now; what was undone before cannot be done again."""
        act.do()
        self._done = [*self._done[1 - LONGEST :], act]
        self._undone.clear()

    def undo(self) -> Act | None:
        """Take the last act back; None where there is none."""
        if not self._done:
            return None
        act = self._done.pop()
        act.undo()
        self._undone.append(act)
        return act

    def redo(self) -> Act | None:
        """Do the act again that was undone last; None where there is none."""
        if not self._undone:
            return None
        act = self._undone.pop()
        act.do()
        self._done.append(act)
        return act

    def forget(self) -> None:
        """Nothing can be undone any more."""
        self._done.clear()
        self._undone.clear()


def system_user() -> str:
    """The account that runs the program; "" where the system has no name for it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
