"""The DICOM header pass: `walk` takes plain files, `parse` (pydicom) every odd one. `tests/truth` proves both equal."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from medviewer.core.errors import MedviewerError
from medviewer.io.dicom_parse import parse_header
from medviewer.io.dicom_walk import Odd, walk_header
from medviewer.io.header import Header
from medviewer.io.layout import Layouts


def read_header(path: str, head: bytes | None = None, size: int | None = None, layouts: Layouts | None = None) -> Header:
    """The header of a DICOM file; `head` are its first bytes if the caller has them, `layouts` what a scan has learnt.

    Raises MedviewerError `not-dicom`, `header-damaged`, `file-unreadable`.
    """
    try:
        return walk_header(path, head, size, layouts)
    except Odd:
        return parse_header(path)
    except OSError as error:
        raise MedviewerError("file-unreadable", path, reason=error.strerror or "") from error


@contextmanager
def damage_told(path: str) -> Iterator[None]:
    """What pydicom raises of a damaged file, nearly anything, becomes `dicom-damaged`; its warnings are kept quiet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MedviewerError:
        raise
    except Exception as error:  # KeyError, struct.error, NotImplementedError, zlib.error …
        raise MedviewerError("dicom-damaged", path, reason=type(error).__name__) from error
