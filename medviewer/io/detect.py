"""First bytes → the reader that claims a file; never its name."""

import struct
from pathlib import Path
from typing import Literal

Claim = Literal["dicom", "picture", "archive", "empty", "unknown", "dicomdir"]
HEAD = 4096

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_DICOMDIR = b"1.2.840.10008.1.3.10"
_LONG_VR = frozenset((b"OB", b"OW", b"SQ", b"UN", b"UT"))
_SHORT_VR = frozenset((b"UI", b"UL", b"CS", b"LO", b"SH", b"DA", b"TM", b"AE", b"US", b"DT", b"IS", b"PN"))


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
    return "dicom" if _headless(head) else "unknown"


def _headless(head: bytes) -> bool:
    """DICOM without a preamble: two elements of group 2 or 8 in rising order, implicit or explicit (TF-06)."""
    if len(head) < 24:
        return False
    if head[:2] == b"\0\x08" and head[4:6] in _SHORT_VR:
        return _follows(head, ">", 8 + struct.unpack_from(">H", head, 6)[0])
    group, element = struct.unpack_from("<HH", head)
    if group not in (2, 8) or element > 0x2000:
        return False
    vr = head[4:6]
    if vr in _LONG_VR:
        following = 12 + struct.unpack_from("<I", head, 8)[0]
    elif vr in _SHORT_VR:
        following = 8 + struct.unpack_from("<H", head, 6)[0]
    else:
        following = 8 + struct.unpack_from("<I", head, 4)[0]
    return _follows(head, "<", following)


def _follows(head: bytes, order: str, following: int) -> bool:
    """A second element stands where the first one's length says, in rising order."""
    if following + 4 > len(head):
        return False
    first, after = (struct.unpack_from(f"{order}HH", head, at) for at in (0, following))
    return after[0] in (2, 8) and after > first
