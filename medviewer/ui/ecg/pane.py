"""One pane with one ECG: gestures → tool → view → picture → painter; the pyramid of a long record is built beside."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from medviewer.core.ecg import EcgRecord, Wave
from medviewer.core.ecg_doubt import amplitude_doubts
from medviewer.core.ecg_hand import HandMarks, with_bounds
from medviewer.core.ecg_layout import SCREEN_MM, EcgPicture, resolve
from medviewer.core.ecg_marks import Marks, marks_of
from medviewer.core.ecg_moves import moved
from medviewer.core.ecg_stated import SETTLED
from medviewer.core.ecg_view import EcgView
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Decision, Evidence, Interval, Result
from medviewer.core.signal import Pyramid
from medviewer.core.task import CancelToken
from medviewer.services.session import Item
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.bridge import Bridge
from medviewer.ui.canvas import Canvas
from medviewer.ui.ecg import words
from medviewer.ui.ecg.bar import EcgBar
from medviewer.ui.ecg.calipers import Calipers, paint_calipers
from medviewer.ui.ecg.gestures import Gestures
from medviewer.ui.ecg.painter import EcgPainter
from medviewer.ui.strip import refusal

GROWING_MS = 200
WARNINGS = 3
"""Told in the pane; all of them stand in the browser's tooltip."""


class EcgPane(Canvas):
    """Shows a record."""

    kind = "ecg"
    state_wanted = Signal(object)
    """Somebody wants to say what the file does not."""
    resized = Signal()
    hand_moved = Signal(object, object, str)
    """The pane, its `HandMarks` before, and what was done: "caliper" or "bound"."""

    def __init__(self, bridge: Bridge, say: Callable[[Notice], Sentence], parent: QWidget | None = None) -> None:
        super().__init__(bridge, say, parent)
        self.view: EcgView = EcgView()
        self.marks = Marks()
        self.decided: Mapping[str, Decision] = {}
        self.calipers = Calipers()
        self.px_per_mm, self.calibrated = SCREEN_MM, False
        self.most_mm: float | None = None
        """Set by the controls: ECGs beside each other have one scale."""
        self._painter: EcgPainter | None = None
        self._token = CancelToken()
        self.recall: Callable[[EcgRecord], HandMarks] = lambda record: HandMarks()
        """Set by the controls: what was kept with a record."""
        self.gestures: Gestures = Gestures(self)
        self.bar = EcgBar(self)
        self.bar.changed.connect(self.set_view)
        self.strip._words.linkActivated.connect(self._link)
        self._read: set[str] = set()
        self._doubts: tuple[Notice, ...] = ()
        self._unread: EcgRecord | None = None
        self.bounds: tuple[tuple[str, Wave], ...] = ()
        self.touched: tuple[str, float] | None = None
        self._growing = QTimer(self, interval=GROWING_MS)
        self._growing.timeout.connect(self.update)

    @property
    def record(self) -> EcgRecord | None:
        """The item, which is a record here."""
        return self.item if isinstance(self.item, EcgRecord) else None

    def show_item(self, item: Item | None) -> None:
        assert item is None or isinstance(item, EcgRecord)
        same = self.record is not None and item is not None and self.record.item == item.item and self.record.path == item.path
        if same and self.record is not None and item is not None and self.record.leads == item.leads:
            self.item = item
            return
        self._token.cancel()
        self._token = CancelToken()
        self._growing.stop()
        self.item = item
        self.results, self.decided, self.marks, self.calipers = {}, {}, Marks(), Calipers()
        self.bounds, self.touched, self._doubts = (), None, ()
        self._painter = EcgPainter(item) if item is not None else None
        self._unread = None
        if item is not None:
            self.view = self.view.opening(item)
            self.view = replace(self.view, fit=self.view.fit and not self.calibrated)
            self._unread = item
            kept = self.recall(item)
            self.bounds, self.calipers = kept.bounds, self.calipers.with_hand(kept, item)
        self.bar.show_view(self.view, item)
        self.tell_strip()
        self.update()

    def _read_whole(self, record: EcgRecord) -> None:
        """After the first paint, for which nothing of it is needed: threads share one lock with it."""
        self._unread = None
        if self._painter is not None and self._painter.traces.needs_pyramid:
            self._grow(record)
        self._doubt(record)

    def _grow(self, record: EcgRecord) -> None:
        """Build the pyramid in the pool; what is there of it is drawn meanwhile."""
        assert self._painter is not None
        pyramid, token, traces = Pyramid(record), self._token, self._painter.traces
        traces.pyramid = pyramid

        def done(_: Pyramid | None, error: BaseException | None) -> None:
            if not token.cancelled:
                self._growing.stop()
                self.update()

        self._growing.start()
        self._bridge.background(lambda: pyramid.build(token), done)

    def _doubt(self, record: EcgRecord) -> None:
        """Look at the amplitudes beside, and tell what no ECG can have."""
        token = self._token

        def done(found: tuple[Notice, ...] | None, error: BaseException | None) -> None:
            if found and not token.cancelled:
                self._doubts = found
                self.tell_strip()

        self._bridge.background(lambda: amplitude_doubts(record), done)

    def set_view(self, view: EcgView) -> None:
        if view == self.view:
            return
        if (view.layout, view.speed, view.gain) != (self.view.layout, self.view.speed, self.view.gain):
            self.calipers = self.calipers.kept()
        self.view = view
        self.bar.show_view(view, self.record)
        self.view_changed.emit(self)
        self.update()

    def set_scale(self, px_per_mm: float, calibrated: bool) -> None:
        """How large a millimetre is on this screen, and whether somebody measured it."""
        self.px_per_mm, self.calibrated = px_per_mm, calibrated
        self.update()

    def set_results(self, results: tuple[Result, ...]) -> None:
        self.results = {result.model: result for result in results}
        self.tell_marks()
        self.tell_strip()

    def set_decided(self, decided: Mapping[str, Decision]) -> None:
        """What people decided on beats and episodes, by finding id."""
        if decided != self.decided:
            self.decided = decided
            self.tell_marks()

    def tell_marks(self) -> None:
        if self.record is not None:
            marks = marks_of(self.record, self.results.values(), self.decided)
            self.marks = replace(marks, waves=with_bounds(marks.waves, self.hand)) if self.bounds else marks
        self.update()

    def show_evidence(self, model: str, evidence: Evidence | None) -> None:
        record = self.record
        if record is None or not isinstance(evidence, Interval):
            return
        self.view = replace(self.view, marks=True, overlay=model)
        self.go_to((evidence.start + evidence.end) / 2 / max(record.rate_hz, 1e-9))

    def go_to(self, time_s: float) -> None:
        """Bring a moment to the middle of the page, where it is not on it already, and point at it."""
        record = self.record
        if record is None:
            return
        picture = self.picture()
        view = replace(self.view, chosen_s=time_s)
        if not picture.start_s <= time_s < picture.start_s + picture.page_s * 0.98:
            view = moved(view, record, time_s - picture.page_s / 2)
        self.view = replace(self.view, chosen_s=-1.0)
        self.set_view(view)

    def set_tool(self, which: str) -> None:
        self.gestures.take(which)

    @property
    def tool_id(self) -> str:
        return self.gestures.tool

    def picture(self, view: EcgView | None = None) -> EcgPicture:
        """What is painted now, or would be of another view; its y counts from below the bar."""
        assert self.record is not None
        return resolve(view or self.view, self.record, self._paper_size(), self.px_per_mm, self.calibrated, self.most_mm)

    def own_mm(self) -> float | None:
        """The millimetre that a fitted view would have alone; None where it is to scale or there is none."""
        if self.record is None or not self.view.fit or self.view.layout == "holter":
            return None
        return resolve(self.view, self.record, self._paper_size(), self.px_per_mm).px_per_mm

    def _paper_size(self) -> tuple[float, float]:
        below = self.strip.height() if self.strip.isVisibleTo(self) else 0
        return float(self.width()), float(max(self.height() - self.top() - below, 40))

    def top(self) -> int:
        return self.bar.height() + (self.banner.height() if self.banner.isVisibleTo(self) else 0)

    # Strips

    def tell_strip(self) -> None:
        """Why a network gave no answer, at the lower rim; the one whose answer was awaited first."""
        ordered = sorted(self.results.values(), key=lambda result: result.model != self.view.overlay)
        refused = next((r for r in ordered if r.status != "ok" and r.reason is not None), None)
        answered = any(r.status == "ok" for r in ordered)
        if refused is None or refused.reason is None or (answered and refused.model != self.view.overlay):
            self._tell_warnings()
        else:
            self.strip.tell("quiet", refusal(refused), self._say(refused.reason).text)
        self.place_strips()

    def _tell_warnings(self) -> None:
        """What the file's reader noticed, until somebody has read it; what a person can state has a way to do so."""
        record = self.record
        warnings = (*record.warnings, *self._doubts) if record is not None else ()
        if record is None or not warnings or record.item in self._read:
            self.strip.tell("quiet", "", "")
            return
        said = " ".join(escape(self._say(warning).message) for warning in warnings[:WARNINGS])
        links = [("hide", self.tr("Hide"))]
        if any(warning.code in SETTLED for warning in warnings):
            links.insert(0, ("state", self.tr("State it…")))
        said += "".join(f' <a style="color:{theme.TEXT2}" href="{href}">{title}</a>' for href, title in links)
        self.strip.tell("attention", self.tr("note"), said)

    def _link(self, href: str) -> None:
        if self.record is not None and href == "hide":
            self._read.add(self.record.item)
            self.tell_strip()
        elif href == "state":
            self.state_wanted.emit(self)

    def place_strips(self) -> None:
        super().place_strips()
        above = self.banner.height() if self.banner.isVisibleTo(self) else 0
        self.bar.setGeometry(1, 1 + above, self.width() - 2, self.bar.sizeHint().height())
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ink = theme.ECG_INK[self.view.theme]
        painter.fillRect(self.rect(), QColor(ink.paper))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.record is not None and self._painter is not None:
            top = self.top()
            painter.translate(0, top)
            picture = self.picture()
            try:
                self._painter.paint(painter, self.view, picture, self.marks, self.devicePixelRatioF())
                paint_calipers(painter, self.calipers, picture, self.record, ink)
            except MedviewerError as error:
                painter.setPen(QColor(theme.DAMAGE))
                painter.drawText(QPointF(16, 60), self._say(error.notice).message)
            painter.translate(0, -top)
        else:
            painter.setPen(QColor(theme.TEXT3))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.tr("Drag an item here"))
        self.paint_rim(painter)
        painter.end()
        if self._unread is not None:
            self._read_whole(self._unread)

    # Hands

    @property
    def hand(self) -> HandMarks:
        """Caliper, cursors and moved borders as they are now."""
        return HandMarks(self.calipers.kept_caliper(self.record), self.calipers.cursors, self.bounds)

    def set_hand(self, hand: HandMarks, *, tell: bool = True) -> None:
        """Put a person's marks on the record; `touched` is the border that moved last, measured in the panel."""
        new = next((one for one in hand.bounds if one not in self.bounds), None)
        back = next((one for one in self.bounds if one not in hand.bounds), None)
        changed = new or back
        if changed is not None and self.record is not None and (number := self.record.lead(changed[0])) is not None:
            self.touched = (changed[0], changed[1].peak / self.record.leads[number].rate_hz)
        self.bounds = hand.bounds
        if not self.bounds:
            self.touched = None
        self.calipers = self.calipers.with_hand(hand, self.record)
        self.tell_marks()
        if tell:
            self.view_changed.emit(self)

    def set_calipers(self, calipers: Calipers) -> None:
        self.calipers = calipers
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.gestures.tool == "pan" and event.position().y() > self.top():
            super().mouseDoubleClickEvent(event)

    def probe(self, picture: EcgPicture, at: QPointF) -> None:
        """Lead, time and value under the pointer."""
        record = self.record
        cell = picture.cell_at(at.x(), at.y())
        if record is None or cell is None or self._painter is None:
            self.probed.emit("")
            return
        lead = record.leads[cell.lead]
        moment = cell.time(at.x())
        number = round(moment * lead.rate_hz)
        if not 0 <= number < lead.samples:
            self.probed.emit("")
            return
        try:
            values = self._painter.traces.samples(cell.lead, number, number + 1)
        except MedviewerError:
            return
        value = float(values[0]) if len(values) else float("nan")
        self.probed.emit(words.probe(lead.name, moment, value, lead.unit))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.activated.emit(self)

    def closeEvent(self, event) -> None:
        self._token.cancel()
