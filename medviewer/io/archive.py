"""ZIP files → files in a private folder: bounded in number, size and ratio, and never outside that folder."""

import errno
import hashlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from medviewer.core.errors import MedviewerError, Notice

LARGEST_TOTAL = 8 << 30
LARGEST_FILE = 4 << 30
MOST_FILES = 200_000
LARGEST_RATIO = 400
"""Bytes out for one byte in; DICOM packs at most about 100 times (black frames)."""
BLOCK = 1 << 20
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
"""What writing raises; anything else comes from reading a damaged archive."""


def unpack(path: Path, workspace: Path) -> tuple[list[Path], list[Notice]]:
    """The unpacked files, and what was left out. Raises `archive-damaged` where nothing can be read, `archive-not-unpacked`
    where nothing can be written.

    The folder's name is a hash of the archive's path, size and time: opening again unpacks again into the same place.
    """
    stat = path.stat()
    name = hashlib.sha256(f"{path.absolute()}|{stat.st_size}|{stat.st_mtime_ns}".encode()).hexdigest()[:16]
    folder = workspace / name
    shutil.rmtree(folder, ignore_errors=True)
    try:
        workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _unwritten(path, workspace, error) from error
    told: list[Notice] = []
    files: list[Path] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for info in _members(archive, path, told):
                target = folder.joinpath(*_parts(info.filename))
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    _copy(archive, info, target)
                except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                    target.unlink(missing_ok=True)
                    told.append(Notice("archive-damaged", f"{path}/{info.filename}", {"reason": type(error).__name__}))
                    continue
                files.append(target)
    except (zipfile.BadZipFile, OSError) as error:
        why = MedviewerError("archive-damaged", str(path), reason=type(error).__name__)
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            why = _unwritten(path, workspace, error)
        if not files:
            raise why from error
        told.append(why.notice)
    return files, told


def _unwritten(path: Path, workspace: Path, error: OSError) -> MedviewerError:
    return MedviewerError("archive-not-unpacked", str(path), folder=str(workspace), reason=error.strerror or "")


def _members(archive: zipfile.ZipFile, path: Path, told: list[Notice]) -> Iterator[zipfile.ZipInfo]:
    """Members that are safe to write, until a bound is reached."""
    total = 0
    for n, info in enumerate(archive.infolist()):
        if info.is_dir():
            continue
        if not _safe(info.filename):
            told.append(Notice("archive-unsafe-name", str(path)))
            continue
        total += info.file_size
        packed_tight = info.file_size > BLOCK and info.file_size > LARGEST_RATIO * max(info.compress_size, 1)
        if packed_tight or info.file_size > LARGEST_FILE or total > LARGEST_TOTAL or n >= MOST_FILES:
            told.append(Notice("archive-too-large", str(path), {"limit": LARGEST_TOTAL >> 20}))
            return
        yield info


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Write one member; a member that holds more than it declares is cut off."""
    with archive.open(info) as source, target.open("wb") as out:
        left = info.file_size
        while block := source.read(min(BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise zipfile.BadZipFile("more data than declared")
            out.write(block)


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts


def _safe(name: str) -> bool:
    parts = _parts(name)
    return (
        bool(parts)
        and not (".." in parts or parts[0] in ("/", "//") or ":" in parts[0] or "\0" in name)
        and not PurePosixPath(name).is_absolute()
    )
