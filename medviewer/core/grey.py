"""From stored numbers to greys: modality transformation, window, polarity, in this order.

DICOM PS3.3 C.11.1, C.11.2, C.7.6.3.1.2. Maths in float; tables of 65,536 greys are what reaches the screen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID", "LUT"]

AUTOMATIC_PERCENTILES = (1.0, 99.5)
"""A radiograph without any window is shown between these percentiles of its unpadded pixels."""


@dataclass(frozen=True, slots=True)
class ModalityTransform:
    """Stored → modality values of one frame (PS3.3 C.11.1): slope and intercept, or a table from `lut_first` on.

    `unit` is the RescaleType or ModalityLUTType ("HU", "OD", "US" …), "" where it is not stated.
    """

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    lut: tuple[int, ...] | None = None
    lut_first: int = 0

    @property
    def exact(self) -> bool:
        """True where every modality value of an integer image is a whole number."""
        return self.lut is not None or (float(self.slope).is_integer() and float(self.intercept).is_integer())

    def apply(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Modality values of any shape: int32 where they are exact whole numbers, float64 otherwise."""
        if self.lut is not None:
            table = _table_of(self.lut)
            index = np.clip(stored.astype(np.int64) - self.lut_first, 0, len(table) - 1)
            return table[index].astype(np.int32)
        if stored.dtype.kind in "iu" and self.exact and stored.dtype.itemsize <= 2:
            whole = stored.astype(np.int32)
            if self.slope != 1.0:
                whole *= int(self.slope)
            if self.intercept != 0.0:
                whole += int(self.intercept)
            return whole
        return stored.astype(np.float64) * self.slope + self.intercept


@dataclass(frozen=True, slots=True)
class VoiTransform:
    """Modality values → grey 0…1 (PS3.3 C.11.2): a window with its function, or a table (`function` "LUT").

    `explanation` is the file's name for it, or the preset's id. A table maps from `lut_first` on to `lut_bits`-bit greys.
    """

    function: Function = "LINEAR"
    center: float = 0.0
    width: float = 1.0
    explanation: str = ""
    lut: tuple[int, ...] | None = None
    lut_first: int = 0
    lut_bits: int = 16

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Greys 0…1 of modality values, same shape; non-finite values are 0."""
        v = values.astype(np.float64)
        if self.function == "LUT" and self.lut is not None:
            table = _table_of(self.lut)
            index = np.clip(np.nan_to_num(v) - self.lut_first, 0, len(table) - 1).astype(np.int64)
            return table[index].astype(np.float64) / float((1 << self.lut_bits) - 1)
        c, w = self.center, self.width
        with np.errstate(over="ignore", invalid="ignore"):
            if self.function == "SIGMOID":
                y = 1.0 / (1.0 + np.exp(-4.0 * (v - c) / w))
            elif self.function == "LINEAR_EXACT":
                y = (v - c) / w + 0.5
            elif w <= 1.0:
                y = np.where(v > c - 0.5, 1.0, 0.0)
            else:
                y = (v - (c - 0.5)) / (w - 1.0) + 0.5
        return np.clip(np.nan_to_num(y, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)

    @property
    def window(self) -> tuple[float, float]:
        """(center, width) that shows about the same span: a table's own input range, so a drag starts without a jump (PX-09)."""
        if self.function != "LUT" or self.lut is None:
            return self.center, self.width
        table = _table_of(self.lut)
        low, high = int(table.min()), int(table.max())
        rising = np.nonzero((table > low + 0.02 * (high - low)) & (table < high - 0.02 * (high - low)))[0]
        first, last = (int(rising[0]), int(rising[-1])) if rising.size else (0, len(table) - 1)
        return self.lut_first + (first + last) / 2, max(float(last - first), 1.0)


@lru_cache(maxsize=32)
def _table_of(lut: tuple[int, ...]) -> NDArray[np.int64]:
    return np.asarray(lut, np.int64)


def usable(voi: VoiTransform) -> bool:
    """False for a window that PS3.3 C.11.2.1.2 forbids: width below 1 for LINEAR, not above 0 for the others."""
    if voi.function == "LUT":
        return voi.lut is not None and len(voi.lut) > 1
    if not (np.isfinite(voi.center) and np.isfinite(voi.width)):
        return False
    return voi.width >= 1.0 if voi.function == "LINEAR" else voi.width > 0.0


def spanning(low: float, high: float, explanation: str = "") -> VoiTransform:
    """LINEAR_EXACT window from `low` (black) to `high` (white); a constant image is mid-grey (PX-16)."""
    width = float(high) - float(low)
    return VoiTransform("LINEAR_EXACT", (float(low) + float(high)) / 2, width if width > 0 else 1.0, explanation)


def automatic(values: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> VoiTransform:
    """Window between `AUTOMATIC_PERCENTILES` of the valid values; defined for constant, empty and NaN images (PX-11, PX-16).

    Where the percentiles coincide (a single bright pixel), the full range is shown.
    """
    chosen = values[valid] if valid is not None else values.ravel()
    if chosen.dtype.kind == "f":
        chosen = chosen[np.isfinite(chosen)]
    if chosen.size == 0:
        return spanning(0.0, 1.0, "automatic")
    low, high = np.percentile(chosen, AUTOMATIC_PERCENTILES)
    if high <= low:
        low, high = float(chosen.min()), float(chosen.max())
    return spanning(float(low), float(high), "automatic")


def screen_table(modality: ModalityTransform, voi: VoiTransform, *, signed: bool, invert: bool) -> NDArray[np.uint8]:
    """65,536 greys 0…255, indexed by a stored value's 16-bit pattern (two's complement where `signed`).

    `invert` is MONOCHROME1 and the user's inversion together, applied last (PX-02).
    """
    domain = np.arange(65536, dtype=np.uint16)
    stored = domain.view(np.int16) if signed else domain
    return grey_bytes(voi.apply(modality.apply(stored)), invert=invert)


def grey_bytes(grey: NDArray[np.float64], *, invert: bool) -> NDArray[np.uint8]:
    """Greys 0…1 → 0…255, rounded to nearest; inverted after the window: 255 − value (PX-02)."""
    eight = np.floor(grey * 255.0 + 0.5).astype(np.uint8)
    return 255 - eight if invert else eight


def presets_for(modality: str, table: Mapping[str, Sequence[Mapping[str, object]]]) -> list[VoiTransform]:
    """Window presets of a modality from `resources/presets.json` (`{modality: [{id, width, center}]}`), in key order 1…9."""
    rows = table.get(modality, ())
    return [VoiTransform("LINEAR", float(str(r["center"])), float(str(r["width"])), str(r["id"])) for r in rows]
