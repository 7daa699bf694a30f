"""Icons of the Phosphor family (MIT), drawn from the font that qtawesome brings.

Its own module is not imported: with all of Qt's parts it took a fifth of the time to the first image.
"""

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

FONT, SIGNS = "phosphor-1.3.0.ttf", "phosphor-charmap-1.3.0.json"
FILLS = 0.875
"""Height of the sign's font in a box of height 1."""


@lru_cache(maxsize=1)
def _family() -> tuple[str, dict[str, str]]:
    """The font's family and the code of each sign by name, hexadecimal."""
    spec = find_spec("qtawesome")
    folder = Path(next(iter(spec.submodule_search_locations or ()))) / "fonts" if spec else Path()
    added = QFontDatabase.addApplicationFont(str(folder / FONT))
    family = QFontDatabase.applicationFontFamilies(added)[0]
    return family, json.loads((folder / SIGNS).read_text("utf-8"))


class _Sign(QIconEngine):
    """One sign in the colours of a button at rest, under the pointer and disabled."""

    def __init__(self, sign: str, colours: tuple[str, str, str]) -> None:
        super().__init__()
        self._sign, self._colours = sign, colours

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        rest, active, disabled = self._colours
        font = QFont(_family()[0])
        font.setPixelSize(max(1, round(rect.height() * FILLS)))
        painter.setFont(font)
        painter.setPen(QColor({QIcon.Mode.Disabled: disabled, QIcon.Mode.Active: active}.get(mode, rest)))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._sign)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return picture

    def clone(self) -> "_Sign":
        return _Sign(self._sign, self._colours)


def icon(name: str, rest: str, active: str, disabled: str) -> QIcon:
    """A sign by its name, e.g. "folder-open". KeyError for a name that the family does not have."""
    return QIcon(_Sign(chr(int(_family()[1][name], 16)), (rest, active, disabled)))
