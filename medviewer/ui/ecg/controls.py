"""What commands, menus and docks do to ECG panes; one for each desk."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QTabWidget

from medviewer.core.ecg_hand import HandMarks
from medviewer.core.ecg_marks import FIRST_EXPLAINED
from medviewer.core.ecg_moves import moved, paged, with_gain, with_speed, zoomed_at
from medviewer.core.ecg_view import LAYOUTS, EcgView
from medviewer.core.errors import MedviewerError
from medviewer.core.signal import Filters
from medviewer.core.task import Priority
from medviewer.core.view import TextLevel
from medviewer.inference.contract import Fit
from medviewer.services.ecg_hand import Hand
from medviewer.ui.commands import group_title
from medviewer.ui.controls import Controls
from medviewer.ui.ecg.marks import ribbon_model
from medviewer.ui.ecg.pane import EcgPane
from medviewer.ui.ecg.panel import EcgPanel
from medviewer.ui.ecg.scale import ScaleDialog, screen_scale
from medviewer.ui.ecg.stated import StatedDialog
from medviewer.ui.pane import Pane

LEAD_GAINS = (0.25, 0.5, 1.0, 2.0, 4.0)
TEXTS: tuple[TextLevel, ...] = ("all", "less", "none")


class EcgControls(Controls):
    """Methods are named in the command table (`d.controls("ecg").…`)."""

    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self.hand = Hand(desk.session)
        self.panel = EcgPanel(desk.bridge)
        self.panel.chosen.connect(self._go_to_event)
        self.panel.decided.connect(lambda found, state, label: desk.session.judge(found, state, label=label))
        self.panel.explanation_wanted.connect(self._explain_beat)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        place = desk.right.indexOf(desk.findings)
        desk.right.replaceWidget(place, self.tabs)
        desk.right.setStretchFactor(place, 5)
        self.tabs.addTab(self.panel, self.tr("Events"))
        self.tabs.addTab(desk.findings, self.tr("Findings"))
        desk.grid.active_changed.connect(self._active_changed)

    def _active_changed(self, pane: Pane) -> None:
        """Beside an ECG its panel stands before the cards, which say the same with fewer words."""
        ecg = isinstance(pane, EcgPane) and pane.record is not None
        if ecg != self.tabs.isTabVisible(0):
            self.tabs.setTabVisible(0, ecg)
            self.tabs.setCurrentIndex(0 if ecg else 1)
        self.tabs.tabBar().setVisible(ecg)
        if isinstance(pane, EcgPane):
            self.tell(pane)

    def tell(self, pane: EcgPane) -> None:
        record = pane.record
        if record is None:
            return
        self._same_scale()
        pane.set_decided(self._desk.session.decisions(record.item))
        if pane is self._desk.grid.active:
            self.panel.follow(pane)

    def _go_to_event(self, number: int) -> None:
        pane = self._desk.grid.active
        if isinstance(pane, EcgPane):
            pane.go_to(pane.marks.event(number).start_s)
            self.tell(pane)

    def _explain_beat(self, item: str, model: str, sample: int) -> None:
        if self._desk.analyst is not None:
            self._desk.analyst.run(item, None, [model], f"integrated-gradients@{sample}", Priority.INTERACTION)

    def why(self) -> None:
        self.panel.ask_why()

    def judge(self, state: str, label: str = "") -> None:
        """Accept, reject or call otherwise the event that is chosen."""
        self.panel.why.decided.emit(state, label)

    def adopt(self, pane: Pane) -> None:
        assert isinstance(pane, EcgPane)
        pane.set_view(replace(pane.view, theme=self._desk.settings.get("ecg_theme")))
        pane.set_scale(*screen_scale(self._desk.settings, pane))
        pane.bar.stepped.connect(partial(self._step, pane))
        pane.resized.connect(self._same_scale)
        pane.view_changed.connect(lambda _: self._same_scale())
        pane.state_wanted.connect(self.state)
        pane.hand_moved.connect(self._hand_moved)
        pane.recall = self.hand.recall

    def _same_scale(self) -> None:
        """Fitted ECGs beside each other share the smallest millimetre, so that they can be compared."""
        panes = [p for p in self._desk.grid.panes if isinstance(p, EcgPane) and not p.isHidden()]
        alone = [mm for mm in (pane.own_mm() for pane in panes) if mm is not None]
        most = min(alone) if len(alone) > 1 else None
        for pane in panes:
            if pane.most_mm != most:
                pane.most_mm = most
                pane.update()

    def menu(self, pane: EcgPane, where: QPoint) -> None:
        menu = QMenu(self._desk.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        pane.bar.fill_filters(menu.addMenu(self.tr("Filters of the display")))
        self._lead_gains(menu, pane, where)
        ribbons = menu.addMenu(self.tr("Ribbon of"))
        ribbons.setEnabled(bool(pane.marks.saliency))
        for model in pane.marks.saliency:
            action = ribbons.addAction(model, partial(self._take_ribbon, pane, model))
            action.setCheckable(True)
            action.setChecked(model == ribbon_model(pane.view, pane.marks))
        self._desk.actions.fill(menu, ("ecg-tool", "ecg"))
        for group in ("ecg-layout", "networks"):
            self._desk.actions.fill(menu.addMenu(group_title(group)), (group,))
        menu.popup(where)

    def _lead_gains(self, menu: QMenu, pane: EcgPane, where: QPoint) -> None:
        """Another gain for the lead under the pointer alone; it is printed beside its name (ED-03)."""
        at = pane.mapFromGlobal(where)
        record = pane.record
        cell = pane.picture().cell_at(at.x(), at.y() - pane.top()) if record is not None else None
        if record is None or cell is None or cell.line or cell.per_cm:
            return
        lead = record.leads[cell.lead].name
        gains = menu.addMenu(self.tr("Gain of {lead} alone").format(lead=lead))
        for times in LEAD_GAINS:
            action = gains.addAction(f"×{times:g}", partial(self._take_gain, pane, lead, times))
            action.setCheckable(True)
            action.setChecked(times == pane.view.times(lead))

    def _take_gain(self, pane: EcgPane, lead: str, times: float) -> None:
        pane.set_view(pane.view.with_lead_gain(lead, times))

    def _take_ribbon(self, pane: EcgPane, model: str) -> None:
        pane.set_view(replace(pane.view, overlay=model, marks=True))

    def change(self, change: str, *arguments: Any) -> None:
        pane = self._desk.grid.active
        if isinstance(pane, EcgPane) and pane.record is not None:
            pane.set_view(self._next_view(pane, change, *arguments))
            if change == "theme":
                self._desk.settings.set("ecg_theme", pane.view.theme)

    def _next_view(self, pane: EcgPane, change: str, *arguments: Any) -> EcgView:
        view, record = pane.view, pane.record
        assert record is not None
        picture = pane.picture()
        match change:
            case "page":
                return paged(view, record, picture, *arguments)
            case "step":
                return moved(view, record, view.start_s + arguments[0] * picture.page_s / 10)
            case "start":
                return moved(view, record, 0.0)
            case "end":
                return moved(view, record, record.seconds - picture.page_s)
            case "gain":
                return with_gain(view, *arguments)
            case "speed":
                return with_speed(view, *arguments)
            case "zoom":
                return zoomed_at(view, record, picture, arguments[0], pane.width() / 2, picture.paper.h / 2)
            case "layout":
                return replace(view, layout=LAYOUTS[arguments[0]])
            case "fit":
                return replace(view, fit=not view.fit)
            case "theme":
                return replace(view, theme="dark" if view.theme == "paper" else "paper")
            case "text":
                return replace(view, text=TEXTS[(TEXTS.index(view.text) + 1) % len(TEXTS)])
            case "marks":
                return replace(view, marks=not view.marks)
            case "waves":
                return replace(view, waves=not view.waves)
            case "simultaneous":
                return replace(view, simultaneous=not view.simultaneous)
            case "unfiltered":
                return replace(view, filters=Filters() if not view.filters.none else Filters(0.5, 40.0))
            case "reset":
                return replace(view.opening(record), filters=Filters(), gain=10.0, speed=25.0, start_s=view.start_s)
        raise KeyError(change)

    def march(self) -> None:
        """The caliper's interval again and again, or not."""
        pane = self._desk.grid.active
        if isinstance(pane, EcgPane):
            pane.calipers = replace(pane.calipers, march=not pane.calipers.march)
            pane.update()

    def delete_mark(self) -> None:
        """Caliper and cursors away; borders moved by hand stay."""
        pane = self._desk.grid.active
        if isinstance(pane, EcgPane):
            before = pane.hand
            pane.set_calipers(replace(pane.calipers, caliper=None, cursors=(), held=None))
            self._hand_moved(pane, before, "caliper")

    def calibrate(self) -> None:
        """Ask for the length of a bar; every ECG pane follows."""
        pane = self._desk.grid.active
        dialog = ScaleDialog(self._desk.settings, pane)
        dialog.accepted.connect(self._rescale)
        dialog.open()

    def _rescale(self) -> None:
        for pane in self._desk.grid.panes:
            if isinstance(pane, EcgPane):
                pane.set_scale(*screen_scale(self._desk.settings, pane))

    def _hand_moved(self, pane: EcgPane, before: HandMarks, act: str) -> None:
        """A hand left a caliper, cursors or a border elsewhere: kept with the record, undoable, in every pane that shows it."""
        record = pane.record
        if record is None:
            return

        def show(marks: HandMarks) -> None:
            for one in self._desk.grid.panes:
                if isinstance(one, EcgPane) and one.record is not None and one.record.item == record.item:
                    one.set_hand(marks)

        self.hand.keep(record, before, pane.hand, act, show)

    def state(self, pane: EcgPane | None = None) -> None:
        """Ask for rate, unit and leads; the record is shown as stated, the file stays as it is."""
        pane = pane or self._desk.grid.active
        if not isinstance(pane, EcgPane) or pane.record is None:
            return
        dialog = StatedDialog(pane.record, self._desk.window)
        dialog.accepted.connect(lambda: self._desk.session.put([dialog.record()]))
        dialog.open()

    def save_pdf(self) -> None:
        """The page that is shown, at true scale; what cannot be written is told in the status bar."""
        pane = self._desk.grid.active
        if not isinstance(pane, EcgPane) or pane.record is None:
            return
        path, _ = QFileDialog.getSaveFileName(self._desk.window, self.tr("Save as PDF"), f"{pane.record.item}.pdf", "PDF (*.pdf)")
        if path:
            self.write_page(pane, Path(path))

    # What writes files is imported when something is written: the first page does not wait for it.

    def write_page(self, pane: EcgPane, path: Path) -> None:
        from medviewer.ui.ecg.page import Printed, write_pdf

        assert pane.record is not None
        says = self._desk.window.statusBar()
        try:
            write_pdf(Printed(pane.record, pane.view, pane.results if pane.view.marks else {}, pane.decided, pane.hand), path)
        except MedviewerError as error:
            says.showMessage(self._desk.say(error.notice).message, 8000)
        else:
            says.showMessage(self.tr("Written: {file}").format(file=path.name), 4000)

    def save_marks(self) -> None:
        """Beats and rhythm as people left them, as WFDB annotations, EDF+ or a table."""
        pane = self._desk.grid.active
        if not isinstance(pane, EcgPane) or pane.record is None:
            return
        kinds = {self.tr("WFDB annotations"): "wfdb", self.tr("EDF+ with annotations"): "edf", self.tr("Table of events"): "csv"}
        title, chosen = QInputDialog.getItem(self._desk.window, self.tr("Export marks"), self.tr("Format"), list(kinds), 0, False)
        folder = QFileDialog.getExistingDirectory(self._desk.window, self.tr("Export marks")) if chosen else ""
        if folder:
            self.write_marks(pane, Path(folder), kinds[title])

    def write_marks(self, pane: EcgPane, folder: Path, kind: str) -> None:
        from medviewer.services.export_marks import export_marks

        assert pane.record is not None
        says = self._desk.window.statusBar()
        try:
            names = export_marks(pane.record, list(pane.results.values()), folder, kind, pane.decided, pane.hand)
        except MedviewerError as error:
            says.showMessage(self._desk.say(error.notice).message, 8000)
        else:
            said = self.tr("Written: {file}").format(file=", ".join(names)) if names else self.tr("Nothing is marked here yet.")
            says.showMessage(said, 4000)

    def save_part(self) -> None:
        """What lies between the two cursors, else under the caliper, with what is marked there."""
        pane = self._desk.grid.active
        if not isinstance(pane, EcgPane) or pane.record is None:
            return
        span = pane.calipers.span
        if span is None:
            self._desk.window.statusBar().showMessage(self.tr("Set two cursors first: they say which part."), 8000)
            return
        kinds = {
            self.tr("WFDB record"): "wfdb",
            self.tr("EDF+ with annotations"): "edf",
            self.tr("Table of samples"): "csv",
            "PDF": "pdf",
        }
        title = self.tr("Export the part")
        chosen, ok = QInputDialog.getItem(self._desk.window, title, self.tr("Format"), list(kinds), 0, False)
        folder = QFileDialog.getExistingDirectory(self._desk.window, title) if ok else ""
        if folder:
            self.write_part(pane, Path(folder), kinds[chosen], span)

    def write_part(self, pane: EcgPane, folder: Path, kind: str, span: tuple[float, float]) -> None:
        from medviewer.services.export import file_name
        from medviewer.services.export_part import export_part, part_of
        from medviewer.ui.ecg.page import Printed, write_pdf

        assert pane.record is not None
        says = self._desk.window.statusBar()
        try:
            part = part_of(pane.record, span, list(pane.results.values()), pane.decided, pane.hand)
            if kind == "pdf":
                names = [f"{file_name(part.record.item)}.pdf"]
                view = replace(pane.view, start_s=0.0)
                shown = {one.model: one for one in part.results} if pane.view.marks else {}
                write_pdf(Printed(part.record, view, shown, part.decided, part.hand), folder / names[0], pages=None)
            else:
                names = export_part(part, folder, kind)
        except MedviewerError as error:
            says.showMessage(self._desk.say(error.notice).message, 8000)
        except ValueError:
            says.showMessage(self.tr("Nothing is recorded between the cursors."), 8000)
        else:
            says.showMessage(self.tr("Written: {file}").format(file=", ".join(names)), 4000)

    def before_analysis(self, pane: EcgPane, fits: Sequence[Fit]) -> None:
        there = [fit.model for fit in fits if fit.verdict != "refused"]
        serving = next((model for model in (*FIRST_EXPLAINED, *there) if model in there), None)
        pane.set_view(replace(pane.view, marks=True, overlay=serving))

    def step_event(self, pane: EcgPane, by: int) -> bool:
        return self._step(pane, by)

    def _step(self, pane: EcgPane, by: int) -> bool:
        """To the next or previous event of the list; while it shows all, to those that are not normal beats."""
        wanted = self.panel.events.wanted() if pane is self._desk.grid.active else ()
        if pane.record is None:
            return False
        now = pane.view.chosen_s if pane.view.chosen_s is not None else pane.view.start_s
        number = pane.marks.beside(wanted if len(wanted) == 1 else ("S", "V", "F", "Q", "rhythm"), now, by)
        if number is None:
            return False
        target = pane.marks.event(number).start_s
        pane.go_to(target)
        return True
