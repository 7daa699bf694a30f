"""Builders of the ECG networks."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from medviewer.inference.ecg.beats_net import BeatNets
from medviewer.inference.ecg.rhythm_net import RhythmNet
from medviewer.inference.ecg.twelve_net import TwelveNet


def build(name: str, parameters: Mapping[str, Any]) -> nn.Module:
    """The network named in a bundle's `architecture`. KeyError for an unknown name."""
    known: dict[str, type[nn.Module]] = {
        "rhythm-cnn-lstm": RhythmNet,
        "beats-cnn-lstm": BeatNets,
        "waves-unet-lstm": WaveNet,
        "twelve-cnn-lstm": TwelveNet,
    }
    return known[name](**parameters)


class _Level(nn.Module):
    """Two convolutions of one resolution, the first from the level before (`stride` apart)."""

    def __init__(self, inside: int, out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(inside, out, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm1d(out),
            nn.SiLU(),
            nn.Conv1d(out, out, kernel, 1, kernel // 2, bias=False),
            nn.BatchNorm1d(out),
            nn.SiLU(),
        )
        self.others = nn.Conv1d(out, out, 1)

    def forward(self, x: torch.Tensor, leads: int) -> torch.Tensor:
        """Rows of `x` are records times `leads`; each lead also hears the mean of the simultaneous ones."""
        own: torch.Tensor = self.body(x)
        mean = own.reshape(-1, leads, *own.shape[1:]).mean(1)
        mixed: torch.Tensor = own + self.others(mean).repeat_interleave(leads, 0)
        return mixed


class WaveNet(nn.Module):
    """Simultaneous leads [records, leads, samples] → logits of none, P, QRS, T [records, leads, 4, samples].

    A U-Net that all leads share; a lead hears the others through their mean at each resolution, and a BiLSTM runs over the pooled
    leads at 1/16 of the rate. Any number of leads; `samples` is a multiple of 16.
    """

    def __init__(self, width: int = 24, hidden: int = 64, classes: int = 4, drop: float = 0.1) -> None:
        super().__init__()
        sizes = [width, width * 4 // 3, 2 * width, width * 8 // 3]
        self.classes = classes
        self.down = nn.ModuleList(
            _Level(a, b, kernel, 2) for a, b, kernel in zip([2, *sizes[:-1]], sizes, (11, 7, 5, 5), strict=True)
        )
        self.lstm = nn.LSTM(2 * sizes[-1], hidden, batch_first=True, bidirectional=True)
        self.joined = nn.Sequential(nn.Dropout(drop), nn.Conv1d(2 * hidden, sizes[-1], 1))
        pairs = list(zip(sizes[:0:-1], sizes[-2::-1], strict=True))
        self.narrow = nn.ModuleList(nn.Conv1d(a, b, 1) for a, b in pairs)
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv1d(b, b, 5, 1, 2, bias=False), nn.BatchNorm1d(b), nn.SiLU()) for _, b in pairs
        )
        self.last = nn.Sequential(nn.Conv1d(width, width, 7, 1, 3), nn.SiLU(), nn.Conv1d(width, 2 * classes, 5, 1, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        records, leads, samples = x.shape
        rows = x.reshape(records * leads, 1, samples)
        seen = torch.cat([rows, torch.tanh(2 * rows)], 1)
        kept = []
        for level in self.down:
            seen = level(seen, leads)
            kept.append(seen)
        each = seen.reshape(records, leads, *seen.shape[1:])
        pooled = torch.cat([each.mean(1), each.amax(1)], 1).transpose(1, 2)
        steps, _ = self.lstm(pooled)
        seen = seen + self.joined(steps.transpose(1, 2)).repeat_interleave(leads, 0)
        for narrow, up, skip in zip(self.narrow, self.up, kept[-2::-1], strict=True):
            seen = up(nn.functional.interpolate(narrow(seen), scale_factor=2.0, mode="linear") + skip)
        halves: torch.Tensor = self.last(seen)
        parted = halves.reshape(records, leads, self.classes, 2, samples // 2)
        return parted.transpose(3, 4).reshape(records, leads, self.classes, samples)
