"""How unlike the training pictures an input is (complaint MW-13): a number, refused above the bundle's limit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def score(features: npt.NDArray[Any], gate: Mapping[str, npt.NDArray[Any]]) -> float:
    """Distance of features ([d], or [views, d], which are meant) from the training pictures'; about 1 for one of them.

    `gate`: mean [d], scale [d] (each feature's centre and spread), basis [d, q] (orthonormal main directions of the standardised
    features), precision [q] (1 / variance along each), residual [1] (1 / mean energy outside them). The larger one of two
    distances counts: within the main directions (Mahalanobis, Lee et al., arXiv:1807.03888) and off them (ViM, Wang et al.,
    arXiv:2203.10807). A picture outside with a value that is not finite scores infinity.
    """
    values = np.asarray(features, dtype=np.float64)
    if values.ndim == 2:
        values = values.mean(axis=0)
    if not np.isfinite(values).all():
        return float("inf")
    standard = (values - gate["mean"].astype(np.float64)) / gate["scale"].astype(np.float64)
    along = standard @ gate["basis"].astype(np.float64)
    within = float(np.mean(along**2 * gate["precision"].astype(np.float64)))
    off = float((standard @ standard - along @ along) * float(np.asarray(gate["residual"]).ravel()[0]))
    return float(np.sqrt(max(within, off, 0.0)))
