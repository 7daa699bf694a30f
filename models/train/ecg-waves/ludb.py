"""LUDB as the waves network is trained and scored on it: signals, marks, what is marked, folds by patient."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

LEADS = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
SHOWN = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""The same leads as the program names them."""
KINDS = {"p": 1, "N": 2, "t": 3}
IGNORED = 255
FOLDS = 5
UNSURE = int(0.06 * 500)
"""Samples beside a peak whose onset or end is not marked: not learned, not scored."""


@dataclass(frozen=True)
class Mark:
    """One marked wave in samples at 500 Hz; -1 where onset or end was not marked. `kind` 1 P, 2 QRS, 3 T."""

    kind: int
    onset: int
    peak: int
    end: int


@dataclass(frozen=True)
class Patient:
    """`signals` float64 [12, 5000] mV at 500 Hz; `marks` of each lead in order; `rhythm` as LUDB writes it."""

    number: int
    signals: np.ndarray
    marks: list[list[Mark]]
    rhythm: str

    @property
    def fibrillates(self) -> bool:
        return "fibrillation" in self.rhythm


def patients(data: Path) -> list[Patient]:
    import wfdb

    found = []
    for number in range(1, 201):
        record = wfdb.rdrecord(str(data / "ludb" / str(number)))
        marks = []
        for lead in LEADS:
            marked = wfdb.rdann(str(data / "ludb" / str(number)), lead)
            marks.append(_marks(list(marked.sample), list(marked.symbol)))
        rhythm = next((c for c in record.comments if c.startswith("Rhythm")), "")
        found.append(Patient(number, record.p_signal.T, marks, rhythm.removeprefix("Rhythm:").strip(" .")))
    return found


def _marks(samples: list[int], symbols: list[str]) -> list[Mark]:
    found = []
    for k, symbol in enumerate(symbols):
        if symbol in KINDS:
            onset = samples[k - 1] if k and symbols[k - 1] == "(" else -1
            end = samples[k + 1] if k + 1 < len(symbols) and symbols[k + 1] == ")" else -1
            found.append(Mark(KINDS[symbol], int(onset), int(samples[k]), int(end)))
    return found


def stretch(marks: list[Mark]) -> tuple[int, int]:
    """First and last marked sample: outside of them LUDB says nothing."""
    if not marks:
        return 0, -1
    first, last = marks[0], marks[-1]
    return (first.onset if first.onset >= 0 else first.peak), max(last.end, last.peak)


def raster(marks: list[Mark], length: int) -> np.ndarray:
    """uint8 [length]: 0 none, 1 P, 2 QRS, 3 T, 255 where the loss must not look."""
    out = np.full(length, IGNORED, np.uint8)
    first, last = stretch(marks)
    out[max(0, first) : last + 1] = 0
    for mark in marks:
        onset = mark.onset if mark.onset >= 0 else mark.peak
        end = mark.end if mark.end >= 0 else mark.peak
        if mark.onset < 0:
            out[max(0, mark.peak - UNSURE) : mark.peak] = IGNORED
        if mark.end < 0:
            out[mark.peak + 1 : mark.peak + 1 + UNSURE] = IGNORED
        out[onset : end + 1] = mark.kind
    return out


def folds(found: list[Patient], seed: int = 0) -> np.ndarray:
    """Fold of each patient: rhythms spread evenly, else by chance."""
    rng = np.random.default_rng(seed)
    out = np.zeros(len(found), int)
    order = sorted(range(len(found)), key=lambda k: (found[k].rhythm, rng.random()))
    for place, k in enumerate(order):
        out[k] = place % FOLDS
    return out
