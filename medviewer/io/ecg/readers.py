"""Which reader takes a file, by content."""

import struct
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError
from medviewer.io.ecg import aecg, edf, ishne, muse, philips, schiller, scp, table, wfdb

BY_CONTENT: tuple[ModuleType, ...] = (edf, ishne, scp, aecg, muse, philips, schiller, wfdb)


_DAMAGE = (
    *(OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, EOFError),
    *(NotImplementedError, struct.error),
)


def reader_of(head: bytes, named: bool = False) -> Callable[[str], list[EcgRecord]] | None:
    """`open_records` of the reader that claims these first bytes; tables of numbers where the file was `named` itself or
    tells that it is an ECG."""
    for module in BY_CONTENT:
        if module.claims(head):
            return module.open_records  # type: ignore[no-any-return]
    return table.open_records if (table.claims if named else table.says_ecg)(head) else None


def open_ecg(path: str, reader: Callable[[str], list[EcgRecord]]) -> list[EcgRecord]:
    """As the reader, with every way in which a damaged file can fail turned into `ecg-unreadable`."""
    try:
        return reader(path)
    except MedviewerError:
        raise
    except _DAMAGE as error:
        name = Path(path).name
        raise MedviewerError("ecg-unreadable", path, reason=f"{name}: {type(error).__name__}") from error
