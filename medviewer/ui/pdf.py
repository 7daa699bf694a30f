"""Sheets of a PDF: lines and letters are vectors, in units that are a quarter of a millimetre."""

from PySide6.QtCore import QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from medviewer import __version__

PX_PER_MM = 4.0
"""Logical units in a millimetre; it only sets how letters and lines compare with the paper."""
_DPI = 600


def pdf_writer(target: str | QIODevice, sheet_mm: tuple[float, float], title: str) -> QPdfWriter:
    """Writes into a file or a device, on sheets of `sheet_mm` (width, height)."""
    writer = QPdfWriter(target)
    writer.setResolution(_DPI)
    size = QPageSize(QSizeF(min(sheet_mm), max(sheet_mm)), QPageSize.Unit.Millimeter)
    across = sheet_mm[0] > sheet_mm[1]
    turned = QPageLayout.Orientation.Landscape if across else QPageLayout.Orientation.Portrait
    writer.setPageLayout(QPageLayout(size, turned, QMarginsF()))
    writer.setTitle(title)
    writer.setCreator(f"medviewer {__version__}")
    return writer


def begin_sheet(painter: QPainter, writer: QPdfWriter, number: int) -> None:
    """Sheet `number` from 0, in logical units from its upper left corner."""
    if number:
        writer.newPage()
    painter.resetTransform()
    painter.scale(_DPI / 25.4 / PX_PER_MM, _DPI / 25.4 / PX_PER_MM)
