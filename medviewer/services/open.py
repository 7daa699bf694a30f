"""Open files, folders and archives: scan them in a thread, hand what is found to the session as it is found."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from medviewer.core.errors import Notice
from medviewer.core.task import Account, Cancelled, CancelToken
from medviewer.services.session import Post, Session

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

        def hand_over(batch: Batch) -> None:
            post(lambda: session.put(batch.items, batch.removed, batch.account))

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


def _ended(account: Account, failed: Notice | None = None) -> Account:
    """The account as far as it came, with the failure counted."""
    extra = (failed,) if failed else ()
    return Account(account.found + len(extra), account.loaded, account.skipped, account.failed + extra, finished=True)
