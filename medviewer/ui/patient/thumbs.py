"""Thumbnails of all three kinds at the same size, painted in the background."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_layout import rhythm_lead
from medviewer.core.errors import MedviewerError
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.core.view import ImageView
from medviewer.services.session import Item
from medviewer.ui import theme
from medviewer.ui.image.painter import paint
from medviewer.ui.raster import image_of

SIZE = 40
RATIO = 2
SHOWN_S = 2.5
"""Seconds of an ECG that fit a thumbnail."""


def thumbnail(item: Item) -> QImage:
    """Any thread but the GUI's may call it."""
    if isinstance(item, ImageSeries):
        return image_of(paint(item, ImageView.start(item), None, (SIZE, SIZE), pixel_ratio=float(RATIO), texts=False))
    picture = QImage(SIZE * RATIO, SIZE * RATIO, QImage.Format.Format_RGB32)
    picture.fill(QColor(theme.IMAGE if isinstance(item, EcgRecord) else theme.CARD))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(RATIO, RATIO)
    if isinstance(item, EcgRecord):
        _trace(painter, item)
    else:
        _lines(painter, item)
    painter.end()
    return picture


def _trace(painter: QPainter, record: EcgRecord) -> None:
    """The first seconds of lead II, else of the first lead; flat where they cannot be read."""
    if not record.leads:
        return
    lead = rhythm_lead(record) or 0
    try:
        signal = record.source.read(lead, 0, min(record.leads[lead].samples, int(SHOWN_S * record.leads[lead].rate_hz)))
    except MedviewerError:
        return
    finite = signal[np.isfinite(signal)]
    if len(finite) < 2:
        return
    middle, reach = float(np.median(finite)), max(float(np.ptp(finite)), 0.5)
    step = max(1, len(signal) // 400)
    points = [
        QPointF(2 + (SIZE - 4) * k / len(signal), SIZE * 0.62 - (SIZE - 12) * 0.8 * (signal[k] - middle) / reach)
        for k in range(0, len(signal), step)
        if np.isfinite(signal[k])
    ]
    painter.setPen(QPen(QColor(theme.TEXT1), 0.9))
    painter.drawPolyline(QPolygonF(points))


def _lines(painter: QPainter, note: NoteDocument) -> None:
    """A page: as many lines as the note has, shorter where they are."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.TEXT2))
    lengths = [len(line) for line in note.text.splitlines() if line.strip()][:5] or [20]
    longest = max(lengths)
    for k in range(min(5, max(len(lengths), 3))):
        share = lengths[k] / longest if k < len(lengths) else 0.6
        painter.drawRoundedRect(QRectF(9, 10 + 4.6 * k, 22 * max(0.35, share), 1.8), 0.9, 0.9)
