"""What the numbers of `wave_numbers.py` are worth to the forest, out of fold:
python models/train/ecg-rhythm/try_waves.py --data ../shared/data/ecg --work /tmp/ecg-rhythm

The 85 % are parted in five folds by the hash; three are left out in turn. The 15 % are read by the mean of the three forests.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import boost
import numpy as np
import torch
from join import CLASS_WEIGHT
from members import f1
from prepared import prepared
from wave_numbers import waves_of

VALID, FOLDS, USED = 15, 5, 3
FOREST = {"trees": 200, "depth": 6, "rate": 0.1, "columns": 0.3}
BOOTSTRAP = 1000


def out_of_fold(x: np.ndarray, label: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Logits of the folds left out, and of the validation records (fold -1)."""
    out = np.zeros((len(label), 4))
    for k in range(USED):
        train = (fold >= 0) & (fold != k)
        forest = boost.fit(x[train], label[train], CLASS_WEIGHT[label[train]], seed=k, **FOREST)
        out[fold == k] = boost.logits(forest, x[fold == k])
        out[fold < 0] += boost.logits(forest, x[fold < 0]) / USED
    return out


def mean_f1(label: np.ndarray, logits: np.ndarray) -> float:
    return float(f1(label, logits.argmax(1))[:3].mean())


def gained(label: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """2.5 and 97.5 % of the difference of mean F1, records drawn anew."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(label), len(label)) for _ in range(BOOTSTRAP)]
    return np.percentile([mean_f1(label[d], after[d]) - mean_f1(label[d], before[d]) for d in draws], [2.5, 97.5])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--waves", type=Path, default=Path("models/ecg-waves"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = prepared(args.data, args.work / "prepared.npz")
    more = waves_of(args.data, args.waves, args.work / "waves.npz").numbers
    fold = np.where(data.share >= VALID, (data.share - VALID) * FOLDS // (100 - VALID), -1)
    before = out_of_fold(data.numbers, data.label, fold)
    after = out_of_fold(np.concatenate([data.numbers, more], 1), data.label, fold)
    for name, rows in (("out of fold", (fold >= 0) & (fold < USED)), ("validation", fold < 0)):
        label = data.label[rows]
        low, high = gained(label, before[rows], after[rows])
        print(
            f"{name}, {rows.sum()} records: {data.numbers.shape[1]} numbers {mean_f1(label, before[rows]):.4f}, with {more.shape[1]} of "
            f"the waves {mean_f1(label, after[rows]):.4f}, difference {low:.4f} to {high:.4f}, {time.process_time() / 60:.1f} minutes",
            flush=True,
        )


if __name__ == "__main__":
    main()
