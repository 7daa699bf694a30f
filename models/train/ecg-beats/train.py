"""Train ecg-beats on MIT-BIH DS1: python models/train/ecg-beats/train.py --data ../shared/data/ecg --out FILE

Two-fold cross-validation by record within DS1 first (its figures choose), then all of DS1. DS2 is opened by evaluate.py alone.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from safetensors.torch import save_file

from medviewer.inference.ecg.beats import LABELS, sequence
from medviewer.inference.ecg.networks import BeatNet

DS1 = "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230".split()
FOLDS = ("101 108 112 116 119 124 203 207 209 220 230".split(), "106 109 114 115 118 122 201 205 208 215 223".split())
AAMI = {**dict.fromkeys("NLRej", 0), **dict.fromkeys("AaJS", 1), **dict.fromkeys("VE", 2), "F": 3}
BEATS = set("NLRejAaJSVEF/fQ")
LENGTH = 48
MATCH_S = 0.15
IGNORED = -100


def load(data: Path, name: str, second: bool = True) -> dict:
    """A record's sequence with the class of each candidate; unclassifiable and paced beats and flutter are not learned from."""
    import wfdb

    path = str(data / "mitdb" / ("original212/100" if name == "100" else name))
    record, marks = wfdb.rdrecord(path), wfdb.rdann(path, "atr")
    leads = [record.p_signal[:, k] for k in range(2 if second else 1)]
    found = sequence(leads, record.fs)
    reference = np.array([s for s, c in zip(marks.sample, marks.symbol, strict=True) if c in BEATS])
    symbols = [c for c in marks.symbol if c in BEATS]
    labels = np.full(len(found.at), LABELS.index("none"))
    missed = 0
    taken: dict[int, int] = {}
    for n, sample in enumerate(reference):
        k = int(np.searchsorted(found.at, sample))
        near = [
            i
            for i in (k - 1, k)
            if 0 <= i < len(found.at) and abs(found.at[i] - sample) <= MATCH_S * record.fs and i not in taken
        ]
        if not near:
            missed += 1
            continue
        best = min(near, key=lambda i: abs(found.at[i] - sample))
        taken[best] = n
        labels[best] = AAMI.get(symbols[n], IGNORED)
    flutter = [s for s, c in zip(marks.sample, marks.symbol, strict=True) if c in "[]!"]
    if flutter:
        inside = (found.at >= min(flutter)) & (found.at <= max(flutter)) & (labels == LABELS.index("none"))
        labels[inside] = IGNORED
    return {
        "name": name,
        "sequence": found,
        "labels": labels,
        "missed": missed,
        "reference": reference,
        "symbols": symbols,
        "rate": record.fs,
    }


def batch_of(records: list[dict], rng: np.random.Generator, size: int, chances: np.ndarray):
    """Stretches of beats from records drawn evenly, disturbed: polarity, gain, second lead gone or swapped, noise."""
    windows, features, labels = [], [], []
    for n in rng.choice(len(records), size, p=chances):
        record = records[n]
        found = record["sequence"]
        start = int(rng.integers(0, max(1, len(found.at) - LENGTH)))
        rare = record["rare"]
        if len(rare) and rng.random() < 0.45:
            start = int(np.clip(rng.choice(rare) - rng.integers(0, LENGTH), 0, max(0, len(found.at) - LENGTH)))
        part = slice(start, start + LENGTH)
        w, f, y = found.windows[part].copy(), found.features[part].copy(), record["labels"][part]
        if rng.random() < 0.3:
            w[:, [1, 3]], f[:, 11:13] = 0, 0
        elif rng.random() < 0.2:
            w, f[:, 9:13] = w[:, [1, 0, 3, 2]], f[:, [11, 12, 9, 10]]
        w *= np.array([rng.choice([-1, 1], p=[0.15, 0.85]) * rng.uniform(0.75, 1.3) for _ in range(2)] * 2, np.float32)[
            None, :, None
        ]
        if rng.random() < 0.4:
            w += rng.normal(0, rng.uniform(0.01, 0.08), w.shape).astype(np.float32)
        if rng.random() < 0.4:
            w = np.roll(w, rng.integers(-2, 3), axis=2)
        f[:, :9] += rng.normal(0, 0.015, (1, 9)).astype(np.float32)
        windows.append(w)
        features.append(f)
        labels.append(y)
    return torch.from_numpy(np.stack(windows)), torch.from_numpy(np.stack(features)), torch.from_numpy(np.stack(labels))


def fit(records: list[dict], epochs: int, seed: int) -> torch.nn.Module:
    """One network, weights averaged."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    for record in records:
        record["rare"] = np.flatnonzero((record["labels"] >= 1) & (record["labels"] <= 4))
    chances = np.array([1.0 + 1.5 * (len(r["rare"]) > 20) for r in records])
    chances /= chances.sum()
    net = BeatNet()
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    steps = epochs * sum(len(r["labels"]) for r in records) // (32 * LENGTH)
    best = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(best, 3e-3, total_steps=steps)
    loss_of = torch.nn.CrossEntropyLoss(torch.tensor([1.0, 2.5, 1.5, 1.5, 1.0]), ignore_index=IGNORED, label_smoothing=0.03)
    for _ in range(steps):
        windows, features, labels = batch_of(records, rng, 32, chances)
        loss = loss_of(net(windows, features).flatten(0, 1), labels.flatten())
        best.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        best.step()
        plan.step()
        average.update_parameters(net)
    return average.module.eval()


def logits_of(net: torch.nn.Module, record: dict) -> np.ndarray:
    """Logits of all candidates of a record."""
    found = record["sequence"]
    with torch.inference_mode():
        parts = []
        for first in range(0, len(found.at), 2048):
            part = slice(first, first + 2048)
            parts.append(
                net(torch.from_numpy(found.windows[part])[None], torch.from_numpy(found.features[part])[None])[0].numpy()
            )
    return np.concatenate(parts)


def report(name: str, truth: np.ndarray, found: np.ndarray) -> dict:
    """F1 of each class over candidates that are beats or are called beats."""
    known = truth != IGNORED
    truth, found = truth[known], found[known]
    each = {
        label: float(2 * ((truth == k) & (found == k)).sum() / max(1, (truth == k).sum() + (found == k).sum()))
        for k, label in enumerate(LABELS)
    }
    beats = truth < 4
    accuracy = float((truth == found)[beats].mean())
    print(name, {k: round(v, 4) for k, v in each.items()}, f"accuracy {accuracy:.4f}", flush=True)
    return each | {"accuracy": accuracy}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    began = time.time()
    records = [load(args.data, name) for name in DS1]
    print(
        f"{sum(len(r['labels']) for r in records)} candidates, {sum(r['missed'] for r in records)} beats missed, {time.time() - began:.0f} s",
        flush=True,
    )
    truth, found = [], []
    for out in FOLDS[: args.folds]:
        net = fit([r for r in records if r["name"] not in out], args.epochs, seed=0)
        for record in records:
            if record["name"] in out:
                truth.append(record["labels"])
                found.append(logits_of(net, record))
        report(f"after fold, {(time.time() - began) / 60:.1f} min", np.concatenate(truth), np.concatenate(found).argmax(1))
    np.savez(args.out.with_suffix(".cv.npz"), truth=np.concatenate(truth), logits=np.concatenate(found))
    for seed in range(args.seeds):
        net = fit(records, args.epochs, seed)
        name = args.out if seed == 0 else args.out.with_name(f"{args.out.stem}-{seed}.safetensors")
        save_file({k: v.contiguous() for k, v in net.state_dict().items()}, name)
        print(f"seed {seed}, {(time.time() - began) / 60:.1f} min", flush=True)


if __name__ == "__main__":
    main()
