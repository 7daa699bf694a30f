"""Where a hand takes the wish for an ECG: along the record, to the next usual speed or gain, nearer to a moment. All pure."""

from collections.abc import Sequence
from dataclasses import replace

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_layout import EcgPicture, margin_mm
from medviewer.core.ecg_view import GAINS, LINE_S, SHORTEST_S, SPEEDS, EcgView


def moved(view: EcgView, record: EcgRecord, start_s: float) -> EcgView:
    """Another left edge, held inside the record."""
    return replace(view, start_s=min(max(start_s, 0.0), max(0.0, record.seconds - SHORTEST_S)))


def paged(view: EcgView, record: EcgRecord, picture: EcgPicture, pages: float) -> EcgView:
    """A page on or back, never past the last page that is full."""
    last = max(0.0, record.seconds - picture.page_s)
    return moved(
        view, record, min(view.start_s + pages * picture.page_s, last) if pages > 0 else view.start_s + pages * picture.page_s
    )


def stepped(value: float, steps: Sequence[float], by: int) -> float:
    """The next usual step above or below a value."""
    if by > 0:
        return next((s for s in steps if s > value * 1.001), steps[-1])
    return next((s for s in reversed(steps) if s < value * 0.999), steps[0])


def with_gain(view: EcgView, by: int) -> EcgView:
    """The next usual mm/mV up (`by` 1) or down (−1)."""
    return replace(view, gain=stepped(view.gain, GAINS, by))


def with_speed(view: EcgView, by: int) -> EcgView:
    """The next usual mm/s up (`by` 1) or down (−1)."""
    return replace(view, speed=stepped(view.speed, SPEEDS, by))


def zoomed_at(view: EcgView, record: EcgRecord, picture: EcgPicture, factor: float, x: float, y: float) -> EcgView:
    """Zoom in time by `factor` so that the moment under (x, y) stays there: from 10 ms to the whole record in view."""
    if view.layout == "holter":
        line = stepped(view.line_s, LINE_S, -1 if factor > 1 else 1)
        return moved(replace(view, line_s=line), record, view.start_s)
    cell = picture.cell_at(x, y) or (picture.cells[0] if picture.cells else None)
    if cell is None:
        return view
    mm, columns = picture.px_per_mm, len({round(one.rect.x) for one in picture.cells if not one.rhythm}) or 1

    def width(speed: float) -> float:
        return max(picture.paper.w - margin_mm(speed) * mm, 1.0)

    def held(speed: float) -> float:
        """Between the speeds at which a column shows 10 ms and the row the whole record."""
        least = width(0.0) / (mm * max(record.seconds, SHORTEST_S))
        most = width(SPEEDS[-1] * 10) / columns / (mm * SHORTEST_S)
        return min(max(speed, min(least, most)), most)

    speed = held(view.speed * factor)
    speed = next((usual for usual in SPEEDS if abs(speed / usual - 1) < 0.01), speed)
    strip = cell.rhythm or columns == 1
    left, wide = picture.paper.w - width(speed), width(speed) / (1 if strip else columns)
    number = 0 if strip else round((cell.rect.x - (picture.paper.w - width(view.speed))) / max(cell.rect.w, 1e-9))
    before = 0.0 if view.simultaneous else number * wide / (mm * speed)
    start = cell.time(x) - (x - left - number * wide) / (mm * speed) - before
    return replace(moved(view, record, min(start, max(0.0, record.seconds - width(speed) / (mm * speed)))), speed=speed)
