"""Calipers, cursors and wave borders moved by hand: kept in the database with their record, undoable, each act audited."""

from collections.abc import Callable

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_hand import KINDS, HandMarks, Row, hand_of, rows_of
from medviewer.core.errors import Fact
from medviewer.services.acts import Act
from medviewer.services.assign import content_key
from medviewer.services.session import Session
from medviewer.store.records import AuditLine, now


def record_key(record: EcgRecord) -> str:
    """What the marks hang on: the file's content, the record in it, and what its leads are said to be; "" without a file.

    Who states another rate or unit has another scale, on which the old marks would lie."""
    content = content_key(record)
    leads = ",".join(f"{lead.name}:{lead.rate_hz:g}:{lead.unit}" for lead in record.leads)
    return f"{content}|{record.item}|{leads}" if content else ""


class Hand:
    """Of one session. `show` in `keep` puts the marks where they are seen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def recall(self, record: EcgRecord) -> HandMarks:
        """What was kept with this record."""
        records, key = self._session.records, record_key(record)
        if records is None or not key:
            return HandMarks()
        return hand_of((kind, lead, value) for kind in KINDS for lead, _, value in records.marks(key, kind))

    def keep(self, record: EcgRecord, before: HandMarks, after: HandMarks, act: str, show: Callable[[HandMarks], None]) -> None:
        """One act, which can be undone: `act` is "caliper" or "bound"."""
        key, old, new = record_key(record), rows_of(before), rows_of(after)
        if old == new:
            return

        def put(rows: frozenset[Row], gone: frozenset[Row], marks: HandMarks, code: str) -> None:
            if self._session.records is not None:
                for there, some in ((False, gone - rows), (True, rows - gone)):
                    for kind, lead, value in sorted(some):
                        if key:
                            self._session.records.mark(key, kind, lead, 0, value, there=there)
                self._session.records.note_act(self._line(record, code, rows - gone))
            show(marks)

        self._session.history.do(
            Act(f"act-{act}", lambda: put(new, old, after, act), lambda: put(old, new, before, f"undo-{act}"))
        )

    def _line(self, record: EcgRecord, act: str, rows: frozenset[Row]) -> AuditLine:
        facts: dict[str, Fact] = {f"{kind} {lead}".strip(): value for kind, lead, value in sorted(rows)}
        return AuditLine(now(), self._session.who(), act, record.patient.id, record.item, "hand", facts)
