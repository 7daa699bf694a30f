"""Department for a Chinese patient's question: 7 classes.

python models/train/note-dept-zh/train.py --data ../shared/data/text --out models/note-dept-zh
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from notes import train

PARAMETERS = {"signs": True, "buckets": 1 << 18, "vocabulary": 1 << 13}
CANDIDATES = [
    {"name": "bar", "cost": 1.0, "groups": [{"kind": "sign", "longest": 3}]},
    {"name": "sign3", "cost": 1.0, "groups": [{"kind": "sign", "longest": 3}]},
    {"name": "sign3 C 2", "cost": 2.0, "groups": [{"kind": "sign", "longest": 3}]},
]

if __name__ == "__main__":
    train("note-dept-zh", "zh_internal_dept7", PARAMETERS, CANDIDATES, epochs=6)
