"""A radiograph's grey values → the tensor a network was trained on, and the way back to the image's pixels.

The same functions feed training (`models/train`) and the program (complaint MW-05): there is no second preprocessing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

PREPROCESSING = "cxr-square/1"
"""Name and version that stand in `bundle.json`."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What goes into the network.

    `tensor` float32 [views, channels, H, W]; view k is mirrored left to right where `flipped[k]`.
    `to_image` float64 [2, 3]: (row, col, 1) in tensor pixels of an unflipped view → (row, col) in the image; both are
    index coordinates, whole numbers at pixel centres. `shape` (rows, cols) of the image.
    """

    tensor: Array
    to_image: npt.NDArray[np.float64]
    shape: tuple[int, int]
    flipped: tuple[bool, ...]


def resize(grey: npt.NDArray[Any], rows: int, cols: int) -> Array:
    """Resize [r, c] → [rows, cols], separable triangle filter widened when shrinking, so nothing aliases; same grey mean."""
    image = np.asarray(grey, dtype=np.float32)
    if image.shape == (rows, cols):
        return image.copy()
    # Tap by tap and not as a product of matrices: these are nearly all zeros, and BLAS on busy cores waits for its threads
    # (measured beside a training: 80 ms a radiograph against 2).
    down = _mixed(image, rows)
    return np.ascontiguousarray(_mixed(np.ascontiguousarray(down.T), cols).T)


def _mixed(image: Array, new: int) -> Array:
    """[r, c] → [new, c]."""
    taken, weights = _taps(image.shape[0], new)
    mixed = np.zeros((new, image.shape[1]), np.float32)
    for tap in range(taken.shape[1]):
        mixed += image[taken[:, tap]] * weights[:, tap, None]
    return mixed


@lru_cache(maxsize=64)
def _taps(old: int, new: int) -> tuple[npt.NDArray[np.intp], Array]:
    """Of each new place, the old places it is made of and their weights, both [new, taps]; the weights of a place sum to 1."""
    scale = old / new
    reach = max(scale, 1.0)
    centre = (np.arange(new)[:, None] + 0.5) * scale - 0.5
    taken = np.ceil(centre - reach).astype(np.intp) + np.arange(int(np.ceil(2 * reach)) + 1)
    weights = np.clip(1.0 - np.abs(taken - centre) / reach, 0.0, None)
    weights[(taken < 0) | (taken >= old)] = 0.0
    return np.clip(taken, 0, old - 1), np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def standardise(square: npt.NDArray[Any], parameters: Mapping[str, Any]) -> Array:
    """Make grey values of any scale comparable: [h, w] → about zero mean and unit spread.

    Percentiles `low` and `high` go to 0 and 1 (clipped), then (x - `mean`) / `std`. So 8-, 12- and 16-bit copies of one image
    and any linear change of brightness or contrast give the same tensor.
    """
    image = np.asarray(square, dtype=np.float32)
    low, high = np.percentile(image, [float(parameters["low"]), float(parameters["high"])])
    if not high - low > 1e-5 * max(abs(low), abs(high)):  # rounding of a constant picture is no contrast
        return np.zeros_like(image)
    scaled = np.clip((image - low) / (high - low), 0.0, 1.0)
    return np.asarray((scaled - float(parameters["mean"])) / float(parameters["std"]), dtype=np.float32)


def prepare_cxr(grey: npt.NDArray[Any], valid: npt.NDArray[np.bool_] | None = None, *, parameters: Mapping[str, Any]) -> Prepared:
    """Chest radiograph [rows, cols] → `Prepared` of `cxr-square/1`.

    `grey`: values as the eye sees them, bright = dense (MONOCHROME1 already inverted), any scale. `valid`: False where a pixel
    is padding; the picture is cut to the box of valid pixels, padding inside it takes the darkest valid value.
    `parameters`: size (pixels), views (1, or 2 = also mirrored), low, high (percentiles), mean, std, channels (1 or 3).
    The aspect is given up on purpose: in the training data it tells the label (SOURCES.md), so the network may not see it.
    Raises ValueError for an image that is not two-dimensional, is empty, or holds no valid finite pixel.
    """
    image = np.asarray(grey, dtype=np.float32)
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"a grey image [rows, cols] is needed, not one of shape {image.shape}")
    good = np.isfinite(image) if valid is None else np.isfinite(image) & np.asarray(valid, dtype=bool)
    if not good.any():
        raise ValueError("no valid pixel")
    top, bottom = _span(np.asarray(good.any(axis=1)))
    left, right = _span(np.asarray(good.any(axis=0)))
    part, good = image[top:bottom, left:right], good[top:bottom, left:right]
    if not good.all():
        part = np.where(good, part, part[good].min())
    size = int(parameters["size"])
    square = standardise(resize(part, size, size), parameters)
    flipped = (False, True)[: int(parameters.get("views", 1))]
    views = np.stack([square[:, ::-1] if mirror else square for mirror in flipped])
    tensor = np.repeat(views[:, None], int(parameters.get("channels", 1)), axis=1)
    step_r, step_c = part.shape[0] / size, part.shape[1] / size
    to_image = np.array([[step_r, 0.0, top + 0.5 * step_r - 0.5], [0.0, step_c, left + 0.5 * step_c - 0.5]])
    tensor = np.ascontiguousarray(tensor, dtype=np.float32)
    tensor.setflags(write=False)
    to_image.setflags(write=False)
    return Prepared(tensor, to_image, (int(image.shape[0]), int(image.shape[1])), flipped)


def quality(grey: npt.NDArray[Any]) -> dict[str, float]:
    """Figures that tell a picture from no picture: `spread` (5–95 percentile over the whole range, 0 = constant), `levels`
    (share of distinct values among at most 4096 pixels), `smallest` side in pixels."""
    image = np.asarray(grey, dtype=np.float32)
    sample = image.ravel()[:: max(1, image.size // 4096)]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return {"spread": 0.0, "levels": 0.0, "smallest": float(min(image.shape, default=0))}
    low, high = np.percentile(sample, [5, 95])
    whole = float(sample.max() - sample.min())
    return {
        "spread": float(high - low) / whole if whole > 0 else 0.0,
        "levels": float(np.unique(sample).size) / sample.size,
        "smallest": float(min(image.shape)),
    }


def _span(flags: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """First and one past the last True."""
    where = np.flatnonzero(flags)
    return int(where[0]), int(where[-1]) + 1
