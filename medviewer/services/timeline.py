"""One patient's images, ECGs and notes in time order, newest visit first; what names nobody stands apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from medviewer.core.ecg import EcgRecord
from medviewer.core.identity import Patient
from medviewer.core.note import NoteDocument
from medviewer.services.compare import day_of
from medviewer.services.session import Item


@dataclass(frozen=True, slots=True)
class Visit:
    """One day (ISO, "" if unknown) with its items, the latest first; `before` is how many days before the newest visit."""

    day: str
    before: int | None
    items: tuple[Item, ...]

    @property
    def description(self) -> str:
        """Study descriptions of its items, each once."""
        return " · ".join(dict.fromkeys(item.study.description for item in self.items if item.study.description))


@dataclass(frozen=True, slots=True)
class Line:
    """One patient's visits; `patient` is unknown for the line of items that name nobody, which comes last."""

    patient: Patient
    visits: tuple[Visit, ...]


def timeline(items: Iterable[Item]) -> tuple[Line, ...]:
    """Patients in the order they came."""
    people: dict[tuple[str, str, str] | None, list[Item]] = {}
    for item in items:
        people.setdefault(item.patient.key if item.patient.known else None, []).append(item)
    known = [Line(_fullest(own), _visits(own)) for key, own in people.items() if key is not None]
    nobody = [Line(Patient(), _visits(own)) for key, own in people.items() if key is None]
    return tuple(known + nobody)


def time_of(item: Item) -> str:
    """HH:MM:SS of an item, "" if unknown."""
    own = item.date if isinstance(item, NoteDocument) else item.start if isinstance(item, EcgRecord) else ""
    return own[11:19] or (item.study.time if not own else "")


def _fullest(items: list[Item]) -> Patient:
    """The identity that says most: a note may know less of the name than an image."""
    return max((item.patient for item in items), key=lambda who: sum(map(len, (who.id, who.name, who.birth_date, who.sex))))


def _visits(items: list[Item]) -> tuple[Visit, ...]:
    days: dict[str, list[Item]] = {}
    for item in items:
        days.setdefault(day_of(item), []).append(item)
    newest = max(days)
    return tuple(Visit(day, _days(day, newest), tuple(sorted(days[day], key=_place))) for day in sorted(days, key=_descending))


def _descending(text: str) -> tuple[int, ...]:
    """Sorts ISO dates and times newest first, unknown ones last."""
    return tuple(-ord(c) for c in text) if text else (0,)


def _place(item: Item) -> tuple[tuple[int, ...], int, str]:
    return _descending(time_of(item)), getattr(item, "number", None) or 0, item.item


def _days(day: str, newest: str) -> int | None:
    try:
        return (date.fromisoformat(newest) - date.fromisoformat(day)).days
    except ValueError:
        return None
