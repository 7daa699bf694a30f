"""Beats of a record by the network of `beats.py`: R peaks, AAMI classes, rate and variability from them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import BeatClass, Beats, EcgRecord, Measurement
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Finding, Interval, Provenance, Score
from medviewer.core.task import CancelToken
from medviewer.core.units import SampleIndex
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg.beats import LABELS, PREFERRED, sequence
from medviewer.inference.ecg.beats import Sequence as BeatSequence
from medviewer.inference.reading import SEED, Reading, Report, Request

CHUNK, OVERLAP = 1024, 64
"""Beats that the network reads in one go, and how many of them it shares with the next."""
_NOBODY = Provenance("", "", "", "", "", "", "", "", SEED, "")


def ranked_leads(record: EcgRecord) -> Sequence[int]:
    """Leads of the highest rate, the usual ones first."""
    same = [k for k, lead in enumerate(record.leads) if lead.rate_hz == record.rate_hz and lead.unit in ("mV", "")]
    order = {name: n for n, name in enumerate(PREFERRED)}
    return sorted(same, key=lambda k: (order.get(record.leads[k].name, len(order)), k))


def numbers(loaded: Loaded, signals: list[NDArray[np.float64]], rate: float) -> NDArray[np.float64]:
    """Probabilities [candidates, classes]."""
    return _shares(loaded, sequence(signals, rate), CancelToken(), lambda done, total: None)


def read(loaded: Loaded, request: Request, traces: dict[int, NDArray[np.float64]], token: CancelToken, report: Report) -> Reading:
    """Raises `ecg-without-beats` where no beat is found."""
    record = request.item
    assert isinstance(record, EcgRecord)
    rate = record.rate_hz
    found = sequence(list(traces.values()), rate)
    if len(found.at) == 0:
        raise MedviewerError("ecg-without-beats", record.path)
    shares = _shares(loaded, found, token, report)
    beats = _beats(found, shares, float(loaded.bundle.document["readout"]["unsure"]))
    if not beats.sample:
        raise MedviewerError("ecg-without-beats", record.path)
    share = {c: beats.symbol.count(c) / len(beats.symbol) for c in ("N", "S", "V", "F", "Q")}
    scores = tuple(Score(label, p, p, p) for label, p in share.items())
    findings = []
    for label, score in zip(share, scores, strict=True):
        if label in ("S", "V", "F") and score.probability > 0:
            first = beats.sample[beats.symbol.index(label)]
            place = Interval(SampleIndex(max(0, first - int(0.3 * rate))), SampleIndex(first + int(0.5 * rate)))
            count = beats.symbol.count(label)
            findings.append(
                Finding(
                    f"{record.item}/{loaded.bundle.id}/{label}",
                    record.item,
                    "ecg",
                    label,
                    score,
                    place,
                    _NOBODY,
                    facts={"count": count},
                )
            )
    return Reading(scores=scores, findings=tuple(findings), beats=beats, measurements=_rates(beats, record))


def _shares(loaded: Loaded, found: BeatSequence, token: CancelToken, report: Report) -> NDArray[np.float64]:
    """Calibrated probabilities of each candidate."""
    import torch

    temperature = float(loaded.bundle.document["readout"]["temperature"])
    count = len(found.at)
    logits = np.zeros((count, len(LABELS)))
    for first in range(0, max(1, count), CHUNK - OVERLAP):
        token.check()
        part = slice(first, min(count, first + CHUNK))
        with torch.inference_mode():
            windows = torch.from_numpy(found.windows[part])[None].to(loaded.device)
            features = torch.from_numpy(found.features[part])[None].to(loaded.device)
            answer = loaded.module(windows, features)[0].double().cpu().numpy()
        skip = OVERLAP // 2 if first else 0
        logits[first + skip : part.stop] = answer[skip:]
        report(part.stop, count)
        if part.stop >= count:
            break
    logits *= temperature
    shares: NDArray[np.float64] = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return shares


def _beats(found: BeatSequence, shares: NDArray[np.float64], unsure: float) -> Beats:
    """Candidates that are beats; Q where no class reaches `unsure` among the classes of beats."""
    none = LABELS.index("none")
    kept = shares[:, none] < 0.5
    among = shares[kept][:, :none] / np.maximum(1 - shares[kept][:, none : none + 1], 1e-9)
    best = among.argmax(1) if len(among) else np.zeros(0, int)
    sure = among.max(1, initial=0.0) if len(among) else np.zeros(0)
    symbols: list[BeatClass] = [LABELS[b] if p >= unsure else "Q" for b, p in zip(best, sure, strict=True)]  # type: ignore[misc]
    return Beats(tuple(int(s) for s in found.at[kept]), tuple(symbols), tuple(float(p) for p in sure))


def _rates(beats: Beats, record: EcgRecord) -> dict[str, Measurement]:
    """Heart rate and variability of intervals between two normal beats that no gap parts (EC-08)."""
    times = np.array(beats.sample) / record.rate_hz
    if len(times) < 2:
        return {}
    before = np.diff(times)
    normal = np.array([a == b == "N" for a, b in zip(beats.symbol[:-1], beats.symbol[1:], strict=True)])
    for gap in record.gaps:
        normal &= ~((times[:-1] <= gap.start_s) & (times[1:] >= gap.end_s))
    whole = before[before < 3]
    found = {"heart rate": Measurement(round(60 / float(np.median(whole)), 1), "/min")} if len(whole) else {}
    steady = before[normal] * 1000
    if len(steady) >= 20 and normal.mean() >= 0.8:
        follows = normal[:-1] & normal[1:]
        changes = np.diff(before)[follows] * 1000
        found["mean NN"] = Measurement(round(float(steady.mean()), 1), "ms")
        found["SDNN"] = Measurement(round(float(steady.std(ddof=1)), 1), "ms")
        if len(changes):
            found["RMSSD"] = Measurement(round(float(np.sqrt(np.mean(changes**2))), 1), "ms")
            found["pNN50"] = Measurement(round(100 * float(np.mean(np.abs(changes) > 50)), 1), "%")
    return found
