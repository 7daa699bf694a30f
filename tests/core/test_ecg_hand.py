"""Marks of a person's hand as rows of text, and over the network's waves."""

from medviewer.core.ecg import Wave
from medviewer.core.ecg_hand import HandCaliper, HandMarks, hand_of, notes_of, rows_of, with_bounds

HAND = HandMarks(
    HandCaliper("II", (1.0, 0.25), (1.312, -0.5), 0.0),
    (2.5, 3.25),
    (("II", Wave("T", 400, 450, 520)), ("V1", Wave("P", 90, 100, 110))),
)


def test_rows_give_back_what_was_kept_and_bad_rows_are_left_out():
    assert hand_of(rows_of(HAND)) == HAND and hand_of(()) == HandMarks() and HandMarks().none
    bad = [
        ("ecg-caliper", "II", "[1]"),
        ("ecg-bound", "II", '["X", 1, 2, 3]'),
        ("ecg-cursors", "", "no json"),
        ("other", "", "1"),
    ]
    assert hand_of([*rows_of(HAND), *bad[1:]]) == HAND and hand_of(bad).none


def test_a_border_moved_again_takes_the_place_of_the_first_move():
    again = HAND.with_wave("II", Wave("T", 400, 450, 540))
    assert again.of("II") == (Wave("T", 400, 450, 540),) and again.of("V1") == HAND.of("V1")


def test_moved_waves_stand_in_the_place_of_the_networks_and_others_stay():
    network = {"II": (Wave("QRS", 300, 320, 345), Wave("T", 410, 455, 500)), "I": (Wave("P", 1, 2, 3),)}
    found = with_bounds(network, HAND)
    assert found["II"] == (Wave("QRS", 300, 320, 345), Wave("T", 400, 450, 520))
    assert found["I"] == network["I"] and found["V1"] == (Wave("P", 90, 100, 110),), "also where no network answered"


def test_notes_say_lead_length_and_height_in_the_order_of_time():
    notes = notes_of(HAND, {"II": 500.0, "V1": 500.0}, {"II": "mV", "V1": ""})
    assert [note.start_s for note in notes] == sorted(note.start_s for note in notes)
    assert [note.text for note in notes if note.kind == "caliper"] == ["caliper II 312 ms -0.750 mV"]
    assert [(n.start_s, n.end_s, n.text) for n in notes if n.lead == "V1"] == [(0.18, 0.22, "P V1 by hand")]
    assert not notes_of(HandMarks(HAND.caliper), {}, {}), "a lead that is not there"
