"""Preferences, drawn from the table of settings, and the keys, drawn from the registry of commands."""

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medviewer.services.acts import system_user
from medviewer.store.settings import SETTINGS, Setting, Settings
from medviewer.ui.bindings import Bindings, portable
from medviewer.ui.commands import COMMANDS, GROUPS, Command, group_title

TITLES = {
    "language": QT_TRANSLATE_NOOP("Preferences", "Language (at the next start)"),
    "device": QT_TRANSLATE_NOOP("Preferences", "Networks run on (at the next start)"),
    "overlay_opacity": QT_TRANSLATE_NOOP("Preferences", "Heat opacity"),
    "overlay_cutoff": QT_TRANSLATE_NOOP("Preferences", "Heat cut-off"),
    "user": QT_TRANSLATE_NOOP("Preferences", "Name on decisions, notes and reports"),
    "ecg_theme": QT_TRANSLATE_NOOP("Preferences", "ECGs open on"),
    "cine_rate": QT_TRANSLATE_NOOP("Preferences", "Cine, images a second where the file does not say it"),
    "cine_loop": QT_TRANSLATE_NOOP("Preferences", "Cine starts again at the end"),
}
CHOICES = {
    "": QT_TRANSLATE_NOOP("Preferences", "as the system"),
    "en": "English",
    "zh_CN": "中文",
    "auto": QT_TRANSLATE_NOOP("Preferences", "the best that works"),
    "cpu": "CPU",
    "cuda": "CUDA",
    "mps": "Apple MPS",
    "dark": QT_TRANSLATE_NOOP("Preferences", "dark"),
    "paper": QT_TRANSLATE_NOOP("Preferences", "paper"),
}


class Preferences(QDialog):
    """Each change is kept at once; `rebound` comes when keys changed, `changed` with the key of another setting."""

    rebound = Signal()
    changed = Signal(str)

    def __init__(self, settings: Settings, bindings: Bindings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._settings, self._bindings = settings, bindings
        self.setWindowTitle(self.tr("Preferences"))
        self.resize(640, 560)
        self.fields: dict[str, QWidget] = {}
        tabs = QTabWidget(self)
        tabs.addTab(self._general(), self.tr("General"))
        tabs.addTab(self._keys(), self.tr("Keys"))
        close = QPushButton(self.tr("Close"), self)
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(tabs)
        column.addLayout(row)

    def _general(self) -> QWidget:
        page = QWidget(self)
        page.setProperty("page", True)
        form = QFormLayout(page)
        form.setContentsMargins(12, 16, 12, 12)
        form.setVerticalSpacing(12)
        for setting in SETTINGS:
            if setting.key in TITLES:
                self.fields[setting.key] = self._field(setting)
                form.addRow(self.tr(str(TITLES[setting.key])), self.fields[setting.key])
        return page

    def _field(self, setting: Setting) -> QWidget:
        value = self._settings.get(setting.key)

        def keep(new: object) -> None:
            self._settings.set(setting.key, new)
            self.changed.emit(setting.key)

        if setting.choices:
            combo = QComboBox(self)
            for choice in setting.choices:
                combo.addItem(self.tr(str(CHOICES[choice])), choice)
            combo.setCurrentIndex(max(combo.findData(value), 0))
            combo.currentIndexChanged.connect(lambda _: keep(combo.currentData()))
            return combo
        if isinstance(value, str):
            line = QLineEdit(value, self)
            line.setPlaceholderText(system_user())
            line.editingFinished.connect(lambda: keep(line.text().strip()))
            return line
        if isinstance(value, bool):
            box = QCheckBox(self)
            box.setChecked(value)
            box.toggled.connect(keep)
            return box
        spin: QSpinBox | QDoubleSpinBox = QSpinBox(self) if isinstance(value, int) else QDoubleSpinBox(self)
        if isinstance(spin, QDoubleSpinBox):
            spin.setSingleStep(0.05)
        spin.setRange(*setting.range)  # type: ignore[arg-type]
        spin.setValue(value)
        spin.valueChanged.connect(keep)
        return spin

    def _keys(self) -> QWidget:
        page = QWidget(self)
        page.setProperty("page", True)
        self.search = QLineEdit(page)
        self.search.setPlaceholderText(self.tr("Search commands"))
        self.search.textChanged.connect(self._narrow)
        self.tree = QTreeWidget(page)
        self.tree.setIndentation(12)
        self.tree.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self.tree.setColumnWidth(0, 360)
        for group in GROUPS:
            top = QTreeWidgetItem(self.tree, [group_title(group)])
            for one in COMMANDS:
                if one.group == group:
                    row = QTreeWidgetItem(top, [one.text(), self._bindings.words(one)])
                    row.setData(0, Qt.ItemDataRole.UserRole, one)
        self.tree.expandAll()
        self.tree.currentItemChanged.connect(lambda row, _: self._show(row))
        self.keys = QKeySequenceEdit(page)
        self.keys.setMaximumSequenceLength(1)
        self.set = QPushButton(self.tr("Use these keys"), page)
        self.none = QPushButton(self.tr("No keys"), page)
        self.default = QPushButton(self.tr("Back to the default"), page)
        self.set.clicked.connect(lambda: self._bind([self.keys.keySequence().toString()]))
        self.none.clicked.connect(lambda: self._bind([]))
        self.default.clicked.connect(lambda: self._bind(None))
        self.said = QLabel(page)
        self.said.setProperty("role", "attention")
        self.said.setWordWrap(True)
        line = QHBoxLayout()
        for button in (self.keys, self.set, self.none, self.default):
            line.addWidget(button)
        column = QVBoxLayout(page)
        column.addWidget(self.search)
        column.addWidget(self.tree)
        column.addLayout(line)
        column.addWidget(self.said)
        self._show(None)
        return page

    def choose(self, which: str) -> None:
        """Select a command's row."""
        for row in self._rows():
            if row.data(0, Qt.ItemDataRole.UserRole).id == which:
                self.tree.setCurrentItem(row)

    def _rows(self) -> list[QTreeWidgetItem]:
        groups = [self.tree.topLevelItem(g) for g in range(self.tree.topLevelItemCount())]
        return [
            child for top in groups if top is not None for k in range(top.childCount()) if (child := top.child(k)) is not None
        ]

    def _narrow(self, words: str) -> None:
        wanted = words.casefold().split()
        for row in self._rows():
            said = f"{row.text(0)} {row.text(1)}".casefold()
            row.setHidden(not all(word in said for word in wanted))
        root = self.tree.invisibleRootItem()
        for g in range(root.childCount()):
            top = root.child(g)
            top.setHidden(all(top.child(k).isHidden() for k in range(top.childCount())))

    def _show(self, row: QTreeWidgetItem | None) -> None:
        one: Command | None = row.data(0, Qt.ItemDataRole.UserRole) if row is not None else None
        for widget in (self.keys, self.set, self.none, self.default):
            widget.setEnabled(one is not None)
        self.said.setText("")
        keys = self._bindings.of(one) if one is not None else ()
        self.keys.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())

    def _bind(self, keys: list[str] | None) -> None:
        """None = the table's own keys. What another command has is refused with its name."""
        row = self.tree.currentItem()
        one: Command | None = row.data(0, Qt.ItemDataRole.UserRole) if row is not None else None
        if one is None:
            return
        wanted = [portable(key) for key in keys if key] if keys is not None else list(one.keys)
        other = self._bindings.bind(one.id, wanted)
        if other is not None:
            taken = next(key for key in wanted if self._bindings.clash(key, one.id) is not None)
            self.said.setText(self.tr("{keys} belongs to “{command}”.").format(keys=taken, command=other.text()))
            return
        row.setText(1, self._bindings.words(one))
        self._show(row)
        self.rebound.emit()
