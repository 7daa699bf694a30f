"""What is marked on an ECG → files of other programs: WFDB annotations, EDF+ with annotations, a table of events."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from medviewer.core.ecg import Beats, EcgRecord
from medviewer.core.ecg_hand import HandMarks, HandNote, notes_of
from medviewer.core.ecg_marks import Marks, marks_of
from medviewer.core.finding import Decision, Result
from medviewer.io.ecg.write import write_annotations, write_edf_marks
from medviewer.services.export import file_name, write_whole

FORMATS = ("wfdb", "edf", "csv")
NOTICE = "Research use only – not for diagnosis"


def kept_beats(record: EcgRecord, marks: Marks) -> Beats:
    """Beats as people left them: rejected ones out, others called as somebody called them."""
    kept = np.flatnonzero(marks.accepted())
    return Beats(
        tuple(round(float(marks.times[n]) * record.rate_hz) for n in kept),
        tuple(str(marks.symbols[n]) for n in kept),  # type: ignore[misc]
        tuple(float(marks.shares[n]) for n in kept),
    )


def export_marks(
    record: EcgRecord,
    results: Sequence[Result],
    folder: Path,
    kind: str,
    decided: Mapping[str, Decision] | None = None,
    hand: HandMarks | None = None,
) -> list[str]:
    """Write the marks of a record, also those of a person's `hand`; names of the files, none where nothing is marked. Each is
    read back and compared.

    Raises `output-unwritable`, `export-differs`, `export-rate-fraction`.
    """
    marks = marks_of(record, results, decided)
    beats = kept_beats(record, marks)
    spans = [e for n, e in enumerate(marks.episodes) if (d := marks.decided.get(-1 - n)) is None or d.state != "rejected"]
    about = {lead.name: lead for lead in record.leads}
    notes = notes_of(
        hand or HandMarks(),
        {name: lead.rate_hz for name, lead in about.items()},
        {name: lead.unit for name, lead in about.items()},
    )
    if not beats.sample and not spans and not notes:
        return []
    name = file_name(record.item)
    if kind == "wfdb":
        written = write_annotations(beats, spans, record.rate_hz, folder, name, notes)
        return [written] if written else []
    if kind == "edf":
        return write_edf_marks(record, beats, spans, folder, name, notes)
    write_whole(folder / f"{name}.events.csv", _table(record, marks, notes).encode("utf-8-sig"))
    return [f"{name}.events.csv"]


def _table(record: EcgRecord, marks: Marks, notes: Sequence[HandNote]) -> str:
    """One event a row: time, sample, sort, label as it counts, the network's probability, and what a person decided; at the end
    what a person measured, state "manual"."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["start_s", "end_s", "sample", "kind", "label", "probability", "state", "who", "when", "model", NOTICE])
    for number in marks.numbers(("N", "S", "V", "F", "Q", "rhythm")):
        one = marks.event(number)
        model = marks.beats_model if one.kind == "beat" else marks.rhythm_model
        sample = round(one.start_s * record.rate_hz)
        decision = one.decision
        table.writerow(
            [f"{one.start_s:.4f}", f"{one.end_s:.4f}", sample, one.kind, one.label, f"{one.probability:.4f}", decision.state,
             decision.who, decision.when, model, ""]
        )  # fmt: skip
    for note in notes:
        sample = round(note.start_s * record.rate_hz)
        table.writerow([f"{note.start_s:.4f}", f"{note.end_s:.4f}", sample, note.kind, note.text, "", "manual", "", "", "", ""])
    return text.getvalue()
