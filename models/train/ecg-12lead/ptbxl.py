"""PTB-XL as the twelve-lead network reads it: the small parts of shared/data/ecg, or the publisher's whole folder."""

import ast
import csv
import hashlib
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medviewer.inference.ecg.prepare import resampled
from medviewer.inference.ecg.twelve_beats import LEADS, RATE, SECONDS, described, filtered

LABELS = ("NORM", "MI", "STTC", "CD", "HYP")
FOLDS = 5
SAMPLES = int(SECONDS * RATE)
ALL = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
WEIGHT_LUDB = 0.4
"""Its cardiologists' words are not PTB-XL's statements."""


@dataclass(frozen=True, slots=True)
class Rows:
    """`label` [rows, 5] 0, 1 or NaN (not known); `part`: train, test, extra (only learned from); `fold` 0 … 4 by patient, else by
    record; `source`: filtered, true, whole, ludb."""

    leads: np.ndarray
    usual: np.ndarray
    numbers: np.ndarray
    label: np.ndarray
    part: np.ndarray
    fold: np.ndarray
    source: np.ndarray
    name: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        return np.where(self.source == "ludb", WEIGHT_LUDB, 1.0).astype(np.float32)


Row = tuple[np.ndarray, list[float], str, str, str, str]
"""Leads filtered at 120 Hz, labels, part, group (patient), source, name."""


def _unpacked(path: Path, leads: int) -> np.ndarray:
    """[records, leads, 1000] of the small parts, whole numbers."""
    packed = np.frombuffer(lzma.decompress(path.read_bytes()), np.uint8).reshape(2, -1).astype(np.int32)
    zigzag = packed[0] | packed[1] << 8
    return np.cumsum(((zigzag >> 1) ^ -(zigzag & 1)).reshape(-1, leads, 1000), axis=2)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def small(folder: Path) -> Iterator[Row]:
    """740 filtered records and 100 true ones. The filtered ones alone are tested and validated on: 76 of the 100 are NORM."""
    for signals, row in zip(_unpacked(folder / "filtered100.xz", 8) / 16.0, _table(folder / "filtered100.csv"), strict=True):
        label = [float(row[k]) for k in LABELS]
        leads = np.stack([resampled(lead, 100.0, RATE) for lead in signals])
        yield leads, label, "test" if row["split"] == "test" else "train", row["ecg_id"], "filtered", row["ecg_id"]
    order = [ALL.index(name.upper()) for name in LEADS]
    for signals, row in zip(_unpacked(folder / "ptbxl100.xz", 12) / 1000.0, _table(folder / "ptbxl100.csv"), strict=True):
        part = "true-test" if row["split"] == "test" else "extra"
        yield filtered(signals[order], 100.0), [float(row[k]) for k in LABELS], part, row["ecg_id"], "true", row["ecg_id"]


def whole(folder: Path) -> Iterator[Row]:
    """The publisher's folder: ptbxl_database.csv, scp_statements.csv, records100. Fold 10 is the test part; a record without a
    diagnostic statement is left out, as the publisher's benchmark does."""
    import wfdb

    diagnostic = {r[""]: r["diagnostic_class"] for r in _table(folder / "scp_statements.csv") if r.get("diagnostic_class")}
    for row in _table(folder / "ptbxl_database.csv"):
        classes = {diagnostic[code] for code in ast.literal_eval(row["scp_codes"]) if code in diagnostic}
        if not classes:
            continue
        record = wfdb.rdrecord(str(folder / row["filename_lr"]))
        names = [name.upper() for name in record.sig_name]
        signals = record.p_signal.T[[names.index(name.upper()) for name in LEADS]]
        part = "test" if int(row["strat_fold"]) == 10 else "train"
        label = [float(k in classes) for k in LABELS]
        yield filtered(signals, float(record.fs)), label, part, str(row["patient_id"]), "whole", row["ecg_id"]


def ludb(folder: Path) -> Iterator[Row]:
    """200 records with diagnoses, to learn from only. HYP stays unknown: half of them are called so, on grounds that PTB-XL's
    cardiologists did not use."""
    import wfdb

    for row in _table(folder / "ludb.csv"):
        name = row["ID"].strip()
        record = wfdb.rdrecord(str(folder / name))
        names = [lead.upper() for lead in record.sig_name]
        signals = record.p_signal.T[[names.index(lead.upper()) for lead in LEADS]]
        ischemia = row["Ischemia"].lower()
        unspecific = bool(row["Non-specific repolarization abnormalities"].strip())
        conduction = bool(row["Conduction abnormalities"].strip())
        infarct = float("scar formation" in ischemia or any(line.startswith("stemi") for line in ischemia.splitlines()))
        undefined = "undefined" in ischemia
        st = float(unspecific or any(line.startswith("ischemia") for line in ischemia.splitlines()))
        healthy = not (
            ischemia.strip() or unspecific or conduction or row["Hypertrophies"].strip() or row["Cardiac pacing"].strip()
        )
        label = [
            float(healthy),
            np.nan if undefined and not infarct else infarct,
            st if st or not ischemia.strip() else np.nan,
            float(conduction),
            np.nan,
        ]
        yield filtered(signals, float(record.fs)), label, "extra", f"ludb{name}", "ludb", f"ludb{name}"


def rows_of(data: Path, cache: Path | None = None) -> Rows:
    """All rows of `data`: a PTB-XL folder, or shared/data/ecg with `ptbxl` and `ludb`. Kept in `cache` where that is given."""
    if cache is not None and cache.is_file():
        with np.load(cache) as kept:
            return Rows(**{k: kept[k] for k in kept.files})
    if (data / "ptbxl_database.csv").is_file():
        sources = [whole(data)]
    else:
        sources = [small(data / "ptbxl"), ludb(data / "ludb")]
    found = []
    for source in sources:
        for leads, label, part, group, kind, name in source:
            one = described(leads[:, :SAMPLES])
            samples = np.pad(one.leads, ((0, 0), (0, max(0, SAMPLES - one.leads.shape[1]))))
            fold = int(hashlib.sha256(f"ecg-12lead {group}".encode()).hexdigest(), 16) % FOLDS
            found.append((samples.astype(np.float16), one.usual, one.numbers, label, part, fold, kind, name))
    rows = Rows(*(np.array(column) for column in zip(*found, strict=True)))
    if cache is not None:
        np.savez(cache, **{k: getattr(rows, k) for k in Rows.__slots__})
    return rows
