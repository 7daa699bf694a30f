"""From what `notes.py` left in a folder (weights.safetensors, training.json) make the bundle: python models/train/notes_finish.py models/note-section-en"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from medviewer.inference.bundle import Bundle, Loaded, load
from medviewer.inference.note import readout
from medviewer.inference.note.reading import prepared_for, weighed

ABOUT = {
    "note-specialty-en": {
        "title": ("English note: specialty", "英文病历：专科"),
        "task": ("Which of 12 specialties an English transcribed note belongs to", "判断英文转录病历属于 12 个专科中的哪一个"),
        "language": "en",
        "form": "note",
        "data": "MTSamples (mtsamples.com, crawl of 2018, CC0 on Kaggle; credit MTSamples.com): 1,305 notes that carry one specialty alone.",
        "bar": "TF-IDF (words 1-2) + LinearSVC",
        "not": ("notes of several specialties, discharge letters, radiology reports", "多专科病历、出院记录、影像报告"),
        "probes": [
            "The patient has a history of coronary artery disease. Left heart catheterization was performed.",
            "Total knee arthroplasty, left knee. The patella was resurfaced.",
            "Colonoscopy with polypectomy. The cecum was reached.",
        ],
    },
    "note-section-en": {
        "title": ("English dialogue: section of the note", "英文医患对话：病历小节"),
        "task": ("Which of 9 sections of a note a doctor-patient dialogue belongs to", "判断医患对话属于病历 9 个小节中的哪一个"),
        "language": "en",
        "form": "dialogue",
        "data": "MTS-Dialog (Ben Abacha, Yim, Fan, Lin, EACL 2023; CC BY 4.0): 1,295 dialogues, the publisher's 20 headers joined to 9 sections.",
        "bar": "TF-IDF (words 1-2) + LinearSVC",
        "not": ("written notes: it has only seen dialogues with lines of Doctor and Patient", "书面病历：仅见过“医生/患者”对话"),
        "probes": [
            "Doctor: Are you allergic to any medications?\nPatient: Yes, penicillin.",
            "Doctor: Any surgeries in the past?\nPatient: I had my appendix out.",
            "Doctor: What brings you in today?\nPatient: My back hurts.",
        ],
    },
    "note-dept-zh": {
        "title": ("Chinese question: department", "中文咨询：科室"),
        "task": (
            "Which of 7 internal-medicine departments a Chinese patient's question belongs to",
            "判断中文患者咨询属于内科 7 个科室中的哪一个",
        ),
        "language": "zh",
        "form": "question",
        "data": "Toyhom/Chinese-medical-dialogue-data (MIT), sample of internal medicine: 4,555 questions with title.",
        "bar": "TF-IDF (characters 1-3) + LinearSVC",
        "not": ("clinicians' notes and reports: it has only seen patients' questions", "医生书写的病历与报告：仅见过患者提问"),
        "probes": [
            "乙肝大三阳怎么治疗 我检查出乙肝大三阳，肝功能异常",
            "高血压吃什么药 血压一直160，头晕",
            "癫痫发作怎么办 孩子突然抽搐",
        ],
    },
}
TITLES = {
    "allergy": ("Allergies", "过敏史"), "chief_complaint": ("Chief complaint", "主诉"),
    "exam_assessment_plan": ("Examination, assessment, plan", "检查、评估与计划"),
    "family_social_history": ("Family and social history", "家族史与社会史"),
    "history_of_present_illness": ("History of present illness", "现病史"), "medications": ("Medications", "用药"),
    "past_medical_history": ("Past medical history", "既往病史"), "past_surgical_history": ("Past surgical history", "手术史"),
    "review_of_systems": ("Review of systems", "系统回顾"),
    "Cardiovascular / Pulmonary": ("Cardiovascular / Pulmonary", "心血管与呼吸"), "ENT - Otolaryngology": ("ENT", "耳鼻喉科"),
    "Gastroenterology": ("Gastroenterology", "消化科"), "Hematology - Oncology": ("Hematology – Oncology", "血液与肿瘤科"),
    "Nephrology": ("Nephrology", "肾内科"), "Neurology": ("Neurology", "神经科"),
    "Obstetrics / Gynecology": ("Obstetrics / Gynecology", "妇产科"), "Ophthalmology": ("Ophthalmology", "眼科"),
    "Orthopedic": ("Orthopedics", "骨科"), "Pain Management": ("Pain management", "疼痛科"),
    "Psychiatry / Psychology": ("Psychiatry / Psychology", "精神与心理科"), "Urology": ("Urology", "泌尿科"),
    "其他内科": ("Other internal medicine", "其他内科"), "内分泌科": ("Endocrinology", "内分泌科"),
    "呼吸科": ("Respiratory", "呼吸科"), "心血管科": ("Cardiology", "心血管科"), "消化科": ("Gastroenterology", "消化科"),
    "神经科": ("Neurology", "神经科"), "肝病科": ("Hepatology", "肝病科"),
}  # fmt: skip
SOURCES = {
    "note-specialty-en": "https://www.mtsamples.com",
    "note-section-en": "https://github.com/abachaa/MTS-Dialog",
    "note-dept-zh": "https://github.com/Toyhom/Chinese-medical-dialogue-data",
}
VERSIONS = {"note-specialty-en": "2.0", "note-section-en": "2.1", "note-dept-zh": "2.0"}
LICENCES = {"note-specialty-en": "CC0-1.0", "note-section-en": "CC-BY-4.0", "note-dept-zh": "MIT"}


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(folder: Path) -> None:
    name = folder.name
    about, found = ABOUT[name], json.loads((folder / "training.json").read_text("utf-8"))
    labels, parameters = found["labels"], found["parameters"]
    low, high = found["macro_f1_95"]
    repeats = found.get("repeats", 1)
    way = "5-fold" if repeats == 1 else f"{repeats} times 5-fold"
    metrics = [
        {
            "name": f"macro F1, {way} on train + valid",
            "value": round(found["macro_f1"], 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "n": found["notes"],
        },
        {"name": f"accuracy, {way}", "value": round(found["accuracy"], 4), "n": found["notes"]},
        {"name": f"ECE, 10 bins, {way}", "value": round(found["ece"], 4), "n": found["notes"]},
        {
            "name": f"bar on the same folds: {about['bar']}, macro F1",
            "value": round(float(np.mean(found["candidates"]["bar"]["macro_f1"])), 4),
            "n": found["notes"],
        },
        {
            "name": "gain of macro F1 over the bar on the same folds",
            "value": round(found["bar_95"]["gain"], 4),
            "low": round(found["bar_95"]["low"], 4),
            "high": round(found["bar_95"]["high"], 4),
            "n": found["notes"],
        },
        {"name": "right class among the first three", "value": round(found["top3"], 4), "n": found["notes"]},
        {
            "name": f"accuracy above the threshold, {100 * found['coverage']:.0f} % of notes",
            "value": round(found["accuracy_covered"], 4),
            "n": found["notes"],
        },
    ]
    document = {
        "schema": "medviewer.bundle/1", "id": name, "version": VERSIONS[name],
        "title": {"en": about["title"][0], "zh_CN": about["title"][1]}, "task": {"en": about["task"][0], "zh_CN": about["task"][1]},
        "kind": "note", "labels": [{"id": label, "title": dict(zip(("en", "zh_CN"), TITLES.get(label, (label, label)), strict=True))} for label in labels],
        "explain": {"default": "gradient-x-input"},
        "input_contract": {"language": [about["language"]], "characters": [3], "form": about["form"]},
        "data": {"en": about["data"], "zh_CN": about["data"]}, "licence": {"weights": LICENCES[name], "data": LICENCES[name]}, "source": SOURCES[name],
        "architecture": {"name": "ngram-bilstm", "parameters": {"classes": len(labels), "features": found["features"], "vocabulary": parameters["vocabulary"], "embedding": 48}},
        "thresholds": {label: round(found["threshold"], 3) for label in labels},
        "preprocessing": {"name": "note-grams", "version": "2", "parameters": parameters},
        "readout": {"labels": labels, "temperature": found["temperature"], "band": found["band"]},
        "metrics": metrics, "files": {},
    }  # fmt: skip
    for path, lang in ((folder / "card.md", 0), (folder / "card.zh.md", 1)):
        path.write_text(card(name, about, found, document, lang), "utf-8")
    document["files"] = {f: sha(folder / f) for f in ("weights.safetensors", "card.md", "card.zh.md")}
    (folder / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    loaded: Loaded = load(Bundle(folder, document))
    cases = []
    for text in about["probes"]:
        scores = readout.scores(weighed(loaded, prepared_for(loaded, text), explain=False)[0], document["readout"])
        cases.append({"text": text, "scores": [s.probability for s in scores]})
        best = max(scores, key=lambda s: s.probability)
        print(best.label, round(best.probability, 3), text[:50])
    (folder / "probe.json").write_text(
        json.dumps({"tolerance": 0.001, "cases": cases}, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )
    document["files"]["probe.json"] = sha(folder / "probe.json")
    (folder / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def draws(found: dict, words: str) -> str:
    """Each draw's figure, where there are several."""
    each = found.get("macro_f1_each", [])
    return words.format(", ".join(f"{value:.3f}" for value in each)) if len(each) > 1 else ""


def card(name: str, about: dict, found: dict, document: dict, lang: int) -> str:
    rows = "\n".join(
        f"| {m['name']} | {m['value']}" + (f" ({m['low']}–{m['high']})" if "low" in m else "") + f" | {m['n']} |"
        for m in document["metrics"]
    )
    each = "\n".join(f"| {label} | {value:.3f} |" for label, value in found["per_class_f1"].items())
    tried = "\n".join(f"| {k} | {np.mean(v['macro_f1']):.4f} |" for k, v in found["candidates"].items())
    if lang == 0:
        return f"""# {about["title"][0]}

Research use only – not for diagnosis. {about["task"][0]}. Not for {about["not"][0]}.

Linear layer over {found["features"]:,} n-grams (known by their CRC-32, so the weights hold no text) joined with embedding → BiLSTM → attention
(share {found["share"]}); embeddings come from all texts at hand, the whole note is read to its end. Words that decided are marked by gradient × input in one pass and checked by taking the weightiest fifth away against a random fifth.

| figure | value (95 % over notes) | n |
|---|---|---|
{rows}

{draws(found, "The draws of the folds one by one: macro F1 {}. ")}All figures are cross-validated on the publisher's train + valid part, the part it was chosen on; the held test part was never seen, so
expect less there. Below its threshold ({found["threshold"]:.2f}) an answer is "not sure" and the top three classes are what is told.

| class | F1 |
|---|---|
{each}

Where it fails: the classes with the lowest F1 above; other hospitals, other forms, other languages. Tried (macro F1):

| candidate | macro F1 |
|---|---|
{tried}

Data: {about["data"]} Made by `python models/train/{name}/train.py` in {found["minutes"]:.0f} minutes on one shared core.
"""
    return f"""# {about["title"][1]}

仅供研究使用，不用于诊断。{about["task"][1]}。不适用于：{about["not"][1]}。

{found["features"]:,} 个 n 元组（仅以 CRC-32 识别，权重不含原文）的线性层与“嵌入 → BiLSTM → 注意力”（占比 {found["share"]}）结合；通读全文。起决定作用的词以一次“梯度 × 输入”标出，并以删去权重最大的五分之一与随机五分之一对比检验。

| 指标 | 数值（按病历的 95 % 区间） | n |
|---|---|---|
{rows}

{draws(found, "各次分折的宏平均 F1：{}。")}所有数字均为发布者训练与验证部分的交叉验证结果，模型也在此选择；保留的测试部分从未使用，实际表现可能更低。低于阈值（{found["threshold"]:.2f}）时回答“不确定”，并给出前三类。

| 类别 | F1 |
|---|---|
{each}

数据：{about["data"]}
"""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
