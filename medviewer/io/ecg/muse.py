"""GE MUSE XML (`RestingECG`): base64 of 16-bit samples, the device's statements and measurements, its median beat."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from medviewer.core.ecg import DeviceReport, EcgRecord, Measurement
from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient
from medviewer.io.ecg import xml
from medviewer.io.ecg.leads import held_record, iso, millivolts

ROOT = "RestingECG"
_MEASURED = (
    ("VentricularRate", "heart rate", "/min"), ("PRInterval", "PR", "ms"), ("QRSDuration", "QRS", "ms"),
    ("QTInterval", "QT", "ms"), ("QTCorrected", "QTc", "ms"), ("PAxis", "P axis", "°"), ("RAxis", "QRS axis", "°"),
    ("TAxis", "T axis", "°"),
)  # fmt: skip


def claims(head: bytes) -> bool:
    return xml.begins(head, ROOT)


def open_records(path: str) -> list[EcgRecord]:
    """The record. Raises `xml-unsafe`, `xml-damaged`, `ecg-no-signals`, `ecg-header-invalid`, `ecg-unreadable`."""
    root = xml.document(path, ROOT)
    rhythm, medians, median_rate = _signals(root, path)
    about, test = root.find("PatientDemographics"), root.find("TestDemographics")
    patient = Patient(
        xml.text(about, "PatientID"),
        xml.full_name(xml.text(about, "PatientLastName"), xml.text(about, "PatientFirstName")),
        _us_date(xml.text(about, "DateofBirth")),
        xml.SEXES.get(xml.text(about, "Gender").upper(), ""),
    )
    record = held_record(
        path,
        "muse",
        Path(path).stem,
        xml.checked(rhythm, path),
        patient=patient,
        start=_us_start(xml.text(test, "AcquisitionDate"), xml.text(test, "AcquisitionTime")),
        device=_device(root, medians, median_rate),
        age=xml.years(xml.text(about, "PatientAge")),
        derive=True,
    )
    return [record]


def _signals(root: Element, path: str) -> tuple[xml.Channels, dict[str, xml.Samples], float]:
    """The rhythm leads, the median beats and the rate of these."""
    rhythm: xml.Channels = []
    medians: dict[str, xml.Samples] = {}
    median_rate = 0.0
    for waveform in root.iter("Waveform"):
        exponent = xml.number(xml.text(waveform, "SampleExponent"))
        if abs(exponent) > 9:
            raise MedviewerError("ecg-header-invalid", path, field="SampleExponent", found=str(exponent))
        rate = xml.number(xml.text(waveform, "SampleBase")) * 10**exponent
        found = [_lead(lead, rate, path) for lead in waveform.iter("LeadData")]
        if xml.text(waveform, "WaveformType").lower() == "median":
            medians, median_rate = {name: signal for name, _, signal, _ in found}, rate
        elif not rhythm:
            rhythm = found
    return rhythm, medians, median_rate


def _lead(lead: Element, rate: float, path: str) -> tuple[str, float, xml.Samples, float]:
    factor = millivolts(xml.text(lead, "LeadAmplitudeUnits") or "MICROVOLTS") or 1e-3
    step = xml.number(xml.text(lead, "LeadAmplitudeUnitsPerBit"), 1.0) * factor
    signal = xml.words(xml.unbase64(xml.text(lead, "WaveFormData"), path))
    stated = int(xml.number(xml.text(lead, "LeadSampleCountTotal"), len(signal)))
    signal = signal[: max(0, stated)]
    signal[signal == -32768] = np.nan
    return xml.text(lead, "LeadID"), rate, signal * step, abs(step)


def _device(root: Element, medians: dict[str, xml.Samples], median_rate: float) -> DeviceReport:
    statements = (xml.text(said, "StmtText") for said in root.findall("Diagnosis/DiagnosisStatement"))
    measured = {
        name: Measurement(xml.number(stated), unit, "device")
        for tag, name, unit in _MEASURED
        if (stated := xml.text(root, f"RestingECGMeasurements/{tag}"))
    }
    return DeviceReport(tuple(said for said in statements if said), measured, medians, median_rate)


def _us_date(text: str) -> str:
    parts = re.findall(r"\d+", text)
    return iso(int(parts[2]), int(parts[0]), int(parts[1]))[:10] if len(parts) == 3 else ""


def _us_start(date: str, time: str) -> str:
    day, clock = re.findall(r"\d+", date), re.findall(r"\d+", time)
    if len(day) != 3:
        return ""
    return iso(int(day[2]), int(day[0]), int(day[1]), *(int(part) for part in [*clock, "0", "0", "0"][:3]))
