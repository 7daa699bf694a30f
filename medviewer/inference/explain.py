"""Why a network scored as it did: a map of what moved the score, and a check whether the map tells the truth.

The map shows what influenced the score, not where disease is (complaint XP-09).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from medviewer.core.task import Cancelled
from medviewer.inference.image.networks import feature_layer, fine_layer, members

Cancel = Callable[[], Any]
PIECE = 4
"""Pictures in one forward pass of the checks: under 200 ms on one core (RN-05)."""
AREA = 0.2
"""Share of the picture that the deletion check takes away."""
AIR = 20
"""Percentile of the picture's grey that stands in for what was taken away: about aerated lung. Blurring or the mean grey does not
delete an opacity, it is one (measured: blurred, the score of pneumonia rose for two pictures of three)."""
OCCLUSION_GRID = 7
"""Boxes a side that the second method, occlusion, covers one after another."""
TRIALS = 8
"""Random places of the same shape that deletion is compared with."""


@dataclass(frozen=True, slots=True)
class Heat:
    """`array` float32 [h, w], 0..1 with 1 at the hottest cell, or all zero when `empty` ("no supporting region found").

    It covers the whole unflipped tensor; one cell is `cell` = (rows, cols) tensor pixels.
    """

    array: npt.NDArray[np.float32]
    method: str
    cell: tuple[int, int]
    empty: bool


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """Fall of the target's log-odds when the hottest area is filled with air's grey (`deletion`) and when areas of this shape at
    random places are (`random`, mean); `agreement`: rank correlation with occlusion, None if not to be had.
    `passed`: deletion fell by more than 0 and by more than random."""

    deletion: float
    random: float
    agreement: float | None
    passed: bool


def target_for(labels: Sequence[str], positive: str, probability: float, threshold: float) -> int:
    """Index of the class to explain (XP-08): the positive one if its probability reaches the threshold, else the predicted
    one, which for a network of two labels is the other."""
    found = list(labels).index(positive)
    return found if probability >= threshold or len(labels) != 2 else 1 - found


def explain(
    method: str, module: nn.Module, tensor: npt.NDArray[Any], target: int, *, flipped: Sequence[bool] | None = None
) -> Heat:
    """Map for class `target` of a prepared tensor [views, C, H, W]; mirrored views are turned back and meant.

    `grad-cam`: of the log-odds of `target` against the other classes, at the last layer with places (Selvaraju et al.,
    arXiv:1610.02391), which says in 7×7 cells what counts; sharpened by gradient × activation of the last layer of twice that
    resolution (HiResCAM, Draelos and Carin, arXiv:2011.08891): the product of both, positive parts. Both through captum. The
    coarse map alone lay over the whole chest wherever the score was high. Of a vote, the maps of its networks are meant, which
    is the map of the score that they share. ValueError for another method; RuntimeError if the
    module is in training mode (XP-02).
    """
    if method != "grad-cam":
        raise ValueError(f"unknown method {method!r}")
    _require_eval(module)
    from captum.attr import LayerGradCam, LayerGradientXActivation

    mirrored = tuple(flipped) if flipped is not None else (False,) * len(tensor)
    views = torch.from_numpy(np.array(tensor, dtype=np.float32)).to(next(module.parameters()).device)

    each: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]] = []
    for net in members(module):

        def score(x: Tensor, net: nn.Module = net) -> Tensor:
            return _odds(net(x), target)

        with torch.inference_mode(False), torch.enable_grad():
            x = views.clone().requires_grad_(True)
            whole = LayerGradCam(score, feature_layer(net)).attribute(x, relu_attributions=False)
            parts = LayerGradientXActivation(score, fine_layer(net)).attribute(x)
            each.append((_merged(whole, mirrored), _merged(parts, mirrored)))
    coarse, fine = (np.asarray(np.mean(maps, axis=0), dtype=np.float32) for maps in zip(*each, strict=True))
    cell = (tensor.shape[2] // fine.shape[0], tensor.shape[3] // fine.shape[1])
    heat = np.clip(_enlarge(coarse, *fine.shape), 0.0, None) * np.clip(_smooth(fine), 0.0, None)
    top = float(heat.max()) if np.isfinite(heat).all() else 0.0
    if not top > 1e-12:
        return _heat(np.zeros(heat.shape, dtype=np.float32), method, cell, True)
    return _heat((heat / top).astype(np.float32), method, cell, False)


def _merged(maps: Tensor | tuple[Tensor, ...], mirrored: Sequence[bool]) -> npt.NDArray[np.float32]:
    """[views, channels, h, w] → [h, w]: channels added, mirrored views turned back, views meant."""
    whole = maps[0] if isinstance(maps, tuple) else maps
    stack = whole.detach().sum(dim=1).float().cpu().numpy()
    turned = [m[:, ::-1] if mirror else m for m, mirror in zip(stack, mirrored, strict=True)]
    return np.asarray(np.mean(turned, axis=0), dtype=np.float32)


def _smooth(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Gaussian of one cell: gradients of single cells are noisy."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(values, 1.0, mode="nearest"), dtype=np.float32)


def self_check(
    module: nn.Module,
    tensor: npt.NDArray[Any],
    heat: Heat,
    target: int,
    *,
    seed: int = 0,
    flipped: Sequence[bool] | None = None,
    cancel: Cancel | None = None,
) -> SelfCheck:
    """Does the picture's score hang on the hot area? Deterministic for a `seed`; about 70 forward passes of one picture.

    `cancel` is called between pieces of `PIECE` pictures: true, or raising `Cancelled`, stops the work with `Cancelled`.
    Only the first unflipped view is used. An empty map fails.
    """
    _require_eval(module)
    mirrored = tuple(flipped) if flipped is not None else (False,) * len(tensor)
    view = np.asarray(tensor[mirrored.index(False)] if False in mirrored else tensor[0][..., ::-1], dtype=np.float32)
    if heat.empty:
        return SelfCheck(0.0, 0.0, None, False)
    blank = np.full_like(view, np.percentile(view, AIR))
    rows, cols = view.shape[1:]
    fine = _enlarge(heat.array, rows, cols)
    hot = fine >= np.quantile(fine, 1.0 - AREA)
    draw = np.random.default_rng(seed)
    masks = [np.zeros_like(hot), hot]
    masks += [np.roll(hot, (int(draw.integers(rows)), int(draw.integers(cols))), axis=(0, 1)) for _ in range(TRIALS)]
    coarse = _pooled(heat.array, OCCLUSION_GRID)
    side = coarse.shape
    for r in range(side[0]):
        for c in range(side[1]):
            box = np.zeros_like(hot)
            box[r * rows // side[0] : (r + 1) * rows // side[0], c * cols // side[1] : (c + 1) * cols // side[1]] = True
            masks.append(box)
    odds = np.concatenate(list(_run(module, view, blank, masks, target, cancel)))
    falls = odds[0] - odds[1:]
    deletion, random = float(falls[0]), float(falls[1 : 1 + TRIALS].mean())
    agreement = _rank_correlation(coarse.ravel(), falls[1 + TRIALS :])
    return SelfCheck(deletion, random, agreement, bool(deletion > 0.0 and deletion > random))


def _run(
    module: nn.Module,
    view: npt.NDArray[np.float32],
    blank: npt.NDArray[np.float32],
    masks: Sequence[npt.NDArray[np.bool_]],
    target: int,
    cancel: Cancel | None,
) -> Iterable[npt.NDArray[np.float64]]:
    """Log-odds with each mask's area filled from the blank picture, piece by piece."""
    device = next(module.parameters()).device
    for start in range(0, len(masks), PIECE):
        if cancel is not None and cancel():
            raise Cancelled
        batch = np.stack([np.where(mask[None], blank, view) for mask in masks[start : start + PIECE]])
        with torch.inference_mode():
            yield _odds(module(torch.from_numpy(batch).to(device)), target).double().cpu().numpy()


def _odds(logits: Tensor, target: int) -> Tensor:
    """Log-odds of one class against the others, [n, classes] → [n]."""
    rest = [index for index in range(logits.shape[1]) if index != target]
    return logits[:, target] - torch.logsumexp(logits[:, rest], dim=1) if rest else logits[:, target]


def _require_eval(module: nn.Module) -> None:
    if any(part.training for part in module.modules()):
        raise RuntimeError("a network must be in eval mode to be explained")


def _heat(array: npt.NDArray[np.float32], method: str, cell: tuple[int, int], empty: bool) -> Heat:
    array.setflags(write=False)
    return Heat(array, method, cell, empty)


def _enlarge(heat: npt.NDArray[np.float32], rows: int, cols: int) -> npt.NDArray[np.float32]:
    values = torch.from_numpy(np.array(heat))[None, None]
    fine: Tensor = nn.functional.interpolate(values, size=(rows, cols), mode="bilinear", align_corners=False)
    return np.asarray(fine[0, 0].numpy())


def _pooled(heat: npt.NDArray[np.float32], most: int) -> npt.NDArray[np.float32]:
    """Means of equal blocks, at most `most` a side; a map that is no coarser already stays."""
    by = (max(1, heat.shape[0] // most), max(1, heat.shape[1] // most))
    rows, cols = heat.shape[0] // by[0], heat.shape[1] // by[1]
    blocks = heat[: rows * by[0], : cols * by[1]].reshape(rows, by[0], cols, by[1])
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


def _rank_correlation(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float | None:
    """Spearman's, with mean ranks for ties; None where a side is constant."""
    from scipy.stats import rankdata

    a, b = rankdata(one), rankdata(other)
    if a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
