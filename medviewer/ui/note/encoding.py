"""Which encoding a text is in, where the program had to guess: each with how the first words read in it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from medviewer.ui import theme


class EncodingChoice(QDialog):
    """`chosen` is the encoding of the row that is selected."""

    def __init__(self, choices: Sequence[tuple[str, str]], now: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Encoding of the text"))
        self.resize(620, 320)
        asked = QLabel(self.tr("Choose the encoding in which these words read right. The file is not changed."), self)
        asked.setWordWrap(True)
        self.list = QListWidget(self)
        self.list.setWordWrap(True)
        self.list.setFont(theme.font(13))
        for name, words in choices:
            row = QListWidgetItem(f"{name}\n{words}", self.list)
            row.setData(Qt.ItemDataRole.UserRole, name)
            if name == now:
                self.list.setCurrentItem(row)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.list.itemDoubleClicked.connect(lambda _: self.accept())
        column = QVBoxLayout(self)
        for widget in (asked, self.list, buttons):
            column.addWidget(widget)

    @property
    def chosen(self) -> str:
        row = self.list.currentItem()
        return str(row.data(Qt.ItemDataRole.UserRole)) if row is not None else ""
