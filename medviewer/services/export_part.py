"""A part of an ECG → files: its samples with what is marked in it, each read back and compared (EA-06)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_crop import begin_of, cropped, cropped_answers, cropped_hand
from medviewer.core.ecg_hand import HandMarks
from medviewer.core.finding import Decision, Result
from medviewer.io.ecg.write import write
from medviewer.services.export import file_name
from medviewer.services.export_marks import export_marks

FORMATS = ("wfdb", "edf", "csv")


@dataclass(frozen=True, slots=True)
class Part:
    """What an export is made of: the record and all that is known of it, moved to the part's start."""

    record: EcgRecord
    results: Sequence[Result]
    decided: Mapping[str, Decision]
    hand: HandMarks


def part_of(
    record: EcgRecord,
    span: tuple[float, float],
    results: Sequence[Result] = (),
    decided: Mapping[str, Decision] | None = None,
    hand: HandMarks | None = None,
) -> Part:
    """The part between two moments (seconds, in any order). ValueError where it is empty."""
    first, last = sorted(span)
    start = begin_of(record, first) if record.leads else 0.0
    part = cropped(record, first, last)
    answers, kept = cropped_answers(record, part, start, [r for r in results if r.status == "ok"], decided or {})
    return Part(part, answers, kept, cropped_hand(record, part, start, hand or HandMarks()))


def export_part(part: Part, folder: Path, kind: str) -> list[str]:
    """Names of the files written: samples (`kind` one of FORMATS), and beside them the marks where there are any.

    Raises what `write` and `export_marks` raise.
    """
    marks = export_marks(part.record, part.results, folder, kind, part.decided, part.hand)
    if kind == "edf" and marks:
        return marks
    return [*write(part.record, folder, file_name(part.record.item), kind), *marks]
