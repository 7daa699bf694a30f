"""Findings named in notes and how they are meant: a golden file in both languages, and each known complaint."""

import json
from pathlib import Path

import pytest

from medviewer.core.lexicon import Lexicon
from medviewer.core.mentions import LONG_LIST, mentions, sections
from medviewer.core.statements import sentences
from medviewer.store.assets import asset

GOLDEN = Path(__file__).parents[1] / "golden"


def lexicon(language):
    return Lexicon(json.loads(asset(f"lexicon/{language}.json").read_text("utf-8")))


EN, ZH = lexicon("en"), lexicon("zh")


def state(text, concept, language="en"):
    found = [m for m in mentions(text, EN if language == "en" else ZH, [concept]) if m.concept == concept]
    assert found, f"{concept} was not found"
    return found[0].state


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nt01_the_golden_file_is_judged_right_in_98_of_100(language):
    rows = [line.split("\t") for line in (GOLDEN / f"mentions.{language}.tsv").read_text("utf-8").splitlines()]
    assert len(rows) >= 100
    wrong = [
        (want, state(text, concept, language), text) for want, concept, text in rows if state(text, concept, language) != want
    ]
    assert len(wrong) <= 0.02 * len(rows), wrong


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nt01_hard_constructions_are_judged_right_in_95_of_100_sentences(language):
    """The "open" ones mended the rules; of the "sealed" 57 of 60 and 28 of 30 were right when they were first looked at."""
    wrong: dict[str, list[str]] = {}
    lines = (GOLDEN / f"statements.{language}.tsv").read_text("utf-8").splitlines()
    for half, truth, text in (line.split("\t") for line in lines):
        text = text.replace("\\n", "\n")
        for wanted in truth.split("; "):
            concept, meant = wanted.rsplit("=", 1)
            kind, _, side = meant.partition(",")
            every = mentions(text, EN if language == "en" else ZH, [concept])
            found = [m for m in every if m.concept == concept and m.text[:3].lower() == concept[:3].lower()]
            if found[0].state != kind or (side and found[0].laterality != side):
                wrong.setdefault(half, []).append(f"{text} | {wanted} | {found[0].state} {found[0].laterality}")
                break
    for half, those in wrong.items():
        assert len(those) <= 0.05 * sum(line.startswith(half) for line in lines), those


@pytest.mark.parametrize("word", ["but", "however,", "although", "though", "yet"])
def test_nt01_scope_ends_at_a_connecting_word(word):
    text = f"No chest pain {word} fever."
    assert state(text, "chest pain") == "absent"
    assert state(text, "fever") == "present"


def test_nt01_scope_ends_with_the_sentence_and_commas_keep_lists_in_it():
    assert state("No effusion. Pneumothorax on the left.", "pneumothorax") == "present"
    assert state("No effusion; pneumothorax on the left.", "pneumothorax") == "present"
    assert state("No effusion, consolidation, or pneumothorax.", "pneumothorax") == "absent"


@pytest.mark.parametrize(
    ("text", "concept", "language"),
    [
        ("no headache", "headache", "en"),
        ("Blood transfusion: No", "blood transfusion", "en"),
        ("fever: none", "fever", "en"),
        ("Fever : none", "fever", "en"),
        ("Denies: fever, chills", "fever", "en"),
        ("The culture is negative for MRSA.", "MRSA", "en"),
        ("发热：无", "发热", "zh"),
        ("发热: 无", "发热", "zh"),
        ("发热（-）", "发热", "zh"),
    ],
)
def test_nt02_literal_patterns_of_forms_are_absent(text, concept, language):
    assert state(text, concept, language) == "absent"


def test_nt02_a_cue_inside_the_asked_phrase_counts():
    found = mentions("No headache today.", EN, ["no headache"])
    assert [(m.concept, m.state, m.cue) for m in found] == [("no headache", "absent", (0, 2))]


def test_nt03_every_item_of_a_list_is_judged_and_a_long_list_is_marked():
    items = ["chest pain", "palpitations", "dizziness", "syncope", "cough", "orthopnea", "PND"]
    text = f"She denies {', '.join(items[:-1])} or {items[-1]}."
    found = mentions(text, EN, items)
    assert [m.state for m in found] == ["absent"] * len(items) and len(items) > LONG_LIST
    assert all(m.check for m in found) and all(text[slice(*m.cue)] == "denies" for m in found)
    assert not any(m.check for m in mentions("She denies chest pain, cough or syncope.", EN))


def test_nt04_absence_past_other_people_and_hypothesis_are_four_states():
    cases = {
        "No pneumonia.": "absent",
        "History of pneumonia.": "past",
        "Her mother had pneumonia.": "other_person",
        "Return if pneumonia develops.": "hypothetical",
        "Possible pneumonia.": "uncertain",
        "Pneumonia.": "present",
    }
    for text, wanted in cases.items():
        (found,) = mentions(text, EN)
        assert found.state == wanted, text
        assert found.counts is (wanted == "present")


def test_nt04_a_section_of_the_family_or_the_past_decides_where_the_sentence_does_not():
    text = "FAMILY HISTORY: Pneumonia.\nPAST MEDICAL HISTORY: Syncope.\nIMPRESSION: Cough."
    assert [m.state for m in mentions(text, EN)] == ["other_person", "past", "present"]
    assert [m.state for m in mentions("家族史：肺炎。\n既往史：晕厥。\n诊断：咳嗽。", ZH)] == ["other_person", "past", "present"]


def test_nt05_a_mention_tells_its_cue_its_rule_and_its_scope():
    text = "Heart normal. No effusion or edema, but fever."
    found = next(m for m in mentions(text, EN) if m.concept == "pleural effusion")
    assert text[slice(*found.cue)] == "No" and found.rule == "absent before: no"
    assert text[slice(*found.scope)].strip() == "effusion or edema,"


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("患者无语，胸痛明显。", "胸痛"),
        ("四肢无力，伴发热。", "无力"),
        ("上腹不适，胸痛。", "不适"),
        ("无创通气治疗肺炎。", "肺炎"),
        ("不全性肠梗阻。", "肠梗阻"),
        ("右肺不张。", "不张"),
        ("心律不齐。", "心律不齐"),
        ("非小细胞肺癌。", "肺癌"),
    ],
)
def test_nt06_a_sign_inside_another_word_is_no_negation(text, concept):
    assert state(text, concept, "zh") == "present"


def test_nt07_chinese_sentences_end_at_signs_line_breaks_and_spaces_before_a_new_cue():
    text = "两肺纹理增多 未见实变影\n心影不大；左侧肺炎"
    assert [text[a:b] for a, b in sentences(text, "zh")] == ["两肺纹理增多", "未见实变影", "心影不大；", "左侧肺炎"]


@pytest.mark.parametrize("cue", ["阴性", "(-)", "（-）", "未引出", "不明显", "已排除"])
def test_nt07_a_cue_may_follow_the_finding(cue):
    assert state(f"病理征{cue}，肺炎。", "病理征", "zh") == "absent"
    assert state(f"病理征{cue}，肺炎。", "肺炎", "zh") == "present"


def test_a_chinese_comma_ends_the_scope_where_a_new_statement_begins():
    assert state("无发热，咳嗽3天。", "咳嗽", "zh") == "present"
    assert state("否认发热，咳嗽，胸痛。", "胸痛", "zh") == "absent"


@pytest.mark.parametrize(
    ("text", "language", "side"),
    [
        ("Right lower lobe pneumonia.", "en", "right"),
        ("Small left effusion.", "en", "left"),
        ("Bilateral effusions.", "en", "bilateral"),
        ("Pneumonia.", "en", ""),
        ("Left bundle branch block.", "en", ""),
        ("左束支传导阻滞。", "zh", ""),
        ("左侧胸腔积液。", "zh", "left"),
        ("右肺下叶肺炎。", "zh", "right"),
        ("双侧胸腔积液。", "zh", "bilateral"),
    ],
)
def test_a_mention_has_its_side(text, language, side):
    assert mentions(text, EN if language == "en" else ZH)[0].laterality == side


def test_sections_are_found_by_headers_in_both_languages():
    text = "HISTORY: cough.\nFindings: clear.\nIMPRESSION: normal."
    assert [s.title for s in sections(text, EN)] == ["HISTORY", "Findings", "IMPRESSION"]
    assert [s.title for s in sections("主诉：咳嗽。\n【检查所见】双肺清。\n诊断意见：正常。", ZH)] == [
        "主诉",
        "检查所见",
        "诊断意见",
    ]


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("A 5 mm nodule and an 8 mm nodule in the left lung.", "en", [("nodule", "5 mm"), ("nodule", "8 mm")]),
        ("Nodule measuring 5 mm, small effusion.", "en", [("nodule", "5 mm"), ("pleural effusion", "")]),
        ("A 1.2 x 0.8 cm mass, 3 cm from the carina.", "en", [("mass", "1.2 x 0.8 cm")]),
        ("No nodule larger than 4 mm; QTc 480 ms.", "en", [("nodule", "4 mm")]),
        ("BP 120/80 mmHg, cough.", "en", [("cough", "")]),
        ("右肺结节，大小约5mm×6mm，左侧少量胸腔积液。", "zh", [("nodule", "5mm×6mm"), ("pleural effusion", "")]),
        ("左侧气胸，肺组织压缩约30%。", "zh", [("pneumothorax", "30%")]),
        ("发热，体温39℃，无咳嗽。", "zh", [("fever", "39℃"), ("cough", "")]),
    ],
)
def test_a_measure_stays_with_the_finding_it_belongs_to(text, language, wanted):
    found = mentions(text, EN if language == "en" else ZH)
    assert [(m.concept, m.size) for m in found] == wanted
    assert all(text[one.start : one.end] == one.text for m in found for one in m.measures)


def test_a_measure_has_its_values_and_unit():
    (found,) = mentions("A 1.2 x 0.8 cm mass.", EN)
    assert [(one.values, one.unit) for one in found.measures] == [((1.2, 0.8), "cm")]


@pytest.mark.parametrize("text", ["Body mass index 31.", "Images are on PACS.", "Hay fever.", "Small joint effusion."])
def test_what_only_looks_like_a_finding_is_none(text):
    assert mentions(text, EN) == ()


@pytest.mark.parametrize(
    ("text", "language", "concept"),
    [
        ("Frequent premature beats.", "en", "premature beats"),
        ("Occasional ventricular ectopic beats.", "en", "premature ventricular beats"),
        ("Supraventricular premature beats.", "en", "premature atrial beats"),
        ("Pericardial effusion.", "en", "pericardial effusion"),
        ("偶发早搏。", "zh", "premature beats"),
        ("频发室性早搏。", "zh", "premature ventricular beats"),
        ("室上性早搏。", "zh", "premature atrial beats"),
        ("心包积液。", "zh", "pericardial effusion"),
        ("正常心电图。", "zh", "normal ecg"),
    ],
)
def test_a_bare_word_is_the_parent_and_the_longer_phrase_its_own_concept(text, language, concept):
    assert [m.concept for m in mentions(text, EN if language == "en" else ZH)] == [concept]


def test_both_tables_know_the_same_concepts_and_no_phrase_means_two():
    assert set(EN.table["concepts"]) == set(ZH.table["concepts"])
    for table in (EN.table, ZH.table):
        phrases = [phrase.lower() for some in table["concepts"].values() for phrase in some]
        assert len(phrases) == len(set(phrases))


@pytest.mark.parametrize(
    ("text", "concept", "places"),
    [
        ("Pleural Effusion on the left. No pleural\n  effusions on the right.", "pleural effusion", ["present", "absent"]),
        ("MASS seen. The masses grew. Massive bleeding.", "mass", ["present", "present"]),
        ("Biopsies were taken. No biopsy of the left side.", "biopsy", ["present", "absent"]),
        ("未见胸腔\n积液，右侧胸腔积液。", "胸腔积液", ["absent", "present"]),
        ("A short-of-breath man denies being short of\nbreath.", "short of breath", ["present", "absent"]),
        ("He has hyperlipidemia.", "lipid", ["present"]),
    ],
)
def test_nt02_an_asked_phrase_is_found_in_any_case_number_and_over_line_breaks(text, concept, places):
    table = ZH if "胸" in text else EN
    assert [m.state for m in mentions(text, table, [concept]) if m.concept == concept] == places


def test_nt01_the_header_history_of_present_illness_is_no_past():
    text = "HISTORY OF PRESENT ILLNESS: The patient presented initially to the clinic with dyspnea. She had not any fever."
    assert state(text, "dyspnea") == "present"
    assert state(text, "fever") == "absent"


def test_a_phrase_of_the_table_may_name_a_class_of_words():
    table = {**EN.table, "words": {"be": ["is", "has been"], "now": ["now"]}, "absent_after": ["<be> <now?> gone"]}
    cues = Lexicon(table).cues
    assert {("is", "gone"), ("is", "now", "gone"), ("has", "been", "gone"), ("has", "been", "now", "gone")} <= set(cues)
    assert ("<", "be", ">", "gone") not in cues


def test_a_side_belongs_to_its_own_statement():
    said = {m.text.lower(): m.laterality for m in mentions("No pneumothorax, trace effusion on the left.", EN)}
    assert said == {"pneumothorax": "", "effusion": "left"}
    assert [m.laterality for m in mentions("双侧胸腔积液，新出现左下肺不张。", ZH)] == ["bilateral", "left"]
    said = {m.text.lower(): m.laterality for m in mentions("Left, mild effusion. Left effusion, mild cardiomegaly.", EN)}
    assert said == {"effusion": "left", "cardiomegaly": ""}
