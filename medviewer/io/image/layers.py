"""Overlays, shutters and ultrasound regions of a header; overlay planes of a file on demand."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError
from medviewer.core.overlay import UNITS, Overlay, Region, Shutter
from medviewer.io import tags, values
from medviewer.io.header import Header, RawElements


def overlays_of(read: Header, allocated: int) -> tuple[tuple[Overlay, ...], tuple[str, ...]]:
    """The overlays a header describes, and "overlay-invalid" for each that has no size."""
    found, notes = [], []
    raw = read.elements
    for group in tags.OVERLAY_GROUPS:
        base = group << 16
        if base | tags.OVERLAY_ROWS not in raw:
            continue
        rows, columns = values.short(raw[base | tags.OVERLAY_ROWS]), values.short(raw.get(base | tags.OVERLAY_COLUMNS))
        if not (rows and columns):
            notes.append("overlay-invalid")
            continue
        origin = values.shorts(raw.get(base | tags.OVERLAY_ORIGIN), signed=True)
        bits = values.short(raw.get(base | tags.OVERLAY_BITS), 1)
        frames = values.integer(raw.get(base | tags.OVERLAY_FRAMES)) or 1
        first = values.short(raw.get(base | tags.OVERLAY_FIRST_FRAME), 1)
        charset = raw.get(tags.CHARSET, b"")
        overlay = Overlay(
            plane=group,
            rows=rows,
            columns=columns,
            origin=(origin[0] - 1, origin[1] - 1) if len(origin) > 1 else (0, 0),
            kind=values.text(raw.get(base | tags.OVERLAY_TYPE, b"")) or "G",
            label=values.text(raw.get(base | tags.OVERLAY_LABEL, b""), charset),
            description=values.text(raw.get(base | tags.OVERLAY_DESCRIPTION, b""), charset),
            embedded_bit=values.short(raw.get(base | tags.OVERLAY_BIT_POSITION)) if bits == allocated > 1 else None,
            frames=max(frames, 1),
            first_frame=max(first - 1, 0),
        )
        length = read.overlays.get(group)
        if overlay.embedded_bit is None and (length is None or length * 8 < rows * columns * overlay.frames):
            notes.append("overlay-invalid")
            continue
        found.append(overlay)
    return tuple(found), tuple(notes)


def read_plane(path: str, index: int, overlay: Overlay, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Points of an overlay over frame `index` of the file, on the image's grid. Raises `overlay-invalid`, `unreadable`."""
    import pydicom

    try:
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=overlay.embedded_bit is None)
        n = index - overlay.first_frame
        if overlay.embedded_bit is not None:
            return overlay.placed(_embedded(dataset, index, overlay, shape), shape)
        if not 0 <= n < overlay.frames:
            # One plane without frames of its own lies over all of them (C.9.2.1.2: where NumberOfFramesInOverlay is absent).
            n = 0 if overlay.frames == 1 else -1
        if n < 0:
            return np.zeros(shape, bool)
        size = overlay.rows * overlay.columns
        data = np.frombuffer(dataset[overlay.plane, 0x3000].value, np.uint8)
        points = np.unpackbits(data, bitorder="little")[n * size : (n + 1) * size]
        return overlay.placed(points.reshape(overlay.rows, overlay.columns).astype(bool), shape)
    except OSError as error:
        raise MedviewerError("unreadable", path, reason=error.strerror or "") from error
    except (KeyError, ValueError, TypeError, AttributeError, NotImplementedError) as error:
        raise MedviewerError("overlay-invalid", path) from error


def _embedded(dataset: Any, index: int, overlay: Overlay, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The plane that lies in an unused bit of native pixel words (retired, PS3.5-2004 8.1.1)."""
    size = shape[0] * shape[1]
    order = "<" if dataset.original_encoding[1] is not False else ">"
    words = np.frombuffer(dataset.PixelData, f"{order}u{dataset.BitsAllocated // 8}")[index * size : (index + 1) * size]
    plane: NDArray[np.bool_] = ((words.reshape(shape) >> (overlay.embedded_bit or 0)) & 1).astype(bool)
    return plane[: overlay.rows, : overlay.columns]


def shutter_of(read: Header) -> tuple[Shutter | None, tuple[str, ...]]:
    """The display shutter; shapes that are damaged are left out with the note "shutter-invalid" (PX-17)."""
    raw = read.elements
    shapes = values.text(raw.get(tags.SHUTTER_SHAPE, b"")).upper().split("\\")
    rectangle = circle = None
    polygon: tuple[tuple[int, int], ...] = ()
    wanted, made = 0, 0
    for shape in {word.strip() for word in shapes if word.strip()}:
        wanted += 1
        if shape == "RECTANGULAR":
            names = (tags.SHUTTER_UPPER, tags.SHUTTER_LEFT, tags.SHUTTER_LOWER, tags.SHUTTER_RIGHT)
            stated = [values.integer(raw.get(tag)) for tag in names]
            edges = [edge - 1 for edge in stated if edge is not None]
            if len(edges) == 4 and edges[0] < edges[2] and edges[1] < edges[3]:
                rectangle = (edges[0], edges[1], edges[2], edges[3])
                made += 1
        elif shape == "CIRCULAR":
            centre, radius = values.decimals(raw.get(tags.SHUTTER_CENTRE, b"")), values.integer(raw.get(tags.SHUTTER_RADIUS))
            if len(centre) == 2 and radius and radius > 0:
                circle = (int(centre[0]) - 1, int(centre[1]) - 1, radius)
                made += 1
        elif shape == "POLYGONAL":
            numbers = values.decimals(raw.get(tags.SHUTTER_VERTICES, b""))
            if len(numbers) >= 6 and len(numbers) % 2 == 0:
                polygon = tuple((int(r) - 1, int(c) - 1) for r, c in zip(numbers[::2], numbers[1::2], strict=True))
                made += 1
    notes = ("shutter-invalid",) if made < wanted else ()
    if not made:
        return None, notes
    return Shutter(rectangle, circle, polygon, values.short(raw.get(tags.SHUTTER_GREY)) / 65535), notes


_APP0, _APP14, _FRAMES, _SCAN = 0xE0, 0xEE, (0xC0, 0xC1, 0xC2), 0xDA


def colour_doubt(read: Header, photometric: str) -> bool:
    """True where a JPEG's own markers say another colour space than the header, whose word is followed (PX-13).

    JFIF and Adobe transform 1 mean YCbCr, Adobe transform 0 and components named R, G, B mean RGB (ITU-T T.871, T.872).
    """
    if read.pixels is None or read.pixels.offset <= 0 or photometric not in ("RGB", "YBR_FULL", "YBR_FULL_422"):
        return False
    try:
        with Path(read.path).open("rb") as file:
            file.seek(read.pixels.offset)
            head = file.read(4096)
    except OSError:
        return False
    said = _jpeg_colour(head[head.find(b"\xff\xd8\xff") :] if b"\xff\xd8\xff" in head else b"")
    return said != "" and said != photometric[:3]


def _jpeg_colour(stream: bytes) -> str:
    """ "RGB", "YBR" or "" of the markers before the first scan."""
    at, said = 2, ""
    while at + 4 <= len(stream) and stream[at] == 0xFF and stream[at + 1] != _SCAN:
        marker, length = stream[at + 1], int.from_bytes(stream[at + 2 : at + 4], "big")
        body = stream[at + 4 : at + 2 + length]
        if marker == _APP0 and body.startswith(b"JFIF"):
            said = "YBR"
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            return "YBR" if body[11] == 1 else "RGB"
        elif marker in _FRAMES and body[6:15:3] == b"RGB":
            return "RGB"
        at += 2 + length
    return said


def regions_of(items: tuple[RawElements, ...]) -> tuple[Region, ...]:
    """Calibrated regions of an ultrasound image; those without a usable size are left out."""
    found = []
    for item in items:
        box = tuple(values.long(item.get(tag)) for tag in (tags.REGION_Y0, tags.REGION_X0, tags.REGION_Y1, tags.REGION_X1))
        delta = tuple((values.doubles(item.get(tag)) or (0.0,))[0] for tag in (tags.REGION_DX, tags.REGION_DY))
        units = tuple(UNITS.get(values.short(item.get(tag)), "") for tag in (tags.REGION_UNIT_X, tags.REGION_UNIT_Y))
        if box[2] > box[0] and box[3] > box[1] and all(np.isfinite(delta)) and all(delta):
            size = (abs(delta[0]), abs(delta[1]))
            found.append(Region((box[0], box[1], box[2], box[3]), size, (units[0], units[1])))
    return tuple(found)
