"""Rhythm of one lead: normal, atrial fibrillation, other, noise; of a short record as a whole, of a long one window by window."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord, Episode, Measurement, Saliency
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Finding, Interval, Provenance, Score, SelfCheck
from medviewer.core.task import CancelToken
from medviewer.core.units import SampleIndex
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg.prepare import Samples, rhythm_input, why_no_ecg
from medviewer.inference.ecg.rhythm_beats import STEPS, Pulse, pulse
from medviewer.inference.ecg.rhythm_numbers import RATE, REACH, WINDOW
from medviewer.inference.reading import SEED, Reading, Report, Request

WINDOW_S, STEP_S = 30.0, 15.0
WHOLE_S = 62.0
"""Up to this length a record is read in one piece, as the network was trained."""
BATCH = 8
METHOD = "integrated-gradients"
BIN = 24
"""Samples at 120 Hz that one value of the explanation stands for."""
PATH = 12
"""Points on the way from the flat line to the record, for the integrated gradients."""
COVERED = 0.2
PREFERRED = ("I", "II", "MLII", "V5", "V4", "V6", "V2", "V1")
_NOBODY = Provenance("", "", "", "", "", "", "", "", SEED, "")
Shares = NDArray[np.float64]


def ranked_leads(record: EcgRecord) -> Sequence[int]:
    """Lead I first: the network learned from it."""
    order = {name: n for n, name in enumerate(PREFERRED)}
    voltages = [k for k, lead in enumerate(record.leads) if lead.unit in ("mV", "")]
    return sorted(voltages, key=lambda k: (order.get(record.leads[k].name, len(order)), k))


def numbers(loaded: Loaded, signals: list[NDArray[np.float64]], rate: float) -> Shares:
    """Probabilities [windows, classes] of the first signal."""
    shares = _shares(loaded, _Windows(loaded, signals[0], rate, True), CancelToken(), lambda done, total: None)
    return shares[np.isfinite(shares[:, 0])]


def read(loaded: Loaded, request: Request, traces: dict[int, NDArray[np.float64]], token: CancelToken, report: Report) -> Reading:
    """Raises `ecg-without-beats` where no window holds anything to read."""
    record = request.item
    assert isinstance(record, EcgRecord)
    k, signal = next(iter(traces.items()))
    lead = record.leads[k]
    labels = loaded.bundle.labels
    windows = _Windows(loaded, signal, lead.rate_hz, lead.unit == "mV")
    shares = _shares(loaded, windows, token, report)
    there = np.flatnonzero(np.isfinite(shares[:, 0]))
    if not len(there):
        raise MedviewerError("ecg-without-beats", record.path)
    half = float(loaded.bundle.document["readout"]["band"])
    mean = np.nanmean(shares, axis=0)
    scores = tuple(Score(label, float(p), *_band(float(p), half)) for label, p in zip(labels, mean, strict=True))
    episodes = _episodes(shares, labels, lead.seconds)
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
        target = int(mean.argmax())
        worst = int(there[np.argmax(shares[there, target])])
        window = windows[worst]
        assert window is not None
        saliency, check = _explained(loaded, window, worst, target, lead.name, token)
    return Reading(
        scores=scores,
        findings=findings,
        episodes=episodes,
        measurements=_burden(episodes) if len(windows) > 1 else {},
        method=METHOD if saliency is not None else "",
        self_check=check,
        saliency=saliency,
    )


class _Windows:
    """Windows of a signal, prepared when asked for: a day's would fill memory, and nothing would be heard of them for minutes.

    None where nothing is to be read (gap, flat); a short record is one window. `rate` in Hz.
    """

    def __init__(self, loaded: Loaded, signal: NDArray[np.float64], rate: float, calibrated: bool) -> None:
        parameters = loaded.bundle.document["preprocessing"]["parameters"]
        self._about = {name: float(parameters[name]) for name in ("wanted", "low", "high")}
        self._signal, self._rate, self._calibrated = signal, rate, calibrated
        self._size, self._step = int(WINDOW_S * rate), int(STEP_S * rate)
        self._whole = len(signal) <= WHOLE_S * rate

    def __len__(self) -> int:
        return 1 if self._whole else (len(self._signal) - self._size) // self._step + 1

    def __getitem__(self, n: int) -> Samples | None:
        if not 0 <= n < len(self):
            raise IndexError(n)
        if self._whole:
            return rhythm_input(self._signal, self._rate, **self._about)
        part = self._signal[n * self._step : n * self._step + self._size]
        missing = float(np.mean(~np.isfinite(part)))
        empty = missing > 0.5 or why_no_ecg(part, self._rate, self._calibrated) in ("empty", "flat")
        return None if empty else rhythm_input(part, self._rate, **self._about)


def _stacked(pulses: list[Pulse], windows: list[Samples]) -> tuple[NDArray[np.generic], ...]:
    """Windows and their beats, padded: x, lengths, shapes, steps, keep, numbers, as `RhythmNet` takes them."""
    longest, most = max(len(w) for w in windows), max(len(p.steps) for p in pulses)
    rows = len(windows)
    x, shapes = np.zeros((rows, 1, longest), np.float32), np.zeros((rows, most, 2, WINDOW), np.float32)
    steps, keep = np.zeros((rows, most, STEPS), np.float32), np.zeros((rows, most), bool)
    for row, (window, beats) in enumerate(zip(windows, pulses, strict=True)):
        count = len(beats.steps)
        x[row, 0, : len(window)] = window
        shapes[row, :count], steps[row, :count], keep[row, :count] = beats.shapes, beats.steps, True
    return x, np.array([len(w) for w in windows]), shapes, steps, keep, np.stack([p.numbers for p in pulses])


def _shares(loaded: Loaded, windows: _Windows | list[Samples], token: CancelToken, report: Report) -> Shares:
    """Calibrated probabilities [windows, classes], NaN where there is nothing to read."""
    shares: Shares = np.full((len(windows), len(loaded.bundle.labels)), np.nan)
    for first in range(0, len(windows), BATCH):
        token.check()
        last = min(first + BATCH, len(windows))
        there = {n: window for n in range(first, last) if (window := windows[n]) is not None}
        if there:
            seen = list(there.values())
            shares[list(there)] = _answers(loaded, seen, [pulse(window) for window in seen])
        report(last, len(windows))
    return shares


def _answers(loaded: Loaded, windows: list[Samples], pulses: list[Pulse]) -> Shares:
    """Probabilities of one batch."""
    import torch

    readout = loaded.bundle.document["readout"]
    with torch.inference_mode():
        tensors = [torch.from_numpy(array).to(loaded.device) for array in _stacked(pulses, windows)]
        values = loaded.module(*tensors).double().cpu().numpy()
    values = values * float(readout["temperature"]) + np.array(readout["bias"])
    shares: Shares = np.exp(values - values.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return shares


def _band(p: float, half: float) -> tuple[float, float]:
    odds = np.log(max(p, 1e-9) / max(1 - p, 1e-9))
    return float(1 / (1 + np.exp(-(odds - half)))), float(1 / (1 + np.exp(-(odds + half))))


def _episodes(shares: Shares, labels: tuple[str, ...], seconds: float) -> tuple[Episode, ...]:
    """Each half window takes the mean of the windows over it; equal neighbours are one episode; NaN was not read."""
    if len(shares) == 1:
        best = int(shares[0].argmax())
        return (Episode(0.0, seconds, labels[best], float(shares[0, best])),)
    total, count = np.zeros((len(shares) + 1, shares.shape[1])), np.zeros(len(shares) + 1)
    read = np.isfinite(shares[:, 0])
    for shift in (0, 1):
        total[shift : shift + len(shares)] += np.nan_to_num(shares)
        count[shift : shift + len(shares)] += read
    halves = total / np.maximum(count, 1)[:, None]
    best_of = np.where(count > 0, halves.argmax(1), -1)
    found: list[Episode] = []
    for best, run in groupby(range(len(halves)), key=lambda n: int(best_of[n])):
        rows = list(run)
        if best >= 0:
            end = seconds if rows[-1] == len(halves) - 1 else (rows[-1] + 1) * STEP_S
            found.append(Episode(rows[0] * STEP_S, end, labels[best], float(halves[rows, best].max())))
    return tuple(found)


def _burden(episodes: tuple[Episode, ...]) -> dict[str, Measurement]:
    """Share of the readable time in fibrillation, and that time (EL-06)."""
    spans = {label: sum(e.end_s - e.start_s for e in episodes if e.label == label) for label in {e.label for e in episodes}}
    read = sum(spans.values())
    clear = read - spans.get("~", 0.0)
    burden = {"AF burden": Measurement(round(100 * spans.get("A", 0.0) / clear, 1), "%")} if clear > 0 else {}
    return {**burden, "time read": Measurement(round(read, 1), "s")}


def _first(episodes: tuple[Episode, ...], label: str, rate: float, lead: str) -> Interval | None:
    episode = next((e for e in episodes if e.label == label), None)
    if episode is None:
        return None
    return Interval(SampleIndex(int(episode.start_s * rate)), SampleIndex(int(episode.end_s * rate)), lead)


def heat(loaded: Loaded, window: Samples, target: int, token: CancelToken) -> NDArray[np.float64]:
    """0 … 1 for each BIN samples: integrated gradients of the class's logit over the trace and the beats' shapes, against a flat
    line; what the forest of intervals adds is not in it."""
    import torch
    from captum.attr import IntegratedGradients

    beats = pulse(window)
    x, lengths, shapes, steps, keep, numbers = (torch.from_numpy(a).to(loaded.device) for a in _stacked([beats], [window]))

    def forward(x: torch.Tensor, shapes: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        token.check()
        lengths, steps, keep, numbers = others
        found: torch.Tensor = loaded.module(x, lengths, shapes, steps, keep, numbers)
        return found + 0 * x.sum()  # a bundle without members over the trace has no gradient there

    with torch.backends.cudnn.flags(enabled=False):  # its LSTM goes back in training mode only
        of_x, of_shapes = IntegratedGradients(forward).attribute(
            (x, shapes),
            target=target,
            additional_forward_args=(lengths, steps, keep, numbers),
            n_steps=PATH,
            internal_batch_size=4,
        )
    samples = np.pad(of_x.double().cpu().numpy().reshape(-1), (REACH, WINDOW))
    for centre, row in zip(np.round(beats.at).astype(int), of_shapes.double().cpu().numpy()[0].sum(1), strict=False):
        samples[centre : centre + WINDOW] += row
    samples = samples[REACH : REACH + len(window)]
    samples = np.pad(samples, (0, -len(samples) % BIN))
    values: NDArray[np.float64] = np.maximum(samples.reshape(-1, BIN).sum(1), 0)
    largest = float(values.max(initial=0.0))
    return values / largest if largest > 0 else values


def _explained(
    loaded: Loaded, window: Samples, number: int, target: int, lead: str, token: CancelToken
) -> tuple[Saliency, SelfCheck]:
    """`heat` of one window, checked by flattening what it marks against flattening at random (XP-10)."""
    values = heat(loaded, window, target, token)
    deletion, random = deleted(loaded, window, target, values)
    label = loaded.bundle.labels[target]
    saliency = Saliency(lead, label, number * STEP_S, BIN / RATE, tuple(float(v) for v in values))
    return saliency, SelfCheck(deletion, random, None, bool(deletion > random + 0.01))


def deleted(loaded: Loaded, window: Samples, target: int, values: NDArray[np.float64]) -> tuple[float, float]:
    """How much the class's probability falls when a fifth of the window is made flat: the weightiest, and at random (mean of 5).

    Beats stay where they were found: one beat less would be another rhythm, wherever it was.
    """
    count = max(1, round(COVERED * len(values)))
    generator = np.random.default_rng(SEED)
    gone = [np.zeros(0, np.int64), np.argsort(-values)[:count]]
    gone += [generator.choice(len(values), count, replace=False) for _ in range(5)]
    beats = pulse(window)
    places = np.round(beats.at).astype(np.int64)[:, None] + np.arange(WINDOW)
    changed, pulses = [], []
    for bins in gone:
        keep = np.ones(REACH + len(window) + WINDOW, np.float32)
        for k in bins:
            keep[REACH + k * BIN : REACH + (k + 1) * BIN] = 0
        changed.append(window * keep[REACH : REACH + len(window)])
        pulses.append(replace(beats, shapes=beats.shapes * keep[places][:, None]) if len(places) else beats)
    p = _answers(loaded, changed, pulses)[:, target]
    return float(p[0] - p[1]), float(p[0] - p[2:].mean())
