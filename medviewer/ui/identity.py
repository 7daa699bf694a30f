"""Who an item is about, in the words of bars, corners and browser."""

from medviewer.core.identity import Patient
from medviewer.services.session import Item
from medviewer.ui.headless import translated


def _tr(text: str) -> str:
    return translated("identity", text)


def person(patient: Patient) -> str:
    """A DICOM name as people write it: family name, given name; the ideographic group first where there is one."""
    groups = [" ".join(part for part in group.split("^") if part) for group in patient.name.split("=")]
    parts = patient.name.split("=")[0].split("^")
    first = ", ".join(part for part in parts[:2] if part)
    written = next((group for group in groups[1:] if group and not group.isascii()), "")
    return f"{written} ({first})" if written and first else (written or first or _tr("No name"))


def name_of(patient: Patient) -> str:
    return person(patient) if patient.known else _tr("No identity")


def born(patient: Patient) -> str:
    """ "born 1962-05-04", "" where it is not known."""
    return _tr("born {date}").format(date=patient.birth_date) if patient.birth_date else ""


def identity_line(item: Item) -> str:
    """Sex, age and ID in one line."""
    years = getattr(item, "age_years", None)
    age = "" if years is None else f"{years:.0f}"
    if years is not None and years < 2:
        age = _tr("{n} months").format(n=round(years * 12))
    who = " ".join(part for part in (item.patient.sex, age) if part)
    return " · ".join(part for part in (who, item.patient.id) if part)
