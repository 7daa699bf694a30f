"""ECGs in XML: HL7 aECG, GE MUSE, Philips Sierra (plain or XLI), Schiller EDI. External entities and bombs are refused.

HL7 v3 PORT_MT020001; Philips: the open documentation of sierra-ecg-tools (XLI = 10-bit LZW over second differences).
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import DeviceReport, EcgRecord, Measurement
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.ecg.checks import without_pulse
from medviewer.io.ecg.leads import LARGEST_VALUES, MOST_LEADS, held_record, iso, millivolts

LARGEST_FILE = 256 << 20
Samples = NDArray[np.float64]
Channels = list[tuple[str, float, Samples, float]]
"""(name, rate, mV, one step in mV)"""

_ROOTS = {"RestingECG": "muse", "restingecgdata": "philips", "AnnotatedECG": "aecg", "SchillerEDI": "schiller"}


def claims(head: bytes) -> bool:
    return _root(head) is not None


def _root(head: bytes) -> str | None:
    """Which dialect, by the first element's name."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    text = head[: len(head) // 2 * 2].decode(encoding, "ignore")
    for tag in re.findall(r"<(?![?!])(?:\w+:)?([\w.]+)", text)[:1]:
        return next((kind for name, kind in _ROOTS.items() if tag == name or tag.endswith(f".{name}")), None)
    return None


def open_records(path: str) -> list[EcgRecord]:
    """The record. Raises `xml-unsafe`, `xml-damaged`, `ecg-no-signals`, `ecg-header-invalid`."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    file = Path(path)
    if file.stat().st_size > LARGEST_FILE:
        raise MedviewerError("file-too-large", path, found=file.stat().st_size, limit=LARGEST_FILE)
    raw = file.read_bytes()
    try:
        root = fromstring(raw, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise MedviewerError("xml-unsafe", path, reason=type(error).__name__) from error
    except (ParseError, ValueError, LookupError) as error:
        raise MedviewerError("xml-damaged", path, reason=str(error)[:100]) from error
    for element in root.iter():
        element.tag = str(element.tag).rsplit("}", 1)[-1]
    readers: dict[str | None, Callable[[Element, str], EcgRecord]] = {
        "muse": _muse, "philips": _philips, "aecg": _aecg, "schiller": _schiller,
    }  # fmt: skip
    kind = next((k for name, k in _ROOTS.items() if root.tag == name or root.tag.endswith(f".{name}")), None)
    if kind is None:
        raise MedviewerError("xml-damaged", path, reason=str(root.tag)[:60])
    return [readers[kind](root, path)]


def _text(element: Element | None, path: str = "") -> str:
    found = element if element is None or not path else element.find(path)
    return (found.text or "").strip() if found is not None else ""


def _number(text: str, default: float = 0.0) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    return value if np.isfinite(value) else default


def _base64(text: str, path: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MedviewerError("ecg-unreadable", path, reason="base64") from error


def _checked(channels: Channels, path: str) -> Channels:
    if not channels or all(len(signal) == 0 for _, _, signal, _ in channels):
        raise MedviewerError("ecg-no-signals", path)
    if len(channels) > MOST_LEADS or sum(len(signal) for _, _, signal, _ in channels) > LARGEST_VALUES:
        raise MedviewerError("ecg-header-invalid", path, field="number of signals", found=len(channels))
    for name, rate, _, _ in channels:
        if not 0 < rate < 1e6:
            raise MedviewerError("ecg-header-invalid", path, field="sampling rate", found=f"{name}: {rate}")
    return channels


# GE MUSE


def _muse(root: Element, path: str) -> EcgRecord:
    rhythm: Channels = []
    medians: dict[str, Samples] = {}
    median_rate = 0.0
    for waveform in root.iter("Waveform"):
        kind = _text(waveform, "WaveformType").lower()
        exponent = _number(_text(waveform, "SampleExponent"))
        if abs(exponent) > 9:
            raise MedviewerError("ecg-header-invalid", path, field="SampleExponent", found=str(exponent))
        rate = _number(_text(waveform, "SampleBase")) * 10**exponent
        found: Channels = []
        for lead in waveform.iter("LeadData"):
            factor = millivolts(_text(lead, "LeadAmplitudeUnits") or "MICROVOLTS") or 1e-3
            step = _number(_text(lead, "LeadAmplitudeUnitsPerBit"), 1.0) * factor
            data = _base64(_text(lead, "WaveFormData"), path)
            signal = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float64)
            stated = int(_number(_text(lead, "LeadSampleCountTotal"), len(signal)))
            signal = signal[: max(0, stated)]
            signal[signal == -32768] = np.nan
            found.append((_text(lead, "LeadID"), rate, signal * step, abs(step)))
        if kind == "median":
            medians, median_rate = {name: signal for name, _, signal, _ in found}, rate
        elif not rhythm:
            rhythm = found
    about, test = root.find("PatientDemographics"), root.find("TestDemographics")
    statements = [_statement(d) for d in root.findall("Diagnosis/DiagnosisStatement")]
    measured = {
        name: Measurement(_number(_text(root, f"RestingECGMeasurements/{tag}")), unit, "device")
        for tag, name, unit in _MUSE
        if _text(root, f"RestingECGMeasurements/{tag}")
    }
    return held_record(
        path,
        "muse",
        Path(path).stem,
        _checked(rhythm, path),
        patient=Patient(
            _text(about, "PatientID"),
            _name(_text(about, "PatientLastName"), _text(about, "PatientFirstName")),
            _us_date(_text(about, "DateofBirth")),
            {"MALE": "M", "FEMALE": "F"}.get(_text(about, "Gender").upper(), ""),
        ),
        start=_us_start(_text(test, "AcquisitionDate"), _text(test, "AcquisitionTime")),
        device=DeviceReport(tuple(s for s in statements if s), measured, medians, median_rate),
        age=_years(_text(about, "PatientAge")),
        derive=True,
    )


_MUSE = (
    ("VentricularRate", "heart rate", "/min"), ("PRInterval", "PR", "ms"), ("QRSDuration", "QRS", "ms"),
    ("QTInterval", "QT", "ms"), ("QTCorrected", "QTc", "ms"), ("PAxis", "P axis", "°"), ("RAxis", "QRS axis", "°"),
    ("TAxis", "T axis", "°"),
)  # fmt: skip


def _statement(element: Element) -> str:
    return _text(element, "StmtText")


def _name(last: str, first: str) -> str:
    return f"{last}^{first}".strip("^")


def _years(text: str) -> float | None:
    value = _number(text, -1.0)
    return value if 0 <= value < 130 and text else None


def _us_date(text: str) -> str:
    parts = re.findall(r"\d+", text)
    return iso(int(parts[2]), int(parts[0]), int(parts[1]))[:10] if len(parts) == 3 else ""


def _us_start(date: str, time: str) -> str:
    day, clock = re.findall(r"\d+", date), re.findall(r"\d+", time)
    if len(day) != 3:
        return ""
    return iso(int(day[2]), int(day[0]), int(day[1]), *(int(part) for part in [*clock, "0", "0", "0"][:3]))


# HL7 aECG


def _aecg(root: Element, path: str) -> EcgRecord:
    channels: Channels = []
    warnings: list[Notice] = []
    for sequences in root.iter("sequenceSet"):
        rate = 0.0
        found: Channels = []
        for sequence in sequences.iter("sequence"):
            code = sequence.find("code")
            name = (code.get("code") if code is not None else "") or ""
            value = sequence.find("value")
            if name.startswith("TIME_"):
                rate = _per_second(value)
            elif value is not None and value.find("digits") is not None:
                found.append(_digits(name, value))
        if found and not channels:
            channels = [(name, rate, signal, step) for name, _, signal, step in found]
    start = _hl7_time(root, "low") or _hl7_time(root, "center")
    channels = _checked(channels, path)
    _compare_length(root, channels, warnings, path)
    person = next(root.iter("subjectDemographicPerson"), None)
    subject = next(root.iter("trialSubject"), None)
    sex = person.find("administrativeGenderCode") if person is not None else None
    birth = person.find("birthTime") if person is not None else None
    ids = subject.find("id") if subject is not None else None
    born = (birth.get("value") if birth is not None else "") or ""
    return held_record(
        path,
        "aecg",
        Path(path).stem,
        channels,
        patient=Patient(
            _text(person, "PatientID") or (ids.get("extension") if ids is not None else "") or "",
            " ".join(t.strip() for t in person.find("name").itertext() if t.strip())  # type: ignore[union-attr]
            if person is not None and person.find("name") is not None
            else "",
            f"{born[:4]}-{born[4:6]}-{born[6:8]}" if re.fullmatch(r"\d{8}\d*", born) else "",
            {"M": "M", "F": "F"}.get((sex.get("code") if sex is not None else "") or "", ""),
        ),
        start=start,
        device=_aecg_device(root),
        warnings=warnings,
        derive=True,
    )


def _per_second(value: Element | None) -> float:
    increment = value.find("increment") if value is not None else None
    if increment is None:
        return 0.0
    factor = {"s": 1.0, "ms": 1e-3, "us": 1e-6}.get(increment.get("unit") or "s", 0.0)
    step = _number(increment.get("value") or "") * factor
    return round(1 / step, 6) if step > 0 else 0.0


def _digits(name: str, value: Element) -> tuple[str, float, Samples, float]:
    scale, origin = value.find("scale"), value.find("origin")
    factor = millivolts((scale.get("unit") if scale is not None else "uV") or "uV") or 1e-3
    step = _number((scale.get("value") if scale is not None else "1") or "1", 1.0) * factor
    unit = millivolts((origin.get("unit") if origin is not None else "uV") or "uV") or 1e-3
    base = _number((origin.get("value") if origin is not None else "0") or "0") * unit
    text = _text(value, "digits").split()
    try:
        digits = np.array(text, np.float64)
    except ValueError:
        digits = np.array([_number(part, float("nan")) for part in text])
    return name, 0.0, digits * step + base, abs(step)


def _hl7_time(root: Element, which: str) -> str:
    for series in (next(root.iter("series"), root), root):
        moment = series.find(f"effectiveTime/{which}")
        digits = re.sub(r"[^\d].*", "", (moment.get("value") if moment is not None else "") or "")
        if len(digits) >= 8:
            digits = (digits + "000000")[:14]
            return iso(*(int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))))
    return ""


def _compare_length(root: Element, channels: Channels, warnings: list[Notice], path: str) -> None:
    """The series states when it began and ended; another length than its increments give is said, not repaired."""
    from datetime import datetime

    first, last = _hl7_time(root, "low"), _hl7_time(root, "high")
    if not first or not last:
        return
    stated = (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
    counted = len(channels[0][2]) / channels[0][1]
    if stated > 0 and abs(stated - counted) > max(1.5, 0.2 * stated):
        warnings.append(Notice("ecg-rate-contradicted", path, {"stated": stated, "counted": round(counted, 2)}))


def _aecg_device(root: Element) -> DeviceReport | None:
    measured, said = {}, []
    names = {"MDC_ECG_HEART_RATE": "heart rate", "MDC_ECG_TIME_PD_PR": "PR", "MDC_ECG_TIME_PD_QRS": "QRS",
             "MDC_ECG_TIME_PD_QT": "QT", "MDC_ECG_TIME_PD_QTc": "QTc", "MDC_ECG_ANGLE_QRS_FRONT": "QRS axis"}  # fmt: skip
    for annotation in root.iter("annotation"):
        code, value = annotation.find("code"), annotation.find("value")
        name = (code.get("code") if code is not None else "") or ""
        if value is None:
            continue
        if name in names and value.get("value"):
            unit = value.get("unit") or ""
            measured[names[name]] = Measurement(_number(value.get("value") or ""), {"bpm": "/min"}.get(unit, unit), "device")
        elif "INTERPRETATION" in name and _text(value):
            said.append(_text(value))
    return DeviceReport(tuple(said), measured) if said or measured else None


def _heart_alone(channels: Channels, path: str, warnings: list[Notice]) -> Channels:
    """Without the calibration pulse that some devices put behind the leads (EF-15)."""
    if not channels or not 0 < channels[0][1] < 1e6:
        return channels
    rate = channels[0][1]
    kept = without_pulse([signal for _, _, signal, _ in channels], rate)
    if kept == len(channels[0][2]):
        return channels
    warnings.append(Notice("ecg-pulse-cut", path, {"seconds": round((len(channels[0][2]) - kept) / rate, 2)}))
    return [(name, hz, signal[:kept], step) for name, hz, signal, step in channels]


# Schiller


def _schiller(root: Element, path: str) -> EcgRecord:
    channels: Channels = []
    medians: dict[str, Samples] = {}
    median_rate = 0.0
    for wave in root.iter("wavedata"):
        kind = _text(wave, "type")
        rate = _number(_text(wave, "resolution/samplerate/value"))
        factor = millivolts(_text(wave, "resolution/yres/units") or "UV") or 1e-3
        step = _number(_text(wave, "resolution/yres/unitperbit"), 1.0) * factor
        found: Channels = []
        for channel in wave.findall("channel"):
            data = _text(channel, "data")
            name = _text(channel, "name")
            if data and name:
                values = np.array([_number(part, float("nan")) for part in data.split(",")])
                found.append((name, rate, values * step, abs(step)))
        if kind == "ECG_RHYTHMS" and not channels:
            channels = found
        elif kind == "ECG_AVERAGES":
            medians, median_rate = {name: signal for name, _, signal, _ in found}, rate
    who, when = root.find("patdata"), root.find("examdescript/startdatetime")
    date, time, born = _text(when, "date"), _text(when, "time"), _text(who, "birthdate")
    start = ""
    if re.fullmatch(r"\d{8}", date):
        clock = (re.sub(r"\D", "", time) + "000000")[:6]
        start = iso(int(date[:4]), int(date[4:6]), int(date[6:]), int(clock[:2]), int(clock[2:4]), int(clock[4:]))
    return held_record(
        path,
        "schiller",
        Path(path).stem,
        _checked(channels, path),
        patient=Patient(
            _text(who, "id"),
            _name(_text(who, "lastname"), _text(who, "firstname")),
            f"{born[:4]}-{born[4:6]}-{born[6:8]}" if re.fullmatch(r"\d{8}", born) else "",
            {"MALE": "M", "FEMALE": "F"}.get(_text(who, "gender").upper(), ""),
        ),
        start=start,
        device=DeviceReport((), {}, medians, median_rate) if medians else None,
        derive=True,
    )


# Philips


def _philips(root: Element, path: str) -> EcgRecord:
    waves = next(root.iter("parsedwaveforms"), None)
    if waves is None:
        raise MedviewerError("ecg-no-signals", path)
    about = root.find("dataacquisition/signalcharacteristics")
    rate = _number(waves.get("samplespersecond") or _text(about, "samplingrate"))
    step = _number(waves.get("resolution") or _text(about, "signalresolution"), 1.0) * 1e-3
    labels = (waves.get("leadlabels") or _text(root, "reportinfo/reportformat/waveformformat/mainwaveformformat")).split()
    declared = int(_number(waves.get("durationperchannel") or "") / 1000 * rate)
    method = (waves.get("compression") or waves.get("compressmethod") or "").upper()
    if (waves.get("dataencoding") or "Base64").lower() == "base64":
        data = _base64(waves.text or "", path)
        squeezed = method == "XLI" and (waves.get("compressflag") or "True").lower() != "false"
        traces = _xli(data, path) if squeezed else _interleaved(data, len(labels), declared)
    else:
        values = np.array([_number(part, float("nan")) for part in (waves.text or "").replace(",", " ").split()])
        traces = [values[k :: len(labels)] for k in range(len(labels))] if labels else []
    warnings = []
    version = _text(root, "documentinfo/documentversion")
    if version not in ("1.03", "1.04", "1.04.01", "1.04.02"):
        warnings.append(Notice("ecg-version-unknown", path, {"version": version or "–"}))
    channels: Channels = []
    for name, trace in zip(labels or [f"{k + 1}" for k in range(len(traces))], traces, strict=False):
        signal = trace[:declared] if declared else trace
        channels.append((name, rate, signal * step, step))
    channels = _heart_alone(channels, path, warnings)
    who = root.find("patient/generalpatientdata")
    report = root.find("reportinfo")
    date, time = (report.get("date") or "", report.get("time") or "") if report is not None else ("", "")
    day, clock = re.findall(r"\d+", date), [*re.findall(r"\d+", time), "0", "0", "0"]
    said = [
        " ".join(part for part in (_text(s, "leftstatement"), _text(s, "rightstatement")) if part)
        for s in root.findall("interpretations/interpretation/statement")
    ]
    measured = {
        name: Measurement(_number(value), unit, "device")
        for tag, name, unit in _PHILIPS
        if re.fullmatch(r"-?\d+(\.\d+)?", value := next((_text(e) for e in root.iter(tag)), ""))
    }
    return held_record(
        path,
        "philips",
        Path(path).stem,
        _checked(channels, path),
        patient=Patient(
            _text(who, "patientid"),
            _name(_text(who, "name/lastname"), _text(who, "name/firstname")),
            _text(who, "age/dateofbirth"),
            {"MALE": "M", "FEMALE": "F"}.get(_text(who, "sex").upper(), ""),
        ),
        study=Study(date=date, time=time),
        start=iso(*(int(p) for p in day), *(int(p) for p in clock[:3])) if len(day) == 3 else "",
        device=DeviceReport(tuple(s for s in said if s), measured),
        age=_years(_text(who, "age/years")),
        warnings=warnings,
        derive=True,
    )


_PHILIPS = (
    ("meanventrate", "heart rate", "/min"), ("meanprint", "PR", "ms"), ("meanqrsdur", "QRS", "ms"), ("meanqtint", "QT", "ms"),
    ("meanqtc", "QTc", "ms"), ("pfrontaxis", "P axis", "°"), ("qrsfrontaxis", "QRS axis", "°"), ("tfrontaxis", "T axis", "°"),
)  # fmt: skip


def _interleaved(data: bytes, leads: int, declared: int) -> list[Samples]:
    """Plain 16-bit samples, lead after lead."""
    values = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float64)
    length = len(values) // leads if leads else 0
    return [values[k * length : (k + 1) * length] for k in range(leads)]


def _xli(data: bytes, path: str) -> list[Samples]:
    """All leads of an XLI block; III, aVR, aVL and aVF are stored as differences from what I and II predict."""
    traces: list[NDArray[np.int64]] = []
    at = 0
    while at + 8 <= len(data) and len(traces) < MOST_LEADS:
        size = int.from_bytes(data[at : at + 4], "little", signed=True)
        first = int.from_bytes(data[at + 6 : at + 8], "little", signed=True)
        if size <= 0 or at + 8 + size > len(data):
            raise MedviewerError("ecg-unreadable", path, reason="XLI chunk")
        traces.append(_chunk(data[at + 8 : at + 8 + size], first))
        at += 8 + size
    if len(traces) >= 6:
        n = min(len(trace) for trace in traces[:6])
        one, two, three, right, left, foot = (trace[:n] for trace in traces[:6])
        three = two - one - three
        traces[2] = three
        traces[3] = -right - _half(one + two)
        traces[4] = _half(one - three) - left
        traces[5] = _half(two + three) - foot
    return [trace.astype(np.float64) for trace in traces]


def _half(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Integer half, rounded toward zero as the device's own code does."""
    half: NDArray[np.int64] = np.sign(value) * (np.abs(value) // 2)
    return half


def _chunk(data: bytes, first: int) -> NDArray[np.int64]:
    raw = np.frombuffer(bytes(_lzw(data)), np.uint8).astype(np.int64)
    if len(raw) % 2:
        raw = np.append(raw, 0)
    half = len(raw) // 2
    words = raw[:half] << 8 | raw[half:]
    words = np.where(words > 32767, words - 65536, words)
    if half < 2:
        return words
    out = words.tolist()
    x, y, last = out[0], out[1], first
    for i in range(2, half):
        z = y + y - x - last
        last = out[i] - 64
        out[i] = z
        x, y = y, z
    return np.array(out, np.int64)


def _lzw(data: bytes, bits: int = 10) -> Iterator[int]:
    """10-bit LZW, most significant bit first, codes up to 2¹⁰ − 2."""
    largest = (1 << bits) - 2
    strings: dict[int, bytes] = {k: bytes([k]) for k in range(256)}
    following, previous = 256, b""
    whole, count = 0, 0
    for byte in data:
        whole, count = (whole << 8 | byte) & 0xFFFFFFFF, count + 8
        if count < bits:
            continue
        count -= bits
        code = whole >> count & (1 << bits) - 1
        if code > largest:
            return
        entry = strings.get(code)
        if entry is None:
            if not previous:
                return
            entry = previous + previous[:1]
        if previous and following <= largest:
            strings[following] = previous + entry[:1]
            following += 1
        yield from entry
        previous = entry
