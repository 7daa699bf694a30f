"""Department for a Chinese patient's question: 7 classes.

python models/train/note-dept-zh/train.py --data ../shared/data/text --out models/note-dept-zh
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from notes import rows_of, train

PARAMETERS = {"signs": True, "vocabulary": 1 << 13}
SIGNS = {"kind": "sign", "longest": 3}
CANDIDATES = [
    {"name": "bar", "cost": 1.0, "groups": [SIGNS]},
    {"name": "sign3 C 2", "cost": 2.0, "groups": [SIGNS]},
    {"name": "sign3 C 2 balanced", "cost": 2.0, "groups": [SIGNS], "balanced": True},
    {"name": "sign4 C 2", "cost": 2.0, "groups": [{"kind": "sign", "longest": 4}]},
]


def unlabelled(data: Path) -> list[str]:
    """Questions without a label, for the embeddings."""
    return [row["text"] for row in rows_of(data, "zh_internal_dept7", "unlabelled")]


if __name__ == "__main__":
    train("note-dept-zh", "zh_internal_dept7", PARAMETERS, CANDIDATES, epochs=6, unlabelled=unlabelled)
