"""How the members are trained: the CNN-LSTM over the trace and the CNN-LSTM over the beats, both on disturbed copies."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from prepared import Prepared
from safetensors.torch import load_file, save_file
from torch import nn

from medviewer.inference.ecg.rhythm_net import RhythmPulses, RhythmTrace

BATCH = 32
WEIGHTS = (1.0, 1.8, 1.2, 2.0)
"""Of the classes in the loss: A and ~ are rare."""
SMOOTH = 0.08
"""Label smoothing: a tenth of the labels changed between the challenge's revisions."""
LONGEST = 3600
BEATS = 48
PLAIN = 103
Inputs = tuple[torch.Tensor, ...]


def crop(x: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float, float]:
    """A disturbed window of at most 30 s: stretch, polarity, gain, wander, noise, a hidden piece; and its place: sample i of it
    is sample place + factor * i of `x`."""
    factor, place = 1.0, 0.0
    if rng.random() < 0.4:
        factor = rng.uniform(0.93, 1.08)
        x = np.interp(np.arange(0, len(x) - 1, factor), np.arange(len(x)), x).astype(np.float32)
    if len(x) > LONGEST:
        start = rng.integers(0, len(x) - LONGEST + 1)
        x, place = x[start : start + LONGEST], start * factor
    if rng.random() < 0.3 and len(x) > 1700:
        size = rng.integers(int(0.55 * len(x)), len(x))
        start = rng.integers(0, len(x) - size + 1)
        x, place = x[start : start + size], place + start * factor
    x = x * np.float32(rng.uniform(0.7, 1.4) * (-1 if rng.random() < 0.2 else 1))
    if rng.random() < 0.3:
        t = np.arange(len(x)) / 120
        wander = rng.uniform(0, 0.8) * np.sin(2 * np.pi * (rng.uniform(0.1, 0.6) * t + rng.random()))
        x = x + wander.astype(np.float32)
    if rng.random() < 0.35:
        x = x + rng.standard_normal(len(x), dtype=np.float32) * np.float32(rng.uniform(0, 0.25))
    if rng.random() < 0.2:
        start = rng.integers(0, len(x))
        x = x.copy()
        x[start : start + rng.integers(1, 240)] = 0
    return x, place, factor


def traces(data: Prepared, rows: np.ndarray, rng: np.random.Generator | None) -> Inputs:
    """What RhythmTrace takes; disturbed where `rng` is given."""
    return padded([data.samples[k] if rng is None else crop(data.samples[k], rng)[0] for k in rows])


def padded(pieces: list[np.ndarray]) -> Inputs:
    batch = np.zeros((len(pieces), 1, max(len(p) for p in pieces)), np.float32)
    for row, piece in enumerate(pieces):
        batch[row, 0, : len(piece)] = piece
    return torch.from_numpy(batch), torch.tensor([len(p) for p in pieces])


def _some(count: int, rng: np.random.Generator | None) -> slice:
    """All beats, or a run of them."""
    size = count
    if rng is not None and size > BEATS:
        size = BEATS
    if rng is not None and rng.random() < 0.3 and size > 12:
        size = int(rng.integers(int(0.6 * size), size))
    start = 0 if size == count else int(rng.integers(0, count - size + 1))
    return slice(start, start + size)


def beats(data: Prepared, rows: np.ndarray, rng: np.random.Generator | None) -> Inputs:
    """What RhythmPulses takes; disturbed where `rng` is given: polarity, size, drift, noise, place, hidden beats."""
    runs = [_some(len(data.steps[k]), rng) for k in rows]
    longest = max(r.stop - r.start for r in runs)
    shapes = np.zeros((len(rows), longest, 2, 115), np.float32)
    steps = np.zeros((len(rows), longest, 7), np.float32)
    keep = np.zeros((len(rows), longest), bool)
    for row, (k, run) in enumerate(zip(rows, runs, strict=True)):
        count = run.stop - run.start
        shapes[row, :count], steps[row, :count], keep[row, :count] = data.shapes[k][run], data.steps[k][run], True
    if rng is not None:
        rows_now = (len(rows), 1, 1, 1)
        size = rng.uniform(0.75, 1.35, rows_now) * np.where(rng.random(rows_now) < 0.15, -1, 1)
        noise = rng.uniform(0, 0.2, rows_now) * (rng.random(rows_now) < 0.4)
        shapes = shapes * size.astype(np.float32)
        shapes += noise.astype(np.float32) * rng.standard_normal(shapes.shape, dtype=np.float32)
        drift = rng.uniform(0, 0.5, (len(rows), 1, 1)) * (rng.random((len(rows), 1, 1)) < 0.3)
        slope = drift * rng.standard_normal((len(rows), longest, 1)) * np.linspace(-1, 1, 115)
        shapes[:, :, 0] += slope.astype(np.float32)
        if rng.random() < 0.5:
            shapes = np.roll(shapes, rng.integers(-3, 4), axis=3)
        hidden = rng.random((len(rows), longest, 1, 1)) < 0.15 * (rng.random(rows_now) < 0.2)
        shapes *= ~hidden
        steps += 0.03 * rng.standard_normal(steps.shape, dtype=np.float32)
    return torch.from_numpy(shapes), torch.from_numpy(steps), torch.from_numpy(keep), torch.from_numpy(data.numbers[rows])


def batches(data: Prepared, rows: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Random batches of records with about as many beats each, so that little is padded."""
    order = rng.permutation(rows)[: len(rows) // BATCH * BATCH]
    beats_of = np.array([len(s) for s in data.steps])
    found = []
    for first in range(0, len(order), 20 * BATCH):
        part = order[first : first + 20 * BATCH]
        part = part[np.argsort(np.minimum(beats_of[part], BEATS), kind="stable")]
        found += list(part.reshape(-1, BATCH))
    rng.shuffle(found)
    return found


KINDS: dict[str, tuple[Callable[[], nn.Module], Callable[..., Inputs], int]] = {
    "trace": (RhythmTrace, traces, 16),
    "beats": (lambda: RhythmPulses(numbers=PLAIN), beats, 12),
}
"""Kind → builder, its inputs, epochs. "beats" reads the first numbers, not those of `rhythm_clean.py`, which came later."""


def logits_of(net: nn.Module, inputs: Callable[..., Inputs], data: Prepared, rows: np.ndarray) -> np.ndarray:
    """Logits [rows, classes] of undisturbed records, in single precision; those of like length together."""
    order = np.argsort([len(data.samples[k]) for k in rows])
    out = np.zeros((len(rows), 4), np.float32)
    net.eval()
    with torch.inference_mode():
        for first in range(0, len(order), 48):
            part = order[first : first + 48]
            out[part] = net(*inputs(data, rows[part], None)).numpy()
    return out


def f1(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """F1 of each class."""
    return np.array([2 * ((truth == k) & (found == k)).sum() / max(1, (truth == k).sum() + (found == k).sum()) for k in range(4)])


def member(kind: str, data: Prepared, train: np.ndarray, valid: np.ndarray, seed: int, out: Path) -> nn.Module:
    """Train one member (weights averaged over the last steps), or read it from `out` where that is there."""
    build, inputs, epochs = KINDS[kind]
    net = build()
    if out.is_file():
        net.load_state_dict(load_file(out))
        return net.eval()
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    began = time.time()
    net = build()
    count = len(train) // BATCH
    solver = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.03)
    plan = torch.optim.lr_scheduler.OneCycleLR(solver, 4e-3, total_steps=count * epochs, pct_start=0.2)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.996), use_buffers=True
    )
    loss_of = nn.CrossEntropyLoss(torch.tensor(WEIGHTS), label_smoothing=SMOOTH)
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for rows in batches(data, train, rng):
            batch = inputs(data, rows, rng)
            with torch.autocast("cpu", torch.bfloat16):
                logits = net(*batch)
            loss = loss_of(logits.float(), torch.from_numpy(data.label[rows]))
            solver.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            solver.step()
            plan.step()
            average.update_parameters(net)
            total += float(loss.detach())
        if epoch % 3 == 2 or epoch == epochs - 1:
            each = f1(data.label[valid], logits_of(average.module, inputs, data, valid).argmax(1))
            minutes, own = (time.time() - began) / 60, time.process_time() / 60
            print(
                f"{out.stem} {epoch + 1} loss {total / count:.3f} F1 {each.round(3)} NAO {each[:3].mean():.4f} "
                f"{minutes:.1f} min, {own:.1f} of the processor",
                flush=True,
            )
            torch.save(average.module.state_dict(), out.with_suffix(".part"))
    save_file({name: value.contiguous() for name, value in average.module.state_dict().items()}, out)
    return average.module.eval()
