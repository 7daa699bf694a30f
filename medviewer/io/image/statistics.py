"""Figures of a whole series, as `medviewer info --pixels` gives them."""

import hashlib
import math

import numpy as np

from medviewer.core.image import ImageSeries
from medviewer.io.image.pixels import FileSource


def pixel_statistics(series: ImageSeries) -> dict[str, float | str]:
    """Minimum, maximum, mean and standard deviation (population) of the modality values, and the SHA-256 of the stored values
    as little-endian int32 (float64 for float data) in displayed order; of the indices where a palette gives the colours.
    Raises MedviewerError for an unreadable frame."""
    source = series.source
    digest = hashlib.sha256()
    low, high, total, squares, count = math.inf, -math.inf, 0.0, 0.0, 0
    for k in range(len(series.frames)):
        stored = source.file_values(k) if isinstance(source, FileSource) else source.stored(k)
        digest.update(stored.astype("<f8" if stored.dtype.kind == "f" else "<i4").tobytes())
        values = (stored if stored.ndim == 3 else series.frames[k].modality_transform.apply(stored)).astype(np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            total, squares, count = total + float(values.sum()), squares + float((values * values).sum()), count + values.size
    mean = total / count if count else math.nan
    deviation = math.sqrt(max(squares / count - mean * mean, 0.0)) if count else math.nan
    return {"min": low, "max": high, "mean": mean, "std": deviation, "sha256": digest.hexdigest()}
