"""Commands as Qt actions: shortcuts, toolbar, the menu button and context menus, all drawn from the registry."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton

from medviewer.core.grey import presets_for
from medviewer.ui import theme
from medviewer.ui.commands import COMMANDS, GROUPS, Command, group_title
from medviewer.ui.commands import command as command_of

IN_PANES = ("scroll", "ecg", "ecg-tool", "ecg-layout", "next-pane", "previous-pane", "text", "delete-mark", "copy-pane")
"""Groups and commands whose keys mean something else in the browser: they count only while the panes have the focus."""

ECG_TOOLS = ("ecg-pan", "ecg-caliper", "ecg-cursors")


class Actions(QObject):
    """One QAction for each command."""

    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self._desk = desk
        self.by_id: dict[str, QAction] = {}
        for command in COMMANDS:
            self.by_id[command.id] = self._make(command)
        self.rebind()
        self._toolbar()

    def _make(self, command: Command) -> QAction:
        action = QAction(command.text(), self)
        action.triggered.connect(partial(self._run, command))
        local = command.group in IN_PANES or command.id in IN_PANES
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut if local else Qt.ShortcutContext.WindowShortcut)
        (self._desk.window.centre if local else self._desk.window).addAction(action)
        tool = command.id.startswith("tool-") or command.id in ECG_TOOLS
        action.setCheckable(tool or command.checked is not None)
        action.setAutoRepeat(command.id != "magnifier")
        return action

    def rebind(self) -> None:
        """Shortcuts and tooltips as the bindings are now."""
        for command in COMMANDS:
            keys = self._desk.bindings.of(command)
            action = self.by_id[command.id]
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setToolTip(f"{command.text()} ({self._desk.bindings.words(command)})" if keys else command.text())

    def _run(self, command: Command, _checked: bool = False) -> None:
        if command.counts(self._desk.grid.active):
            command.run(self._desk)

    def _toolbar(self) -> None:
        window = self._desk.window
        button = QToolButton(window)
        button.setIcon(theme.icon("list"))
        button.setToolTip(self.tr("All commands"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for group in GROUPS:
            self.fill(menu.addMenu(group_title(group)), (group,))
        button.setMenu(menu)
        window.toolbar.addWidget(button)
        last = "file"
        for command in COMMANDS:
            if not command.toolbar:
                continue
            if command.group != last:
                window.toolbar.addSeparator()
                last = command.group
            action = self.by_id[command.id]
            action.setIcon(theme.icon(command.icon))
            action.setIconText(command.text())
            window.toolbar.addAction(action)
        if (more := window.toolbar.findChild(QToolButton, "qt_toolbar_ext_button")) is not None:
            more.setIcon(theme.icon("dots-three-vertical"))

    def fill(self, menu: QMenu, groups: Iterable[str]) -> None:
        """The commands of these groups, a line between groups."""
        for number, group in enumerate(groups):
            if number:
                menu.addSeparator()
            for command in COMMANDS:
                if command.group == group:
                    menu.addAction(self.by_id[command.id])

    def refresh(self, pane: Any) -> None:
        """What can be done now, and which tool is in the hand; commands of other kinds of pane are out of sight."""
        for command in COMMANDS:
            action = self.by_id[command.id]
            counts = command.counts(pane)
            if command.on_pane:
                action.setVisible(pane.kind in command.kinds)
                action.setEnabled(counts and (not command.id.startswith("cine") or len(pane.series.frames) > 1))
            if action.isCheckable():
                switched = command.checked is not None and counts and command.checked(pane)
                action.setChecked(switched or command.id in (f"tool-{pane.tool_id}", f"{pane.kind}-{pane.tool_id}"))
        self._name_presets(pane)

    def _name_presets(self, pane: Any) -> None:
        """Presets say what they are in this modality: "lung (W 1500 L -600)"; numbers without a preset are hidden."""
        series = pane.item if pane.kind == "image" else None
        presets = presets_for(series.modality, self._desk.presets) if series is not None else []
        for number in range(1, 10):
            action = self.by_id[f"preset-{number}"]
            action.setVisible(number <= len(presets))
            if number <= len(presets):
                voi = presets[number - 1]
                name = QCoreApplication.translate("painter", voi.explanation)
                action.setText(f"{name} (W {voi.width:g} L {voi.center:g})")
            else:
                action.setText(command_of(f"preset-{number}").text())
