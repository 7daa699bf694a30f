"""Items made in memory for tests of views and painting."""

from dataclasses import replace

import numpy as np

from medviewer.core.geometry import Geometry
from medviewer.core.grey import ModalityTransform
from medviewer.core.identity import Patient, Study
from medviewer.core.image import Frame, ImageSeries


class Held:
    """One array as a pixel source."""

    def __init__(self, stored):
        self._stored = stored

    def stored(self, k):
        return self._stored[k]

    def volume(self):
        return self._stored


def image_series(stored, *, spacing=(1.0, 1.0), source="pixel-spacing", axes=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), **facts):
    """`stored` [images, rows, columns(, 3)]; `facts` of the frame or of the series by name; `spacing` None = no geometry."""
    own = {name: facts.pop(name) for name in list(facts) if name in Frame.__dataclass_fields__}
    frame = Frame(
        "made.dcm", 0, *stored.shape[1:3], 3 if stored.ndim == 4 else 1, 16, stored.dtype.kind == "i", "MONOCHROME2", "",
        ModalityTransform(),
    )  # fmt: skip
    frames = tuple(replace(frame, index=k, **own) for k in range(len(stored)))
    geometry = None
    if spacing is not None:
        geometry = Geometry(
            shape=(len(stored), *stored.shape[1:3]), spacing=(*spacing, 1.0), row=axes[0], column=axes[1],
            origin=(0.0, 0.0, 0.0), spacing_source=source,
        )  # fmt: skip
    made = ImageSeries("made", Patient("1", "Made^Test"), Study(), "1.2", "DX", frames, Held(stored), geometry)
    return replace(made, **facts)


def marked(rows, columns, row, column, value=1000):
    """Black with one bright pixel."""
    stored = np.zeros((1, rows, columns), np.uint16)
    stored[0, row, column] = value
    return stored
