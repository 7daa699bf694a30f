"""A stack seen along another of its own axes: nothing is resampled, voxels are only put in another order."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError
from medviewer.core.geometry import Geometry, Vector
from medviewer.core.grey import ModalityTransform
from medviewer.core.image import ImageSeries, Pixels
from medviewer.core.overlay import Overlay

Plane = Literal["axial", "coronal", "sagittal"]
PLANES: dict[Plane, NDArray[np.float64]] = {
    "axial": np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], float),
    "coronal": np.array([[0, 1, 0], [0, 0, -1], [1, 0, 0]], float),
    "sagittal": np.array([[-1, 0, 0], [0, 0, -1], [0, 1, 0]], float),
}
"""Where slices, rows and columns go (LPS): the patient's right is at the left, the head or the front on top."""


@dataclass(frozen=True, slots=True)
class _Turned:
    values: Pixels

    def stored(self, k: int) -> Pixels:
        return np.asarray(self.values[k])

    def overlay(self, k: int, overlay: Overlay) -> NDArray[np.bool_]:
        return np.zeros(self.values.shape[1:3], bool)

    def volume(self) -> Pixels:
        return self.values


def _vector(values: NDArray[np.float64]) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])


def in_plane(series: ImageSeries, plane: Plane) -> ImageSeries:
    """The series with frames parallel to `plane`, or to the plane of its grid nearest to it; itself where it lies so already.

    The values are modality values. Raises `volume-irregular` where the stack is no even volume of grey values.
    """
    geometry = series.geometry
    if geometry is None or geometry.normal is None or geometry.column is None or geometry.row is None or geometry.origin is None:
        raise MedviewerError("volume-irregular", series.frames[0].path)
    axes = np.array([geometry.normal, geometry.column, geometry.row], float)
    along = PLANES[plane] @ axes.T
    order = [int(k) for k in np.abs(along).argmax(1)]
    signs = [float(np.sign(along[k, axis])) for k, axis in enumerate(order)]
    if order == [0, 1, 2] and min(signs) > 0:
        return series
    row_mm, column_mm, slice_mm = geometry.spacing
    if not geometry.regular or not slice_mm or sorted(order) != [0, 1, 2] or series.frames[0].samples != 1:
        raise MedviewerError("volume-irregular", series.frames[0].path)
    steps = np.array([slice_mm, row_mm, column_mm])
    values = np.stack([series.modality_values(k) for k in range(len(series.frames))])
    first = [values.shape[axis] - 1 if sign < 0 else 0 for axis, sign in zip(order, signs, strict=True)]
    origin = np.asarray(geometry.origin) + sum(axes[axis] * steps[axis] * at for axis, at in zip(order, first, strict=True))
    turned = np.flip(values.transpose(order), tuple(k for k, sign in enumerate(signs) if sign < 0))
    normal, column, row = (_vector(axes[axis] * sign) for axis, sign in zip(order, signs, strict=True))
    between = float(steps[order[0]])
    whole = Geometry(
        shape=(turned.shape[0], turned.shape[1], turned.shape[2]),
        spacing=(float(steps[order[1]]), float(steps[order[2]]), between),
        spacing_source=geometry.spacing_source,
        origin=_vector(origin),
        row=row,
        column=column,
        normal=normal,
        frame_of_reference=geometry.frame_of_reference,
        offsets=tuple(between * k for k in range(len(turned))),
    )
    plain = replace(
        series.frames[0], rows=turned.shape[1], columns=turned.shape[2], modality_transform=ModalityTransform(), padding=None,
        number=None, aspect=1.0, overlays=(), shutter=None, regions=(),
    )  # fmt: skip
    frames = tuple(replace(plain, index=k, position=whole.point(k, 0, 0)) for k in range(len(turned)))
    return replace(series, frames=frames, source=_Turned(turned), geometry=whole, patient_orientation=None)
