"""Open files, folders and archives: scan them in a thread, hand what is found to the session as it is found."""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from medviewer.core.errors import Notice
from medviewer.core.image import ImageSeries
from medviewer.core.task import Account, Cancelled, CancelToken
from medviewer.services.session import Item, Post, Session

log = logging.getLogger(__name__)


class Opening:
    """One running scan."""

    def __init__(self, cancel: CancelToken, thread: threading.Thread) -> None:
        self._cancel = cancel
        self._thread = thread

    def cancel(self) -> None:
        """Stop scanning; what was found stays open."""
        self._cancel.cancel()

    @property
    def finished(self) -> bool:
        return not self._thread.is_alive()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the scan's thread; its last changes may still wait in `post`. True if it ended."""
        self._thread.join(timeout)
        return self.finished


def open_paths(session: Session, post: Post, paths: Sequence[str | Path], *, workspace: Path) -> Opening:
    """Start scanning `paths` and return at once; the session announces items, growth and the account through `post`."""
    cancel = CancelToken()

    def work() -> None:
        from medviewer.io.scan import Batch, scan

        names = _Names(session)

        def hand_over(batch: Batch) -> None:
            post(lambda: session.put(*names.told_apart(batch.items, batch.removed), batch.account))

        try:
            hand_over(scan(paths, workspace=workspace, announce=hand_over, cancel=cancel))
        except Cancelled:
            post(lambda: session.put((), account=_ended(session.account)))
        except Exception:
            log.exception("scan failed")
            failed = Notice("scan-failed", str(paths[0]) if paths else "")
            post(lambda: session.put((), account=_ended(session.account, failed)))

    thread = threading.Thread(target=work, name="scan", daemon=True)
    thread.start()
    return Opening(cancel, thread)


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
