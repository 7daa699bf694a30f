"""Measurements as a table, each with where it comes from; the tachogram and the Poincaré plot; the templates of each class."""

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from medviewer.core.ecg import Measurement
from medviewer.core.ecg_marks import Template
from medviewer.core.heart_rate import Intervals, poincare
from medviewer.ui import theme
from medviewer.ui.ecg import words

MOST_DOTS = 5000


class NumbersTable(QWidget):
    """Two measurements a row."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(3)
        for column in (1, 3):
            self._grid.setColumnStretch(column, 1)
        self.texts: list[str] = []

    def tell(self, rows: Mapping[str, Measurement]) -> None:
        while (old := self._grid.takeAt(0)) is not None:
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.texts = []
        for n, (name, one) in enumerate(rows.items()):
            title, value = QLabel(words.measure(name), self), QLabel(words.value(one), self)
            title.setProperty("role", "second")
            title.setWordWrap(True)
            value.setFont(theme.font(12, bold=True))
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.texts.append(f"{title.text()} {value.text()}")
            self._grid.addWidget(title, n // 2, 2 * (n % 2))
            self._grid.addWidget(value, n // 2, 2 * (n % 2) + 1)


class _Plot(QWidget):
    def __init__(self, high: int) -> None:
        super().__init__()
        self._high = high
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, self._high)


class RatePlots(_Plot):
    """Left the RR tachogram, right the Poincaré plot; ectopic intervals in their colour, never joined across a gap."""

    def __init__(self) -> None:
        super().__init__(116)
        self._found: Intervals | None = None

    def tell(self, found: Intervals | None) -> None:
        self._found = found if found is not None and len(found.seconds) > 2 else None
        self.setVisible(self._found is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        found = self._found
        if found is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self.height() - 16.0
        left, right = QRectF(0, 14, self.width() - side - 14, side), QRectF(self.width() - side, 14, side, side)
        painter.setFont(theme.font(11))
        painter.setPen(QColor(theme.TEXT3))
        painter.drawText(QPointF(0, 10), words.tachogram_title())
        painter.drawText(QPointF(right.left(), 10), "Poincaré")
        ms = found.seconds * 1000
        low, high = np.percentile(ms, (1, 99))
        low, high = max(0.0, float(low) - 50), float(high) + 50
        for box in (left, right):
            painter.setPen(QPen(QColor(theme.LINE), 1))
            painter.drawRect(box)
        every = max(1, len(ms) // MOST_DOTS)
        x = left.left() + (found.end_s - found.end_s[0]) / max(float(found.end_s[-1] - found.end_s[0]), 1e-9) * left.width()
        y = left.bottom() - np.clip((ms - low) / (high - low), 0, 1) * left.height()
        for flags, colour in ((found.normal, theme.TEXT2), (~found.normal, theme.ECG_INK["dark"].beats["V"])):
            painter.setPen(QPen(QColor(colour), 1.6))
            painter.drawPoints(QPolygonF([QPointF(a, b) for a, b in zip(x[flags][::every], y[flags][::every], strict=True)]))
        a, b = poincare(found)
        if len(a):
            px = right.left() + np.clip((a - low) / (high - low), 0, 1) * right.width()
            py = right.bottom() - np.clip((b - low) / (high - low), 0, 1) * right.height()
            painter.setPen(QPen(QColor(theme.TEXT2), 1.6))
            painter.drawPoints(QPolygonF([QPointF(u, v) for u, v in zip(px[::every], py[::every], strict=True)]))
        painter.setPen(QColor(theme.TEXT3))
        painter.setFont(theme.font(10))
        painter.drawText(QPointF(left.left() + 3, left.top() + 10), f"{high:.0f} ms")
        painter.drawText(QPointF(left.left() + 3, left.bottom() - 3), f"{low:.0f} ms")
        painter.end()


class TemplatePlots(_Plot):
    """The mean beat of each class with one standard deviation around it and the number of its members; a click lists them."""

    members_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__(92)
        self.found: Sequence[Template] = ()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.found and event.button() == Qt.MouseButton.LeftButton:
            number = int(event.position().x() / max(self.width(), 1) * len(self.found))
            self.members_wanted.emit(self.found[min(max(number, 0), len(self.found) - 1)].label)

    def tell(self, found: Sequence[Template]) -> None:
        self.found = found
        self.setToolTip(words.members_hint())
        self.setVisible(bool(found))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.found:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11, bold=True))
        wide, high = self.width() / len(self.found), self.height() - 16.0
        low = min(float((t.mean - t.spread).min()) for t in self.found)
        span = max(max(float((t.mean + t.spread).max()) for t in self.found) - low, 0.2)
        for n, one in enumerate(self.found):
            colour = QColor(theme.ECG_INK["dark"].beats[one.label])
            x = n * wide + np.arange(len(one.mean)) / max(len(one.mean) - 1, 1) * (wide - 8)

            def line(values, x=x):
                return [QPointF(a, 16 + high - (v - low) / span * high) for a, v in zip(x, values, strict=True)]

            band = QColor(colour)
            band.setAlpha(60)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(band)
            painter.drawPolygon(QPolygonF(line(one.mean + one.spread) + line(one.mean - one.spread)[::-1]))
            painter.setPen(QPen(colour, 1.4))
            painter.drawPolyline(QPolygonF(line(one.mean)))
            painter.drawText(QPointF(n * wide + 2, 11), f"{one.label} · {one.count}")
        painter.end()
