"""How each state of a mention is drawn: a line style and a letter, then a colour; and the words for them."""

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from medviewer.core.note import Mention, State
from medviewer.ui import theme


@dataclass(frozen=True, slots=True)
class Style:
    """`line` None is a wave; `letter` and `word` are English, shown translated."""

    line: Qt.PenStyle | None
    letter: str
    word: str
    colour: str


STYLES: dict[State, Style] = {
    "present": Style(
        Qt.PenStyle.SolidLine, str(QT_TRANSLATE_NOOP("note", "+")), str(QT_TRANSLATE_NOOP("note", "present")), theme.TEXT1
    ),
    "absent": Style(
        Qt.PenStyle.DashLine, str(QT_TRANSLATE_NOOP("note", "N")), str(QT_TRANSLATE_NOOP("note", "absent")), theme.TEXT2
    ),
    "uncertain": Style(
        Qt.PenStyle.DotLine, str(QT_TRANSLATE_NOOP("note", "?")), str(QT_TRANSLATE_NOOP("note", "uncertain")), theme.ATTENTION
    ),
    "past": Style(
        Qt.PenStyle.DashDotLine, str(QT_TRANSLATE_NOOP("note", "P")), str(QT_TRANSLATE_NOOP("note", "past")), theme.TEXT2
    ),
    "other_person": Style(
        Qt.PenStyle.DashDotDotLine,
        str(QT_TRANSLATE_NOOP("note", "O")),
        str(QT_TRANSLATE_NOOP("note", "other person")),
        theme.TEXT2,
    ),
    "hypothetical": Style(None, str(QT_TRANSLATE_NOOP("note", "H")), str(QT_TRANSLATE_NOOP("note", "hypothetical")), theme.TEXT2),
}
SIDES: dict[str, str] = {
    "left": str(QT_TRANSLATE_NOOP("note", "left")),
    "right": str(QT_TRANSLATE_NOOP("note", "right")),
    "bilateral": str(QT_TRANSLATE_NOOP("note", "bilateral")),
}
KINDS: dict[str, str] = {
    "name": str(QT_TRANSLATE_NOOP("note", "name")),
    "date": str(QT_TRANSLATE_NOOP("note", "date")),
    "id": str(QT_TRANSLATE_NOOP("note", "ID")),
    "phone": str(QT_TRANSLATE_NOOP("note", "phone")),
    "mail": str(QT_TRANSLATE_NOOP("note", "mail")),
    "address": str(QT_TRANSLATE_NOOP("note", "address")),
    "age": str(QT_TRANSLATE_NOOP("note", "age")),
}
CORRECTED = "corrected: "


def tr(text: str) -> str:
    return QCoreApplication.translate("note", text)


def colour_of(mention: Mention) -> str:
    """A person's correction is blue, as everything of the hand."""
    return theme.HAND if mention.rule.startswith(CORRECTED) else STYLES[mention.state].colour


def letter_of(mention: Mention) -> str:
    """The state's letter; nothing where it is simply present; "!" for a list that a reader must check."""
    letter = "" if mention.state == "present" else tr(STYLES[mention.state].letter)
    return f"{letter}!" if mention.check else letter


def underline(painter: QPainter, state: State, colour: str, x0: float, x1: float, y: float) -> None:
    """The line of a state from `x0` to `x1`."""
    style = STYLES[state]
    pen = QPen(QColor(colour), 1.6)
    if style.line is None:
        painter.setPen(QPen(QColor(colour), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_wave(x0, x1, y))
        return
    if style.line == Qt.PenStyle.DotLine:
        pen.setDashPattern([1.0, 1.6])
    elif style.line == Qt.PenStyle.DashLine:
        pen.setDashPattern([3.4, 2.2])
    elif style.line == Qt.PenStyle.DashDotLine:
        pen.setDashPattern([5.0, 2.0, 1.2, 2.0])
    elif style.line == Qt.PenStyle.DashDotDotLine:
        pen.setDashPattern([5.0, 2.0, 1.2, 2.0, 1.2, 2.0])
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawLine(QPointF(x0, y), QPointF(x1, y))


def _wave(x0: float, x1: float, y: float) -> QPainterPath:
    path, up, x = QPainterPath(QPointF(x0, y)), True, x0
    while x < x1:
        path.quadTo(QPointF(x + 2, y - 3 if up else y + 3), QPointF(min(x + 4, x1), y))
        x, up = x + 4, not up
    return path
