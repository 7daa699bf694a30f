"""Mouse and wheel over an ECG: pan, zoom, calipers, borders of waves, the moment and beat under the pointer."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from medviewer.core.ecg import Wave
from medviewer.core.ecg_hand import HandMarks
from medviewer.core.ecg_layout import EcgPicture
from medviewer.core.ecg_marks import moved_bound, waves_between
from medviewer.core.ecg_moves import moved, zoomed_at
from medviewer.core.ecg_view import EcgView
from medviewer.ui.ecg.overview import line_at, place_in

if TYPE_CHECKING:
    from medviewer.ui.ecg.pane import EcgPane

WHEEL_SHARE = 0.15
"""Of a page that one notch of the wheel moves."""
GRAB_PX = 5.0
Held = tuple[str, tuple[Wave, ...], int, Literal["onset", "offset"]]
"""A border in the hand: lead, its waves before, which wave, which end."""


class Gestures:
    """Of one pane; what a hand leaves behind is told by the pane's `hand_moved` once the button is let go."""

    def __init__(self, pane: "EcgPane") -> None:
        self._pane = pane
        self.tool = "pan"
        self._drag: tuple[str, QPointF, EcgView] | None = None
        self._dragged = False
        self._held: Held | None = None
        self._before = HandMarks()

    def take(self, which: str) -> None:
        pane = self._pane
        if which in ("pan", "caliper", "cursors"):
            self.tool = which
            pane.setCursor(Qt.CursorShape.ArrowCursor if which == "pan" else Qt.CursorShape.CrossCursor)
        elif which == "window":  # Esc: back to the first tool
            self.take("pan")

    def at(self, event: QMouseEvent | QWheelEvent) -> QPointF:
        return event.position() - QPointF(0, self._pane.top())

    def press(self, event: QMouseEvent) -> None:
        pane = self._pane
        pane.activated.emit(pane)
        pane.setFocus()
        if pane.record is None or event.position().y() < pane.top():
            return
        at = self.at(event)
        button, shift = event.button(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        tool = self.tool
        if button == Qt.MouseButton.RightButton:
            tool = "zoom"
        elif button == Qt.MouseButton.MiddleButton or shift:
            tool = "pan"
        elif button != Qt.MouseButton.LeftButton:
            return
        picture = pane.picture()
        self._before = pane.hand
        if tool == "pan" and button == Qt.MouseButton.LeftButton and (held := self._bound_at(picture, at)) is not None:
            self._held = held
            tool = "bound"
        moment = place_in(picture.overview, at.x(), at.y(), picture.whole_s)
        moment = moment if moment is not None else place_in(picture.tachogram, at.x(), at.y(), picture.whole_s)
        if tool in ("pan", "caliper", "cursors") and moment is not None:
            tool = "jump"
            self._jump(moment, picture)
        elif tool in ("caliper", "cursors"):
            pane.set_calipers(pane.calipers.pressed(tool, picture, at.x(), at.y()))
        self._drag, self._dragged = (tool, at, pane.view), False

    def move(self, event: QMouseEvent) -> None:
        pane, record = self._pane, self._pane.record
        if record is None:
            return
        at = self.at(event)
        picture = pane.picture()
        pane.probe(picture, at)
        if self._drag is None:
            return
        tool, start, first = self._drag
        self._dragged = self._dragged or (at - start).manhattanLength() > 4
        if not self._dragged:
            return
        if tool == "pan":
            self._pan(picture, start, at, first)
        elif tool == "zoom":
            begun = pane.picture(first)
            pane.set_view(zoomed_at(first, record, begun, 1.01 ** (start.y() - at.y()), start.x(), start.y()))
        elif tool == "bound":
            self._drag_bound(picture, start, at)
        elif tool == "jump":
            left, wide = (picture.overview.x, picture.overview.w) if picture.overview else (0.0, picture.size[0])
            share = (min(max(at.x(), 0.0), picture.size[0]) - left) / wide
            self._jump(min(max(share, 0.0), 1.0) * record.seconds, picture)
        else:
            pane.set_calipers(pane.calipers.moved(picture, at.x(), at.y()))

    def release(self, event: QMouseEvent) -> None:
        pane = self._pane
        if self._drag is None or pane.record is None:
            return
        tool, at, _ = self._drag
        self._drag = None
        if tool == "bound":
            self._held = None
            if self._dragged:
                pane.hand_moved.emit(pane, self._before, "bound")
        elif tool in ("caliper", "cursors"):
            pane.set_calipers(pane.calipers.let_go())
            pane.hand_moved.emit(pane, self._before, "caliper")
        elif tool == "zoom" and not self._dragged:
            pane.menu_wanted.emit(pane, event.globalPosition().toPoint())
        elif tool == "pan" and not self._dragged:
            picture = pane.picture()
            line = line_at(picture, at.x(), at.y())
            if line is not None:
                pane.set_view(replace(pane.view, chosen_s=min(line.time(at.x()), pane.record.seconds)))
            else:
                self._choose_beat(picture, at)

    def wheel(self, event: QWheelEvent) -> None:
        pane, record = self._pane, self._pane.record
        if record is None:
            return
        pane.activated.emit(pane)
        notches = (event.angleDelta().y() or -event.angleDelta().x()) / 120
        picture = pane.picture()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at = self.at(event)
            pane.set_view(zoomed_at(pane.view, record, picture, 1.25**notches, at.x(), at.y()))
        else:
            step = pane.view.line_s if picture.overview is not None else WHEEL_SHARE * picture.page_s
            pane.set_view(moved(pane.view, record, pane.view.start_s - notches * step))
        event.accept()

    def _pan(self, picture: EcgPicture, start: QPointF, at: QPointF, first: EcgView) -> None:
        pane = self._pane
        assert pane.record is not None
        cell = picture.cell_at(start.x(), start.y())
        per_s = cell.px_per_s if cell is not None else picture.px_per_s
        if cell is not None and cell.line:
            lines = round((start.y() - at.y()) / max(cell.rect.h, 1))
            pane.set_view(moved(pane.view, pane.record, first.start_s + lines * pane.view.line_s))
        else:
            pane.set_view(moved(pane.view, pane.record, first.start_s - (at.x() - start.x()) / per_s))

    def _jump(self, moment: float, picture: EcgPicture) -> None:
        pane = self._pane
        assert pane.record is not None
        pane.set_view(moved(replace(pane.view, chosen_s=moment), pane.record, moment - picture.page_s / 2))

    def _bound_at(self, picture: EcgPicture, at: QPointF) -> Held | None:
        """The wave's border under the pointer, while borders are shown."""
        pane = self._pane
        cell, record = picture.cell_at(at.x(), at.y()), pane.record
        if not pane.view.waves or not pane.view.marks or record is None or cell is None or cell.line:
            return None
        lead = record.leads[cell.lead]
        waves = pane.marks.waves.get(lead.name, ())
        best: tuple[float, Held] | None = None
        near = GRAB_PX / cell.px_per_s
        for number in waves_between(waves, cell.time(at.x()) - near, cell.time(at.x()) + near, lead.rate_hz):
            wave = waves[number]
            for end, sample in (("onset", wave.onset), ("offset", wave.offset)):
                away = abs(cell.x(sample / lead.rate_hz) - at.x())
                if away <= GRAB_PX and (best is None or away < best[0]):
                    best = (away, (lead.name, waves, number, "onset" if end == "onset" else "offset"))
        return best[1] if best is not None else None

    def _drag_bound(self, picture: EcgPicture, start: QPointF, at: QPointF) -> None:
        pane = self._pane
        cell = picture.cell_at(start.x(), start.y())
        if self._held is None or pane.record is None or cell is None:
            return
        lead, before, number, end = self._held
        sample = round(cell.time(at.x()) * pane.record.leads[cell.lead].rate_hz)
        pane.set_hand(self._before.with_wave(lead, moved_bound(before, number, end, sample)[number]), tell=False)

    def _choose_beat(self, picture: EcgPicture, at: QPointF) -> None:
        """A click near a beat points at it."""
        pane = self._pane
        cell = picture.cell_at(at.x(), at.y())
        if cell is None or not len(pane.marks.times):
            return
        moment = cell.time(at.x())
        near = pane.marks.between(moment - 12 / cell.px_per_s, moment + 12 / cell.px_per_s)
        if near.stop > near.start:
            best = min(range(near.start, near.stop), key=lambda n: abs(pane.marks.times[n] - moment))
            pane.set_view(replace(pane.view, chosen_s=float(pane.marks.times[best])))
