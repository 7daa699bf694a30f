"""Paths → items as they are found: walk, claim by content, read headers, group; and an account of every file."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.image import ImageSeries
from medviewer.core.task import Account, CancelToken
from medviewer.io.archive import unpack
from medviewer.io.detect import claim, detect
from medviewer.io.dicom import CHUNK, read_header
from medviewer.io.disc import missing_from
from medviewer.io.image.frames import Image, Sisters, image_of
from medviewer.io.image.picture import open_picture
from medviewer.io.image.series import group
from medviewer.io.layout import Layouts

ANNOUNCE_EVERY = 0.25
"""Seconds between two announcements after the first: growing series are regrouped each time."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items new or grown since the last announcement (all of them at the end), ids that are no more, and the account."""

    items: tuple[ImageSeries, ...]
    removed: tuple[str, ...]
    account: Account


class _Scan:
    def __init__(self, announce: Callable[[Batch], None] | None) -> None:
        self.announce = announce
        self.images: list[Image] = []
        self.sisters: Sisters = {}
        self.layouts = Layouts()
        self.pictures: list[ImageSeries] = []
        self.skipped: list[Notice] = []
        self.failed: list[Notice] = []
        self.found = 0
        self._told: dict[str, int] = {}
        self._next = 0.0

    def account(self, finished: bool) -> Account:
        loaded = len(self.images) + len(self.pictures)
        return Account(self.found, loaded, tuple(self.skipped), tuple(self.failed), finished)

    def tell(self) -> None:
        """Announce what is new, the very first image at once."""
        now = time.monotonic()
        if self.announce is None or now < self._next or not (self.images or self.pictures):
            return
        self.announce(self._batch(complete=False))
        self._next = time.monotonic() + ANNOUNCE_EVERY

    def end(self) -> Batch:
        return self._batch(complete=True)

    def _batch(self, complete: bool) -> Batch:
        items = {item.item: item for item in [*group(self.images, complete), *self.pictures]}
        sizes = {name: len(item.frames) for name, item in items.items()}
        removed = tuple(name for name in self._told if name not in items)
        fresh = tuple(item for name, item in items.items() if complete or self._told.get(name) != sizes[name])
        self._told = sizes
        return Batch(fresh, removed, self.account(complete))


def scan(
    paths: Sequence[str | Path],
    *,
    workspace: Path,
    announce: Callable[[Batch], None] | None = None,
    cancel: CancelToken | None = None,
) -> Batch:
    """Everything readable under `paths`; archives are unpacked under `workspace`.

    `announce` hears of the first image at once and of growth at most four times a second. Raises Cancelled only.
    """
    state = _Scan(announce)
    for path in _files(paths, state):
        if cancel is not None:
            cancel.check()
        _take(path, state, workspace, inside=False)
        state.tell()
    return state.end()


def _files(paths: Sequence[str | Path], state: _Scan) -> Iterator[str]:
    """Files in the order of their names; a folder that cannot be read is a failure of its own."""

    def refuse(error: OSError) -> None:
        state.found += 1
        state.failed.append(Notice("unreadable", str(error.filename), {"reason": error.strerror or ""}))

    for path in paths:
        if Path(path).is_dir():
            for folder, below, names in os.walk(path, onerror=refuse):
                below.sort()
                yield from (f"{folder}{os.sep}{name}" for name in sorted(names))
        elif os.path.lexists(path):
            if _is_dicomdir(path):
                yield from _files([Path(path).absolute().parent], state)
            else:
                yield str(path)
        else:
            state.found += 1
            state.failed.append(Notice("path-not-found", str(path)))


def _is_dicomdir(path: str | Path) -> bool:
    """An index of a disc that was named itself stands for the folder it lies in: files are found by content (TF-05)."""
    try:
        return detect(path) == "dicomdir"
    except OSError:
        return False


def _take(path: str, state: _Scan, workspace: Path, inside: bool) -> None:
    """Claim one file and read it; every file ends in exactly one column of the account."""
    state.found += 1
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a thousand times a second
            head = file.read(CHUNK)
            size = os.fstat(file.fileno()).st_size
        kind = claim(head)
        if kind == "dicom":
            state.images.append(image_of(read_header(path, head, size, state.layouts), state.sisters))
        elif kind == "picture":
            state.pictures.append(open_picture(path))
        elif kind == "archive" and not inside:
            _unpack(path, state, workspace)
        elif kind == "empty":
            state.failed.append(Notice("empty-file", path))
        else:
            _skip(path, state, kind)
            if kind == "dicomdir":
                missing = missing_from(path)
                state.found += len(missing)
                state.failed += missing
    except OSError as error:
        state.failed.append(Notice("unreadable", path, {"reason": error.strerror or ""}))
    except MedviewerError as error:
        (state.skipped if error.notice.code == "not-an-image" else state.failed).append(error.notice)


def _skip(path: str, state: _Scan, kind: str) -> None:
    """Nobody claims it. A .dcm that is no DICOM was meant to be one: a failure, not junk."""
    meant = not Path(path).name.startswith("._")  # a Mac's resource forks lie beside every file it copied
    if meant and kind == "unknown" and path.lower().endswith((".dcm", ".dicom")):
        state.failed.append(Notice("dicom-damaged", path, {"reason": "not DICOM"}))
    else:
        state.skipped.append(Notice("dicomdir-not-needed" if kind == "dicomdir" else "not-recognised", path))


def _unpack(path: str, state: _Scan, workspace: Path) -> None:
    """An archive is not counted itself, its members are."""
    state.found -= 1
    try:
        files, told = unpack(Path(path), workspace)
    except MedviewerError as error:
        state.found += 1
        state.failed.append(error.notice)
        return
    state.found += len(told)
    state.failed += told
    for file in files:
        _take(str(file), state, workspace, inside=True)
        state.tell()
