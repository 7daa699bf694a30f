"""Scrolling a 512×512 CT of 60 slices in a pane of 1000×1000, offscreen: p95 of a repaint in ms; frames are decoded already."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from medviewer.core.grey import VoiTransform
from medviewer.core.view import ImageView, resolve
from medviewer.ui.image.painter import ImagePainter, paint_words, window_line

sys.path.insert(0, str(Path(__file__).parent))
from drag_program import SIZE, series_of


def prepare(data):
    application = QApplication.instance() or QApplication([])
    k, rows, columns = np.mgrid[0:60, 0:512, 0:512]
    stored = ((rows * 3 + columns * 5 + k * 40) % 3000).astype(np.uint16)
    series = series_of(stored, "CT")
    painter_of = ImagePainter(series)
    target = QImage(*SIZE, QImage.Format.Format_RGB32)

    def work():
        import time

        assert application is not None
        took = []
        for step in range(120):
            view = replace(ImageView.start(series), frame=step % 60, window=VoiTransform("LINEAR", 1500, 3000))
            start = time.perf_counter()
            picture = resolve(view, series, SIZE)
            painter = QPainter(target)
            painter_of.paint_image(painter, picture, stored[step % 60], 1.0, smooth=False)
            paint_words(painter, series, view, picture, SIZE, None, window_line(picture.voi, series, view))
            painter.end()
            took.append((time.perf_counter() - start) * 1000)
        return float(np.percentile(took[5:], 95))

    return work
