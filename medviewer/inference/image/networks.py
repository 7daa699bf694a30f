"""Builders of image networks, by the name in a bundle's `architecture`. No code comes from a bundle."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

GATE_BLOCKS = (3, 6, 13)
"""Blocks of MobileNetV2 whose channel means and spreads feed the gate. Not the last layer: what the fine-tuned classifier sees
there no longer tells a chest from a cat (measured: 5 % of other pictures refused by it, 100 % by these)."""


class _ConvNormActivation(nn.Sequential):
    """Convolution, batch-norm, ReLU6; keys 0, 1 as in torchvision. Nothing in place: hooks need the values (XP-03)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU6(inplace=False),
        )


class _InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = inputs * expand
        layers: list[nn.Module] = [_ConvNormActivation(inputs, hidden, 1)] if expand != 1 else []
        layers += [
            _ConvNormActivation(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    """MobileNetV2 1.0 (Sandler et al., arXiv:1801.04381), state-dict layout of torchvision's `mobilenet_v2`.

    Written here because torchvision costs 1.9 s of start and does not import beside a CPU torch without a shim
    (`docs`, dependencies); a test holds both equal. [n, channels, H, W] float32 → logits [n, classes].
    """

    SETTINGS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self, classes: int, channels: int = 3, dropout: float = 0.2) -> None:
        super().__init__()
        width = 32
        layers: list[nn.Module] = [_ConvNormActivation(channels, width, 3, 2)]
        for expand, outputs, count, stride in self.SETTINGS:
            for index in range(count):
                layers.append(_InvertedResidual(width, outputs, stride if index == 0 else 1, expand))
                width = outputs
        layers.append(_ConvNormActivation(width, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=False), nn.Linear(1280, classes))

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.features(x).mean(dim=(2, 3))
        logits: Tensor = self.classifier(pooled)
        return logits


class Vote(nn.Module):
    """Networks of one shape whose logits are meant: [n, channels, H, W] → [n, classes]. The first one also feeds the gate."""

    def __init__(self, nets: Iterable[MobileNetV2]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([net(x) for net in self.nets], dim=1).mean(dim=1)


def build(architecture: str, parameters: Mapping[str, Any]) -> nn.Module:
    """The named network, untrained, in eval mode. `mobilenet_v2`: classes, channels (1 or 3), nets (over 1: a `Vote` of so
    many). ValueError for another name."""
    if architecture != "mobilenet_v2":
        raise ValueError(f"unknown architecture {architecture!r}")
    count = int(parameters.get("nets", 1))
    nets = [MobileNetV2(int(parameters["classes"]), int(parameters.get("channels", 3))) for _ in range(count)]
    return (nets[0] if count == 1 else Vote(nets)).eval()


def members(module: nn.Module) -> list[MobileNetV2]:
    """The networks that vote, or the one. TypeError for a network of elsewhere."""
    nets = list(module.nets) if isinstance(module, Vote) else [module]
    if not all(isinstance(net, MobileNetV2) for net in nets):
        raise TypeError(f"not a network of this module: {type(module).__name__}")
    return [net for net in nets if isinstance(net, MobileNetV2)]


def feature_layer(net: MobileNetV2) -> nn.Module:
    """The last layer that still has places (7×7 for 224 pixels): where Grad-CAM looks."""
    return net.features[-1]


def fine_layer(net: MobileNetV2) -> nn.Module:
    """The last layer with twice the places of `feature_layer` (14×14 for 224 pixels)."""
    return net.features[13]


def forward_with_features(module: nn.Module, x: Tensor) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """One pass: logits [n, classes], of a vote [n, nets, classes], and the gate's features [n, d] (see `features`). The caller
    holds inference mode."""
    net, *others = members(module)
    parts: list[Tensor] = [x.mean(dim=(2, 3)), _spread(x)]
    y = x
    for index, layer in enumerate(net.features):
        y = layer(y)
        if index in GATE_BLOCKS:
            parts += [y.mean(dim=(2, 3)), _spread(y)]
    pooled = y.mean(dim=(2, 3))
    logits: Tensor = net.classifier(pooled)
    if others:
        logits = torch.stack([logits, *(other(x) for other in others)], dim=1)
    return logits.float().numpy(force=True), torch.cat(parts, dim=1).float().numpy(force=True)


def _spread(y: Tensor) -> Tensor:
    """Standard deviation over places, [n, c, h, w] → [n, c]; torch's own takes a sixth of the whole forward on a CPU."""
    count = y.shape[2] * y.shape[3]
    variance = (y * y).mean(dim=(2, 3)) - y.mean(dim=(2, 3)) ** 2
    return (variance.clamp_min(0.0) * (count / max(count - 1, 1))).sqrt()


def features(module: nn.Module, x: Tensor) -> npt.NDArray[np.float32]:
    """Features for the gate, [n, d]: mean and spread of the input and of each channel of `GATE_BLOCKS`."""
    return forward_with_features(module, x)[1]
