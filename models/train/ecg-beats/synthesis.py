"""Records made of real beats put to other times: atrial premature beats alone, in groups, in runs, in the majority; sinus rhythm that varies;
fibrillation. Real premature beats are few (944 in DS1, of 16 people); what tells them is timing and P wave, and both can be made.

Each beat is taken apart into its P wave and its QRS and T, each brought to zero at its ends, and added where the new rhythm wants it.
"""

from dataclasses import dataclass

import numpy as np

from medviewer.inference.ecg.beats import RATE, described

P_FROM, P_TO, END = -0.30, -0.09, 0.52
P_STEPS = np.arange(round(P_FROM * RATE), round(P_TO * RATE))
Q_STEPS = np.arange(round(-0.10 * RATE), round(END * RATE))
SHORTEST_S = 0.3
SECONDS = 300.0
KINDS = ("few", "grouped", "runs", "sick", "sinus", "fibrillation")
CHANCES = (0.26, 0.12, 0.16, 0.16, 0.16, 0.14)


@dataclass(frozen=True)
class Donor:
    """Normal beats of one person: P waves and QRS-T [leads, beats, steps], ectopic ventricular QRS-T, their usual interval in seconds."""

    name: str
    p: np.ndarray
    qrst: np.ndarray
    ventricular: np.ndarray
    interval: float


def donor(name: str, slow: list[np.ndarray], times: np.ndarray, normal: np.ndarray, ventricular: np.ndarray) -> Donor | None:
    """Beats between two regular intervals; None where they are too few."""
    if len(times) < 8:
        return None
    rr = np.diff(times)
    usual = float(np.median(rr))
    steady = np.zeros(len(times), bool)
    steady[1:-1] = (np.abs(rr[:-1] / usual - 1) < 0.15) & (np.abs(rr[1:] / usual - 1) < 0.15)
    steady[1:-1] &= normal[:-2] & normal[1:-1] & normal[2:]
    centre = np.round(times * RATE).astype(int)
    inside = (centre + P_STEPS[0] > 0) & (centre + Q_STEPS[-1] < len(slow[0]))
    chosen = centre[steady & inside]
    if len(chosen) < 5:
        return None
    return Donor(
        name,
        np.stack([_levelled(lead[chosen[:, None] + P_STEPS], 5) for lead in slow]),
        np.stack([_levelled(_ended(lead[chosen[:, None] + Q_STEPS], usual), 4) for lead in slow]),
        np.stack([_levelled(lead[centre[ventricular & inside][:, None] + Q_STEPS], 4) for lead in slow]),
        usual,
    )


def _ended(rows: np.ndarray, usual: float) -> np.ndarray:
    """QRS and T held at their last value where the next P wave would begin."""
    last = int(np.clip((0.95 * usual - 0.28) * RATE, 0.2 * RATE, END * RATE)) - Q_STEPS[0]
    rows = rows.copy()
    rows[:, last:] = rows[:, min(last, rows.shape[1] - 1)][:, None]
    return rows


def _levelled(rows: np.ndarray, edge: int) -> np.ndarray:
    """Rows minus the line between the means of their edges, faded in and out."""
    if len(rows) == 0:
        return rows
    a, b = rows[:, :edge].mean(1, keepdims=True), rows[:, -edge:].mean(1, keepdims=True)
    steps = np.arange(rows.shape[1])
    fade = np.clip(np.minimum(steps + 1, rows.shape[1] - steps) / edge, 0, 1)
    return (rows - a - (b - a) * steps / rows.shape[1]) * fade


def timeline(rng: np.random.Generator, kind: str, ventricular: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in seconds, classes (0 N, 1 S, 2 V, 3 F), and whether a sinus P is missing (an escape)."""
    base = rng.uniform(0.9, 1.7) if kind == "sick" else rng.uniform(0.55, 1.25)
    swing, breath = rng.uniform(0.0, 0.06), rng.uniform(2.5, 6.0)
    if kind == "sinus":
        swing = rng.uniform(0.02, 0.22)
    ratio, jitter = rng.uniform(0.42, 0.85), rng.uniform(0.0, 0.1)
    chance, group = rng.uniform(0.01, 0.15), int(rng.integers(1, 5))
    mean_run = rng.uniform(2, 30) if kind == "runs" else rng.uniform(2, 12)
    fused = rng.choice([0.0, rng.uniform(0, 0.9)])
    stay, wild = rng.uniform(0, 0.6), rng.uniform(0.08, 0.3)
    t, times, classes, escapes, since, drift = 1.0, [], [], [], 0, 1.0

    def put(step: float, label: int, escape: bool = False) -> None:
        nonlocal t
        t += max(SHORTEST_S, step)
        times.append(t)
        classes.append(label)
        escapes.append(escape)

    while t < SECONDS - 5:
        drift = float(np.clip(drift * np.exp(rng.normal(0, 0.01)), 0.75, 1.35))
        sinus = base * drift * (1 + swing * np.sin(2 * np.pi * t / breath)) * (1 + rng.normal(0, 0.012))
        since += 1
        if kind == "fibrillation":
            put(0.75 * base * np.exp(rng.normal(0, wild)), 0)
            continue
        if rng.random() < ventricular and rng.random() < fused:
            put(rng.uniform(0.88, 1.02) * sinus, 3)
            continue
        if rng.random() < ventricular:
            short = rng.uniform(0.45, 0.8) * sinus
            put(short, 2)
            put(2 * sinus - short if rng.random() < 0.8 else rng.uniform(1.0, 1.3) * sinus, 0)
            continue
        early = {
            "few": rng.random() < chance,
            "grouped": since > group and rng.random() < 0.8,
            "runs": rng.random() < 0.4 * chance,
        }
        if kind == "sick":
            early["sick"] = rng.random() > stay
        if early.get(kind, False):
            since = 0
            length = 1 if kind in ("few", "grouped") else 1 + int(rng.geometric(1 / mean_run))
            here = np.clip(ratio + rng.normal(0, 0.05 if kind != "few" else 0.12), 0.38, 0.88)
            first = here * sinus
            for k in range(length):
                put(first * (1 + (rng.normal(0, jitter) if k else 0)), 1)
            pause = (
                2 * sinus - first
                if length == 1 and rng.random() < 0.3
                else rng.uniform(0.95, 1.7 if kind != "few" else 1.3) * sinus
            )
            put(pause, 0)
            continue
        if rng.random() < (0.03 if kind == "sinus" else 0.006):
            put(rng.uniform(1.3, 2.3) * sinus, 0, escape=bool(rng.random() < 0.4))
            continue
        put(sinus, 0)
    inside = np.array(times) < SECONDS
    return np.array(times)[inside], np.array(classes)[inside], np.array(escapes)[inside]


def _focus(rng: np.random.Generator) -> tuple[float, float, float]:
    """How the P wave of an ectopic focus differs: scale, shift in seconds, stretch. 0 is a P that cannot be seen."""
    scale = float(
        rng.choice(
            [rng.uniform(-1.3, -0.4), 0.0, rng.uniform(0.25, 0.6), 1.0, rng.uniform(1.3, 1.8)], p=[0.4, 0.22, 0.13, 0.15, 0.1]
        )
    )
    return scale, float(rng.uniform(-0.06, 0.06)), float(rng.uniform(0.7, 1.15))


def record(source: Donor, rng: np.random.Generator, kind: str) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Leads at RATE, times, classes."""
    many = rng.uniform(0.02, 0.15) if source.ventricular.shape[1] >= 8 and rng.random() < 0.7 else 0.0
    times, classes, escapes = timeline(rng, kind, many)
    leads = len(source.p)
    traces = np.zeros((leads, int((SECONDS + 5) * RATE)))
    foci = [_focus(rng) for _ in range(int(rng.integers(1, 3)))]
    differs = rng.uniform(0.4, 1.2, (leads, len(foci))) * rng.choice([1, -1], (leads, len(foci)), p=[0.85, 0.15])
    broad = rng.uniform(1.15, 1.5) if rng.random() < 0.15 else 1.0
    after = np.append(np.diff(times), source.interval)
    start = int(rng.integers(0, source.qrst.shape[1]))
    for i, (t, label) in enumerate(zip(times, classes, strict=True)):
        centre = round(t * RATE)
        beat = (start + i) % source.qrst.shape[1]
        pool, pick = (source.ventricular, int(rng.integers(source.ventricular.shape[1]))) if label == 2 else (source.qrst, beat)
        if label == 3:
            mix, other = rng.uniform(0.3, 0.75), int(rng.integers(source.ventricular.shape[1]))
        squeeze = float(np.clip((after[i] / source.interval) ** 0.35, 0.7, 1.25))
        wide = broad if label == 1 and rng.random() < 0.7 else 1.0
        scale, shift, stretch = foci[int(rng.integers(len(foci)))] if label == 1 else (1.0, 0.0, 1.0)
        scale *= 1 + rng.normal(0, 0.1)
        offset = round((shift + rng.normal(0, 0.004)) * RATE)
        for k in range(leads):
            shape = pool[k, pick]
            if label == 3:
                shape = mix * shape + (1 - mix) * source.ventricular[k, other]
            warped = np.where(Q_STEPS > 10, 10 + (Q_STEPS - 10) / squeeze, Q_STEPS / wide)
            traces[k, centre + Q_STEPS] += np.interp(warped, Q_STEPS, shape, right=0.0)
            if label == 2 or kind == "fibrillation" or escapes[i]:
                continue
            own = scale * (differs[k, 0] if label == 1 and scale != 1.0 else 1.0)
            middle = P_STEPS.mean()
            bent = np.interp(middle + (P_STEPS - middle) / stretch, P_STEPS, source.p[k, beat], left=0.0, right=0.0)
            traces[k, np.maximum(centre + P_STEPS + offset, 0)] += own * bent
    size = float(np.ptp(source.qrst[0], axis=1).mean())
    for k in range(leads):
        traces[k] += rng.uniform(0.002, 0.02) * size * np.convolve(rng.normal(size=traces.shape[1]), np.hanning(5), mode="same")
        traces[k] += (
            rng.uniform(0, 0.03)
            * size
            * np.interp(
                np.arange(traces.shape[1]),
                np.arange(0, traces.shape[1] + 125, 125),
                rng.normal(size=traces.shape[1] // 125 + 2)[: len(np.arange(0, traces.shape[1] + 125, 125))],
            )
        )
        if kind == "fibrillation":
            phase = np.cumsum(
                2 * np.pi * (rng.uniform(4.5, 7) + 0.8 * np.sin(np.arange(traces.shape[1]) / RATE * rng.uniform(0.3, 1))) / RATE
            )
            traces[k] += rng.uniform(0.0, 0.06) * size * (np.sin(phase) + 0.4 * np.sin(2 * phase))
    return list(traces), times, classes


def records(donors: list[Donor], each: int, seed: int) -> list[dict]:
    """`each` made records a donor, as training keeps them."""
    from data import only, pack

    found = []
    for n, source in enumerate(donors):
        rng = np.random.default_rng([seed, n])
        for _ in range(each):
            kind = str(rng.choice(KINDS, p=CHANCES))
            traces, times, classes = record(source, rng, kind)
            at = np.round(times * RATE).astype(np.int64) + rng.integers(-1, 2, len(times))
            made = described(traces, at, RATE)
            found.append(
                pack(
                    source.name,
                    made,
                    np.stack([only(int(c)) for c in classes]),
                    kind=f"made-{kind}",
                    rhythm=np.full(len(at), kind == "fibrillation", np.int8),
                )
            )
    return found
