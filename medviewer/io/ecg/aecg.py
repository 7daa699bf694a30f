"""HL7 annotated ECG (`AnnotatedECG`, HL7 v3 PORT_MT020001): samples as decimals with scale and origin, the device's report."""

import re
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from medviewer.core.ecg import DeviceReport, EcgRecord, Measurement
from medviewer.core.errors import Notice
from medviewer.core.identity import Patient
from medviewer.io.ecg import xml
from medviewer.io.ecg.leads import held_record, iso, millivolts

ROOT = "AnnotatedECG"
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_MEASURED = {
    "MDC_ECG_HEART_RATE": "heart rate", "MDC_ECG_TIME_PD_PR": "PR", "MDC_ECG_TIME_PD_QRS": "QRS",
    "MDC_ECG_TIME_PD_QT": "QT", "MDC_ECG_TIME_PD_QTc": "QTc", "MDC_ECG_ANGLE_QRS_FRONT": "QRS axis",
}  # fmt: skip


def claims(head: bytes) -> bool:
    return xml.begins(head, ROOT)


def open_records(path: str) -> list[EcgRecord]:
    """The record. Raises `xml-unsafe`, `xml-damaged`, `ecg-no-signals`, `ecg-header-invalid`."""
    root = xml.document(path, ROOT)
    channels = xml.checked(_signals(root), path)
    record = held_record(
        path,
        "aecg",
        Path(path).stem,
        channels,
        patient=_patient(root),
        start=_moment(root, "low") or _moment(root, "center"),
        device=_device(root),
        warnings=_other_length(root, channels, path),
        derive=True,
    )
    return [record]


def _signals(root: Element) -> xml.Channels:
    """The leads of the first set of sequences that holds any; the rate is in one of its sequences."""
    for sequences in root.iter("sequenceSet"):
        rate = 0.0
        found: list[tuple[str, xml.Samples, float]] = []
        for sequence in sequences.iter("sequence"):
            name = xml.attribute(sequence.find("code"), "code")
            value = sequence.find("value")
            if name.startswith("TIME_"):
                rate = _per_second(value)
            elif value is not None and value.find("digits") is not None:
                found.append((name, *_digits(value)))
        if found:
            return [(name, rate, signal, step) for name, signal, step in found]
    return []


def _per_second(value: Element | None) -> float:
    increment = value.find("increment") if value is not None else None
    if increment is None:
        return 0.0
    step = xml.number(xml.attribute(increment, "value")) * _SECONDS.get(increment.get("unit") or "s", 0.0)
    return round(1 / step, 6) if step > 0 else 0.0


def _digits(value: Element) -> tuple[xml.Samples, float]:
    """Samples in mV, and one step of them."""
    scale, origin = value.find("scale"), value.find("origin")
    step = xml.number(xml.attribute(scale, "value") or "1", 1.0) * (millivolts(xml.attribute(scale, "unit") or "uV") or 1e-3)
    base = xml.number(xml.attribute(origin, "value") or "0") * (millivolts(xml.attribute(origin, "unit") or "uV") or 1e-3)
    parts = xml.text(value, "digits").split()
    try:
        digits = np.array(parts, np.float64)
    except ValueError:
        digits = xml.numbers(parts)
    return digits * step + base, abs(step)


def _patient(root: Element) -> Patient:
    person = next(root.iter("subjectDemographicPerson"), None)
    subject = next(root.iter("trialSubject"), None)
    name = sex = birth = None
    if person is not None:
        name, sex, birth = person.find("name"), person.find("administrativeGenderCode"), person.find("birthTime")
    born = xml.attribute(birth, "value")
    return Patient(
        xml.text(person, "PatientID") or xml.attribute(subject.find("id") if subject is not None else None, "extension"),
        " ".join(part.strip() for part in name.itertext() if part.strip()) if name is not None else "",
        xml.dashed(born) if re.fullmatch(r"\d{8}\d*", born) else "",
        {"M": "M", "F": "F"}.get(xml.attribute(sex, "code"), ""),
    )


def _moment(root: Element, which: str) -> str:
    """`low`, `center` or `high` of the first series' time, or of the document's."""
    for series in (next(root.iter("series"), root), root):
        digits = re.sub(r"[^\d].*", "", xml.attribute(series.find(f"effectiveTime/{which}"), "value"))
        if len(digits) >= 8:
            digits = (digits + "000000")[:14]
            return iso(*(int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))))
    return ""


def _other_length(root: Element, channels: xml.Channels, path: str) -> tuple[Notice, ...]:
    """The series states when it began and ended; another length than its increments give is said, not repaired."""
    first, last = _moment(root, "low"), _moment(root, "high")
    if not first or not last:
        return ()
    stated = (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
    counted = len(channels[0][2]) / channels[0][1]
    if stated <= 0 or abs(stated - counted) <= max(1.5, 0.2 * stated):
        return ()
    return (Notice("ecg-rate-contradicted", path, {"stated": stated, "counted": round(counted, 2)}),)


def _device(root: Element) -> DeviceReport | None:
    measured, said = {}, []
    for annotation in root.iter("annotation"):
        value = annotation.find("value")
        if value is None:
            continue
        name = xml.attribute(annotation.find("code"), "code")
        if name in _MEASURED and value.get("value"):
            unit = value.get("unit") or ""
            stated = xml.number(xml.attribute(value, "value"))
            measured[_MEASURED[name]] = Measurement(stated, {"bpm": "/min"}.get(unit, unit), "device")
        elif "INTERPRETATION" in name and xml.text(value):
            said.append(xml.text(value))
    return DeviceReport(tuple(said), measured) if said or measured else None
