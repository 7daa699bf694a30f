"""WFDB records of several segments, each with a header of its own."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from medviewer.core.ecg import Gap, Lead, Signal
from medviewer.core.errors import Notice
from medviewer.io.ecg.wfdb_header import Header, parsed
from medviewer.io.ecg.wfdb_signals import MappedSignals

SEGMENTS_TOLD = 5


class SegmentedSignals:
    """SignalSource of a multi-segment record: each segment by its own header and gain (EF-06); absent ones are gaps."""

    def __init__(self, header: Header) -> None:
        folder = Path(header.path).parent
        self._parts: list[tuple[int, int, MappedSignals, list[int]]] = []
        segments: list[tuple[str, int, Header]] = []
        units: dict[str, Lead] = {}
        warnings: list[Notice] = []
        gaps: list[Gap] = []
        at = 0
        for name, length in header.segments:
            if name == "~":
                gaps.append(Gap(at / header.rate, (at + length) / header.rate))
            else:
                segment = parsed(str(folder / f"{name}.hea"))
                segments.append((name, length, segment))
                if length:
                    mapped = MappedSignals(segment)
                    told = {(one.code, one.facts.get("lead")) for one in warnings}
                    warnings += mapped.warnings
                    warnings += [one for one in segment.warnings if (one.code, one.facts.get("lead")) not in told]
                    self._parts.append((at, at + length, mapped, []))
                    units = {lead.name: lead for lead in mapped.leads} | units
            at += length
        names = _lead_names(segments)
        for _, _, part, order in self._parts:
            order += [next((i for i, lead in enumerate(part.leads) if lead.name == name), -1) for name in names]
        frames = {name: units[name].rate_hz / header.rate if name in units else 1 for name in names}
        self.leads = tuple(
            replace(units.get(name, Lead(name, "mV", header.rate, 0)), samples=int(at * frames[name])) for name in names
        )
        self.packed = any(part.packed for _, _, part, _ in self._parts)
        self._frame = [int(frames[name]) for name in names]
        self.gaps, self.warnings = tuple(gaps), (*warnings, *_differing(segments, header.path))

    def read(self, lead: int, start: int, stop: int) -> Signal:
        start, stop = max(0, start), min(self.leads[lead].samples, stop)
        signal = np.full(max(0, stop - start), np.nan)
        scale = self._frame[lead]
        for first, last, part, order in self._parts:
            a, b = max(start, first * scale), min(stop, last * scale)
            if a >= b or order[lead] < 0:
                continue
            got = part.read(order[lead], a - first * scale, b - first * scale)
            signal[a - start : a - start + len(got)] = got
        return signal


def _lead_names(segments: list[tuple[str, int, Header]]) -> list[str]:
    """Leads of the record: those of the layout (a segment of no length), else of all segments."""
    names: list[str] = []
    layout: Header | None = None
    for _, length, segment in segments:
        layout = layout if length else segment
        if layout is None or segment is layout:
            names += [lead.name for lead, _ in segment.signals if lead.name not in names]
    return names


def _differing(segments: list[tuple[str, int, Header]], path: str) -> tuple[Notice, ...]:
    """A warning that names the segments whose gain or baseline is another than at the lead's first."""
    scales: dict[str, tuple[float, int]] = {}
    other: list[str] = []
    for name, _, segment in segments:
        for lead, place in segment.signals:
            scale = (place.gain, place.baseline)
            if scales.setdefault(lead.name, scale) != scale and name not in other:
                other.append(name)
    if not other:
        return ()
    told = ", ".join(other[:SEGMENTS_TOLD]) + (" …" if len(other) > SEGMENTS_TOLD else "")
    return (Notice("ecg-segments-differ", path, {"count": len(other), "segments": told}),)
