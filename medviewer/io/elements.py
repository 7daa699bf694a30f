"""Every element of a DICOM file as rows for a person to read, one after another; pixels are named, never read."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medviewer.core.errors import MedviewerError
from medviewer.io.dicom_parse import header_told

LONGEST = 256
"""Characters of a value that are shown."""
LATE = 4096
"""Values longer than this stay in the file until asked for."""


@dataclass(frozen=True, slots=True)
class Element:
    """`tag` "(0010,0010)", `vr` "PN", `name` as in PS3.6 ("" for unknown private ones), `value` as text, `level` 0 outside
    sequences. A sequence's value is its number of items; each item is a row of its own with `vr` ""."""

    level: int
    tag: str
    vr: str
    name: str
    value: str


def elements(path: str) -> Iterator[Element]:
    """Rows in the file's order. Raises MedviewerError `not-dicom`, `header-damaged`, `file-unreadable` before the first one."""
    import pydicom

    with header_told(path):
        data = pydicom.dcmread(path, force=True, defer_size=LATE, stop_before_pixels=True)
    if len(data) == 0:
        raise MedviewerError("not-dicom", path)
    meta = getattr(data, "file_meta", None)
    if meta is not None:
        yield from _rows(meta, 0)
    yield from _rows(data, 0)


def _rows(data: Any, level: int) -> Iterator[Element]:
    from pydicom.datadict import dictionary_description

    for tag in sorted(data.keys()):
        written = f"({tag.group:04X},{tag.element:04X})"
        raw = data.get_item(tag)
        if getattr(raw, "is_raw", False) and raw.value is None and raw.length:
            name = dictionary_description(tag) if not tag.is_private else ""
            yield Element(level, written, str(raw.VR or ""), name, f"({raw.length} bytes)")
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                element = data[tag]
                name, vr, value = element.name, element.VR, element.value
        except Exception:  # one damaged value must not hide the others (TF-08)
            yield Element(level, written, str(getattr(raw, "VR", "") or ""), "", _bytes(getattr(raw, "value", b"") or b""))
            continue
        if vr == "SQ":
            yield Element(level, written, vr, name, str(len(value)))
            for number, item in enumerate(value, 1):
                yield Element(level + 1, "", "", str(number), "")
                yield from _rows(item, level + 2)
        else:
            yield Element(level, written, vr, name, _written(value))


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return _bytes(value)
    many = not isinstance(value, str) and hasattr(value, "__iter__") and not hasattr(value, "components")
    text = "\\".join(str(part) for part in value) if many else str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def _bytes(value: bytes) -> str:
    return value.hex(" ") if len(value) <= 32 else f"{value[:16].hex(' ')} … ({len(value)} bytes)"
