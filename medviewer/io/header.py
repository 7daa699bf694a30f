"""What the header pass knows of one DICOM file, whoever read it: value bytes of the wanted elements and where the pixels lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
NATIVE_LE = frozenset({IMPLICIT_LE, EXPLICIT_LE})
UNDEFINED = 0xFFFFFFFF
"""The length of what ends with a delimiter."""

RawElements = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class PixelData:
    """Where pixel data starts: its element, byte offset in the file and length (None = encapsulated)."""

    tag: int
    offset: int
    length: int | None


@dataclass(frozen=True, slots=True)
class Header:
    """What one file says: value bytes by tag, little endian.

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
