"""The records of CinC 2017 as the network reads them, kept in a file beside the run."""

import csv
import hashlib
import lzma
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medviewer.inference.ecg.prepare import rhythm_input
from medviewer.inference.ecg.rhythm_beats import pulse

LABELS = ("N", "A", "O", "~")
PARTS = ("N1", "N2", "N3", "A", "O1", "O2", "noise")
TWINS = {"A01176": "A00227", "A03123": "A02656"}
RATE, LOW, HIGH = 120.0, 0.5, 40.0


def records(data: Path):
    """(name, label number, samples in mV at 300 Hz) of every record that is there."""
    for part in PARTS:
        rows = list(csv.DictReader((data / "cinc2017" / f"{part}.csv").read_text("ascii").splitlines()))
        lengths = np.array([int(r["samples"]) for r in rows])
        packed = (data / "cinc2017" / f"{part}.xz").read_bytes()
        raw = np.frombuffer(lzma.decompress(packed), np.uint8).reshape(2, -1).astype(np.int32)
        zigzag = raw[0] | raw[1] << 8
        differences = np.split((zigzag >> 1) ^ -(zigzag & 1), np.cumsum(lengths)[:-1])
        for row, part_of in zip(rows, differences, strict=True):
            signal = np.cumsum(np.cumsum(part_of)).astype(np.int16)
            yield row["record"], LABELS.index(row["label"]), signal / 1000.0


def share(name: str) -> int:
    """0 … 99 by a hash of the name, twins together; below 15 is validation."""
    return int(hashlib.sha256(f"ecg-rhythm {TWINS.get(name, name)}".encode()).hexdigest(), 16) % 100


def held_back(name: str) -> bool:
    return share(name) < 15


@dataclass(frozen=True, slots=True)
class Prepared:
    """One row a record: prepared samples, beats' shapes and steps, numbers, label, name, share."""

    samples: list[np.ndarray]
    shapes: list[np.ndarray]
    steps: list[np.ndarray]
    numbers: np.ndarray
    label: np.ndarray
    name: np.ndarray
    share: np.ndarray


def prepared(data: Path, cache: Path) -> Prepared:
    """Read from `cache`, or made and kept there (3 minutes)."""
    if not cache.is_file():
        rows = []
        for name, label, signal in records(data):
            x = rhythm_input(signal, 300.0, wanted=RATE, low=LOW, high=HIGH)
            found = pulse(x)
            rows.append((name, label, x.astype(np.float16), found.shapes.astype(np.float16), found.steps, found.numbers))
        names, labels, xs, shapes, steps, numbers = zip(*rows, strict=True)
        np.savez(
            cache,
            name=np.array(names),
            label=np.array(labels),
            numbers=np.stack(numbers),
            length=[len(x) for x in xs],
            beats=[len(s) for s in steps],
            x=np.concatenate(xs),
            shapes=np.concatenate(shapes),
            steps=np.concatenate(steps),
        )
    with np.load(cache) as kept:
        cut, beats = np.cumsum(kept["length"])[:-1], np.cumsum(kept["beats"])[:-1]
        return Prepared(
            np.split(kept["x"].astype(np.float32), cut),
            np.split(kept["shapes"].astype(np.float32), beats),
            np.split(kept["steps"], beats),
            kept["numbers"],
            kept["label"],
            kept["name"],
            np.array([share(str(n)) for n in kept["name"]]),
        )
