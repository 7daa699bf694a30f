"""The lexicon as a user may change it: cues that decide states and phrases of concepts, one a line."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.errors import MedviewerError
from medviewer.services.notes import Notes
from medviewer.ui import theme


class LexiconEditor(QDialog):
    """`saved` comes when the table was kept; only the differences from the program's own are."""

    saved = Signal()

    def __init__(self, notes: Notes, language: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Lexicon"))
        self.resize(760, 520)
        self._notes, self._group = notes, ""
        self.language = QComboBox(self)
        self.language.addItem("English", "en")
        self.language.addItem("中文", "zh")
        self.language.setCurrentIndex(int(language == "zh"))
        about = QLabel(
            self.tr(
                "One phrase a line; # stands for a number, <be> for each word of the group words/be, <be?> for each or none. "
                "Groups decide how a finding is meant; concepts name findings."
            ),
            self,
        )
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setWordWrap(True)
        about.setProperty("role", "second")
        self.groups = QListWidget(self)
        self.groups.setMaximumWidth(260)
        self.phrases = QPlainTextEdit(self)
        self.phrases.setFont(theme.font(13))
        self.own = QPushButton(self.tr("The program's own"), self)
        self.own.setToolTip(self.tr("Take back every change of this language"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.accepted.connect(self._save)
        buttons.rejected.connect(self.reject)
        head, middle, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.language)
        head.addWidget(about, 1)
        middle.addWidget(self.groups)
        middle.addWidget(self.phrases, 1)
        foot.addWidget(self.own)
        foot.addWidget(buttons, 1)
        column = QVBoxLayout(self)
        for row in (head, middle, foot):
            column.addLayout(row)
        self.problem = QLabel(self)
        self.problem.setProperty("role", "attention")
        self.problem.hide()
        column.addWidget(self.problem)
        self._table = notes.groups(self._chosen())
        self._fill()
        self.language.currentIndexChanged.connect(self._other_language)
        self.groups.currentTextChanged.connect(self._other_group)
        self.own.clicked.connect(self._reset)

    def _chosen(self) -> str:
        return str(self.language.currentData())

    def _fill(self) -> None:
        self._group = ""
        self.groups.clear()
        self.groups.addItems(list(self._table))
        self.groups.setCurrentRow(0)
        self._other_group(self.groups.item(0).text())

    def _other_language(self) -> None:
        self._table = self._notes.groups(self._chosen())
        self._fill()

    def _other_group(self, group: str) -> None:
        self._take()
        self._group = group
        self.phrases.setPlainText("\n".join(self._table.get(group, ())))

    def _take(self) -> None:
        """What stands in the editor belongs to the group that is shown."""
        if self._group:
            lines = (" ".join(line.split()).lower() if self._chosen() == "en" else line.strip() for line in self._lines())
            self._table[self._group] = sorted({line for line in lines if line})

    def _lines(self) -> list[str]:
        return self.phrases.toPlainText().splitlines()

    def _reset(self) -> None:
        self._table = self._notes.groups(self._chosen(), own=True)
        self._fill()

    def _save(self) -> None:
        self._take()
        try:
            self._notes.save_lexicon(self._chosen(), self._table)
        except MedviewerError as error:
            self.problem.setText(error.notice.code)
            self.problem.show()
            return
        self.saved.emit()
        self.accept()
