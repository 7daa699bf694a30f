"""Train ecg-waves on LUDB: python models/train/ecg-waves/train.py --data ../shared/data/ecg --out FOLDER --fold 0

`--fold K` keeps a fifth of the patients out and stores what the network says of them (`fold-K.npz`); `--fold -1` learns from all.
Weights are averaged over the last steps and there is no choice of an epoch, so nothing is chosen on the patients kept out.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from ludb import folds, patients, raster
from safetensors.torch import load_file, save_file

from medviewer.inference.ecg.networks import WaveNet
from medviewer.inference.ecg.waves import RATE, waves_input

LENGTH = 2048
ROWS = 20
"""Leads in a batch, of as many records as that takes."""
IGNORED = 255


def prepared(data: Path, cache: Path | None):
    """Signals float32 [200, 12, 2500] as the network sees them, rasters uint8 [200, 12, 5000] at 500 Hz, fold of each patient."""
    if cache and cache.is_file():
        with np.load(cache) as z:
            return z["x"], z["y"], z["fold"], z["af"]
    found = patients(data)
    x = np.stack([np.stack([waves_input(s, 500.0) for s in p.signals]) for p in found])
    y = np.stack([np.stack([raster(m, 5000) for m in p.marks]) for p in found])
    af = np.array([p.fibrillates for p in found])
    if cache:
        np.savez(cache, x=x, y=y, fold=folds(found), af=af)
    return x, y, folds(found), af


def batch(x: np.ndarray, y: np.ndarray, train: np.ndarray, weight: np.ndarray, rng: np.random.Generator):
    """Some leads of some records, stretched in time, moved, with other gains, polarity, wander and noise."""
    leads = int(rng.choice([1, 1, 2, 3, 4, 6, 8, 12]))
    group = max(2, ROWS // leads)
    chosen = rng.choice(train, group, replace=False, p=weight / weight.sum())
    xs = np.zeros((group, leads, LENGTH), np.float32)
    ys = np.zeros((group, leads, LENGTH), np.int64)
    for row, k in enumerate(chosen):
        which = rng.choice(12, leads, replace=False)
        ratio = float(np.exp(rng.uniform(-0.22, 0.22)))
        span = LENGTH * ratio
        start = rng.uniform(min(0.0, 2499 - span), max(0.0, 2499 - span))
        at = start + ratio * np.arange(LENGTH)
        inside = (at >= 0) & (at <= 2499)
        at = np.clip(at, 0, 2499)
        low = np.minimum(at.astype(int), 2498)
        share = (at - low).astype(np.float32)
        part = x[k, which]
        xs[row] = part[:, low] * (1 - share) + part[:, low + 1] * share
        seen = y[k, which][:, np.clip(np.rint(2 * at).astype(int), 0, 4999)]
        ys[row] = np.where(inside, seen, IGNORED)
    return torch.from_numpy(changed(xs, rng)), torch.from_numpy(ys)


def changed(xs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gain, polarity, wander, mains hum, white and muscle noise, smoothing; each lead its own."""
    group, leads, length = xs.shape
    each = (group, leads, 1)
    t = np.arange(length) / RATE
    out = xs * np.exp(rng.normal(0, 0.25, each)) * np.where(rng.random(each) < 0.15, -1, 1)
    wander = rng.uniform(0, 1.0, each) * (rng.random(each) < 0.3)
    out = out + wander * np.sin(2 * np.pi * (rng.uniform(0.1, 0.7, each) * t + rng.random(each)))
    hum = rng.uniform(0, 0.15, each) * (rng.random(each) < 0.2)
    out = out + hum * np.sin(2 * np.pi * (rng.choice([50.0, 60.0], each) * t + rng.random(each)))
    for row, lead in np.argwhere(rng.random((group, leads)) < 0.4):
        noise = rng.normal(0, 1, length)
        if rng.random() < 0.5:
            noise = np.convolve(noise, np.ones(rng.integers(2, 9)), "same")
            noise /= noise.std()
        out[row, lead] += rng.uniform(0, 0.3) * noise
    for row, lead in np.argwhere(rng.random((group, leads)) < 0.15):
        size = int(rng.integers(2, 6))
        out[row, lead] = np.convolve(out[row, lead], np.hanning(size + 2)[1:-1] / np.hanning(size + 2).sum(), "same")
    return out.astype(np.float32)


def probabilities(net: torch.nn.Module, x: np.ndarray) -> np.ndarray:
    """float16 [records, leads, 4, samples] of whole records."""
    net.eval()
    length = -(-x.shape[-1] // 16) * 16
    padded = np.pad(x, ((0, 0), (0, 0), (0, length - x.shape[-1])))
    with torch.inference_mode():
        found = [net(torch.from_numpy(padded[k : k + 1])).softmax(2)[0].numpy() for k in range(len(x))]
    return np.stack(found)[..., : x.shape[-1]].astype(np.float16)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, nargs="+", default=[-1])
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--width", type=int, default=24)
    parser.add_argument("--start", type=Path, help="folder of weights to go on from, those of the same fold")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    x, y, fold, af = prepared(args.data, args.out / "prepared.npz")
    for k in args.fold:
        one(args, x, y, fold, af, k)


def one(args: argparse.Namespace, x: np.ndarray, y: np.ndarray, fold: np.ndarray, af: np.ndarray, k: int) -> None:
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed + 100 * k + 1000)
    began, spent = time.time(), time.process_time()
    train = np.flatnonzero(fold != k)
    weight = np.where(af[train], 2.0, 1.0)
    name = f"fold-{k}" if k >= 0 else "all"
    net = WaveNet(args.width)
    if args.start:
        net.load_state_dict(load_file(args.start / f"{name}.safetensors"))
    best = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(best, args.rate, total_steps=args.steps, pct_start=0.2)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    loss_of = torch.nn.CrossEntropyLoss(ignore_index=IGNORED)
    total, counted = 0.0, 0
    for step in range(args.steps):
        net.train()
        xs, ys = batch(x, y, train, weight, rng)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(xs)
        loss = loss_of(logits.float().flatten(0, 1), ys.flatten(0, 1))
        best.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        best.step()
        plan.step()
        average.update_parameters(net)
        total, counted = total + float(loss.detach()), counted + 1
        if step % 200 == 199 or step == args.steps - 1:
            line = f"fold {k} step {step + 1} loss {total / counted:.4f}"
            total, counted = 0.0, 0
            kept = np.flatnonzero(fold == k)
            if len(kept) and (step % 800 == 799 or step == args.steps - 1):
                found = probabilities(average.module, x[kept])
                line += f" {score(found, y[kept])}"
            print(f"{line} {(time.time() - began) / 60:.1f} min, CPU {(time.process_time() - spent) / 60:.1f}", flush=True)
    save_file({n: t.contiguous() for n, t in average.module.state_dict().items()}, args.out / f"{name}.safetensors")
    if k >= 0:
        np.savez(args.out / f"{name}.npz", found=found, kept=kept)


def score(found: np.ndarray, y: np.ndarray) -> str:
    """F1 of samples (not of waves) for P, QRS, T, inside the marked stretch."""
    truth = y[..., ::2]
    best = found.argmax(2)
    seen = truth != IGNORED
    values = []
    for c in (1, 2, 3):
        both = ((truth == c) & (best == c) & seen).sum()
        values.append(2 * both / max(1, ((truth == c) & seen).sum() + ((best == c) & seen).sum()))
    return "sample F1 " + " ".join(f"{v:.4f}" for v in values)


if __name__ == "__main__":
    main()
