"""What every ECG reader needs: lead names as the clinic writes them, units, signals held in memory, derived limb leads."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import DeviceReport, EcgRecord, Gap, Lead, Signal, SignalSource
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.ecg.checks import other_heart_rate

MV_PER_UNIT: Mapping[str, float] = {"mv": 1.0, "uv": 1e-3, "nv": 1e-6, "v": 1e3, "millivolt": 1.0, "microvolt": 1e-3, "volt": 1e3}
LARGEST_VALUES = 1 << 28
"""Samples of all leads above which a file that must be parsed whole is refused."""
MOST_LEADS = 512
EINTHOVEN_MV = 0.1

_LIMB = {
    "I": "I",
    "II": "II",
    "III": "III",
    "AVR": "aVR",
    "AVL": "aVL",
    "AVF": "aVF",
    "-AVR": "-aVR",
    "VR": "aVR",
    "VL": "aVL",
    "VF": "aVF",
}
_NAMED = re.compile(r"(?:MDC[_ ])?(?:ECG[_ ]?)?(?:LEAD|ELEC[_ ]?POTL)?[_ :.]*(.+)", re.IGNORECASE)


def lead_name(stated: str, taken: Sequence[str] = ()) -> str:
    """The lead's usual name: "Lead I (Einthoven)", "MDC_ECG_LEAD_AVR", "ECG II" → I, aVR, II; others as stated.

    Unique among `taken`.
    """
    name = stated.replace("\0", "").strip()
    found = _NAMED.fullmatch(re.sub(r"\s*\(.*\)$", "", name))
    bare = found.group(1).strip() if found else name
    upper = bare.upper()
    if upper in _LIMB:
        name = _LIMB[upper]
    elif re.fullmatch(r"V\d{1,2}R?", upper) or upper in ("MLI", "MLII", "MLIII"):
        name = upper
    name = name or "?"
    unique, n = name, 2
    while unique in taken:
        unique, n = f"{name}-{n}", n + 1
    return unique


def millivolts(unit: str) -> float | None:
    """Millivolts in one `unit`, None where the unit is no voltage (EF-11)."""
    word = unit.strip().lower().replace("µ", "u").replace("μ", "u").replace("\xb5", "u").rstrip("s")
    return MV_PER_UNIT.get(word)


class HeldSignal:
    """SignalSource of a record that was parsed whole."""

    def __init__(self, signals: Sequence[NDArray[np.float64]]) -> None:
        self._signals = tuple(signals)

    def read(self, lead: int, start: int, stop: int) -> Signal:
        return self._signals[lead][max(0, start) : max(0, stop)]


def gaps_in(signals: Sequence[NDArray[np.float64]], rate: float) -> tuple[Gap, ...]:
    """Where no lead of a record that is held holds anything, between its first and its last sample; leads of one length."""
    if not signals or len({len(signal) for signal in signals}) != 1:
        return ()
    empty = np.all([np.isnan(signal) for signal in signals], axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], empty, [False])).astype(np.int8)))
    return tuple(Gap(int(a) / rate, int(b) / rate) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1)


LOOKED_THROUGH = 1 << 22
"""Samples of all leads up to which a record that lies in its file is read at opening to find where nothing was recorded."""


def gaps_of(source: SignalSource, leads: Sequence[Lead]) -> tuple[Gap, ...]:
    """Gaps that only the samples tell (codes for "no sample"), of a record that is short enough to be looked through."""
    if sum(lead.samples for lead in leads) > LOOKED_THROUGH or len({(lead.samples, lead.rate_hz) for lead in leads}) != 1:
        return ()
    try:
        return gaps_in([source.read(k, 0, lead.samples) for k, lead in enumerate(leads)], leads[0].rate_hz)
    except MedviewerError:  # told when it is read to be shown
        return ()


def with_limb_leads(record: EcgRecord, signals: list[NDArray[np.float64]]) -> EcgRecord:
    """III, aVR, aVL and aVF computed from I and II where the file leaves them out, in clinical order, and said (EF-16)."""
    names = [lead.name for lead in record.leads]
    missing = [name for name in ("III", "aVR", "aVL", "aVF") if name not in names]
    if not missing or "I" not in names or "II" not in names:
        return replace(record, source=HeldSignal(signals))
    one, two = names.index("I"), names.index("II")
    if record.leads[one].rate_hz != record.leads[two].rate_hz or len(signals[one]) != len(signals[two]):
        return replace(record, source=HeldSignal(signals))
    first, second = signals[one], signals[two]
    formed = {"III": second - first, "aVR": -(first + second) / 2, "aVL": first - second / 2, "aVF": second - first / 2}
    pairs = list(zip(record.leads, signals, strict=True))
    at = max(one, two) + 1
    made = [(replace(record.leads[one], name=name), formed[name]) for name in missing]
    pairs[at:at] = made
    said = Notice("leads-derived", record.path, {"leads": ", ".join(missing)})
    return replace(
        record,
        leads=tuple(lead for lead, _ in pairs),
        source=HeldSignal([signal for _, signal in pairs]),
        warnings=(*record.warnings, said),
    )


def held_record(
    path: str,
    kind: str,
    item: str,
    channels: Sequence[tuple[str, float, NDArray[np.float64], float]],
    *,
    patient: Patient | None = None,
    study: Study | None = None,
    start: str = "",
    device: DeviceReport | None = None,
    age: float | None = None,
    warnings: Sequence[Notice] = (),
    unit: str = "mV",
    derive: bool = False,
) -> EcgRecord:
    """A record of (name, rate, samples, one ADC step) channels that were parsed whole."""
    leads: list[Lead] = []
    for name, rate, signal, step in channels:
        leads.append(Lead(lead_name(name, [lead.name for lead in leads]), unit, rate, len(signal), step))
    who = patient or Patient()
    signals = [signal for _, _, signal, _ in channels]
    record = EcgRecord(
        item=item,
        patient=who,
        study=study or Study(date=start[:10], time=start[11:19]),
        path=path,
        format=kind,
        start=start,
        leads=tuple(leads),
        source=HeldSignal(signals),
        device=device,
        warnings=tuple(warnings),
        age_years=age,
        has_identity=who.known,
    )
    record = replace(record, warnings=(*record.warnings, *other_heart_rate(record)))
    if not derive:
        return record
    found = with_limb_leads(record, signals)
    return replace(found, warnings=(*found.warnings, *_contradicting(found)))


def _contradicting(record: EcgRecord) -> tuple[Notice, ...]:
    """A warning where I + III and II differ by more than `EINTHOVEN_MV` in the median (EF-16)."""
    numbers = [record.lead(name) for name in ("I", "II", "III")]
    if None in numbers:
        return ()
    one, two, three = (record.source.read(k, 0, record.leads[k].samples) for k in numbers if k is not None)
    if not len(one) == len(two) == len(three):
        return ()
    apart = np.abs(one + three - two)
    apart = apart[np.isfinite(apart)]
    if not apart.size or float(np.median(apart)) <= EINTHOVEN_MV:
        return ()
    return (Notice("leads-inconsistent", record.path, {"difference": round(float(np.median(apart)), 2)}),)


def iso(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> str:
    """ISO 8601, "" for a date that cannot be."""
    try:
        datetime(year, month, day, hour, minute, min(second, 59))
    except (ValueError, OverflowError):
        return ""
    if not 1800 <= year <= 2200 or second > 60:  # a leap second is the last one of its minute
        return ""
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{min(second, 59):02d}"
