"""One pane with one series: gestures → tool → view → picture → painter. Frames come from the pool; late ones are dropped."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Attribution, Evidence, Region, Result
from medviewer.core.grey import VoiTransform, automatic, spanning
from medviewer.core.image import ImageSeries, Pixels, valid_mask
from medviewer.core.measure import Ruler, unit_of
from medviewer.core.view import ImageView, Picture, nearest_index, resolve
from medviewer.services.lengths import Lengths
from medviewer.services.session import Item
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.answer import weak_tag
from medviewer.ui.bridge import Bridge
from medviewer.ui.canvas import Canvas
from medviewer.ui.image.corners import why_no_heat
from medviewer.ui.image.frames import Frames
from medviewer.ui.image.gestures import Gestures
from medviewer.ui.image.magnifier import Magnifier
from medviewer.ui.image.painter import ImagePainter, paint_colour_bar
from medviewer.ui.image.rulers import paint_rulers
from medviewer.ui.image.tools import Place, tool
from medviewer.ui.image.words import paint_words, plate, window_line
from medviewer.ui.strip import Damage, refusal

STILL_MS = 120
"""After this long without a change the picture is drawn smooth."""
LATE_MS = 300
"""A frame that takes longer is announced in the pane."""
SAMPLED = 512
"""Rows or columns of a frame that the automatic window looks at, about."""


class ImagePane(Canvas):
    """Shows a series."""

    kind = "image"
    length_drawn = Signal(object, object)

    def __init__(self, bridge: Bridge, say: Callable[[Notice], Sentence], parent: QWidget | None = None) -> None:
        super().__init__(bridge, say, parent)
        self.view: ImageView = ImageView()
        self.lengths: Lengths | None = None
        self.error: Notice | None = None
        self._painter: ImagePainter | None = None
        self._shown: tuple[int, Pixels] | None = None
        self._frames = Frames(bridge, self._arrived)
        self.gestures: Gestures = Gestures(self)
        self.span = 1.0
        """Range of the shown frame's modality values."""
        self.damage = Damage(self)
        self.is_key = False
        self._touched = False
        self.magnifier = Magnifier(self)
        self.strip.followed.connect(self._show_anyway)
        self._still = QTimer(self, singleShot=True, interval=STILL_MS)
        self._still.timeout.connect(self.update)
        self._late = QTimer(self, singleShot=True, interval=LATE_MS)
        self._late.timeout.connect(self.update)

    @property
    def series(self) -> ImageSeries | None:
        """The item, which is a series here."""
        return self.item if isinstance(self.item, ImageSeries) else None

    @property
    def rulers(self) -> list[Ruler]:
        """Lengths on the image that is shown; they belong to its file's frame and not to a pane or a number (ME-01, ME-02)."""
        if self.series is None or self.lengths is None:
            return []
        return list(self.lengths.of(self.series, self.view.frame))

    @property
    def frame(self) -> int:
        return self.view.frame

    def show_item(self, item: Item | None) -> None:
        assert item is None or isinstance(item, ImageSeries)
        series = item
        same = self.series is not None and series is not None and self.series.item == series.item
        if same and self.series is not None and series is not None:
            kept = self.series.frames[self.view.frame] if self.view.frame < len(self.series.frames) else None
            where = next((k for k, f in enumerate(series.frames) if kept and (f.path, f.index) == (kept.path, kept.index)), 0)
            shown = self._shown[1] if self._shown is not None and self._shown[0] == self.view.frame else None
            self.item = series
            # The first image found is shown at once; when all are there, an untouched pane goes to the middle.
            middle = series.complete and not self._touched
            self.view = replace(self.view, frame=len(series.frames) // 2 if middle else where)
            old = self._painter
            self._painter = ImagePainter(series)
            if old is not None:
                self._painter._automatic = old._automatic
            self._frames.begin(series, {where: shown} if shown is not None else None)
            if shown is not None:
                self._shown = (where, shown)
            self._touched = self._touched or series.complete
        else:
            self.item = series
            self._touched = series is None or series.complete
            self._painter = ImagePainter(series) if series is not None else None
            self._shown, self.error = None, None
            self._frames.begin(series)
            self.results = {}
            if series is not None:
                self.view = self.view.opening(series)
                self._recall(series.item)
        self.damage.tell(None, None)
        self._want_frame()
        self.tell_strip()
        self.update()

    def _recall(self, item: str) -> None:
        """Lengths kept with an item, read beside the window; a database that cannot be read leaves the image as it is."""
        lengths = self.lengths
        if lengths is not None and not lengths.knows(item):
            self._bridge.background(lambda: lengths.kept(item), lambda found, error: lengths.take(item, found or {}))

    def set_view(self, view: ImageView) -> None:
        """Show another view; only what differs is done again."""
        if view == self.view:
            return
        self._touched = True
        frame_changed = view.frame != self.view.frame
        self.view = view
        if frame_changed:
            self._want_frame()
        self.tell_strip()
        self.view_changed.emit(self)
        self.rest()

    def rest(self) -> None:
        """Drawn fast now, and smooth once nothing has changed for a while."""
        self._still.start()
        self.update()

    def set_key(self, is_key: bool) -> None:
        """Whether the image that is shown is a key image."""
        if is_key != self.is_key:
            self.is_key = is_key
            self.update()

    def automatic_window(self) -> VoiTransform | None:
        """The automatic window of the image that is there, of every n-th pixel where it is large: no histogram, no wait."""
        if self.series is None or self._shown is None or self._shown[1].ndim != 2:
            return None
        k, stored = self._shown
        every = max(1, max(stored.shape) // SAMPLED)
        some = stored[::every, ::every]
        frame = self.series.frames[k]
        return automatic(frame.modality_transform.apply(some), valid_mask(some, frame.padding))

    def window_region(self, start: Place, end: Place) -> None:
        """The values inside the box of two (row, column) corners from black to white."""
        if self._shown is None or self.series is None or self._shown[1].ndim != 2:
            return
        k, stored = self._shown
        rows = sorted((max(0, round(start[0])), max(0, round(end[0]))))
        columns = sorted((max(0, round(start[1])), max(0, round(end[1]))))
        part = self.series.frames[k].modality_transform.apply(stored[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1])
        if part.size:
            self.set_view(replace(self.view, window=spanning(float(part.min()), float(part.max()))))

    def set_tool(self, which: str) -> None:
        self.gestures.tool = tool(which)

    @property
    def tool_id(self) -> str:
        return self.gestures.tool.id

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height in logical pixels."""
        return float(self.width()), float(self.height())

    def picture(self) -> Picture:
        """What is painted now: the wish at the frame that is there."""
        assert self.series is not None
        frame = self._shown[0] if self._shown is not None else self.view.frame
        return resolve(replace(self.view, frame=frame), self.series, self.extent)

    def attribution(self) -> Attribution | None:
        """The heat that the view asks for, if it is there."""
        result = self.results.get(self.view.overlay or "")
        return result.attribution if result is not None else None

    def drawn_window(self) -> VoiTransform | None:
        if self._painter is None or self._shown is None:
            return None
        return self._painter.window(self.picture(), self._shown[1])

    def set_results(self, results: tuple[Result, ...]) -> None:
        super().set_results(results)
        self.tell_strip()

    def show_evidence(self, model: str, evidence: Evidence | None) -> None:
        if self.series is not None:
            frame = evidence.frame if isinstance(evidence, Region) else self.view.frame
            self.set_view(replace(self.view.at_frame(frame, self.series), overlay=model))

    def tell_strip(self) -> None:
        """Why there is no answer, or why there is no heat, at the lower rim."""
        kind, tag, words = self._strip_words()
        self.strip.tell(kind, tag, words)
        self.place_strips()

    def _strip_words(self) -> tuple[str, str, str]:
        result = self.results.get(self.view.overlay or "")
        if result is None:
            return "quiet", "", ""
        if result.status != "ok" and result.reason is not None:
            return "quiet", refusal(result), self._say(result.reason).text
        heat = result.attribution
        if heat is None or heat.frame != self.view.frame:
            return "quiet", "", ""
        words = why_no_heat(self.view, heat)
        if heat.empty:
            return "attention", self.tr("no heat"), words
        if words:
            link = f'<a style="color:{theme.TEXT2}" href="show">{self.tr("Show anyway")}</a>'
            return *weak_tag(), f"{words} {link}"
        return "quiet", "", ""

    def _show_anyway(self) -> None:
        self.set_view(replace(self.view, show_anyway=True))

    # Frames

    def _want_frame(self) -> None:
        if self.series is None:
            return
        k = self.view.frame
        pixels = self._frames.get(k)
        self._frames.want(k)
        if pixels is not None:
            self._take(k, pixels)
        else:
            self._late.start()

    def _arrived(self, k: int, pixels: Pixels | None, error: BaseException | None) -> None:
        """A frame of a place since left waits among the kept ones."""
        if k != self.view.frame:
            return
        if pixels is not None:
            self._take(k, pixels)
            return
        self._shown = None
        self.error = error.notice if isinstance(error, MedviewerError) else Notice("pixel-data-undecodable")
        self.damage.tell(self.error, self._say(self.error))
        self.place_strips()
        self.update()

    def _take(self, k: int, pixels: Pixels) -> None:
        assert self.series is not None
        self.error = None
        self.damage.tell(None, None)
        self._shown = (k, pixels)
        if pixels.ndim == 2:
            sample = self.series.frames[k].modality_transform.apply(
                pixels[:: max(1, len(pixels) // 64), :: max(1, pixels.shape[1] // 64)]
            )
            finite = sample[np.isfinite(sample)] if sample.dtype.kind == "f" else sample
            self.span = max(float(finite.max() - finite.min()), 1e-6) if finite.size else 1.0
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.IMAGE))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = self.extent
        if self.series is not None and self._shown is not None and self._painter is not None:
            picture = self.picture()
            ratio = self.devicePixelRatioF()
            moving = self._still.isActive() or self.gestures.dragging
            self._painter.paint_image(painter, picture, self._shown[1], ratio, smooth=not moving)
            self._painter.paint_layers(painter, picture, self.view)
            heat = self.attribution() if self.view.overlay else None
            drawn = heat is not None and self._painter.paint_heat(painter, picture, self.view, heat)
            voi = self._painter.window(picture, self._shown[1])
            paint_rulers(painter, self.series, picture, self.rulers, self.gestures.drawn)
            said = heat if drawn else None
            words = window_line(voi, self.series, self.view)
            top, bottom = (strip.height() if strip.isVisibleTo(self) else 0 for strip in (self.banner, self.strip))
            marks = (self.tr("★ key image"),) if self.is_key else ()
            painter.translate(0, top)
            room = (size[0], size[1] - top - bottom)
            below = paint_words(painter, self.series, self.view, picture, room, said, words, marks)
            painter.translate(0, -top)
            if drawn:
                paint_colour_bar(painter, self.view, size, top + below)
            self.magnifier.paint(painter, self._painter, self.series, self.view, picture, self._shown[1])
        elif self.series is None:
            painter.setPen(QColor(theme.TEXT3))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.tr("Drag a series here"))
        if self.loading and not self._late.isActive():
            self._paint_loading(painter)
        self.paint_rim(painter)
        painter.end()

    @property
    def loading(self) -> bool:
        """The image that is wanted is not there yet; the one before it may still be shown."""
        return self.series is not None and self.error is None and (self._shown is None or self._shown[0] != self.view.frame)

    def _paint_loading(self, painter: QPainter) -> None:
        painter.setFont(theme.font(12))
        assert self.series is not None
        words = self.tr("Reading image {k} of {n} …").format(k=self.view.frame + 1, n=len(self.series.frames))
        wide = painter.fontMetrics().horizontalAdvance(words) + 12
        plate(painter, (words,), (self.width() - wide) / 2, self.height() / 2 - 11, Qt.AlignmentFlag.AlignLeft, theme.TEXT2)

    # Hands

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.gestures.double(event)
        super().mouseDoubleClickEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and self.magnifier.let_go(event.key()):
            self.update()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.magnifier.on = False
        super().focusOutEvent(event)
        self.update()

    def step(self, images: int) -> None:
        """Scroll by a number of images."""
        if self.series is not None:
            self.set_view(self.view.at_frame(self.view.frame + images, self.series))

    def probe(self, x: float, y: float) -> str:
        """Place, modality value with its unit, and LPS mm of the pixel under the pointer; "" outside (PX-03, ME-07)."""
        if self.series is None or self._shown is None:
            return ""
        k, stored = self._shown
        row, column = self.picture().to_image(x, y)
        r, c = nearest_index(row, stored.shape[0]), nearest_index(column, stored.shape[1])
        if r is None or c is None:
            return ""
        if stored.ndim == 3:
            said = "RGB " + " ".join(str(int(v)) for v in stored[r, c])
        else:
            value = self.series.frames[k].modality_transform.apply(stored[r : r + 1, c : c + 1])[0, 0]
            said = f"{value:.6g} {unit_of(self.series, k)}".strip()
        point = self.series.geometry.point(k, r, c) if self.series.geometry is not None else None
        where = " · ({:.1f}, {:.1f}, {:.1f}) mm".format(*point) if point else ""
        return f"{self.tr('column')} {c}, {self.tr('row')} {r} · {said}{where}"

    def place_strips(self) -> None:
        super().place_strips()
        wide = min(max(round(self.width() * 0.7), 240), self.width() - 8, 560)
        high = self.damage.heightForWidth(wide)
        self.damage.setGeometry((self.width() - wide) // 2, max((self.height() - high) // 2, 8), wide, high)
