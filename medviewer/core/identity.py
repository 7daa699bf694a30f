"""Who and when: the patient and the visit an item belongs to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patient:
    """Identity as the file states it; "" where it states nothing. `birth_date` is ISO 8601."""

    id: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""

    @property
    def known(self) -> bool:
        """False for items without identity (plain pictures, plain text): they raise no banner."""
        return bool(self.id or self.name)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two items belong to one person: ID, name without case and separators, birth date (VT-09).

        Of a name in several scripts ("Wang^Xiuying=王^秀英") the first counts: not every file has the others.
        """
        name = next((part for part in self.name.split("=") if part.strip("^ ")), "")
        return (self.id.strip(), " ".join(name.replace("^", " ").split()).casefold(), self.birth_date)


@dataclass(frozen=True, slots=True)
class Study:
    """One visit. `date` is ISO 8601 (YYYY-MM-DD), `time` HH:MM:SS; "" where the file states nothing."""

    uid: str = ""
    date: str = ""
    time: str = ""
    description: str = ""
    accession: str = ""
