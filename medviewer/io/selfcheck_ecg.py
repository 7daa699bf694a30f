"""Does each ECG format read in this installation? Half a second of two leads is written in each, read back and compared."""

import base64
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError
from medviewer.io.ecg.leads import held_record
from medviewer.io.scan import scan

RATE, SAMPLES, STEP_UV = 500, 500, 5
NAMES = ("I", "II")
Steps = NDArray[np.int64]
"""[leads, samples] in steps of 5 µV."""


def check_format(name: str, workspace: Path) -> str:
    """Write, read and compare one record; returns what was found, raises MedviewerError if it is wrong."""
    folder = workspace / f"ecg-{name}"
    folder.mkdir(parents=True)
    steps = _pattern()
    path = FORMATS[name](folder, steps)
    records = [item for item in scan([path], workspace=workspace).items if isinstance(item, EcgRecord)]
    if len(records) != 1:
        raise MedviewerError("ecg-unreadable", str(path), reason=f"{len(records)} records")
    leads = {lead.name: k for k, lead in enumerate(records[0].leads)}
    worst = 0.0
    for k, lead in enumerate(NAMES):
        read = records[0].source.read(leads[lead], 0, SAMPLES) if lead in leads else np.empty(0)
        wanted = steps[k] * STEP_UV / 1000
        worst = max(worst, float(np.abs(read - wanted).max()) if read.shape == wanted.shape else np.inf)
    if not worst <= STEP_UV / 2000 or records[0].leads[0].rate_hz != RATE:
        raise MedviewerError("ecg-unreadable", str(path), reason=f"differs by {worst:.3f} mV")
    return f"{len(records[0].leads)} leads at {RATE} Hz, within {worst * 1000:.1f} µV"


def _pattern() -> Steps:
    t = np.arange(SAMPLES) / RATE
    beat = 200 * np.exp(-(((t % 0.8) - 0.3) ** 2) / 0.0004) + 20 * np.sin(2 * np.pi * t)
    steps: Steps = np.rint(np.stack([beat * 0.6, beat])).astype(np.int64)
    return steps


def _written(kind: str) -> Callable[[Path, Steps], Path]:
    def write_it(folder: Path, steps: Steps) -> Path:
        from medviewer.io.ecg.write import write

        channels = [(name, float(RATE), steps[k] * STEP_UV / 1000, STEP_UV / 1000) for k, name in enumerate(NAMES)]
        return folder / write(held_record("", "wfdb", "r", channels, start="2026-01-02T03:04:05"), folder, "r", kind)[0]

    return write_it


def _dicom(folder: Path, steps: Steps) -> Path:
    from medviewer.io.ecg.compose import write_twelve_leads

    leads = {name: steps[k] * STEP_UV / 1000 for k, name in enumerate(NAMES)}
    return write_twelve_leads(folder / "r.dcm", leads, RATE, {"StudyInstanceUID": "2.25.4711", "PatientID": "1"})


def _ishne(folder: Path, steps: Steps) -> Path:
    from binascii import crc_hqx

    head = bytearray(522)
    head[:8] = b"ISHNE1.0"
    struct.pack_into("<4i", head, 10, 0, SAMPLES, 522, 522)
    struct.pack_into("<h", head, 156, len(NAMES))
    struct.pack_into("<2h", head, 158, 5, 6)
    struct.pack_into("<2h", head, 206, STEP_UV * 1000, STEP_UV * 1000)
    struct.pack_into("<h", head, 272, RATE)
    struct.pack_into("<H", head, 8, crc_hqx(bytes(head[10:]), 0xFFFF))
    return _bytes(folder / "r.ecg", bytes(head) + steps.T.astype("<i2").tobytes())


def _scp(folder: Path, steps: Steps) -> Path:
    """Sections 0, 3 and 6, samples as they are (EN 1064, 5.3, 5.6, 5.9)."""
    from binascii import crc_hqx

    third = bytes([len(NAMES), 0]) + b"".join(struct.pack("<IIB", 1, SAMPLES, k + 1) for k in range(len(NAMES)))
    lengths = struct.pack("<2H", *[2 * SAMPLES] * 2)
    sixth = struct.pack("<HHBB", STEP_UV * 1000, 1_000_000 // RATE, 0, 0) + lengths + steps.astype("<i2").tobytes()
    bodies = {0: b"\0" * 120, 3: third, 6: sixth}
    sizes = {n: 16 + len(body) for n, body in bodies.items()}
    starts = {0: 7, 3: 7 + sizes[0], 6: 7 + sizes[0] + sizes[3]}
    rows = b"".join(struct.pack("<HII", n, sizes.get(n, 0), starts.get(n, 0)) for n in range(12))
    bodies[0] = rows
    out = b""
    for n, body in bodies.items():
        reserved = b"SCPECG" if n == 0 else b"\0" * 6
        part = struct.pack("<HI", n, sizes[n]) + bytes([13, 13]) + reserved + body
        out += struct.pack("<H", crc_hqx(part, 0xFFFF)) + part
    out = struct.pack("<I", 6 + len(out)) + out
    return _bytes(folder / "r.scp", struct.pack("<H", crc_hqx(out, 0xFFFF)) + out)


def _muse(folder: Path, steps: Steps) -> Path:
    leads = "".join(
        f"<LeadData><LeadID>{name}</LeadID><LeadSampleCountTotal>{SAMPLES}</LeadSampleCountTotal><LeadAmplitudeUnitsPerBit>"
        f"{STEP_UV}</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><WaveFormData>"
        f"{_packed(steps[k])}</WaveFormData></LeadData>"
        for k, name in enumerate(NAMES)
    )
    wave = f"<WaveformType>Rhythm</WaveformType><SampleBase>{RATE}</SampleBase><SampleExponent>0</SampleExponent>{leads}"
    return _text(folder / "muse.xml", f"<RestingECG><Waveform>{wave}</Waveform></RestingECG>")


def _aecg(folder: Path, steps: Steps) -> Path:
    leads = "".join(
        f'<component><sequence><code code="MDC_ECG_LEAD_{name}"/><value><origin value="0" unit="uV"/><scale value="{STEP_UV}" '
        f'unit="uV"/><digits>{_listed(steps[k], " ")}</digits></value></sequence></component>'
        for k, name in enumerate(NAMES)
    )
    clock = f'<sequence><code code="TIME_RELATIVE"/><value><increment value="{1 / RATE}" unit="s"/></value></sequence>'
    sequences = f"<sequenceSet><component>{clock}</component>{leads}</sequenceSet>"
    series = f"<component><series><component>{sequences}</component></series></component>"
    return _text(folder / "aecg.xml", f'<AnnotatedECG xmlns="urn:hl7-org:v3">{series}</AnnotatedECG>')


def _schiller(folder: Path, steps: Steps) -> Path:
    leads = "".join(
        f"<channel><name>{name}</name><data>{_listed(steps[k], ',')}</data></channel>" for k, name in enumerate(NAMES)
    )
    scale = (
        f"<resolution><samplerate><value>{RATE}</value></samplerate><yres><units>UV</units><unitperbit>{STEP_UV}</unitperbit>"
        "</yres></resolution>"
    )
    wave = f"<wavedata><type>ECG_RHYTHMS</type>{scale}{leads}</wavedata>"
    return _text(folder / "schiller.xml", f"<SchillerEDI><eventdata>{wave}</eventdata></SchillerEDI>")


def _philips(folder: Path, steps: Steps) -> Path:
    about = f'samplespersecond="{RATE}" resolution="{STEP_UV}" leadlabels="{" ".join(NAMES)}" dataencoding="Base64"'
    length = f'durationperchannel="{SAMPLES * 1000 // RATE}" compression="Uncompressed"'
    wave = f"<parsedwaveforms {about} {length}>{_packed(steps)}</parsedwaveforms>"
    version = "<documentinfo><documentversion>1.03</documentversion></documentinfo>"
    return _text(folder / "philips.xml", f"<restingecgdata>{version}<waveforms>{wave}</waveforms></restingecgdata>")


def _packed(steps: Steps) -> str:
    return base64.b64encode(steps.astype("<i2").tobytes()).decode("ascii")


def _listed(steps: Steps, between: str) -> str:
    return between.join(map(str, steps.tolist()))


def _text(path: Path, text: str) -> Path:
    return _bytes(path, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode())


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


FORMATS: dict[str, Callable[[Path, Steps], Path]] = {
    "WFDB": _written("wfdb"),
    "EDF+": _written("edf"),
    "CSV": _written("csv"),
    "DICOM": _dicom,
    "ISHNE": _ishne,
    "SCP-ECG": _scp,
    "MUSE XML": _muse,
    "HL7 aECG": _aecg,
    "Schiller XML": _schiller,
    "Philips XML": _philips,
}
