"""A note as the window paints it, without a window: the pane itself, grabbed."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter

from medviewer.core.errors import Notice
from medviewer.core.finding import Result
from medviewer.core.note import NoteDocument
from medviewer.core.page import NoteView
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.bridge import Bridge
from medviewer.ui.headless import application
from medviewer.ui.note.pane import NotePane
from medviewer.ui.raster import blank, pixels_of


def paint(
    note: NoteDocument,
    view: NoteView,
    results: Mapping[str, Result],
    size: tuple[int, int],
    *,
    pixel_ratio: float = 1.0,
    say: Callable[[Notice], Sentence],
    label_of: Callable[[str, str], str] | None = None,
) -> NDArray[np.uint8]:
    """RGB [height, width, 3] of `size` (width, height) logical pixels."""
    theme.apply(application())
    bridge = Bridge()
    pane = NotePane(bridge, say)
    pane.resize(*size)
    if label_of is not None:
        pane.set_labels(label_of)
    pane.show_item(note)
    pane.set_results(tuple(results.values()))
    pane.set_view(view)
    if view.private:
        pane.look(wait=True)
    pane.ensurePolished()
    pane.show()
    application().processEvents()
    image = blank(size, pixel_ratio, theme.WINDOW)
    painter = QPainter(image)
    pane.render(painter, QPoint(0, 0))
    painter.end()
    pane.close()
    pane.deleteLater()
    bridge.close()
    return pixels_of(image)
