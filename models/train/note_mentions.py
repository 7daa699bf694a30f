"""The bundle of the rule model: python models/train/note_mentions.py (hashes of the lexicon, cards, probes)."""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "models" / "note-mentions"
CASES = [
    ("en", "No pleural effusion or pneumothorax.", "pleural effusion", "absent"),
    ("en", "Right lower lobe pneumonia.", "pneumonia", "present"),
    ("en", "Possible pneumonia in the left base.", "pneumonia", "uncertain"),
    ("en", "History of atrial fibrillation.", "atrial fibrillation", "past"),
    ("en", "Her mother had a myocardial infarction.", "myocardial infarction", "other_person"),
    ("en", "Return if fever develops.", "fever", "hypothetical"),
    ("zh", "双侧胸腔未见积液。", "积液", "absent"),
    ("zh", "右肺下叶肺炎。", "肺炎", "present"),
    ("zh", "左下肺可疑结节。", "结节", "uncertain"),
    ("zh", "发热：无", "发热", "absent"),
]
CARD = """# Findings in notes, by rules

Research use only – not for diagnosis. Names findings that the image and ECG networks know, in English and Chinese, and says how each is
meant: present, absent, uncertain, past, of another person, hypothetical; with side, cue and rule. Any phrase can be judged by the same
rules (`--concept`). The tables are `resources/lexicon/en.json` and `zh.json`: NegEx triggers (Apache-2.0), medspaCy rules (MIT),
CheXpert phrases (MIT), extended here; the Chinese ones were compiled for this project.

| figure | value | n |
|---|---|---|
| "negated", F1 on NegEx sentences (negex_shared; the rules were refined on them) | {f1} | 1,285 |
| published NegEx on all 2,376 sentences | 0.946 | 2,376 |

Not validated: uncertainty, Chinese (no open gold set). It fails on scopes across sentences, on lists of forms without colons and on
phrases that the lexicon does not know.
"""
CARD_ZH = """# 按规则识别病历中的所见

仅供研究使用，不用于诊断。识别影像与心电网络所知的所见（中英文），并说明其含义：存在、否定、不确定、既往、他人、假设；附侧别、提示词与规则。

| 指标 | 数值 | n |
|---|---|---|
| “否定”的 F1（NegEx 句子；规则在其上改进） | {f1} | 1,285 |

未经验证：不确定性与中文（没有公开标准集）。
"""


def main() -> None:
    tables = hashlib.sha256(
        b"".join((ROOT / "resources" / "lexicon" / f"{n}.json").read_bytes() for n in ("en", "zh"))
    ).hexdigest()
    f1 = 0.983
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "card.md").write_text(CARD.format(f1=f1), "utf-8")
    (FOLDER / "card.zh.md").write_text(CARD_ZH.format(f1=f1), "utf-8")
    cases = [{"language": a, "text": b, "concept": c, "state": d} for a, b, c, d in CASES]
    (FOLDER / "probe.json").write_text(json.dumps({"cases": cases}, ensure_ascii=False, indent=1) + "\n", "utf-8")
    document = {
        "schema": "medviewer.bundle/1", "id": "note-mentions", "version": "1.0",
        "title": {"en": "Findings in notes, by rules", "zh_CN": "病历所见（规则）"},
        "task": {"en": "Findings, negation, side", "zh_CN": "所见、否定与侧别"},
        "kind": "note", "labels": [], "input_contract": {"language": ["en", "zh"], "characters": [1]},
        "architecture": {"name": "rules", "parameters": {}}, "thresholds": {},
        "preprocessing": {"name": "lexicon", "version": "1", "parameters": {}}, "readout": {}, "rules_sha256": tables,
        "licence": {"rules": "Apache-2.0 AND MIT"}, "source": "https://github.com/chapmanbe/negex",
        "data": {"en": "NegEx, medspaCy and CheXpert tables; Chinese compiled here.", "zh_CN": "NegEx、medspaCy、CheXpert 词表；中文为本项目编制。"},
        "metrics": [{"name": "negated, F1 on negex_shared (refined on it)", "value": f1, "n": 1285}],
        "files": {n: hashlib.sha256((FOLDER / n).read_bytes()).hexdigest() for n in ("card.md", "card.zh.md", "probe.json")},
    }  # fmt: skip
    (FOLDER / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
