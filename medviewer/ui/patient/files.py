"""What became of the files: which were skipped or failed, why, and what to do."""

from collections.abc import Callable
from pathlib import PurePath

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QLabel, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout
from PySide6.QtWidgets import QWidget as Widget

from medviewer import __version__
from medviewer.core.errors import Notice
from medviewer.core.task import Account
from medviewer.services.words import Sentence

MOST = 2000


class FileList(QDialog):
    """File, reason, remedy. "Copy details" gives codes and counts only: no names, no paths."""

    def __init__(self, account: Account, say: Callable[[Notice], Sentence], parent: Widget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._account = account
        self.setWindowTitle(self.tr("Files that were not loaded"))
        self.resize(860, 480)
        head = QLabel(
            self.tr("{found} found, {loaded} loaded, {skipped} skipped, {failed} failed").format(
                found=account.found, loaded=account.loaded, skipped=len(account.skipped), failed=len(account.failed)
            ),
            self,
        )
        self.tree = QTreeWidget(self)
        self.tree.setHeaderLabels([self.tr("File"), self.tr("Reason"), self.tr("What to do")])
        self.tree.setRootIsDecorated(False)
        self.tree.setColumnWidth(0, 200)
        self.tree.setColumnWidth(1, 340)
        for notice in (*account.failed, *account.skipped)[:MOST]:
            said = say(notice)
            row = QTreeWidgetItem(self.tree, [PurePath(notice.path).name or "–", said.message, said.remedy])
            row.setToolTip(0, notice.path)
            row.setToolTip(1, said.message)
            row.setToolTip(2, said.remedy)
        copy = QPushButton(self.tr("Copy details"), self)
        copy.setToolTip(self.tr("Reasons and counts, without names of files or patients"))
        copy.clicked.connect(lambda: QApplication.clipboard().setText(self.details()))
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(head)
        column.addWidget(self.tree)
        column.addLayout(buttons)

    def details(self) -> str:
        """Codes with their counts; nothing that could name a patient."""
        counts: dict[str, int] = {}
        for notice in (*self._account.failed, *self._account.skipped):
            counts[notice.code] = counts.get(notice.code, 0) + 1
        lines = [f"medviewer {__version__}", f"found {self._account.found}, loaded {self._account.loaded}"]
        return "\n".join(lines + [f"{code}: {count}" for code, count in sorted(counts.items())])
