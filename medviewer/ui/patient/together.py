"""One patient, three readings: everything of a patient analysed, both sides of a disagreement shown at once; its report."""

from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from medviewer.core.identity import Patient
from medviewer.core.image import ImageSeries
from medviewer.core.task import Priority
from medviewer.services.compare import Discordance
from medviewer.services.session import Changes, Item
from medviewer.ui.pane import Pane


class Together(QObject):
    """One for each desk."""

    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self._desk = desk
        self._waiting = False
        desk.session.listen(self._heard)
        desk.networks.report.clicked.connect(lambda: self.report())

    def analyse_patient(self) -> None:
        """Ask every network about everything of the active pane's patient; their heat is not shown by that."""
        item = self._desk.grid.active.item
        if item is not None:
            self._analyse(item.patient)

    def analyse_when_open(self) -> None:
        """Ask about everything as soon as what is being opened is there (the sample patients at first start)."""
        self._waiting = True
        self._heard(Changes())

    def show_both(self, one: Discordance) -> None:
        """The note and the item that contradict each other, side by side at their places."""
        desk, grid = self._desk, self._desk.grid
        visible = [pane for pane in grid.panes if pane.isVisibleTo(grid)]
        if len(visible) < 2:
            desk.lay_out(1, 2)
        for side, other in ((one.network, one.note), (one.note, one.network)):
            place = self._place(side.item, other.item)
            if place.item is None or place.item.item != side.item:
                desk.show_item(side.item, place)
            desk.show_finding(side.item, side.model, side.evidence)

    def report(self) -> QDialog | None:
        """The report of the active pane's patient."""
        from medviewer.ui.patient.reporting import open_report

        return open_report(self._desk)

    def audit(self) -> QDialog:
        """What was done, by whom and when."""
        from medviewer.ui.patient.audit import AuditList

        dialog = AuditList(self._desk, self._desk.window)
        dialog.open()
        return dialog

    def _place(self, item: str, other: str) -> Pane:
        """The pane that shows the item, else one that does not show the other side."""
        panes: list[Pane] = [pane for pane in self._desk.grid.panes if pane.isVisibleTo(self._desk.grid)]
        shown = {pane: pane.item.item if pane.item is not None else "" for pane in panes}
        there = next((pane for pane in panes if shown[pane] == item), None)
        free = [pane for pane in panes if shown[pane] != other]
        return there or next((pane for pane in free if not shown[pane]), free[-1])

    def _heard(self, changes: Changes) -> None:
        session = self._desk.session
        if self._waiting and session.items and session.account.finished and changes.account:
            self._waiting = False
            for patient in session.patients:
                self._analyse(patient)

    def _analyse(self, patient: Patient) -> None:
        desk = self._desk
        if desk.analyst is None:
            return
        for item in desk.session.items:
            same = item.patient.key == patient.key if patient.known else item is desk.grid.active.item
            if same and not desk.session.results(item.item):
                desk.analyst.run(item.item, self._frame(item), priority=Priority.BACKGROUND)

    def _frame(self, item: Item) -> int | None:
        """The image that is shown, else the middle one."""
        if not isinstance(item, ImageSeries):
            return None
        pane = next((p for p in self._desk.grid.panes if p.item is not None and p.item.item == item.item), None)
        frame = pane.frame if pane is not None else None
        return len(item.frames) // 2 if frame is None else frame
