"""Cine: the images of a pane one after another, as fast as the file says or the user wishes; no image is left out.

A timer asks for the next image only when the one before is painted, so a slow disk slows the cine instead of piling up work.
"""

from PySide6.QtCore import QObject, QTimer

from medviewer.store.settings import Settings
from medviewer.ui.image.pane import ImagePane
from medviewer.ui.strip import CineBar

SPEEDS = (1, 2, 3, 5, 8, 10, 12, 15, 20, 25, 30, 40, 60)
FASTEST = SPEEDS[-1]


class Cine(QObject):
    """Runs in one pane at a time."""

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self.pane: ImagePane | None = None
        self._bar: CineBar | None = None
        self.rate = 10
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    def toggle(self, pane: ImagePane) -> None:
        """Start in this pane, or stop where it runs there."""
        running = self.pane
        self.stop()
        if running is not pane and pane.series is not None and len(pane.series.frames) > 1:
            self._start(pane)

    def stop(self) -> bool:
        """True where something ran."""
        ran = self.pane is not None
        self._timer.stop()
        if self._bar is not None:
            self._bar.hide()
            self._bar.deleteLater()
        self.pane = self._bar = None
        return ran

    def set_rate(self, rate: int) -> None:
        """Images a second; kept for series whose file does not say it."""
        self.rate = min(max(rate, 1), FASTEST)
        self._timer.setInterval(round(1000 / self.rate))
        if self.pane is not None and self.pane.series is not None and self.pane.series.frame_seconds is None:
            self._settings.set("cine_rate", self.rate)
        self._tell()

    def faster(self, steps: int) -> None:
        """The next of `SPEEDS` up or down."""
        if steps > 0:
            self.set_rate(next((speed for speed in SPEEDS if speed > self.rate), FASTEST))
        else:
            self.set_rate(next((speed for speed in reversed(SPEEDS) if speed < self.rate), 1))

    def set_loop(self, loop: bool) -> None:
        self._settings.set("cine_loop", loop)
        self._tell()

    def toggle_loop(self) -> None:
        self.set_loop(not self._settings.get("cine_loop"))

    def _start(self, pane: ImagePane) -> None:
        assert pane.series is not None
        self.pane = pane
        stated = pane.series.frame_seconds
        self._bar = CineBar(pane)
        self._bar.stopped.connect(self.stop)
        self._bar.speed_changed.connect(self.set_rate)
        self._bar.loop_changed.connect(self.set_loop)
        self.set_rate(round(1 / stated) if stated else int(self._settings.get("cine_rate")))
        self._bar.show()
        self._bar.raise_()
        if pane.view.frame == len(pane.series.frames) - 1:
            pane.step(-len(pane.series.frames))
        self._timer.start()

    def _tell(self) -> None:
        if self._bar is None or self.pane is None:
            return
        self._bar.blockSignals(True)
        self._bar.tell(self.rate, bool(self._settings.get("cine_loop")))
        self._bar.blockSignals(False)
        self._bar.adjustSize()
        self._bar.move((self.pane.width() - self._bar.width()) // 2, self.pane.height() - self._bar.height() - 64)

    def _tick(self) -> None:
        pane = self.pane
        if pane is None or pane.series is None or pane.error is not None:
            self.stop()
        elif not pane.loading:
            last = len(pane.series.frames) - 1
            if pane.view.frame < last:
                pane.step(1)
            elif self._settings.get("cine_loop"):
                pane.step(-last)
            else:
                self.stop()
