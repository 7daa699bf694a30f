"""How unlike the training pictures an input is (complaint MW-13): a number, refused above the bundle's limit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

REACH = 8.0


def score(features: npt.NDArray[Any], gate: Mapping[str, npt.NDArray[Any]]) -> float:
    """How strange features ([d], or [views, d], which are meant) are; over the bundle's limit, 1, is refused.

    `gate`: mean [d], scale [d] (each feature's centre and spread in training pictures), basis [d, q] (orthonormal main directions
    of the standardised features), precision [q] (1 / variance along each), residual [1] (1 / mean energy outside them),
    weight [d], bias [1] (line that parts training pictures, -1, from turned, inverted, shuffled and cropped ones, +1; features
    beyond `REACH` spreads count as `REACH`), limits [2] (of the two, set on validation patients).
    The larger one of two strangenesses counts, each over its limit: the distance from the training pictures, within the main
    directions (Mahalanobis, Lee et al., arXiv:1807.03888) or off them (ViM, Wang et al., arXiv:2203.10807); and the line.
    A feature that is not finite scores infinity.
    """
    values = np.asarray(features, dtype=np.float64)
    if values.ndim == 2:
        values = values.mean(axis=0)
    if not np.isfinite(values).all():
        return float("inf")
    own = {name: np.asarray(value, dtype=np.float64) for name, value in gate.items()}
    standard = (values - own["mean"]) / own["scale"]
    far, side = distance(standard, own), line(standard, own)
    return float(max(far / own["limits"][0], (side + 1.0) / (own["limits"][1] + 1.0)))


def distance(standard: npt.NDArray[np.float64], gate: Mapping[str, npt.NDArray[Any]]) -> float:
    """Of standardised features [d] from the training pictures'; about 1 for one of them."""
    along = standard @ gate["basis"]
    within = float(np.mean(along**2 * gate["precision"]))
    off = float((standard @ standard - along @ along) * gate["residual"][0])
    return float(np.sqrt(max(within, off, 0.0)))


def line(standard: npt.NDArray[np.float64], gate: Mapping[str, npt.NDArray[Any]]) -> float:
    """Where standardised features [d] lie between training pictures (-1) and spoiled ones (+1)."""
    return float(np.clip(standard, -REACH, REACH) @ gate["weight"] + gate["bias"][0])
