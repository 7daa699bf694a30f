"""DICOM value bytes → Python: text in its character set, numbers, dates. Never raises for a wrong value (TF-08)."""

import math
import re
import struct
from functools import lru_cache
from typing import Literal

Guess = Literal["", "charset-guessed"]

_SIMPLE = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO 2022 IR 6": "ascii",
    "ISO_IR 100": "latin-1",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
_SPELLINGS = re.compile(r"^ISO[ _-]?(2022[ _-])?IR[ _-]?(\d+)$")


@lru_cache(maxsize=4096)
def text(raw: bytes, charset: bytes = b"", person: bool = False) -> str:
    """Text of a value, padding removed; a person's name with its groups joined (`see name_of`)."""
    return decode(raw, charset, person)[0]


@lru_cache(maxsize=4096)
def decode(raw: bytes, charset: bytes = b"", person: bool = False) -> tuple[str, Guess]:
    """(text, "charset-guessed" where the bytes do not fit the stated character set). `charset` is SpecificCharacterSet."""
    raw = raw.rstrip(b"\0 ").lstrip(b" ")
    if not raw:
        return "", ""
    if raw.isascii() and b"\x1b" not in raw:
        codes = charset_codes(charset)
        if codes[0] not in ("ISO_IR 13", "ISO 2022 IR 13") or not any(c in raw for c in b"\\~"):
            return _tidy(raw.decode("ascii"), person), ""
    codes = charset_codes(charset)
    if len(codes) == 1 and codes[0] in _SIMPLE:
        try:
            if codes[0] == "ISO_IR 100" and (seen := _mislabelled(raw)):
                return _tidy(seen, person), "charset-guessed"
            return _tidy(raw.decode(_SIMPLE[codes[0]]), person), ""
        except UnicodeDecodeError:
            return _tidy(_guess(raw), person), "charset-guessed"
    return _by_pydicom(raw, codes, person)


@lru_cache(maxsize=64)
def charset_codes(charset: bytes) -> tuple[str, ...]:
    """Defined terms of SpecificCharacterSet in the standard's spelling: ISO_IR for one, ISO 2022 IR for several (TF-03)."""
    parts = [p.strip(" \0") for p in charset.decode("ascii", "replace").split("\\")]
    several = len(parts) > 1
    codes = []
    for part in parts:
        match = _SPELLINGS.match(part)
        if match and match[2] == "192":
            codes.append("ISO_IR 192")
        elif match:
            codes.append(f"ISO 2022 IR {match[2]}" if match[1] or several else f"ISO_IR {match[2]}")
        else:
            codes.append(part)
    return tuple(codes) or ("",)


def _by_pydicom(raw: bytes, codes: tuple[str, ...], person: bool) -> tuple[str, Guess]:
    import warnings

    from pydicom.charset import convert_encodings, decode_bytes
    from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            encodings = convert_encodings(list(codes))
            parts = raw.split(b"=") if person else [raw]
            decoded = "=".join(decode_bytes(part, encodings, PN_DELIMS if person else TEXT_VR_DELIMS) for part in parts)
        except (LookupError, UnicodeError, ValueError):
            return _tidy(_guess(raw), person), "charset-guessed"
    # Python's GB2312 codec knows no escape sequences, so pydicom leaves the designation of IR 58 in the text.
    decoded = decoded.replace("\x1b$)A", "")
    if told or "\ufffd" in decoded:
        return _tidy(decoded if "\ufffd" not in decoded and "\x1b" not in decoded else _guess(raw), person), "charset-guessed"
    return _tidy(decoded, person), ""


_HIGH = re.compile(rb"[\x80-\xff]+")
_WORD = re.compile(rb"[A-Za-z]")


def _mislabelled(raw: bytes) -> str:
    """Text that says Latin-1 but was written as UTF-8 or GBK, "" where it may well be Latin-1 (TF-01).

    UTF-8's rules are strict enough to be its own proof. GB2312 text stands in runs of whole pairs (lead bytes B0–F7, the
    ideographs) and touches no Latin letter; a Latin-1 name has its accents between letters ("Müller").
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for run in _HIGH.finditer(raw):
        pairs = run[0]
        beside = raw[max(run.start() - 1, 0) : run.start()] + raw[run.end() : run.end() + 1]
        ideographs = all(0xB0 <= lead <= 0xF7 and trail >= 0xA1 for lead, trail in zip(pairs[::2], pairs[1::2], strict=False))
        if len(pairs) % 2 or not ideographs or _WORD.search(beside):
            return ""
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return ""


def _guess(raw: bytes) -> str:
    """UTF-8, then GB18030, then Latin-1: the first whose rules the bytes obey; single accents between letters are Latin-1."""
    alone = all(len(run[0]) == 1 and run[0] >= b"\xa1" for run in _HIGH.finditer(raw))
    if alone and _WORD.search(raw):
        return raw.decode("latin-1")
    for name in ("utf-8", "gb18030"):
        try:
            return raw.decode(name)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _tidy(decoded: str, person: bool) -> str:
    decoded = decoded.replace("\0", "").strip()
    if person:
        decoded = "=".join(group.rstrip("^ ").strip() for group in decoded.split("=")).rstrip("=")
    return decoded


@lru_cache(maxsize=4096)
def decimals(raw: bytes) -> tuple[float, ...]:
    """Numbers of a DS or IS value; () if any is missing, wrong or not finite."""
    try:
        numbers = tuple(float(part) for part in raw.rstrip(b"\0 ").split(b"\\"))
    except ValueError:
        return ()
    return numbers if all(map(math.isfinite, numbers)) else ()


def decimal(raw: bytes | None) -> float | None:
    """First number of a DS or IS value; later values may be wrong or missing."""
    if not raw:
        return None
    numbers = decimals(raw.split(b"\\", 1)[0])
    return numbers[0] if numbers else None


def integer(raw: bytes | None) -> int | None:
    """Whole number of an IS value; 14.5 is read as 14 (TF-08)."""
    number = decimal(raw)
    return None if number is None else int(number)


def shorts(raw: bytes | None, signed: bool = False) -> tuple[int, ...]:
    """16-bit numbers of a US or SS value; the caller says whether they are signed (PixelPaddingValue's VR is often wrong)."""
    if not raw:
        return ()
    return struct.unpack(f"<{len(raw) // 2}{'h' if signed else 'H'}", raw[: len(raw) // 2 * 2])


def short(raw: bytes | None, default: int = 0) -> int:
    """The first 16-bit number."""
    numbers = shorts(raw)
    return numbers[0] if numbers else default


def long(raw: bytes | None, default: int = 0) -> int:
    """32-bit number of a UL value."""
    return default if raw is None or len(raw) < 4 else int(struct.unpack_from("<L", raw)[0])


def doubles(raw: bytes | None) -> tuple[float, ...]:
    """64-bit numbers, () without."""
    if not raw:
        return ()
    return struct.unpack(f"<{len(raw) // 8}d", raw[: len(raw) // 8 * 8])


@lru_cache(maxsize=1024)
def date(raw: bytes) -> str:
    """DA (also the old 2026.01.31) → ISO 8601; "" if it is no date."""
    digits = raw.decode("ascii", "replace").strip(" \0").replace(".", "").replace("-", "")
    if not re.fullmatch(r"\d{8}", digits) or not (1 <= int(digits[4:6]) <= 12 and 1 <= int(digits[6:8]) <= 31):
        return ""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"


@lru_cache(maxsize=1024)
def time(raw: bytes) -> str:
    """TM → HH:MM:SS; "" if it is no time."""
    digits = raw.decode("ascii", "replace").strip(" \0").replace(":", "").split(".")[0]
    if not re.fullmatch(r"\d{2}(\d{2}(\d{2})?)?", digits):
        return ""
    digits = digits.ljust(6, "0")
    return f"{digits[:2]}:{digits[2:4]}:{digits[4:6]}"


@lru_cache(maxsize=1024)
def age_years(raw: bytes, birth: str = "", study: str = "") -> float | None:
    """Age at the study from AS ("003Y", "018M", "012W", "020D"), else from birth and study date (ISO 8601)."""
    match = re.fullmatch(r"(\d{1,3})([DWMY]?)", raw.decode("ascii", "replace").strip(" \0").upper())
    if match:
        per_year = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0, "": 1.0}[match[2]]
        return int(match[1]) / per_year
    if birth and study:
        from datetime import date as day

        try:
            days = (day.fromisoformat(study) - day.fromisoformat(birth)).days
        except ValueError:
            return None
        return days / 365.25 if 0 <= days < 366 * 150 else None
    return None
