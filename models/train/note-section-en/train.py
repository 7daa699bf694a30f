"""Section of a note that a doctor-patient dialogue belongs to: MTS-Dialog, 9 classes.

python models/train/note-section-en/train.py --data ../shared/data/text --out models/note-section-en
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from notes import train

PARAMETERS = {"signs": False, "buckets": 1 << 18, "vocabulary": 1 << 13}
CANDIDATES = [
    {"name": "bar", "cost": 1.0, "groups": [{"kind": "word", "longest": 2}]},
    {
        "name": "word+role+first",
        "cost": 1.0,
        "groups": [{"kind": "word", "longest": 2}, {"kind": "role", "weight": 0.7}, {"kind": "first", "weight": 0.5}],
    },
    {
        "name": "word+char5+role+first",
        "cost": 1.0,
        "groups": [
            {"kind": "word", "longest": 2},
            {"kind": "char", "longest": 5, "weight": 0.8},
            {"kind": "role", "weight": 0.7},
            {"kind": "first", "weight": 0.5},
        ],
    },
]

if __name__ == "__main__":
    train("note-section-en", "mtsdialog_section", PARAMETERS, CANDIDATES, epochs=14)
