"""Superclasses of a 12-lead ECG (NORM MI STTC CD HYP, several may hold), from its eight independent leads, window by window."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord, Measurement, Saliency
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Finding, Provenance, Score, SelfCheck
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg.twelve_beats import BEFORE, LEADS, RATE, SECONDS, USUAL, Twelve, described, filtered
from medviewer.inference.reading import SEED, Reading, Report, Request

WHOLE_S = 15.0
"""Up to this length a record is read in one piece."""
WINDOWS = 360
"""Of a longer record one window every 10 s is read, at most this many, spread evenly."""
BATCH = 16
UNREAD = 2
"""As many of the eight leads may be missing by noise or a fallen electrode; the network was trained with hidden leads."""
METHOD = "integrated-gradients"
BIN = 24
PATH = 12
COVERED = 0.2
_NOBODY = Provenance("", "", "", "", "", "", "", "", SEED, "")
Shares = NDArray[np.float64]
Traces = dict[int, NDArray[np.float64]]


def ranked_leads(record: EcgRecord) -> Sequence[int]:
    """Numbers of the eight leads, those that I and II can be made from included. Raises `ecg-leads-missing`."""
    names = [lead.name for lead in record.leads]
    missing = [name for name in LEADS if name not in names and not _substitutes(name, names)]
    if missing:
        raise MedviewerError("ecg-leads-missing", record.path, leads=", ".join(missing))
    wanted = {name for lead in LEADS for name in ([lead] if lead in names else _substitutes(lead, names))}
    return [names.index(name) for name in names if name in wanted]


def _substitutes(lead: str, names: Sequence[str]) -> list[str]:
    """Limb leads that give I or II where it was not stored."""
    pairs = {"I": (["II", "III"], ["aVL", "aVR"]), "II": (["I", "III"], ["aVF", "aVR"])}.get(lead, ())
    return next((pair for pair in pairs if all(name in names for name in pair)), [])


def _eight(record: EcgRecord, traces: Traces) -> tuple[NDArray[np.float64], list[str]]:
    """[8, samples] filtered at 120 Hz, and the leads that are not to be read (zeros there)."""
    by_name = {record.leads[k].name: (trace, record.leads[k].rate_hz) for k, trace in traces.items()}
    whole = min(len(trace) / rate for trace, rate in by_name.values())
    rows, unread = [], []
    for lead in LEADS:
        found = by_name.get(lead) or _made(lead, by_name)
        if found is None:
            unread.append(lead)
            rows.append((np.zeros(int(whole * RATE)), RATE))
        else:
            rows.append((found[0][: int(whole * found[1])], found[1]))
    return filtered_each(rows), unread


def _made(lead: str, by_name: dict[str, tuple[NDArray[np.float64], float]]) -> tuple[NDArray[np.float64], float] | None:
    """I = II - III = 2/3 (aVL - aVR); II = I + III = 2/3 (aVF - aVR)."""
    pair = _substitutes(lead, list(by_name))
    if not pair or by_name[pair[0]][1] != by_name[pair[1]][1]:
        return None
    (a, rate), (b, _) = by_name[pair[0]], by_name[pair[1]]
    size = min(len(a), len(b))
    a, b = a[:size], b[:size]
    if pair[1] == "III":
        return (a - b if lead == "I" else a + b), rate
    return (a - b) * 2 / 3, rate


def filtered_each(rows: list[tuple[NDArray[np.float64], float]]) -> NDArray[np.float64]:
    """`filtered` for leads of different rates, cut to the shortest."""
    found = [filtered(signal[None], rate)[0] for signal, rate in rows]
    size = min(len(row) for row in found)
    return np.stack([row[:size] for row in found])


def numbers(loaded: Loaded, signals: list[NDArray[np.float64]], rate: float) -> Shares:
    """Probabilities [windows, classes] of eight simultaneous leads in the order of LEADS."""
    found = [described(w) for _, w in _windows(filtered(np.stack(signals), rate))]
    return _shares(loaded, found, CancelToken(), lambda done, total: None)


def read(loaded: Loaded, request: Request, traces: Traces, token: CancelToken, report: Report) -> Reading:
    """Raises `ecg-leads-missing` where more than UNREAD leads cannot be read, `ecg-without-beats` where none beats."""
    record = request.item
    assert isinstance(record, EcgRecord)
    leads, unread = _eight(record, traces)
    if len(unread) > UNREAD:
        raise MedviewerError("ecg-leads-missing", record.path, leads=", ".join(unread))
    windows = _windows(leads)
    found = [described(window) for _, window in windows]
    beating = [n for n, one in enumerate(found) if len(one.at) >= 3]
    if not beating:
        raise MedviewerError("ecg-without-beats", record.path)
    labels = loaded.bundle.labels
    shares = _shares(loaded, [found[n] for n in beating], token, report)
    mean = shares.mean(0)
    half = np.asarray(loaded.bundle.document["readout"]["band"], float)
    scores = tuple(Score(label, float(p), *_band(float(p), float(h))) for label, p, h in zip(labels, mean, half, strict=True))
    findings = tuple(
        Finding(f"{record.item}/{loaded.bundle.id}/{label}", record.item, "ecg", label, score, None, _NOBODY)
        for label, score in zip(labels, scores, strict=True)
        if label != "NORM" and score.probability >= request.thresholds.get(label, 1.1)
    )
    saliency, check = None, None
    if request.explain:
        target = int(mean.argmax())
        best = beating[int(shares[:, target].argmax())]
        saliency, check = _explained(loaded, windows[best], found[best], target, token)
    return Reading(
        scores=scores,
        findings=findings,
        cautions=(Notice("ecg-leads-unread", facts={"leads": ", ".join(unread)}),) if unread else (),
        measurements={"time read": Measurement(len(beating) * SECONDS, "s")} if len(windows) > 1 else {},
        method=METHOD if saliency is not None else "",
        self_check=check,
        saliency=saliency,
    )


def _windows(leads: NDArray[np.float64]) -> list[tuple[float, NDArray[np.float64]]]:
    """(start in seconds, leads scaled anew) of each window."""
    size = int(SECONDS * RATE)
    if leads.shape[1] <= WHOLE_S * RATE:
        return [(0.0, leads)]
    starts = np.arange(0, leads.shape[1] - size + 1, size)
    if len(starts) > WINDOWS:
        starts = starts[np.linspace(0, len(starts) - 1, WINDOWS).astype(int)]
    return [(float(start / RATE), _scaled(leads[:, start : start + size])) for start in starts]


def _scaled(leads: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = leads - leads.mean(1, keepdims=True)
    found: NDArray[np.float64] = centred / np.maximum(centred.std(1, keepdims=True), 1e-9)
    return found


def _tensors(loaded: Loaded, part: list[Twelve]) -> tuple[object, ...]:
    import torch

    longest = max(one.leads.shape[1] for one in part)
    x = np.zeros((len(part), len(LEADS), longest), np.float32)
    for row, one in enumerate(part):
        x[row, :, : one.leads.shape[1]] = one.leads
    arrays = (
        x,
        np.array([p.leads.shape[1] for p in part]),
        np.stack([p.usual for p in part]),
        np.stack([p.numbers for p in part]),
    )
    return tuple(torch.from_numpy(array).to(loaded.device) for array in arrays)


def _shares(loaded: Loaded, found: list[Twelve], token: CancelToken, report: Report) -> Shares:
    """Calibrated probabilities [windows, classes]: each class by its own line."""
    import torch

    readout = loaded.bundle.document["readout"]
    logits = []
    for first in range(0, len(found), BATCH):
        token.check()
        with torch.inference_mode():
            logits.append(loaded.module(*_tensors(loaded, found[first : first + BATCH])).double().cpu().numpy())
        report(min(first + BATCH, len(found)), len(found))
    odds = np.concatenate(logits) * np.array(readout["slope"]) + np.array(readout["offset"])
    shares: Shares = 1 / (1 + np.exp(-odds))
    return shares


def _band(p: float, half: float) -> tuple[float, float]:
    odds = np.log(max(p, 1e-9) / max(1 - p, 1e-9))
    return float(1 / (1 + np.exp(-(odds - half)))), float(1 / (1 + np.exp(-(odds + half))))


def heat(loaded: Loaded, one: Twelve, target: int, token: CancelToken) -> NDArray[np.float64]:
    """[8, bins], 0 … 1: integrated gradients of the class's logit over the leads and the usual beat, against flat leads; what
    the usual beat carries is laid under each beat."""
    import torch
    from captum.attr import IntegratedGradients

    x, lengths, usual, numbers = _tensors(loaded, [one])

    def forward(x: torch.Tensor, usual: torch.Tensor, lengths: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        token.check()
        found: torch.Tensor = loaded.module(x, lengths, usual, numbers)
        return found

    with torch.backends.cudnn.flags(enabled=False):  # its LSTM goes back in training mode only
        of_x, of_usual = IntegratedGradients(forward).attribute(
            (x, usual), target=target, additional_forward_args=(lengths, numbers), n_steps=PATH, internal_batch_size=4
        )
    samples = np.pad(of_x.double().cpu().numpy()[0], ((0, 0), (BEFORE, USUAL)))
    part = of_usual.double().cpu().numpy()[0] / max(1, len(one.at))
    for centre in np.round(one.at).astype(int):
        samples[:, centre : centre + USUAL] += part
    samples = samples[:, BEFORE : BEFORE + one.leads.shape[1]]
    samples = np.pad(samples, ((0, 0), (0, -samples.shape[1] % BIN)))
    values: NDArray[np.float64] = np.maximum(samples.reshape(len(LEADS), -1, BIN).sum(2), 0)
    largest = float(values.max(initial=0.0))
    return values / largest if largest > 0 else values


def _explained(
    loaded: Loaded, window: tuple[float, NDArray[np.float64]], one: Twelve, target: int, token: CancelToken
) -> tuple[Saliency, SelfCheck]:
    """`heat` of the lead that counted most, checked by flattening what is marked in any lead (XP-10)."""
    values = heat(loaded, one, target, token)
    deletion, random = deleted(loaded, window[1], target, values, token)
    lead = int(values.sum(1).argmax())
    strongest = values[lead] / max(float(values[lead].max()), 1e-9)
    saliency = Saliency(LEADS[lead], loaded.bundle.labels[target], window[0], BIN / RATE, tuple(float(v) for v in strongest))
    return saliency, SelfCheck(deletion, random, None, bool(deletion > random + 0.01))


def deleted(
    loaded: Loaded, leads: NDArray[np.float64], target: int, values: NDArray[np.float64], token: CancelToken
) -> tuple[float, float]:
    """By how much the class's probability falls when a fifth of the cells (lead × 0.2 s) is made flat: the weightiest, and at
    random (mean of 5). Beats are found and the usual beat is made anew."""
    count = max(1, round(COVERED * values.size))
    generator = np.random.default_rng(SEED)
    gone = [np.zeros(0, np.int64), np.argsort(-values.reshape(-1))[:count]]
    gone += [generator.choice(values.size, count, replace=False) for _ in range(5)]
    changed = []
    for cells in gone:
        copy = leads.copy()
        for lead, k in zip(*np.unravel_index(cells, values.shape), strict=True):
            copy[lead, k * BIN : (k + 1) * BIN] = 0
        changed.append(described(copy))
    p = _shares(loaded, changed, token, lambda done, total: None)[:, target]
    return float(p[0] - p[1]), float(p[0] - p[2:].mean())
