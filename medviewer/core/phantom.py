"""A chest drawn in numbers: lungs, heart, ribs, spine, vessels and nodules in HU, for the sample patient and for tests."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AIR, LUNG, FAT, SOFT, BLOOD, BONE = -1000, -860, -90, 40, 45, 480
"""HU of the tissues drawn."""


@dataclass(frozen=True, slots=True)
class Nodule:
    """A solid sphere in the lung: centre (x, y, z) in LPS mm, diameter in mm."""

    centre: tuple[float, float, float]
    diameter: float


NODULES = (Nodule((-72.0, -5.0, 12.0), 14.0), Nodule((66.0, 25.0, -38.0), 8.0), Nodule((-60.0, 38.0, -62.0), 6.0))


def chest(
    shape: tuple[int, int, int] = (64, 256, 256), spacing: tuple[float, float, float] = (3.0, 1.4, 1.4), seed: int = 7
) -> NDArray[np.int16]:
    """HU [slices, rows, columns] of the phantom, feet first; the grid's centre is the origin of LPS mm.

    `spacing` is (slice, row, column) in mm. Noise of 12 HU is the same for the same `seed`.
    """
    z, y, x = (
        ((np.arange(n, dtype=np.float32) - (n - 1) / 2) * mm).reshape([-1 if i == axis else 1 for i in range(3)])
        for axis, (n, mm) in enumerate(zip(shape, spacing, strict=True))
    )
    hu = np.full(shape, AIR, np.float32)

    def ellipse(cx: float, cy: float, rx: NDArray[np.float32] | float, ry: NDArray[np.float32] | float) -> NDArray[np.float32]:
        distance: NDArray[np.float32] = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
        return distance

    taper = 1.0 - 0.12 * np.clip(z / 90.0, 0, 1) ** 2
    body = ellipse(0, 0, 160 * taper, 108 * taper)
    hu[np.broadcast_to(body < 1, shape)] = FAT
    hu[np.broadcast_to(ellipse(0, 0, 148 * taper, 96 * taper) < 1, shape)] = SOFT
    height = np.sqrt(np.clip(1 - (z / 105.0) ** 2, 0.05, 1))
    lungs = np.zeros(shape, bool)
    for side in (-1, 1):
        lungs |= np.broadcast_to(ellipse(side * 72, 2, 54 * height, 78 * height) < 1, shape)
    heart = ((x - 22) / 50) ** 2 + ((y + 22) / 42) ** 2 + ((z + 30) / 48) ** 2 < 1
    dome = ((x - 0) / 135) ** 2 + (y / 92) ** 2 + ((z + 118) / 42) ** 2 < 1
    lungs &= ~heart & ~dome
    hu[lungs] = LUNG
    hu[heart] = BLOOD
    middle = shape[2] // 2
    for side, half in ((-1, slice(0, middle)), (1, slice(middle, None))):
        _vessels(hu[..., half], lungs[..., half], x[..., half], y, z, side)
    rib_phase = np.mod(z + 0.22 * np.abs(x) + 0.35 * y, 22.0)
    cage = np.broadcast_to((ellipse(0, 0, 140 * taper, 91 * taper) < 1) & (ellipse(0, 0, 131 * taper, 83 * taper) > 1), shape)
    hu[cage & (rib_phase < 8.0)] = BONE
    hu[np.broadcast_to(ellipse(0, 62, 19, 17) < 1, shape)] = BONE - 180
    hu[np.broadcast_to(ellipse(0, 84, 8, 14) < 1, shape)] = BONE
    hu[np.broadcast_to(ellipse(0, 84, 6, 6) < 1, shape)] = 20
    hu[np.broadcast_to(ellipse(26, 40, 12, 12) < 1, shape)] = BLOOD
    hu[np.broadcast_to(ellipse(0, 22, 8, 7) < 1, shape) & (z > -10)] = AIR
    for nodule in NODULES:
        cx, cy, cz = nodule.centre
        hu[(x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < (nodule.diameter / 2) ** 2] = 35
    hu += np.random.default_rng(seed).normal(0, 12, shape).astype(np.float32)
    return np.clip(np.rint(hu), -1024, 3071).astype(np.int16)


WATER_PER_MM = 0.0195
"""Attenuation of water for the mean energy of a chest beam (about 65 keV, NIST XCOM)."""


def projected(hu: NDArray[np.int16], depth_mm: float, photons: float = 40_000.0, seed: int = 11) -> NDArray[np.float32]:
    """A frontal radiograph of `hu` [slices, rows, columns], feet first, by parallel rays along the rows' direction.

    [height, width]: the head at the top, the patient's left at the right. Values are attenuations (the logarithm of photons
    sent over photons counted), so dense is large. `depth_mm` is the distance of two rows; `photons` are sent to each pixel, and
    what arrives is counted with the noise of counting (Poisson), the same for the same `seed`.
    """
    through = np.clip(1.0 + hu.astype(np.float32) / 1000.0, 0.0, None).sum(axis=1)[::-1] * (WATER_PER_MM * depth_mm)
    counted = np.random.default_rng(seed).poisson(photons * np.exp(-through))
    attenuation: NDArray[np.float32] = np.log(photons / np.maximum(counted, 1)).astype(np.float32)
    return attenuation


def _vessels(
    hu: NDArray[np.float32],
    lungs: NDArray[np.bool_],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    z: NDArray[np.float32],
    side: int,
) -> None:
    """Straight vessels from the hilum outwards, thinning with distance, drawn into `hu` inside `lungs`."""
    hilum = np.array([side * 26.0, 5.0, 0.0])
    for angle in np.linspace(-1.25, 1.25, 7):
        for lift in (-0.8, -0.35, 0.1, 0.55):
            way = np.array([side * np.cos(angle) * np.cos(lift), np.sin(angle) * np.cos(lift), np.sin(lift)])
            dx, dy, dz = x - hilum[0], y - hilum[1], z - hilum[2]
            along = dx * way[0] + dy * way[1] + dz * way[2]
            across = dx * dx + dy * dy + dz * dz - along * along
            radius = np.clip(4.2 - along / 22.0, 1.2, 4.2)
            hu[(across < radius * radius) & (along > 0) & (along < 85) & lungs] = BLOOD
