"""Schiller EDI XML (`SchillerEDI`): samples as decimals, the averaged beat."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from medviewer.core.ecg import DeviceReport, EcgRecord
from medviewer.core.identity import Patient
from medviewer.io.ecg import xml
from medviewer.io.ecg.leads import held_record, iso, millivolts

ROOT = "SchillerEDI"


def claims(head: bytes) -> bool:
    return xml.begins(head, ROOT)


def open_records(path: str) -> list[EcgRecord]:
    """The record. Raises `xml-unsafe`, `xml-damaged`, `ecg-no-signals`, `ecg-header-invalid`."""
    root = xml.document(path, ROOT)
    channels, medians, median_rate = _signals(root)
    who, when = root.find("patdata"), root.find("examdescript/startdatetime")
    born = xml.text(who, "birthdate")
    patient = Patient(
        xml.text(who, "id"),
        xml.full_name(xml.text(who, "lastname"), xml.text(who, "firstname")),
        xml.dashed(born) if re.fullmatch(r"\d{8}", born) else "",
        xml.SEXES.get(xml.text(who, "gender").upper(), ""),
    )
    record = held_record(
        path,
        "schiller",
        Path(path).stem,
        xml.checked(channels, path),
        patient=patient,
        start=_start(xml.text(when, "date"), xml.text(when, "time")),
        device=DeviceReport((), {}, medians, median_rate) if medians else None,
        derive=True,
    )
    return [record]


def _signals(root: Element) -> tuple[xml.Channels, dict[str, xml.Samples], float]:
    """The rhythm leads, the averaged beats and the rate of these."""
    rhythm: xml.Channels = []
    medians: dict[str, xml.Samples] = {}
    median_rate = 0.0
    for wave in root.iter("wavedata"):
        kind = xml.text(wave, "type")
        rate = xml.number(xml.text(wave, "resolution/samplerate/value"))
        factor = millivolts(xml.text(wave, "resolution/yres/units") or "UV") or 1e-3
        step = xml.number(xml.text(wave, "resolution/yres/unitperbit"), 1.0) * factor
        named = [(xml.text(channel, "name"), xml.text(channel, "data")) for channel in wave.findall("channel")]
        found = [(name, rate, xml.numbers(data.split(",")) * step, abs(step)) for name, data in named if name and data]
        if kind == "ECG_RHYTHMS" and not rhythm:
            rhythm = found
        elif kind == "ECG_AVERAGES":
            medians, median_rate = {name: signal for name, _, signal, _ in found}, rate
    return rhythm, medians, median_rate


def _start(date: str, time: str) -> str:
    if not re.fullmatch(r"\d{8}", date):
        return ""
    clock = (re.sub(r"\D", "", time) + "000000")[:6]
    return iso(int(date[:4]), int(date[4:6]), int(date[6:]), int(clock[:2]), int(clock[2:4]), int(clock[4:]))
