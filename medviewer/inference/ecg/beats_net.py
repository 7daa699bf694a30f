"""The network of ecg-beats."""

from typing import Any

import torch
from torch import nn


class BeatNet(nn.Module):
    """Sequences of beats: windows [batch, beats, channels, samples] and features [batch, beats, features] → logits
    [batch, beats, classes]. A CNN reads each beat, a BiLSTM the sequence. In atrial fibrillation an early beat is not
    supraventricular ectopic: class 1 is held down by what the network makes of the rhythm, `hold` times."""

    def __init__(
        self, channels: int = 4, features: int = 45, classes: int = 6, width: int = 16, hidden: int = 64, hold: float = 2.0
    ) -> None:
        super().__init__()
        self.hold = hold
        self.cnn = nn.Sequential(
            nn.Conv1d(channels, width, 9, 3, 4),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, 2 * width, 5, 2, 2),
            nn.BatchNorm1d(2 * width),
            nn.ReLU(),
            nn.Conv1d(2 * width, 2 * width, 3, 1, 1),
            nn.BatchNorm1d(2 * width),
            nn.ReLU(),
            nn.MaxPool1d(2),
        )
        self.squeeze = nn.Sequential(nn.Flatten(1), nn.Dropout(0.2), nn.Linear(2 * width * 10, 48), nn.ReLU(), nn.Dropout(0.3))
        self.facts = nn.Sequential(nn.Linear(features, 64), nn.ReLU(), nn.Dropout(0.2))
        self.lstm = nn.LSTM(48 + 64, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * hidden + 48 + 64, 64), nn.ReLU(), nn.Linear(64, classes))
        self.fibrillates = nn.Sequential(nn.Linear(2 * hidden, 32), nn.ReLU(), nn.Linear(32, 1))

    def both(self, windows: torch.Tensor, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the classes, and of atrial fibrillation around each beat [batch, beats]."""
        batch, beats = windows.shape[:2]
        seen = self.squeeze(self.cnn(windows.flatten(0, 1))).view(batch, beats, -1)
        joined = torch.cat([seen, self.facts(features)], -1)
        steps, _ = self.lstm(joined)
        rhythm = self.fibrillates(steps)
        logits = self.head(torch.cat([steps, joined], -1))
        ectopic = logits[..., 1:2] + self.hold * nn.functional.logsigmoid(-rhythm)
        return torch.cat([logits[..., :1], ectopic, logits[..., 2:]], -1), rhythm.squeeze(-1)

    def forward(self, windows: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        return self.both(windows, features)[0]


class BeatNets(nn.Module):
    """Several `BeatNet`s that vote: the mean of their log probabilities."""

    def __init__(self, members: int = 1, **parameters: Any) -> None:
        super().__init__()
        self.nets = nn.ModuleList([BeatNet(**parameters) for _ in range(members)])

    def forward(self, windows: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        return torch.stack([net(windows, features).log_softmax(-1) for net in self.nets]).mean(0)
