"""Panning a day of a 12-lead ECG at every zoom from 10 ms to 24 h and through the Holter pages: p95 of a repaint in ms."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from medviewer.core.ecg_layout import resolve
from medviewer.core.ecg_moves import moved
from medviewer.core.ecg_view import EcgView
from medviewer.core.signal import Pyramid
from medviewer.ui.ecg.painter import EcgPainter

sys.path.insert(0, str(Path(__file__).parent))
from day_page_program import SIZE, opened, painted

STEPS = 12
SPANS_S = (0.01, 0.1, 1, 10, 60, 300, 1000, 1900, 3600, 14400, 86400)


def prepare(data):
    application = QApplication.instance() or QApplication([])
    record = opened(data)
    one = EcgPainter(record)
    one.traces.pyramid = Pyramid(record).build()
    target = QImage(*SIZE, QImage.Format.Format_RGB32)
    views = []
    for span in SPANS_S:
        view = EcgView("12x1", fit=False)
        view = replace(view, speed=view.speed * resolve(view, record, SIZE).page_s / min(span, record.seconds))
        views += [moved(view, record, record.seconds / 3 + k * span * 0.07) for k in range(STEPS)]
    pages = EcgView("holter", fit=False)
    views += [moved(pages, record, record.seconds / 3 + k * pages.line_s) for k in range(2 * STEPS)]

    def work():
        assert application is not None
        took = []
        for view in views:
            start = time.perf_counter()
            painted(one, view, target)
            took.append((time.perf_counter() - start) * 1000)
        return float(np.percentile(took, 95))

    return work
