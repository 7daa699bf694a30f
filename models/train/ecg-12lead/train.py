"""Train ecg-12lead: python models/train/ecg-12lead/train.py --data ../shared/data/ecg --work DIR --out models/ecg-12lead

`--data` may also be the publisher's whole PTB-XL folder. Five members and five linear looks at the usual beat, each without one
fifth of the patients; shares, calibration and thresholds are set on what each did not see. The test part is not looked at here.
"""

import argparse
import json
import os
import sys
import time
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from ecg_figures import auc
from ptbxl import FOLDS, LABELS, Rows, rows_of
from safetensors.torch import load_file, save_file
from torch import nn

from medviewer.inference.ecg.twelve_beats import BEFORE, USUAL
from medviewer.inference.ecg.twelve_net import TwelveMember

BATCH = 24
EPOCHS = 14
DIRECTIONS, RIDGE = 40, 30.0


def disturbed(rows: Rows, pick: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A random piece of 7.5–10 s with other gains, noise, hidden leads; the usual beat shifted and stretched."""
    x, usual, numbers = rows.leads[pick].astype(np.float32), rows.usual[pick].copy(), rows.numbers[pick]
    n = len(pick)
    size = int(rng.integers(int(0.75 * x.shape[2]), x.shape[2]))
    start = int(rng.integers(0, x.shape[2] - size + 1))
    x = x[:, :, start : start + size]
    gain = np.exp(0.12 * rng.standard_normal((n, 8, 1))).astype(np.float32)
    gain *= ~((rng.random((n, 8, 1)) < 0.06) & (rng.random((n, 1, 1)) < 0.5))
    noise = rng.uniform(0, 0.15, (n, 1, 1)) * (rng.random((n, 1, 1)) < 0.5)
    x = x * gain + noise.astype(np.float32) * rng.standard_normal(x.shape, dtype=np.float32)
    usual = usual * gain + np.float32(0.06) * rng.standard_normal(usual.shape, dtype=np.float32)
    usual = np.roll(usual, int(rng.integers(-2, 3)), axis=2)
    if rng.random() < 0.5:
        places = np.clip((np.arange(USUAL) - BEFORE) * rng.uniform(0.92, 1.08) + BEFORE, 0, USUAL - 1)
        left = np.floor(places).astype(int)
        part = (places - left).astype(np.float32)
        usual = usual[:, :, left] * (1 - part) + usual[:, :, np.minimum(left + 1, USUAL - 1)] * part
    return x, usual.astype(np.float32), numbers + np.float32(0.1) * rng.standard_normal(numbers.shape, dtype=np.float32)


def tensors(x: np.ndarray, usual: np.ndarray, numbers: np.ndarray) -> tuple[torch.Tensor, ...]:
    lengths = torch.full((len(x),), x.shape[2])
    return torch.from_numpy(x.astype(np.float32)), lengths, torch.from_numpy(usual), torch.from_numpy(numbers)


def logits_of(net: nn.Module, rows: Rows, pick: np.ndarray) -> np.ndarray:
    net.eval()
    with torch.inference_mode():
        parts = np.array_split(pick, max(1, len(pick) // 64))
        return np.concatenate([net(*tensors(rows.leads[p], rows.usual[p], rows.numbers[p])).numpy() for p in parts])


def member(rows: Rows, train: np.ndarray, seed: int, epochs: int) -> nn.Module:
    """One network, weights averaged over the last steps; labels smoothed by 3 %, a third of the batches mixed up."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = TwelveMember()
    count = max(1, len(train) // BATCH)
    solver = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0.05)
    plan = torch.optim.lr_scheduler.OneCycleLR(solver, 2.5e-3, total_steps=count * epochs, pct_start=0.25)
    decay = torch.optim.swa_utils.get_ema_multi_avg_fn(0.98)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=decay, use_buffers=True)
    weight = rows.weight
    for _ in range(epochs):
        net.train()
        order = rng.permutation(train)
        for i in range(count):
            pick = order[i * BATCH : (i + 1) * BATCH]
            x, usual, numbers = disturbed(rows, pick, rng)
            label = rows.label[pick].astype(np.float32)
            known = ~np.isnan(label) * weight[pick][:, None]
            label = np.nan_to_num(label, nan=0.5) * 0.94 + 0.03
            if rng.random() < 0.33:
                other, part = rng.permutation(len(pick)), np.float32(rng.beta(0.4, 0.4))
                x, usual, numbers, label = (part * a + (1 - part) * a[other] for a in (x, usual, numbers, label))
                known = np.minimum(known, known[other])
            with torch.autocast("cpu", torch.bfloat16):
                logits = net(*tensors(x, usual, numbers))
            loss = nn.functional.binary_cross_entropy_with_logits(logits.float(), torch.from_numpy(label), reduction="none")
            loss = (loss * torch.from_numpy(known.astype(np.float32))).mean()
            solver.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            solver.step()
            plan.step()
            average.update_parameters(net)
    return average.module.eval()


def flat(rows: Rows, pick: np.ndarray) -> np.ndarray:
    """What the linear member sees: every second sample of the usual beat, and the numbers."""
    return np.concatenate([rows.usual[pick][:, :, ::2].reshape(len(pick), -1), rows.numbers[pick]], 1).astype(np.float64)


def linear(rows: Rows, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights [5, features] and offsets [5] of ridge-logistic regressions on the main directions, folded into one layer."""
    x = flat(rows, train)
    mean = x.mean(0)
    _, size, axes = np.linalg.svd(x - mean, full_matrices=False)
    count = min(DIRECTIONS, len(size))
    down = axes[:count].T / (size[:count] / np.sqrt(len(train)) + 1e-6)
    z = np.concatenate([(x - mean) @ down, np.ones((len(x), 1))], 1)
    ridge = np.diag([*[RIDGE] * count, 1e-3])
    weights, offsets = [], []
    for k in range(len(LABELS)):
        known = ~np.isnan(rows.label[train, k])
        a, y, w = z[known], rows.label[train, k][known], rows.weight[train][known]
        b = np.zeros(count + 1)
        for _ in range(12):
            p = 1 / (1 + np.exp(-a @ b))
            b = b + np.linalg.solve((a * (w * p * (1 - p) + 1e-6)[:, None]).T @ a + ridge, a.T @ (w * (y - p)) - ridge @ b)
        weights.append(down @ b[:-1])
        offsets.append(b[-1] - mean @ (down @ b[:-1]))
    return np.array(weights), np.array(offsets)


def macro(label: np.ndarray, score: np.ndarray) -> float:
    return float(np.nanmean([auc(label[:, k] > 0.5, score[:, k]) for k in range(len(LABELS))]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--members", type=int, default=FOLDS)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    began = time.time()
    rows = rows_of(args.data, args.work / "rows.npz")
    seen, extra = np.flatnonzero(rows.part == "train"), np.flatnonzero(rows.part == "extra")
    print(f"{len(seen)} records to train and validate, {len(extra)} more to train", flush=True)
    apart = np.full((2, len(rows.part), len(LABELS)), np.nan)
    nets, lines = [], []
    for k in range(args.members):
        train, valid = np.concatenate([seen[rows.fold[seen] != k], extra]), seen[rows.fold[seen] == k]
        kept = args.work / f"member-{k}-{args.epochs}.safetensors"
        net = TwelveMember()
        if kept.is_file():
            net.load_state_dict(load_file(kept))
        else:
            net = member(rows, train, args.seed + k, args.epochs)
            save_file({n: v.contiguous() for n, v in net.state_dict().items()}, kept)
        line = linear(rows, train)
        nets.append(net)
        lines.append(line)
        if len(valid):
            apart[0, valid] = logits_of(net, rows, valid)
            apart[1, valid] = flat(rows, valid) @ line[0].T + line[1]
            scores = [macro(rows.label[valid], a[valid]) for a in apart]
            print(
                f"fold {k}: macro AUC {scores[0]:.4f}, linear {scores[1]:.4f}, {(time.time() - began) / 60:.1f} min", flush=True
            )
    from join import finish

    minutes, today = (time.time() - began) / 60, date.today().isoformat()
    judged = finish(rows, nets, lines, apart, args.out, seed=args.seed, minutes=minutes, created=today)
    np.savez(args.work / "apart.npz", **judged)
    print(json.dumps(json.loads((args.out / "bundle.json").read_text("utf-8"))["training"]))


if __name__ == "__main__":
    main()
