"""Commands as Qt actions: shortcuts, toolbar, the menu button and context menus, all drawn from the registry."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton

from medviewer.ui import theme
from medviewer.ui.commands import COMMANDS, GROUPS, Command, group_title

IN_PANES = ("scroll", "next-pane", "previous-pane", "text", "delete-mark")
"""Groups and commands whose keys mean something else in the browser: they count only while the panes have the focus."""


class Actions(QObject):
    """One QAction for each command."""

    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self._desk = desk
        self.by_id: dict[str, QAction] = {}
        for command in COMMANDS:
            self.by_id[command.id] = self._make(command)
        self._toolbar()

    def _make(self, command: Command) -> QAction:
        action = QAction(command.text(), self)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        if command.keys:
            action.setToolTip(f"{command.text()} ({command.keys[0]})")
        action.triggered.connect(partial(self._run, command))
        local = command.group in IN_PANES or command.id in IN_PANES
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut if local else Qt.ShortcutContext.WindowShortcut)
        (self._desk.window.centre if local else self._desk.window).addAction(action)
        if command.group == "tool" and command.id.startswith("tool-"):
            action.setCheckable(True)
        return action

    def _run(self, command: Command, _checked: bool = False) -> None:
        if command.on_pane and self._desk.grid.active.series is None:
            return
        command.run(self._desk)

    def _toolbar(self) -> None:
        window = self._desk.window
        head = window.toolbar.actions()[0]
        button = QToolButton(window)
        button.setIcon(theme.icon("list"))
        button.setToolTip(self.tr("All commands"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for group in GROUPS:
            self.fill(menu.addMenu(group_title(group)), (group,))
        button.setMenu(menu)
        window.toolbar.insertWidget(head, button)
        last = "file"
        for command in COMMANDS:
            if not command.toolbar:
                continue
            if command.group != last:
                window.toolbar.insertSeparator(head)
                last = command.group
            action = self.by_id[command.id]
            action.setIcon(theme.icon(command.icon))
            action.setIconText(command.text())
            window.toolbar.insertAction(head, action)

    def fill(self, menu: QMenu, groups: Iterable[str]) -> None:
        """The commands of these groups, a line between groups."""
        for number, group in enumerate(groups):
            if number:
                menu.addSeparator()
            for command in COMMANDS:
                if command.group == group:
                    menu.addAction(self.by_id[command.id])

    def refresh(self, pane: Any) -> None:
        """What can be done now, and which tool is in the hand."""
        there = pane.series is not None
        for command in COMMANDS:
            action = self.by_id[command.id]
            if command.on_pane:
                action.setEnabled(there)
            if action.isCheckable():
                action.setChecked(command.id == f"tool-{pane.tool_id}")
