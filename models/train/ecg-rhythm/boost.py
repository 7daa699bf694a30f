"""Gradient boosting with oblivious trees (one question a level, as CatBoost grows them), softmax over classes, in numpy.

A tree asks the same question at each of its levels, so a leaf's number is made of bits and the whole forest is three arrays.
"""

import numpy as np

BINS = 32


def borders_of(x: np.ndarray) -> list[np.ndarray]:
    """Up to BINS - 1 cuts a feature, at quantiles."""
    cuts = []
    for column in x.T:
        levels = np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1]))
        cuts.append(levels.astype(np.float32))
    return cuts


def binned(x: np.ndarray, cuts: list[np.ndarray]) -> np.ndarray:
    return np.stack([np.searchsorted(c, column, side="left") for c, column in zip(cuts, x.T, strict=True)], 1).astype(np.int64)


def softmax(v: np.ndarray) -> np.ndarray:
    e = np.exp(v - v.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def fit(
    x, y, weight, *, classes=4, trees=300, depth=6, rate=0.06, ridge=6.0, columns=0.35, rows=0.7, smooth=0.0, seed=0, watch=None
):
    """Forest {feature [trees, depth], cut [trees, depth], leaf [trees, 2**depth, classes], start [classes]}.

    A value above the cut sets the level's bit. `watch(tree number, logits of extra rows)` is for looking on.
    """
    rng = np.random.default_rng(seed)
    cuts = borders_of(x)
    b = binned(x, cuts)
    n, width = x.shape
    target = np.eye(classes)[y] * (1 - smooth) + smooth / classes
    prior = (target * weight[:, None]).sum(0)
    start = np.log(prior / prior.sum())
    value = np.tile(start, (n, 1))
    feature = np.zeros((trees, depth), np.int64)
    cut = np.zeros((trees, depth), np.float32)
    leaf = np.zeros((trees, 1 << depth, classes), np.float32)
    for t in range(trees):
        p = softmax(value)
        gradient, hessian = (target - p) * weight[:, None], np.maximum(p * (1 - p), 1e-3) * weight[:, None]
        rows_now = np.flatnonzero(rng.random(n) < rows)
        g, h, bb = gradient[rows_now], hessian[rows_now], b[rows_now]
        where = np.zeros(len(rows_now), np.int64)
        for level in range(depth):
            pick = rng.permutation(width)[: max(1, int(columns * width))]
            best = (-np.inf, 0, 0)
            leaves = 1 << level
            for f in pick:
                if not len(cuts[f]):
                    continue
                key = where * BINS + bb[:, f]
                gs = np.stack([np.bincount(key, g[:, k], leaves * BINS) for k in range(classes)]).reshape(classes, leaves, BINS)
                hs = np.stack([np.bincount(key, h[:, k], leaves * BINS) for k in range(classes)]).reshape(classes, leaves, BINS)
                gl, hl = gs.cumsum(-1)[..., :-1], hs.cumsum(-1)[..., :-1]
                gr, hr = gs.sum(-1, keepdims=True) - gl, hs.sum(-1, keepdims=True) - hl
                gain = (gl**2 / (hl + ridge) + gr**2 / (hr + ridge)).sum((0, 1))[: len(cuts[f])]
                k = int(gain.argmax())
                if gain[k] > best[0]:
                    best = (float(gain[k]), f, k)
            _, f, k = best
            feature[t, level], cut[t, level] = f, cuts[f][k]
            where = where * 2 + (bb[:, f] > k)
        whole = np.zeros(n, np.int64)
        for level in range(depth):
            whole = whole * 2 + (x[:, feature[t, level]] > cut[t, level])
        for k in range(classes):
            top = np.bincount(whole[rows_now], g[:, k], 1 << depth)
            bottom = np.bincount(whole[rows_now], h[:, k], 1 << depth)
            leaf[t, :, k] = rate * top / (bottom + ridge)
        value += leaf[t][whole]
        if watch is not None and (t + 1) % 50 == 0:
            watch(t + 1, {"feature": feature[: t + 1], "cut": cut[: t + 1], "leaf": leaf[: t + 1], "start": start})
    return {"feature": feature, "cut": cut, "leaf": leaf, "start": start.astype(np.float32)}


def logits(forest, x):
    """[rows, classes] of the forest."""
    out = np.tile(forest["start"].astype(np.float64), (len(x), 1))
    for f, c, leaf in zip(forest["feature"], forest["cut"], forest["leaf"], strict=True):
        where = np.zeros(len(x), np.int64)
        for level in range(len(f)):
            where = where * 2 + (x[:, f[level]] > c[level])
        out += leaf[where]
    return out
