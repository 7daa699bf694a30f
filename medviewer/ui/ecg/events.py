"""The events list: beats and rhythm episodes, sortable, filtered by class; a row is a place on the trace."""

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_marks import CLASSES, Event, Marks
from medviewer.core.finding import probability_words
from medviewer.ui import theme
from medviewer.ui.answer import decided_colour, paint_bar
from medviewer.ui.ecg import words

Index = QModelIndex | QPersistentModelIndex
TIME, CLASS, BAR, SHARE = range(4)
ROW_H = 22
MANY = 1000
"""Of one class: from here on the filters stand without numbers."""
CHIP = (
    "QPushButton { padding: 1px 6px; font-size: 11px; min-width: 0; }"
    f"QPushButton:checked {{ background: {theme.CHOSEN}; border-color: {theme.HAND}; }}"
)


class EventsModel(QAbstractTableModel):
    """Rows are event numbers in an order; a day's hundred thousand beats cost nothing until they are seen."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = Marks()
        self.record: EcgRecord | None = None
        self.numbers: list[int] = []
        self._order = (TIME, Qt.SortOrder.AscendingOrder)

    def take(self, marks: Marks, wanted: tuple[str, ...]) -> None:
        self.beginResetModel()
        self.marks = marks
        self.numbers = self._sorted(marks.numbers(wanted))
        self.endResetModel()

    def event(self, row: int) -> Event:  # type: ignore[override]  # not Qt's event
        return self.marks.event(self.numbers[row])

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.numbers)

    def columnCount(self, parent: Index | None = None) -> int:
        return 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return (self.tr("time"), self.tr("class"), "", self.tr("score"))[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        one = self.event(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == TIME:
                return words.event_time(self.record, one.start_s)
            if index.column() == CLASS:
                return f"{words.rhythm_short(one.label)} ↔" if one.kind == "rhythm" else one.label
            if index.column() == SHARE:
                return probability_words(one.probability)
        if role == Qt.ItemDataRole.UserRole:
            return one
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.rhythm(one.label) if one.kind == "rhythm" else words.beat_class(one.label)
        if role == Qt.ItemDataRole.ForegroundRole and one.decision.state == "rejected":
            return QColor(theme.TEXT3)
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == CLASS:
            ink = theme.ECG_INK["dark"]
            return QColor(ink.machine if one.kind == "rhythm" else ink.beats.get(one.label, ink.words))
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        self._order = (column, order)
        self.numbers = self._sorted(self.numbers)
        self.layoutChanged.emit()

    def _sorted(self, numbers: list[int]) -> list[int]:
        column, order = self._order
        marks = self.marks
        n = np.array(numbers, int)
        if not len(n):
            return []
        beats, spans = n >= 0, -1 - n

        def values(of_beats, of_span):
            found = np.empty(len(n), object if of_beats.dtype.kind == "U" else float)
            found[beats] = of_beats[n[beats]]
            found[~beats] = [of_span(marks.episodes[k]) for k in spans[~beats]]
            return found

        times = values(marks.times, lambda e: e.start_s)
        if column == CLASS:
            keys = np.array(values(marks.symbols, lambda e: e.label), str)
        elif column in (BAR, SHARE):
            keys = values(marks.shares, lambda e: e.probability)
        else:
            keys = times
        rank = np.lexsort((times, keys))
        if order == Qt.SortOrder.DescendingOrder:
            rank = rank[::-1]
        return n[rank].tolist()


class _Bar(QStyledItemDelegate):
    """Probability as a bar: violet while proposed, green once accepted, grey once rejected."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        one: Event = index.data(Qt.ItemDataRole.UserRole)
        colour = decided_colour(one.decision.state)
        if one.kind == "beat" and one.label == "N" and one.decision.state == "proposed":
            colour = theme.TEXT3
        rect = option.rect
        box = QRectF(rect.x() + 4, rect.center().y() - 2, rect.width() - 8, 5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_bar(painter, box, one.probability, colour)
        painter.restore()


class EventsList(QWidget):
    """Heading with counts, filters, table. `chosen` carries an event number."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._marks = Marks()
        self.heading = QLabel(self)
        self.heading.setProperty("role", "heading")
        self.heading.setWordWrap(True)
        self._chips = QButtonGroup(self)
        self._chips.setExclusive(True)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.chips: dict[str, QPushButton] = {}
        for name in ("all", "V", "S", "F", "Q", "N", "rhythm"):
            chip = QPushButton(self)
            chip.setCheckable(True)
            chip.setChecked(name == "all")
            chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            chip.setStyleSheet(CHIP)
            self._chips.addButton(chip)
            self.chips[name] = chip
            row.addWidget(chip)
        row.addStretch(1)
        self._chips.buttonClicked.connect(lambda _: self._refill())
        self.model = EventsModel()
        self.table = QTableView(self)
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(BAR, _Bar(self.table))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(TIME, Qt.SortOrder.AscendingOrder)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW_H)
        self.table.setFont(theme.font(12))
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(BAR, QHeaderView.ResizeMode.Stretch)
        for column, wide in ((TIME, 84), (CLASS, 52), (SHARE, 54)):
            self.table.setColumnWidth(column, wide)
        self.table.setStyleSheet(
            f"QTableView {{ background: {theme.DOCK}; border: 1px solid {theme.LINE}; selection-background-color: {theme.CHOSEN};"
            f" selection-color: {theme.TEXT1}; }}"
        )
        self.table.setMinimumHeight(120)
        self.table.clicked.connect(lambda index: self.chosen.emit(self.model.numbers[index.row()]))
        self.table.activated.connect(lambda index: self.chosen.emit(self.model.numbers[index.row()]))
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.addWidget(self.heading)
        column_box.addLayout(row)
        column_box.addWidget(self.table, 1)
        self.take(Marks())

    def take(self, marks: Marks, record: EcgRecord | None = None) -> None:
        self._marks, self.model.record = marks, record
        counts = marks.counts()
        said = ", ".join(f"{counts[c]} {c}" for c in ("V", "S", "F", "Q", "N") if counts[c]) or self.tr("none")
        text = self.tr("EVENTS · {counts}").format(counts=said)
        renamed, rejected = marks.changed()
        if renamed or rejected:
            text += " · " + self.tr("by hand: {n} renamed, {m} rejected").format(n=renamed, m=rejected)
        self.heading.setText(text)
        some = bool(len(marks.times) or marks.episodes)
        self.table.setVisible(some)
        for name, chip in self.chips.items():
            count = len(marks.episodes) if name == "rhythm" else counts.get(name, 0)
            chip.setVisible(some and (name in ("all", "V", "S") or count > 0))
            if chip.isChecked() and chip.isHidden():
                self.chips["all"].setChecked(True)
        many = max(*counts.values(), len(marks.episodes)) >= MANY
        titles = {"all": self.tr("all"), "rhythm": self.tr("rhythm {n}").format(n=len(marks.episodes))}
        for name, chip in self.chips.items():
            text = titles.get(name) or f"{name} {counts.get(name, 0)}"
            chip.setToolTip(text if many else "")
            # A day's counts have no room beside each other; the heading has them.
            chip.setText(text.rsplit(" ", 1)[0] if many and name != "all" else text)
        self._refill()

    def wanted(self) -> tuple[str, ...]:
        """Which classes the filter lets through."""
        name = next((n for n, chip in self.chips.items() if chip.isChecked()), "all")
        return (*CLASSES, "rhythm") if name == "all" else (name,)

    def filter(self, name: str) -> None:
        """Only this class, as if its button was pressed."""
        self.chips[name].setChecked(True)
        self._refill()

    def _refill(self) -> None:
        self.model.take(self._marks, self.wanted())

    def show_chosen(self, number: int | None) -> None:
        """Select a row and bring it into view; no answer is sent."""
        if number is None or number not in self.model.numbers:
            self.table.clearSelection()
            return
        row = self.model.numbers.index(number)
        if self.table.currentIndex().row() != row:
            self.table.setCurrentIndex(self.model.index(row, 0))
        self.table.selectRow(row)
        self.table.scrollTo(self.model.index(row, 0))
