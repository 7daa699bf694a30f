"""The tags of the file behind an image, with a search. Values are shown, never logged."""

from collections.abc import Callable
from pathlib import PurePath

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from medviewer.core.errors import MedviewerError, Notice
from medviewer.io.elements import Element, elements
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.bridge import Bridge

MOST = 20000
"""Rows that are listed; an enhanced object may hold a million."""


class TagList(QDialog):
    """Reads in the pool; until then it says so. Ctrl+C copies the chosen row."""

    def __init__(self, path: str, bridge: Bridge, say: Callable[[Notice], Sentence], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._say = say
        self._rows: list[tuple[QTreeWidgetItem, str]] = []
        self.setWindowTitle(self.tr("Tags of {file}").format(file=PurePath(path).name))
        self.resize(860, 640)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search tag, name, value"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.tree = QTreeWidget(self)
        self.tree.setHeaderLabels([self.tr("Tag"), self.tr("Name"), "VR", self.tr("Value")])
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(14)
        for number, wide in enumerate((150, 280, 40)):
            self.tree.setColumnWidth(number, wide)
        self.said = QLabel(self.tr("Reading the file …"), self)
        self.said.setProperty("role", "second")
        self.said.setToolTip(path)
        self.said.setWordWrap(True)
        column = QVBoxLayout(self)
        for widget in (self.search, self.tree, self.said):
            column.addWidget(widget)
        QShortcut(QKeySequence.StandardKey.Copy, self.tree, self._copy, context=Qt.ShortcutContext.WidgetShortcut)
        self._open = True
        self.finished.connect(self._closed)
        bridge.background(lambda: _read(path), self._take)

    def _closed(self) -> None:
        self._open = False

    def _take(self, found: list[Element] | None, error: BaseException | None) -> None:
        if not self._open:
            return
        if found is None:
            notice = error.notice if isinstance(error, MedviewerError) else Notice("header-damaged")
            said = self._say(notice)
            self.said.setText(said.text)
            return
        above: list[QTreeWidgetItem] = [self.tree.invisibleRootItem()]
        for element in found[:MOST]:
            del above[element.level + 1 :]
            name = element.name if element.tag else self.tr("item {n}").format(n=element.name)
            row = QTreeWidgetItem(above[-1], [element.tag, name, element.vr, element.value])
            row.setToolTip(3, element.value)
            row.setForeground(2, QColor(theme.TEXT3))
            above.append(row)
            self._rows.append((row, f"{element.tag} {element.tag.replace(',', '')} {name} {element.value}".casefold()))
        self._narrow(self.search.text())

    def _narrow(self, words: str) -> None:
        """Rows that hold every word, with the sequences that they are in."""
        wanted = words.casefold().split()
        shown = 0
        for row, said in self._rows:
            fits = all(word in said for word in wanted)
            shown += fits
            row.setHidden(not fits)
            above = row.parent()
            while fits and wanted and above is not None:
                above.setHidden(False)
                above.setExpanded(True)
                above = above.parent()
        if self._rows:
            self.said.setText(self.tr("{shown} of {n} elements").format(shown=shown, n=len(self._rows)))

    def _copy(self) -> None:
        row = self.tree.currentItem()
        if row is not None:
            QApplication.clipboard().setText("\t".join(row.text(column) for column in range(4)))


def _read(path: str) -> list[Element]:
    found: list[Element] = []
    for element in elements(path):
        found.append(element)
        if len(found) > MOST:
            break
    return found
