"""The picker of rows and columns: point at the last pane that is wanted, or use arrows and Return."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from medviewer.ui import theme

ROWS, COLUMNS = 4, 5
"""The most panes that can be laid out."""
CELL, GAP, EDGE, WORDS = 30, 4, 10, 24


class LayoutPicker(QWidget):
    """A popup; `chosen` carries rows and columns."""

    chosen = Signal(int, int)

    def __init__(self, shape: tuple[int, int], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Rows and columns of panes"))
        self.shape = shape
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(2 * EDGE + COLUMNS * (CELL + GAP) - GAP, 2 * EDGE + ROWS * (CELL + GAP) - GAP + WORDS)

    def open_at(self, where: QPoint) -> None:
        self.move(where)
        self.show()
        self.setFocus()

    def cell(self, row: int, column: int) -> QRectF:
        """The box of the cell in this row and column, from 1."""
        return QRectF(EDGE + (column - 1) * (CELL + GAP), EDGE + (row - 1) * (CELL + GAP), CELL, CELL)

    def _point_at(self, x: float, y: float) -> None:
        row, column = 1 + int((y - EDGE) // (CELL + GAP)), 1 + int((x - EDGE) // (CELL + GAP))
        self.shape = min(max(row, 1), ROWS), min(max(column, 1), COLUMNS)
        self.update()

    def _choose(self) -> None:
        self.chosen.emit(*self.shape)
        self.close()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(event.position().x(), event.position().y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self._point_at(event.position().x(), event.position().y())
            self._choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        key = Qt.Key(event.key())
        if key in steps:
            row, column = (a + b for a, b in zip(self.shape, steps[key], strict=True))
            self.shape = min(max(row, 1), ROWS), min(max(column, 1), COLUMNS)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.CARD))
        rows, columns = self.shape
        for row in range(1, ROWS + 1):
            for column in range(1, COLUMNS + 1):
                inside = row <= rows and column <= columns
                painter.setPen(QPen(QColor(theme.HAND if inside else theme.TEXT3), 1))
                painter.setBrush(QColor(theme.CHOSEN if inside else theme.DOCK))
                painter.drawRoundedRect(self.cell(row, column), 4, 4)
        painter.setFont(theme.font(12))
        painter.setPen(QColor(theme.TEXT2))
        words = QRectF(0, self.height() - WORDS - 4, self.width(), WORDS)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, f"{rows} × {columns}")
        painter.setPen(QColor(theme.LINE))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
