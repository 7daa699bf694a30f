"""What a person states about a record whose file cannot tell: sampling rate, unit, names of the leads."""

from dataclasses import dataclass, replace

from medviewer.core.ecg import EcgRecord, Signal, SignalSource

SETTLED = ("ecg-rate-assumed", "ecg-rate-implausible", "ecg-gain-missing", "ecg-leads-assumed")
"""Warnings that a statement answers."""


@dataclass(frozen=True, slots=True)
class Stated:
    """`mv_per_unit` millivolts of one number in the file, None where it stays uncalibrated."""

    rate_hz: float
    mv_per_unit: float | None
    names: tuple[str, ...]


class _Scaled:
    def __init__(self, source: SignalSource, factor: float) -> None:
        self._source, self._factor = source, factor

    def read(self, lead: int, start: int, stop: int) -> Signal:
        return self._source.read(lead, start, stop) * self._factor


def restated(record: EcgRecord, stated: Stated) -> EcgRecord:
    """The record as stated: other times, other millivolts, other names; the samples stay. ValueError for names that are not as
    many as the leads or not unique, or a rate that is none."""
    names = stated.names
    if len(names) != len(record.leads) or len(set(names)) != len(names) or not all(names):
        raise ValueError("names")
    if not 0 < stated.rate_hz < 1e6 or (stated.mv_per_unit is not None and not stated.mv_per_unit > 0):
        raise ValueError("numbers")
    factor = stated.mv_per_unit if stated.mv_per_unit is not None else 1.0
    leads = tuple(
        replace(
            lead,
            name=name,
            rate_hz=stated.rate_hz,
            unit="mV" if stated.mv_per_unit is not None else "",
            resolution=lead.resolution * factor,
        )
        for lead, name in zip(record.leads, names, strict=True)
    )
    kept = tuple(w for w in record.warnings if w.code not in SETTLED)
    return replace(record, leads=leads, source=_Scaled(record.source, factor), warnings=kept)
