"""What the user wishes to see of an image, and the facts joined to it: `resolve` gives the one `Picture` that is painted.

Screen coordinates are logical pixels, x to the right, y down; index coordinates are (row, column), whole numbers at centres.
"""

from dataclasses import dataclass, replace
from math import ceil, floor, log10
from typing import Literal

from medviewer.core.geometry import letters, opposite
from medviewer.core.grey import VoiTransform, automatic, usable
from medviewer.core.image import ImageSeries, Pixels

Turn = tuple[int, int, int, int]
"""(a, b, c, d): x on screen = a·column + b·row, y = c·column + d·row; one of eight signed permutations."""
UPRIGHT: Turn = (1, 0, 0, 1)
LARGEST_ZOOM, SMALLEST_ZOOM = 64.0, 0.01
TextLevel = Literal["all", "less", "none"]


@dataclass(frozen=True, slots=True)
class ImageView:
    """The wish. `window` None = the file's or automatic; `zoom` None = fit, else screen pixels per image column; `centre`
    (row, column) None = the middle; `overlay` the network whose heat is wanted; `show_anyway` draws heat whose check failed;
    `blank_padding` paints padding black whatever the window; `shutter` and `planes` draw the file's own (core/layers.py)."""

    frame: int = 0
    window: VoiTransform | None = None
    invert: bool = False
    zoom: float | None = None
    centre: tuple[float, float] | None = None
    turn: Turn = UPRIGHT
    overlay: str | None = None
    opacity: float = 0.6
    cutoff: float = 0.35
    show_anyway: bool = False
    text: TextLevel = "all"
    blank_padding: bool = False
    shutter: bool = True
    planes: bool = True

    @classmethod
    def start(cls, series: ImageSeries) -> "ImageView":
        """How a series opens: its middle image, the file's window, fit."""
        return cls(frame=len(series.frames) // 2)

    def flipped(self) -> "ImageView":
        """Mirrored left to right as it is on the screen (GE-17)."""
        a, b, c, d = self.turn
        return replace(self, turn=(-a, -b, c, d))

    def flipped_vertically(self) -> "ImageView":
        """Upside down on the screen."""
        a, b, c, d = self.turn
        return replace(self, turn=(a, b, -c, -d))

    def rotated(self, clockwise: bool = True) -> "ImageView":
        """Turned by 90° on the screen."""
        a, b, c, d = self.turn
        return replace(self, turn=(-c, -d, a, b) if clockwise else (c, d, -a, -b))

    def at_frame(self, frame: int, series: ImageSeries) -> "ImageView":
        """Another image of the series, held inside it; everything else stays (VT-01)."""
        return replace(self, frame=min(max(frame, 0), len(series.frames) - 1))

    def reset(self, series: ImageSeries) -> "ImageView":
        """The opening state at the image that is shown."""
        return replace(self.opening(series), frame=self.frame)

    def opening(self, series: ImageSeries) -> "ImageView":
        """How another series opens in this place: words and layers stay switched as they are."""
        opening = ImageView.start(series)
        return replace(opening, text=self.text, blank_padding=self.blank_padding, shutter=self.shutter, planes=self.planes)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """`pixels` long on screen, `length` in mm; `source` where its millimetres come from (SPACING_SOURCES)."""

    pixels: float
    length: float
    source: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a painter needs besides pixels. `affine` maps (row, column) to screen (x, y):
    x = xr·row + xc·column + x0, y = yr·row + yc·column + y0, as (xr, xc, x0, yr, yc, y0). `letters` left, right, top, bottom;
    `blank` the closed range of stored values that are painted black."""

    frame: int
    voi: VoiTransform | None
    invert: bool
    zoom: float
    affine: tuple[float, float, float, float, float, float]
    letters: tuple[str, str, str, str]
    scale_bar: ScaleBar | None
    blank: tuple[int, int] | None = None

    def to_screen(self, row: float, column: float) -> tuple[float, float]:
        """(row, column) → (x, y) in logical pixels."""
        xr, xc, x0, yr, yc, y0 = self.affine
        return xr * row + xc * column + x0, yr * row + yc * column + y0

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Screen → (row, column)."""
        xr, xc, x0, yr, yc, y0 = self.affine
        det = xr * yc - xc * yr
        return ((x - x0) * yc - (y - y0) * xc) / det, ((y - y0) * xr - (x - x0) * yr) / det


def aspect_of(series: ImageSeries, frame: int) -> float:
    """Height of a pixel divided by its width: from the spacing, else from PixelAspectRatio (GE-12)."""
    if series.geometry is not None:
        return series.geometry.spacing[0] / series.geometry.spacing[1]
    return series.frames[frame].aspect


def resolve(view: ImageView, series: ImageSeries, size: tuple[float, float]) -> Picture:
    """Join the wish with the series' facts for a pane of `size` (width, height) logical pixels. Pure."""
    k = min(view.frame, len(series.frames) - 1)
    frame = series.frames[k]
    width, height = max(size[0], 1.0), max(size[1], 1.0)
    aspect = aspect_of(series, k)
    zoom = view.zoom if view.zoom is not None else fit_zoom(series, k, view.turn, size)
    a, b, c, d = view.turn
    row0, column0 = view.centre or ((frame.rows - 1) / 2, (frame.columns - 1) / 2)
    xr, xc, yr, yc = zoom * b * aspect, zoom * a, zoom * d * aspect, zoom * c
    affine = (xr, xc, width / 2 - xr * row0 - xc * column0, yr, yc, height / 2 - yr * row0 - yc * column0)
    stated = next((voi for voi in frame.windows if usable(voi)), None)
    return Picture(
        frame=k,
        voi=view.window or stated,
        invert=view.invert != frame.inverted,
        zoom=zoom,
        affine=affine,
        letters=_letters(series, view.turn),
        scale_bar=_scale_bar(series, zoom, width),
        blank=frame.padding if view.blank_padding else None,
    )


def fit_zoom(series: ImageSeries, frame: int, turn: Turn, size: tuple[float, float]) -> float:
    """The zoom at which the whole image is just inside the pane."""
    one = series.frames[frame]
    wide, high = float(one.columns), one.rows * aspect_of(series, frame)
    if turn[0] == 0:
        wide, high = high, wide
    return max(min(size[0] / wide, size[1] / high), SMALLEST_ZOOM)


def opening_window(series: ImageSeries, k: int, values: Pixels) -> VoiTransform:
    """The file's first usable window of frame `k`, else the automatic one of its unpadded modality `values`."""
    stated = next((voi for voi in series.frames[k].windows if usable(voi)), None)
    return stated or automatic(values, series.unpadded(k))


def zoomed_at(view: ImageView, picture: Picture, factor: float, x: float, y: float, size: tuple[float, float]) -> ImageView:
    """Zoom by `factor` so that the image point under screen (x, y) stays there."""
    zoom = min(max(picture.zoom * factor, SMALLEST_ZOOM), LARGEST_ZOOM)
    row, column = picture.to_image(x, y)
    middle = picture.to_image(size[0] / 2, size[1] / 2)
    keep = picture.zoom / zoom
    return replace(view, zoom=zoom, centre=(row + (middle[0] - row) * keep, column + (middle[1] - column) * keep))


def panned(view: ImageView, picture: Picture, dx: float, dy: float, size: tuple[float, float]) -> ImageView:
    """Move the image by (dx, dy) screen pixels."""
    return replace(view, zoom=picture.zoom, centre=picture.to_image(size[0] / 2 - dx, size[1] / 2 - dy))


def windowed(voi: VoiTransform, dx: float, dy: float, span: float) -> VoiTransform:
    """Window after a drag: right widens, down raises the level; `span` is the range of values that one pane's width covers.

    The first drag from a table starts at the table's own range (PX-09); SIGMOID and LINEAR_EXACT stay what they are.
    """
    centre, width = voi.window
    function = "LINEAR_EXACT" if voi.function == "LUT" else voi.function
    least = 1.0 if function == "LINEAR" else 1e-6 * span
    return VoiTransform(function, centre + dy * span / 1000, max(width + dx * span / 1000, least))


def _letters(series: ImageSeries, turn: Turn) -> tuple[str, str, str, str]:
    """Left, right, top, bottom: the transformed direction cosines, else the stated letters, "" without both (GE-17)."""
    g = series.geometry
    a, b, c, d = turn
    if g is None or g.row is None or g.column is None:
        if series.patient_orientation is None:
            return "", "", "", ""
        along_row, down_column = series.patient_orientation
        stated = [(along_row, a) if a else (down_column, b), (along_row, c) if c else (down_column, d)]
        to_right, to_bottom = (named if sign > 0 else opposite(named) for named, sign in stated)
        return opposite(to_right), to_right, opposite(to_bottom), to_bottom
    right = tuple(a * g.row[i] + b * g.column[i] for i in range(3))
    down = tuple(c * g.row[i] + d * g.column[i] for i in range(3))

    def name(v: tuple[float, ...], sign: int) -> str:
        return letters((sign * v[0], sign * v[1], sign * v[2]))

    return name(right, -1), name(right, 1), name(down, -1), name(down, 1)


def _scale_bar(series: ImageSeries, zoom: float, width: float) -> ScaleBar | None:
    """A round length (1, 2 or 5 times a power of ten) that takes a tenth to a quarter of the pane; None without a spacing."""
    if series.geometry is None:
        return None
    mm_per_pixel = series.geometry.spacing[1] / zoom
    wanted = max(width / 6, 40.0) * mm_per_pixel
    power = 10.0 ** floor(log10(wanted))
    length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    return ScaleBar(length / mm_per_pixel, length, series.geometry.spacing_source)


def nearest_index(value: float, count: int) -> int | None:
    """The pixel whose area holds an index coordinate, None outside."""
    index = ceil(value - 0.5)
    return index if 0 <= index < count else None
