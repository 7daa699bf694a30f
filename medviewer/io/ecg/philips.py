"""Philips Sierra ECG XML (`restingecgdata`): samples plain or packed as XLI, the device's statements and measurements.

The open documentation of sierra-ecg-tools.
"""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from medviewer.core.ecg import DeviceReport, EcgRecord, Measurement
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.ecg import xli, xml
from medviewer.io.ecg.checks import without_pulse
from medviewer.io.ecg.leads import held_record, iso

ROOT = "restingecgdata"
VERSIONS = ("1.03", "1.04", "1.04.01", "1.04.02")
_MEASURED = (
    ("meanventrate", "heart rate", "/min"), ("meanprint", "PR", "ms"), ("meanqrsdur", "QRS", "ms"), ("meanqtint", "QT", "ms"),
    ("meanqtc", "QTc", "ms"), ("pfrontaxis", "P axis", "°"), ("qrsfrontaxis", "QRS axis", "°"), ("tfrontaxis", "T axis", "°"),
)  # fmt: skip


def claims(head: bytes) -> bool:
    return xml.begins(head, ROOT)


def open_records(path: str) -> list[EcgRecord]:
    """The record. Raises `xml-unsafe`, `xml-damaged`, `ecg-no-signals`, `ecg-header-invalid`, `ecg-unreadable`."""
    root = xml.document(path, ROOT)
    channels = _signals(root, path)
    warnings = []
    version = xml.text(root, "documentinfo/documentversion")
    if version not in VERSIONS:
        warnings.append(Notice("ecg-version-unknown", path, {"version": version or "–"}))
    channels = _heart_alone(channels, path, warnings)
    who, report = root.find("patient/generalpatientdata"), root.find("reportinfo")
    date, time = xml.attribute(report, "date"), xml.attribute(report, "time")
    patient = Patient(
        xml.text(who, "patientid"),
        xml.full_name(xml.text(who, "name/lastname"), xml.text(who, "name/firstname")),
        xml.text(who, "age/dateofbirth"),
        xml.SEXES.get(xml.text(who, "sex").upper(), ""),
    )
    record = held_record(
        path,
        "philips",
        Path(path).stem,
        xml.checked(channels, path),
        patient=patient,
        study=Study(date=date, time=time),
        start=_start(date, time),
        device=_device(root),
        age=xml.years(xml.text(who, "age/years")),
        warnings=warnings,
        derive=True,
    )
    return [record]


def _signals(root: Element, path: str) -> xml.Channels:
    waves = next(root.iter("parsedwaveforms"), None)
    if waves is None:
        raise MedviewerError("ecg-no-signals", path)
    about = root.find("dataacquisition/signalcharacteristics")
    rate = xml.number(waves.get("samplespersecond") or xml.text(about, "samplingrate"))
    step = xml.number(waves.get("resolution") or xml.text(about, "signalresolution"), 1.0) * 1e-3
    labels = (waves.get("leadlabels") or xml.text(root, "reportinfo/reportformat/waveformformat/mainwaveformformat")).split()
    declared = int(xml.number(xml.attribute(waves, "durationperchannel")) / 1000 * rate)
    traces = _traces(waves, len(labels), path)
    names = labels or [f"{k + 1}" for k in range(len(traces))]
    return [
        (name, rate, (trace[:declared] if declared else trace) * step, step) for name, trace in zip(names, traces, strict=False)
    ]


def _traces(waves: Element, leads: int, path: str) -> list[xml.Samples]:
    """The stored samples of each lead: decimals in turn, or base64 of whole leads, plain or packed."""
    if (waves.get("dataencoding") or "Base64").lower() != "base64":
        values = xml.numbers((waves.text or "").replace(",", " ").split())
        return [values[k::leads] for k in range(leads)]
    data = xml.unbase64(waves.text or "", path)
    method = (waves.get("compression") or waves.get("compressmethod") or "").upper()
    if method == "XLI" and (waves.get("compressflag") or "True").lower() != "false":
        return xli.traces(data, path)
    values = xml.words(data)
    length = len(values) // leads if leads else 0
    return [values[k * length : (k + 1) * length] for k in range(leads)]


def _heart_alone(channels: xml.Channels, path: str, warnings: list[Notice]) -> xml.Channels:
    """Without the calibration pulse that some devices put behind the leads (EF-15)."""
    if not channels or not 0 < channels[0][1] < 1e6:
        return channels
    rate = channels[0][1]
    kept = without_pulse([signal for _, _, signal, _ in channels], rate)
    if kept == len(channels[0][2]):
        return channels
    warnings.append(Notice("ecg-pulse-cut", path, {"seconds": round((len(channels[0][2]) - kept) / rate, 2)}))
    return [(name, hz, signal[:kept], step) for name, hz, signal, step in channels]


def _start(date: str, time: str) -> str:
    day, clock = re.findall(r"\d+", date), [*re.findall(r"\d+", time), "0", "0", "0"]
    return iso(*(int(part) for part in day), *(int(part) for part in clock[:3])) if len(day) == 3 else ""


def _device(root: Element) -> DeviceReport:
    said = (
        " ".join(part for part in (xml.text(s, "leftstatement"), xml.text(s, "rightstatement")) if part)
        for s in root.findall("interpretations/interpretation/statement")
    )
    measured = {
        name: Measurement(xml.number(stated), unit, "device")
        for tag, name, unit in _MEASURED
        if re.fullmatch(r"-?\d+(\.\d+)?", stated := next((xml.text(found) for found in root.iter(tag)), ""))
    }
    return DeviceReport(tuple(s for s in said if s), measured)
