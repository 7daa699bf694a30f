"""The window's hands: it joins session, panes and docks, and does what the commands say."""

import json
from html import escape

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QApplication, QSplitter, QWidget

from medviewer.core.errors import Notice
from medviewer.core.finding import Evidence
from medviewer.core.image import ImageSeries
from medviewer.services.analyse import Analyst
from medviewer.services.notes import Notes
from medviewer.services.session import Changes
from medviewer.services.words import Sentence, say
from medviewer.store.assets import asset
from medviewer.store.profile import Profile
from medviewer.store.settings import Settings
from medviewer.ui import theme
from medviewer.ui.actions import Actions
from medviewer.ui.bindings import Bindings
from medviewer.ui.bridge import Bridge
from medviewer.ui.controls import Controls
from medviewer.ui.grid import PaneGrid
from medviewer.ui.hanging import hang
from medviewer.ui.identity import person
from medviewer.ui.image.cine import Cine
from medviewer.ui.image.controls import ImageControls
from medviewer.ui.image.heat import HeatControls
from medviewer.ui.keeping import Keeping
from medviewer.ui.kinds import controls_class, pane_class
from medviewer.ui.layout import LayoutPicker
from medviewer.ui.openings import Openings
from medviewer.ui.pane import Pane
from medviewer.ui.patient.browser import Browser
from medviewer.ui.patient.findings import FindingsPanel
from medviewer.ui.patient.models import NetworksPanel
from medviewer.ui.patient.together import Together
from medviewer.ui.status import Status
from medviewer.ui.window import Window


class Desk(QObject):
    """One for each window, made after its first paint."""

    def __init__(
        self,
        window: Window,
        bridge: Bridge,
        profile: Profile,
        settings: Settings,
        lang: str,
        device: str = "auto",
        *,
        safe_mode: bool = False,
        analyst: Analyst | None = None,
    ) -> None:
        super().__init__(window)
        self.window, self.bridge, self.settings, self.lang = window, bridge, settings, lang
        self.profile, self._safe_mode = profile, safe_mode
        self.keeping = Keeping(profile, settings, bridge, self.say, safe_mode=safe_mode)
        self.session, self.notebook = self.keeping.session, self.keeping.notebook
        self.notes = Notes(profile)
        self.session.admit.append(self.notes.understood)
        self.session.listen(self._changed)
        self.presets = json.loads(asset("presets.json").read_text("utf-8"))
        chosen = str(settings.get("device")) if device == "auto" else device
        self.analyst = None if safe_mode else analyst or Analyst(self.session, bridge.post, profile, chosen or "auto")
        self.browser = Browser(self.session, bridge, self.say, self.keeping.assigner)
        self.findings = FindingsPanel(self.session, self.analyst, self.say, lang, self.notebook)
        self.networks = NetworksPanel(self.analyst, self.say, lang)
        self.images = ImageControls(self)
        self._controls: dict[str, Controls] = {"image": self.images}
        self.grid = PaneGrid(self._make_pane)
        self.bindings = Bindings(settings)
        self.cine = Cine(settings, self)
        self.heat = HeatControls()
        self.right = right = QSplitter()
        right.setOrientation(theme.VERTICAL)
        right.addWidget(self.findings)
        right.addWidget(self.heat)
        right.addWidget(self.networks)
        right.setStretchFactor(0, 3)
        right.setStretchFactor(2, 1)
        right.setChildrenCollapsible(False)
        window.fill(self.browser, right, self.grid)
        self.openings = Openings(self)
        self.status = Status(self)
        self.actions = Actions(self)
        self._connect()
        self._restore()
        self._active_changed(self.grid.active)
        self.tell_status()
        self.keeping.begin()

    def _connect(self) -> None:
        window = self.window
        window.dropped.connect(self.open)
        window.empty.open_wanted.connect(self.openings.ask_folder)
        window.empty.sample_wanted.connect(self.openings.open_sample)
        window.empty.recent_wanted.connect(lambda path: self.open([path]))
        window.stop.clicked.connect(self.escape)
        self.browser.chosen.connect(self.show_item)
        self.findings.shown.connect(self.show_finding)
        self.together = Together(self)
        self.findings.both_wanted.connect(self.together.show_both)
        self.networks.analyse_wanted.connect(self.analyse)
        self.grid.active_changed.connect(self._active_changed)
        self.heat.changed.connect(self.images.set_heat)
        self.keeping.told.connect(lambda words, stays: window.statusBar().showMessage(words, 0 if stays else 4000))
        if self.analyst is not None:
            self.analyst.on_progress(self.status.heard)

    def _restore(self) -> None:
        from PySide6.QtCore import QByteArray

        kept = str(self.settings.get("window"))
        if kept and not self._safe_mode:
            self.window.restoreGeometry(QByteArray.fromBase64(kept.encode()))
            self.window.restoreState(QByteArray.fromBase64(str(self.settings.get("docks")).encode()))
        layout = self.settings.get("layout")
        if 2 <= len(layout) <= 3 and all(isinstance(n, int) and 1 <= n <= 5 for n in layout[:2]):
            self.grid.lay_out(layout[0], layout[1], layout[2:] == ["wide"])
        self.window.empty.show_recent(list(self.settings.get("recent")))

    def say(self, notice: Notice) -> Sentence:
        return say(notice, self.lang)

    def controls(self, kind: str) -> Controls:
        """What acts on panes of a kind."""
        if kind not in self._controls:
            self._controls[kind] = controls_class(kind)(self)
        return self._controls[kind]

    def _make_pane(self, kind: str, parent: QWidget) -> Pane:
        make = pane_class(kind)
        assert make is not None
        pane = make(self.bridge, self.say, parent)
        pane.item_dropped.connect(self._item_dropped)
        pane.probed.connect(self.window.probe.setText)
        pane.view_changed.connect(self._view_changed)
        pane.menu_wanted.connect(self._menu)
        self.controls(kind).adopt(pane)
        return pane

    def _menu(self, pane: Pane, where: QPoint) -> None:
        self.grid.activate(pane)
        self.controls(pane.kind).menu(pane, where)

    def open(self, paths: list[str]) -> None:
        """As if dropped."""
        self.openings.open(paths)

    def close_all(self) -> None:
        self._stop()
        for pane in self.grid.panes:
            pane.show_item(None)
        self.session.close([item.item for item in self.session.items])

    # What the session announces

    def _changed(self, changes: Changes) -> None:
        self.browser.take(changes)
        for pane in self.grid.panes:
            shown = pane.item.item if pane.item is not None else ""
            if shown in changes.removed:
                pane.show_item(None)
            elif shown in changes.items:
                pane.show_item(self.session.item(shown))
            if shown in changes.results and pane.item is not None:
                pane.set_results(self.session.results(shown))
                self.controls(pane.kind).tell(pane)
            if shown in changes.marks:
                self._view_changed(pane)
        if changes.account and self.session.account.finished:
            self._hang()
        self._fill_empty_panes()
        self.window.show_panes(bool(self.session.items))
        if changes.items or changes.removed:
            self._banners()
            self._active_changed(self.grid.active)
        if changes.results or changes.removed:
            self.findings.refresh()
            self.browser.count_findings()
        self.tell_status()

    def _fill_empty_panes(self) -> None:
        """The first item seen that a pane can show goes to the first pane; others stay where they are put."""
        if any(pane.item is not None for pane in self.grid.panes):
            return
        shown = (item for item in self.session.items if not isinstance(item, ImageSeries) or item.frames)
        first = next((item for item in shown if pane_class(item.kind) is not None), None)
        if first is not None:
            self.show_item(first.item)

    def _hang(self) -> None:
        """Once all is found on an empty desk: a patient with several kinds of data is hung, unless panes were laid out."""
        shown = [item for item in self.session.items if pane_class(item.kind) is not None]
        hanging = hang(shown) if self.openings.began_empty and self.grid.shape == (1, 1) else None
        self.openings.began_empty = False
        if hanging is None:
            return
        self.grid.lay_out(hanging.rows, hanging.columns, hanging.wide)
        for pane, item in zip(list(self.grid.panes), hanging.items, strict=True):
            self.show_item(item, pane)
        self.show_item(hanging.items[0], self.grid.panes[0])

    def _banners(self) -> None:
        """A second patient is told in every pane that shows one of them (VT-09)."""
        people = self.session.patients
        for pane in self.grid.panes:
            words = short = ""
            if len(people) > 1 and pane.item is not None:
                mine = pane.item.patient
                others = [p for p in people if p.key != mine.key]
                this = (person(mine) if mine.name else mine.id) if mine.known else self.tr("an item without identity")
                words = self.tr("{n} patients are open: this pane shows {this}, others {others}").format(
                    n=len(people), this=this, others=" · ".join(person(p) if p.name else p.id for p in others[:3])
                )
                short = self.tr("{n} patients open · here {this}").format(n=len(people), this=this)
            pane.tell_banner(escape(words), escape(short))

    # Panes

    def show_item(self, item: str, pane: Pane | None = None) -> None:
        """In this pane or the active one, which becomes a pane of the item's kind."""
        found = self.session.item(item)
        if found is None or pane_class(found.kind) is None:
            return
        place = pane or self.grid.active
        if self.cine.pane is place:
            self.cine.stop()
        pane = self.grid.turn(place, found.kind)
        pane.show_item(found)
        pane.set_results(self.session.results(item))
        self.grid.activate(pane)
        pane.setFocus()
        self._banners()

    def _item_dropped(self, pane: Pane, item: str) -> None:
        self.show_item(item, pane)

    def _active_changed(self, pane: Pane) -> None:
        if not hasattr(self, "actions"):
            return
        item = pane.item
        self.status.tell_identity(item)
        self.browser.mark(item.item if item is not None else "")
        self.networks.show_item(item)
        self.findings.mark(item.item if item is not None else "")
        self.heat.setVisible(False)
        self._view_changed(pane)

    def _view_changed(self, pane: Pane) -> None:
        self.controls(pane.kind).tell(pane)
        if pane is self.grid.active:
            self.actions.refresh(pane)

    def choose_tool(self, which: str) -> None:
        for pane in self.grid.panes:
            if pane.kind == self.grid.active.kind:
                pane.set_tool(which)
        self.actions.refresh(self.grid.active)

    def step_series(self, by: int) -> None:
        items = self.browser.order()
        shown = self.grid.active.item
        if items:
            at = items.index(shown.item) + by if shown is not None and shown.item in items else 0
            self.show_item(items[min(max(at, 0), len(items) - 1)])

    def step_pane(self, by: int) -> None:
        self.grid.step(by)

    def lay_out(self, rows: int, columns: int, wide: bool = False) -> None:
        self.grid.lay_out(rows, columns, wide)
        self.settings.set("layout", [rows, columns, *(["wide"] if wide else [])])
        self.choose_tool(self.grid.panes[0].tool_id)
        self._banners()

    def ask_layout(self) -> None:
        """The picker below its button; without one (full screen), at the panes' corner."""
        picker = LayoutPicker(self.grid.shape, self.window)
        picker.chosen.connect(self.lay_out)
        button = self.window.toolbar.widgetForAction(self.actions.by_id["layout"])
        under = button if button is not None and button.isVisible() else None
        where = under.mapToGlobal(under.rect().bottomLeft()) if under is not None else self.grid.mapToGlobal(QPoint(8, 8))
        picker.open_at(where)

    def show_preferences(self) -> None:
        from medviewer.ui.preferences import Preferences

        dialog = Preferences(self.settings, self.bindings, self.window)
        dialog.rebound.connect(self.actions.rebind)
        dialog.changed.connect(self.images.setting_changed)
        dialog.open()

    def full_screen(self) -> None:
        self.window.showNormal() if self.window.isFullScreen() else self.window.showFullScreen()

    def focus_search(self) -> None:
        self.browser.search.setFocus()
        self.browser.search.selectAll()

    def show_keys(self) -> None:
        from medviewer.ui.palette import KeySheet

        KeySheet(self.bindings, self.window).open()

    def show_palette(self) -> None:
        from medviewer.ui.palette import Palette

        Palette(self, self.window).open()

    def tell_status(self) -> None:
        self.status.tell()

    # Networks

    def analyse(self) -> None:
        """Ask every network about the active pane's item; what they saw or their reason is shown in place."""
        pane = self.grid.active
        if pane.item is None or self.analyst is None:
            return
        fits = sorted(self.analyst.fitting(pane.item.item), key=lambda fit: fit.verdict == "refused")
        if not fits:
            self.window.work.setText(self.tr("No networks are installed."))
            return
        self.controls(pane.kind).before_analysis(pane, fits)
        self.analyst.run(pane.item.item, pane.frame)

    def show_finding(self, item: str, model: str, evidence: Evidence | None) -> None:
        """Bring a finding's item up at its place, as the network that found it saw it."""
        there = next((p for p in self.grid.panes if p.item is not None and p.item.item == item), None)
        if there is None:
            self.show_item(item)
            there = self.grid.active
        self.grid.activate(there)
        if there.item is not None and there.item.item == item:
            there.show_evidence(model, evidence)

    def copy_pane(self) -> None:
        """The active pane exactly as it is painted."""
        QApplication.clipboard().setPixmap(self.grid.active.grab())
        self.window.statusBar().showMessage(self.tr("The pane is on the clipboard, with the name that stands in it."), 4000)

    def step_finding(self, by: int) -> None:
        if self.controls(self.grid.active.kind).step_event(self.grid.active, by):
            return
        self.findings.step(by)

    def escape(self) -> None:
        """Stop what runs; with nothing running, back to the first tool."""
        if not self.cine.stop() and not self._stop():
            self.choose_tool("window")

    def _stop(self) -> bool:
        scanning = self.openings.stop()
        if self.analyst is None or not self.analyst.busy:
            return scanning
        self.analyst.cancel()
        return True

    def close(self) -> None:
        """Queue, scan; both are given a moment to end (RN-01)."""
        if not self._safe_mode:
            self.settings.set("window", bytes(self.window.saveGeometry().toBase64().data()).decode())
            self.settings.set("docks", bytes(self.window.saveState().toBase64().data()).decode())
        self.openings.stop()
        if self.analyst is not None:
            self.analyst.close(1.2)
        self.openings.close()
        self.keeping.close()
