"""WFDB records: an own parser of the header, samples and marks beside it.

Format: https://physionet.org/physiotools/wag/header-5.htm and signal-5.htm.
"""

import re
from pathlib import Path

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Study
from medviewer.io.ecg.leads import gaps_of
from medviewer.io.ecg.wfdb_annotations import ANNOTATIONS, LEAD_MARKS, annotations_of
from medviewer.io.ecg.wfdb_header import RECORD_LINE, SIGNAL_LINE, parsed, person, stated
from medviewer.io.ecg.wfdb_segments import SegmentedSignals
from medviewer.io.ecg.wfdb_signals import MappedSignals


def claims(head: bytes) -> bool:
    """A text whose first line is a record line and whose next line names a signal or a segment."""
    try:
        lines = [line for line in head.decode("utf-8", "strict" if len(head) < 4096 else "ignore").splitlines() if line.strip()]
    except UnicodeDecodeError:
        return False
    lines = [line for line in lines if not line.lstrip().startswith("#")]
    if not lines or not (first := RECORD_LINE.fullmatch(lines[0].strip())):
        return False
    if first["segments"]:
        return len(lines) > 1 and bool(re.fullmatch(r"\S+\s+\d+\s*", lines[1]))
    return int(first["signals"]) == 0 or (len(lines) > 1 and bool(SIGNAL_LINE.fullmatch(lines[1].strip())))


def header_of(path: str) -> str | None:
    """The header that a signal or annotation file belongs to: the same stem, or one that names the file."""
    file = Path(path)
    for header in (file.with_suffix(".hea"), *sorted(file.parent.glob("*.hea"))[:200]):
        try:
            text = header.read_text("utf-8", "replace") if header.is_file() and header.stat().st_size < 1 << 20 else ""
        except OSError:
            continue
        names = {line.split()[0] for line in text.splitlines() if line.strip()}
        ending = file.suffix.lower().lstrip(".")
        if file.name in names or (header.stem == file.stem and ending in (*ANNOTATIONS, *LEAD_MARKS)):
            return str(header)
    return None


def open_records(path: str) -> list[EcgRecord]:
    """The record of a header file. Raises `ecg-header-invalid`, `ecg-file-missing`, `ecg-truncated`."""
    header = parsed(path)
    if not header.signals and not header.segments:
        raise MedviewerError("ecg-no-signals", path)
    source: MappedSignals | SegmentedSignals
    if header.segments:
        source = SegmentedSignals(header)
        leads, gaps, warnings = source.leads, source.gaps, source.warnings
    else:
        source = MappedSignals(header)
        leads, gaps, warnings = source.leads, (), source.warnings
    if not source.packed:
        gaps = gaps_of(source, leads) or gaps
    age, patient = person(header.comments)
    notes, said = annotations_of(header, leads)
    return [
        EcgRecord(
            item=stated("item", header.comments) or header.name,
            patient=patient,
            study=Study(date=header.start[:10], time=header.start[11:19]),
            path=path,
            format="wfdb",
            start=header.start,
            leads=leads,
            source=source,
            gaps=gaps,
            annotations=notes,
            warnings=(*header.warnings, *warnings, *said),
            age_years=age,
            has_identity=patient.known,
        )
    ]


def segments_of(path: str) -> tuple[str, ...]:
    """Headers that a multi-segment header names."""
    folder = Path(path).parent
    return tuple(str(folder / f"{name}.hea") for name, _ in parsed(path).segments if name != "~")
