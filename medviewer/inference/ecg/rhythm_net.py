"""The rhythm network: CNN + LSTM over the trace, CNN + LSTM over the beats, a forest over intervals; their logits are joined."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

STRIDE = 24
"""Samples of the trace that one step of its LSTM stands for."""


class Halved(nn.Module):
    """Two convolutions with a shortcut, half the rate."""

    def __init__(self, inside: int, out: int, drop: float) -> None:
        super().__init__()
        self.first = nn.Conv1d(inside, out, 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm1d(out)
        self.second = nn.Conv1d(out, out, 7, 1, 3, bias=False)
        self.norm2 = nn.BatchNorm1d(out)
        self.short = nn.Conv1d(inside, out, 1, 2, bias=False)
        self.norm3 = nn.BatchNorm1d(out)
        self.drop = nn.Dropout(drop)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        body = self.drop(torch.relu(self.norm(self.first(x))))
        return torch.relu(self.norm2(self.second(body)) + self.norm3(self.short(x)))


class Pooled(nn.Module):
    """[batch, steps, width] → [batch, 3 width]: weighted by attention, mean, largest, of the steps to keep."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, steps: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        weights = self.score(steps).squeeze(-1).float().masked_fill(~keep, -1e4).softmax(-1).to(steps.dtype)
        kept = keep.unsqueeze(-1).to(steps.dtype)
        mean = (steps * kept).sum(1) / kept.sum(1).clamp(min=1)
        largest = (steps * kept + (kept - 1) * 10).amax(1)
        return torch.cat([(steps * weights.unsqueeze(-1)).sum(1), mean, largest], 1)


class RhythmTrace(nn.Module):
    """Samples [batch, 1, samples] at 120 Hz and their true lengths [batch] → logits [batch, classes]."""

    def __init__(self, classes: int = 4, widths: Sequence[int] = (32, 48, 64, 96), hidden: int = 64, drop: float = 0.1) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv1d(1, widths[0], 15, 3, 7, bias=False), nn.BatchNorm1d(widths[0]), nn.ReLU())
        self.blocks = nn.Sequential(*(Halved(a, b, drop) for a, b in pairwise(widths)))
        self.lstm = nn.LSTM(widths[-1], hidden, batch_first=True, bidirectional=True)
        self.pool = Pooled(2 * hidden)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(6 * hidden, classes))

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        steps, _ = self.lstm(self.blocks(self.stem(x)).transpose(1, 2))
        keep = torch.arange(steps.shape[1], device=steps.device)[None, :] < (lengths[:, None] + STRIDE - 1) // STRIDE
        logits: torch.Tensor = self.head(self.pool(steps, keep))
        return logits


class RhythmPulses(nn.Module):
    """Beats: shapes [batch, beats, 2, samples] (the beat, and less the usual one), steps [batch, beats, 7] (intervals), which
    of them are there [batch, beats]; and the window's numbers (the first `numbers` are read) → logits [batch, classes]."""

    def __init__(
        self, classes: int = 4, numbers: int = 103, samples: int = 115, widths: Sequence[int] = (24, 40, 56), hidden: int = 64
    ) -> None:
        super().__init__()
        self.count = numbers
        layers: list[nn.Module] = []
        for inside, out, kernel in zip((2, *widths[:-1]), widths, (9, 7, 5), strict=True):
            layers += [nn.Conv1d(inside, out, kernel, 2, kernel // 2), nn.BatchNorm1d(out), nn.ReLU()]
            samples = (samples + 1) // 2
        self.cnn = nn.Sequential(*layers)
        self.squeeze = nn.Sequential(nn.Linear(widths[-1] * samples, 64), nn.ReLU(), nn.Dropout(0.2))
        self.lstm = nn.LSTM(64 + 7, hidden, batch_first=True, bidirectional=True)
        self.pool = Pooled(2 * hidden)
        self.numbers = nn.Sequential(
            nn.BatchNorm1d(numbers, affine=False), nn.Dropout(0.2), nn.Linear(numbers, 48), nn.ReLU(), nn.Dropout(0.3)
        )
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(6 * hidden + 48, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, classes)
        )

    def forward(self, shapes: torch.Tensor, steps: torch.Tensor, keep: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        batch, beats = shapes.shape[:2]
        seen = self.squeeze(self.cnn(shapes.flatten(0, 1)).flatten(1)).view(batch, beats, -1)
        found, _ = self.lstm(torch.cat([seen, steps], -1))
        logits: torch.Tensor = self.head(
            torch.cat([self.pool(found, keep), self.numbers(numbers[:, : self.count].clamp(-9, 9))], 1)
        )
        return logits


class Forest(nn.Module):
    """Oblivious trees over numbers [batch, numbers] → logits [batch, classes]; a number above the cut sets its level's bit."""

    def __init__(self, classes: int = 4, trees: int = 300, depth: int = 6) -> None:
        super().__init__()
        self.register_buffer("feature", torch.zeros(trees, depth, dtype=torch.int16))
        self.register_buffer("cut", torch.zeros(trees, depth))
        self.register_buffer("leaf", torch.zeros(trees, 1 << depth, classes))
        self.register_buffer("start", torch.zeros(classes))

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        feature, cut, leaf, start = (self.get_buffer(name) for name in ("feature", "cut", "leaf", "start"))
        where = torch.zeros(len(numbers), len(feature), dtype=torch.long, device=numbers.device)
        for level in range(feature.shape[1]):
            where = where * 2 + (numbers[:, feature[:, level].long()] > cut[:, level]).long()
        trees = torch.arange(len(feature), device=numbers.device)
        found: torch.Tensor = start + leaf[trees[None, :], where].sum(1)
        return found


class RhythmNet(nn.Module):
    """Members of the three kinds; `pulses`: how many numbers each member over the beats reads; `weights`: shares of
    traces, beats and forest in the joined logits."""

    def __init__(
        self,
        classes: int = 4,
        traces: int = 1,
        pulses: Sequence[int] = (138,),
        trees: int = 300,
        depth: int = 6,
        weights: Sequence[float] = (1.0, 1.0, 1.0),
    ) -> None:
        super().__init__()
        self.traces = nn.ModuleList(RhythmTrace(classes) for _ in range(traces))
        self.pulses = nn.ModuleList(RhythmPulses(classes, numbers) for numbers in pulses)
        self.forest = Forest(classes, trees, depth)
        self.weights = tuple(float(w) for w in weights)

    def forward(
        self,
        x: torch.Tensor,
        lengths: torch.Tensor,
        shapes: torch.Tensor,
        steps: torch.Tensor,
        keep: torch.Tensor,
        numbers: torch.Tensor,
    ) -> torch.Tensor:
        found: torch.Tensor = self.weights[2] * self.forest(numbers)
        if self.traces:
            found = found + self.weights[0] * torch.stack([member(x, lengths) for member in self.traces]).mean(0)
        if self.pulses:
            found = found + self.weights[1] * torch.stack([m(shapes, steps, keep, numbers) for m in self.pulses]).mean(0)
        return found
