"""P, QRS and T of each lead by the network of `waves.py`, and the intervals, axes and ST levels that stand on them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord, Saliency, Wave
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Score, SelfCheck
from medviewer.core.intervals import beats_of, measured
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg.waves import KINDS, MULTIPLE, OVERLAP, RATE, WHOLE, WINDOW, blend, heighted, waves_input, windows
from medviewer.inference.ecg.waves_readout import QRS, P, Segment, Shares, bounds, corrected, moved, peak_of, together
from medviewer.inference.reading import SEED, Reading, Report, Request

BATCH_LEADS = 24
"""Leads that run in one pass, of as many windows as that takes: under 200 ms on one core."""
LEADS, SHORT_S = 12, 600.0
LONG_LEADS = 2
BLOCK, MARGIN = 220 * (WINDOW - OVERLAP), 2 * (WINDOW - OVERLAP)
"""Samples at `RATE` of an hour that is read at once, and what is read on both sides of it."""
LEAST_SURE = 0.9
"""Median probability of the QRS found: above 0.98 in 180 records of CinC 2017, below 0.91 in 95 % of stretches of noise."""
METHOD = "integrated-gradients"
STRIDE = 8
"""Samples at `RATE` that one value of the explanation stands for."""
IG_STEPS = 12
COVERED = 0.2
EXPLAINED_S = 10.24
PREFERRED = ("II", "MLII", "I", "V5", "V1", "V4", "V2", "V6", "V3", "III", "aVF", "aVR", "aVL")


def ranked_leads(record: EcgRecord) -> Sequence[int]:
    """The usual leads first."""
    order = {name: n for n, name in enumerate(PREFERRED)}
    voltages = [k for k, lead in enumerate(record.leads) if lead.unit in ("mV", "")]
    return sorted(voltages, key=lambda k: (order.get(record.leads[k].name, len(order)), k))


def lead_count(record: EcgRecord) -> int:
    """All twelve of a record up to ten minutes, two of a longer one."""
    return LEADS if record.seconds <= SHORT_S else LONG_LEADS


def numbers(loaded: Loaded, signals: list[NDArray[np.float64]], rate: float) -> NDArray[np.float64]:
    """Probabilities [leads, kinds, samples at `RATE`] of simultaneous leads."""
    prepared = [waves_input(signal, rate) for signal in signals]
    return shares_of(loaded, prepared, CancelToken(), lambda done, total: None).astype(np.float64)


def read(loaded: Loaded, request: Request, traces: dict[int, NDArray[np.float64]], token: CancelToken, report: Report) -> Reading:
    """Raises `ecg-without-beats` where no QRS is found, or none that the network is sure of."""
    record = request.item
    assert isinstance(record, EcgRecord)
    prepared = []
    for k, signal in traces.items():
        token.check()
        prepared.append(waves_input(signal, record.leads[k].rate_hz))
    done = [0, 1]

    def heard(*now: int) -> None:
        done[:] = now
        report(*now)

    def alive() -> None:
        """A day's beats are read out for half a minute, which must not look like silence."""
        token.check()
        report(*done)

    agreed, each = found_in(loaded, prepared, token, heard)
    if float(np.median([s.sure for s in agreed if s.kind == QRS] or [0.0])) < LEAST_SURE:
        raise MedviewerError("ecg-without-beats", record.path)
    errors = loaded.bundle.document["readout"].get("lead_errors_ms", {})
    waves = {}
    for k, of_lead in sorted(zip(traces, each, strict=True)):
        if name := record.leads[k].name:
            waves[name] = waves_of(corrected(of_lead, errors.get(name, {})), traces[k], record.leads[k].rate_hz)
            alive()
    beats = beats_of(record, waves)
    alive()
    signals = {record.leads[k].name: (traces[k], record.leads[k].rate_hz) for k in sorted(traces) if record.leads[k].unit == "mV"}
    measurements = measured(beats, signals, record.gaps)
    alive()
    saliency, check = None, None
    if request.explain:
        saliency, check = explained(loaded, prepared[0], agreed, record.leads[next(iter(traces))].name, token)
    return Reading(
        scores=tuple(_score(agreed, kind) for kind in loaded.bundle.labels),
        waves=waves,
        measurements=measurements,
        method=METHOD if saliency is not None else "",
        self_check=check,
        saliency=saliency,
    )


def found_in(
    loaded: Loaded, prepared: Sequence[NDArray[np.float32]], token: CancelToken, report: Report
) -> tuple[list[Segment], list[list[Segment]]]:
    """The agreed waves and those of each lead; hour by hour, so that a day's probabilities are never held at once.

    Blocks begin where windows do and overlap: their windows are those of the whole record.
    """
    longest = max(len(lead) for lead in prepared)
    starts = range(0, longest, BLOCK) if longest > BLOCK + MARGIN else range(1)
    agreed: list[Segment] = []
    each: list[list[Segment]] = [[] for _ in prepared]
    count = len(starts)
    for n, start in enumerate(starts):
        first, stop = max(0, start - MARGIN), longest if n == count - 1 else start + BLOCK + MARGIN

        def step(done: int, total: int, n: int = n) -> None:
            report(n * total + done, count * total)

        shares = shares_of(loaded, [lead[first:stop] for lead in prepared], token, step)
        found = together(shares)
        own_of = own_shares(loaded, [lead[first:stop] for lead in prepared], shares, token)
        low = start - first if n else -1.0
        high = start + BLOCK - first if n < count - 1 else float("inf")
        kept = [k for k, s in enumerate(found) if low <= s.centre < high]
        agreed += [moved(found[k], first) for k in kept]
        for lead, of_lead in enumerate(each):
            own = bounds(own_of[lead], found)
            of_lead += [moved(own[k], first) for k in kept]
    return agreed, each


def own_shares(loaded: Loaded, prepared: Sequence[NDArray[np.float32]], shares: Shares, token: CancelToken) -> Shares:
    """What bounds are read from: the mean of a lead's probabilities among the others (`shares`) and when read alone.

    Records read in one piece only: a long one has beats enough for its medians, and this takes as long again.
    """
    if len(shares) == 1 or shares.shape[2] > WHOLE:
        return shares
    alone = shares_of(loaded, prepared, token, lambda done, total: None, alone=True)
    return np.asarray((shares + alone) / 2, np.float32)


def shares_of(
    loaded: Loaded, prepared: Sequence[NDArray[np.float32]], token: CancelToken, report: Report, alone: bool = False
) -> Shares:
    """Probabilities [leads, kinds, samples]; windows of long records overlap and are blended. `alone`: no lead hears another."""
    import torch

    longest = max(len(lead) for lead in prepared)
    leads = np.stack([np.pad(lead, (0, longest - len(lead))) for lead in prepared])
    places = windows(longest)
    out = np.zeros((len(leads), len(KINDS), longest), np.float32)
    together_in_one = max(1, BATCH_LEADS // len(leads))
    for first in range(0, len(places), together_in_one):
        token.check()
        part = places[first : first + together_in_one]
        size = -(-max(b - a for a, b in part) // MULTIPLE) * MULTIPLE
        batch = np.zeros((len(part), len(leads), size), np.float32)
        for row, (a, b) in enumerate(part):
            batch[row, :, : b - a] = [heighted(lead[a:b]) for lead in leads]
        if alone:
            batch = batch.reshape(-1, 1, size)
        with torch.inference_mode():
            found = loaded.module(torch.from_numpy(batch).to(loaded.device)).softmax(2).float().cpu().numpy()
        found = found.reshape(len(part), len(leads), len(KINDS), size)
        for row, (a, b) in enumerate(part):
            n = first + row
            out[:, :, a:b] += found[row, :, :, : b - a] * blend(b - a, n == 0, n == len(places) - 1)
        report(min(first + len(part), len(places)), len(places))
    return out


def waves_of(found: Sequence[Segment], signal: NDArray[np.float64], rate: float) -> tuple[Wave, ...]:
    """The waves of one lead in its own samples; none where the record has a gap."""
    gaps = np.flatnonzero(~np.isfinite(signal))
    out, last = [], len(signal) - 1
    for s in found:
        onset = min(max(round(s.onset * rate / RATE), 0), last)
        offset = min(max(round(s.offset * rate / RATE), onset), last)
        if len(gaps) and np.searchsorted(gaps, onset) < np.searchsorted(gaps, offset, "right"):
            continue
        out.append(Wave(KINDS[s.kind], onset, onset + peak_of(signal[onset : offset + 1], s.kind), offset))  # type: ignore[arg-type]
    return tuple(out)


def _score(agreed: Sequence[Segment], label: str) -> Score:
    """Mean probability of a kind over the beats, 0 for beats without it; the middle four fifths of the beats as its band."""
    kind = KINDS.index(label)
    beats = sum(s.kind == QRS for s in agreed)
    sure = [s.sure for s in agreed if s.kind == kind][:beats]
    each = np.array(sure + [0.0] * (beats - len(sure)))
    low, high = np.percentile(each, [10, 90])
    mean = float(each.mean())
    return Score(label, mean, min(float(low), mean), max(float(high), mean))


def explained(
    loaded: Loaded, lead: NDArray[np.float32], agreed: Sequence[Segment], name: str, token: CancelToken
) -> tuple[Saliency, SelfCheck]:
    """What of one lead, read alone, speaks for its P waves (for QRS where there is none), from the first agreed ones on.

    Integrated gradients (captum) of the log-odds inside the waves, from a flat line; positive parts in 32 ms, smoothed.
    Checked by flattening the fifth that it marks against random fifths: the fall of the mean probability inside the waves
    (XP-10). Gradient times activation of any layer marked less of what mattered (fall 0.45-0.71 against 0.82, ten records).
    """
    import torch
    from captum.attr import IntegratedGradients
    from scipy.ndimage import gaussian_filter1d

    kind = P if any(s.kind == P for s in agreed) else QRS
    size = min(len(lead), int(EXPLAINED_S * RATE)) // MULTIPLE * MULTIPLE
    start = max(0, int(next(s.onset for s in agreed if s.kind == kind) - RATE))
    start = max(0, min(start, len(lead) - size))
    window = heighted(lead[start : start + size])
    inside = np.zeros(size, bool)
    for s in agreed:
        if s.kind == kind:
            inside[max(0, int(s.onset) - start) : max(0, int(s.offset) + 1 - start)] = True
    where = torch.from_numpy(np.flatnonzero(inside)).to(loaded.device)

    def evidence(x: torch.Tensor) -> torch.Tensor:
        """Mean log-odds of the kind inside its waves [records]."""
        logits = loaded.module(x)[:, 0][:, :, where]
        others = torch.cat([logits[:, :kind], logits[:, kind + 1 :]], 1).logsumexp(1)
        odds: torch.Tensor = (logits[:, kind] - others).mean(1)
        return odds

    x = torch.from_numpy(window)[None, None].to(loaded.device)
    heat = (
        IntegratedGradients(evidence).attribute(x, n_steps=IG_STEPS, internal_batch_size=4).detach()[0, 0].double().cpu().numpy()
    )
    values = gaussian_filter1d(np.maximum(heat.reshape(-1, STRIDE).sum(1), 0), 1.0)
    token.check()
    largest = float(values.max(initial=0.0))
    values = values / largest if largest > 0 else values
    count = max(1, round(COVERED * len(values)))
    generator = np.random.default_rng(SEED)

    def kept(gone: NDArray[np.int64]) -> float:
        token.check()
        covered = window.copy()
        for k in gone:
            covered[k * STRIDE : (k + 1) * STRIDE] = 0
        with torch.inference_mode():
            found = loaded.module(torch.from_numpy(covered)[None, None].to(loaded.device)).softmax(2)
        return float(found[0, 0, kind, where].mean())

    before = kept(np.zeros(0, np.int64))
    deletion = before - kept(np.argsort(-values)[:count])
    random = float(np.mean([before - kept(generator.choice(len(values), count, replace=False)) for _ in range(5)]))
    saliency = Saliency(name, KINDS[kind], start / RATE, STRIDE / RATE, tuple(float(v) for v in values))
    return saliency, SelfCheck(float(deletion), random, None, bool(deletion > random + 0.01))
