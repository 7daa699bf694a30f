"""Section of a note that a doctor-patient dialogue belongs to: MTS-Dialog, 9 classes.

python models/train/note-section-en/train.py --data ../shared/data/text --out models/note-section-en
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from notes import rows_of, train

PARAMETERS = {"signs": False, "vocabulary": 1 << 14}
WORDS = {"kind": "word", "longest": 2}
CHAR = {"kind": "char", "longest": 5, "weight": 0.8}
ROLE, FIRST = {"kind": "role", "weight": 0.7}, {"kind": "first", "weight": 0.5}
CANDIDATES = [
    {"name": "bar", "cost": 1.0, "groups": [WORDS]},
    {"name": "word+char5", "cost": 1.0, "groups": [WORDS, CHAR]},
    {"name": "word+char5+role+first", "cost": 1.0, "groups": [WORDS, CHAR, ROLE, FIRST]},
    {"name": "word+char5+role+first C 0.5", "cost": 0.5, "groups": [WORDS, CHAR, ROLE, FIRST]},
    {"name": "word+char5+role+first balanced", "cost": 1.0, "groups": [WORDS, CHAR, ROLE, FIRST], "balanced": True},
    {"name": "word+char5+role+first balanced C 0.5", "cost": 0.5, "groups": [WORDS, CHAR, ROLE, FIRST], "balanced": True},
    {"name": "word3+char5+role+first", "cost": 1.0, "groups": [WORDS | {"longest": 3}, CHAR, ROLE, FIRST]},
]


def unlabelled(data: Path) -> list[str]:
    """All English notes of MTSamples, for the embeddings."""
    return [row["text"] for row in rows_of(data, "mtsamples12", "unlabelled", "train")]


if __name__ == "__main__":
    train("note-section-en", "mtsdialog_section", PARAMETERS, CANDIDATES, epochs=14, unlabelled=unlabelled, repeats=5)
