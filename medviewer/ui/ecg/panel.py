"""The dock beside an ECG: events, why, measurements and what the device said."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from medviewer.core.beat_why import beat_facts
from medviewer.core.ecg import EcgRecord, Measurement, moment
from medviewer.core.ecg_layout import disclosed
from medviewer.core.ecg_marks import CLASSES, Marks, Template, beat_finding, episode_finding, hours, templates
from medviewer.core.ecg_view import LONG_S
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Finding, Result
from medviewer.core.heart_rate import intervals, variability
from medviewer.core.intervals import measured, rows
from medviewer.ui.bridge import Bridge
from medviewer.ui.ecg.events import EventsList
from medviewer.ui.ecg.numbers import NumbersTable, RatePlots, TemplatePlots
from medviewer.ui.ecg.pane import EcgPane
from medviewer.ui.ecg.why import WhyCard

NEAR_S = 1e-3


class EcgPanel(QWidget):
    """Follows one pane. `chosen` carries an event number; `decided` a finding, a state and a label."""

    chosen = Signal(int)
    decided = Signal(object, str, str)
    explanation_wanted = Signal(str, str, int)
    """Item, network, sample of the beat."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._pane: EcgPane | None = None
        self._marks: Marks | None = None
        self._number: int | None = None
        self._templates: tuple[Template, ...] = ()
        self.events, self.why = EventsList(), WhyCard()
        self.rates, self.shapes = RatePlots(), TemplatePlots()
        self.automatic, self.rhythm, self.device = NumbersTable(), NumbersTable(), NumbersTable()
        self.by_hand, self.levels = NumbersTable(), NumbersTable(3, without_unit=True)
        self._titles: dict[str, QLabel] = {}
        self.statements = QLabel()
        self.statements.setWordWrap(True)
        self.statements.setProperty("role", "second")
        room = QWidget()
        inside = QVBoxLayout(room)
        inside.setContentsMargins(0, 0, 4, 0)
        inside.setSpacing(6)
        inside.addWidget(self.why)
        for name, title, *widgets in (
            ("by hand", "", self.by_hand),
            ("automatic", self.tr("AUTOMATIC MEASUREMENTS"), self.automatic),
            ("levels", self.tr("ST AT J + 60 MS, AUTOMATIC, MV"), self.levels),
            ("shapes", self.tr("MEAN BEATS · 25 mm/s · 10 mm/mV"), self.shapes),
            ("rhythm", self.tr("RATE AND VARIABILITY, AUTOMATIC"), self.rhythm, self.rates),
            ("device", self.tr("FROM THE DEVICE"), self.statements, self.device),
        ):
            heading = QLabel(title, room)
            heading.setProperty("role", "heading")
            self._titles[name] = heading
            inside.addWidget(heading)
            for widget in widgets:
                inside.addWidget(widget)
        inside.addStretch(1)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(room)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 8, 8)
        column.addWidget(self.events, 2)
        column.addWidget(area, 3)
        self.events.chosen.connect(self.chosen)
        self.shapes.members_wanted.connect(self.events.filter)
        self.why.decided.connect(self._decided)
        self.why.map_wanted.connect(self.ask_why)

    def follow(self, pane: EcgPane) -> None:
        """Show what is known of a pane's record; cheap where nothing changed but the page."""
        if pane is not self._pane or pane.marks is not self._marks:
            self._pane, self._marks = pane, pane.marks
            self._number = None
            self.events.take(pane.marks, pane.record)
            events = bool(len(pane.marks.times) or pane.marks.episodes)
            self._column.setStretchFactor(self.events, 2 if events else 0)
            self._tell_numbers(pane)
            self._want_templates(pane)
        self._tell_chosen(pane)

    def _tell_numbers(self, pane: EcgPane) -> None:
        record = pane.record
        ok = [r for r in pane.results.values() if r.status == "ok"]
        kept = pane.marks.accepted()
        gaps = record.gaps if record is not None else ()
        found = intervals(pane.marks.times[kept], pane.marks.symbols[kept], gaps) if len(pane.marks.times) > 1 else None
        rates = dict(variability(found)) if found is not None else {}
        automatic = {name: one for r in ok for name, one in r.measurements.items() if name not in rates}
        if record is not None and record.seconds >= LONG_S:
            automatic |= hours(record, pane.marks.episodes)
        levels = {name.removeprefix("ST "): one for name, one in automatic.items() if name.startswith("ST ") and one.unit == "mV"}
        self._show("automatic", self.automatic, {n: one for n, one in automatic.items() if n.removeprefix("ST ") not in levels})
        self._show("levels", self.levels, levels)
        self._show("by hand", self.by_hand, self._by_hand(pane))
        self._show("rhythm", self.rhythm, rates)
        self.rates.tell(found)
        device = record.device if record is not None else None
        self._show("device", self.device, dict(device.measurements) if device is not None else {})
        said = "\n".join(device.statements) if device is not None else ""
        self.statements.setText(said)
        self.statements.setVisible(bool(said))
        self._titles["device"].setVisible(device is not None and bool(said or device.measurements))

    def _by_hand(self, pane: EcgPane) -> dict[str, Measurement]:
        """Intervals of the beat whose bound was moved, on its lead, and QTc at the rate of the whole record."""
        record, touched = pane.record, pane.touched
        if record is None or touched is None or (number := record.lead(touched[0])) is None:
            return {}
        lead, at_s = touched
        self._titles["by hand"].setText(self.tr("BY HAND · {lead}, {time}").format(lead=lead, time=moment(at_s)))
        every = rows(pane.marks.waves.get(lead, ()), record.leads[number].rate_hz, record.seconds, record.gaps)
        if not every:
            return {}
        one = min(every, key=lambda row: abs(row.peak_s - at_s))
        found = measured((one,), {}, record.gaps, "manual")
        rate = measured(every, {}, record.gaps, "manual").get("heart rate")
        if "QT" in found and rate is not None and rate.value > 0:
            rr, qt = 60 / rate.value, found["QT"].value
            found["QTc Bazett"] = Measurement(float(round(qt / rr**0.5)), "ms", "manual")
            found["QTc Fridericia"] = Measurement(float(round(qt / rr ** (1 / 3))), "ms", "manual")
        return found

    def _show(self, name: str, table: NumbersTable, rows: dict) -> None:
        table.tell(rows)
        table.setVisible(bool(rows))
        self._titles[name].setVisible(bool(rows))

    def _want_templates(self, pane: EcgPane) -> None:
        """Mean beats are made in the pool: they read samples of the whole record."""
        self._templates = ()
        self.shapes.tell(())
        self._titles["shapes"].hide()
        record, marks = pane.record, pane.marks
        if record is None or not len(marks.times):
            return

        def done(found: tuple[Template, ...] | None, error: BaseException | None) -> None:
            if found is not None and marks is self._marks:
                self._templates = found
                self.shapes.tell(found, pane.px_per_mm)
                self._titles["shapes"].setVisible(bool(found))
                self._number = None
                if self._pane is not None:
                    self._tell_chosen(self._pane)

        self._bridge.background(partial(templates, record, disclosed(pane.view, record), marks), done)

    def _tell_chosen(self, pane: EcgPane) -> None:
        number = self._number_at(pane)
        if number == self._number and number is not None:
            return
        self._number = number
        self.events.show_chosen(number)
        record = pane.record
        if number is None or record is None:
            self.why.hide()
            return
        one = pane.marks.event(number)
        model = pane.results.get(pane.marks.beats_model if number >= 0 else pane.marks.rhythm_model)
        check = model.self_check if model is not None else None
        if number < 0:
            self.why.show_episode(one, model.saliency if model is not None else None, check)
            return
        lead = disclosed(pane.view, record)
        normal = next((t for t in self._templates if t.label == "N"), None)
        try:
            facts = beat_facts(record, lead, pane.marks, number, normal)
        except MedviewerError:
            self.why.hide()
            return
        saliency = model.saliency if model is not None else None
        passed = check is None or check.passed
        near = (
            saliency is not None
            and passed
            and saliency.start_s <= one.start_s < saliency.start_s + saliency.step_s * len(saliency.values)
        )
        vote = model.vote if model is not None else None
        own = vote is not None and abs(vote.sample / record.rate_hz - one.start_s) < NEAR_S
        self.why.show_beat(one, facts, normal, saliency if near else None, check, vote if own else None)

    def _number_at(self, pane: EcgPane) -> int | None:
        """The event at the chosen moment: a beat, else an episode that begins there."""
        at = pane.view.chosen_s
        if at is None:
            return None
        marks = pane.marks
        near = marks.between(at - NEAR_S, at + NEAR_S)
        if near.stop > near.start:
            return near.start
        return next((-1 - n for n, e in enumerate(marks.episodes) if abs(e.start_s - at) <= NEAR_S), None)

    def ask_why(self) -> None:
        """Ask the network that named the chosen beat what it used of it."""
        pane, number = self._pane, self._number
        if pane is None or pane.record is None or number is None or number < 0:
            return
        result = pane.results.get(pane.marks.beats_model)
        if result is not None and result.beats is not None:
            self.explanation_wanted.emit(pane.record.item, result.model, result.beats.sample[number])

    def finding(self) -> Finding | None:
        """The chosen event as a finding."""
        pane, number = self._pane, self._number
        if pane is None or number is None or pane.record is None:
            return None
        model: Result | None = pane.results.get(pane.marks.beats_model if number >= 0 else pane.marks.rhythm_model)
        if model is None:
            return None
        record: EcgRecord = pane.record
        return beat_finding(record, model, number) if number >= 0 else episode_finding(record, model, -1 - number)

    def _decided(self, state: str, label: str) -> None:
        found = self.finding()
        if found is not None:
            self.decided.emit(found, state, label if label in CLASSES and label != found.label else "")
