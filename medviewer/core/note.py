"""One clinical note: its text, what the file says about it, and what is found in it. Offsets are characters, half-open."""

import re
from dataclasses import dataclass
from typing import Literal

from medviewer.core.errors import Notice
from medviewer.core.identity import Patient, Study

_SPEAKER = re.compile(
    r"\s*(?:doctor|dr|patient|pt|guest\w*|nurse|physician|clinician|provider|interviewer|caregiver|mother|father)"
    r"(?:[ _.]\w+){0,2}\s*:\s",
    re.IGNORECASE,
)

Language = Literal["en", "zh", ""]
Kind = Literal["name", "date", "id", "phone", "mail", "address", "age"]
Hand = Kind | Literal["none"]
"""What a person says of words: a kind of identifier, or that they are none."""
KINDS: tuple[Kind, ...] = ("name", "date", "id", "phone", "mail", "address", "age")
State = Literal["present", "absent", "uncertain", "past", "other_person", "hypothetical"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the text under one header: `title` as written, `start` of the header, `body` where its text begins, `end`."""

    title: str
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with its unit as it stands in the text: "5 mm", "1.2 x 0.8 cm" (two values), "480 ms"."""

    start: int
    end: int
    text: str
    values: tuple[float, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A finding named in the text: where, which concept, how it is meant, and why.

    `laterality` is "left", "right", "bilateral" or "". `cue` is the span of the words that decided the state, None where
    nothing changed it; `rule` names the lexicon line that applied, `scope` the span it reaches over. `check` where a reader
    must look: the cue governs a long list (NT-03). `measures`: the numbers with units that belong to it.
    """

    start: int
    end: int
    text: str
    concept: str
    state: State
    laterality: str = ""
    cue: tuple[int, int] | None = None
    rule: str = ""
    scope: tuple[int, int] | None = None
    check: bool = False
    measures: tuple[Measure, ...] = ()

    @property
    def size(self) -> str:
        """Its measures as written: "5 mm"."""
        return ", ".join(" ".join(one.text.split()) for one in self.measures)

    @property
    def counts(self) -> bool:
        """Only what is present, now, in the patient counts as a finding (NT-04)."""
        return self.state == "present"


@dataclass(frozen=True, slots=True)
class Identifier:
    """Words that tell who a person is: half-open characters of the text, and what they are."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class NoteDocument:
    """One note, one item of the browser. `item` is the stable id; `format` a short word (txt, rtf, docx, pdf, fhir, cda, hl7,
    dicom-sr, dicom-pdf …); `encoding` of the file's characters; `date` ISO 8601, "" if unknown; `revision` grows with each edit.
    `note_id` is its name in the database, "" while nobody wrote in it. A signed note is not changed any more: addenda are notes
    of their own, `addendum_to` the `note_id` they add to. `part` counts the notes of one file from 1.
    """

    item: str
    patient: Patient
    study: Study
    path: str
    format: str
    text: str
    encoding: str
    language: Language = ""
    date: str = ""
    author: str = ""
    title: str = ""
    sections: tuple[Section, ...] = ()
    warnings: tuple[Notice, ...] = ()
    revision: int = 0
    has_identity: bool = False
    note_id: str = ""
    signed_by: str = ""
    signed_at: str = ""
    addendum_to: str = ""
    part: int = 1
    kind: Literal["note"] = "note"


def is_dialogue(text: str) -> bool:
    """Do speakers head most of the lines ("Doctor: …", "Patient: …")?"""
    lines = [line for line in text[:20_000].splitlines() if line.strip()]
    spoken = sum(bool(_SPEAKER.match(line)) for line in lines)
    return spoken >= 1 and spoken > 0.6 * len(lines)
