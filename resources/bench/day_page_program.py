"""A day of a 12-lead ECG (WFDB) → its first page painted in 1100×900, by medviewer, offscreen."""

import tempfile
from pathlib import Path

from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from medviewer.core.ecg_layout import resolve
from medviewer.core.ecg_marks import Marks
from medviewer.core.ecg_view import EcgView
from medviewer.core.signal import Pyramid
from medviewer.io.scan import scan
from medviewer.ui.ecg.painter import EcgPainter

SIZE = (1100, 900)


def opened(data):
    """The record of the folder."""
    found = scan([data], workspace=Path(tempfile.mkdtemp())).items
    return next(item for item in found if item.kind == "ecg")


def painted(one, view, target):
    """One repaint, as the pane does it."""
    painter = QPainter(target)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    one.paint(painter, view, resolve(view, one.record, SIZE), Marks(), 1.0)
    painter.end()


def prepare(data):
    application = QApplication.instance() or QApplication([])
    target = QImage(*SIZE, QImage.Format.Format_RGB32)

    def work():
        assert application is not None
        record = opened(data)
        one = EcgPainter(record)
        one.traces.pyramid = Pyramid(record)
        painted(one, EcgView.start(record), target)

    return work
