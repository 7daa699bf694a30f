"""What every reader of an XML format needs: the document, hardened against entities and bombs, and fields as text and numbers."""

import base64
import binascii
import re
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError
from medviewer.io.ecg.leads import LARGEST_VALUES, MOST_LEADS

LARGEST_FILE = 256 << 20
SEXES = {"MALE": "M", "FEMALE": "F"}
Samples = NDArray[np.float64]
Channels = list[tuple[str, float, Samples, float]]
"""(name, rate, mV, one step in mV)"""


def begins(head: bytes, root: str) -> bool:
    """Whether the first element of these first bytes is named `root`, with or without a prefix."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    text = re.sub(r"(?s)<!--.*?-->", "", head[: len(head) // 2 * 2].decode(encoding, "ignore"))
    first = re.search(r"<(?![?!])(?:\w+:)?([\w.]+)", text)
    return first is not None and _is(first[1], root)


def _is(tag: str, root: str) -> bool:
    return tag == root or tag.endswith(f".{root}")


def document(path: str, root: str) -> Element:
    """The document's element `root`, all tags without their name spaces. Raises `file-too-large`, `xml-unsafe`, `xml-damaged`."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    file = Path(path)
    if file.stat().st_size > LARGEST_FILE:
        raise MedviewerError("file-too-large", path, found=file.stat().st_size, limit=LARGEST_FILE)
    raw = file.read_bytes()
    try:
        found: Element = fromstring(raw, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise MedviewerError("xml-unsafe", path, reason=type(error).__name__) from error
    except (ParseError, ValueError, LookupError) as error:
        raise MedviewerError("xml-damaged", path, reason=str(error)[:100]) from error
    for element in found.iter():
        element.tag = str(element.tag).rsplit("}", 1)[-1]
    if not _is(found.tag, root):
        raise MedviewerError("xml-damaged", path, reason=found.tag[:60])
    return found


def text(element: Element | None, path: str = "") -> str:
    """The text of an element, or of its descendant at `path`; "" without."""
    found = element if element is None or not path else element.find(path)
    return (found.text or "").strip() if found is not None else ""


def attribute(element: Element | None, name: str) -> str:
    """An attribute of an element; "" without either."""
    return (element.get(name) if element is not None else "") or ""


def number(text: str, default: float = 0.0) -> float:
    """The number a text states; `default` for none and for one that is not finite."""
    try:
        value = float(text)
    except ValueError:
        return default
    return value if np.isfinite(value) else default


def numbers(parts: list[str]) -> Samples:
    """Samples written as decimals, NaN for what is no number."""
    return np.array([number(part, float("nan")) for part in parts])


def unbase64(text: str, path: str) -> bytes:
    """Raises `ecg-unreadable`."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MedviewerError("ecg-unreadable", path, reason="base64") from error


def words(data: bytes) -> Samples:
    """Little-endian 16-bit samples; an odd byte at the end is left."""
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float64)


def checked(channels: Channels, path: str) -> Channels:
    """The channels, if a record can be made of them. Raises `ecg-no-signals`, `ecg-header-invalid`."""
    if not channels or all(len(signal) == 0 for _, _, signal, _ in channels):
        raise MedviewerError("ecg-no-signals", path)
    if len(channels) > MOST_LEADS or sum(len(signal) for _, _, signal, _ in channels) > LARGEST_VALUES:
        raise MedviewerError("ecg-header-invalid", path, field="number of signals", found=len(channels))
    for name, rate, _, _ in channels:
        if not 0 < rate < 1e6:
            raise MedviewerError("ecg-header-invalid", path, field="sampling rate", found=f"{name}: {rate}")
    return channels


def full_name(last: str, first: str) -> str:
    """As DICOM writes names: "Last^First"."""
    return f"{last}^{first}".strip("^")


def years(text: str) -> float | None:
    """An age as stated, None where it is none."""
    value = number(text, -1.0)
    return value if 0 <= value < 130 and text else None


def dashed(day: str) -> str:
    """`YYYYMMDD` as `YYYY-MM-DD`."""
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}"
