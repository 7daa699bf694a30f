"""The header pass of odd files, by pydicom: sequences, functional groups, big endian, deflated, damaged."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medviewer.core.errors import MedviewerError
from medviewer.io import tags
from medviewer.io.header import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, UNDEFINED, Header, PixelData, RawElements
from medviewer.io.tags import OVERLAY_DATA, PIXEL_TAGS, SEQUENCES, WANTED

DEFER = 1 << 20
"""Values longer than this stay in the file. A table of 65,536 entries must not: inside an item it could not be fetched."""


def parse_header(path: str) -> Header:
    """The same header read by pydicom. Raises MedviewerError `not-dicom`, `header-damaged`, `file-unreadable`."""
    import pydicom

    with header_told(path):
        size = Path(path).stat().st_size
        ds = pydicom.dcmread(path, force=True, stop_before_pixels=False, defer_size=DEFER)
        return _header_of(ds, path, size)


@contextmanager
def header_told(path: str) -> Iterator[None]:
    """What pydicom raises of a header becomes `not-dicom`, `header-damaged` or `file-unreadable`; its warnings are kept quiet."""
    from pydicom.errors import InvalidDicomError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InvalidDicomError as error:
        raise MedviewerError("not-dicom", path) from error
    except OSError as error:
        if isinstance(error, EOFError) or error.errno is None:
            raise MedviewerError("header-damaged", path) from error
        raise MedviewerError("file-unreadable", path, reason=error.strerror or "") from error
    except MedviewerError:
        raise
    except Exception as error:  # KeyError, struct.error, NotImplementedError, zlib.error …
        raise MedviewerError("header-damaged", path) from error


def _header_of(ds: Any, path: str, size: int) -> Header:
    meta = getattr(ds, "file_meta", None)
    syntax = str(meta.get("TransferSyntaxUID", "")) if meta is not None else ""
    implicit, little = ds.original_encoding
    if not syntax:
        syntax = IMPLICIT_LE if implicit or implicit is None else (EXPLICIT_LE if little else EXPLICIT_BE)
    if not any(tag in ds for tag in (tags.SOP_CLASS, tags.SOP_UID, tags.STUDY_UID, tags.MODALITY, tags.ROWS, tags.PIXELS)):
        raise MedviewerError("not-dicom", path)
    elements = _raw(ds, little)
    sequences = {tag: _items(ds, tag, little) for tag in SEQUENCES - {tags.SHARED_GROUPS, tags.FRAME_GROUPS} if tag in ds}
    return Header(
        path,
        size,
        syntax,
        elements,
        _pixels_of(ds),
        {tag: items for tag, items in sequences.items() if items},
        _groups(ds, little),
        preamble=bool(getattr(ds, "preamble", None)),
        overlays={group: _length_of(ds, tag) for tag, group in OVERLAY_DATA.items() if tag in ds},
    )


def _pixels_of(ds: Any) -> PixelData | None:
    for tag in sorted(PIXEL_TAGS):
        if tag not in ds:
            continue
        element = ds.get_item(tag)
        length: int | None = getattr(element, "length", None)
        if length is None:
            length = len(element.value or b"")
        offset = getattr(element, "value_tell", 0)
        return PixelData(tag, int(offset), None if length == UNDEFINED else int(length))
    return None


def _length_of(ds: Any, tag: int) -> int:
    element = ds.get_item(tag)
    length: int | None = getattr(element, "length", None)
    return len(element.value or b"") if length is None else length


def _items(ds: Any, tag: int, little: bool) -> tuple[RawElements, ...]:
    try:
        return tuple(_raw(item, little) for item in ds[tag].value or ())
    except Exception:  # a damaged table or code must not stop the image (PX-17): it is as if it were not there
        return ()


def _groups(ds: Any, little: bool) -> tuple[RawElements, ...]:
    """Per-frame values: shared functional groups overlaid by the frame's own, flattened to the wanted elements."""
    if tags.FRAME_GROUPS not in ds and tags.SHARED_GROUPS not in ds:
        return ()
    shared: dict[int, bytes] = {}
    for item in ds.get(tags.SHARED_GROUPS).value or () if tags.SHARED_GROUPS in ds else ():
        shared |= _flatten(item, little)
    frames = ds[tags.FRAME_GROUPS].value if tags.FRAME_GROUPS in ds else ()
    if not frames:
        return (shared,)
    return tuple(shared | _flatten(item, little) for item in frames)


def _flatten(group: Any, little: bool) -> dict[int, bytes]:
    flat: dict[int, bytes] = {}
    for element in group:
        if element.VR == "SQ" and len(element.value or ()) == 1:
            flat |= _raw(element.value[0], little)
    return flat


def _raw(ds: Any, little: bool) -> dict[int, bytes]:
    """Little-endian value bytes of the wanted elements of a pydicom data set."""
    found: dict[int, bytes] = {}
    for tag in ds.keys():  # noqa: SIM118 (iterating a Dataset parses every element)
        number = int(tag)
        if number not in WANTED or number in SEQUENCES:
            continue
        found[number] = _raw_value(ds, tag, little)
    return found


def _raw_value(ds: Any, tag: Any, little: bool) -> bytes:
    from pydicom.dataelem import RawDataElement

    element = ds.get_item(tag)
    vr = element.VR
    value = element.value
    if isinstance(element, RawDataElement):
        if value is None and element.length:
            value = _deferred(ds, tag)
        raw = bytes(value or b"")
    else:
        raw = _encoded(value, vr)
        return raw
    if little is False:
        width = {"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8}.get(str(vr), 1)
        if width > 1:
            raw = b"".join(raw[i : i + width][::-1] for i in range(0, len(raw), width))
    return raw


def _deferred(ds: Any, tag: Any) -> bytes:
    from pydicom.filereader import read_deferred_data_element

    element = ds.get_item(tag)
    read = read_deferred_data_element(ds.fileobj_type, ds.filename, ds.timestamp, element)
    return bytes(read.value or b"")


def _encoded(value: Any, vr: str) -> bytes:
    """Bytes of a value that pydicom had already turned into Python (the character set it looked up itself)."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    many = [value] if isinstance(value, (str, int, float)) or not hasattr(value, "__iter__") else list(value)
    packing = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FD": "d", "FL": "f"}.get(vr)
    if packing:
        return struct.pack(f"<{len(many)}{packing}", *many)
    return "\\".join(str(v) for v in many).encode("ascii", "replace")
