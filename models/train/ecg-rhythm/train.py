"""Train ecg-rhythm on CinC 2017: python models/train/ecg-rhythm/train.py --data ../shared/data/ecg --work DIR --out models/ecg-rhythm

Members (traces, beats, forest) are trained on 85 % of the records; their shares in the answer and the classes' offsets are set on
the other 15 %. A member that lies in `--work` is not trained again. Then evaluate.py writes figures and cards.
"""

import argparse
import os
import sys
import time
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from join import finish
from members import member
from prepared import prepared
from taught import taught
from wave_numbers import waves_of

MEMBERS = ("beats-1", "trace-1")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument(
        "--teach", type=Path, help="the bundle ecg-waves: trace-1 goes on learning from it (taught-1, not shipped)"
    )
    parser.add_argument("--only", nargs="*", default=MEMBERS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    began = time.time()
    data = prepared(args.data, args.work / "prepared.npz")
    valid = np.flatnonzero(data.share < 15)
    train = np.flatnonzero(data.share >= 15)
    print(f"{len(train)} records to train, {len(valid)} to validate", flush=True)
    for name in args.only:
        kind, seed = name.split("-")
        member(kind, data, train, valid, int(seed), args.work / f"{name}.safetensors")
    if args.teach is not None:
        waves = waves_of(args.data, args.teach, args.work / "waves.npz")
        taught(args.work / "trace-1.safetensors", data, waves, train, valid, 1, args.work / "taught-1.safetensors")
    if args.out is not None:
        minutes = (time.time() - began) / 60
        finish(args.data, data, train, valid, args.work, list(args.only), args.out, minutes, date.today().isoformat())


if __name__ == "__main__":
    main()
