"""Beats of a record by the network of `beats.py`: R peaks, AAMI classes, rate and variability from them.

Two passes: what the first one takes for no beat is left out, then every interval and reference shape is made anew. Last, beats of
like shape vote (`beats_vote.py`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import BeatClass, Beats, EcgRecord, Measurement, Vote
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Finding, Interval, Provenance, Score
from medviewer.core.heart_rate import intervals, variability
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg import beats_why
from medviewer.inference.ecg.beats import LABELS, QRS, SHAPE, TIMING, described, slowed
from medviewer.inference.ecg.beats import Sequence as BeatSequence
from medviewer.inference.ecg.beats_vote import likes, voted
from medviewer.inference.ecg.qrs import detect
from medviewer.inference.reading import SEED, Reading, Report, Request

STRETCH, MARGIN = 128, 24
"""Beats that the network reads in one go, and how many at either end are there for the others' sake."""
BATCH = 8
PREFERRED = ("MLII", "II", "V5", "I", "V4", "V6", "V2", "V1", "V3")
"""V5 beside II: I looks from the same plane, and with it blocked beats are told as V more often (card)."""
NONE, PACED = LABELS.index("none"), LABELS.index("paced")
CLASSES: tuple[BeatClass, ...] = ("N", "S", "V", "F", "Q")
"""What is answered; "Q" also for a paced beat and for one whose class is not sure."""
PACED_LEAST = 3
"""So many paced beats make the record one with a pacemaker."""
MANY = 0.3
ALIKE, AKIN, COMPARED = 0.5, 0.75, 400
"""Beats of a heart resemble one another: the middle correlation with the usual beat is above 0.8 in ECGs, 0.27–0.41 in noise.
Where two kinds alternate there is no usual beat, but each has its likes: of correlations with other beats the middle 80th
percentile is above 0.79 in 99 of 100 normal strips of CinC 2017, below 0.8 in half of those called too noisy. At most so many
beats are compared."""
STEPS, LOOKING = 100, 30
"""Of the progress that is told, and how many of them it takes to find the candidates."""
MEASURED = ("heart rate", "mean NN", "SDNN", "RMSSD", "pNN50")
LOOKED_S, APART = 60.0, 0.2
"""Stretches in which two leads are counted against each other, and the share by which they may differ (EC-02)."""
_NOBODY = Provenance("", "", "", "", "", "", "", "", SEED, "")


def ranked_leads(record: EcgRecord) -> Sequence[int]:
    """Leads of the highest rate, the usual ones first."""
    same = [k for k, lead in enumerate(record.leads) if lead.rate_hz == record.rate_hz and lead.unit in ("mV", "")]
    order = {name: n for n, name in enumerate(PREFERRED)}
    return sorted(same, key=lambda k: (order.get(record.leads[k].name, len(order)), k))


def numbers(loaded: Loaded, signals: list[NDArray[np.float64]], rate: float) -> NDArray[np.float64]:
    """Probabilities [candidates of the second pass, classes]."""
    return judged(loaded, signals, rate, CancelToken(), lambda done, total: None)[1]


def read(loaded: Loaded, request: Request, traces: dict[int, NDArray[np.float64]], token: CancelToken, report: Report) -> Reading:
    """Raises `ecg-without-beats` where no beat is found."""
    record = request.item
    assert isinstance(record, EcgRecord)
    rate = record.rate_hz
    readout = loaded.bundle.document["readout"]
    found, logits = opinions(loaded, list(traces.values()), rate, token, report)
    shares = decided(found, logits, readout)
    beats, rows = answered(found, shares, float(readout["unsure"]))
    if not beats.sample:
        raise MedviewerError("ecg-without-beats", record.path)
    if likeness(found, rows) < ALIKE and kinship(found, rows) < AKIN:
        raise MedviewerError("not-an-ecg", record.path, reason="noise")
    counts = {c: beats.symbol.count(c) for c in CLASSES}
    scores = tuple(Score(c, *(3 * (n / len(beats.symbol),))) for c, n in counts.items())
    findings = tuple(
        _finding(score, beats, record, loaded, rate) for score in scores if score.label in "SVF" and score.probability
    )
    paced = int((shares[rows].argmax(1) == PACED).sum())
    why, vote = None, None
    if request.explain:
        lead = record.leads[next(iter(traces))].name
        k = beats_why.asked(request.explain, beats)
        why = beats_why.explained(loaded, found, shares, int(rows[k]), (beats.symbol[k], lead, rate), token)
        vote = whose_word(found, logits, int(rows[k]), beats.symbol[k], readout)
    return Reading(
        scores=scores,
        findings=findings,
        cautions=(*_cautions(counts, paced), *_two_rates(record, traces)),
        beats=beats,
        measurements=rates(beats, record),
        method=beats_why.METHOD if why else "",
        saliency=why[0] if why else None,
        self_check=why[1] if why else None,
        vote=vote,
    )


def likeness(found: BeatSequence, rows: NDArray[np.int64]) -> float:
    """The middle likeness of the beats to the usual QRS, of the lead where it is higher."""
    places = [TIMING + 1 + k * SHAPE for k in range(2)]
    return float(np.abs(np.median(found.features[rows][:, places], axis=0)).max())


def kinship(found: BeatSequence, rows: NDArray[np.int64]) -> float:
    """The middle, over beats, of the 80th percentile of a QRS's correlations with the others, of the lead where it is higher."""
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), COMPARED)).astype(np.int64)]
    best = 0.0
    for k in range(2) if len(some) > 1 else ():
        shapes = found.windows[some, k, QRS].astype(np.float64)
        shapes -= shapes.mean(1, keepdims=True)
        sizes = np.linalg.norm(shapes, axis=1)
        alike = (shapes @ shapes.T) / np.maximum(sizes[:, None] * sizes, 1e-9)
        others = alike[~np.eye(len(some), dtype=bool)].reshape(len(some), -1)
        best = max(best, float(np.median(np.quantile(others, 0.8, axis=1))))
    return best


def _finding(score: Score, beats: Beats, record: EcgRecord, loaded: Loaded, rate: float) -> Finding:
    """All beats of one class, placed at the first."""
    first = beats.sample[beats.symbol.index(score.label)]
    place = Interval.of_beat(first, rate)
    name = f"{record.item}/{loaded.bundle.id}/{score.label}"
    facts = {"count": beats.symbol.count(score.label)}
    return Finding(name, record.item, "ecg", score.label, score, place, _NOBODY, facts=facts)


def _cautions(counts: dict[BeatClass, int], paced: int) -> tuple[Notice, ...]:
    """A pacemaker (EC-11), and so many ectopic beats that what is usual is in doubt (EC-10)."""
    notices = []
    total = sum(counts.values())
    if paced >= PACED_LEAST:
        notices.append(Notice("paced-beats", facts={"count": paced, "total": total}))
    if counts["S"] + counts["V"] > MANY * total:
        notices.append(Notice("many-ectopic-beats", facts={"share": round(100 * (counts["S"] + counts["V"]) / total)}))
    return tuple(notices)


def _two_rates(record: EcgRecord, traces: dict[int, NDArray[np.float64]]) -> tuple[Notice, ...]:
    """A caution where two leads alone give rates more than `APART` from each other, at the start, in the middle or at the end."""
    if len(traces) < 2:
        return ()
    (a, first), (b, second) = list(traces.items())[:2]
    rate, size = record.rate_hz, int(LOOKED_S * record.rate_hz)
    length = min(len(first), len(second))
    for start in sorted({0, max(0, (length - size) // 2), max(0, length - size)}):
        part = slice(start, min(length, start + size))
        counts = [len(detect([lead[part]], rate)) for lead in (first, second)]
        if max(counts) >= 5 and max(counts) - min(counts) > APART * max(counts):
            minutes = (part.stop - part.start) / rate / 60
            said = {record.leads[k].name: round(n / minutes) for k, n in zip((a, b), counts, strict=True)}
            one, two = said.items()
            return (
                Notice("leads-count-otherwise", facts={"lead": one[0], "rate": one[1], "other": two[0], "other_rate": two[1]}),
            )
    return ()


def judged(
    loaded: Loaded, signals: list[NDArray[np.float64]], rate: float, token: CancelToken, report: Report
) -> tuple[BeatSequence, NDArray[np.float64]]:
    """Candidates of the second pass and their calibrated probabilities, after the vote of beats of like shape."""
    found, logits = opinions(loaded, signals, rate, token, report)
    return found, decided(found, logits, loaded.bundle.document["readout"])


def decided(found: BeatSequence, logits: NDArray[np.float64], readout: Any) -> NDArray[np.float64]:
    """Probabilities [candidates, classes] after the vote of beats of like shape, where the bundle has one."""
    if vote := readout.get("vote"):
        logits = voted(found.windows, logits, vote)
    return calibrated(logits, readout)


def whose_word(found: BeatSequence, logits: NDArray[np.float64], row: int, symbol: BeatClass, readout: Any) -> Vote | None:
    """What the network alone says of candidate `row`, that is called `symbol` now; None where the bundle has no vote."""
    vote = readout.get("vote")
    if not vote:
        return None
    among = calibrated(logits[row : row + 1], readout)[0, :NONE]
    best, share = int(among.argmax()), float(among.max() / max(among.sum(), 1e-9))
    alone: BeatClass = CLASSES[best] if share >= float(readout["unsure"]) else "Q"
    return Vote(int(found.at[row]), symbol, alone, share, likes(found.windows, row, vote))


def opinions(
    loaded: Loaded, signals: list[NDArray[np.float64]], rate: float, token: CancelToken, report: Report
) -> tuple[BeatSequence, NDArray[np.float64]]:
    """Candidates of the second pass and what the network says of each: logits [candidates, classes]."""
    readout = loaded.bundle.document["readout"]
    at = detect(signals, rate, lambda share: report(round(LOOKING * share), STEPS), token)
    slow = slowed(signals, rate)
    found, logits = described(slow, at, rate), np.zeros((0, len(LABELS)))
    for turn in range(2):
        token.check()
        done, each = LOOKING + turn * (STEPS - LOOKING) // 2, (STEPS - LOOKING) // 2

        def tell(share: float, done: int = done, each: int = each) -> None:
            report(round(done + each * share), STEPS)

        tell(0.0)
        if len(found.at):
            logits = in_stretches(loaded.module, found.windows, found.features, loaded.device, token, tell)
        kept = kept_beats(logits, float(readout.get("doubt", 0)))
        if turn == 0 and not kept.all():
            found, logits = described(slow, found.at[kept], rate), logits[kept]
        elif turn == 0:
            break
    report(STEPS, STEPS)
    return found, logits


def calibrated(logits: NDArray[np.float64], readout: Any) -> NDArray[np.float64]:
    """Probabilities from logits: the bundle's offsets of the classes, its temperature."""
    logits = (logits + np.array(readout["offsets"])) * float(readout["temperature"])
    shares: NDArray[np.float64] = np.exp(logits - logits.max(1, keepdims=True, initial=-np.inf))
    shares /= shares.sum(1, keepdims=True)
    return shares


def in_stretches(
    module: Any,
    windows: NDArray[np.float32],
    features: NDArray[np.float32],
    device: str,
    token: CancelToken | None = None,
    tell: Callable[[float], None] | None = None,
) -> NDArray[np.float64]:
    """Logits [beats, classes]: the sequence in overlapping stretches, several at once; `tell` hears the share that is done."""
    import torch

    count = len(features)
    step = STRETCH - 2 * MARGIN
    starts = [0] if count <= STRETCH else [*range(0, count - STRETCH, step), count - STRETCH]
    size = min(count, STRETCH)
    logits = np.zeros((count, len(LABELS)))
    for first in range(0, len(starts), BATCH):
        if token is not None:
            token.check()
        some = starts[first : first + BATCH]
        with torch.inference_mode():
            w = torch.from_numpy(np.stack([windows[s : s + size] for s in some])).to(device)
            f = torch.from_numpy(np.stack([features[s : s + size] for s in some])).to(device)
            answers = module(w, f).double().cpu().numpy()
        for start, answer in zip(some, answers, strict=True):
            skip = MARGIN if start else 0
            logits[start + skip : start + size] = answer[skip:]
        if tell is not None:
            tell((first + len(some)) / len(starts))
    return logits


def kept_beats(logits: NDArray[np.float64], doubt: float = 0.0) -> NDArray[np.bool_]:
    """Candidates that the network takes for beats: "none" is not ahead of every class by more than `doubt`."""
    kept: NDArray[np.bool_] = logits[:, NONE] - logits[:, :NONE].max(1, initial=-np.inf) <= doubt
    return kept


def answered(found: BeatSequence, shares: NDArray[np.float64], unsure: float) -> tuple[Beats, NDArray[np.int64]]:
    """The beats and their rows among the candidates. Q where the beat is paced or no class of beats reaches `unsure`."""
    rows = np.flatnonzero(kept_beats(shares))
    among = shares[rows][:, :NONE] / np.maximum(1 - shares[rows][:, NONE:], 1e-9)
    best = among.argmax(1) if len(rows) else np.zeros(0, int)
    sure = among.max(1, initial=0.0)
    symbols: tuple[BeatClass, ...] = tuple(CLASSES[b] if p >= unsure else "Q" for b, p in zip(best, sure, strict=True))
    return Beats(tuple(int(s) for s in found.at[rows]), symbols, tuple(float(p) for p in sure)), rows


def rates(beats: Beats, record: EcgRecord) -> dict[str, Measurement]:
    """Heart rate and variability of intervals between two normal beats that no gap parts (EC-08): the same function that the
    window's panel uses, so that nobody gets two answers (EC-07)."""
    times = np.array(beats.sample) / record.rate_hz
    found = variability(intervals(times, np.array(beats.symbol, "<U1"), record.gaps))
    return {name: found[name] for name in MEASURED if name in found}
