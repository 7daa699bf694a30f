"""How the three note networks are trained: linear n-grams by a squared hinge, then a BiLSTM with attention on top of embeddings that
were made from all texts at hand; both are chosen by five-fold cross-validation on train + valid; the held test parts are never seen.

Called by note-*/train.py: python models/train/note-section-en/train.py --data ../shared/data/text --out models/note-section-en
"""

import argparse
import gzip
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import scipy.sparse as sp
import torch
from safetensors.torch import save_file
from scipy.optimize import minimize
from scipy.sparse.linalg import svds

from medviewer.inference.note.networks import NoteNet
from medviewer.inference.note.prepare import CHUNK, Words, occurrences

SEEDS = (0, 1)
FOLDS = 5
SHARES = (0.05, 0.1, 0.2, 0.35)
MOST = 240_000
"""Features that are kept: a bundle stays below 12 MB."""
WINDOW = 5
"""Words to each side that the embeddings count."""
EMBEDDING = 48
LONGEST = 1024
"""Words of a note that training looks at; the program reads all."""


@dataclass
class Extra:
    """More documents for training folds: `of` is the number of the note they belong to (its fold decides), -1 for all folds."""

    texts: list[str] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    of: list[int] = field(default_factory=list)

    def add(self, text: str, label: int, weight: float, of: int = -1) -> None:
        self.texts.append(text)
        self.y.append(label)
        self.weight.append(weight)
        self.of.append(of)


def rows_of(data: Path, name: str, *parts: str) -> list[dict]:
    rows = []
    for part in parts:
        path = data / name / f"{part}.jsonl.gz"
        if path.is_file():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                rows += [json.loads(line) for line in lines]
    return rows


class Counts:
    """How often each n-gram of a group stands in each document: a matrix [documents, n-grams] and the n-grams' keys."""

    def __init__(self, texts: list[str], group: dict, signs: bool) -> None:
        rows, values = [], []
        for text in texts:
            found = occurrences(Words.of(text, signs), group)
            keys, at = np.unique(found.keys, return_inverse=True)
            counts = np.bincount(at, found.times)
            rows.append(keys)
            values.append(counts)
        self.keys, columns = np.unique(np.concatenate(rows), return_inverse=True)
        ends = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        counted = np.concatenate(values).astype(np.float32)
        self.matrix = sp.csr_matrix((counted, columns, ends), (len(texts), len(self.keys)))

    def weighed(self, fit: np.ndarray) -> tuple[sp.csr_matrix, np.ndarray]:
        """(1 + log counts) × idf of the documents `fit`, unit rows; idf is 0 for n-grams of fewer than two of them."""
        seen = np.asarray((self.matrix[fit] > 0).sum(0)).ravel()
        idf = np.where(seen >= 2, np.log((1 + len(fit)) / (1 + seen)) + 1, 0.0)
        made = self.matrix.copy()
        made.data = 1 + np.log(made.data)
        made = made @ sp.diags(idf)
        length = np.sqrt(np.asarray(made.multiply(made).sum(1)).ravel())
        return (sp.diags(1 / np.maximum(length, 1e-12)) @ made).tocsr(), idf


def hinge(x: sp.csr_matrix, y: np.ndarray, classes: int, cost: float, weight: np.ndarray, balanced: bool) -> np.ndarray:
    """One against the rest, ½‖w‖² + C Σ cᵢ max(0, 1 − y·f)²: [columns + 1, classes], the last row is the bias.

    `balanced` costs the positive documents of a class as many times more as it is rarer than the mean (LinearSVC's way).
    """
    used = np.flatnonzero(np.diff(x.tocsc().indptr))
    part = x[:, used].tocsr()
    back = part.T.tocsr()
    weights = np.zeros((x.shape[1] + 1, classes))
    for k in range(classes):
        sign = np.where(y == k, 1.0, -1.0)
        rarer = len(y) / (classes * max(1, (y == k).sum())) if balanced else 1.0
        each = cost * weight * np.where(y == k, rarer, 1.0)

        def loss(w, sign=sign, each=each):
            short = np.maximum(0, 1 - sign * (part @ w[:-1] + w[-1]))
            slope = -2 * each * short * sign
            return 0.5 * (w @ w) + (each * short**2).sum(), np.r_[back @ slope, slope.sum()] + w

        options = {"maxiter": 150, "ftol": 1e-6}
        found = minimize(loss, np.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options=options).x
        weights[used, k], weights[-1, k] = found[:-1], found[-1]
    return weights


def apply(x: sp.csr_matrix, weights: np.ndarray) -> np.ndarray:
    return x @ weights[:-1] + weights[-1]


def linear_of(counted: list[Counts], groups: list[dict], fit: np.ndarray) -> tuple[sp.csr_matrix, np.ndarray]:
    """All documents as a candidate's groups weigh them, and the idf of every column."""
    made = [(counts.weighed(fit), float(group.get("weight", 1.0))) for counts, group in zip(counted, groups, strict=True)]
    return sp.hstack([weight * x for (x, _), weight in made]).tocsr(), np.concatenate([idf for (_, idf), _ in made])


def embeddings(texts: list[str], signs: bool, vocabulary: int) -> np.ndarray:
    """[vocabulary, EMBEDDING] from how often words stand near each other: positive pointwise mutual information, its largest
    singular vectors (Levy, Goldberg, Dagan, TACL 2015;3:211), scaled to the size that a fresh embedding has."""
    pairs = sp.csr_matrix((vocabulary, vocabulary), dtype=np.float64)
    rows, columns = [], []
    for text in texts:
        ids = Words.of(text, signs).numbers(vocabulary)
        for step in range(1, WINDOW + 1):
            rows.append(ids[:-step])
            columns.append(ids[step:])
    at, to = np.concatenate(rows), np.concatenate(columns)
    pairs = sp.coo_matrix((np.ones(len(at)), (at, to)), (vocabulary, vocabulary)).tocsr()
    pairs = pairs + pairs.T
    each = np.asarray(pairs.sum(1)).ravel()
    found = pairs.tocoo()
    information = np.log(
        found.data * each.sum() / (each[found.row] * np.maximum(each[found.col], 1) ** 0.75 * each.sum() ** 0.25)
    )
    kept = information > 0
    table = sp.csr_matrix((information[kept], (found.row[kept], found.col[kept])), pairs.shape)
    left, size, _ = svds(table, k=EMBEDDING, random_state=0)
    made = left * np.sqrt(size)
    return (made / max(made.std(), 1e-9) * 0.5).astype(np.float32)


def words_of(texts: list[str], parameters: dict) -> list[np.ndarray]:
    """Word numbers of each note as `prepare` makes them, at most LONGEST of them for training."""
    found = []
    for text in texts:
        ids = Words.of(text, parameters["signs"]).numbers(parameters["vocabulary"])[:LONGEST]
        chunk = parameters.get("chunk", CHUNK)
        table = np.zeros((max(1, -(-len(ids) // chunk)), chunk), np.int64)
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
    words: list[np.ndarray], y: np.ndarray, rows: np.ndarray, table: np.ndarray, classes: int, epochs: int, seed: int
) -> NoteNet:
    """BiLSTM with attention from pre-trained embeddings `table`, class-balanced, weights averaged."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = NoteNet(classes, 1, len(table), EMBEDDING)
    with torch.no_grad():
        net.embed.weight.copy_(torch.from_numpy(table))
        net.embed.weight[0] = 0
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
    """95 % of macro F1, the mean of `found` [repeats, notes], over notes drawn again."""
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(y), len(y)) for _ in range(500)]
    values = [np.mean([macro(y[d], one[d], classes) for one in found]) for d in drawn]
    return float(np.percentile(values, 2.5)), float(np.percentile(values, 97.5))


def crossed(counted: list[Counts], candidate: dict, y: np.ndarray, extra: Extra, classes: int, seed: int) -> np.ndarray:
    """Logits of each note from the four folds that it is not in."""
    part, notes = folds(y, seed), len(y)
    of, more = np.array(extra.of, int), np.array(extra.y, int)
    out = np.zeros((notes, classes))
    for k in range(FOLDS):
        fit = np.flatnonzero(part != k)
        x, _ = linear_of(counted, candidate["groups"], fit)
        use = np.flatnonzero((of < 0) | (part[of] != k)) if candidate.get("extra") else np.zeros(0, int)
        rows = np.concatenate([fit, notes + use])
        target, weight = np.concatenate([y[fit], more[use]]), np.concatenate([np.ones(len(fit)), np.array(extra.weight)[use]])
        w = hinge(x[rows], target, classes, candidate["cost"], weight, candidate.get("balanced", False))
        out[part == k] = apply(x[:notes][part == k], w)
    return out


def crossed_recurrent(words, y: np.ndarray, table: np.ndarray, classes: int, epochs: int, seed: int) -> np.ndarray:
    """As `crossed`, of the recurrent part."""
    part = folds(y, seed)
    out = np.zeros((len(y), classes))
    for k in range(FOLDS):
        net = fit_recurrent(words, y, np.flatnonzero(part != k), table, classes, epochs, seed=k + 100 * seed)
        fold = np.flatnonzero(part == k)
        with torch.inference_mode():
            for at in range(0, len(fold), 64):
                out[fold[at : at + 64]] = recurrent(net, words, fold[at : at + 64]).numpy()
    print(f"folds {seed}: BiLSTM {macro(y, out.argmax(1), classes):.4f}", flush=True)
    return out


def train(
    name: str, dataset: str, parameters: dict, candidates: list[dict], epochs: int, unlabelled=None, more=None, repeats: int = 1
) -> None:
    """Choose by cross-validation, fit on everything, write weights and `training.json` into --out.

    `repeats`: how many draws of the folds choose the share of the recurrent part and give the figures (their means).

    `unlabelled(data)` gives texts for the embeddings alone; `more(data, rows, labels)` further training documents.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    began = time.time()
    rows = rows_of(args.data, dataset, "train", "valid")
    labels = sorted({row["label"] for row in rows})
    texts, y = [row["text"] for row in rows], np.array([labels.index(row["label"]) for row in rows])
    extra = more(args.data, rows, labels) if more else Extra()
    classes = len(labels)
    report: dict = {"notes": len(texts), "extra": len(extra.texts), "candidates": {}}
    made: dict[str, Counts] = {}

    def counts(group: dict) -> Counts:
        about = json.dumps({k: v for k, v in group.items() if k != "weight"}, sort_keys=True)
        if about not in made:
            made[about] = Counts(texts + extra.texts, group, parameters["signs"])
        return made[about]

    kept = None
    for candidate in candidates:
        counted = [counts(group) for group in candidate["groups"]]
        logits = {seed: crossed(counted, candidate, y, extra, classes, seed) for seed in SEEDS}
        scores = [macro(y, out.argmax(1), classes) for out in logits.values()]
        accuracy = [float((out.argmax(1) == y).mean()) for out in logits.values()]
        report["candidates"][candidate["name"]] = {"macro_f1": scores, "accuracy": accuracy}
        print(
            f"{candidate['name']}: macro F1 {np.mean(scores):.4f} accuracy {np.mean(accuracy):.4f}, {time.time() - began:.0f} s",
            flush=True,
        )
        if candidate["name"] != "bar" and (kept is None or np.mean(scores) > kept[0]):
            kept = (float(np.mean(scores)), candidate, counted, logits[SEEDS[0]])
    assert kept is not None
    _, candidate, counted, linear = kept
    about = parameters | {"groups": candidate["groups"]}
    table = embeddings(
        texts + extra.texts + (unlabelled(args.data) if unlabelled else []), parameters["signs"], parameters["vocabulary"]
    )
    print(f"embeddings, {time.time() - began:.0f} s", flush=True)
    words = words_of(texts, about)
    linear = [linear, *(crossed(counted, candidate, y, extra, classes, seed) for seed in range(1, repeats))]
    second = [crossed_recurrent(words, y, table, classes, epochs, seed) for seed in range(repeats)]
    report["candidates"]["BiLSTM alone"] = {"macro_f1": [macro(y, out.argmax(1), classes) for out in second]}
    means = {}
    for share in SHARES:
        values = [macro(y, (a + share * b).argmax(1), classes) for a, b in zip(linear, second, strict=True)]
        report["candidates"][f"{candidate['name']} + {share} BiLSTM"] = {"macro_f1": values}
        means[share] = float(np.mean(values))
        print(f"share {share}: macro F1 {means[share]:.4f}, {time.time() - began:.0f} s", flush=True)
    share = max(SHARES, key=lambda s: means[s])
    joined = np.concatenate([a + share * b for a, b in zip(linear, second, strict=True)])
    linear, once, y = np.concatenate(linear), y, np.tile(y, repeats)
    factor, shares = calibrated(joined, y)
    found = shares.argmax(1)
    right = found == y
    each = found.reshape(repeats, len(once))
    report |= {
        "chosen": candidate["name"], "share": share, "temperature": factor,
        "band": float(np.percentile(np.abs(joined - linear) * factor, 90)),
        "repeats": repeats, "macro_f1_each": [macro(once, one, classes) for one in each],
        "macro_f1": means[share], "macro_f1_95": interval(once, each, classes), "accuracy": float(right.mean()),
        "ece": error_of(shares, y),
        "bar_95": difference(once, each[0], crossed([counts(g) for g in candidates[0]["groups"]], candidates[0], once, Extra(), classes, SEEDS[0]).argmax(1), classes),
    }  # fmt: skip
    limit = next(
        (t for t in np.arange(0.3, 0.96, 0.05) if right[shares.max(1) >= t].mean() >= min(0.97, right.mean() + 0.03)), 0.5
    )
    sure = shares.max(1) >= limit
    top = np.argsort(-shares, 1)[:, :3]
    report |= {
        "threshold": float(limit), "coverage": float(sure.mean()), "accuracy_covered": float(right[sure].mean()),
        "top3": float((top == y[:, None]).any(1).mean()), "top3_unsure": float((top == y[:, None]).any(1)[~sure].mean()) if (~sure).any() else None,
    }  # fmt: skip
    report["per_class_f1"] = {
        label: float(2 * ((y == k) & (found == k)).sum() / ((y == k).sum() + (found == k).sum()))
        for k, label in enumerate(labels)
    }
    state = whole(counted, candidate, once, extra, classes) | {
        n: t for n, t in fit_recurrent(words, once, np.arange(len(once)), table, classes, epochs, seed=0).state_dict().items()
        if n not in ("bag.weight", "bias", "frequencies", "known", "share")
    } | {"share": torch.tensor(float(share))}  # fmt: skip
    report["minutes"] = (time.time() - began) / 60
    net = NoteNet(classes, len(state["known"]), parameters["vocabulary"], EMBEDDING)
    net.load_state_dict(state)
    args.out.mkdir(parents=True, exist_ok=True)
    tensors = {n: t.half().contiguous() if t.is_floating_point() else t for n, t in net.state_dict().items()}
    save_file(tensors, args.out / "weights.safetensors")
    saved = report | {"labels": labels, "parameters": about, "features": len(state["known"])}
    (args.out / "training.json").write_text(json.dumps(saved, ensure_ascii=False, indent=1), "utf-8")
    print(json.dumps({k: v for k, v in report.items() if k != "candidates"}, ensure_ascii=False, indent=1))


def whole(counted: list[Counts], candidate: dict, y: np.ndarray, extra: Extra, classes: int) -> dict[str, torch.Tensor]:
    """The linear part fitted on every note: features by their keys, the weightiest MOST of them."""
    notes = len(y)
    x, idf = linear_of(counted, candidate["groups"], np.arange(notes))
    use = np.arange(len(extra.y)) if candidate.get("extra") else np.zeros(0, int)
    rows = np.concatenate([np.arange(notes), notes + use])
    target = np.concatenate([y, np.array(extra.y, int)[use]])
    weight = np.concatenate([np.ones(notes), np.array(extra.weight)[use]])
    w = hinge(x[rows], target, classes, candidate["cost"], weight, candidate.get("balanced", False))
    names = np.concatenate([counts.keys for counts in counted])
    used = np.flatnonzero(idf > 0)
    used = used[np.argsort(-np.abs(w[used]).max(1))[:MOST]]
    known, first = np.unique(names[used], return_index=True)
    print(f"{int((idf > 0).sum())} n-grams, {len(known)} kept", flush=True)
    chosen = used[first]
    return {
        "known": torch.from_numpy(known),
        "frequencies": torch.from_numpy(idf[chosen]).float(),
        "bag.weight": torch.from_numpy(w[chosen]).float(),
        "bias": torch.from_numpy(w[-1]).float(),
    }


def difference(y: np.ndarray, ours: np.ndarray, bar: np.ndarray, classes: int) -> dict:
    """Macro F1 of ours less the bar's on the same folds: the value and its 95 % interval over notes drawn again."""
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(y), len(y)) for _ in range(500)]
    values = [macro(y[d], ours[d], classes) - macro(y[d], bar[d], classes) for d in drawn]
    low, high = (float(np.percentile(values, p)) for p in (2.5, 97.5))
    return {"gain": macro(y, ours, classes) - macro(y, bar, classes), "low": low, "high": high}
