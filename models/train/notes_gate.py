"""The gate of the note networks: the least share of pairs of neighbouring words (signs) that are known. It is chosen so that at
most one note of a hundred is refused, on notes whose own fold made no pair known; then bundle and cards say so. Weights stay. A
text shorter than any training note is answered with a caution.

python models/train/notes_gate.py --data ../shared/data/text
"""

import argparse
import hashlib
import json
import re
from pathlib import Path

import numpy as np
from notes import rows_of

from medviewer.inference.bundle import Bundle, load
from medviewer.inference.note.prepare import Words, occurrences
from medviewer.inference.note.weigh import prepared_for

ROOT = Path(__file__).parents[2] / "models"
SETS = {
    "note-specialty-en": ("mtsamples12", True),
    "note-section-en": ("mtsdialog_section", False),
    "note-dept-zh": ("zh_internal_dept7", False),
}
TITLES = {
    "shopping": "购物单", "prose": "普通文章", "code": "源代码", "other language": "其他语言", "noise": "乱码", "ECG report": "心电图报告",
    "chest X-ray report": "胸片报告",
}  # fmt: skip
FOLDS, REFUSED = 5, 0.01
LINE = (
    "Notes unlike those it was trained on are refused: fewer than {limit:.0%} of the pairs of neighbouring {unit} known "
    "(5-fold: {refused:.1%} of {n:,} true notes refused; {other}). Shorter ones than any of those, below {tokens} {unit}, are answered with "
    "a caution{short}."
)
LINE_ZH = (
    "与训练文本差异过大时拒绝回答：相邻{unit}对中已知的少于 {limit:.0%}（5 折：{n:,} 份真实文本中拒绝 {refused:.1%}；{other}）。"
    "短于所有训练文本（少于 {tokens} {unit}）时给出提示{short}。"
)
MARK = re.compile(r"\n(?:Notes unlike those|与训练文本差异过大)[^\n]*\n")


def pairs(text: str, group: dict, signs: bool) -> np.ndarray:
    """Keys of the pairs of a text; of its one word where it has no more."""
    found = occurrences(Words.of(text, signs), group)
    wide = found.last - found.first
    return found.keys[wide == (2 if (wide == 2).any() else 1)]


def shares(data: Path, name: str, document: dict) -> np.ndarray:
    """[notes] share of known pairs, known from the other folds (pairs of at least two notes)."""
    source, unlabelled = SETS[name]
    parameters = document["preprocessing"]["parameters"]
    group, signs = parameters["groups"][0], parameters["signs"]
    texts = [row["text"] for row in rows_of(data, source, "train", "valid")]
    more = [row["text"] for row in rows_of(data, source, "unlabelled")] if unlabelled else []
    each = [pairs(text, group, signs) for text in texts]
    rest = [np.unique(pairs(text, group, signs)) for text in more]
    fold = np.random.default_rng(0).permutation(len(each)) % FOLDS
    found = np.zeros(len(each))
    for k in range(FOLDS):
        seen = np.concatenate([np.unique(each[i]) for i in np.flatnonzero(fold != k)] + rest)
        keys, counts = np.unique(seen, return_counts=True)
        known = keys[counts >= 2]
        for i in np.flatnonzero(fold == k):
            found[i] = np.isin(each[i], known).mean()
    return found


def refused_others(data: Path, name: str, document: dict, limit: float, tokens: int) -> dict[str, tuple[int, int, int]]:
    """Of each kind of text that is none (`tests/golden/not-notes.*.tsv`), and of chest X-ray reports: how many are refused, of
    how many, and how many of the others are shorter than any training note."""
    loaded = load(Bundle(ROOT / name, document | {"files": {}}))
    language = "zh" if "zh" in name else "en"
    lines = (ROOT.parent / "tests" / "golden" / f"not-notes.{language}.tsv").read_text("utf-8").splitlines()
    texts = [tuple(line.split("\t")) for line in lines]
    if language == "en":
        reports = rows_of(data, "openi_cxr", "reports")[:500]
        texts += [("chest X-ray report", f"{row['findings'] or ''} {row['impression'] or ''}") for row in reports]
    found: dict[str, list[tuple[bool, bool]]] = {}
    for kind, text in texts:
        prepared = prepared_for(loaded, text)
        refused = prepared.known < limit
        found.setdefault(kind, []).append((refused, not refused and len(prepared.spans) < tokens))
    return {kind: (sum(r for r, _ in many), len(many), sum(s for _, s in many)) for kind, many in found.items()}


def shortest(data: Path, name: str, document: dict) -> int:
    """Words (signs) of the shortest training note."""
    signs = document["preprocessing"]["parameters"]["signs"]
    return min(len(Words.of(row["text"], signs).ids) for row in rows_of(data, SETS[name][0], "train", "valid"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    for name in SETS:
        folder = ROOT / name
        document = json.loads((folder / "bundle.json").read_text("utf-8"))
        found = shares(data, name, document)
        limit = float(np.floor(np.quantile(found, REFUSED) * 200) / 200)
        refused = float((found < limit).mean())
        tokens = shortest(data, name, document)
        document["gate"] = {"known_pairs": limit, "tokens": tokens}
        metrics = [one for one in document["metrics"] if not one["name"].startswith("true notes refused")]
        metrics.append({"name": "true notes refused by the gate, 5-fold", "value": round(refused, 4), "n": len(found)})
        document["metrics"] = metrics
        other = refused_others(data, name, document, limit, tokens)
        counted = [(kind, TITLES[kind], *numbers) for kind, numbers in other.items()]
        reports = other.get("chest X-ray report", (0, 0, 0))[2]
        signs = "zh" in name
        for file, line, unit, words, short in (
            (
                *("card.md", LINE, "signs" if signs else "words"),
                ", ".join(f"{kind} {few} of {many}" for kind, _, few, many, _ in counted),
                f" (so {reports} more chest X-ray reports)" if reports else "",
            ),
            (
                *("card.zh.md", LINE_ZH, "字" if signs else "词"),
                "，".join(f"{title} {many} 份中 {few} 份" for _, title, few, many, _ in counted),
                f"（胸片报告另 {reports} 份）" if reports else "",
            ),
        ):
            path = folder / file
            said = line.format(limit=limit, unit=unit, refused=refused, n=len(found), other=words, tokens=tokens, short=short)
            text = MARK.sub("\n", path.read_text("utf-8")).rstrip("\n")
            path.write_text(f"{text}\n\n{said}\n", "utf-8")
            document["files"][file] = hashlib.sha256(path.read_bytes()).hexdigest()
        (folder / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(
            name,
            f"limit {limit} refused {refused:.4f} of {len(found)}",
            np.quantile(found, [0, 0.005, 0.01, 0.05, 0.5]).round(3),
            other,
        )


if __name__ == "__main__":
    main()
