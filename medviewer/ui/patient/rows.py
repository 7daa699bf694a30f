"""Rows of the browser: patients, visits and items as drawn in look/workspace.png; dragged to panes and to patients."""

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDrag, QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from medviewer.core.identity import Patient
from medviewer.ui import theme
from medviewer.ui.pane import ITEM_MIME
from medviewer.ui.patient.thumbs import SIZE as THUMBNAIL

ITEM, SECOND, THUMB, COUNT, LEVEL, MARKS, WHO = (Qt.ItemDataRole.UserRole + n for n in range(7))
MARK_LINE = 15
"""Added to a row that has marks."""


class SeriesTree(QTreeWidget):
    """Rows are dragged to panes, and to another patient: `given` carries the item and the Patient (unknown = nobody)."""

    given = Signal(str, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(RowPainter(self))

    def startDrag(self, actions: Qt.DropAction) -> None:
        row = self.currentItem()
        item = row.data(0, ITEM) if row is not None else None
        if not item:
            return
        drag = QDrag(self)
        data = QMimeData()
        data.setData(ITEM_MIME, item.encode())
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(ITEM_MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        there = event.mimeData().hasFormat(ITEM_MIME) and self.person_at(event.position().toPoint()) is not None
        event.acceptProposedAction() if there else event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        who = self.person_at(event.position().toPoint())
        if who is not None and event.mimeData().hasFormat(ITEM_MIME):
            event.acceptProposedAction()
            self.given.emit(bytes(event.mimeData().data(ITEM_MIME).data()).decode(), who)

    def person_at(self, place: QPoint) -> Patient | None:
        """Whose rows are at a place."""
        row: QTreeWidgetItem | None = self.itemAt(place)
        while row is not None and row.parent() is not None:
            row = row.parent()
        return row.data(0, WHO) if row is not None else None


class RowPainter(QStyledItemDelegate):
    """Patients, visits and series, as drawn in look/workspace.png."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        marked = MARK_LINE if index.data(MARKS) else 0
        return QSize(100, {"patient": 30, "study": 28}.get(index.data(LEVEL), THUMBNAIL + 10 + marked))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        box = QRect(option.rect)
        words, second = index.data(Qt.ItemDataRole.DisplayRole) or "", index.data(SECOND) or ""
        level = index.data(LEVEL)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if level == "series":
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            self._series(painter, box, words, second, index, chosen)
        else:
            painter.setFont(theme.font(13 if level == "patient" else 12, bold=True))
            painter.setPen(QColor(theme.TEXT1 if level == "patient" else theme.TEXT2))
            wide = painter.fontMetrics().horizontalAdvance(second) + 12 if second else 0
            wide = min(wide, box.width() // 2)
            left = box.adjusted(4, 0, -wide - 4, 0)
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, left.width())
            painter.drawText(left, Qt.AlignmentFlag.AlignVCenter, shown)
            painter.setFont(theme.font(12))
            painter.setPen(QColor(theme.TEXT2))
            rest = painter.fontMetrics().elidedText(second, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(box.adjusted(0, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, rest)
        painter.restore()

    def _series(
        self, painter: QPainter, box: QRect, words: str, second: str, index: QModelIndex | QPersistentModelIndex, chosen: bool
    ) -> None:
        thumb: QImage | None = index.data(THUMB)
        found: int = index.data(COUNT) or 0
        marks: str = index.data(MARKS) or ""
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.CHOSEN))
            painter.drawRoundedRect(box.adjusted(0, 1, -1, -1), 6, 6)
            painter.fillRect(QRect(box.left(), box.top() + 6, 2, box.height() - 12), QColor(theme.HAND))
        place = QRectF(box.left() + 5, box.top() + 5, THUMBNAIL, THUMBNAIL)
        path = QPainterPath()
        path.addRoundedRect(place, 4, 4)
        painter.fillPath(path, QColor(theme.IMAGE))
        if thumb is not None:
            painter.save()
            painter.setClipPath(path)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, thumb)
            painter.restore()
        left, right = box.left() + THUMBNAIL + 15, box.right() - (36 if found else 6)
        lines = ((words, 13, theme.TEXT1, 6), (second, 12, theme.TEXT2, 25), (marks, 11, theme.ATTENTION, 25 + MARK_LINE + 2))
        for line, pixels, colour, top in lines[: 3 if marks else 2]:
            painter.setFont(theme.font(pixels))
            painter.setPen(QColor(colour))
            shown = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(QPoint(left, box.top() + top), QSize(right - left, 19)), Qt.AlignmentFlag.AlignVCenter, shown)
        if found:
            badge = QRectF(box.right() - 30, box.center().y() - 9, 22, 19)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.MACHINE_GROUND))
            painter.drawRoundedRect(badge, 4, 4)
            painter.setFont(theme.font(11, bold=True))
            painter.setPen(QColor(theme.MACHINE))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(found))
