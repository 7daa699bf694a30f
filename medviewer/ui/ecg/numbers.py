"""Measurements as a table, each with where it comes from; the tachogram and the Poincaré plot; the templates of each class."""

from collections.abc import Mapping, Sequence
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from medviewer.core.ecg import Measurement
from medviewer.core.ecg_layout import SCREEN_MM
from medviewer.core.ecg_marks import AROUND_S, Template
from medviewer.core.heart_rate import Intervals, poincare
from medviewer.ui import theme
from medviewer.ui.ecg import words

MOST_DOTS = 5000
SPEED, GAIN = 25.0, 10.0
"""Millimetres a second and a millivolt of the mean beats."""


class NumbersTable(QWidget):
    """`pairs` measurements a row; `without_unit` where the heading names it."""

    def __init__(self, pairs: int = 2, *, without_unit: bool = False) -> None:
        super().__init__()
        self._pairs, self._without_unit = pairs, without_unit
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(3)
        for column in range(pairs):
            self._grid.setColumnStretch(2 * column + 1, 1)
        self.texts: list[str] = []

    def tell(self, rows: Mapping[str, Measurement]) -> None:
        while (old := self._grid.takeAt(0)) is not None:
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.texts = []
        for n, (name, one) in enumerate(rows.items()):
            title, value = QLabel(words.measure(name), self), QLabel(self._value(one), self)
            title.setProperty("role", "second")
            title.setWordWrap(True)
            value.setFont(theme.font(12, bold=True))
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.texts.append(f"{title.text()} {value.text()}")
            row, column = divmod(n, self._pairs)
            self._grid.addWidget(title, row, 2 * column)
            self._grid.addWidget(value, row, 2 * column + 1)

    def _value(self, one: Measurement) -> str:
        said = words.value(one)
        return said.removesuffix(one.unit).rstrip() if self._without_unit else said


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
        self._drawn: QPixmap | None = None
        """A day's ten thousand dots take 30 ms: drawn once for each answer and size, not at each step to another event."""

    def tell(self, found: Intervals | None) -> None:
        self._found = found if found is not None and len(found.seconds) > 2 else None
        self._drawn = None
        self.setVisible(self._found is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._found is None:
            return
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._drawn is None or self._drawn.size() != size:
            self._drawn = QPixmap(size)
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(Qt.GlobalColor.transparent)
            self._draw(self._found, QPainter(self._drawn))
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def _draw(self, found: Intervals, painter: QPainter) -> None:
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
        dot = 1.6 if len(ms) > 300 else 3.0
        x = left.left() + (found.end_s - found.end_s[0]) / max(float(found.end_s[-1] - found.end_s[0]), 1e-9) * left.width()
        y = left.bottom() - np.clip((ms - low) / (high - low), 0, 1) * left.height()
        for flags, colour in ((found.normal, theme.TEXT2), (~found.normal, theme.ECG_INK["dark"].beats["V"])):
            painter.setPen(QPen(QColor(colour), dot, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF([QPointF(a, b) for a, b in zip(x[flags][::every], y[flags][::every], strict=True)]))
        a, b = poincare(found)
        if len(a):
            px = right.left() + np.clip((a - low) / (high - low), 0, 1) * right.width()
            py = right.bottom() - np.clip((b - low) / (high - low), 0, 1) * right.height()
            painter.setPen(QPen(QColor(theme.TEXT2), dot, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF([QPointF(u, v) for u, v in zip(px[::every], py[::every], strict=True)]))
        painter.setPen(QColor(theme.TEXT3))
        painter.setFont(theme.font(10))
        painter.drawText(QPointF(left.left() + 3, left.top() + 10), f"{high:.0f} ms")
        painter.drawText(QPointF(left.left() + 3, left.bottom() - 3), f"{low:.0f} ms")
        painter.end()


class TemplatePlots(_Plot):
    """The mean beat of each class on millimetre paper, all at one scale: 25 mm/s and 10 mm/mV, a millimetre as large as on the
    screen where there is room. With one standard deviation around it and the number of its members; a click lists them."""

    members_wanted = Signal(str)
    GAP, TITLE, PLOT_H = 6.0, 16.0, 150.0

    def __init__(self) -> None:
        super().__init__(92)
        self.found: Sequence[Template] = ()
        self.screen_mm = SCREEN_MM

    def tell(self, found: Sequence[Template], px_per_mm: float = SCREEN_MM) -> None:
        self.found, self.screen_mm = found, px_per_mm
        self.setToolTip(words.members_hint())
        self.setVisible(bool(found))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        boxes = self.boxes(width)
        return ceil(max((box.bottom() for box in boxes), default=0.0)) + 1

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(self.width(), 200)))

    def _range(self) -> tuple[float, float]:
        """Lowest and highest value of all classes, in whole half millivolts."""
        low = min(float((t.mean - t.spread).min()) for t in self.found)
        high = max(float((t.mean + t.spread).max()) for t in self.found)
        return floor(2 * low) / 2, max(ceil(2 * high) / 2, floor(2 * low) / 2 + 0.5)

    def mm(self, width: float) -> float:
        """Pixels of a millimetre: the screen's own, less where all five classes would not stand beside each other."""
        low, high = self._range()
        beside = min(len(self.found), 5)
        wide = (width - 1 - (beside - 1) * self.GAP) / beside
        return min(self.screen_mm, max(wide, 20.0) / (sum(AROUND_S) * SPEED), self.PLOT_H / ((high - low) * GAIN))

    def boxes(self, width: float) -> list[QRectF]:
        """Where the paper of each class lies, in rows."""
        if not self.found:
            return []
        low, high = self._range()
        mm = self.mm(width)
        wide, tall = sum(AROUND_S) * SPEED * mm, (high - low) * GAIN * mm
        each = max(1, int((width + self.GAP) / (wide + self.GAP)))
        return [
            QRectF(n % each * (wide + self.GAP), self.TITLE + n // each * (tall + self.TITLE + 4), wide, tall)
            for n in range(len(self.found))
        ]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        for one, box in zip(self.found, self.boxes(self.width()), strict=True):
            if box.adjusted(0, -self.TITLE, 0, 0).contains(event.position()):
                self.members_wanted.emit(one.label)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.found:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mm, (_, top) = self.mm(self.width()), self._range()
        for one, box in zip(self.found, self.boxes(self.width()), strict=True):
            self._paint_paper(painter, box, mm)
            self._paint_beat(painter, one, box, mm, top)
        painter.end()

    def _paint_paper(self, painter: QPainter, box: QRectF, mm: float) -> None:
        """Lines each 5 mm (0.2 s, 0.5 mV), from the R peak and from 0 mV."""
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        peak = box.left() + AROUND_S[0] * SPEED * mm
        across = [
            peak + n * 5 * mm for n in range(-floor((peak - box.left()) / (5 * mm)), int((box.right() - peak) / (5 * mm)) + 1)
        ]
        down = [box.top() + n * 5 * mm for n in range(round(box.height() / (5 * mm)) + 1)]
        painter.drawLines([QLineF(x, box.top(), x, box.bottom()) for x in across])
        painter.drawLines([QLineF(box.left(), y, box.right(), y) for y in down])

    def _paint_beat(self, painter: QPainter, one: Template, box: QRectF, mm: float, top: float) -> None:
        colour = QColor(theme.ECG_INK["dark"].beats[one.label])
        x = box.left() + np.arange(len(one.mean)) / one.rate_hz * SPEED * mm

        def line(values: NDArray[np.float64]) -> list[QPointF]:
            return [QPointF(a, box.top() + (top - v) * GAIN * mm) for a, v in zip(x, values, strict=True)]

        band = QColor(colour)
        band.setAlpha(60)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(band)
        painter.drawPolygon(QPolygonF(line(one.mean + one.spread) + line(one.mean - one.spread)[::-1]))
        painter.setPen(QPen(colour, 1.4))
        painter.drawPolyline(QPolygonF(line(one.mean)))
        painter.setFont(theme.font(11, bold=True))
        painter.drawText(QPointF(box.left() + 2, box.top() - 4), f"{one.label} · {one.count}")
