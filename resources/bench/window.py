"""Shared by the window_* scripts: the program as `medviewer PATH…` starts it, watched from inside, offscreen."""

import sys
import tempfile
import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from medviewer.ui import app

TICK_MS = 5


class Watch(QObject):
    """Ticks every few milliseconds and calls `seen(starter)` each time until it returns True; then the window closes.

    `stall` is the longest time in ms between two ticks beyond the tick's own, `gaps` all above 20 ms with their time."""

    def __init__(self, seen):
        super().__init__()
        self.seen, self.starter, self.stall, self.gaps = seen, None, 0.0, []
        self._last = self._begun = time.perf_counter()
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)

    def begin(self, starter):
        """The window is painted: from here on it is expected to answer."""
        self.starter = starter
        self._last = self._begun = time.perf_counter()
        self._timer.start()

    def _tick(self):
        now = time.perf_counter()
        gap = (now - self._last) * 1000 - TICK_MS
        if gap > 20:
            self.gaps.append((round(self._last - self._begun, 2), round(gap)))
        self.stall = max(self.stall, gap)
        self._last = now
        if self.seen(self):
            self._timer.stop()
            QApplication.closeAllWindows()

    @property
    def desk(self):
        return self.starter.desk

    @property
    def loaded(self):
        """The whole folder is read and an image of it is on the screen."""
        return self.desk is not None and self.desk.session.items and self.desk.session.account.finished and self.shown

    @property
    def shown(self):
        if self.desk is None:
            return False
        pane = self.desk.grid.active
        return getattr(pane, "series", None) is not None and pane.isVisible() and not pane.loading


class Painted(QObject):
    """Calls `done` when an image was painted into the pane it watches."""

    def __init__(self, pane, done):
        super().__init__(pane)
        self._pane, self._done = pane, done
        pane.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._look)
        return False

    def _look(self):
        if self._pane.series is not None and not self._pane.loading:
            self._done()


def run(watch, paths=(), sample=False):
    """Start the program as its command does, in a fresh profile; ends when `watch` has seen what it waits for."""
    with tempfile.TemporaryDirectory() as profile:
        return app.run(
            list(paths), sample=sample, profile=profile, lang="en", device="cpu", new_instance=True, started=watch.begin
        )


def folder():
    return sys.argv[1]
