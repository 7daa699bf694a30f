"""Writes split.csv: patient → part. Run once; the file is kept in git, so that no figure hangs on this code.

test 7 % and valid 7 % of the patients at random; shift: a third of the patients who have a normal image wider than usual for
normals or a pneumonia narrower than usual for pneumonia, so that a network that goes by framing fails there. Patients who share
a picture (equal pixels) count as one.
"""

import argparse
import csv
import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np

WIDE_NORMAL, NARROW_PNEUMONIA = 1.34, 1.28


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data / "kermany"
    with (folder / "index.csv").open() as f:
        rows = list(csv.DictReader(f))
    head: dict[str, str] = {row["patient"]: row["patient"] for row in rows}

    def root(patient: str) -> str:
        while head[patient] != patient:
            patient = head[patient]
        return patient

    owner: dict[str, str] = {}
    odd: set[str] = set()
    for row in rows:
        digest = hashlib.sha256((folder / "images" / row["file"]).read_bytes()).hexdigest()
        head[root(row["patient"])] = root(owner.setdefault(digest, row["patient"]))
        if row["orig_width"]:
            aspect = float(row["orig_width"]) / float(row["orig_height"])
            if aspect > WIDE_NORMAL if row["label"] == "normal" else aspect < NARROW_PNEUMONIA:
                odd.add(row["patient"])
    groups: dict[str, list[str]] = defaultdict(list)
    for patient in sorted(head):
        groups[root(patient)].append(patient)
    draw = np.random.default_rng(20261124)
    part = {}
    for members in groups.values():
        where, also = draw.random(2)
        name = "test" if where < 0.07 else "valid" if where < 0.14 else "train"
        if name == "train" and also < 0.33 and odd & set(members):
            name = "shift"
        part |= dict.fromkeys(members, name)
    with (Path(__file__).parent / "split.csv").open("w", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(["patient", "part"])
        writer.writerows(sorted(part.items()))


if __name__ == "__main__":
    main()
