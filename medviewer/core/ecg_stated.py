"""What a person states about a record whose file cannot tell: sampling rate, unit, names of the leads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from medviewer.core.ecg import ASSUMED_STEPS, EcgRecord, Signal, SignalSource

SETTLED = (
    *("ecg-rate-assumed", "ecg-rate-implausible", "ecg-gain-missing", "ecg-leads-assumed"),
    "ecg-amplitude-implausible",
)
"""Warnings that a statement answers."""


@dataclass(frozen=True, slots=True)
class Stated:
    """`mv_per_unit` millivolts of one number in the file, None where it stays uncalibrated."""

    rate_hz: float
    mv_per_unit: float | None
    names: tuple[str, ...]


class _Scaled:
    def __init__(self, source: SignalSource, factors: Sequence[float]) -> None:
        self._source, self._factors = source, tuple(factors)

    def read(self, lead: int, start: int, stop: int) -> Signal:
        return self._source.read(lead, start, stop) * self._factors[lead]


def restated(record: EcgRecord, stated: Stated) -> EcgRecord:
    """The record as stated: other times, other millivolts, other names; the samples stay. ValueError for names that are not as
    many as the leads or not unique, or a rate that is none."""
    names = stated.names
    if len(names) != len(record.leads) or len(set(names)) != len(names) or not all(names):
        raise ValueError("names")
    if not 0 < stated.rate_hz < 1e6 or (stated.mv_per_unit is not None and not stated.mv_per_unit > 0):
        raise ValueError("numbers")
    factors = [
        1.0 if stated.mv_per_unit is None else stated.mv_per_unit * (ASSUMED_STEPS if lead.unit == "" else 1.0)
        for lead in record.leads
    ]
    leads = tuple(
        replace(
            lead,
            name=name,
            rate_hz=stated.rate_hz,
            unit="mV" if stated.mv_per_unit is not None else "",
            resolution=lead.resolution * factor,
        )
        for lead, name, factor in zip(record.leads, names, factors, strict=True)
    )
    kept = tuple(w for w in record.warnings if w.code not in SETTLED)
    return replace(record, leads=leads, source=_Scaled(record.source, factors), warnings=kept)
