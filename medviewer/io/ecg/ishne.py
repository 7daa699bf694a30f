"""ISHNE Holter 1.0: a fixed header and interleaved 16-bit samples, read from the file on demand.

Badilini, The ISHNE Holter Standard Output File Format, Ann Noninvasive Electrocardiol 1998;3:263-266.
"""

import binascii
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medviewer.core.ecg import EcgRecord, Lead, Signal
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.ecg.leads import iso, lead_name

LEADS = ("?", "?", "X", "Y", "Z", "I", "II", "III", "aVR", "aVL", "aVF", *(f"V{k}" for k in range(1, 7)), "ES", "AS", "AI")
HEADER = 522


def claims(head: bytes) -> bool:
    return head[:8] in (b"ISHNE1.0", b"ANN  1.0")


@dataclass(frozen=True, slots=True)
class _Samples:
    path: str
    offset: int
    steps: tuple[float, ...]

    def read(self, lead: int, start: int, stop: int) -> Signal:
        width, start = len(self.steps), max(0, start)
        try:
            with Path(self.path).open("rb") as file:
                file.seek(self.offset + 2 * width * start)
                raw = file.read(2 * width * max(0, stop - start))
        except OSError as error:
            raise MedviewerError("unreadable", self.path, reason=error.strerror or "") from error
        table = np.frombuffer(raw[: len(raw) // (2 * width) * 2 * width], "<i2").reshape(-1, width)[:, lead]
        signal = table * self.steps[lead]
        signal[table == -32768] = np.nan
        return signal


def open_records(path: str) -> list[EcgRecord]:
    """The recording. Raises `ecg-header-invalid`, `ecg-truncated`, `ecg-no-signals` for a file of annotations alone."""
    file = Path(path)
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(HEADER + (1 << 16))
    if head[:8] == b"ANN  1.0":
        raise MedviewerError("ecg-no-signals", path)
    if len(head) < HEADER:
        raise MedviewerError("ecg-truncated", path, file=file.name, expected=HEADER, found=len(head))
    variable, samples, _, offset = struct.unpack_from("<4i", head, 10)
    count, rate = struct.unpack_from("<h", head, 156)[0], struct.unpack_from("<h", head, 272)[0]
    if not 0 < count <= 12 or rate <= 0 or not HEADER <= offset <= size:
        raise MedviewerError("ecg-header-invalid", path, field="leads, rate or offset", found=f"{count}, {rate}, {offset}")
    warnings = []
    checksum = struct.unpack_from("<H", head, 8)[0]
    if 0 <= variable <= 1 << 16 and binascii.crc_hqx(head[10 : HEADER + variable], 0xFFFF) != checksum:
        warnings.append(Notice("ecg-checksum-wrong", path))
    there = (size - offset) // (2 * count)
    if there <= 0:
        raise MedviewerError("ecg-truncated", path, file=file.name, expected=max(samples, 1), found=0)
    if there < samples:
        warnings.append(Notice("ecg-truncated", path, {"file": file.name, "expected": samples, "found": there}))
    length = min(samples, there) if samples > 0 else there
    specs, nanovolts = struct.unpack_from("<12h", head, 158), struct.unpack_from("<12h", head, 206)
    leads: list[Lead] = []
    for k in range(count):
        stated = LEADS[specs[k]] if 0 <= specs[k] < len(LEADS) else "?"
        name = lead_name(stated if stated != "?" else f"{k + 1}", [lead.name for lead in leads])
        if nanovolts[k] <= 0:
            warnings.append(Notice("ecg-gain-missing", path, {"lead": name}))
        leads.append(Lead(name, "mV" if nanovolts[k] > 0 else "", float(rate), length, max(nanovolts[k], 1) * 1e-6))
    day, month, year = struct.unpack_from("<3h", head, 138)
    hour, minute, second = struct.unpack_from("<3h", head, 150)
    born = struct.unpack_from("<3h", head, 132)
    start = iso(year, month, day, max(hour, 0), max(minute, 0), max(second, 0))
    first, last, number = (head[a:b].split(b"\0")[0].decode("latin-1").strip() for a, b in ((28, 68), (68, 108), (108, 128)))
    patient = Patient(
        number, f"{last}^{first}".strip("^"), iso(born[2], born[1], born[0])[:10], {1: "M", 2: "F"}.get(head[128], "")
    )
    return [
        EcgRecord(
            item=file.stem,
            patient=patient,
            study=Study(date=start[:10], time=start[11:19]),
            path=path,
            format="ishne",
            start=start,
            leads=tuple(leads),
            source=_Samples(path, offset, tuple(lead.resolution for lead in leads)),
            warnings=tuple(warnings),
            has_identity=patient.known,
        )
    ]
