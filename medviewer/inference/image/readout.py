"""Logits → calibrated scores with a band."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from medviewer.core.finding import Score


def scores(logits: npt.NDArray[Any], readout: Mapping[str, Any]) -> tuple[Score, ...]:
    """Logits [views, classes], of a vote [views, nets, classes] → one `Score` for each label, in the bundle's order; the
    probabilities sum to 1.

    `readout` of `bundle.json`: labels [name …]; positive (a label); slope, offset: the log-odds of `positive`, meant over the
    views and networks, are slope·x + offset (Platt's line, fitted on validation patients); band: half width in log-odds, which
    holds 90 % of the changes that the same picture shows under small shifts, exposure and noise (validation patients); what a
    view or a network differs from their mean is taken where it is larger.
    Two classes only. ValueError for another shape or for logits that are not finite.
    """
    labels = [str(name) for name in readout["labels"]]
    values = np.asarray(logits, dtype=np.float64)
    if values.ndim not in (2, 3) or values.shape[-1] != len(labels) or len(labels) != 2:
        raise ValueError(f"logits [views, 2] or [views, nets, 2] expected, not {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("the network's output is not finite")
    values = values.reshape(-1, 2)
    positive = labels.index(str(readout["positive"]))
    odds = float(readout["slope"]) * (values[:, positive] - values[:, 1 - positive]) + float(readout["offset"])
    middle = float(odds.mean())
    half = max(float(readout["band"]), float(np.abs(odds - middle).max()))
    low, probability, high = (_logistic(middle + step) for step in (-half, 0.0, half))
    found = Score(labels[positive], probability, low, high)
    other = Score(labels[1 - positive], 1.0 - probability, 1.0 - high, 1.0 - low)
    return (found, other) if positive == 0 else (other, found)


def _logistic(x: float) -> float:
    return float(0.5 * (1.0 + np.tanh(0.5 * x)))
