"""Mouse and wheel over an image: the tools, lengths and boxes that are drawn, zoom and scroll."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from medviewer.core.measure import Ruler
from medviewer.core.view import zoomed_at
from medviewer.ui.image.rulers import Drawn
from medviewer.ui.image.tools import Drag, Place, Tool, tool

if TYPE_CHECKING:
    from medviewer.ui.image.pane import ImagePane

CLICK_PX = 4
"""A drag that is shorter is a click."""


class Gestures:
    """Of one pane: which tool a button means, and the drag that is under way."""

    def __init__(self, pane: "ImagePane") -> None:
        self._pane = pane
        self.tool: Tool = tool("window")
        self._drag: tuple[Tool, Drag] | None = None

    @property
    def dragging(self) -> bool:
        return self._drag is not None

    @property
    def drawn(self) -> Drawn | None:
        """The length or box under way."""
        if self._drag is None or self._drag[0].id not in ("ruler", "region"):
            return None
        chosen, drag = self._drag
        return Drawn(chosen.id, drag.start, drag.now)

    def press(self, event: QMouseEvent) -> None:
        pane = self._pane
        pane.setFocus(Qt.FocusReason.MouseFocusReason)
        pane.activated.emit(pane)
        chosen, voi = self._tool_for(event), pane.drawn_window()
        if pane.series is None or voi is None or chosen is None:
            return
        here = _place(event)
        self._drag = (chosen, Drag(here, here, here, pane.extent, pane.series, pane.picture(), voi, pane.span, pane.view))

    def _tool_for(self, event: QMouseEvent) -> Tool | None:
        """Which tool a button with its modifiers means (conventions: hands)."""
        keys, button = event.modifiers(), event.button()
        if button == Qt.MouseButton.RightButton:
            return tool("zoom")
        if button == Qt.MouseButton.MiddleButton:
            return tool("pan")
        if button != Qt.MouseButton.LeftButton:
            return None
        if keys & Qt.KeyboardModifier.ShiftModifier:
            return tool("pan")
        if keys & Qt.KeyboardModifier.ControlModifier:
            return tool("region")
        return tool("window") if keys & Qt.KeyboardModifier.AltModifier else self.tool

    def move(self, event: QMouseEvent) -> None:
        pane = self._pane
        here = _place(event)
        pane.magnifier.move(here)
        if self._drag is None:
            pane.probed.emit(pane.probe(*here))
            return
        chosen, drag = self._drag
        drag = replace(drag, last=drag.now, now=here, picture=pane.picture(), voi=pane.drawn_window() or drag.voi)
        self._drag = (chosen, drag)
        pane.set_view(chosen.drag(pane.view, drag))
        pane.update()

    def release(self, event: QMouseEvent) -> None:
        pane = self._pane
        if self._drag is None:
            return
        (_, drag), drawn, self._drag = self._drag, self.drawn, None
        far = abs(drag.now[0] - drag.start[0]) + abs(drag.now[1] - drag.start[1]) > CLICK_PX
        if drawn is not None and far and pane.series is not None:
            start, end = drawn.on(pane.picture())
            if drawn.tool == "ruler":
                pane.length_drawn.emit(pane, Ruler(start, end))
            else:
                pane.window_region(start, end)
        elif event.button() == Qt.MouseButton.RightButton and not far:
            pane.menu_wanted.emit(pane, event.globalPosition().toPoint())
        pane.rest()

    def double(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = None

    def wheel(self, event: QWheelEvent) -> None:
        pane = self._pane
        if pane.series is None:
            return
        pane.activated.emit(pane)
        steps = event.angleDelta().y() / 120 or event.angleDelta().x() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            pane.set_view(zoomed_at(pane.view, pane.picture(), 1.15**steps, *_place(event), pane.extent))
        else:
            pane.step(-round(steps) if abs(steps) >= 1 else (-1 if steps > 0 else 1))


def _place(event: QMouseEvent | QWheelEvent) -> Place:
    return event.position().x(), event.position().y()
