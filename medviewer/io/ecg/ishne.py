"""ISHNE Holter 1.0: a fixed header and interleaved 16-bit samples, read from the file on demand.

Badilini, The ISHNE Holter Standard Output File Format, Ann Noninvasive Electrocardiol 1998;3:263-266.
"""

import binascii
import contextlib
import glob
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medviewer.core.ecg import Annotation, EcgRecord, Lead, Signal
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.identity import Patient, Study
from medviewer.io.ecg.leads import gaps_of, iso, lead_name

LEADS = ("?", "?", "X", "Y", "Z", "I", "II", "III", "aVR", "aVL", "aVF", *(f"V{k}" for k in range(1, 7)), "ES", "AS", "AI")
HEADER = 522
ISHNE, MARKS = b"ISHNE1.0", b"ANN  1.0"
BEATS = {b"N": "N", b"V": "V", b"S": "S", b"B": "B", b"P": "/", b"U": "Q", b"X": "|"}
"""Labels of an annotation file and their WFDB symbols; others stand as text."""


def claims(head: bytes) -> bool:
    return head[:8] in (ISHNE, MARKS)


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
    if head[:8] == MARKS:
        if _sisters(file, ISHNE):
            return []  # they are told with their recording
        raise MedviewerError("ecg-no-signals", path)
    if len(head) < HEADER:
        raise MedviewerError("ecg-truncated", path, file=file.name, expected=HEADER, found=len(head))
    count, rate, samples, offset = _shape(head, size, path)
    warnings = []
    if not _intact(head):
        warnings.append(Notice("ecg-checksum-wrong", path))
    there = (size - offset) // (2 * count)
    if there <= 0:
        raise MedviewerError("ecg-truncated", path, file=file.name, expected=max(samples, 1), found=0)
    if there < samples:
        warnings.append(Notice("ecg-truncated", path, {"file": file.name, "expected": samples, "found": there}))
    length = min(samples, there) if samples > 0 else there
    leads = _leads(head, count, rate, length)
    warnings += [Notice("ecg-gain-missing", path, {"lead": lead.name}) for lead in leads if not lead.unit]
    patient, start = _patient(head), _start(head)
    source = _Samples(path, offset, tuple(lead.resolution for lead in leads))
    marks: tuple[Annotation, ...] = ()
    for beside in _sisters(file, MARKS)[:1]:
        marks, said = _marks(beside, rate, length)
        warnings += said
    return [
        EcgRecord(
            item=file.stem,
            patient=patient,
            study=Study(date=start[:10], time=start[11:19]),
            path=path,
            format="ishne",
            start=start,
            leads=tuple(leads),
            source=source,
            gaps=gaps_of(source, leads),
            annotations=marks,
            warnings=tuple(warnings),
            has_identity=patient.known,
        )
    ]


def _shape(head: bytes, size: int, path: str) -> tuple[int, float, int, int]:
    """Leads, samples a second, samples of a lead (0 or less = not stated), where they begin. Raises `ecg-header-invalid`."""
    _, samples, _, offset = struct.unpack_from("<4i", head, 10)
    count, rate = struct.unpack_from("<h", head, 156)[0], struct.unpack_from("<h", head, 272)[0]
    if not 0 < count <= 12 or rate <= 0 or not HEADER <= offset <= size:
        raise MedviewerError("ecg-header-invalid", path, field="leads, rate or offset", found=f"{count}, {rate}, {offset}")
    return count, float(rate), samples, offset


def _intact(head: bytes) -> bool:
    """Whether the header's checksum is right; a variable block that is too long for `head` is not judged."""
    variable = struct.unpack_from("<i", head, 10)[0]
    checksum = struct.unpack_from("<H", head, 8)[0]
    return not 0 <= variable <= 1 << 16 or binascii.crc_hqx(head[10 : HEADER + variable], 0xFFFF) == checksum


def _leads(head: bytes, count: int, rate: float, length: int) -> list[Lead]:
    specs, nanovolts = struct.unpack_from("<12h", head, 158), struct.unpack_from("<12h", head, 206)
    leads: list[Lead] = []
    for k in range(count):
        stated = LEADS[specs[k]] if 0 <= specs[k] < len(LEADS) else "?"
        name = lead_name(stated if stated != "?" else f"{k + 1}", [lead.name for lead in leads])
        leads.append(Lead(name, "mV" if nanovolts[k] > 0 else "", rate, length, max(nanovolts[k], 1) * 1e-6))
    return leads


def _start(head: bytes) -> str:
    day, month, year = struct.unpack_from("<3h", head, 138)
    hour, minute, second = struct.unpack_from("<3h", head, 150)
    return iso(year, month, day, max(hour, 0), max(minute, 0), max(second, 0))


def _patient(head: bytes) -> Patient:
    born = struct.unpack_from("<3h", head, 132)
    first, last, number = (head[a:b].split(b"\0")[0].decode("latin-1").strip() for a, b in ((28, 68), (68, 108), (108, 128)))
    birth, sex = iso(born[2], born[1], born[0])[:10], {1: "M", 2: "F"}.get(head[128], "")
    return Patient(number, f"{last}^{first}".strip("^"), birth, sex)


def _sisters(file: Path, magic: bytes) -> list[Path]:
    """Files of the same stem that begin so."""
    found = []
    for other in sorted(file.parent.glob(f"{glob.escape(file.stem)}.*")):
        if other != file and other.is_file():
            with contextlib.suppress(OSError), other.open("rb") as stream:
                if stream.read(len(magic)) == magic:
                    found.append(other)
    return found


def _marks(file: Path, rate: float, samples: int) -> tuple[tuple[Annotation, ...], list[Notice]]:
    """Beats of an annotation file: the place of the first beat, then for each later one two labels and the samples since the
    one before (http://thew-project.org/papers/ishneAnn.pdf). Behind a time-out nobody knows where they lie: it ends them."""
    try:
        raw = file.read_bytes()
        at = HEADER + max(0, int(struct.unpack_from("<i", raw, 10)[0]))
        first = int(struct.unpack_from("<I", raw, at)[0])
    except (OSError, struct.error) as error:
        return (), [Notice("ecg-annotations-unreadable", str(file), {"reason": type(error).__name__})]
    rows = np.frombuffer(
        raw[at + 4 : len(raw) - (len(raw) - at) % 4], np.dtype([("label", "S1"), ("own", "S1"), ("since", "<u2")])
    )
    ended = np.flatnonzero(rows["label"] == b"!")
    kept = rows[: ended[0]] if len(ended) else rows
    places = first + np.cumsum(kept["since"].astype(np.int64))
    there = places < samples
    said = []
    if len(ended):
        said.append(Notice("ecg-annotations-unreadable", str(file), {"reason": "time-out"}))
    if not there.all():
        said.append(Notice("ecg-annotations-beyond", str(file), {"count": int((~there).sum())}))
    labels = [BEATS.get(bytes(label), "") for label in kept["label"][there]]
    texts = [
        bytes(label).decode("latin-1") if not symbol else "" for label, symbol in zip(kept["label"][there], labels, strict=True)
    ]
    return tuple(
        Annotation(int(place) / rate, symbol, text) for place, symbol, text in zip(places[there], labels, texts, strict=True)
    ), said
