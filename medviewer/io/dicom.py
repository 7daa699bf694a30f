"""The DICOM header pass: raw bytes of the wanted elements and where the pixels lie, without parsing the rest.

An own walk over element offsets (PS3.5 section 7) for plain little-endian files, measured at a tenth of pydicom's time;
pydicom reads every file that is odd. `tests/truth` proves both equal over all data files.
"""

import os
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medviewer.core.errors import MedviewerError
from medviewer.io import tags
from medviewer.io.layout import Layouts, Step
from medviewer.io.tags import OVERLAY_DATA, PIXEL_TAGS, SEQUENCES, WANTED, WANTED_TOP

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
NATIVE_LE = frozenset({IMPLICIT_LE, EXPLICIT_LE})

CHUNK = 16384
HEADER_LIMIT = 64 << 20
"""A header longer than this is not read into memory: the file is damaged or hostile."""
DEPTH_LIMIT = 16
DEFER = 1 << 20
"""Values longer than this stay in the file. A table of 65,536 entries must not: inside an item it could not be fetched."""
UNDEFINED = 0xFFFFFFFF

_LONG_VR = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SHORT_VR = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHL").unpack_from
_long = struct.Struct("<L").unpack_from

RawElements = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class PixelData:
    """Where pixel data starts: its element, byte offset in the file and length (None = encapsulated)."""

    tag: int
    offset: int
    length: int | None


@dataclass(frozen=True, slots=True)
class Header:
    """What one file says: value bytes by tag, little endian; `read.py`-independent of who parsed it.

    `sequences` holds the items of the wanted sequences; `groups` one flattened element map a frame for files with
    functional groups (shared values overlaid by the frame's own). `pixels.offset` is 0 where pydicom has to find them.
    `overlays` has the bytes of OverlayData by overlay group.
    """

    path: str
    size: int
    syntax: str
    elements: RawElements
    pixels: PixelData | None
    sequences: Mapping[int, tuple[RawElements, ...]] = field(default_factory=dict)
    groups: tuple[RawElements, ...] = ()
    preamble: bool = True
    overlays: Mapping[int, int] = field(default_factory=dict)


class Odd(Exception):
    """The walk met something it does not judge; pydicom decides."""


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


def walk_header(path: str, head: bytes | None = None, size: int | None = None, layouts: Layouts | None = None) -> Header:
    """The fast way; raises `Odd` for every file it does not fully understand."""
    fd = -1
    if layouts is not None and head is not None and size is not None:
        known = layouts.match(head)
        if known is not None:
            pattern, elements, offset, length = known
            place = PixelData(tags.PIXELS, offset, None if length == UNDEFINED else length)
            return Header(path, size, pattern.syntax, elements, place)
    try:
        if head is None or size is None:
            fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            size = os.fstat(fd).st_size
            head = os.read(fd, CHUNK)
        want = CHUNK
        while True:
            try:
                return _walk(path, head, size, layouts)
            except _More as more:
                if len(head) >= size:
                    raise Odd from None
                want = max(want * 4, more.upto)
                if want > HEADER_LIMIT:
                    raise Odd from None
                if fd < 0:
                    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
                os.lseek(fd, 0, os.SEEK_SET)
                head = os.read(fd, want)
    except (struct.error, IndexError):
        raise Odd from None
    finally:
        if fd >= 0:
            os.close(fd)


class _More(Exception):
    def __init__(self, upto: int) -> None:
        self.upto = upto


def _walk(path: str, head: bytes, size: int, layouts: Layouts | None) -> Header:
    pos, syntax, preamble = _start(head)
    elements: dict[int, bytes] = {}
    overlays: dict[int, int] = {}
    end = len(head)
    implicit = syntax == IMPLICIT_LE
    last = -1
    steps = _meta_steps(head, pos) if layouts is not None and layouts.learning else None
    while True:
        if pos + 12 > end:
            if pos == size:
                return Header(path, size, syntax, elements, None, preamble=preamble, overlays=overlays)
            raise _More(pos + 12) if end < size else Odd
        if implicit:
            group, element, length = _implicit(head, pos)
            value = pos + 8
        else:
            group, element, vr, length = _explicit(head, pos)
            value = pos + 8
            if vr in _LONG_VR:
                (length,) = _long(head, value)
                value += 4
            elif vr not in _SHORT_VR:
                raise Odd
        tag = group << 16 | element
        if tag <= last:
            raise Odd
        last = tag
        if tag in PIXEL_TAGS:
            if layouts is not None and steps is not None and tag == tags.PIXELS and not overlays:
                layouts.learn(head, syntax, steps, pos)
            place = PixelData(tag, value, None if length == UNDEFINED else length)
            return Header(path, size, syntax, elements, place, preamble=preamble, overlays=overlays)
        if tag in SEQUENCES:
            raise Odd
        if length == UNDEFINED:
            steps = None
            pos = _skip_items(head, value, size, implicit or vr == b"UN", 0)
            continue
        if steps is not None:
            steps.append(Step(tag, pos, value, value + length))
        pos = value + length
        if tag in WANTED_TOP:
            if pos > end:
                raise _More(pos) if pos <= size else Odd
            if implicit or vr != b"UN":
                elements[tag] = head[value:pos]
            else:
                raise Odd
            continue
        if tag in OVERLAY_DATA:
            overlays[OVERLAY_DATA[tag]] = length
        if pos > end:
            if pos > size:
                raise Odd
            if pos < size:
                raise _More(pos + 4096)


def _start(head: bytes) -> tuple[int, str, bool]:
    """Offset of the data set, its transfer syntax, whether there is a preamble."""
    if head[128:132] != b"DICM":
        raise Odd
    pos, syntax = 132, ""
    while pos + 8 <= len(head):
        group, element, vr, length = _explicit(head, pos)
        if group != 2:
            break
        value = pos + 8
        if vr in _LONG_VR:
            (length,) = _long(head, value)
            value += 4
        elif vr not in _SHORT_VR:
            raise Odd
        if value + length > len(head):
            raise Odd
        if element == 0x0010:
            syntax = head[value : value + length].rstrip(b"\0 ").decode("ascii", "replace")
        pos = value + length
    if not syntax or syntax in (EXPLICIT_BE, DEFLATED):
        raise Odd
    return pos, syntax, True


def _meta_steps(head: bytes, end: int) -> list[Step]:
    """The elements of the file meta information, which `_start` has found whole."""
    steps, pos = [], 132
    while pos < end:
        group, element, vr, length = _explicit(head, pos)
        value = pos + 8
        if vr in _LONG_VR:
            (length,) = _long(head, value)
            value += 4
        steps.append(Step(group << 16 | element, pos, value, value + length))
        pos = value + length
    return steps


def _skip_items(head: bytes, pos: int, size: int, implicit: bool, depth: int) -> int:
    """End of a sequence of undefined length whose first item starts at `pos`."""
    if depth > DEPTH_LIMIT:
        raise Odd
    while True:
        if pos + 8 > len(head):
            raise _More(pos + 8) if len(head) < size else Odd
        group, element, length = _implicit(head, pos)
        pos += 8
        if group != 0xFFFE:
            raise Odd
        if element == 0xE0DD:
            return pos
        if element != 0xE000:
            raise Odd
        pos = _skip_elements(head, pos, size, implicit, depth + 1) if length == UNDEFINED else pos + length


def _skip_elements(head: bytes, pos: int, size: int, implicit: bool, depth: int) -> int:
    """End of an item of undefined length whose first element starts at `pos`."""
    while True:
        if pos + 12 > len(head):
            if pos + 8 <= len(head) and _implicit(head, pos)[:2] == (0xFFFE, 0xE00D):
                return pos + 8
            raise _More(pos + 12) if len(head) < size else Odd
        group, element, length = _implicit(head, pos)
        if group == 0xFFFE:
            if element != 0xE00D:
                raise Odd
            return pos + 8
        value, vr = pos + 8, b""
        if not implicit:
            group, element, vr, length = _explicit(head, pos)
            if vr in _LONG_VR:
                (length,) = _long(head, value)
                value += 4
            elif vr not in _SHORT_VR:
                raise Odd
        pos = _skip_items(head, value, size, implicit or vr == b"UN", depth) if length == UNDEFINED else value + length


# ---------------------------------------------------------------------------------------------- the slow way, by pydicom

_quiet = threading.local()


@contextmanager
def damage_told(path: str) -> Iterator[None]:
    """What pydicom raises of a damaged file, nearly anything, becomes `dicom-damaged`; its warnings are kept quiet."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MedviewerError:
        raise
    except Exception as error:
        raise MedviewerError("dicom-damaged", path, reason=type(error).__name__) from error


def parse_header(path: str) -> Header:
    """The same header read by pydicom. Raises MedviewerError `not-dicom`, `header-damaged`, `file-unreadable`."""
    import warnings

    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        size = Path(path).stat().st_size
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = pydicom.dcmread(path, force=True, stop_before_pixels=False, defer_size=DEFER)
            return _header_of(ds, path, size)
    except InvalidDicomError as error:
        raise MedviewerError("not-dicom", path) from error
    except OSError as error:
        if isinstance(error, EOFError) or error.errno is None:
            raise MedviewerError("header-damaged", path) from error
        raise MedviewerError("file-unreadable", path, reason=error.strerror or "") from error
    except MedviewerError:
        raise
    except Exception as error:
        # A damaged header makes pydicom raise nearly anything: KeyError, struct.error, NotImplementedError, zlib.error …
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
    except Exception:
        # A damaged table or code must not stop the image (PX-17); it is as if it were not there.
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
