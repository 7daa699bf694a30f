"""A pane that paints itself: its mouse goes to its gestures, its strip lies at the lower rim."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from medviewer.core.errors import Notice
from medviewer.services.words import Sentence
from medviewer.ui.bridge import Bridge
from medviewer.ui.pane import Pane
from medviewer.ui.strip import Strip


class Hands(Protocol):
    """What mouse and wheel do in one pane."""

    def press(self, event: QMouseEvent) -> None: ...

    def move(self, event: QMouseEvent) -> None: ...

    def release(self, event: QMouseEvent) -> None: ...

    def wheel(self, event: QWheelEvent) -> None: ...


class Canvas(Pane):
    """Of images and of ECGs; each sets its own `gestures`."""

    gestures: Hands

    def __init__(self, bridge: Bridge, say: Callable[[Notice], Sentence], parent: QWidget | None = None) -> None:
        super().__init__(bridge, say, parent)
        self.strip = Strip(self)
        self.setMouseTracking(True)

    def place_strips(self) -> None:
        super().place_strips()
        high = self.strip.fit(self.width() - 4)
        self.strip.setGeometry(2, self.height() - high - 2, self.width() - 4, high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.place_strips()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.gestures.release(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.gestures.wheel(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_wanted.emit(self, self.mapToGlobal(self.rect().center()))
