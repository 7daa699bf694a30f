"""Open files, folders and archives: scan them in a thread, hand what is found to the session as it is found."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from medviewer.core.errors import Notice
from medviewer.core.image import ImageSeries
from medviewer.core.task import Account, Cancelled, CancelToken
from medviewer.services.session import Item, Post, Session

log = logging.getLogger(__name__)


NOT_ANSWERING_S = 3.0
"""Seconds that one file may take before its drive is said not to answer."""
FIRST_TAKEN_S, FIRST_SHOWN_S = 0.3, 0.05
"""How long the scan waits until its first item is taken, and then shown: Python's threads share one lock, and against a running
scan the first image came a tenth of a second later (500 slices, two cores)."""


class Opening:
    """One running scan."""

    def __init__(self, session: Session, post: Post) -> None:
        self._session, self._post = session, post
        self.token = CancelToken()
        self._thread = threading.Thread()
        self._asked: tuple[str, float] = ("", time.monotonic())

    def begin(self, work: Callable[[], None]) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=work, name="scan", daemon=True)
        self._thread.start()

    def asking(self, path: str) -> None:
        """The scan is about to read this file."""
        self._asked = (path, time.monotonic())

    def waits_for(self) -> Notice | None:
        """`drive-not-answering` with the file that has been waited for too long."""
        path, since = self._asked
        seconds = time.monotonic() - since
        if self.finished or not path or seconds < NOT_ANSWERING_S:
            return None
        return Notice("drive-not-answering", path, {"seconds": round(seconds)})

    def cancel(self) -> None:
        """Stop scanning; what was found stays open. A scan that waits for a drive is left behind, its answers are dropped."""
        if self.finished or self.token.cancelled:
            return
        waits = self.waits_for()
        self.token.cancel()
        self._post(lambda: self._session.put((), account=_ended(self._session.account, waits)))

    @property
    def finished(self) -> bool:
        """Whether the scan's thread has ended."""
        return not self._thread.is_alive()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the scan's thread; its last changes may still wait in `post`. True if it ended."""
        self._thread.join(timeout)
        return self.finished


def open_paths(session: Session, post: Post, paths: Sequence[str | Path], *, workspace: Path) -> Opening:
    """Start scanning `paths` and return at once; the session announces items, growth and the account through `post`."""
    opening = Opening(session, post)

    def work() -> None:
        from medviewer.io.scan import Batch, scan

        names = _Names(session)
        taken = threading.Event()

        def hand_over(batch: Batch) -> None:
            first = not taken.is_set()
            post(lambda: take(batch))
            if first and not batch.account.finished and taken.wait(FIRST_TAKEN_S):
                time.sleep(FIRST_SHOWN_S)
            taken.set()

        def take(batch: Batch) -> None:
            if not opening.token.cancelled:  # looked at on the session's thread: nothing comes after the end that Stop told
                session.put(*names.told_apart(batch.items, batch.removed), batch.account)
            taken.set()

        try:
            hand_over(scan(paths, workspace=workspace, announce=hand_over, cancel=opening.token, asking=opening.asking))
        except Cancelled:
            return
        except Exception:  # a thread that ends unheard would leave the scan running for ever
            log.exception("scan failed")
            failed = Notice("scan-failed", str(paths[0]) if paths else "")
            post(lambda: session.put((), account=_ended(session.account, failed)))

    opening.begin(work)
    return opening


class _Names:
    """Ids of one opening: a file's id that another open file has already gets -2, -3 …, as within one scan; two patients'
    "note" must not take each other's place. Series are the same by their UID wherever their files lie."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._given: dict[str, str] = {}

    def told_apart(self, items: Iterable[Item], removed: Iterable[str]) -> tuple[list[Item], list[str]]:
        return [self._named(item) for item in items], [self._given.get(one, one) for one in removed]

    def _named(self, item: Item) -> Item:
        if item.item not in self._given:
            name, n = item.item, 1
            while not self._free(name, item):
                n += 1
                name = f"{item.item}-{n}"
            self._given[item.item] = name
        name = self._given[item.item]
        return item if name == item.item else replace(item, item=name)

    def _free(self, name: str, item: Item) -> bool:
        there = self._session.item(name)
        if there is None or (isinstance(item, ImageSeries) and item.has_identity):
            return True
        return _path_of(there) == _path_of(item)


def _path_of(item: Item) -> str:
    return (item.frames[0].path if item.frames else "") if isinstance(item, ImageSeries) else item.path


def _ended(account: Account, failed: Notice | None = None) -> Account:
    """The account as far as it came, with the failure counted."""
    extra = (failed,) if failed else ()
    return Account(account.found + len(extra), account.loaded, account.skipped, account.failed + extra, finished=True)
