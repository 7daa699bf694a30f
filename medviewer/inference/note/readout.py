"""Logits → calibrated class scores with a band."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.finding import Score


def scores(logits: NDArray[Any], readout: Mapping[str, Any]) -> tuple[Score, ...]:
    """Logits [classes] → a Score for each label, probabilities summing to 1.

    `temperature` multiplies the logits (fitted by cross-validation); `band`: half width in log-odds that holds 90 % of
    the differences between the linear part alone and both parts together. ValueError for logits that are not finite.
    """
    labels = [str(label) for label in readout["labels"]]
    values = np.asarray(logits, np.float64) * float(readout["temperature"])
    if values.shape != (len(labels),) or not np.isfinite(values).all():
        raise ValueError("the network's output is not finite")
    shares = np.exp(values - values.max())
    shares /= shares.sum()
    half = float(readout["band"])
    found = []
    for label, share in zip(labels, shares, strict=True):
        odds = np.log(max(share, 1e-12) / max(1 - share, 1e-12))
        low, high = (1 / (1 + np.exp(-(odds + step))) for step in (-half, half))
        found.append(Score(label, float(share), float(low), float(high)))
    return tuple(found)
