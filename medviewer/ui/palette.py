"""The command palette and the key sheet, both drawn from the registry."""

from typing import Any, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medviewer.ui.bindings import Bindings
from medviewer.ui.commands import COMMANDS, GROUPS, Command, group_title

HANDS = (
    (
        QT_TRANSLATE_NOOP("KeySheet", "Left drag"),
        QT_TRANSLATE_NOOP("KeySheet", "the tool in hand; at the start window/level: right = wider, up and down = level"),
    ),
    (QT_TRANSLATE_NOOP("KeySheet", "Right drag"), QT_TRANSLATE_NOOP("KeySheet", "zoom; a click opens the menu")),
    (QT_TRANSLATE_NOOP("KeySheet", "Middle drag, Shift+left drag"), QT_TRANSLATE_NOOP("KeySheet", "pan")),
    (QT_TRANSLATE_NOOP("KeySheet", "Wheel"), QT_TRANSLATE_NOOP("KeySheet", "scroll images")),
    (QT_TRANSLATE_NOOP("KeySheet", "Ctrl+wheel"), QT_TRANSLATE_NOOP("KeySheet", "zoom at the pointer")),
    (QT_TRANSLATE_NOOP("KeySheet", "Wheel on an ECG"), QT_TRANSLATE_NOOP("KeySheet", "time; with Ctrl zoom at the pointer")),
    (QT_TRANSLATE_NOOP("KeySheet", "Click on a beat"), QT_TRANSLATE_NOOP("KeySheet", "why it is called so")),
    (QT_TRANSLATE_NOOP("KeySheet", "Ctrl+left drag"), QT_TRANSLATE_NOOP("KeySheet", "window of a region")),
    (QT_TRANSLATE_NOOP("KeySheet", "Alt+left drag"), QT_TRANSLATE_NOOP("KeySheet", "window/level whatever the tool")),
    (QT_TRANSLATE_NOOP("KeySheet", "Double click"), QT_TRANSLATE_NOOP("KeySheet", "one pane alone, and back")),
    (QT_TRANSLATE_NOOP("KeySheet", "Drop"), QT_TRANSLATE_NOOP("KeySheet", "open files, folders and ZIPs anywhere on the window")),
)


COLUMNS = 4
"""Of the key sheet; each table goes into the shortest one."""


class KeySheet(QDialog):
    """F1: every key and every gesture."""

    def __init__(self, bindings: Bindings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keys and mouse"))
        self.resize(1320, 800)
        page = QWidget(self)
        across = QHBoxLayout(page)
        columns = [QVBoxLayout() for _ in range(COLUMNS)]
        filled = [0] * COLUMNS
        for column in columns:
            across.addLayout(column, 1)
        tables = [(self.tr("Mouse"), [(self.tr(str(hand)), self.tr(str(does))) for hand, does in HANDS])]
        for group in GROUPS:
            rows = [(bindings.words(c), c.text()) for c in COMMANDS if c.group == group and bindings.of(c)]
            tables.append((group_title(group), rows))
        for title, rows in tables:
            where = filled.index(min(filled))
            filled[where] += len(rows) + 2
            columns[where].addLayout(self._table(title, rows))
        for column in columns:
            column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setWidget(page)
        QVBoxLayout(self).addWidget(area)

    def _table(self, title: str, rows: list[tuple[str, str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setContentsMargins(0, 0, 0, 12)
        heading = QLabel(title, self)
        heading.setProperty("role", "heading")
        grid.addWidget(heading, 0, 0, 1, 2)
        for number, (keys, does) in enumerate(rows, 1):
            left, right = QLabel(keys, self), QLabel(does, self)
            left.setProperty("role", "second")
            left.setWordWrap(True)
            right.setWordWrap(True)
            left.setMinimumWidth(90)
            grid.addWidget(left, number, 0)
            grid.addWidget(right, number, 1)
        return grid


class Palette(QDialog):
    """Ctrl+Shift+P: type a part of a command's name, Enter does it."""

    def __init__(self, desk: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        self.setWindowTitle(self.tr("Find a command"))
        self.resize(480, 420)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(self.tr("Type a part of its name"))
        self.list = QListWidget(self)
        column = QVBoxLayout(self)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.line.textChanged.connect(self._narrow)
        self.line.returnPressed.connect(self._do)
        self.list.itemActivated.connect(self._do)
        self.line.installEventFilter(self)
        self._narrow("")

    def _narrow(self, words: str) -> None:
        self.list.clear()
        wanted = words.casefold().split()
        kind = self._desk.grid.active.kind
        for command in COMMANDS:
            if command.on_pane and kind not in command.kinds:
                continue
            title = command.text()
            said = f"{title} {group_title(command.group)} {command.id}".casefold()
            if command.id != "palette" and all(word in said for word in wanted):
                keys = self._desk.bindings.words(command)
                row = QListWidgetItem(f"{title}   {keys}" if keys else title, self.list)
                row.setData(Qt.ItemDataRole.UserRole, command)
        self.list.setCurrentRow(0)

    def _do(self) -> None:
        if self.list.count() == 0:
            return
        command: Command = self.list.currentItem().data(Qt.ItemDataRole.UserRole)
        self.accept()
        self._desk.actions.by_id[command.id].trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down move in the list while the line has the focus."""
        if event.type() == QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(cast(QKeyEvent, event).key()), 0)
            if by:
                self.list.setCurrentRow(min(max(self.list.currentRow() + by, 0), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)
