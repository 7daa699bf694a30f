"""What stands around the text: classes as bars, the line of findings, the legend."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from medviewer.core.finding import Score
from medviewer.core.note import Mention, State
from medviewer.core.page import TOP, NotePicture
from medviewer.ui import theme
from medviewer.ui.answer import ProbabilityBar, network_tag, put_tag, weak_tag
from medviewer.ui.note import ink

WORD_ALPHA = 150
"""Opacity of the weightiest word's ground."""
NARROW = 460
"""Below this width classes are told by their names and probabilities alone; the bands are in the tooltips."""
LabelOf = Callable[[str, str], str]
"""(model, label or "" for the model itself) → words in the user's language."""


class Classes(QFrame):
    """The likeliest classes with threshold tick and band; "not sure" below the threshold. `chosen` asks for another network."""

    def __init__(self, label_of: LabelOf, parent: QWidget) -> None:
        super().__init__(parent)
        self._label_of, self._all = label_of, False
        self._picture = NotePicture()
        self.setStyleSheet(f"Classes {{ background: {theme.DOCK}; border: 0; border-bottom: 1px solid {theme.LINE}; }}")
        self._title, self._tag = QLabel(self), QLabel(self)
        self._title.setProperty("role", "second")
        self.more = QPushButton(self)
        self.more.setFlat(True)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.clicked.connect(self._toggle)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._tag, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.more, 0, Qt.AlignmentFlag.AlignVCenter)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(10)
        self._rows.setVerticalSpacing(1)
        self._rows.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 6, 14, 6)
        column.setSpacing(3)
        column.addLayout(head)
        column.addLayout(self._rows)
        self.hide()

    def set_labels(self, label_of: LabelOf) -> None:
        self._label_of = label_of
        self.show_picture(self._picture)

    def _toggle(self) -> None:
        self._all = not self._all
        self.show_picture(self._picture)

    def show_picture(self, picture: NotePicture) -> None:
        self._picture = picture
        while (old := self._rows.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.setVisible(bool(picture.classes))
        if not picture.classes:
            return
        self._title.setText(self._label_of(picture.model, ""))
        unsure = ("attention", self.tr("not sure"))
        put_tag(self._tag, unsure if picture.unsure else weak_tag() if picture.weak else network_tag())
        self._tag.setMinimumWidth(self._tag.sizeHint().width() + 2)
        shown = picture.classes if self._all else picture.classes[:TOP]
        self.more.setVisible(len(picture.classes) > TOP)
        self.more.setText(self.tr("fewer") if self._all else self.tr("all {n}").format(n=len(picture.classes)))
        for row, score in enumerate(shown):
            self._row(row, score, picture)

    def _row(self, row: int, score: Score, picture: NotePicture) -> None:
        told = row == 0 and not picture.unsure
        name = QLabel(self._label_of(picture.model, score.label), self)
        name.setFont(theme.font(12, bold=told))
        name.setToolTip(name.text())
        number = QLabel(score.words.partition(" ")[0] if self.width() < NARROW else score.words, self)
        number.setProperty("role", "second")
        limit = "\n" + self.tr("threshold {t}").format(t=score.limit) if score.limit else ""
        number.setToolTip(score.words + limit)
        bar = ProbabilityBar(score, theme.MACHINE if told else theme.TEXT3, self)
        bar.setMinimumWidth(40)
        for column, widget in enumerate((name, bar, number)):
            self._rows.addWidget(widget, row, column)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.oldSize().width() < NARROW) != (event.size().width() < NARROW):
            self.show_picture(self._picture)

    def words(self) -> str:
        """What is told, as text."""
        labels = (self._rows.itemAt(n).widget() for n in range(self._rows.count()))
        return " | ".join([self._tag.text(), *(label.text() for label in labels if isinstance(label, QLabel))])


class MentionLine(QWidget):
    """The findings of a note as a structured line: words, state by line and letter, side; equal ones are counted once. What has
    no room waits behind "and 6 more", which a click opens."""

    pressed = Signal(object)
    asked = Signal(object, object)
    ROW, MOST = 24, 12

    def __init__(self, describe: Callable[[Mention], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._describe = describe
        self._groups: list[tuple[str, list[Mention]]] = []
        self._boxes: list[tuple[QRectF, list[Mention]]] = []
        self._more = QRectF()
        self._rows, self._open = 3, False
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.hide()

    def set_rows(self, rows: int) -> None:
        """So many where it is not opened."""
        if rows != self._rows:
            self._rows = rows
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(self.heightForWidth(self.width()))
        self.updateGeometry()
        self.update()

    def show_mentions(self, mentions: Sequence[Mention]) -> None:
        groups: dict[tuple[str, ...], list[Mention]] = {}
        for mention in mentions:
            key = (mention.concept, mention.state, mention.laterality, mention.size, ink.colour_of(mention))
            groups.setdefault(key, []).append(mention)
        order = list(ink.STYLES)
        ranked = sorted(groups.values(), key=lambda g: (order.index(g[0].state), g[0].start))
        self._groups = [(self._words(group), group) for group in ranked]
        self.setVisible(bool(self._groups))
        self._fit()

    @staticmethod
    def _words(group: list[Mention]) -> str:
        first = group[0]
        side = f" · {ink.tr(ink.SIDES[first.laterality])}" if first.laterality else ""
        size = f" · {first.size}" if first.measures else ""
        return f"{first.text}{side}{size}" + (f" ×{len(group)}" if len(group) > 1 else "")

    def words(self) -> list[tuple[str, str]]:
        """(words, state) of each chip."""
        return [(words, group[0].state) for words, group in self._groups]

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = max((row for row, *_ in self._places(width)), default=0) + 1
        return min(rows, self._most) * self.ROW + 10

    @property
    def _most(self) -> int:
        return self.MOST if self._open else self._rows

    def sizeHint(self) -> QSize:
        return QSize(300, self.heightForWidth(max(self.width(), 200)))

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()

    def _places(self, width: int):
        """(row, x, width, words, group) of each chip."""
        metrics = QFontMetricsF(theme.font(12))
        row, x = 0, 14.0
        for words, group in self._groups:
            wide = metrics.horizontalAdvance(words) + 26
            if x > 14 and x + wide > width - 14:
                row, x = row + 1, 14.0
            yield row, x, min(wide, width - 28.0), words, group
            x += wide + 6

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.DOCK))
        self._boxes, self._more = [], QRectF()
        left = 0
        for row, x, wide, words, group in self._places(self.width()):
            if row >= self._most:
                left += 1
                continue
            box = QRectF(x, 5 + row * self.ROW, wide, self.ROW - 3)
            self._boxes.append((box, group))
            self._chip(painter, box, words, group[0])
        if left or self._open:
            self._paint_more(painter, self.tr("fewer") if self._open else self.tr("and {n} more").format(n=left))
        painter.end()

    def _paint_more(self, painter: QPainter, words: str) -> None:
        painter.setFont(theme.font(12))
        wide = painter.fontMetrics().horizontalAdvance(words) + 16
        self._more = QRectF(self.width() - wide - 6, self.height() - self.ROW - 4, wide, self.ROW - 2)
        painter.fillRect(self._more.adjusted(-8, 0, 6, 0), QColor(theme.DOCK))
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.setBrush(QColor(theme.CARD))
        painter.drawRoundedRect(self._more, 4, 4)
        painter.setPen(QColor(theme.TEXT1))
        painter.drawText(self._more, Qt.AlignmentFlag.AlignCenter, words)

    def _chip(self, painter: QPainter, box: QRectF, words: str, mention: Mention) -> None:
        colour = ink.colour_of(mention)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.CARD))
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(theme.font(12))
        painter.setPen(QColor(theme.TEXT1 if mention.counts else theme.TEXT2))
        inner = box.adjusted(7, 0, -16, -3)
        fitted = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(inner.width()) + 2)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, fitted)
        ink.underline(painter, mention.state, colour, inner.left(), inner.right(), box.bottom() - 3)
        painter.setFont(theme.font(10, bold=True))
        painter.setPen(QColor(colour))
        letter = ink.letter_of(mention) or ink.tr(ink.STYLES["present"].letter)
        painter.drawText(QRectF(box.right() - 15, box.top(), 13, box.height() - 3), Qt.AlignmentFlag.AlignCenter, letter)

    def _at(self, point: QPointF) -> list[Mention] | None:
        return next((group for box, group in self._boxes if box.contains(point)), None)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            group = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._describe(group[0]) if group else "", self)
            return True
        return bool(super().event(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._more.contains(event.position()):
            self._open = not self._open
            self._fit()
            return
        group = self._at(event.position())
        if group and event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit(group[0])
        elif group:
            self.asked.emit(group[0], event.globalPosition().toPoint())


class Legend(QWidget):
    """What the lines, letters and grounds mean, in as many rows as it takes; the line that must stand with every overlay."""

    ROW = 24

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = self._private = False
        self._states: frozenset[State] = frozenset()
        self.hide()

    def tell(self, words: bool, states: Iterable[State], private: bool = False) -> None:
        """The states that occur: there is room for no others where it is scarce."""
        self._words, self._states, self._private = words, frozenset(states), private
        self.setVisible(words or bool(self._states) or private)
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        rows = 1 + max((row for row, *_ in self._places()), default=0)
        self.setFixedHeight(rows * self.ROW + 6)

    def _places(self) -> Iterator[tuple[int, float, str, State | None, float]]:
        """(row, x, words, state or None, weight) of each entry; the notice is the last, at the right."""
        metrics, row, x = QFontMetricsF(theme.font(11)), 0, 14.0
        entries: list[tuple[str, State | None, float, float]] = []
        if self._words:
            grounds = ((self.tr("weight high"), 1.0), (self.tr("low"), 0.25), (self.tr("against"), -0.6))
            entries += [(words, None, weight, 12.0) for words, weight in grounds]
        entries += [(ink.tr(style.word), state, 0.0, 20.0) for state, style in ink.STYLES.items() if state in self._states]
        if self._private:
            entries.append((self.tr("framed: tells who it is"), None, 0.0, 16.0))
        for words, state, weight, gap in entries:
            wide = metrics.horizontalAdvance(words) + gap
            if x > 14 and x + wide > self.width() - 8:
                row, x = row + 1, 14.0
            yield row, x, words, state, weight
            x += wide
        notice = self.tr("research use only – not for diagnosis")
        wide = metrics.horizontalAdvance(notice)
        if x + wide > self.width() - 10:
            row += 1
        yield row, max(self.width() - wide - 14, 8), notice, None, 0.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.DOCK))
        painter.setPen(QColor(theme.LINE))
        painter.drawLine(0, 0, self.width(), 0)
        painter.setFont(theme.font(11))
        metrics = QFontMetricsF(painter.font())
        for row, x, words, state, weight in self._places():
            y = 3 + row * self.ROW
            wide = metrics.horizontalAdvance(words)
            if weight:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(ground_of(weight))
                painter.drawRoundedRect(QRectF(x - 3, y + 4, wide + 6, 16), 3, 3)
            if self._private and words == self.tr("framed: tells who it is"):
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QColor(theme.ATTENTION))
                painter.drawRoundedRect(QRectF(x - 3, y + 4, wide + 6, 16), 3, 3)
            painter.setPen(QColor(theme.TEXT1 if weight else theme.TEXT2 if state else theme.TEXT3))
            painter.drawText(QPointF(x, y + 16), words)
            if state is not None:
                style = ink.STYLES[state]
                ink.underline(painter, state, style.colour, x, x + wide, y + 20)
                painter.setPen(QColor(style.colour))
                painter.drawText(QPointF(x + wide + 1, y + 11), "" if state == "present" else ink.tr(style.letter))
        painter.end()


def ground_of(weight: float) -> QColor:
    """Behind a word that speaks for the class (violet) or against it (grey), the denser the weightier."""
    colour = QColor(theme.MACHINE if weight > 0 else theme.TEXT3)
    colour.setAlpha(round(WORD_ALPHA * abs(weight) ** 0.7))
    return colour
