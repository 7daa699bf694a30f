"""The twelve-lead network: members of CNN + LSTM over the leads joined with a CNN over the usual beat; and a linear member."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from medviewer.inference.ecg.rhythm_net import STRIDE, Halved, Pooled


class TwelveMember(nn.Module):
    """Leads [batch, 8, samples], the usual beat [batch, 8, samples of it], numbers [batch, n] → logits [batch, classes]."""

    def __init__(
        self,
        classes: int = 5,
        leads: int = 8,
        numbers: int = 6,
        usual: int = 107,
        widths: Sequence[int] = (32, 48, 64, 80),
        hidden: int = 40,
        drop: float = 0.15,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv1d(leads, widths[0], 15, 3, 7, bias=False), nn.BatchNorm1d(widths[0]), nn.ReLU())
        self.blocks = nn.Sequential(*(Halved(a, b, drop) for a, b in pairwise(widths)))
        self.lstm = nn.LSTM(widths[-1], hidden, batch_first=True, bidirectional=True)
        self.pool = Pooled(2 * hidden)
        layers: list[nn.Module] = []
        for inside, out, kernel in zip((leads, 40, 56), (40, 56, 64), (9, 7, 5), strict=True):
            layers += [nn.Conv1d(inside, out, kernel, 2, kernel // 2), nn.BatchNorm1d(out), nn.ReLU(), nn.Dropout(drop)]
            usual = (usual + 1) // 2
        self.beat = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * usual, 96), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(0.4), nn.Linear(6 * hidden + 96 + numbers, classes))

    def forward(self, x: torch.Tensor, lengths: torch.Tensor, usual: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        steps, _ = self.lstm(self.blocks(self.stem(x)).transpose(1, 2))
        keep = torch.arange(steps.shape[1], device=steps.device)[None, :] < (lengths[:, None] + STRIDE - 1) // STRIDE
        logits: torch.Tensor = self.head(torch.cat([self.pool(steps, keep), self.beat(usual), numbers], 1))
        return logits


class TwelveNet(nn.Module):
    """Mean of the members' logits, and `share` of a linear look at the usual beat (every second sample)."""

    def __init__(
        self, classes: int = 5, members: int = 5, leads: int = 8, numbers: int = 6, usual: int = 107, share: float = 0.5
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(TwelveMember(classes, leads, numbers, usual) for _ in range(members))
        self.linear = nn.Linear(leads * ((usual + 1) // 2) + numbers, classes)
        self.share = float(share)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor, usual: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        nets = torch.stack([member(x, lengths, usual, numbers) for member in self.members]).mean(0)
        flat = torch.cat([usual[:, :, ::2].flatten(1), numbers], 1)
        found: torch.Tensor = (1 - self.share) * nets + self.share * self.linear(flat)
        return found
