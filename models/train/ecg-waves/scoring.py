"""Found against marked waves: 150 ms at the peak, only inside the stretch that LUDB's marks span."""

import numpy as np
from ludb import Mark, stretch

TOLERANCE = 75
"""Samples at 500 Hz: 150 ms."""
NAMES = {1: "P", 2: "QRS", 3: "T"}


def compare(marks: list[Mark], found: list[tuple[int, float, float, float]]):
    """Of one lead: for each kind (hits, missed, invented, onset errors ms, end errors ms). `found`: (kind, onset, peak, end) at 500 Hz."""
    first, last = stretch(marks)
    out = {}
    for kind in NAMES:
        wanted = [m for m in marks if m.kind == kind]
        given = [f for f in found if f[0] == kind]
        pairs = sorted(
            (abs(m.peak - f[2]), i, j)
            for i, m in enumerate(wanted)
            for j, f in enumerate(given)
            if abs(m.peak - f[2]) <= TOLERANCE
        )
        used_m, used_f, onsets, ends = set(), set(), [], []
        for _, i, j in pairs:
            if i in used_m or j in used_f:
                continue
            used_m.add(i)
            used_f.add(j)
            if wanted[i].onset >= 0:
                onsets.append(2 * (given[j][1] - wanted[i].onset))
            if wanted[i].end >= 0:
                ends.append(2 * (given[j][3] - wanted[i].end))
        invented = sum(j not in used_f and first <= (f[1] + f[3]) / 2 <= last for j, f in enumerate(given))
        out[kind] = (len(used_m), len(wanted) - len(used_m), invented, onsets, ends)
    return out


def total(rows) -> dict:
    """Se, +P, F1 and errors of many `compare` results."""
    out = {}
    for kind, name in NAMES.items():
        hit, missed, invented = (sum(r[kind][k] for r in rows) for k in range(3))
        on = np.concatenate([r[kind][3] for r in rows]) if rows else np.zeros(0)
        end = np.concatenate([r[kind][4] for r in rows]) if rows else np.zeros(0)
        out[name] = {
            "Se": hit / max(1, hit + missed), "+P": hit / max(1, hit + invented), "F1": 2 * hit / max(1, 2 * hit + missed + invented),
            "onset": (float(on.mean()), float(on.std())) if len(on) else (0.0, 0.0),
            "end": (float(end.mean()), float(end.std())) if len(end) else (0.0, 0.0), "n": hit + missed, "invented": invented,
        }  # fmt: skip
    return out
