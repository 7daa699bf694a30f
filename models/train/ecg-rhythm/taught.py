"""A trained trace network goes on learning, taught besides by what ecg-waves sees: P, QRS and T step by step, and the numbers.

Each step of its LSTM, with the CNN's output, tells the probabilities of P, QRS and T in four pieces of 50 ms, and the pooled steps
tell the 138 numbers of the window and the 76 of its waves. What tells them is thrown away: at run time it is a `RhythmTrace`.
"""

import time
from pathlib import Path

import members
import numpy as np
import torch
from members import BATCH, SMOOTH, WEIGHTS
from prepared import RATE, Prepared
from safetensors.torch import load_file, save_file
from torch import nn
from wave_numbers import COARSE, Waves

from medviewer.inference.ecg.rhythm_beats import MISSING
from medviewer.inference.ecg.rhythm_net import STRIDE, RhythmTrace

EPOCHS, PIECES = 3, 4
NUMBERS_SHARE, WAVES_SHARE = 0.4, 1.0
HIDDEN, CHANNELS = 64, 96


class Telling(nn.Module):
    """Logits of the classes, of the waves [batch, steps, 3 PIECES], the numbers, and which steps there are."""

    def __init__(self, trace: RhythmTrace, numbers: int) -> None:
        super().__init__()
        self.trace = trace
        for block in trace.blocks:
            block.drop = nn.Dropout1d(0.1)
        self.numbers = nn.Linear(6 * HIDDEN, numbers)
        self.waves = nn.Linear(2 * HIDDEN + CHANNELS, 3 * PIECES)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, ...]:
        seen = self.trace.blocks(self.trace.stem(x)).transpose(1, 2)
        steps, _ = self.trace.lstm(seen)
        keep = torch.arange(steps.shape[1])[None, :] < (lengths[:, None] + STRIDE - 1) // STRIDE
        pooled = self.trace.pool(steps, keep)
        return self.trace.head(pooled), self.waves(torch.cat([steps, seen], -1)), self.numbers(pooled), keep


def wave_targets(sums: np.ndarray, place: float, factor: float, steps: int) -> np.ndarray:
    """Mean probabilities [steps, 3 PIECES] from running sums [3, samples + 1] of a record, where a window lies in it."""
    edges = (place + factor * (STRIDE / PIECES) * np.arange(steps * PIECES + 1)) * (COARSE / RATE)
    edges = np.clip(edges, 0, sums.shape[1] - 1)
    at = np.stack([np.interp(edges, np.arange(sums.shape[1]), row) for row in sums])
    means = np.clip(np.diff(at, axis=1) / np.maximum(np.diff(edges), 1e-3), 0, 1)
    return means.reshape(3, steps, PIECES).transpose(1, 0, 2).reshape(steps, -1).astype(np.float32)


def apart(logits: torch.Tensor, wanted: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Cross entropy against probabilities, less their own entropy, mean over the steps to keep."""
    count = min(logits.shape[1], wanted.shape[1])
    logits, wanted, kept = logits[:, :count].float(), wanted[:, :count], keep[:, :count, None].float()
    own = -(wanted * wanted.clamp(min=1e-5).log() + (1 - wanted) * (1 - wanted).clamp(min=1e-5).log())
    lost = nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none") - own
    return (lost * kept).sum() / (kept.sum() * wanted.shape[2])


def standard(numbers: np.ndarray, train: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers in standard deviations of the training records, and which have a value."""
    known = numbers > MISSING
    rows = np.where(known, numbers, np.nan)[train]
    scaled = np.clip((numbers - np.nanmean(rows, 0)) / (np.nanstd(rows, 0) + 1e-6), -3, 3)
    return torch.from_numpy(scaled.astype(np.float32)), torch.from_numpy(known.astype(np.float32))


def taught(trace: Path, data: Prepared, waves: Waves, train: np.ndarray, valid: np.ndarray, seed: int, out: Path) -> None:
    """Teach the member stored in `trace`, weights averaged over the last steps, into `out`; nothing where that is there."""
    if out.is_file():
        return
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    began = time.time()
    start = RhythmTrace()
    start.load_state_dict(load_file(trace))
    numbers, known = standard(np.concatenate([data.numbers, waves.numbers], 1), train)
    sums = [np.cumsum(np.pad(track / 255.0, ((0, 0), (1, 0))), axis=1) for track in waves.tracks]
    net = Telling(start, numbers.shape[1])
    count = len(train) // BATCH
    solver = torch.optim.AdamW(net.parameters(), 7.5e-4, weight_decay=0.03)
    plan = torch.optim.lr_scheduler.OneCycleLR(solver, 1.5e-3, total_steps=count * EPOCHS, pct_start=0.2)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.996), use_buffers=True
    )
    loss_of = nn.CrossEntropyLoss(torch.tensor(WEIGHTS), label_smoothing=SMOOTH)
    for epoch in range(EPOCHS):
        net.train()
        total = np.zeros(3)
        for rows in members.batches(data, train, rng):
            pieces = [members.crop(data.samples[k], rng) for k in rows]
            x, lengths = members.padded([piece for piece, _, _ in pieces])
            steps = -(-x.shape[2] // STRIDE)
            wanted = np.stack([wave_targets(sums[k], place, f, steps) for k, (_, place, f) in zip(rows, pieces, strict=True)])
            with torch.autocast("cpu", torch.bfloat16):
                logits, told, guessed, keep = net(x, lengths)
            of_class = loss_of(logits.float(), torch.from_numpy(data.label[rows]))
            missed = nn.functional.smooth_l1_loss(guessed.float(), numbers[rows], reduction="none", beta=0.5) * known[rows]
            of_numbers = missed.sum() / known[rows].sum()
            of_waves = apart(told, torch.from_numpy(wanted), keep)
            loss = of_class + NUMBERS_SHARE * of_numbers + WAVES_SHARE * of_waves
            solver.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            solver.step()
            plan.step()
            average.update_parameters(net)
            total += [float(part.detach()) for part in (of_class, of_numbers, of_waves)]
        print(f"{out.stem} {epoch + 1} losses {(total / count).round(4)} {(time.time() - began) / 60:.1f} min", flush=True)
    final = average.module.trace
    each = members.f1(data.label[valid], members.logits_of(final, members.traces, data, valid).argmax(1))
    print(f"{out.stem} F1 {each.round(3)} NAO {each[:3].mean():.4f}", flush=True)
    save_file({name: value.contiguous() for name, value in final.state_dict().items()}, out)
