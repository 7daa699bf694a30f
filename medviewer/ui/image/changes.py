"""Changes of a view by the names of the command table: a name and what stands there now give the view that follows."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from medviewer.core.grey import VoiTransform
from medviewer.core.view import ImageView, TextLevel, zoomed_at
from medviewer.ui.image.pane import ImagePane

NEXT_TEXT: dict[TextLevel, TextLevel] = {"all": "less", "less": "none", "none": "all"}


def _magnified(pane: ImagePane, factor: float) -> ImageView:
    size = (float(pane.width()), float(pane.height()))
    return zoomed_at(pane.view, pane.picture(), factor, size[0] / 2, size[1] / 2, size)


def _preset(pane: ImagePane, presets: Sequence[VoiTransform], number: int) -> ImageView:
    return replace(pane.view, window=presets[number - 1]) if number <= len(presets) else pane.view


CHANGES: dict[str, Callable[..., ImageView]] = {
    "invert": lambda pane: replace(pane.view, invert=not pane.view.invert),
    "flip": lambda pane: pane.view.flipped(),
    "flip-vertically": lambda pane: pane.view.flipped_vertically(),
    "rotate": lambda pane, clockwise: pane.view.rotated(clockwise),
    "zoom": _magnified,
    "fit": lambda pane: replace(pane.view, zoom=None, centre=None),
    "one-to-one": lambda pane: replace(pane.view, zoom=1.0 / pane.devicePixelRatioF()),
    "reset": lambda pane: pane.view.reset(pane.series),
    "file-window": lambda pane: replace(pane.view, window=None),
    "automatic": lambda pane: replace(pane.view, window=pane.automatic_window() or pane.view.window),
    "preset": _preset,
    "step": lambda pane, by: pane.view.at_frame(pane.view.frame + by, pane.series),
    "to": lambda pane, frame: pane.view.at_frame(frame, pane.series),
    "text": lambda pane: replace(pane.view, text=NEXT_TEXT[pane.view.text]),
    "padding": lambda pane: replace(pane.view, blank_padding=not pane.view.blank_padding),
    "shutter": lambda pane: replace(pane.view, shutter=not pane.view.shutter),
    "planes": lambda pane: replace(pane.view, planes=not pane.view.planes),
}
