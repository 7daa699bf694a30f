"""An ECG from a dynamical model: a dipole that turns in space, seen by twelve leads, with ectopic beats and fibrillation.

After McSharry et al., IEEE Trans Biomed Eng 2003;50:289 (each wave a bump on the limit cycle, pulled back to a breathing
baseline, RR intervals with a low and a high frequency), for three axes as Sameni et al., EURASIP J Adv Signal Process
2007:43407; bumps keep their width in seconds. Leads by Dower's matrix (Dower et al., J Electrocardiol 1980;13:109).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BeatKind = Literal["N", "V", "S", "A"]
"""Sinus, ventricular extrasystole, atrial extrasystole, conducted in atrial fibrillation."""
Vector = tuple[float, float, float]
PULL = 1.0
"""How fast the trace returns to its baseline, 1/s."""
BREATH_HZ, BREATH_MV = 0.25, 0.04
NOISE_MV = 0.008

DOWER: Mapping[str, Vector] = MappingProxyType(
    {
        "I": (0.632, -0.235, 0.059), "II": (0.235, 1.066, -0.132), "V1": (-0.515, 0.157, -0.917), "V2": (0.044, 0.164, -1.387),
        "V3": (0.882, 0.098, -1.277), "V4": (1.213, 0.127, -0.601), "V5": (1.125, 0.127, -0.086), "V6": (0.831, 0.076, 0.230),
    }
)  # fmt: skip
"""mV of a lead for 1 mV of the dipole to the left, to the feet, to the back."""
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True, slots=True)
class Bump:
    """One wave of the dipole: its middle in seconds from the R peak, its width (standard deviation) in seconds, its height in mV.

    `with_rate`: the middle moves with the square root of the RR interval (Bazett), as repolarisation does.
    """

    at_s: float
    width_s: float
    height: Vector
    with_rate: bool = False


_P = Bump(-0.165, 0.020, (0.065, 0.115, -0.015))
_QRS = (Bump(-0.024, 0.008, (-0.12, -0.05, -0.22)), Bump(0.0, 0.012, (1.1, 0.85, 0.35)), Bump(0.028, 0.010, (-0.1, -0.12, 0.55)))
_T = (Bump(0.25, 0.045, (0.17, 0.13, -0.12), True), Bump(0.29, 0.028, (0.12, 0.09, -0.08), True))
SHAPES: Mapping[BeatKind, tuple[Bump, ...]] = MappingProxyType(
    {
        "N": (_P, *_QRS, *_T),
        "S": (Bump(-0.15, 0.018, (0.05, -0.09, 0.02)), *_QRS, *_T),
        "V": (
            Bump(0.0, 0.026, (0.55, 1.25, 0.75)),
            Bump(0.055, 0.024, (0.5, -0.35, 0.9)),
            Bump(0.33, 0.060, (-0.38, -0.36, -0.42), True),
        ),
        "A": (*_QRS, *_T),
    }
)
QRS_S = (0.044, 0.053)
"""Seconds before and after the R peak that a conducted QRS spans: 2.5 widths of its outer bumps."""
P_ONSET_S = 0.215
RR_S = 0.85
PREMATURE: Mapping[BeatKind, tuple[float, float]] = MappingProxyType({"V": (0.62, 1.38), "S": (0.68, 1.06)})
"""Interval before and after an ectopic beat, as shares of the usual one: full pause after V, a reset after S."""


@dataclass(frozen=True, slots=True)
class Beat:
    """An R peak and what kind of beat it is."""

    at_s: float
    kind: BeatKind


def rhythm(
    seconds: float, ectopic: Mapping[int, BeatKind], fibrillation: tuple[float, float] | None = None, seed: int = 7
) -> tuple[Beat, ...]:
    """R peaks up to `seconds`. `ectopic`: beat number → "V" or "S"; between the seconds of `fibrillation` there is no order."""
    rng = np.random.default_rng(seed)
    found: list[Beat] = []
    at, share = 0.45, 1.0
    while at < seconds:
        fibrillates = fibrillation is not None and fibrillation[0] <= at < fibrillation[1]
        kind: BeatKind = "A" if fibrillates else ectopic.get(len(found), "N")
        found.append(Beat(at, kind))
        if fibrillates:
            at += float(np.clip(rng.lognormal(np.log(0.62), 0.24), 0.36, 1.3))
            continue
        waves = 0.025 * np.sin(2 * np.pi * 0.1 * at) + 0.03 * np.sin(2 * np.pi * BREATH_HZ * at)
        usual = RR_S * (1 + waves) + rng.normal(0, 0.006)
        share = PREMATURE[kind][1] if kind in PREMATURE else 1.0
        following = ectopic.get(len(found), "N")
        if following in PREMATURE:
            share = PREMATURE[following][0]
        at += float(usual * share)
    return tuple(found)


def dipole(
    beats: tuple[Beat, ...], seconds: float, rate: float, fibrillation: tuple[float, float] | None = None, seed: int = 7
) -> NDArray[np.float64]:
    """The dipole [3, samples] in mV: dz/dt = Σ bumps' slopes − PULL · (z − baseline), stepped at four times the rate."""
    fine = 4
    count = round(seconds * rate) * fine
    t = np.arange(count) / (rate * fine)
    drive = np.zeros((3, count))
    previous = RR_S
    for n, beat in enumerate(beats):
        previous = beat.at_s - beats[n - 1].at_s if n else RR_S
        stretch = float(np.sqrt(np.clip(previous, 0.4, 1.6) / RR_S)) if beat.kind != "V" else 1.0
        for bump in SHAPES[beat.kind]:
            middle = beat.at_s + bump.at_s * (stretch if bump.with_rate else 1.0)
            first, last = np.searchsorted(t, (middle - 5 * bump.width_s, middle + 5 * bump.width_s))
            away = (t[first:last] - middle) / bump.width_s
            slope = -away / bump.width_s * np.exp(-(away**2) / 2)
            drive[:, first:last] += np.array(bump.height)[:, None] * slope
    if fibrillation is not None:
        drive += _flicker(t, fibrillation, seed)
    base = BREATH_MV * np.sin(2 * np.pi * BREATH_HZ * t) * np.array([[1.0], [0.7], [0.5]])
    step = 1 / (rate * fine)
    out = np.zeros((3, count))
    block = int(60 * rate * fine)
    state = base[:, :1].copy()
    for start in range(0, count, block):
        part = slice(start, min(count, start + block))
        growth = np.exp(PULL * step * np.arange(1, part.stop - start + 1))
        push = (drive[:, part] + PULL * base[:, part]) * step
        out[:, part] = (state + np.cumsum(push * growth, axis=1)) / growth
        state = out[:, part.stop - 1 : part.stop]
    return out[:, ::fine]


def _flicker(t: NDArray[np.float64], fibrillation: tuple[float, float], seed: int) -> NDArray[np.float64]:
    """Slope of the small waves between beats in fibrillation: three wandering frequencies, strongest to the front (V1)."""
    rng = np.random.default_rng([seed, 1])
    inside = np.clip((t - fibrillation[0]) / 0.5, 0, 1) * np.clip((fibrillation[1] - t) / 0.5, 0, 1)
    wave = np.zeros(len(t))
    for hertz in (5.2, 6.1, 7.0):
        phase = 2 * np.pi * hertz * t + 1.5 * np.sin(2 * np.pi * rng.uniform(0.1, 0.3) * t + rng.uniform(0, 6))
        wave += np.gradient(np.sin(phase) * inside, t) * rng.uniform(0.02, 0.03)
    found: NDArray[np.float64] = wave * np.array([[0.5], [0.9], [-1.6]])
    return found


def seen(turning: NDArray[np.float64], leads: tuple[str, ...] = LEADS, seed: int = 7) -> dict[str, NDArray[np.float64]]:
    """mV of each lead, with the electrodes' noise; III, aVR, aVL and aVF follow from I and II."""
    rng = np.random.default_rng([seed, 2])
    own = {
        name: np.array(row) @ turning + rng.normal(0, NOISE_MV, turning.shape[1])
        for name, row in DOWER.items()
        if name in leads or name in ("I", "II")
    }
    one, two = own["I"], own["II"]
    own |= {"III": two - one, "aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2}
    return {name: own[name] for name in leads}
