"""Changes that training makes to pictures: framing, exposure, sharpness, background, markers.

Pictures are float [n, 1, h, w] in 0..1 on the way in and out (they may leave it a little), lungs [n, 1, h, w] in 0..1.
"""

import io
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional as F

from medviewer.inference.image.prepare import standardise


def uniform(n: int, low: float, high: float) -> Tensor:
    return torch.rand(n, 1, 1, 1) * (high - low) + low


def some(n: int, share: float) -> Tensor:
    return (torch.rand(n, 1, 1, 1) < share).float()


def warp(x: Tensor, lungs: Tensor, size: int, strong: bool = False) -> tuple[Tensor, Tensor]:
    """Other framing: stretch each way, zoom, turn, shear, shift, mirror."""
    n = len(x)
    angle = torch.randn(n) * 6 * np.pi / 180
    zoom = torch.exp(torch.empty(n).uniform_(-0.35 if strong else -0.16, 0.12))
    wide = 0.24 if strong else 0.16
    stretch = torch.exp(torch.empty(n).uniform_(-wide, wide))
    shear = torch.empty(n).uniform_(-0.08, 0.08)
    sx, sy = zoom * stretch, zoom / stretch
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack(
        [
            torch.stack([mirror * sx * cos, sx * (shear - sin), torch.empty(n).uniform_(-0.1, 0.1)], 1),
            torch.stack([mirror * sy * sin, sy * cos, torch.empty(n).uniform_(-0.1, 0.1)], 1),
        ],
        1,
    )
    grid = F.affine_grid(theta, [n, 1, size, size], align_corners=False)
    edge = "border" if torch.rand(()) < 0.5 else "zeros"
    return (
        F.grid_sample(x, grid, mode="bilinear", padding_mode=edge, align_corners=False),
        F.grid_sample(lungs, grid, mode="bilinear", padding_mode="zeros", align_corners=False),
    )


def softened(x: Tensor) -> Tensor:
    """Mean of 3×3."""
    return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)


def coarse(x: Tensor, size: int) -> Tensor:
    """Very blurred copy, cheaply."""
    return F.interpolate(F.adaptive_avg_pool2d(x, size), size=x.shape[-2:], mode="bicubic", align_corners=False)


def exposure(x: Tensor) -> Tensor:
    """Other detectors and other printing: gamma, window, uneven field, local contrast."""
    n = len(x)
    x = x.clamp(0, 1) ** torch.exp(uniform(n, -0.5, 0.5))
    low, high = uniform(n, -0.1, 0.12) * some(n, 0.6), 1 + uniform(n, -0.2, 0.1) * some(n, 0.6)
    x = (x - low) / (high - low)
    field = F.interpolate(torch.randn(n, 1, 3, 3), size=x.shape[-2:], mode="bicubic", align_corners=False)
    x = x * (1 + 0.12 * field * some(n, 0.4))
    return x + uniform(n, -0.35, 0.8) * some(n, 0.5) * (x - coarse(x, 10))


def sharpness(x: Tensor) -> Tensor:
    """Softer, harder, noisier, coarser."""
    n, size = len(x), x.shape[-1]
    soft = softened(x)
    fine = x - (soft if torch.rand(()) < 0.5 else softened(soft))
    x = x + uniform(n, -1.0, 1.2) * some(n, 0.7) * fine
    grain = torch.randn_like(x)
    if torch.rand(()) < 0.5:
        grain = 2 * softened(grain)
    x = x + grain * uniform(n, 0, 0.05) * some(n, 0.5)
    if torch.rand(()) < 0.35:
        small = int(size * np.random.uniform(0.45, 0.85))
        down = F.interpolate(x, size=small, mode="bilinear", antialias=bool(torch.rand(()) < 0.7), align_corners=False)
        x = torch.lerp(x, F.interpolate(down, size=size, mode="bilinear", align_corners=False), some(n, 0.5))
    return x


def jpeg(x: Tensor, share: float) -> Tensor:
    for i in np.flatnonzero(np.random.rand(len(x)) < share):
        buffer = io.BytesIO()
        Image.fromarray((x[i, 0].clamp(0, 1) * 255).byte().numpy()).save(buffer, "JPEG", quality=int(np.random.randint(35, 92)))
        x[i, 0] = torch.from_numpy(np.array(Image.open(buffer), np.float32) / 255)
    return x


def histogram(x: Tensor, donor: Tensor, share: float) -> Tensor:
    """The grey distribution of another picture (of any label): exposure tells nothing about the label."""
    points = np.linspace(0, 100, 25)
    for i in np.flatnonzero(np.random.rand(len(x)) < share):
        a, b = np.percentile(x[i].numpy()[0, ::3, ::3], points), np.percentile(donor[i].numpy()[0, ::3, ::3], points)
        a = a + np.arange(25) * 1e-6
        x[i] = torch.from_numpy(np.interp(x[i].numpy(), a, a + np.random.rand() * (b - a)).astype(np.float32))
    return x


def background(x: Tensor, lungs: Tensor, masked: Tensor, share: float) -> Tensor:
    """What lies outside the lungs: another picture's, or blurred, or dark."""
    n = len(x)
    near = F.max_pool2d(F.adaptive_avg_pool2d(lungs, 36), 5, 1, 2)
    soft = F.interpolate(near, size=x.shape[-2:], mode="bilinear", align_corners=False)
    kind = torch.rand(n, 1, 1, 1)
    other = torch.where(kind < 0.5, x.roll(1, 0), torch.where(kind < 0.75, coarse(x, 7), x * uniform(n, 0.1, 0.8)))
    return torch.lerp(x, soft * x + (1 - soft) * other, some(n, share) * masked.view(n, 1, 1, 1).float())


def boxes(lungs: Tensor) -> tuple[Tensor, Tensor]:
    """Middle and half size of the box around the lungs, [n, 2] as x, y in -1..1; without lungs: 0 and 1."""
    middle, half = [], []
    for axis in (2, 3):
        line = torch.linspace(-1, 1, lungs.shape[5 - axis])
        on = lungs[:, 0].amax(axis - 1) > 0.5
        low = torch.where(on, line, torch.ones(())).amin(1)
        high = torch.where(on, line, -torch.ones(())).amax(1)
        none = ~on.any(1)
        low[none], high[none] = -1.0, 1.0
        middle.append((low + high) / 2)
        half.append((high - low) / 2)
    return torch.stack(middle, 1), torch.stack(half, 1).clamp_min(0.1)


def transplant(x: Tensor, lungs: Tensor, masked: Tensor, share: float) -> Tensor:
    """Lungs in the body of another picture of any label, moved so that its lungs would lie where these lie."""
    n, size = len(x), x.shape[-1]
    middle, half = boxes(lungs)
    ratio = (half.roll(1, 0) / half).clamp(0.6, 1.7)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = ratio[:, 0], ratio[:, 1]
    theta[:, :, 2] = middle.roll(1, 0) - ratio * middle
    grid = F.affine_grid(theta, [n, 1, size, size], align_corners=False)
    body = F.grid_sample(x.roll(1, 0), grid, mode="bilinear", padding_mode="border", align_corners=False)
    grow = 1 + 2 * int(np.random.randint(0, 4))
    near = F.max_pool2d(F.adaptive_avg_pool2d(lungs, 112), grow, 1, grow // 2)
    soft = F.interpolate(F.avg_pool2d(near, 5, 1, 2), size=size, mode="bilinear", align_corners=False)
    both = (masked & masked.roll(1, 0)).view(n, 1, 1, 1).float()
    return torch.lerp(x, soft * x + (1 - soft) * body, some(n, share) * both)


def hide(x: Tensor, lungs: Tensor, masked: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Some pictures lose their lungs: a plain or cloudy field lies over them (their outline or a box). Such a picture shows
    nothing of the label, and the network is taught to say so. Returns pictures and which [n] were hidden."""
    n, size = len(x), x.shape[-1]
    chosen = (torch.rand(n) < share) & masked
    grow = int(np.random.choice([3, 7, 13, 19]))
    field = F.max_pool2d((lungs > 0.5).float(), grow, 1, grow // 2)
    if torch.rand(()) < 0.3:
        field = field.amax(3, keepdim=True) * field.amax(2, keepdim=True)
    mean = (x * (1 - field)).sum((2, 3), keepdim=True) / (1 - field).sum((2, 3), keepdim=True).clamp_min(1)
    cloud = F.interpolate(torch.randn(n, 1, 5, 5), size=size, mode="bicubic", align_corners=False)
    kind = torch.rand(n, 1, 1, 1)
    cover = torch.where(kind < 0.4, mean, torch.where(kind < 0.6, uniform(n, 0, 1), mean + 0.15 * cloud))
    cover = torch.where(kind > 0.8, coarse(x.roll(1, 0), 6), cover)
    if torch.rand(()) < 0.5:
        field = F.avg_pool2d(field, 9, 1, 4)
    return torch.lerp(x, cover, field * chosen.view(n, 1, 1, 1).float()), chosen


def markers(x: Tensor, share: float) -> Tensor:
    """Letters and dark or bright plates near the border."""
    size = x.shape[-1]
    for i in np.flatnonzero(np.random.rand(len(x)) < share):
        for _ in range(np.random.randint(1, 4)):
            h, w = np.random.randint(size // 16, size // 4, 2)
            top, left = (
                int(np.random.choice([np.random.randint(0, size // 8), size - s - np.random.randint(0, size // 8)]))
                for s in (h, w)
            )
            if np.random.rand() < 0.5:
                x[i, 0, top : top + h, left : left + w] = float(np.random.rand())
                continue
            plate = Image.fromarray((x[i, 0].clamp(0, 1) * 255).byte().numpy())
            draw = ImageDraw.Draw(plate)
            text = str(np.random.choice(["R", "L", "R PORT", "KV 60", "A", "12"]))
            draw.text(
                (left, top), text, fill=int(np.random.randint(150, 256)), font_size=int(np.random.randint(size // 20, size // 8))
            )
            x[i, 0] = torch.from_numpy(np.array(plate, np.float32) / 255)
    return x


@dataclass(frozen=True)
class Changes:
    """Shares of the pictures that are changed so: `background` outside the lungs, `transplant`, `hide`."""

    background: float
    transplant: float = 0.0
    hide: float = 0.0


def augment(
    x: Tensor, lungs: Tensor, masked: Tensor, donor: Tensor, size: int, strong: bool, changes: Changes, parameters: dict
) -> tuple[Tensor, Tensor, Tensor]:
    """[n, 1, 224, 224] in 0..1 → standardised [n, 1, size, size], its lungs, and which [n] have their lungs hidden."""
    if changes.transplant:
        x = transplant(x, lungs, masked, changes.transplant)
    x, lungs = warp(x, lungs, size, strong)
    x = histogram(x, donor, 0.25)
    x = background(x, lungs, masked, changes.background)
    hidden = torch.zeros(len(x), dtype=torch.bool)
    if changes.hide:
        x, hidden = hide(x, lungs, masked, changes.hide)
    x = markers(x, 0.3)
    x = jpeg(sharpness(exposure(x)), 0.25)
    return torch.from_numpy(np.stack([standardise(p, parameters)[None] for p in x[:, 0].numpy()])), lungs, hidden
