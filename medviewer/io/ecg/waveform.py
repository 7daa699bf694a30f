"""DICOM waveforms: 12-lead, general and ambulatory ECG, haemodynamics. value = raw × sensitivity × correction + baseline (EF-12).

PS3.3 C.10.9; pydicom reads the file, channels are named by their MDC or SCP-ECG code before their label.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import ASSUMED_STEPS, DeviceReport, EcgRecord, Lead, Measurement
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.dicom import damage_told
from medviewer.io.ecg.leads import LARGEST_VALUES, MOST_LEADS, HeldSignal, gaps_in, iso, lead_name, millivolts
from medviewer.io.ecg.scp import LEADS as SCP_LEADS

_MDC = {
    "2:1": "I",
    "2:2": "II",
    "2:61": "III",
    "2:62": "aVR",
    "2:63": "aVL",
    "2:64": "aVF",
    **{f"2:{k + 2}": f"V{k}" for k in range(1, 7)},
}
_KINDS = {"SB": "i1", "UB": "u1", "SS": "<i2", "US": "<u2", "SL": "<i4", "UL": "<u4"}
"""Sample interpretations of voltages; MB and AB are compressed sound (PS3.3 C.10.9.1.5) and refused by name."""
_MEASURED = {
    **{"ventricular heart rate": "heart rate", "heart rate": "heart rate", "rr interval": "RR", "pr interval": "PR"},
    **{"p duration": "P", "qrs duration": "QRS", "qt interval": "QT", "qtc interval": "QTc"},
    **{"p axis": "P axis", "qrs axis": "QRS axis", "t axis": "T axis"},
}
"""Concepts of a device's measurements (PS3.16 CID 3227 to 3229) and what we call them."""
_UNITS = {"{H.B.}/min": "/min", "/min": "/min", "ms": "ms", "s": "s", "deg": "°"}


def open_records(path: str) -> list[EcgRecord]:
    """One record a multiplex group, rhythm first; a group of median beats belongs to the rhythm's device report.

    Raises `ecg-no-signals`, `ecg-truncated`, `ecg-header-invalid`, `dicom-damaged`.
    """
    with damage_told(path):
        return _records(path)


def _records(path: str) -> list[EcgRecord]:
    import pydicom

    dataset = pydicom.dcmread(path, force=True)
    groups = list(dataset.get("WaveformSequence") or ())
    if not groups:
        raise MedviewerError("ecg-no-signals", path)
    little = bool(dataset.original_encoding[1] if dataset.original_encoding[1] is not None else True)
    read = [_group(group, path, little) for group in groups[:MOST_LEADS]]
    medians = [group for group in read if "MEDIAN" in group[0].upper()]
    rhythms = [group for group in read if group not in medians] or medians[:1]
    statements, measured = _statements(dataset), _measurements(dataset)
    patient, study, start = _identity(dataset)
    records = []
    for n, (_, leads, signals, warnings) in enumerate(rhythms):
        same = [group for group in medians if group is not rhythms[n]] if n == 0 else []
        device = None
        if n == 0 and (statements or same or measured):
            shapes = {lead.name: signal for lead, signal in zip(same[0][1], same[0][2], strict=True)} if same else {}
            device = DeviceReport(statements, measured, shapes, same[0][1][0].rate_hz if same else 0.0)
        item = str(dataset.get("SOPInstanceUID") or Path(path).stem)
        records.append(
            EcgRecord(
                item=item if n == 0 else f"{item}-{n + 1}",
                patient=patient,
                study=study,
                path=path,
                format="dicom",
                start=start,
                leads=leads,
                source=HeldSignal(signals),
                gaps=gaps_in(signals, leads[0].rate_hz),
                device=device,
                warnings=warnings,
                age_years=_age(str(dataset.get("PatientAge") or "")),
                has_identity=patient.known,
            )
        )
    return records


Group = tuple[str, tuple[Lead, ...], list[NDArray[np.float64]], tuple[Notice, ...]]


def _group(group: Any, path: str, little: bool) -> Group:
    try:
        count, samples = int(group.NumberOfWaveformChannels), int(group.NumberOfWaveformSamples)
        rate, kind = float(group.SamplingFrequency), str(group.WaveformSampleInterpretation)
        definitions, raw = list(group.ChannelDefinitionSequence), bytes(group.WaveformData)
    except (AttributeError, ValueError, TypeError) as error:
        raise MedviewerError("ecg-header-invalid", path, field="multiplex group", found=type(error).__name__) from error
    if kind not in _KINDS or not 0 < count <= MOST_LEADS or not 0 < rate < 1e6 or count != len(definitions):
        raise MedviewerError("ecg-header-invalid", path, field="multiplex group", found=f"{kind}, {count}, {rate}")
    if not 0 < samples * count <= LARGEST_VALUES:
        raise MedviewerError("ecg-header-invalid", path, field="number of samples", found=samples)
    numbers = np.dtype(_KINDS[kind]) if little else np.dtype(_KINDS[kind]).newbyteorder(">")
    warnings: list[Notice] = []
    there = len(raw) // (numbers.itemsize * count)
    if there < samples:
        if there == 0:
            raise MedviewerError("ecg-truncated", path, file=Path(path).name, expected=samples, found=0)
        warnings.append(Notice("ecg-truncated", path, {"file": Path(path).name, "expected": samples, "found": there}))
    table = np.frombuffer(raw[: min(samples, there) * count * numbers.itemsize], numbers).reshape(-1, count)
    padding = group.get("WaveformPaddingValue")
    empty = np.frombuffer(padding, numbers)[0] if isinstance(padding, bytes) and len(padding) >= numbers.itemsize else None
    leads: list[Lead] = []
    signals = []
    for k, channel in enumerate(definitions):
        stored = table[:, k]
        name = lead_name(_name(channel, k), [lead.name for lead in leads])
        step, base, unit = _scale(channel)
        if unit == "":
            warnings.append(Notice("ecg-gain-missing", path, {"lead": name}))
        factor = millivolts(unit)
        if factor:
            step, base, unit = step * factor, base * factor, "mV"
        signal = stored.astype(np.float64) * step + base
        if empty is not None:
            signal[stored == empty] = np.nan
        leads.append(Lead(name, unit, rate, len(signal), abs(step)))
        signals.append(signal)
    label = str(group.get("MultiplexGroupLabel") or "")
    return label, tuple(leads), signals, tuple(warnings)


def _name(channel: Any, number: int) -> str:
    """The lead by its code, else by the cleaned meaning or label (EF-13)."""
    source = (channel.get("ChannelSourceSequence") or [None])[0]
    code, scheme, meaning = (
        (str(source.get(word) or "").strip(" \0") for word in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"))
        if source is not None
        else ("", "", "")
    )
    if scheme == "MDC" and code in _MDC:
        return _MDC[code]
    if scheme == "SCPECG" and code.startswith("5.6.3-9-"):
        number_of = code.removeprefix("5.6.3-9-").split("-")[0]
        if number_of.isdigit() and int(number_of) in SCP_LEADS:
            return SCP_LEADS[int(number_of)]
    return meaning or str(channel.get("ChannelLabel") or "").strip(" \0") or f"{number + 1}"


def _scale(channel: Any) -> tuple[float, float, str]:
    """Step and baseline in the unit stated, unit "" where the channel states no sensitivity."""
    try:
        sensitivity = channel.get("ChannelSensitivity")
        if sensitivity is None or float(sensitivity) == 0:
            return 1 / ASSUMED_STEPS, 0.0, ""
        correction = float(channel.get("ChannelSensitivityCorrectionFactor") or 1.0)
        base = float(channel.get("ChannelBaseline") or 0.0)
        units = (channel.get("ChannelSensitivityUnitsSequence") or [None])[0]
        unit = str(units.get("CodeValue") or "").strip(" \0") if units is not None else ""
        return float(sensitivity) * correction, base, unit or "?"
    except (ValueError, TypeError):
        return 1 / ASSUMED_STEPS, 0.0, ""


def _statements(dataset: Any) -> tuple[str, ...]:
    found = []
    for entry in dataset.get("WaveformAnnotationSequence") or ():
        text = str(entry.get("UnformattedTextValue") or "").strip()
        if text:
            found.append(text)
    return tuple(found)


def _measurements(dataset: Any) -> dict[str, Measurement]:
    """What the device measured over the whole record, by our names; zeros of intervals say that it found none."""
    found: dict[str, Measurement] = {}
    for entry in dataset.get("WaveformAnnotationSequence") or ():
        concept = (entry.get("ConceptNameCodeSequence") or [None])[0]
        units = (entry.get("MeasurementUnitsCodeSequence") or [None])[0]
        name = _MEASURED.get(str(concept.get("CodeMeaning") or "").strip(" \0").lower()) if concept is not None else None
        unit = _UNITS.get(str(units.get("CodeValue") or "").strip(" \0")) if units is not None else None
        values = entry.get("NumericValue")
        if name is None or unit is None or values is None:
            continue
        try:
            value = float(values if not isinstance(values, Sequence) else values[0])
        except (TypeError, ValueError, IndexError):
            continue
        if np.isfinite(value) and (value > 0 or unit == "°"):
            found.setdefault(name, Measurement(value, unit, "device"))
    return found


def _identity(dataset: Any) -> tuple[Patient, Study, str]:
    def word(name: str) -> str:
        return str(dataset.get(name) or "").strip(" \0")

    def date(text: str) -> str:
        return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= 8 and text[:8].isdigit() else ""

    def clock(text: str) -> str:
        return f"{text[:2]}:{text[2:4]}:{text[4:6]}" if len(text) >= 6 and text[:6].isdigit() else ""

    moment = word("AcquisitionDateTime") or word("StudyDate") + word("StudyTime")
    start = ""
    if len(moment) >= 8 and moment[:8].isdigit():
        digits = (moment.split(".")[0] + "000000")[:14]
        if digits.isdigit():
            start = iso(*(int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))))
    patient = Patient(word("PatientID"), word("PatientName"), date(word("PatientBirthDate")), word("PatientSex"))
    study = Study(
        word("StudyInstanceUID"),
        date(word("StudyDate")),
        clock(word("StudyTime")),
        word("StudyDescription"),
        word("AccessionNumber"),
    )
    return patient, study, start


def _age(text: str) -> float | None:
    unit = {"Y": 1.0, "M": 1 / 12, "W": 1 / 52.18, "D": 1 / 365.25}.get(text[-1:])
    return float(text[:-1]) * unit if unit and text[:-1].isdigit() else None
