"""What is painted of a note: marks that move with edits, offsets of Qt, the top classes."""

from hypothesis import given
from hypothesis import strategies as st

from medviewer.core.finding import Result, Score, Span
from medviewer.core.identity import Patient, Study
from medviewer.core.note import Mention, NoteDocument, is_dialogue
from medviewer.core.page import NotePicture, NoteView, Utf16, resolve, shifted
from medviewer.services.privacy import clean_words, identified

NOTE = NoteDocument("n", Patient(), Study(), "", "txt", "No fever. Cough.", "utf-8", "en")


def answer(model, *pairs, spans=(), mentions=()):
    scores = tuple(Score(label, p, p, p, 0.5) for label, p in pairs)
    return Result("n", None, model, "ok", scores=scores, spans=spans, mentions=mentions)


def test_nt09_classes_come_likeliest_first_and_below_the_threshold_the_answer_is_unsure():
    results = {"net": answer("net", ("a", 0.2), ("b", 0.45), ("c", 0.35))}
    picture = resolve(NoteView(), NOTE, results)
    assert [s.label for s in picture.classes] == ["b", "c", "a"]
    assert picture.unsure
    assert not resolve(NoteView(), NOTE, {"net": answer("net", ("a", 0.7), ("b", 0.3))}).unsure


def test_the_network_that_is_asked_for_is_shown_else_the_surest():
    results = {"one": answer("one", ("a", 0.6)), "two": answer("two", ("x", 0.9))}
    assert resolve(NoteView(), NOTE, results).model == "two"
    assert resolve(NoteView(overlay="one"), NOTE, results).model == "one"


def test_switches_take_words_and_mentions_away():
    mention = Mention(3, 8, "fever", "fever", "absent")
    results = {"net": answer("net", ("a", 0.9), spans=(Span(3, 8, 1.0),)), "rules": answer("rules", mentions=(mention,))}
    full = resolve(NoteView(), NOTE, results)
    assert len(full.words) == len(full.mentions) == 1
    bare = resolve(NoteView(words=False, mentions=False), NOTE, results)
    assert not bare.words
    assert not bare.mentions
    assert bare.classes


def test_marks_move_with_an_edit_before_them_and_go_where_it_touches_them():
    picture = NotePicture((Span(0, 2, 1.0), Span(3, 8, 0.5)), (Mention(10, 15, "Cough", "cough", "present", cue=(3, 8)),))
    moved = shifted(picture, 2, 0, 4)
    assert [(w.start, w.end) for w in moved.words] == [(0, 2), (7, 12)]
    assert (moved.mentions[0].start, moved.mentions[0].cue) == (14, (7, 12))
    touched = shifted(picture, 4, 2, 0)
    assert [(w.start, w.end) for w in touched.words] == [(0, 2)]
    assert touched.mentions[0].start == 8
    assert touched.mentions[0].cue is None


@given(st.text(alphabet="aé病😀𠮷 \n", max_size=40))
def test_offsets_of_qt_and_of_the_note_are_turned_into_each_other(text):
    units = Utf16(text)
    for place in range(len(text) + 1):
        assert units.units(place) == len(text[:place].encode("utf-16-le")) // 2
        assert units.character(units.units(place)) == place


def test_a_dialogue_is_told_from_a_note():
    assert is_dialogue("Doctor: Any pain?\nPatient: No.")
    assert is_dialogue("Doctor: Take this.")
    assert not is_dialogue("HISTORY: The patient: well.\nIMPRESSION: Fine.")
    assert not is_dialogue("")


def test_what_identifies_a_person_is_found_in_both_languages_and_replaced_by_its_kind():
    text = "Mr. John Smith, MRN: 44-71, seen 2025-11-14, call (555) 213-4455, jo@a.org, 12 Oak Street."
    assert {i.kind for i in identified(NoteDocument("n", Patient(), Study(), "", "txt", text, "utf-8", "en"))} == {
        "name",
        "id",
        "date",
        "phone",
        "mail",
        "address",
    }
    cleaned = clean_words(text, "en")
    assert not any(word in cleaned for word in ("Smith", "44-71", "2025", "213-4455", "jo@a.org", "Oak"))
    chinese = "患者林建国，男，62岁，2025年11月14日入院，住院号：4471208，电话13812345678，住址：杭州市西湖区文三路1号。"
    cleaned = clean_words(chinese, "zh")
    assert not any(word in cleaned for word in ("林建国", "2025", "4471208", "13812345678", "文三路"))
    assert "62岁" in cleaned


def test_the_known_patient_is_found_wherever_the_name_stands():
    person = Patient("T-77", "Lindqvist^Per")
    assert "Lindqvist" not in clean_words("Seen with Lindqvist today (T-77).", "en", person)
