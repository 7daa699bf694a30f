"""Specialty of an English note: MTSamples, 12 classes.

python models/train/note-specialty-en/train.py --data ../shared/data/text --out models/note-specialty-en
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from notes import train

PARAMETERS = {"signs": False, "buckets": 1 << 18, "vocabulary": 1 << 13}
CANDIDATES = [
    {"name": "bar", "cost": 1.0, "groups": [{"kind": "word", "longest": 2}]},
    {"name": "char5", "cost": 1.0, "groups": [{"kind": "char", "longest": 5}]},
    {
        "name": "char5+word",
        "cost": 1.0,
        "groups": [{"kind": "char", "longest": 5}, {"kind": "word", "longest": 2, "weight": 0.5}],
    },
    {"name": "char6", "cost": 1.0, "groups": [{"kind": "char", "longest": 6}]},
]

if __name__ == "__main__":
    train("note-specialty-en", "mtsamples12", PARAMETERS, CANDIDATES, epochs=10)
