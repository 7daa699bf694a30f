"""Paths → items as they are found: walk, claim by content, read headers, group; and an account of every file."""

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.core.task import Account, CancelToken
from medviewer.io import tags, values
from medviewer.io.archive import unpack
from medviewer.io.detect import claim, detect
from medviewer.io.dicom import read_header
from medviewer.io.dicom_walk import CHUNK
from medviewer.io.disc import missing_from
from medviewer.io.image.frames import Image, Sisters, image_of
from medviewer.io.image.picture import open_picture
from medviewer.io.image.series import group
from medviewer.io.layout import Layouts

WAVEFORMS = "1.2.840.10008.5.1.4.1.1.9."
DOCUMENTS = ("1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.104.")
"""SOP classes that are no images. The readers of ECGs and notes are imported with the first file that needs one: a folder of
images does not wait for them."""
ANNOUNCE_EVERY = 0.25
"""Seconds between two announcements after the first: growing series are regrouped each time."""


Item = ImageSeries | EcgRecord | NoteDocument


@dataclass(frozen=True, slots=True)
class Batch:
    """Items new or grown since the last announcement (all of them at the end), ids that are no more, and the account."""

    items: tuple[Item, ...]
    removed: tuple[str, ...]
    account: Account

    @property
    def images(self) -> tuple[ImageSeries, ...]:
        """Its items that are series of images."""
        return tuple(item for item in self.items if isinstance(item, ImageSeries))


class _Scan:
    def __init__(self, announce: Callable[[Batch], None] | None) -> None:
        self.announce = announce
        self.images: list[Image] = []
        self.sisters: Sisters = {}
        self.layouts = Layouts()
        self.pictures: list[ImageSeries] = []
        self.records: list[EcgRecord] = []
        self.notes: list[NoteDocument] = []
        self.record_files = 0
        self.headers: set[str] = set()
        self.segments: set[str] = set()
        self.with_headers: dict[str, bool] = {}
        self.skipped: list[Notice] = []
        self.failed: list[Notice] = []
        self.found = 0
        self._told: dict[str, int] = {}
        self._next = 0.0

    def account(self, finished: bool) -> Account:
        loaded = len(self.images) + len(self.pictures) + self.record_files
        return Account(self.found, loaded, tuple(self.skipped), tuple(self.failed), finished)

    def tell(self) -> None:
        """Announce what is new, the very first image at once."""
        now = time.monotonic()
        if self.announce is None or now < self._next or not (self.images or self.pictures or self.records or self.notes):
            return
        self.announce(self._batch(complete=False))
        self._next = time.monotonic() + ANNOUNCE_EVERY

    def end(self) -> Batch:
        return self._batch(complete=True)

    def _batch(self, complete: bool) -> Batch:
        items: dict[str, Item] = {item.item: item for item in [*group(self.images, complete), *self.pictures]}
        records = [record for record in self.records if record.path not in self.segments]
        others: list[EcgRecord | NoteDocument] = [*records, *self.notes]
        for one in others:
            name = _free(_legible(one.item), items)
            items[name] = replace(one, item=name)
        sizes = {name: len(item.frames) if isinstance(item, ImageSeries) else 1 for name, item in items.items()}
        removed = tuple(name for name in self._told if name not in items)
        fresh = tuple(item for name, item in items.items() if complete or self._told.get(name) != sizes[name])
        self._told = sizes
        return Batch(fresh, removed, self.account(complete))


def _legible(name: str) -> str:
    """A file's name as text: one that is no UTF-8 (a disc written on another system) as GB 18030, else as Latin-1."""
    try:
        name.encode("utf-8")
        return name
    except UnicodeEncodeError:
        raw = os.fsencode(name)
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _free(name: str, taken: dict[str, Item]) -> str:
    """The id, with -2, -3 … where it is taken."""
    n, free = 2, name
    while free in taken:
        free, n = f"{name}-{n}", n + 1
    return free


def scan(
    paths: Sequence[str | Path],
    *,
    workspace: Path,
    announce: Callable[[Batch], None] | None = None,
    cancel: CancelToken | None = None,
    asking: Callable[[str], None] | None = None,
) -> Batch:
    """Everything readable under `paths`; archives are unpacked under `workspace`.

    `asking` hears each path before it is read: a drive may not answer. `announce` hears of the first image at once and of
    growth at most four times a second. Raises Cancelled only.
    """
    state = _Scan(announce)
    place = os.path.abspath if len(paths) > 1 else str
    named, seen = {place(path) for path in paths}, set()
    for path in _files(paths, state):
        if cancel is not None:
            cancel.check()
        if len(paths) > 1:
            if place(path) in seen:
                continue  # a file and its folder, or the same file twice: read once
            seen.add(place(path))
        if asking is not None:
            asking(path)
        _take(path, state, workspace, inside=False, named=place(path) in named)
        state.tell()
    return state.end()


def _files(paths: Sequence[str | Path], state: _Scan) -> Iterator[str]:
    """Files in the order of their names; a folder that cannot be read is a failure of its own."""

    def refuse(error: OSError) -> None:
        state.found += 1
        state.failed.append(Notice("unreadable", str(error.filename), {"reason": error.strerror or ""}))

    for path in sorted(paths, key=_place) if len(paths) > 1 else paths:
        if Path(path).is_dir():
            for folder, below, names in os.walk(path, onerror=refuse):
                below.sort()
                yield from (f"{folder}{os.sep}{name}" for name in sorted(names))
        elif os.path.lexists(path):
            if Path(path).is_file() and _is_dicomdir(path):
                yield from _files([Path(path).absolute().parent], state)
            else:
                yield str(path)
        elif os.path.lexists(f"{path}.hea"):
            yield f"{path}.hea"
        else:
            state.found += 1
            state.failed.append(Notice("path-not-found", str(path)))


def _place(path: str | Path) -> tuple[tuple[bool, str], ...]:
    """Where a walk comes by: a folder's files, then what lies below it. Paths are read in this order however they were named, so
    that ids with -2, -3 … do not hang on it."""
    *above, last = Path(path).absolute().parts
    return (*((True, part) for part in above), (Path(path).is_dir(), last))


def _is_dicomdir(path: str | Path) -> bool:
    """An index of a disc that was named itself stands for the folder it lies in: files are found by content (TF-05)."""
    try:
        return detect(path) == "dicomdir"
    except OSError:
        return False


def _take(path: str, state: _Scan, workspace: Path, inside: bool, named: bool = False) -> None:
    """Claim one file and read it; every file ends in exactly one column of the account."""
    state.found += 1
    try:
        head, size = _head(path)
        kind = claim(head)
        if kind == "dicom":
            header = read_header(path, head, size, state.layouts)
            sop = values.text(header.elements.get(tags.SOP_CLASS, b""))
            if sop.startswith(WAVEFORMS):
                from medviewer.io.ecg.readers import open_ecg
                from medviewer.io.ecg.waveform import open_records

                state.records += open_ecg(path, open_records)
                state.record_files += 1
            elif sop.startswith(DOCUMENTS):
                from medviewer.io.note.readers import open_notes

                state.notes += open_notes(path, "dicom")
                state.record_files += 1
            else:
                state.images.append(image_of(header, state.sisters))
        elif kind == "picture":
            state.pictures.append(open_picture(path))
        elif kind in ("archive", "unknown") and _take_other(path, head, state, named):
            pass
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
        (state.skipped if error.notice.code in ("not-an-image", "not-recognised") else state.failed).append(error.notice)


def _head(path: str) -> tuple[bytes, int]:
    """First bytes and size. Raises OSError, `not-recognised` for a pipe or a device: nobody waits for what they may say."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode):
            raise MedviewerError("not-recognised", path)
        return os.read(file, CHUNK), about.st_size
    finally:
        os.close(file)


def _take_other(path: str, head: bytes, state: _Scan, named: bool) -> bool:
    """An ECG, a file that belongs to one (.dat, .atr beside their .hea), or a note; False where it is none of them."""
    from medviewer.io.ecg.readers import open_ecg, reader_of

    reader = reader_of(head, named)
    if reader is None and path.endswith(".hea"):
        _read_header(path, state)  # meant to be one: its first line is told
    if reader is None:
        # Here and not above: a record that was named at start shall not wait for the readers of notes (50 ms).
        from medviewer.io.ecg.table import claims as is_table
        from medviewer.io.ecg.wfdb import header_of
        from medviewer.io.note.readers import claims as note_claims
        from medviewer.io.note.readers import is_note_name, open_notes

        kind = note_claims(head, named or (is_note_name(path) and not is_table(head)))
        if kind is not None and kind != "txt":
            state.notes += open_notes(path, kind)
            state.record_files += 1
            return True
        folder = str(Path(path).parent)
        if folder not in state.with_headers:
            state.with_headers[folder] = any(Path(folder).glob("*.hea"))
        header = header_of(path) if state.with_headers[folder] else None
        if header is None:
            if kind is None:
                return False
            state.notes += open_notes(path, kind)
            state.record_files += 1
            return True
        state.record_files += 1
        if named and header not in state.headers:
            _read_header(header, state)
        return True
    if path.endswith(".hea"):
        if path not in state.headers:
            _read_header(path, state)
    else:
        state.records += open_ecg(path, reader)
    state.record_files += 1
    return True


def _read_header(path: str, state: _Scan) -> None:
    """A WFDB header: its record, once; the headers of its segments are no records of their own."""
    state.headers.add(path)
    from medviewer.io.ecg.readers import open_ecg
    from medviewer.io.ecg.wfdb import open_records, segments_of

    state.records += open_ecg(path, open_records)
    state.segments.update(segments_of(path))


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
