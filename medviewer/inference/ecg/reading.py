"""ECGs: the network that a bundle names reads a record's unfiltered millivolts; what holds no heart beat is refused."""

import hashlib
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg import beats_reading, rhythm, twelve, waves_reading
from medviewer.inference.ecg.prepare import why_no_ecg
from medviewer.inference.reading import Reading, Report, Request, one_by_one

Traces = dict[int, NDArray[np.float64]]
"""Lead number → its samples."""
REFUSALS = ("not-an-ecg", "ecg-without-beats", "ecg-leads-missing")
SEEN_S = 60.0
"""Seconds at the start, the middle and the end that are looked at before a lead is read."""

_READERS: dict[str, Callable[[Loaded, Request, Traces, CancelToken, Report], Reading]] = {
    "rhythm-cnn-lstm": rhythm.read,
    "beats-cnn-lstm": beats_reading.read,
    "waves-unet-lstm": waves_reading.read,
    "twelve-cnn-lstm": twelve.read,
}
_LEADS: dict[str, Callable[[EcgRecord], Sequence[int]]] = {
    "rhythm-cnn-lstm": rhythm.ranked_leads,
    "beats-cnn-lstm": beats_reading.ranked_leads,
    "waves-unet-lstm": waves_reading.ranked_leads,
    "twelve-cnn-lstm": twelve.ranked_leads,
}
_COUNT: dict[str, Callable[[EcgRecord], int]] = {
    "rhythm-cnn-lstm": lambda record: 1,
    "beats-cnn-lstm": lambda record: 2,
    "waves-unet-lstm": waves_reading.lead_count,
    "twelve-cnn-lstm": lambda record: len(twelve.ranked_leads(record)),
}
_NUMBERS: dict[str, Callable[[Loaded, list[NDArray[np.float64]], float], NDArray[np.float64]]] = {
    "rhythm-cnn-lstm": rhythm.numbers,
    "beats-cnn-lstm": beats_reading.numbers,
    "waves-unet-lstm": waves_reading.numbers,
    "twelve-cnn-lstm": twelve.numbers,
}


def read(loaded: Loaded, request: Request, token: CancelToken, report: Report) -> Reading:
    """Choose the leads, refuse what is no ECG (`not-an-ecg`), let the network read."""
    record = request.item
    assert isinstance(record, EcgRecord)
    name = loaded.bundle.document["architecture"]["name"]
    traces: Traces = {}
    reason = "empty"
    digest = hashlib.sha256()
    for k in _LEADS[name](record):
        token.check()
        problem = _problem(record, k)
        if problem is not None:
            reason = problem
            continue
        traces[k] = record.source.read(k, 0, record.leads[k].samples)
        digest.update(np.ascontiguousarray(traces[k]).data)  # not a copy: a lead of a day has 345 MB
        if len(traces) == _COUNT[name](record):
            break
    if not traces:
        raise MedviewerError("not-an-ecg", record.path, reason=reason)
    found = _READERS[name](loaded, request, traces, token, report)
    from dataclasses import replace

    return replace(found, input_sha256=digest.hexdigest())


OTHER = re.compile(r"(?i)(EEG|EOG|EMG|RESP|PLETH|ABP|ART|CVP|PAP|SpO2|Status)\b.*|Fp\d|[FCPO]z|O[12]")
"""Names of channels that are something else by their own word: EEG (C3 may be a chest lead), pressures, breath."""


def _problem(record: EcgRecord, k: int) -> str | None:
    """Why a lead holds no heart beats, by its name or judged at three places; None where one of them is good."""
    lead = record.leads[k]
    if OTHER.fullmatch(lead.name):
        return "another kind of signal"
    size = int(SEEN_S * lead.rate_hz)
    places = {0, max(0, (lead.samples - size) // 2), max(0, lead.samples - size)}
    reason: str | None = "empty"
    for start in sorted(places):
        reason = why_no_ecg(record.source.read(k, start, min(lead.samples, start + size)), lead.rate_hz, lead.unit == "mV")
        if reason is None:
            return None
    return reason


run = one_by_one(read, REFUSALS)


def probe(loaded: Loaded) -> tuple[float, float]:
    """As `inference.reading.Room` says: the stored signal must give the stored numbers."""
    with np.load(loaded.bundle.folder / "probe.npz", allow_pickle=False) as stored:
        signals, rate = stored["signals"], float(stored["rate"])
        expected, tolerance = stored["expected"], float(stored["tolerance"])
    name = loaded.bundle.document["architecture"]["name"]
    found = _NUMBERS[name](loaded, list(signals), rate)
    if found.shape != expected.shape:
        return float("inf"), tolerance
    return float(np.abs(found - expected).max()), tolerance
