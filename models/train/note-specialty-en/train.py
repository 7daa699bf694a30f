"""Specialty of an English note: MTSamples, 12 classes.

python models/train/note-specialty-en/train.py --data ../shared/data/text --out models/note-specialty-en
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from notes import Extra, rows_of, train

PARAMETERS = {"signs": False, "vocabulary": 1 << 14}
WORDS = {"kind": "word", "longest": 2}
BOTH = [WORDS | {"weight": 0.8}, {"kind": "char", "longest": 5, "weight": 0.8}]
CANDIDATES = [
    {"name": "bar", "cost": 1.0, "groups": [WORDS]},
    {"name": "word balanced", "cost": 1.0, "groups": [WORDS], "balanced": True},
    {"name": "word balanced extra", "cost": 1.0, "groups": [WORDS], "balanced": True, "extra": True},
    {"name": "word+char balanced extra", "cost": 1.0, "groups": BOTH, "balanced": True, "extra": True},
]


def more(data: Path, rows: list[dict], labels: list[str]) -> Extra:
    """A note's title and description as a document of its own in the same fold; notes of several specialties, for each of
    them that is a label, with half the weight shared between them."""
    extra = Extra()
    for number, row in enumerate(rows):
        extra.add(f"{row['title']}. {row['description']}", labels.index(row["label"]), 1.0, number)
    for row in rows_of(data, "mtsamples12", "unlabelled"):
        named = [labels.index(one) for one in row["site_categories"] if one in labels]
        for label in named:
            extra.add(row["text"], label, 0.5 / len(named))
    return extra


def unlabelled(data: Path) -> list[str]:
    """All English text without a label of this task, for the embeddings."""
    rest = rows_of(data, "mtsamples12", "unlabelled") + rows_of(data, "mtsdialog_section", "train")
    return [row["text"] for row in rest]


if __name__ == "__main__":
    train("note-specialty-en", "mtsamples12", PARAMETERS, CANDIDATES, epochs=8, unlabelled=unlabelled, more=more)
