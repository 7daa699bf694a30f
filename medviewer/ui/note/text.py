"""The text of a note with its marks under and over it: read, hovered, clicked, edited.

Offsets that come and go are characters of the note; Qt's own are UTF-16 units (core/page.Utf16).
"""

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextLayout,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QToolTip, QWidget

from medviewer.core.note import Identifier, Mention, Section
from medviewer.core.page import NotePicture, Utf16, shifted
from medviewer.ui import theme
from medviewer.ui.note import ink
from medviewer.ui.note.panel import ground_of

FONT, LINE = 14, 23
LARGEST_SHOWN = 200_000
"""Characters that are laid out; of a longer note the beginning is shown, and told."""
MARGIN = 16


class NoteText(QTextEdit):
    """`typed` comes with every change of the text by hand; `pressed` with the mention that was clicked and where, `touched`
    with the identifier."""

    typed = Signal()
    pressed = Signal(object, object)
    touched = Signal(object, object)
    zoomed = Signal(float)
    told = Signal(str)
    find_wanted = Signal()
    focused = Signal()

    def __init__(self, describe: Callable[[int], str], parent: QWidget) -> None:
        super().__init__(parent)
        self._describe = describe
        self._picture = NotePicture()
        self._units, self._before = Utf16(""), ""
        self._hovered: Mention | None = None
        self._found: tuple[tuple[int, int], ...] = ()
        self._zoom = 1.0
        self._filling = False
        self.shown = 0
        self.setAcceptRichText(False)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTabChangesFocus(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.document().setDocumentMargin(MARGIN)
        self.viewport().setMouseTracking(True)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(theme.WINDOW))
        self.setPalette(palette)
        selected = f"selection-background-color: {theme.CHOSEN}; selection-color: {theme.TEXT1};"
        self.setStyleSheet(f"QTextEdit {{ background: {theme.WINDOW}; border: 0; {selected} }}")
        self._headers = _Headers(self.document())
        self.document().contentsChange.connect(self._changed)

    # Text

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Files that are dropped here are opened, like anywhere: their names are no text of the note."""
        return not source.hasUrls() and super().canInsertFromMimeData(source)

    def fill(self, text: str, sections: Sequence[Section] = ()) -> None:
        """Another text, from its beginning; what was typed before cannot be undone into it."""
        self._filling = True
        self.shown = min(len(text), LARGEST_SHOWN)
        self._before = text[: self.shown]
        self._units = Utf16(self._before)
        self.document().setUndoRedoEnabled(False)
        self.setPlainText(self._before.replace("\u2029", "\n"))
        self._format()
        self.set_sections(sections)
        self.document().setUndoRedoEnabled(True)
        self.document().setModified(False)
        self._filling = False
        self.viewport().update()

    def text(self) -> str:
        """What stands there, character for character (Qt's own words would turn hard spaces into soft ones)."""
        return str(self.document().toRawText()).replace("\u2029", "\n")

    def set_zoom(self, zoom: float) -> None:
        if zoom != self._zoom:
            self._zoom = zoom
            self._format()

    def _format(self) -> None:
        filling, self._filling = self._filling, True
        self.setFont(theme.font(round(FONT * self._zoom)))
        self.document().setDefaultFont(theme.font(round(FONT * self._zoom)))
        spaced = QTextBlockFormat()
        spaced.setLineHeight(LINE * self._zoom, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)
        self._filling = filling

    def set_sections(self, sections: Sequence[Section]) -> None:
        """Headers are drawn quietly; the text itself and its undo stay as they are."""
        spans = tuple((self._units.units(s.start), self._units.units(s.body)) for s in sections if s.start < self.shown)
        filling, self._filling = self._filling, True
        self._headers.show(spans)
        self._filling = filling

    def _changed(self, at: int, removed: int, added: int) -> None:
        if self._filling or not (removed or added):
            return
        before, text = self._units, self.text()
        if text == self._before:
            return
        first, last = before.character(at), before.character(at + removed)
        more = len(text) - len(self._before)
        self._picture = shifted(self._picture, first, last - first, last - first + more)
        self._units, self._before = Utf16(text), text
        self.typed.emit()

    # Marks

    def set_picture(self, picture: NotePicture) -> None:
        self._picture = picture
        self._hovered = None
        self.viewport().update()

    def picture(self) -> NotePicture:
        """The marks as they lie now, moved with what was typed."""
        return self._picture

    def set_found(self, spans: Sequence[tuple[int, int]]) -> None:
        """Places that a search found."""
        self._found = tuple(spans)
        self.viewport().update()

    def go_to(self, start: int, end: int) -> None:
        """Select a span and scroll to it, into the middle unless it can be read already."""
        cursor = self.textCursor()
        cursor.setPosition(self._units.units(start))
        cursor.setPosition(self._units.units(end), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        at, high = self.cursorRect().center().y(), self.viewport().height()
        if not 0.15 * high < at < 0.85 * high:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + round(at - high / 2))

    def selected_start(self) -> int:
        """The character at which the selection or the caret stands."""
        return self._units.character(self.textCursor().selectionStart())

    def pieces(self, start: int, end: int) -> Iterator[QRectF]:
        """The rectangles of a span on the screen, one a line; only those that can be seen."""
        document, layout = self.document(), self.document().documentLayout()
        left, top = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        first, last = self._units.units(start), self._units.units(end)
        block = document.findBlock(first)
        while block.isValid() and block.position() < last:
            box = layout.blockBoundingRect(block).translated(-left, -top)
            if box.top() > self.viewport().height():
                return
            if box.bottom() >= 0:
                lines = block.layout()
                a, b = max(first - block.position(), 0), min(last - block.position(), block.length() - 1)
                yield from _lines(lines, a, b, box, self.viewport().height())
            block = block.next()

    def paintEvent(self, event: QPaintEvent) -> None:
        under = QPainter(self.viewport())
        under.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_under(under)
        under.end()
        super().paintEvent(event)
        over = QPainter(self.viewport())
        over.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_over(over)
        over.end()

    def _seen(self) -> tuple[int, int]:
        """The characters that the viewport shows, and some more."""
        first = self.cursorForPosition(QPoint(0, 0)).position()
        last = self.cursorForPosition(QPoint(self.viewport().width() - 1, self.viewport().height() - 1)).position()
        return self._units.character(max(first - 400, 0)), self._units.character(last) + 400

    def _paint_under(self, painter: QPainter) -> None:
        first, last = self._seen()
        painter.setPen(Qt.PenStyle.NoPen)
        for span in self._picture.words:
            if first <= span.end and span.start <= last:
                painter.setBrush(ground_of(span.weight))
                for box in self.pieces(span.start, span.end):
                    painter.drawRoundedRect(box.adjusted(-1.5, 3, 1.5, 0), 3, 3)
        if self._hovered is not None and self._hovered.scope is not None:
            colour = QColor(theme.HAND)
            colour.setAlpha(38)
            painter.setBrush(colour)
            for box in self.pieces(*self._hovered.scope):
                painter.drawRect(box)
        painter.setBrush(QColor(theme.ATTENTION_GROUND))
        for start, end in self._found:
            if first <= end and start <= last:
                for box in self.pieces(start, end):
                    painter.drawRect(box)

    def _paint_over(self, painter: QPainter) -> None:
        first, last = self._seen()
        small = theme.font(max(9, round(9 * self._zoom)), bold=True)
        for mention in self._picture.mentions:
            if mention.end < first or mention.start > last:
                continue
            colour, box = ink.colour_of(mention), QRectF()
            for box in self.pieces(mention.start, mention.end):
                ink.underline(painter, mention.state, colour, box.left(), box.right(), box.bottom() - 1)
            if (letter := ink.letter_of(mention)) and box.isValid():
                painter.setFont(small)
                painter.setPen(QColor(colour))
                painter.drawText(QPointF(box.right() - 1, box.top() + QFontMetricsF(small).ascent() - 2), letter)
            if mention.cue is not None:
                painter.setPen(QColor(theme.HAND if mention is self._hovered else theme.LINE))
                for part in self.pieces(*mention.cue):
                    painter.drawLine(part.bottomLeft(), part.bottomRight())
        for one in self._picture.identifiers:
            if first <= one.end and one.start <= last:
                self._paint_identifier(painter, one.start, one.end, ink.tr(ink.KINDS[one.kind]), small)

    def _paint_identifier(self, painter: QPainter, start: int, end: int, kind: str, small: QFont) -> None:
        box = QRectF()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for box in self.pieces(start, end):
            painter.setPen(QColor(theme.ATTENTION))
            painter.drawRoundedRect(box.adjusted(-2, 0, 1, 1), 3, 3)
        if box.isValid():
            painter.setFont(small)
            wide = QFontMetricsF(small).horizontalAdvance(kind)
            plate = QRectF(box.right() - wide - 3, box.top() - 9, wide + 5, 10)
            painter.fillRect(plate, QColor(theme.ATTENTION_GROUND))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, kind)

    # Hands

    def mention_at(self, character: int) -> Mention | None:
        return next((m for m in self._picture.mentions if m.start <= character < m.end), None)

    def identifier_at(self, character: int) -> Identifier | None:
        return next((i for i in self._picture.identifiers if i.start <= character < i.end), None)

    def selected(self) -> tuple[int, int]:
        """Half-open characters of the selection."""
        cursor = self.textCursor()
        return self._units.character(cursor.selectionStart()), self._units.character(cursor.selectionEnd())

    def _character(self, point: QPoint) -> int | None:
        """The character under the pointer; None beside the text."""
        cursor = self.cursorForPosition(point)
        box = self.cursorRect(cursor)
        position = cursor.position() - (1 if point.x() < box.left() else 0)
        if (
            abs(point.x() - box.center().x()) > 3 * FONT * self._zoom
            or not box.adjusted(0, -4, 0, 4).top() <= point.y() <= box.bottom() + 8
        ):
            return None
        return self._units.character(max(position, 0))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        at = self._character(event.position().toPoint())
        hovered = self.mention_at(at) if at is not None else None
        marked = at is not None and self.identifier_at(at) is not None
        if hovered is not self._hovered:
            self._hovered = hovered
            self.viewport().update()
        self.viewport().setCursor(
            Qt.CursorShape.PointingHandCursor if (hovered or marked) and self.isReadOnly() else Qt.CursorShape.IBeamCursor
        )
        self.told.emit(self._describe(at) if at is not None else "")

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self._character(event.pos())
            words = self._describe(at) if at is not None else ""
            QToolTip.showText(event.globalPos(), words, self.viewport()) if words else QToolTip.hideText()
            return True
        return bool(super().viewportEvent(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.focused.emit()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.isReadOnly() and not self.textCursor().hasSelection():
            at = self._character(event.position().toPoint())
            where = event.globalPosition().toPoint()
            if at is not None and (one := self.identifier_at(at)) is not None:
                self.touched.emit(one, where)
            elif at is not None and (mention := self.mention_at(at)) is not None:
                self.pressed.emit(mention, where)

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.matches(QKeySequence.StandardKey.Find)
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Find):
            self.find_wanted.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoomed.emit(1.1 if event.angleDelta().y() > 0 else 1 / 1.1)
        else:
            super().wheelEvent(event)


class _Headers:
    """Section headers as additional formats of their blocks, which no undo knows. Not by QSyntaxHighlighter: it lays the document
    out anew for each block that it looks at, minutes for thousands of lines. Where formats are is kept by cursors, which Qt
    moves with the text: a QTextBlock must not outlive an edit."""

    def __init__(self, document: QTextDocument) -> None:
        self._document = document
        self._places: list[QTextCursor] = []
        self._look = QTextCharFormat()
        self._look.setForeground(QColor(theme.TEXT2))
        self._look.setFontWeight(QFont.Weight.Bold)

    def show(self, spans: Sequence[tuple[int, int]]) -> None:
        """`spans` in UTF-16 units, in order. Blocks that are as they should be are left alone."""
        wanted: dict[int, list[tuple[int, int]]] = {}
        for start, end in spans:
            block = self._document.findBlock(start)
            length = min(end, block.position() + block.length() - 1) - start
            wanted.setdefault(block.position(), []).append((start - block.position(), length))
        there = {self._document.findBlock(place.position()).position() for place in self._places}
        changed = []
        for position in sorted(there | wanted.keys()):
            block, parts = self._document.findBlock(position), wanted.get(position, [])
            if parts != _formatted(block):
                block.layout().setFormats([self._range(start, length) for start, length in parts])
                changed.append((position, position + block.length()))
        self._places = [self._place(position) for position in wanted] if there != wanted.keys() else self._places
        if changed:
            first, last = changed[0][0], min(max(end for _, end in changed), self._document.characterCount() - 1)
            self._document.markContentsDirty(first, last - first)

    def _place(self, position: int) -> QTextCursor:
        cursor = QTextCursor(self._document)
        cursor.setPosition(position)
        cursor.setKeepPositionOnInsert(True)
        return cursor

    def _range(self, start: int, length: int) -> QTextLayout.FormatRange:
        one = QTextLayout.FormatRange()
        one.start, one.length, one.format = start, length, self._look
        return one


def _formatted(block: QTextBlock) -> list[tuple[int, int]]:
    return [(int(one.start), int(one.length)) for one in block.layout().formats()]


def _lines(lines, start: int, end: int, box: QRectF, height: float) -> Iterator[QRectF]:
    """The rectangles of a block's characters `start` to `end`, in the viewport."""
    number = lines.lineForTextPosition(start).lineNumber() if start < end else lines.lineCount()
    while 0 <= number < lines.lineCount():
        line = lines.lineAt(number)
        if line.textStart() >= end:
            return
        top = box.top() + line.y()
        if top > height:
            return
        if top + line.height() >= 0:
            edges = [line.cursorToX(max(start, line.textStart())), line.cursorToX(min(end, line.textStart() + line.textLength()))]
            x0, x1 = (edge[0] if isinstance(edge, tuple) else edge for edge in edges)
            yield QRectF(box.left() + min(x0, x1), top, abs(x1 - x0), line.height())
        number += 1
