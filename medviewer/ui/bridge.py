"""Where threads and Qt meet, and nowhere else: changes to the GUI thread, decoding to a small pool."""

import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

log = logging.getLogger(__name__)

Done = Callable[[Any, BaseException | None], None]


class Bridge(QObject):
    """`post` runs a callable on the GUI thread; `background` runs work in the pool and its answer on the GUI thread."""

    _posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="frames")
        self._closed = False
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, change: Callable[[], None]) -> None:
        """From any thread; dropped once the window is closing (RN-02)."""
        if self._closed:
            return
        with contextlib.suppress(RuntimeError):  # the window and this object went between the two lines
            self._posted.emit(change)

    def background(self, work: Callable[[], Any], done: Done) -> None:
        """Call `work` in the pool, then `done(result, error)` on the GUI thread."""
        if self._closed:
            return

        def run() -> None:
            try:
                result, error = work(), None
            except Exception as raised:  # whatever it is goes to `done`
                result, error = None, raised
            self.post(lambda: done(result, error))

        self._pool.submit(run)

    def close(self) -> None:
        """Take no more; what runs is left to end, its answers are dropped."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    @Slot(object)
    def _run(self, change: Callable[[], None]) -> None:
        if self._closed:
            return
        try:
            change()
        except Exception:  # a slot that raises would end the program
            log.exception("a change was not taken")
