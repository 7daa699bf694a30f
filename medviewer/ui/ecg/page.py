"""An ECG on paper: A4 across at true scale as a PDF, with measurements, device statements and where all of it comes from."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from medviewer import __version__
from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_hand import HandMarks, with_bounds
from medviewer.core.ecg_layout import EcgPicture, resolve
from medviewer.core.ecg_marks import Marks, hours, marks_of
from medviewer.core.ecg_view import LONG_S, EcgView
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Decision, Result
from medviewer.core.signal import Pyramid
from medviewer.ui import theme
from medviewer.ui.ecg import words
from medviewer.ui.ecg.calipers import Calipers, paint_calipers
from medviewer.ui.ecg.painter import EcgPainter
from medviewer.ui.headless import application
from medviewer.ui.pdf import PX_PER_MM, begin_sheet, pdf_writer
from medviewer.ui.research import research_notice

SHEET_MM, MARGIN_MM = (297.0, 210.0), 8.0
HEAD_MM, FOOT_MM = 21.0, 12.0
MOST_PAGES = 200
FIRST = (
    "heart rate",
    "PR",
    "QRS",
    "QT",
    "QTc Bazett",
    "QTc Fridericia",
    "QRS axis",
    "P axis",
    "T axis",
    "AF burden",
    "time read",
    "time not read",
)
"""Measurements that have room in the head."""
LARGEST_HASHED = 1 << 30


@dataclass(frozen=True, slots=True)
class Printed:
    """What a PDF is made of."""

    record: EcgRecord
    view: EcgView
    results: Mapping[str, Result]
    decided: Mapping[str, Decision]
    hand: HandMarks = field(default_factory=HandMarks)


def pages_of(record: EcgRecord, view: EcgView, pages: int | None = 1) -> list[EcgView]:
    """The views of each page from the view's start; None = to the end of the record, at most `MOST_PAGES`."""
    picture = _picture(record, view)
    found = [view]
    while (pages is None or len(found) < pages) and len(found) < MOST_PAGES:
        start = found[-1].start_s + picture.page_s
        if start >= record.seconds - 0.05:
            break
        found.append(replace(view, start_s=start))
    return found


def write_pdf(printed: Printed, path: Path, pages: int | None = 1) -> None:
    """Write the record from the view's left edge. Raises `output-unwritable`, and what reading samples raises."""
    application()
    record = printed.record
    # Paper is paper: to scale whatever the screen, in the paper's colours.
    view = replace(printed.view, theme="paper", fit=False, text="all", chosen_s=None)
    if view.layout == "holter":
        view = replace(view, layout="stacked")
    painter_of = EcgPainter(record)
    if painter_of.traces.needs_pyramid:
        painter_of.traces.pyramid = Pyramid(record)
    marks = marks_of(record, printed.results.values(), printed.decided)
    marks = replace(marks, waves=with_bounds(marks.waves, printed.hand))
    part = path.with_name(f"{path.name}.part")
    writer = pdf_writer(str(part), SHEET_MM, f"{record.item} ECG")
    painter = QPainter()
    if not painter.begin(writer):
        part.unlink(missing_ok=True)
        raise MedviewerError("output-unwritable", str(path), reason="")
    try:
        views = pages_of(record, view, pages)
        for number, one in enumerate(views):
            begin_sheet(painter, writer, number)
            _page(painter, painter_of, printed, one, marks, (number + 1, len(views)))
        painter.end()
        part.replace(path)
    except OSError as error:
        raise MedviewerError("output-unwritable", str(path), reason=error.strerror or "") from error
    finally:
        if painter.isActive():
            painter.end()
        part.unlink(missing_ok=True)


def _size() -> tuple[float, float]:
    wide = (SHEET_MM[0] - 2 * MARGIN_MM) * PX_PER_MM
    return wide, (SHEET_MM[1] - 2 * MARGIN_MM - HEAD_MM - FOOT_MM) * PX_PER_MM


def _picture(record: EcgRecord, view: EcgView) -> EcgPicture:
    return resolve(view, record, _size(), PX_PER_MM, calibrated=True)


def _page(painter: QPainter, one: EcgPainter, printed: Printed, view: EcgView, marks: Marks, number: tuple[int, int]) -> None:
    margin, (wide, high) = MARGIN_MM * PX_PER_MM, _size()
    top = margin + HEAD_MM * PX_PER_MM
    _head(painter, printed, QRectF(margin, margin, wide, HEAD_MM * PX_PER_MM))
    painter.save()
    painter.translate(margin, top)
    painter.setClipRect(QRectF(0, 0, wide, high))
    picture = _picture(printed.record, view)
    one.paint(painter, view, picture, marks, PX_PER_MM, vector=True)
    paint_calipers(painter, Calipers().with_hand(printed.hand, printed.record), picture, printed.record, theme.ECG_INK["paper"])
    painter.restore()
    _foot(painter, printed, number, QRectF(margin, top + high + 4, wide, FOOT_MM * PX_PER_MM - 4))


def _head(painter: QPainter, printed: Printed, box: QRectF) -> None:
    """Three columns: measurements, what the networks say, what the device said."""
    record = printed.record
    columns: list[tuple[str, Sequence[str]]] = []
    found = {n: m for r in printed.results.values() if r.status == "ok" for n, m in r.measurements.items()}
    if record.seconds >= LONG_S:
        found |= hours(record, (e for r in printed.results.values() if r.status == "ok" for e in r.episodes))
    measured = {name: found[name] for name in sorted(found, key=lambda n: FIRST.index(n) if n in FIRST else len(FIRST))}
    automatic = [f"{words.measure(name)} {words.value(m)}" for name, m in measured.items()]
    columns.append((words.automatic_title(), automatic))
    said = [
        words.finding_line(finding.called, finding.score.probability, finding.decision)
        for result in printed.results.values()
        for finding in result.findings
        if finding.decision.state != "rejected"
    ]
    columns.append((words.networks_title(), said))
    device = record.device
    columns.append((words.device_title(), device_lines(record) if device is not None else ()))
    wide = box.width() / len(columns)
    for n, (title, lines) in enumerate(columns):
        if not lines:
            continue
        x = box.x() + n * wide
        painter.setFont(theme.font(10, bold=True))
        painter.setPen(QColor(theme.ECG_INK["paper"].quiet))
        painter.drawText(QPointF(x, box.y() + 10), title)
        painter.setFont(theme.font(10))
        painter.setPen(QColor(theme.ECG_INK["paper"].words))
        metrics = QFontMetricsF(painter.font())
        half = wide / 2 if len(lines) > 5 else wide
        for k, line in enumerate(lines[:10]):
            place = QPointF(x + (k // 5) * half, box.y() + 22 + 12 * (k % 5))
            painter.drawText(place, metrics.elidedText(line, Qt.TextElideMode.ElideRight, half - 6))


def device_lines(record: EcgRecord) -> list[str]:
    """Statements and measurements of the device."""
    device = record.device
    if device is None:
        return []
    return [*device.statements, *(f"{words.measure(name)} {words.value(m)}" for name, m in device.measurements.items())]


def _foot(painter: QPainter, printed: Printed, number: tuple[int, int], box: QRectF) -> None:
    """Where it comes from: file and its hash, program, time, networks with version and hash; the research notice."""
    record = printed.record
    when = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [
        f"{Path(record.path).name} · sha256 {file_hash(record.path)[:16]} · {record.format} · medviewer {__version__} · {when}",
        " · ".join(provenance(printed.results)),
    ]
    painter.setFont(theme.font(9))
    metrics = QFontMetricsF(painter.font())
    painter.setPen(QColor(theme.ECG_INK["paper"].quiet))
    for n, line in enumerate(lines):
        painter.drawText(
            QPointF(box.x(), box.y() + 10 + 12 * n), metrics.elidedText(line, Qt.TextElideMode.ElideRight, box.width())
        )
    painter.setFont(theme.font(10, bold=True))
    painter.setPen(QColor(theme.ECG_INK["paper"].words))
    notice = f"{research_notice()} · {number[0]}/{number[1]}"
    painter.drawText(QPointF(box.x(), box.y() + 10 + 12 * len(lines)), notice)


def provenance(results: Mapping[str, Result]) -> list[str]:
    """Each network that answered: id, version, the start of its weights' hash."""
    made = [result.provenance for result in results.values() if result.status == "ok" and result.provenance is not None]
    return [f"{one.model} {one.model_version} ({one.model_sha256[:12]})" for one in made]


def file_hash(path: str) -> str:
    """SHA-256 of the file that was named, "–" where it is gone or too large to be read for a footer."""
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_HASHED:
            return "–"
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return "–"
