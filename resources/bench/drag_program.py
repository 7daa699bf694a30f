"""Window/level drag over a 3000×2500 16-bit radiograph in a pane of 1000×1000, offscreen: p95 of a repaint in ms."""

from dataclasses import replace

import numpy as np
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from medviewer.core.grey import ModalityTransform, VoiTransform
from medviewer.core.identity import Patient, Study
from medviewer.core.image import Frame, ImageSeries
from medviewer.core.view import ImageView, resolve
from medviewer.ui.image.painter import ImagePainter, paint_words, window_line

SIZE = (1000, 1000)
STEPS = 120


class Held:
    """One array as a pixel source."""

    def __init__(self, stored):
        self._stored = stored

    def stored(self, k):
        return self._stored[k]

    def volume(self):
        return self._stored


def series_of(stored, modality):
    frame = Frame("x", 0, *stored.shape[1:3], 1, 16, False, "MONOCHROME2", "", ModalityTransform())
    frames = tuple(replace(frame, index=k) for k in range(len(stored)))
    return ImageSeries("bench", Patient("1", "Bench^Test"), Study(), "1", modality, frames, Held(stored))


def prepare(data):
    application = QApplication.instance() or QApplication([])
    rows, columns = np.mgrid[0:2500, 0:3000]
    stored = ((np.hypot(rows - 1200, columns - 1500) * 20) % 60000).astype(np.uint16)[None]
    series = series_of(stored, "DX")
    painter_of = ImagePainter(series)
    target = QImage(*SIZE, QImage.Format.Format_RGB32)

    def work():
        import time

        assert application is not None
        took = []
        for step in range(STEPS):
            view = replace(ImageView.start(series), window=VoiTransform("LINEAR", 30000 + 10 * step, 20000 + 15 * step))
            start = time.perf_counter()
            picture = resolve(view, series, SIZE)
            painter = QPainter(target)
            painter_of.paint_image(painter, picture, stored[0], 1.0, smooth=False)
            paint_words(painter, series, view, picture, SIZE, None, window_line(picture.voi, series, view))
            painter.end()
            took.append((time.perf_counter() - start) * 1000)
        return float(np.percentile(took[5:], 95))

    return work
