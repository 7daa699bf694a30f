"""Amplitudes that no electrocardiogram has: a unit field that lies is told, and nothing is rescaled (EF-11)."""

import numpy as np

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_view import STANDARD
from medviewer.core.errors import Notice

PLAUSIBLE_MV = (0.05, 20.0)
"""Between these lies the 99th percentile of an ECG's distance from its middle."""
SEEN_S = 10.0
TOLD = 3


def amplitude_doubts(record: EcgRecord) -> tuple[Notice, ...]:
    """A notice where calibrated ECG leads are all smaller than `PLAUSIBLE_MV`, or one is larger, in their first ten seconds.

    Flat leads are left out: an electrode that fell off has no amplitude. Raises what reading samples raises.
    """
    heights: dict[str, float] = {}
    for k, lead in enumerate(record.leads):
        if lead.unit != "mV" or lead.name.removeprefix("ML") not in STANDARD:
            continue
        seen = record.source.read(k, 0, min(lead.samples, int(SEEN_S * lead.rate_hz)))
        seen = seen[np.isfinite(seen)]
        if len(seen) and float(np.ptp(seen)) > 0:
            heights[lead.name] = float(np.percentile(np.abs(seen - np.median(seen)), 99))
    least, most = PLAUSIBLE_MV
    large = {name: high for name, high in heights.items() if high > most}
    doubted = large or (heights if heights and max(heights.values()) < least else {})
    if not doubted:
        return ()
    names = list(doubted)
    told = ", ".join(names[:TOLD]) + (" …" if len(names) > TOLD else "")
    return (Notice("ecg-amplitude-implausible", record.path, {"leads": told, "mv": f"{max(doubted.values()):.2g}"}),)
