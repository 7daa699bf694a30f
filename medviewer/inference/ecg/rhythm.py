"""Rhythm of one lead: normal, atrial fibrillation, other, noise; of a short record as a whole, of a long one window by window."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord, Episode, Measurement, Saliency
from medviewer.core.finding import Finding, Interval, Provenance, Score, SelfCheck
from medviewer.core.task import CancelToken
from medviewer.core.units import SampleIndex
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg.prepare import rhythm_input
from medviewer.inference.reading import SEED, Reading, Report, Request

WINDOW_S, STEP_S = 30.0, 15.0
WHOLE_S = 62.0
"""Up to this length a record is read in one piece, as the network was trained."""
BATCH = 8
STRIDE = 32
"""Samples of the network's rate that one of its frames stands for."""
METHOD = "grad-cam"
COVERED = 0.2
PREFERRED = ("I", "II", "MLII", "V5", "V4", "V6", "V2", "V1")
_NOBODY = Provenance("", "", "", "", "", "", "", "", SEED, "")


def ranked_leads(record: EcgRecord) -> Sequence[int]:
    """Lead I first: the network learned from it."""
    order = {name: n for n, name in enumerate(PREFERRED)}
    voltages = [k for k, lead in enumerate(record.leads) if lead.unit in ("mV", "")]
    return sorted(voltages, key=lambda k: (order.get(record.leads[k].name, len(order)), k))


def numbers(loaded: Loaded, signals: list[NDArray[np.float64]], rate: float) -> NDArray[np.float64]:
    """Probabilities [windows, classes] of the first signal."""
    return _shares(loaded, _windows(loaded, signals[0], rate), CancelToken(), lambda done, total: None)


def read(loaded: Loaded, request: Request, traces: dict[int, NDArray[np.float64]], token: CancelToken, report: Report) -> Reading:
    record = request.item
    assert isinstance(record, EcgRecord)
    k, signal = next(iter(traces.items()))
    lead = record.leads[k]
    labels = loaded.bundle.labels
    windows = _windows(loaded, signal, lead.rate_hz)
    shares = _shares(loaded, windows, token, report)
    half = float(loaded.bundle.document["readout"]["band"])
    mean = shares.mean(0)
    scores = tuple(Score(label, float(p), *_band(float(p), half)) for label, p in zip(labels, mean, strict=True))
    episodes = _episodes(shares, labels, lead.seconds)
    measurements = {}
    if len(shares) > 1:
        burden = sum(e.end_s - e.start_s for e in episodes if e.label == "A") / max(lead.seconds, 1e-9)
        measurements["AF burden"] = Measurement(round(100 * burden, 1), "%")
    findings = tuple(
        Finding(
            f"{record.item}/{loaded.bundle.id}/{label}",
            record.item,
            "ecg",
            label,
            score,
            _first(episodes, label, lead.rate_hz, lead.name),
            _NOBODY,
        )
        for label, score in zip(labels, scores, strict=True)
        if label != "N" and score.probability >= request.thresholds.get(label, 1.1)
    )
    saliency, check = None, None
    if request.explain:
        worst = int(np.argmax(shares[:, int(mean.argmax())]))
        saliency, check = _explained(loaded, windows[worst], worst, int(mean.argmax()), lead.name, token)
    return Reading(
        scores=scores,
        findings=findings,
        episodes=episodes,
        measurements=measurements,
        method=METHOD if saliency is not None else "",
        self_check=check,
        saliency=saliency,
    )


def _windows(loaded: Loaded, signal: NDArray[np.float64], rate: float) -> list[NDArray[np.float32]]:
    parameters = loaded.bundle.document["preprocessing"]["parameters"]
    about = {name: float(parameters[name]) for name in ("wanted", "low", "high")}
    if len(signal) <= WHOLE_S * rate:
        return [rhythm_input(signal, rate, **about)]
    size, step = int(WINDOW_S * rate), int(STEP_S * rate)
    starts = range(0, len(signal) - size + 1, step)
    return [rhythm_input(signal[start : start + size], rate, **about) for start in starts]


def _shares(loaded: Loaded, windows: list[NDArray[np.float32]], token: CancelToken, report: Report) -> NDArray[np.float64]:
    """Calibrated probabilities [windows, classes]."""
    import torch

    readout = loaded.bundle.document["readout"]
    found = []
    for first in range(0, len(windows), BATCH):
        token.check()
        part = windows[first : first + BATCH]
        longest = max(len(window) for window in part)
        batch = np.zeros((len(part), 1, longest), np.float32)
        for row, window in enumerate(part):
            batch[row, 0, : len(window)] = window
        with torch.inference_mode():
            lengths = torch.tensor([len(window) for window in part], device=loaded.device)
            logits = loaded.module(torch.from_numpy(batch).to(loaded.device), lengths).double().cpu().numpy()
        found.append(logits)
        report(min(first + BATCH, len(windows)), len(windows))
    values = np.concatenate(found) * float(readout["temperature"]) + np.array(readout["bias"])
    shares: NDArray[np.float64] = np.exp(values - values.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return shares


def _band(p: float, half: float) -> tuple[float, float]:
    odds = np.log(max(p, 1e-9) / max(1 - p, 1e-9))
    return float(1 / (1 + np.exp(-(odds - half)))), float(1 / (1 + np.exp(-(odds + half))))


def _episodes(shares: NDArray[np.float64], labels: tuple[str, ...], seconds: float) -> tuple[Episode, ...]:
    """Each half window takes the mean of the windows over it; equal neighbours are one episode."""
    if len(shares) == 1:
        best = int(shares[0].argmax())
        return (Episode(0.0, seconds, labels[best], float(shares[0, best])),)
    halves = np.zeros((len(shares) + 1, shares.shape[1]))
    halves[:-1] += shares
    halves[1:] += shares
    halves[1:-1] /= 2
    found: list[Episode] = []
    for n, row in enumerate(halves):
        best = int(row.argmax())
        start, end = n * STEP_S, (n + 1) * STEP_S if n < len(halves) - 1 else seconds
        if found and found[-1].label == labels[best]:
            last = found[-1]
            found[-1] = Episode(last.start_s, end, last.label, max(last.probability, float(row[best])))
        else:
            found.append(Episode(start, end, labels[best], float(row[best])))
    return tuple(found)


def _first(episodes: tuple[Episode, ...], label: str, rate: float, lead: str) -> Interval | None:
    episode = next((e for e in episodes if e.label == label), None)
    if episode is None:
        return None
    return Interval(SampleIndex(int(episode.start_s * rate)), SampleIndex(int(episode.end_s * rate)), lead)


def _explained(
    loaded: Loaded, window: NDArray[np.float32], number: int, target: int, lead: str, token: CancelToken
) -> tuple[Saliency, SelfCheck]:
    """Grad-CAM over time at the last convolution, checked by flattening what it marks against flattening at random (XP-10)."""
    import torch
    from captum.attr import LayerGradCam

    x = torch.from_numpy(window)[None, None].to(loaded.device)
    module = loaded.module
    heat = LayerGradCam(module, module.blocks).attribute(x, target=target, relu_attributions=True)
    values = heat.detach().double().cpu().numpy().reshape(-1)
    token.check()
    largest = float(values.max(initial=0.0))
    values = values / largest if largest > 0 else values
    wanted = float(loaded.bundle.document["preprocessing"]["parameters"]["wanted"])
    count = max(1, round(COVERED * len(values)))
    generator = np.random.default_rng(SEED)

    def probability(gone: NDArray[np.int64]) -> float:
        token.check()
        covered = window.copy()
        for k in gone:
            covered[k * STRIDE : (k + 1) * STRIDE] = 0
        return float(_shares(loaded, [covered], token, lambda done, total: None)[0, target])

    before = probability(np.zeros(0, np.int64))
    deletion = before - probability(np.argsort(-values)[:count])
    random = float(np.mean([before - probability(generator.choice(len(values), count, replace=False)) for _ in range(5)]))
    label = loaded.bundle.labels[target]
    saliency = Saliency(lead, label, number * STEP_S, STRIDE / wanted, tuple(float(v) for v in values))
    return saliency, SelfCheck(float(deletion), random, None, bool(deletion > random + 0.01))
