"""What a network or a person says about an item, the same for pixels, traces and words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import Beats, Episode, Measurement, Saliency, Vote, Wave
from medviewer.core.errors import Fact, Notice
from medviewer.core.note import Mention
from medviewer.core.units import CharOffset, Millimetres, SampleIndex


@dataclass(frozen=True, slots=True)
class Region:
    """A place on an image: displayed frame, box in index coordinates (row0, column0, row1, column1), LPS mm if known."""

    frame: int
    box: tuple[float, float, float, float] | None = None
    position: tuple[Millimetres, Millimetres, Millimetres] | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """Samples `start` ≤ s < `end` of one lead ("" = all leads) at the record's own rate."""

    start: SampleIndex
    end: SampleIndex
    lead: str = ""

    @classmethod
    def of_beat(cls, sample: int, rate_hz: float) -> "Interval":
        """Around one beat: 0.3 s before it to 0.5 s after it."""
        return cls(SampleIndex(max(0, sample - int(0.3 * rate_hz))), SampleIndex(sample + int(0.5 * rate_hz)))


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open character offsets into a note's text, with the weight of the words for the score."""

    start: CharOffset
    end: CharOffset
    weight: float = 0.0


Evidence = Region | Interval | Span


@dataclass(frozen=True, slots=True)
class Score:
    """One class of a network: calibrated probability with its band, threshold None for classes never called positive."""

    label: str
    probability: float
    low: float
    high: float
    threshold: float | None = None

    @property
    def words(self) -> str:
        """ "0.71 (0.52–0.84)"; three digits at the ends, where two would claim certainty, and never 0 or 1 themselves."""
        likely, low, high = (probability_words(value, self.probability) for value in (self.probability, self.low, self.high))
        return f"{likely} ({low}–{high})"

    @property
    def limit(self) -> str:
        """The threshold in words, "" without."""
        return probability_words(self.threshold) if self.threshold is not None else ""

    @property
    def positive(self) -> bool:
        """At or over the threshold; a class without one never is."""
        return self.threshold is not None and self.probability >= self.threshold


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a result (MW-14): hashes of input and weights, versions, device, seed, time (ISO 8601, UTC).

    `engine` made the scores: "torch", or "onnxruntime" with its version.
    """

    model: str
    model_version: str
    model_sha256: str
    input_sha256: str
    preprocessing: str
    program: str
    torch: str
    device: str
    seed: int
    time: str
    engine: str = "torch"


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """Did covering the marked area change the score more than covering random areas of the same size? (XP-10)

    `deletion` and `random` are drops of the target's probability; `agreement` is the rank correlation with a second method.
    """

    deletion: float
    random: float
    agreement: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where a network looked, bound to one frame of one image.

    `heat` is float32 [h, w], 0…1; `to_image` the 2×3 affine from (heat row, heat column, 1) to (row, column) in index
    coordinates of the frame. `cell` is the size of one heat cell in image pixels (rows, columns) before interpolation (XP-09).
    `empty` is True where nothing supports the score: a sentence is shown then, no colour (XP-01). `probability` is that of
    `target` (XP-08).
    """

    item: str
    frame: int
    model: str
    target: str
    method: str
    heat: NDArray[np.float32]
    to_image: NDArray[np.float64]
    cell: tuple[float, float]
    self_check: SelfCheck | None
    empty: bool = False
    probability: float | None = None


def probability_words(value: float, beside: float | None = None) -> str:
    """ "0.71"; three digits where it, or the one it stands `beside`, is near an end: two would claim certainty. Never 0 or 1."""
    likely = value if beside is None else beside
    if 0.01 <= likely <= 0.99:
        return f"{value:.2f}"
    return f"{value:.3f}" if 0.0005 <= value < 0.9995 else "<0.001" if value < 0.5 else ">0.999"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person made of a finding: who and when (ISO 8601). `label` is what it is called instead, "" as the network said."""

    state: Literal["proposed", "accepted", "rejected"] = "proposed"
    who: str = ""
    when: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the findings list, proposed by a network until a person decides. `id` is stable: item, model, label, place."""

    id: str
    item: str
    kind: Literal["image", "ecg", "note"]
    label: str
    score: Score
    evidence: Evidence | None
    provenance: Provenance
    cautions: tuple[Notice, ...] = ()
    decision: Decision = Decision()
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def called(self) -> str:
        """The label that counts: the person's, else the network's."""
        return self.decision.label or self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a network says of one item; what does not belong to its kind stays empty.

    Beats, episodes, waves by lead and measurements by name belong to ECGs, weighted spans and mentions to notes.
    `method` and `self_check` tell how the answer was explained and whether that passed its check, for all kinds; `vote` whose
    word the class of the explained beat is.
    """

    cautions: tuple[Notice, ...] = ()
    scores: tuple[Score, ...] = ()
    findings: tuple[Finding, ...] = ()
    attribution: Attribution | None = None
    beats: Beats | None = None
    episodes: tuple[Episode, ...] = ()
    waves: Mapping[str, tuple[Wave, ...]] = field(default_factory=dict)
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    mentions: tuple[Mention, ...] = ()
    method: str = ""
    self_check: SelfCheck | None = None
    saliency: Saliency | None = None
    vote: Vote | None = None


@dataclass(frozen=True, slots=True)
class Result(Answer):
    """The answer of one network to one item, signed; or the reason why there is none.

    `refused`: the input contract or the gate said no (a normal answer); `failed`: something broke. `reason` is set for both.
    """

    item: str
    frame: int | None
    model: str
    status: Literal["ok", "refused", "failed"]
    seconds: float = 0.0
    reason: Notice | None = None
    provenance: Provenance | None = None
