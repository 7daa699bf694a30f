"""Figures of a whole series, as `medviewer info --pixels` gives them."""

import hashlib
import math

import numpy as np

from medviewer.core.image import ImageSeries


def pixel_statistics(series: ImageSeries) -> dict[str, float | str]:
    """Minimum, maximum, mean and standard deviation (population) of the modality values, and the SHA-256 of the stored values
    as little-endian int32 (float64 for float data) in displayed order. Raises MedviewerError for an unreadable frame."""
    digest = hashlib.sha256()
    low, high, total, squares, count = math.inf, -math.inf, 0.0, 0.0, 0
    for k in range(len(series.frames)):
        stored = series.source.stored(k)
        digest.update(stored.astype("<f8" if stored.dtype.kind == "f" else "<i4").tobytes())
        values = series.modality_values(k).astype(np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            total, squares, count = total + float(values.sum()), squares + float((values * values).sum()), count + values.size
    mean = total / count if count else math.nan
    deviation = math.sqrt(max(squares / count - mean * mean, 0.0)) if count else math.nan
    return {"min": low, "max": high, "mean": mean, "std": deviation, "sha256": digest.hexdigest()}
