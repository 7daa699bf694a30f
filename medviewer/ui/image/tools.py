"""Tools map a drag to a new view; they know no widget."""

from dataclasses import dataclass, replace
from typing import Protocol

from medviewer.core.grey import VoiTransform
from medviewer.core.image import ImageSeries
from medviewer.core.view import ImageView, Picture, panned, windowed, zoomed_at

Place = tuple[float, float]
"""(x, y) in logical pixels of the pane."""


@dataclass(frozen=True, slots=True)
class Drag:
    """A drag as it stands: where it began, where the pointer was, where it is; the pane's size; what is drawn there."""

    start: Place
    last: Place
    now: Place
    size: Place
    series: ImageSeries
    picture: Picture
    voi: VoiTransform
    span: float
    """Range of the frame's modality values: what a drag over a thousand pixels covers."""
    first: ImageView
    """The view when the drag began."""

    @property
    def moved(self) -> Place:
        return self.now[0] - self.last[0], self.now[1] - self.last[1]


class Tool(Protocol):
    """`drag` gives the view for a drag as it stands."""

    id: str

    def drag(self, view: ImageView, drag: Drag) -> ImageView: ...


class WindowTool:
    """Right = wider, up and down = level."""

    id = "window"

    def drag(self, view: ImageView, drag: Drag) -> ImageView:
        dx, dy = drag.moved
        return replace(view, window=windowed(drag.voi, dx, dy, drag.span))


class ZoomTool:
    """Up = in, about the point where the drag began."""

    id = "zoom"

    def drag(self, view: ImageView, drag: Drag) -> ImageView:
        factor = 1.01 ** -drag.moved[1]
        return zoomed_at(view, drag.picture, factor, *drag.start, drag.size)


class PanTool:
    id = "pan"

    def drag(self, view: ImageView, drag: Drag) -> ImageView:
        return panned(view, drag.picture, *drag.moved, drag.size)


class ScrollTool:
    """Down = later images; the pane's height runs through the whole series, at least eight pixels an image."""

    id = "scroll"

    def drag(self, view: ImageView, drag: Drag) -> ImageView:
        per_image = max(drag.size[1] / max(len(drag.series.frames), 1), 8.0)
        return view.at_frame(drag.first.frame + round((drag.now[1] - drag.start[1]) / per_image), drag.series)


class RegionTool:
    """Ctrl+drag: the window that shows the values inside the box from black to white; the pane applies it at release."""

    id = "region"

    def drag(self, view: ImageView, drag: Drag) -> ImageView:
        return view


class RulerTool:
    """A length; the pane keeps the ruler that is being drawn."""

    id = "ruler"

    def drag(self, view: ImageView, drag: Drag) -> ImageView:
        return view


TOOLS: tuple[Tool, ...] = (WindowTool(), ZoomTool(), PanTool(), ScrollTool(), RulerTool(), RegionTool())


def tool(which: str) -> Tool:
    return next(one for one in TOOLS if one.id == which)
