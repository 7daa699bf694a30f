"""Train ecg-rhythm on CinC 2017: python models/train/ecg-rhythm/train.py --data ../shared/data/ecg --work DIR --out models/ecg-rhythm

Members (traces, beats, forest) are trained on 85 % of the records; their shares in the answer, its temperature and the classes'
offsets are set on the other 15 %. A member that lies in `--work` is not trained again.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from members import member
from prepared import prepared

FORESTS = 3
CLASS_WEIGHT = np.array([1.0, 1.5, 1.2, 1.6])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=("beats-1", "beats-2", "trace-1", "trace-2"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    data = prepared(args.data, args.work / "prepared.npz")
    valid = np.flatnonzero(data.share < 15)
    train = np.flatnonzero(data.share >= 15)
    print(f"{len(train)} records to train, {len(valid)} to validate", flush=True)
    for name in args.only:
        kind, seed = name.split("-")
        member(kind, data, train, valid, int(seed), args.work / f"{name}.safetensors")


if __name__ == "__main__":
    main()
