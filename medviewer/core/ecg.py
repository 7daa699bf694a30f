"""One ECG record: leads of any rate in mV, gaps, what the file says about it, and what networks mark on it.

Times are seconds from the first sample; sample indices count at the rate of the lead they belong to and never mix with seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import Notice
from medviewer.core.identity import Patient, Study

ASSUMED_STEPS = 200.0
"""Steps of an ADC that are taken for a millivolt where the file has no gain (EF-01)."""
Signal = NDArray[np.float64]
"""Samples in the lead's unit, NaN where nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Lead:
    """One channel. `name` is normalised (I, aVR, V1, MLII …); `unit` is "mV" where the file's own gain gives millivolts,
    else the file's unit, "" where it is uncalibrated (200 steps a mV are assumed then). `resolution` is one ADC step in `unit`.
    """

    name: str
    unit: str
    rate_hz: float
    samples: int
    resolution: float = 1.0

    @property
    def seconds(self) -> float:
        """Length; 0 without a rate."""
        return self.samples / self.rate_hz if self.rate_hz > 0 else 0.0


class SignalSource(Protocol):
    """Reads samples on demand; may be called from any thread; opening a record reads no samples."""

    def read(self, lead: int, start: int, stop: int) -> Signal:
        """Samples `start` ≤ s < `stop` of lead number `lead`, unfiltered, in its unit, NaN in gaps.

        Raises MedviewerError where they cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was recorded from `start_s` to `end_s`."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Annotation:
    """What the file itself marks: time, WFDB symbol ("" for free text), text (rhythm notes such as "(AFIB")."""

    time_s: float
    symbol: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number with its unit. `source`: "automatic" (ours), "device" (the file's own), "manual" (set by hand)."""

    value: float
    unit: str
    source: Literal["automatic", "device", "manual"] = "automatic"


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What the recording device said: statements in its words, measurements by name, median beats [samples] by lead."""

    statements: tuple[str, ...] = ()
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    medians: Mapping[str, Signal] = field(default_factory=dict)
    median_rate_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class EcgRecord:
    """One recording, one item of the browser.

    `item` is the stable id (record or file name). `path` is the file that was named or its header, `format` a short word
    (wfdb, edf, bdf, dicom, scp, aecg, muse, philips, ishne, schiller, csv). `start` is ISO 8601, "" if unknown.
    """

    item: str
    patient: Patient
    study: Study
    path: str
    format: str
    start: str
    leads: tuple[Lead, ...]
    source: SignalSource
    gaps: tuple[Gap, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    device: DeviceReport | None = None
    warnings: tuple[Notice, ...] = ()
    age_years: float | None = None
    has_identity: bool = False
    kind: Literal["ecg"] = "ecg"

    @property
    def seconds(self) -> float:
        """Length of the longest lead."""
        return max((lead.seconds for lead in self.leads), default=0.0)

    @property
    def rate_hz(self) -> float:
        """The highest rate of the leads."""
        return max((lead.rate_hz for lead in self.leads), default=0.0)

    def lead(self, name: str) -> int | None:
        """Number of the lead of this name."""
        return next((i for i, lead in enumerate(self.leads) if lead.name == name), None)


def extremes(record: EcgRecord, lead: int, block: int = 1 << 20) -> tuple[float | None, float | None]:
    """Smallest and largest value of a lead, read in blocks; None where it holds no sample."""
    low, high = np.inf, -np.inf
    samples = record.leads[lead].samples
    for start in range(0, samples, block):
        part = record.source.read(lead, start, min(samples, start + block))
        part = part[np.isfinite(part)]
        if part.size:
            low, high = min(low, float(part.min())), max(high, float(part.max()))
    return (low, high) if low <= high else (None, None)


BeatClass = Literal["N", "S", "V", "F", "Q"]
"""AAMI EC57: normal and bundle branch block, supraventricular ectopic, ventricular ectopic, fusion, not classified."""


@dataclass(frozen=True, slots=True)
class Beats:
    """Every beat of a record: R peaks as samples at the record's own rate (`EcgRecord.rate_hz`), AAMI class, probability."""

    sample: tuple[int, ...] = ()
    symbol: tuple[BeatClass, ...] = ()
    probability: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """Whose word the class of the beat at `sample` is: `alone` and `share` are what the network makes of this beat by itself,
    `symbol` what stands after `likes` beats of like QRS were heard."""

    sample: int
    symbol: BeatClass
    alone: BeatClass
    share: float
    likes: int

    @property
    def changed(self) -> bool:
        """Whether the vote made another class of the beat than the network alone."""
        return self.alone != self.symbol


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of one rhythm (`label` of the network)."""

    start_s: float
    end_s: float
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Saliency:
    """Where on one lead a network looked for `target`: `values` 0…1, one each `step_s` seconds from `start_s`."""

    lead: str
    target: str
    start_s: float
    step_s: float
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Wave:
    """Bounds of one wave of one lead, samples at that lead's rate."""

    kind: Literal["P", "QRS", "T"]
    onset: int
    peak: int
    offset: int


def moment(seconds: float) -> str:
    """A time of a record in words: 3.72 s, 12:03.7, 7:12:03.7."""
    if seconds < 60:
        return f"{seconds:.2f} s"
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    text = f"{minutes % 60:02d}:{rest / 10:04.1f}"
    return f"{minutes // 60}:{text}" if minutes >= 60 else text
