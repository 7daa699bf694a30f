"""One displayed series of images: what its files say, in displayed order, with pixels read on demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import Notice
from medviewer.core.geometry import Geometry
from medviewer.core.grey import ModalityTransform, VoiTransform
from medviewer.core.identity import Patient, Study
from medviewer.core.overlay import Overlay, Region, Shutter

Pixels = NDArray[Any]
"""Pixels in whatever number type the file has."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of a series: where its pixels are and how its numbers become greys.

    `index` counts frames inside the file from 0. `position` is the LPS mm of the first pixel's centre. `padding` is the
    closed range of stored values that are no image (PixelPaddingValue and its RangeLimit), None without. `aspect` is
    the height of a pixel divided by its width where only PixelAspectRatio is known (1.0 otherwise). `overlays` are switchable
    planes (points by `source.overlay(k, overlay)`), `shutter` what is to be covered, `regions` the calibrated ultrasound parts.
    """

    path: str
    index: int
    rows: int
    columns: int
    samples: int
    bits_stored: int
    signed: bool
    photometric: str
    transfer_syntax: str
    modality_transform: ModalityTransform
    windows: tuple[VoiTransform, ...] = ()
    padding: tuple[int, int] | None = None
    sop_uid: str = ""
    number: int | None = None
    position: tuple[float, float, float] | None = None
    aspect: float = 1.0
    overlays: tuple[Overlay, ...] = ()
    shutter: Shutter | None = None
    regions: tuple[Region, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def inverted(self) -> bool:
        """MONOCHROME1: the smallest value is white. Undone once, after the window (PX-01, PX-02)."""
        return self.photometric == "MONOCHROME1"


class PixelSource(Protocol):
    """Reads stored values of a series' frames; may be called from any thread."""

    def stored(self, k: int) -> Pixels:
        """Stored values of displayed frame `k`, [rows, columns] or [rows, columns, 3] (RGB), in the file's integer type.

        Read-only. Raises MedviewerError where the pixels cannot be read.
        """
        ...

    def overlay(self, k: int, overlay: Overlay) -> NDArray[np.bool_]:
        """Points of an overlay of displayed frame `k`, [rows, columns] of the image; only for overlays its frame lists."""
        ...

    def volume(self) -> Pixels:
        """All frames, [slices, rows, columns(, 3)], contiguous; raises MedviewerError if shapes differ or one is unreadable."""
        ...


@dataclass(frozen=True, slots=True)
class ImageSeries:
    """A stack of images shown together, one item of the browser.

    `item` is the stable id (series UID, with -2, -3 … for splits). `frames` are in displayed order: ascending along the
    normal, else by InstanceNumber, else by file name. `split_reason` names the rule that parted it from its series, None
    otherwise. `has_identity` is False for plain pictures. `age_years` is at the time of the study, None if unknown.
    `complete` is False while a scan still adds images to it. `patient_orientation` are the direction letters along a row and
    down a column (PatientOrientation, PS3.3 C.7.6.1.1.1), None without; `frame_seconds` is how long the file shows a frame.
    """

    item: str
    patient: Patient
    study: Study
    series_uid: str
    modality: str
    frames: tuple[Frame, ...]
    source: PixelSource
    geometry: Geometry | None = None
    number: int | None = None
    description: str = ""
    body_part: str = ""
    view: str = ""
    laterality: str = ""
    age_years: float | None = None
    split_reason: str | None = None
    warnings: tuple[Notice, ...] = ()
    lossy: str = ""
    has_identity: bool = True
    complete: bool = True
    patient_orientation: tuple[str, str] | None = None
    frame_seconds: float | None = None
    kind: Literal["image"] = "image"

    @property
    def files(self) -> int:
        """How many files its frames come from."""
        return len({frame.path for frame in self.frames})

    @property
    def transfer_syntaxes(self) -> tuple[str, ...]:
        """UIDs, each once, in order."""
        return tuple(sorted({frame.transfer_syntax for frame in self.frames}))

    def modality_values(self, k: int) -> Pixels:
        """Frame `k` after rescale or modality LUT: int32 where exact, float64 otherwise; colour as stored."""
        stored = self.source.stored(k)
        return stored if stored.ndim == 3 else self.frames[k].modality_transform.apply(stored)

    def overlay(self, k: int, overlay: Overlay) -> NDArray[np.bool_]:
        """Points of one of frame `k`'s overlays, [rows, columns]. Raises `overlay-invalid`."""
        return self.source.overlay(k, overlay)

    def unpadded(self, k: int) -> NDArray[np.bool_]:
        """True where frame `k` holds image and not padding (PX-11)."""
        stored = self.source.stored(k)
        return valid_mask(stored if stored.ndim == 2 else stored[..., 0], self.frames[k].padding)


def valid_mask(stored: Pixels, padding: tuple[int, int] | None) -> NDArray[np.bool_]:
    """True for pixels outside the closed padding range and finite."""
    if stored.dtype.kind == "f":
        return np.isfinite(stored)
    if padding is None:
        return np.ones(stored.shape, bool)
    low, high = padding
    outside: NDArray[np.bool_] = (stored < low) | (stored > high)
    return outside
