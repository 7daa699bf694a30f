"""What the user wishes to see of an ECG. `ecg_layout.resolve` joins the facts to the wish, `ecg_moves` takes it elsewhere."""

from dataclasses import dataclass, replace
from typing import Literal

from medviewer.core.ecg import EcgRecord
from medviewer.core.signal import UNFILTERED, Filters
from medviewer.core.view import TextLevel

STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
SPEEDS = (12.5, 25.0, 50.0, 100.0)
GAINS = (2.5, 5.0, 10.0, 20.0)
LAYOUTS = ("3x4+1", "3x4", "6x2", "12x1", "cabrera", "stacked", "holter")
SHORTEST_S = 0.01
"""The least that is shown of a record."""
PAGE_S = 10.0
"""What a page of paper shows at 25 mm/s, and what is fitted into a pane whose screen is not calibrated."""
LONG_S = 300.0
"""A record longer than this opens in the Holter layout."""
LINE_S = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds that one line of full disclosure may hold."""
Theme = Literal["dark", "paper"]


@dataclass(frozen=True, slots=True)
class EcgView:
    """The wish. `layout` one of LAYOUTS; `speed` mm/s and `gain` mm/mV, also between the usual steps while zooming; `start_s`
    the left edge; `fit` makes the millimetre as large as the pane allows (never "to scale"); `simultaneous` columns all begin at
    `start_s` instead of following each other; `overlay` the network whose answer is marked (None = no marks); `waves` its P, QRS
    and T bounds too; `line_s` seconds of a line of full disclosure; `chosen_s` the moment that is pointed at."""

    layout: str = "stacked"
    speed: float = 25.0
    gain: float = 10.0
    start_s: float = 0.0
    fit: bool = True
    simultaneous: bool = False
    filters: Filters = UNFILTERED
    theme: Theme = "dark"
    text: TextLevel = "all"
    marks: bool = True
    waves: bool = False
    overlay: str | None = None
    line_s: float = 60.0
    lead: str = ""
    chosen_s: float | None = None
    lead_gains: tuple[tuple[str, float], ...] = ()
    """Leads that a person gave another gain, and how many times the usual it is (ED-03)."""

    def times(self, lead: str) -> float:
        """How many times the usual gain a lead has."""
        return dict(self.lead_gains).get(lead, 1.0)

    def with_lead_gain(self, lead: str, times: float) -> "EcgView":
        """One lead drawn `times` the usual gain; 1 takes it back."""
        kept = tuple(one for one in self.lead_gains if one[0] != lead)
        return replace(self, lead_gains=kept if times == 1.0 else (*kept, (lead, times)))

    @classmethod
    def start(cls, record: EcgRecord) -> "EcgView":
        """How a record opens: 3×4 with a rhythm strip for a short 12-lead, the Holter layout for a long one, else stacked."""
        if record.seconds > LONG_S:
            return cls(layout="holter", fit=False, line_s=_line_of(record))
        twelve = all(record.lead(name) is not None for name in STANDARD)
        return cls(layout="3x4+1" if twelve else "stacked", fit=record.seconds <= 1.3 * PAGE_S)

    def opening(self, record: EcgRecord) -> "EcgView":
        """How another record opens in this place: theme, words, filters, speed and gain stay as they are."""
        start = EcgView.start(record)
        return replace(
            start,
            theme=self.theme,
            text=self.text,
            filters=self.filters,
            gain=self.gain,
            speed=_usual(self.speed),
            marks=self.marks,
        )


def _usual(speed: float) -> float:
    return speed if speed in SPEEDS else 25.0


def _line_of(record: EcgRecord) -> float:
    """Seconds of a line so that an hour fills a page; shorter for shorter records."""
    return next((s for s in LINE_S if record.seconds / s <= 60), LINE_S[-1]) if record.seconds < 3600 else 60.0
