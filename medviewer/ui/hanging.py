"""Which items hang where when a patient is opened: image and note side by side, the ECG on paper across below them."""

from collections.abc import Sequence
from dataclasses import dataclass

from medviewer.core.ecg import EcgRecord
from medviewer.core.image import ImageSeries
from medviewer.services.session import Item

RADIOGRAPHS = ("DX", "CR")


@dataclass(frozen=True, slots=True)
class Hanging:
    """Rows and columns of panes, whether the last row is one pane across, and the ids of the items in the order of panes."""

    rows: int
    columns: int
    wide: bool
    items: tuple[str, ...]


def hang(items: Sequence[Item]) -> Hanging | None:
    """One item of each kind of the patient with the most kinds, the first of them among equals; None where nobody has two.

    Of images a radiograph comes first: networks read it whole. Of ECGs the one with most leads, of notes the first.
    """
    people: dict[tuple[str, ...], dict[str, Item]] = {}
    for item in items:
        if item.patient.known and not (isinstance(item, ImageSeries) and not item.frames):
            kinds = people.setdefault(item.patient.key, {})
            if item.kind not in kinds or _rank(item) > _rank(kinds[item.kind]):
                kinds[item.kind] = item
    most = max(people.values(), key=len, default={})
    if len(most) < 2:
        return None
    hung = tuple(most[kind].item for kind in ("image", "note", "ecg") if kind in most)
    rows = 2 if "ecg" in most else 1
    return Hanging(rows, 2 if len(hung) == 3 or rows == 1 else 1, len(hung) == 3, hung)


def _rank(item: Item) -> int:
    """Which of two items of one kind is hung: the higher, the first among equals."""
    if isinstance(item, ImageSeries):
        return int(item.modality in RADIOGRAPHS)
    return len(item.leads) if isinstance(item, EcgRecord) else 0
