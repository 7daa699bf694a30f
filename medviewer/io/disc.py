"""The index of a disc (DICOMDIR): which of the files it lists are not there. The files themselves are found without it."""

import warnings
from pathlib import Path

from medviewer.core.errors import Notice

MOST_RECORDS = 100_000


def missing_from(index: str) -> tuple[Notice, ...]:
    """One `disc-file-missing` for each file that the index lists and nobody finds: in any case, with or without an ending.

    () where none of them is there: such an index lies beside other files by chance. A damaged index has no say.
    """
    listed = _listed(index)
    root = Path(index).absolute().parent
    known: dict[Path, list[str]] = {}
    gone = [name for name in listed if not _found(root, name, known)]
    if len(gone) == len(listed):
        return ()
    return tuple(Notice("disc-file-missing", str(root.joinpath(*name))) for name in gone)


def _listed(index: str) -> list[tuple[str, ...]]:
    """Referenced files in the order of the records. Records are read one after the other and their links are not followed,
    so an index whose links run in a circle is read once."""
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            records = pydicom.dcmread(index, force=True).get("DirectoryRecordSequence") or []
            names = [record.get("ReferencedFileID") for record in records[:MOST_RECORDS]]
    except Exception:  # a damaged index makes pydicom raise nearly anything; the files are found by content all the same
        return []
    parts = [(name,) if isinstance(name, str) else tuple(str(part) for part in name) for name in names if name]
    return [name for name in dict.fromkeys(parts) if all(map(_plain, name))]


def _plain(part: str) -> bool:
    return part not in ("", ".", "..") and not any(sign in part for sign in "/\\\0:")


def _found(root: Path, name: tuple[str, ...], known: dict[Path, list[str]]) -> bool:
    """Component by component, ignoring case; the last one with any ending or without its own."""
    folders = [root]
    for part in name[:-1]:
        folders = [folder / n for folder in folders for n in _names(folder, known) if n.casefold() == part.casefold()]
    wanted = name[-1].casefold()
    stem = wanted.split(".")[0]
    there = [n.casefold() for folder in folders for n in _names(folder, known)]
    return wanted in there or stem in (n.split(".")[0] for n in there)


def _names(folder: Path, known: dict[Path, list[str]]) -> list[str]:
    if folder not in known:
        try:
            known[folder] = [entry.name for entry in folder.iterdir()]
        except OSError:
            known[folder] = []
    return known[folder]
