"""First bytes → the reader that claims a file; never its name."""

from pathlib import Path
from typing import Literal

from medviewer.io import dicom

Claim = Literal["dicom", "picture", "archive", "empty", "unknown", "dicomdir"]
HEAD = 4096

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_DICOMDIR = b"1.2.840.10008.1.3.10"


def detect(path: str | Path) -> Claim:
    """Which reader claims the file, from at most 4 KB of it. Raises OSError where it cannot be read."""
    with Path(path).open("rb", buffering=0) as file:
        return claim(file.read(HEAD))


def claim(head: bytes) -> Claim:
    """As `detect`, of bytes already read."""
    if not head:
        return "empty"
    if head[128:132] == b"DICM":
        return "dicomdir" if _DICOMDIR in head[132:600] else "dicom"
    if head.startswith(_PICTURES):
        return "picture"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "archive"
    return "dicom" if dicom.is_dicom(head) else "unknown"
