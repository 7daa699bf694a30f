"""How the three note networks are trained: linear n-grams by a squared hinge, then a BiLSTM with attention on top, both chosen by
five-fold cross-validation on train + valid; the held test parts are never seen.

Called by note-*/train.py: python models/train/note-section-en/train.py --data ../shared/data/text --out models/note-section-en
"""

import argparse
import gzip
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import scipy.sparse as sp
import torch
from safetensors.torch import save_file
from scipy.optimize import minimize

from medviewer.inference.note.networks import NoteNet
from medviewer.inference.note.prepare import CHUNK, bucket, counted, tokens

SEEDS = (0, 1)
FOLDS = 5
SHARES = (0.0, 0.1, 0.2, 0.35, 0.5)


def load(data: Path, name: str) -> tuple[list[str], np.ndarray, list[str]]:
    """Texts, label numbers and labels of train + valid."""
    rows = []
    for part in ("train", "valid"):
        with gzip.open(data / name / f"{part}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines]
    labels = sorted({row["label"] for row in rows})
    return [row["text"] for row in rows], np.array([labels.index(row["label"]) for row in rows]), labels


def frequencies_of(counts: list[list[dict]], buckets: int) -> np.ndarray:
    """Inverse document frequency of each bucket, 0 where fewer than two notes hold it."""
    seen = np.zeros(buckets)
    for groups in counts:
        for places in groups:
            seen[list(places)] += 1
    return np.where(seen >= 2, np.log((1 + len(counts)) / (1 + seen)) + 1, 0).astype(np.float32)


def matrix(counts: list[list[dict]], frequencies: np.ndarray, groups: list[dict]) -> sp.csr_matrix:
    """Rows as `prepare` weighs them."""
    rows, columns, values = [], [], []
    for i, of_note in enumerate(counts):
        for group, places in zip(groups, of_note, strict=True):
            known = np.array([b for b in places if frequencies[b] > 0], np.int64)
            if not len(known):
                continue
            amount = np.array([1 + np.log(len(places[b])) for b in known]) * frequencies[known]
            amount *= group.get("weight", 1.0) / np.linalg.norm(amount)
            rows += [i] * len(known)
            columns.append(known)
            values.append(amount)
    return sp.csr_matrix((np.concatenate(values), (rows, np.concatenate(columns))), (len(counts), len(frequencies)))


def hinge(x: sp.csr_matrix, y: np.ndarray, classes: int, cost: float) -> np.ndarray:
    """One against the rest, ½‖w‖² + C Σ max(0, 1 − y·f)²: [columns + 1, classes], the last row is the bias."""
    used = np.flatnonzero(np.asarray((x != 0).sum(0)).ravel())
    part = x[:, used].tocsr()
    back = part.T.tocsr()
    weights = np.zeros((x.shape[1] + 1, classes))
    for k in range(classes):
        sign = np.where(y == k, 1.0, -1.0)

        def loss(w, sign=sign):
            short = np.maximum(0, 1 - sign * (part @ w[:-1] + w[-1]))
            slope = -2 * cost * short * sign
            return 0.5 * (w @ w) + cost * (short**2).sum(), np.r_[back @ slope, slope.sum()] + w

        found = minimize(loss, np.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 120}).x
        weights[used, k], weights[-1, k] = found[:-1], found[-1]
    return weights


def apply(x: sp.csr_matrix, weights: np.ndarray) -> np.ndarray:
    return x @ weights[:-1] + weights[-1]


def words_of(texts: list[str], parameters: dict) -> list[np.ndarray]:
    """Word numbers of each note as `prepare` makes them, at most 12 chunks of it for training."""
    size = parameters["vocabulary"]
    found = []
    for text in texts:
        low = text.lower()
        ids = [1 + bucket(f"token|{low[a:b]}", size - 1) for a, b in tokens(text, parameters["signs"])][: 12 * CHUNK]
        table = np.zeros((max(1, -(-len(ids) // CHUNK)), CHUNK), np.int64)
        table.reshape(-1)[: len(ids)] = ids
        found.append(table)
    return found


def recurrent(net: NoteNet, words: list[np.ndarray], rows: np.ndarray, hide: float = 0.0) -> torch.Tensor:
    """Logits of some notes; in training a share of the words is hidden."""
    table = torch.from_numpy(np.concatenate([words[i] for i in rows]))
    owner = torch.from_numpy(np.repeat(np.arange(len(rows)), [len(words[i]) for i in rows]))
    if hide:
        table = table * (torch.rand(table.shape) > hide)
    longest = max(1, int((table > 0).any(0).nonzero().max()) + 1 if (table > 0).any() else 1)
    table = table[:, :longest]
    return net.recurrent(net.embed(table), table > 0, owner, len(rows))


def fit_recurrent(
    words: list[np.ndarray], y: np.ndarray, rows: np.ndarray, classes: int, parameters: dict, epochs: int, seed: int
) -> NoteNet:
    """BiLSTM with attention, class-balanced, weights averaged."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = NoteNet(classes, 1, parameters["vocabulary"])
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.98))
    count = np.bincount(y[rows], minlength=classes)
    balance = torch.tensor((count.sum() / np.maximum(count, 1) / classes) ** 0.5, dtype=torch.float32)
    best = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.01)
    batches = max(1, len(rows) // 24)
    plan = torch.optim.lr_scheduler.OneCycleLR(best, 5e-3, total_steps=epochs * batches)
    for _ in range(epochs):
        net.train()
        order = rng.permutation(rows)
        for b in range(batches):
            part = order[b::batches]
            loss = torch.nn.functional.cross_entropy(
                recurrent(net, words, part, hide=0.25), torch.from_numpy(y[part]), balance, label_smoothing=0.05
            )
            best.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            best.step()
            plan.step()
            average.update_parameters(net)
    return average.module.eval()


def folds(y: np.ndarray, seed: int) -> np.ndarray:
    """Fold of each note, stratified."""
    rng = np.random.default_rng(seed)
    found = np.zeros(len(y), int)
    for k in np.unique(y):
        rows = np.flatnonzero(y == k)
        rng.shuffle(rows)
        found[rows] = np.arange(len(rows)) % FOLDS
    return found


def macro(y: np.ndarray, found: np.ndarray, classes: int) -> float:
    """Macro F1."""
    each = [2 * ((y == k) & (found == k)).sum() / max(1, (y == k).sum() + (found == k).sum()) for k in range(classes)]
    return float(np.mean(each))


def calibrated(logits: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The factor with the least cross-entropy, and the probabilities."""
    best = (np.inf, 1.0, logits)
    for factor in np.geomspace(0.3, 20, 80):
        z = logits * factor
        shares = np.exp(z - z.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        loss = -np.log(shares[np.arange(len(y)), y] + 1e-12).mean()
        if loss < best[0]:
            best = (loss, float(factor), shares)
    return best[1], best[2]


def error_of(shares: np.ndarray, y: np.ndarray) -> float:
    """Expected calibration error, ten equal bins of the top probability."""
    top, right = shares.max(1), shares.argmax(1) == y
    bins = np.minimum((top * 10).astype(int), 9)
    return float(sum((bins == b).mean() * abs(top[bins == b].mean() - right[bins == b].mean()) for b in np.unique(bins)))


def interval(y: np.ndarray, found: np.ndarray, classes: int) -> tuple[float, float]:
    """95 % of macro F1 over notes drawn again."""
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(y), len(y)) for _ in range(500)]
    values = [macro(y[d], found[d], classes) for d in drawn]
    return float(np.percentile(values, 2.5)), float(np.percentile(values, 97.5))


def train(name: str, dataset: str, parameters: dict, candidates: list[dict], epochs: int) -> None:
    """Choose by cross-validation, fit on everything, write weights and `training.json` into --out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    began = time.time()
    texts, y, labels = load(args.data, dataset)
    classes = len(labels)
    report: dict = {"notes": len(texts), "candidates": {}}
    kept = None
    for candidate in candidates:
        about = parameters | {"groups": candidate["groups"]}
        counts = [counted(text, about) for text in texts]
        logits = {}
        for seed in SEEDS:
            part = folds(y, seed)
            out = np.zeros((len(y), classes))
            for k in range(FOLDS):
                frequencies = frequencies_of([c for c, f in zip(counts, part, strict=True) if f != k], about["buckets"])
                x = matrix(counts, frequencies, about["groups"])
                out[part == k] = apply(x[part == k], hinge(x[part != k], y[part != k], classes, candidate["cost"]))
            logits[seed] = out
        scores = [macro(y, out.argmax(1), classes) for out in logits.values()]
        accuracy = [float((out.argmax(1) == y).mean()) for out in logits.values()]
        report["candidates"][candidate["name"]] = {"macro_f1": scores, "accuracy": accuracy}
        print(
            f"{candidate['name']}: macro F1 {np.mean(scores):.4f} accuracy {np.mean(accuracy):.4f}, {time.time() - began:.0f} s",
            flush=True,
        )
        if candidate["name"] != "bar" and (kept is None or np.mean(scores) > kept[0]):
            kept = (float(np.mean(scores)), candidate, about, counts, logits[SEEDS[0]])
    assert kept is not None
    _, candidate, about, counts, linear = kept
    words = words_of(texts, about)
    part = folds(y, SEEDS[0])
    extra = np.zeros_like(linear)
    for k in range(FOLDS):
        net = fit_recurrent(words, y, np.flatnonzero(part != k), classes, about, epochs, seed=k)
        rows = np.flatnonzero(part == k)
        with torch.inference_mode():
            for at in range(0, len(rows), 64):
                extra[rows[at : at + 64]] = recurrent(net, words, rows[at : at + 64]).numpy()
    for share in SHARES:
        value = macro(y, (linear + share * extra).argmax(1), classes)
        report["candidates"][f"{candidate['name']} + {share} BiLSTM"] = {"macro_f1": [value]}
        print(f"share {share}: macro F1 {value:.4f}, {time.time() - began:.0f} s", flush=True)
    print(f"BiLSTM alone: {macro(y, extra.argmax(1), classes):.4f}", flush=True)
    share = max(SHARES[1:], key=lambda s: macro(y, (linear + s * extra).argmax(1), classes))
    joined = linear + share * extra
    factor, shares = calibrated(joined, y)
    spread = np.abs(joined - linear) * factor
    found = shares.argmax(1)
    right = found == y
    report |= {
        "chosen": candidate["name"], "share": share, "temperature": factor, "band": float(np.percentile(spread, 90)),
        "macro_f1": macro(y, found, classes), "macro_f1_95": interval(y, found, classes), "accuracy": float(right.mean()),
        "ece": error_of(shares, y), "minutes": (time.time() - began) / 60,
    }  # fmt: skip
    limit = next(
        (t for t in np.arange(0.3, 0.96, 0.05) if right[shares.max(1) >= t].mean() >= min(0.97, right.mean() + 0.03)), 0.5
    )
    sure = shares.max(1) >= limit
    report |= {"threshold": float(limit), "coverage": float(sure.mean()), "accuracy_covered": float(right[sure].mean())}
    report["per_class_f1"] = {
        label: float(2 * ((y == k) & (found == k)).sum() / ((y == k).sum() + (found == k).sum()))
        for k, label in enumerate(labels)
    }
    frequencies = frequencies_of(counts, about["buckets"])
    weights = hinge(matrix(counts, frequencies, about["groups"]), y, classes, candidate["cost"])
    net = fit_recurrent(words, y, np.arange(len(y)), classes, about, epochs, seed=0)
    whole = NoteNet(classes, about["buckets"], about["vocabulary"])
    state = net.state_dict() | {
        "bag.weight": torch.from_numpy(weights[:-1]).float(),
        "bias": torch.from_numpy(weights[-1]).float(),
        "frequencies": torch.from_numpy(frequencies),
        "share": torch.tensor(float(share)),
    }
    whole.load_state_dict(state)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({n: t.half().contiguous() for n, t in whole.state_dict().items()}, args.out / "weights.safetensors")
    (args.out / "training.json").write_text(
        json.dumps(report | {"labels": labels, "parameters": about}, ensure_ascii=False, indent=1), "utf-8"
    )
    print(json.dumps({k: v for k, v in report.items() if k != "candidates"}, ensure_ascii=False, indent=1))
