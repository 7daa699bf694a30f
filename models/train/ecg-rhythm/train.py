"""Train ecg-rhythm on CinC 2017: python models/train/ecg-rhythm/train.py --data ../shared/data/ecg --out FILE

Records are split by name (duplicates on one side), 15 % for validation; weights are averaged over the last epochs.
"""

import argparse
import csv
import lzma
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from safetensors.torch import save_file

from medviewer.inference.ecg.networks import RhythmNet
from medviewer.inference.ecg.prepare import rhythm_input

LABELS = ("N", "A", "O", "~")
PARTS = ("N1", "N2", "N3", "A", "O1", "O2", "noise")
TWINS = {"A01176": "A00227", "A03123": "A02656"}
RATE, LOW, HIGH = 120.0, 0.5, 40.0
WINDOW = int(20 * RATE)


def records(data: Path):
    """(name, label number, samples in mV at 300 Hz) of every record that is there."""
    for part in PARTS:
        rows = list(csv.DictReader((data / "cinc2017" / f"{part}.csv").read_text("ascii").splitlines()))
        lengths = np.array([int(r["samples"]) for r in rows])
        packed = (data / "cinc2017" / f"{part}.xz").read_bytes()
        raw = np.frombuffer(lzma.decompress(packed), np.uint8).reshape(2, -1).astype(np.int32)
        zigzag = raw[0] | raw[1] << 8
        differences = np.split((zigzag >> 1) ^ -(zigzag & 1), np.cumsum(lengths)[:-1])
        for row, part_of in zip(rows, differences, strict=True):
            signal = np.cumsum(np.cumsum(part_of)).astype(np.int16)
            yield row["record"], LABELS.index(row["label"]), signal / 1000.0


def held_back(name: str) -> bool:
    """15 % of the records, by a hash of the name, twins together."""
    import hashlib

    return int(hashlib.sha256(f"ecg-rhythm {TWINS.get(name, name)}".encode()).hexdigest(), 16) % 100 < 15


def load(data: Path):
    found = {"train": ([], [], []), "valid": ([], [], [])}
    for name, label, signal in records(data):
        xs, ys, names = found["valid" if held_back(name) else "train"]
        xs.append(rhythm_input(signal, 300.0, wanted=RATE, low=LOW, high=HIGH))
        ys.append(label)
        names.append(name)
    return found


def crop(x: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """A disturbed window of at most 20 s: stretch, polarity, gain, wander, noise, hidden pieces."""
    if rng.random() < 0.5:
        factor = rng.uniform(0.92, 1.08)
        x = np.interp(np.arange(0, len(x) - 1, factor), np.arange(len(x)), x).astype(np.float32)
    if len(x) > WINDOW:
        start = rng.integers(0, len(x) - WINDOW + 1)
        x = x[start : start + WINDOW]
    elif rng.random() < 0.3 and len(x) > 12 * RATE:
        size = rng.integers(int(10 * RATE), len(x))
        start = rng.integers(0, len(x) - size + 1)
        x = x[start : start + size]
    x = x * rng.uniform(0.7, 1.4) * (-1 if rng.random() < 0.25 else 1)
    if rng.random() < 0.3:
        t = np.arange(len(x)) / RATE
        x = x + rng.uniform(0, 0.8) * np.sin(2 * np.pi * (rng.uniform(0.1, 0.6) * t + rng.random()))
    if rng.random() < 0.4:
        x = x + rng.normal(0, rng.uniform(0, 0.25), len(x))
    if rng.random() < 0.3:
        start = rng.integers(0, len(x))
        x = x.copy()
        x[start : start + rng.integers(1, int(3 * RATE))] = 0
    out = np.zeros(WINDOW, np.float32)
    out[: len(x)] = x
    return out, len(x)


def f1(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """F1 of each class."""
    return np.array([2 * ((truth == k) & (found == k)).sum() / max(1, (truth == k).sum() + (found == k).sum()) for k in range(4)])


def logits_of(net: torch.nn.Module, xs: list[np.ndarray]) -> np.ndarray:
    """Logits of whole records, those of like length together."""
    order = np.argsort([len(x) for x in xs])
    out = np.zeros((len(xs), 4), np.float32)
    net.eval()
    with torch.inference_mode():
        for i in range(0, len(order), 32):
            part = order[i : i + 32]
            longest = max(len(xs[k]) for k in part)
            batch = np.zeros((len(part), 1, longest), np.float32)
            for row, k in enumerate(part):
                batch[row, 0, : len(xs[k])] = xs[k]
            out[part] = net(torch.from_numpy(batch), torch.tensor([len(xs[k]) for k in part])).numpy()
    return out


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=40)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    began = time.time()
    parts = load(args.data)
    xs, ys, _ = parts["train"]
    ys = np.array(ys)
    print(f"train {len(xs)}, valid {len(parts['valid'][0])}, {time.time() - began:.0f} s", flush=True)
    net = RhythmNet()
    print(sum(p.numel() for p in net.parameters()), "parameters")
    steps = len(xs) // 32
    best = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(best, 3e-3, total_steps=steps * args.epochs, pct_start=0.2)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    loss_of = torch.nn.CrossEntropyLoss(torch.tensor([1.0, 1.8, 1.2, 2.0]), label_smoothing=0.06)
    for epoch in range(args.epochs):
        net.train()
        order = rng.permutation(len(xs))
        total = 0.0
        for i in range(steps):
            part = order[i * 32 : i * 32 + 32]
            pairs = [crop(xs[k], rng) for k in part]
            batch = torch.from_numpy(np.stack([x for x, _ in pairs])[:, None])
            loss = loss_of(net(batch, torch.tensor([n for _, n in pairs])), torch.from_numpy(ys[part]))
            best.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            best.step()
            plan.step()
            average.update_parameters(net)
            total += float(loss.detach())
        if epoch % 3 == 2 or epoch == args.epochs - 1:
            found = logits_of(average.module, parts["valid"][0])
            each = f1(np.array(parts["valid"][1]), found.argmax(1))
            save_file({k: v.contiguous() for k, v in average.module.state_dict().items()}, args.out)
            np.save(args.out.with_suffix(".npy"), found)
            minutes = (time.time() - began) / 60
            print(
                f"{epoch + 1} loss {total / steps:.3f} F1 {each.round(3)} NAO {each[:3].mean():.4f} {minutes:.1f} min", flush=True
            )
        if (time.time() - began) / 60 > args.minutes:
            break


if __name__ == "__main__":
    main()
