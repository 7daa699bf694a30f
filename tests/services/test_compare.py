"""Discordance: every rule of the table speaks where note and network differ, and is silent where they agree."""

import json
from dataclasses import replace

import pytest

from medviewer.core.ecg import Beats, EcgRecord, Lead, Measurement
from medviewer.core.finding import Decision, Finding, Provenance, Region, Result, Score
from medviewer.core.identity import Patient, Study
from medviewer.core.lexicon import Lexicon
from medviewer.core.mentions import mentions
from medviewer.core.note import NoteDocument
from medviewer.services.compare import compare, rules
from medviewer.services.words import say
from medviewer.store.assets import asset

PERSON = Patient("T-1", "Test^Person", "1970-01-01", "O")
NOBODY = Provenance("m", "1", "0", "0", "p/1", "0", "0", "cpu", 0, "2026-01-01T00:00:00Z")
LEXICON = {lang: Lexicon(json.loads(asset(f"lexicon/{lang}.json").read_text("utf-8"))) for lang in ("en", "zh")}


def note(text, lang="en", day="2026-01-02", patient=PERSON, item="note"):
    return NoteDocument(item, patient, Study(), "n.txt", "txt", text, "utf-8", lang, date=day)


def ecg(patient=PERSON, day="2026-01-02"):
    return EcgRecord("rec", patient, Study(), "r.hea", "wfdb", f"{day}T08:00:00", (Lead("II", "mV", 250, 2500),), None)


class Xray:
    kind, item, patient, study = "image", "xray", PERSON, Study(date="2026-01-02")


def result(model, scores=(), item="rec", **more):
    of = tuple(Score(label, p, max(0, p - 0.02), min(1, p + 0.02), threshold) for label, p, threshold in scores)
    return Result(item, 0 if item == "xray" else None, model, "ok", scores=of, **more)


def said(document):
    return mentions(document.text, LEXICON[document.language])


def differ(text, answer, lang="en", other=None, **how):
    return compare([note(text, lang), other or ecg()], [answer], said, **how)


def cxr(p):
    return result("cxr-pneumonia", [("normal", 1 - p, None), ("pneumonia", p, 0.58)], item="xray")


def rhythm(**p):
    return result("ecg-rhythm", [(label, p.get(label, 0.01), None if label == "N" else 0.5) for label in ("N", "A", "O")])


def beats(symbols, rate=None):
    n = len(symbols)
    marks = Beats(tuple(range(100, 100 + 200 * n, 200)), tuple(symbols), (0.9,) * n)
    shares = [(label, symbols.count(label) / n, None) for label in "NSVFQ"]
    measured = {"heart rate": Measurement(rate, "/min")} if rate else {}
    return result("ecg-beats", shares, beats=marks, measurements=measured)


def twelve(**p):
    return result("ecg-12lead", [(label, p.get(label, 0.1), 0.5) for label in ("NORM", "MI", "STTC", "CD", "HYP")])


CASES = {  # rule: (English, Chinese, answer that contradicts, answer that agrees)
    "pneumonia-denied": ("No pneumonia.", "未见肺炎。", cxr(0.9), cxr(0.1)),
    "pneumonia-stated": ("Right lower lobe pneumonia.", "右下肺炎。", cxr(0.1), cxr(0.9)),
    "sinus-but-fibrillation": ("ECG: sinus rhythm.", "心电图：窦性心律。", rhythm(A=0.97), rhythm(N=0.97)),
    "fibrillation-denied": ("No atrial fibrillation.", "未见心房颤动。", rhythm(A=0.97), rhythm(N=0.97)),
    "fibrillation-but-normal": ("Atrial fibrillation.", "心房颤动。", rhythm(N=0.97), rhythm(A=0.97)),
    "ventricular-beats-denied": (
        *("No premature ventricular beats.", "未见室性早搏。"),
        *(beats("NNNNVNNNNV"), beats("NNNNNNNNNN")),
    ),
    "atrial-beats-denied": ("No premature atrial beats.", "未见房性早搏。", beats("NNNSN"), beats("NNNNN")),
    "ventricular-beats-stated": (*("Premature ventricular beats.", "室性早搏。", beats("N" * 1200), beats("N" * 1199 + "V")),),
    "tachycardia-but-slow": ("Sinus tachycardia.", "窦性心动过速。", beats("NNNN", 72), beats("NNNN", 118)),
    "bradycardia-but-fast": ("Sinus bradycardia.", "窦性心动过缓。", beats("NNNN", 88), beats("NNNN", 48)),
    "infarction-denied": ("No myocardial infarction.", "未见心肌梗死。", twelve(MI=0.8), twelve(MI=0.1)),
    "conduction-denied": ("No left bundle branch block.", "未见左束支传导阻滞。", twelve(CD=0.8), twelve(CD=0.1)),
    "conduction-stated": ("Left bundle branch block.", "左束支传导阻滞。", twelve(CD=0.1), twelve(CD=0.8)),
    "hypertrophy-denied": ("No left ventricular hypertrophy.", "未见左心室肥厚。", twelve(HYP=0.8), twelve(HYP=0.1)),
    "st-change-denied": ("No ST elevation.", "未见ST段抬高。", twelve(STTC=0.8), twelve(STTC=0.1)),
    "normal-stated": ("Normal ECG.", "正常心电图。", twelve(NORM=0.1), twelve(NORM=0.9)),
}


def test_a_note_that_denies_every_premature_beat_contradicts_both_kinds():
    found = differ("No premature beats.", beats("NNVSNNNN"))
    assert {one.rule for one in found} == {"ventricular-beats-denied", "atrial-beats-denied"}
    assert {one.rule for one in differ("未见早搏。", beats("NNVSNNNN"), "zh")} == {one.rule for one in found}
    assert differ("No premature beats.", beats("N" * 8)) == ()


def test_every_rule_of_the_table_has_its_case_its_concepts_and_its_sentences():
    assert {rule["rule"] for rule in rules()} == set(CASES)
    for rule in rules():
        for lexicon in LEXICON.values():
            assert set(rule["concepts"]) <= set(lexicon.table["concepts"]), rule["rule"]


@pytest.mark.parametrize("rule", CASES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_rule_speaks_where_the_two_differ_and_is_silent_where_they_agree(rule, lang):
    english, chinese, against, agreeing = CASES[rule]
    text = english if lang == "en" else chinese
    other = Xray() if against.item == "xray" else ecg()
    (found,) = differ(text, against, lang, other)
    assert found.rule == rule
    assert found.note.words and found.note.words in " ".join(text.split())
    assert found.note.evidence.start < found.note.evidence.end <= len(text)
    assert (found.network.item, found.network.model) == (against.item, against.model)
    sentence = say(found.notice, "zh_CN" if lang == "zh" else "en")
    assert sentence.message and "–" not in sentence.message and "{" not in sentence.message
    assert sentence.remedy
    assert differ(text, agreeing, lang, other) == ()


@pytest.mark.parametrize(
    "text",
    [
        "History of atrial fibrillation.",
        "Possible atrial fibrillation.",
        "Father had atrial fibrillation.",
        "Atrial fibrillation. Now no atrial fibrillation.",
        "Call if you have palpitations.",
        "",
    ],
)
def test_past_uncertain_foreign_and_contradicting_words_contradict_nothing(text):
    assert differ(text, rhythm(N=0.97)) == ()
    assert differ(text, rhythm(A=0.97)) == ()


def test_a_note_that_names_both_rhythms_contradicts_neither():
    both = "Sinus rhythm with runs of atrial fibrillation."
    assert differ(both, rhythm(A=0.97)) == ()
    assert differ(both, rhythm(N=0.97)) == ()


def test_a_score_whose_band_touches_the_threshold_is_no_denial():
    near = result("cxr-pneumonia", [("pneumonia", 0.57, 0.58)], item="xray")
    assert differ("Right lower lobe pneumonia.", near, other=Xray()) == ()


def test_what_a_person_rejected_or_called_otherwise_no_longer_contradicts():
    answer = cxr(0.9)
    finding = Finding("xray/0/cxr-pneumonia/pneumonia", "xray", "image", "pneumonia", answer.scores[1], Region(0), NOBODY)
    for decision, count in ((Decision(), 1), (Decision("accepted", "w", "t"), 1), (Decision("rejected", "w", "t"), 0)):
        with_it = replace(answer, findings=(replace(finding, decision=decision),))
        assert len(differ("No pneumonia.", with_it, other=Xray())) == count
    relabelled = replace(finding, decision=Decision("accepted", "w", "t", "scar"))
    assert differ("No pneumonia.", replace(answer, findings=(relabelled,)), other=Xray()) == ()


def test_other_people_other_times_refusals_and_unknown_identity_are_not_compared():
    text, answer = "ECG: sinus rhythm.", rhythm(A=0.97)
    assert differ(text, answer)
    assert differ(text, answer, other=ecg(Patient("T-2", "Other"))) == ()
    assert differ(text, answer, other=ecg(day="2026-01-09")) == ()
    assert differ(text, replace(answer, status="refused")) == ()
    stranger = ecg(Patient())
    assert differ(text, answer, other=stranger) == ()
    (found,) = differ(text, answer, other=stranger, one_patient=True)
    assert found.assumed
    assert differ(text, answer, other=ecg(Patient("T-2", "Other")), one_patient=True) == ()


def test_an_unknown_date_is_no_reason_for_silence_and_known_ones_are_told():
    (found,) = compare([note("ECG: sinus rhythm.", day=""), ecg()], [rhythm(A=0.97)], said)
    assert found.days is None
    (found,) = differ("ECG: sinus rhythm.", rhythm(A=0.97))
    assert found.days == 0


def test_the_place_of_the_contradiction_is_on_the_beats():
    (found,) = differ("No premature ventricular beats.", beats("NNNNVNNNNV"))
    assert found.network.evidence.start < 100 + 200 * 4 < found.network.evidence.end
    assert found.network.value == 2


@pytest.mark.parametrize(("probability", "words"), [(0.9984, "0.998"), (0.99999, ">0.999"), (0.9, "0.90")])
def test_a_score_near_the_end_claims_no_certainty_in_the_sentence(probability, words):
    (one,) = differ("No pneumonia.", cxr(probability), other=Xray())
    for lang in ("en", "zh_CN"):
        message = say(one.notice, lang).message
        assert words in message and "0.58" in message and "1.0" not in message
