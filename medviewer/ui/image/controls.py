"""What commands, menus and sliders do to the active pane's image; one for each desk."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from medviewer.core.grey import VoiTransform, presets_for
from medviewer.core.image import ImageSeries
from medviewer.core.measure import Ruler
from medviewer.core.view import ImageView
from medviewer.inference.contract import Fit
from medviewer.services.lengths import Lengths
from medviewer.ui.commands import command, group_title
from medviewer.ui.controls import Controls
from medviewer.ui.image.changes import CHANGES
from medviewer.ui.image.pane import ImagePane
from medviewer.ui.patient.tags import TagList


class ImageControls(Controls):
    """Methods are named in the command table (`d.images.…`)."""

    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self._lengths = Lengths(desk.session, self._repaint)

    def adopt(self, pane: ImagePane) -> None:  # type: ignore[override]
        """All panes share the lengths: they are there again wherever and whenever their image is shown (ME-01)."""
        pane.lengths = self._lengths
        pane.length_drawn.connect(self._draw)

    def menu(self, pane: ImagePane, where: QPoint) -> None:
        self._desk.grid.activate(pane)
        menu = QMenu(self._desk.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_file_windows(menu.addMenu(group_title("window")), pane)
        self._desk.actions.fill(menu, ("tool",))
        for group in ("image", "scroll", "networks"):
            self._desk.actions.fill(menu.addMenu(group_title(group)), (group,))
        menu.popup(where)

    def _add_file_windows(self, menu: QMenu, pane: ImagePane) -> None:
        """The file's own windows and tables first, by their explanations, then the program's presets (PX-09)."""
        windows = pane.series.frames[pane.view.frame].windows if pane.series is not None else ()
        drawn = pane.drawn_window()
        for number, voi in enumerate(windows, 1):
            words = voi.explanation or (self.tr("table {n}") if voi.function == "LUT" else self.tr("window {n}")).format(n=number)
            if voi.function != "LUT":
                words += f" (W {voi.width:g} L {voi.center:g})"
            title = self.tr("Of the file: {words}").format(words=words).replace("&", "&&")
            action = menu.addAction(title, partial(self._take_window, pane, voi))
            action.setCheckable(True)
            action.setChecked(voi == drawn)
        if windows:
            menu.addSeparator()
        self._desk.actions.fill(menu, ("window",))

    def _take_window(self, pane: ImagePane, voi: VoiTransform) -> None:
        pane.set_view(replace(pane.view, window=voi))

    def change(self, change: str, *arguments) -> None:
        """One change of the active pane's view, by the name of the command table."""
        pane = self._desk.grid.active
        if pane.series is not None:
            pane.set_view(self._next_view(pane, pane.series, change, *arguments))

    def _next_view(self, pane: ImagePane, series: ImageSeries, change: str, *arguments) -> ImageView:
        """What needs settings or answers is told here, all else in `CHANGES`."""
        view = pane.view
        match change:
            case "preset":
                return CHANGES[change](pane, presets_for(series.modality, self._desk.presets), *arguments)
            case "overlay":
                return replace(self.heat_as_set(view), overlay=None if view.overlay else self._overlay_of(pane))
            case "opacity":
                return replace(view, opacity=self._next_setting("overlay_opacity", view.opacity, (0.3, 0.45, 0.6, 0.8)))
            case "cutoff":
                return replace(view, cutoff=self._next_setting("overlay_cutoff", view.cutoff, (0.2, 0.35, 0.5, 0.7)))
        return CHANGES[change](pane, *arguments)

    def _next_setting(self, key: str, value: float, steps: tuple[float, ...]) -> float:
        """The next step, kept for the next image and the next start."""
        later = next((step for step in steps if step > value + 0.01), steps[0])
        self._desk.settings.set(key, later)
        return later

    def heat_as_set(self, view: ImageView, show_anyway: bool = False) -> ImageView:
        opacity, cutoff = self._desk.settings.get("overlay_opacity"), self._desk.settings.get("overlay_cutoff")
        return replace(view, opacity=opacity, cutoff=cutoff, show_anyway=show_anyway)

    def set_heat(self, key: str, value: float) -> None:
        """A slider: kept, and seen at once."""
        self._desk.settings.set(key, value)
        self.setting_changed(key)

    def setting_changed(self, key: str) -> None:
        """A preference: what is drawn follows at once."""
        pane = self._desk.grid.active
        if key.startswith("overlay_") and isinstance(pane, ImagePane) and pane.series is not None:
            pane.set_view(self.heat_as_set(pane.view, pane.view.show_anyway))

    def tell(self, pane: ImagePane) -> None:
        pane.set_key(self.is_key(pane))
        if pane is self._desk.grid.active:
            self._desk.heat.tell(pane.view, bool(pane.view.overlay) and pane.attribution() is not None)

    def before_analysis(self, pane: ImagePane, fits: Sequence[Fit]) -> None:
        pane.set_view(replace(self.heat_as_set(pane.view), overlay=fits[0].model))

    def _overlay_of(self, pane: ImagePane) -> str | None:
        """The network whose answer can be drawn here, else the first one that answered at all."""
        answers = list(pane.results.values())
        drawable = [r.model for r in answers if r.attribution is not None and r.attribution.frame == pane.view.frame]
        return next(iter(drawable or [r.model for r in answers]), None)

    def delete_mark(self) -> None:
        pane = self._desk.grid.active
        if pane.rulers:
            self._lengths.remove(pane.series, pane.frame, pane.rulers[-1])

    def _draw(self, pane: ImagePane, ruler: Ruler) -> None:
        assert pane.series is not None
        self._lengths.draw(pane.series, pane.frame, ruler)

    def _repaint(self) -> None:
        for pane in self._desk.grid.panes:
            pane.update()

    def magnify(self) -> None:
        """Until the key that began it is let go."""
        pane = self._desk.grid.active
        keys = self._desk.bindings.of(command("magnifier"))
        if keys:
            pane.setFocus()
            combination: Any = QKeySequence(keys[0])[0]  # type: ignore[index]
            pane.magnifier.begin(combination.key())

    def mark_key_image(self) -> None:
        pane = self._desk.grid.active
        if pane.series is not None:
            frame = pane.series.frames[pane.view.frame]
            self._desk.session.mark_key_image(pane.series.item, frame.path, frame.index)

    def is_key(self, pane: ImagePane) -> bool:
        if pane.series is None:
            return False
        frame = pane.series.frames[min(pane.view.frame, len(pane.series.frames) - 1)]
        return (frame.path, frame.index) in self._desk.session.key_images(pane.series.item)

    def show_tags(self) -> None:
        pane = self._desk.grid.active
        if pane.series is not None and not pane.series.has_identity:
            self._desk.window.statusBar().showMessage(self.tr("A plain picture has no tags."), 4000)
        elif pane.series is not None:
            TagList(pane.series.frames[pane.view.frame].path, self._desk.bridge, self._desk.say, self._desk.window).show()
