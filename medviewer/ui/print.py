"""Pages of `services/report` on paper: one PDF, A4, words as words, ECGs as vectors at true scale, images with their heat."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPen,
    QTextLayout,
    QTextOption,
)

from medviewer.core.ecg import EcgRecord, SignalSource
from medviewer.core.ecg_layout import resolve, rhythm_lead
from medviewer.core.ecg_marks import marks_of
from medviewer.core.ecg_view import EcgView
from medviewer.core.errors import MedviewerError
from medviewer.core.view import ImageView
from medviewer.services.report import Block, EcgStrip, Excerpt, Heading, KeyImage, Paragraph, Report, Table, moment
from medviewer.services.words import say, text
from medviewer.ui import theme
from medviewer.ui.ecg.painter import EcgPainter, paint_labels
from medviewer.ui.headless import application, painted_in
from medviewer.ui.image.painter import paint
from medviewer.ui.pdf import PX_PER_MM, begin_sheet, pdf_writer
from medviewer.ui.raster import image_of

WIDE, HIGH, MARGIN = 210 * PX_PER_MM, 297 * PX_PER_MM, 15 * PX_PER_MM
HEAD, FOOT = 15 * PX_PER_MM, 11 * PX_PER_MM
"""Room of the head where the identity takes one line; each further line adds IDENTITY_LINE."""
IDENTITY_LINE, IDENTITY_LINES = 16.0, 5
ROOM = WIDE - 2 * MARGIN
IMAGE_MM, IMAGE_PX, IMAGE_RATIO = 88, 620, 1.75
"""Side on paper, logical pixels that the pane is painted with (its words keep their size in them), device pixels in one."""
STRIP_MM, TALLEST_MM, AROUND_MM = 38.0, 100.0, 29.0
"""Least and greatest height of one lead's strip, and what it needs beside the trace: ribbon, letters, footer."""
GAP = 5.0
INK = theme.ECG_INK["paper"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Something as high as `high` that is not broken; `keep` stays on the page of what follows."""

    high: float
    draw: Callable[[QPainter, float, float], None]
    keep: bool = False


def report_pdf(report: Report) -> bytes:
    """The whole report as PDF."""
    application()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = pdf_writer(buffer, (210.0, 297.0), report.title)
    painter = QPainter(writer)
    pages = paginate(report)
    for number, page in enumerate(pages):
        begin_sheet(painter, writer, number)
        draw_page(painter, report, page, (number + 1, len(pages)))
    painter.end()
    buffer.close()
    return bytes(data.data())


def write_report(report: Report, path: Path) -> None:
    """Write the PDF, whole or not at all. Raises `output-unwritable`."""
    from medviewer.services.export import write_whole

    write_whole(path, report_pdf(report))


def page_image(report: Report, page: Sequence[Piece], number: tuple[int, int], ratio: float = 1.0) -> QImage:
    """One page for the screen."""
    image = QImage(round(WIDE * ratio), round(HIGH * ratio), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(ratio, ratio)
    draw_page(painter, report, page, number)
    painter.end()
    return image


def paginate(report: Report) -> list[list[Piece]]:
    """Pieces in order, as many as a page holds; a heading never stands alone at its foot."""
    room = HIGH - 2 * MARGIN - _head(report) - FOOT
    pages: list[list[Piece]] = [[]]
    used = 0.0
    with painted_in(report.lang):
        middle = [piece for blocks in _rows(report.blocks) for piece in _pieces(blocks, report.lang)]
    pieces = [*_title(report), *middle, *_signature(report)]
    for n, piece in enumerate(pieces):
        need, k = piece.high, n
        while pieces[k].keep and k + 1 < len(pieces):
            k += 1
            need += pieces[k].high
        if used + min(need, room) > room and pages[-1]:
            pages.append([])
            used = 0.0
        pages[-1].append(piece)
        used += piece.high
    return pages


def draw_page(painter: QPainter, report: Report, page: Sequence[Piece], number: tuple[int, int]) -> None:
    """Who it is about and the research notice at the head, page and writer at the foot of each page."""
    high = _head(report)
    head = QRectF(MARGIN, MARGIN, ROOM, high)
    for n, line in enumerate(_identity(report)):
        _write(painter, head.translated(0, n * IDENTITY_LINE), line, 12, INK.words, bold=True)
    _write(painter, head.translated(0, 18 + high - HEAD), report.notice, 10.5, INK.attention, bold=True)
    painter.setPen(QPen(QColor(INK.thick), 1))
    painter.drawLine(QPointF(MARGIN, MARGIN + high - 8), QPointF(WIDE - MARGIN, MARGIN + high - 8))
    y = MARGIN + high
    with painted_in(report.lang):
        for piece in page:
            painter.save()
            piece.draw(painter, MARGIN, y)
            painter.restore()
            y += piece.high
    _draw_foot(painter, report, number)


def _draw_foot(painter: QPainter, report: Report, number: tuple[int, int]) -> None:
    """The page's number at the right; the notice, then what may be cut: ID and writer, both in full elsewhere."""
    foot = QRectF(MARGIN, HIGH - MARGIN - FOOT + 12, ROOM, FOOT)
    page = text("report-page", report.lang, n=number[0], of=number[1])
    wide = QFontMetricsF(_font(9.5)).horizontalAdvance(page) + 1
    _write(painter, QRectF(foot.right() - wide, foot.y(), wide, FOOT), page, 9.5, INK.quiet)
    by = text("report-by", report.lang, who=report.author or "–", when=moment(report.created))
    said = f"{report.notice}  ·  {report.patient.id or '–'}  ·  {by}"
    _write(painter, QRectF(MARGIN, foot.y(), ROOM - wide - 16, FOOT), said, 9.5, INK.quiet)


def _identity(report: Report) -> list[str]:
    """Lines of the head: the whole identity; of one beyond IDENTITY_LINES the name is cut, never number and birth date."""
    lines = wrap(report.identity, _font(12, bold=True), ROOM)
    if len(lines) <= IDENTITY_LINES:
        return lines
    name, rest = report.name, report.identity[len(report.name) :]
    while len(lines) > IDENTITY_LINES and name:
        name = name[: len(name) * 9 // 10]
        lines = wrap(f"{name}…{rest}", _font(12, bold=True), ROOM)
    return lines[:IDENTITY_LINES]


def _head(report: Report) -> float:
    return HEAD + IDENTITY_LINE * (len(_identity(report)) - 1)


def _title(report: Report) -> list[Piece]:
    return [*_lines(report.title, 20, INK.words, bold=True), _space(GAP)]


def _signature(report: Report) -> list[Piece]:
    if not report.signed_at:
        words, colour = text("report-not-signed", report.lang), INK.quiet
    else:
        words, colour = text("report-signed", report.lang, who=report.signed_by, when=moment(report.signed_at)), INK.accepted
    return [_space(3 * GAP), *_lines(words, 12, colour, bold=bool(report.signed_at))]


def _rows(blocks: Sequence[Block]) -> Iterator[tuple[Block, ...]]:
    """Blocks one by one; two key images that follow each other stand side by side."""
    waiting: tuple[Block, ...] = ()
    for block in blocks:
        if waiting and isinstance(block, KeyImage):
            yield (*waiting, block)
            waiting = ()
            continue
        if waiting:
            yield waiting
        waiting = (block,) if isinstance(block, KeyImage) else ()
        if not waiting:
            yield (block,)
    if waiting:
        yield waiting


def _pieces(blocks: Sequence[Block], lang: str) -> list[Piece]:
    block = blocks[0]
    if isinstance(block, Heading):
        return [
            _space(2.5 * GAP, keep=True),
            *(replace(p, keep=True) for p in _lines(block.text, 14, INK.words, bold=True)),
            _space(3, True),
        ]
    if isinstance(block, Paragraph):
        colour = {"quiet": INK.quiet, "attention": INK.attention, "machine": INK.machine}.get(block.role, INK.words)
        keep = block.role == "machine"
        return [*(replace(piece, keep=keep) for piece in _lines(block.text, 12, colour)), _space(GAP, keep)]
    if isinstance(block, Table):
        return [*_table(block), _space(GAP)]
    if isinstance(block, KeyImage):
        return _key_images([one for one in blocks if isinstance(one, KeyImage)], lang)
    if isinstance(block, EcgStrip):
        return _strip(block, lang)
    return _excerpt(block)


def _font(pixels: float, bold: bool = False) -> QFont:
    font = QFont(theme.font(12, bold=bold))
    font.setPixelSize(round(pixels))
    return font


def wrap(words: str, font: QFont, wide: float) -> list[str]:
    """Lines that fit, broken as the script breaks; a word that is too long is broken where it must be."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    lines: list[str] = []
    for part in words.splitlines() or [""]:
        units = part.encode("utf-16-le")  # Qt counts these
        layout = QTextLayout(part, font)
        layout.setTextOption(option)
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(wide)
            start = 2 * line.textStart()
            lines.append(units[start : start + 2 * line.textLength()].decode("utf-16-le", "replace").rstrip())
        layout.endLayout()
    return lines or [""]


def _lines(words: str, pixels: float, colour: str, *, bold: bool = False, wide: float = ROOM, left: float = 0.0) -> list[Piece]:
    font = _font(pixels, bold)
    high = QFontMetricsF(font).height() * 1.12

    def line(said: str) -> Piece:
        def draw(painter: QPainter, x: float, y: float) -> None:
            _write(painter, QRectF(x + left, y, wide, high), said, pixels, colour, bold=bold)

        return Piece(high, draw)

    return [line(said) for said in wrap(words, font, wide)]


def _space(high: float, keep: bool = False) -> Piece:
    return Piece(high, lambda painter, x, y: None, keep)


def _write(painter: QPainter, box: QRectF, words: str, pixels: float, colour: str, *, bold: bool = False) -> None:
    font = _font(pixels, bold)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    metrics = QFontMetricsF(font)
    painter.drawText(
        QPointF(box.x(), box.y() + metrics.ascent()), metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width())
    )


def _table(table: Table) -> list[Piece]:
    pixels = 9.5 if table.small else 11
    found = []
    for number, row in enumerate(table.rows):
        bold = number == 0
        font = _font(pixels, bold)
        cells = [wrap(cell, font, ROOM * share - 8) for cell, share in zip(row, table.widths, strict=True)]
        line = QFontMetricsF(font).height() * 1.1
        high = line * max(map(len, cells)) + 6

        def draw(painter: QPainter, x: float, y: float, cells=cells, line=line, bold=bold, high=high) -> None:
            at = x
            for cell, share in zip(cells, table.widths, strict=True):
                for k, words in enumerate(cell):
                    _write(painter, QRectF(at, y + 2 + k * line, ROOM * share, line), words, pixels, INK.words, bold=bold)
                at += ROOM * share
            painter.setPen(QPen(QColor(INK.thick if bold else INK.thin), 0.8))
            painter.drawLine(QPointF(x, y + high - 1), QPointF(x + ROOM, y + high - 1))

        found.append(Piece(high, draw, keep=bold))
    return found


def _key_images(blocks: Sequence[KeyImage], lang: str) -> list[Piece]:
    """One or two, each with its caption below it."""
    columns = [[*_key_image(block, lang), *_lines(block.caption, 10.5, INK.quiet, wide=IMAGE_MM * PX_PER_MM)] for block in blocks]
    high = max(sum(piece.high for piece in column) for column in columns)

    def draw(painter: QPainter, x: float, y: float) -> None:
        for n, column in enumerate(columns):
            down = y
            for piece in column:
                piece.draw(painter, x + n * (ROOM - IMAGE_MM * PX_PER_MM), down)
                down += piece.high

    return [_space(GAP, True), Piece(high, draw), _space(GAP)]


def _key_image(block: KeyImage, lang: str) -> list[Piece]:
    """The pane as it is painted: letters, scale, corner text, heat with its bar and notice."""
    side = IMAGE_MM * PX_PER_MM
    model = block.heat.model if block.heat is not None else None
    view = replace(ImageView.start(block.series).at_frame(block.frame, block.series), overlay=model)
    try:
        pixels = paint(block.series, view, block.heat, (IMAGE_PX, IMAGE_PX), pixel_ratio=IMAGE_RATIO)
    except MedviewerError as error:
        said = text("report-shown-failed", lang, reason=say(error.notice, lang).message)
        return _lines(said, 12, INK.attention, wide=side)

    def draw(painter: QPainter, x: float, y: float) -> None:
        painter.drawImage(QRectF(x, y, side, side), image_of(pixels))

    return [Piece(side + 4, draw)]


class _Chosen:
    """Some leads of a source, numbered anew."""

    def __init__(self, source: SignalSource, leads: Sequence[int]) -> None:
        self._source, self._leads = source, leads

    def read(self, lead: int, start: int, stop: int) -> NDArray[np.float64]:
        return self._source.read(self._leads[lead], start, stop)


def strip_of(block: EcgStrip) -> EcgRecord:
    """The record with one lead: that of the finding where it names one, else the usual one."""
    names = [lead.name for lead in block.record.leads]
    lead = names.index(block.lead) if block.lead in names else rhythm_lead(block.record) or 0
    return replace(block.record, leads=(block.record.leads[lead],), source=_Chosen(block.record.source, (lead,)))


def _strip(block: EcgStrip, lang: str) -> list[Piece]:
    """At true scale on the paper's own millimetres."""
    if not block.record.leads:
        return _caption(block.caption)
    record = strip_of(block)
    view = EcgView(layout="stacked", start_s=block.start_s, fit=False, theme="paper", text="none")
    painter_of = EcgPainter(record)
    high = _strip_mm(painter_of, block.start_s) * PX_PER_MM
    picture = resolve(view, record, (ROOM, high), PX_PER_MM, calibrated=True)
    marks = marks_of(record, block.results, {})

    def draw(painter: QPainter, x: float, y: float) -> None:
        painter.translate(x, y)
        painter.setClipRect(QRectF(0, 0, ROOM, high))
        painter_of.paint(painter, view, picture, marks, PX_PER_MM, vector=True)
        paint_labels(painter, record, picture, INK, lambda cell: painter_of.raised(cell, view), marked=not marks.none)

    return [_space(GAP, True), Piece(high + 4, draw, keep=True), *_caption(block.caption)]


def _strip_mm(painter: EcgPainter, start_s: float) -> float:
    """So high that no peak of the strip is cut at 10 mm/mV, the line being in its middle."""
    lead = painter.record.leads[0]
    first, last = (round(s * lead.rate_hz) for s in (start_s, start_s + ROOM / PX_PER_MM / 25))
    try:
        seen = painter.traces.samples(0, max(0, first), min(lead.samples, last))
    except MedviewerError:
        return STRIP_MM  # it says in its place that it cannot be read
    seen = seen[np.isfinite(seen)]
    if not len(seen) or lead.unit != "mV":
        return STRIP_MM
    middle = round(float(np.median(seen)) * 2) / 2  # a trace far from its line is drawn around it
    return float(np.clip(20 * np.abs(seen - middle).max() + AROUND_MM, STRIP_MM, TALLEST_MM))


def _excerpt(block: Excerpt) -> list[Piece]:
    """A quotation with its marked words in bold."""
    (start, end) = block.marked[0] if block.marked else (0, 0)
    before, words, after = block.text[:start], block.text[start:end], block.text[end:]
    flat = " ".join(f"…{before}«{words}»{after}…".split())
    return [
        _space(GAP, True),
        *(replace(p, keep=True) for p in _lines(flat, 11.5, INK.words, wide=ROOM - 24, left=12)),
        *_caption(block.caption),
    ]


def _caption(words: str) -> list[Piece]:
    return [*_lines(words, 10.5, INK.quiet), _space(GAP)]
