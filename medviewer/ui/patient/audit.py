"""The audit list: every act with who and when, newest first; nothing in it can be changed."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from medviewer.core.errors import Notice
from medviewer.store.records import AuditLine
from medviewer.ui.patient.words import moment

MOST = 5000
"""Lines that are shown, the newest."""


class AuditList(QDialog):
    """All acts, or those on the item of the active pane; narrowed by words."""

    def __init__(self, desk: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Audit list"))
        self.resize(900, 560)
        self._desk = desk
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search who, what, patient, item"))
        self.search.textChanged.connect(self._narrow)
        self.here = QCheckBox(self.tr("Only the active pane's item"), self)
        self.here.setEnabled(desk.grid.active.item is not None)
        self.here.toggled.connect(lambda _: self.refresh())
        self.tree = QTreeWidget(self)
        self.tree.setRootIsDecorated(False)
        self.tree.setHeaderLabels(
            [self.tr("When"), self.tr("Who"), self.tr("What"), self.tr("Patient"), self.tr("Item"), self.tr("About")]
        )
        for at, wide in enumerate((130, 110, 170, 100, 150, 200)):
            self.tree.setColumnWidth(at, wide)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.here)
        column.addWidget(self.tree, 1)
        self.refresh()

    def refresh(self) -> None:
        self.tree.clear()
        item = self._desk.grid.active.item
        lines = self._desk.keeping.records.audit(item.item if self.here.isChecked() and item is not None else "")
        for line in reversed(lines[-MOST:]):
            row = QTreeWidgetItem(self.tree, self._cells(line))
            row.setToolTip(0, line.at)
            row.setToolTip(5, "\n".join(f"{name}: {value}" for name, value in line.facts.items()))
        self._narrow(self.search.text())

    def _cells(self, line: AuditLine) -> list[str]:
        """ "Undone: accepted" for an act that was taken back."""
        back = line.act.startswith("undo-")
        said = self._desk.say(Notice(f"audit-{line.act.removeprefix('undo-')}")).message
        what = self.tr("Undone: {what}").format(what=said) if back else said
        about = " ".join(str(line.facts[name]) for name in ("label", "state", "concept", "probability") if name in line.facts)
        return [moment(line.at), line.who, what, line.patient, line.item, about or line.subject]

    def _narrow(self, words: str) -> None:
        wanted = words.casefold().split()
        for k in range(self.tree.topLevelItemCount()):
            row = self.tree.topLevelItem(k)
            said = " ".join(row.text(column) for column in range(self.tree.columnCount())).casefold()
            row.setHidden(not all(word in said for word in wanted))
