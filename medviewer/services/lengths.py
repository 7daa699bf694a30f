"""Lengths drawn on images: kept in the database with their image, undoable, each act audited."""

import json
from collections.abc import Callable

from medviewer.core.errors import Fact
from medviewer.core.image import ImageSeries
from medviewer.core.measure import Ruler, length
from medviewer.services.acts import Act
from medviewer.services.session import Session
from medviewer.store.records import AuditLine, now

KIND = "length"
Place = tuple[str, int]
"""What a length hangs on: the image's SOP instance UID (its path where it has none) and the frame's index in the file."""


class Lengths:
    """Of one session; `changed` is called after each act, in the thread of the act.

    A length belongs to a file's frame: it is there again wherever, whenever and from whichever folder its image is shown
    (ME-01, ME-08).
    """

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self._session, self._changed = session, changed
        self._known: dict[str, dict[Place, tuple[Ruler, ...]]] = {}

    def of(self, series: ImageSeries, frame: int) -> tuple[Ruler, ...]:
        """Those on displayed frame `frame`, in the order of drawing; () outside the series. Reads nothing: painting asks."""
        if not 0 <= frame < len(series.frames):
            return ()
        return self._known.get(series.item, {}).get(_place(series, frame), ())

    def knows(self, item: str) -> bool:
        """Whether what was kept with the item has been read."""
        return item in self._known

    def kept(self, item: str) -> dict[Place, tuple[Ruler, ...]]:
        """What the database holds for an item, from any thread. Raises `database-unreadable`."""
        found: dict[Place, tuple[Ruler, ...]] = {}
        records = self._session.records
        for path, index, value in records.marks(item, KIND) if records is not None else ():
            ruler = _ruler(value)
            if ruler is not None:
                found[path, index] = (*found.get((path, index), ()), ruler)
        return found

    def take(self, item: str, found: dict[Place, tuple[Ruler, ...]]) -> None:
        """What `kept` gave; too late where a person has drawn on the item since."""
        if item not in self._known:
            self._known[item] = found
            self._changed()

    def draw(self, series: ImageSeries, frame: int, ruler: Ruler) -> None:
        """Undoable, without a question (ME-10)."""
        self._session.history.do(
            Act(
                "act-length",
                lambda: self._put(series, frame, ruler, True, "length"),
                lambda: self._put(series, frame, ruler, False, "undo-length"),
            )
        )

    def remove(self, series: ImageSeries, frame: int, ruler: Ruler) -> None:
        """Undoable, without a question (ME-10)."""
        self._session.history.do(
            Act(
                "act-length-removed",
                lambda: self._put(series, frame, ruler, False, "length-removed"),
                lambda: self._put(series, frame, ruler, True, "undo-length-removed"),
            )
        )

    def _put(self, series: ImageSeries, frame: int, ruler: Ruler, there: bool, act: str) -> None:
        if not self.knows(series.item):
            self._known[series.item] = self.kept(series.item)
        place, known, session = _place(series, frame), self._known[series.item], self._session
        others = tuple(one for one in known.get(place, ()) if one != ruler)
        known[place] = (*others, ruler) if there else others
        if session.records is not None:
            session.records.mark(series.item, KIND, *place, json.dumps([ruler.start, ruler.end]), there=there)
            measured = length(series, ruler.start, ruler.end, frame)
            facts: dict[str, Fact] = {"value": measured.value, "unit": measured.unit, "source": measured.source}
            subject = f"{place[0]}#{place[1]}"
            session.records.note_act(AuditLine(now(), session.who(), act, series.patient.id, series.item, subject, facts))
        self._changed()


def _place(series: ImageSeries, frame: int) -> Place:
    shown = series.frames[frame]
    return shown.sop_uid or shown.path, shown.index


def _ruler(text: str) -> Ruler | None:
    """What a row says; None where it says nothing."""
    try:
        start, end = json.loads(text)
        return Ruler((float(start[0]), float(start[1])), (float(end[0]), float(end[1])))
    except (ValueError, TypeError, IndexError, KeyError):
        return None
