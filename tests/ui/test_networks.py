"""From the key to the heat: analyse, findings, refusals, weak and empty explanations."""

from dataclasses import replace

import numpy as np
import pytest
from desk import start
from make import make_series
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from medviewer.core.errors import Notice
from medviewer.core.finding import Attribution, Decision, Finding, Provenance, Region, Result, Score, SelfCheck
from medviewer.services.sample import sample_paths
from medviewer.ui.patient.models import CardDialog

PROVENANCE = Provenance("net", "1", "a", "b", "p", "m", "t", "cpu", 0, "2026-01-01T00:00:00+00:00")


@pytest.fixture
def desk(qtbot, tmp_path):
    desk = start(qtbot, tmp_path / "profile", safe_mode=False)
    yield desk
    desk.window.close()


@pytest.fixture
def pane(qtbot, desk, tmp_path):
    make_series(tmp_path / "cr", 1, shape=(64, 48), modality="CR", pixels=lambda k: np.full((64, 48), 500, np.int16))
    desk.open([str(tmp_path / "cr")])
    pane = desk.grid.panes[0]
    qtbot.waitUntil(lambda: pane._shown is not None and desk.session.account.finished and not pane.loading, timeout=30000)
    return pane


def answer(pane, *, passed=True, empty=False, probability=0.71):
    heat = np.zeros((8, 6), np.float32)
    heat[4, 3] = 1.0
    check = SelfCheck(0.4 if passed else 0.03, 0.04, None, passed)
    grid = np.array([[8.0, 0, 3.5], [0, 8.0, 3.5]])
    attribution = Attribution(pane.series.item, 0, "net", "thing", "grad-cam", heat, grid, (8.0, 8.0), check, empty)
    score = Score("thing", probability, 0.52, 0.84, 0.58)
    found = (Finding("f", pane.series.item, "image", "thing", score, Region(0), PROVENANCE, (), Decision()),)
    findings = found if score.positive else ()
    said = {"scores": (score,), "findings": findings, "attribution": attribution}
    return Result(pane.series.item, 0, "net", "ok", 1.0, provenance=PROVENANCE, **said)


def colourful(pane):
    """Number of clearly coloured pixels in the middle of the pane, where no words stand."""
    image = pane.grab().toImage()
    ratio = image.devicePixelRatio()
    width, height = round(pane.width() * ratio), round(pane.height() * ratio)
    count = 0
    for x in range(width // 4, width * 3 // 4, 3):
        for y in range(height // 4, height * 3 // 4, 3):
            colour = image.pixelColor(x, y)
            count += max(colour.red(), colour.green(), colour.blue()) - min(colour.red(), colour.green(), colour.blue()) > 40
    return count


def test_heat_is_off_until_asked_g_toggles_it_and_shift_g_changes_its_opacity(qtbot, desk, pane):
    desk.session.put_result(answer(pane))
    assert pane.view.overlay is None and colourful(pane) == 0
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_G)
    assert pane.view.overlay == "net" and colourful(pane) > 10
    before = pane.view.opacity
    qtbot.keyClick(pane, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert pane.view.opacity != before
    qtbot.keyClick(pane, Qt.Key.Key_G)
    assert pane.view.overlay is None and colourful(pane) == 0


def test_a_weak_explanation_is_a_sentence_until_somebody_insists(desk, pane):
    desk.session.put_result(answer(pane, passed=False))
    pane.set_view(replace(pane.view, overlay="net"))
    assert pane.strip.isVisible() and "0.03 against 0.04" in pane.strip.words()
    assert colourful(pane) == 0
    pane.strip.followed.emit()
    assert colourful(pane) > 10


def test_xp01_an_empty_map_is_a_sentence_and_no_colour(desk, pane):
    desk.session.put_result(answer(pane, empty=True))
    pane.set_view(replace(pane.view, overlay="net"))
    assert "No region" in pane.strip.words() and colourful(pane) == 0


def test_a_finding_card_has_band_threshold_and_reason_and_is_accepted_and_taken_back(qtbot, desk, pane):
    desk.session.put_result(answer(pane))
    (card,) = desk.findings.cards()
    said = " ".join(card.words)
    for part in ("0.71 (0.52–0.84)", "threshold 0.58", "8 × 8", "network", "checked"):
        assert part in said
    buttons = {button.text(): button for button in card.findChildren(QPushButton)}
    qtbot.mouseClick(buttons["Accept"], Qt.MouseButton.LeftButton)
    assert desk.session.findings[0].decision.state == "accepted"
    (card,) = desk.findings.cards()
    assert any(words.startswith("accepted") for words in card.words)
    buttons = {button.text(): button for button in card.findChildren(QPushButton)}
    qtbot.mouseClick(buttons["Undo"], Qt.MouseButton.LeftButton)
    assert desk.session.findings[0].decision.state == "proposed"


def test_scores_below_the_threshold_are_an_answer_and_no_finding(desk, pane):
    desk.session.put_result(answer(pane, probability=0.2))
    (card,) = desk.findings.cards()
    assert any("below the threshold 0.58" in words for words in card.words)
    assert desk.session.findings == ()


def test_a_click_on_a_card_brings_its_image_and_heat(qtbot, desk, pane):
    desk.session.put_result(answer(pane))
    qtbot.mouseClick(desk.findings.cards()[0], Qt.MouseButton.LeftButton)
    assert pane.view.overlay == "net"


def test_a_refusal_is_a_grey_card_and_a_strip_with_its_reason(desk, pane):
    desk.session.put_result(Result(pane.series.item, 0, "net", "refused", reason=Notice("view-not-trained", "", {"view": "LL"})))
    pane.set_view(replace(pane.view, overlay="net"))
    assert pane.strip.isVisible() and pane.strip.words()
    (card,) = desk.findings.cards()
    assert card.property("card") == "quiet" and "net does not read this" in card.words


def test_certainty_is_never_claimed_by_rounding():
    assert Score("x", 0.997, 0.99, 0.9991).words == "0.997 (0.990–0.999)"
    assert Score("x", 0.5, 0.4, 0.6).words == "0.50 (0.40–0.60)"
    assert Score("x", 0.99999, 0.9991, 1.0).words == ">0.999 (0.999–>0.999)"
    assert Score("x", 0.00001, 0.0, 0.002).words == "<0.001 (<0.001–0.002)"


def test_ctrl_return_on_the_sample_child_gives_an_answer_with_its_network_and_on_a_ct_a_refusal(qtbot, desk, tmp_path):
    if not desk.analyst.models():
        pytest.skip("no network is installed")
    child, adult = sample_paths(tmp_path / "sample")
    desk.open([str(child)])
    pane = desk.grid.panes[0]
    qtbot.waitUntil(lambda: pane._shown is not None and desk.session.account.finished and not pane.loading, timeout=30000)
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not desk.analyst.busy and bool(desk.session.results(pane.series.item)), timeout=120000)
    (result,) = desk.session.results(pane.series.item)
    assert result.status == "ok", result.reason
    assert result.scores and desk.findings.cards()
    assert pane.view.overlay == result.model
    desk.open([str(adult)])
    qtbot.waitUntil(lambda: len(desk.session.items) > 2 and desk.session.account.finished, timeout=60000)
    ct = next(item for item in desk.session.items if getattr(item, "modality", "") == "CT")
    desk.show_item(ct.item)
    qtbot.keyClick(pane, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.session.results(ct.item)[0].status == "refused"
    assert pane.strip.isVisible()


def test_the_card_says_thresholds_and_a_change_is_kept_and_taken_back(qtbot, desk):
    if not desk.analyst.models():
        pytest.skip("no network is installed")
    card = desk.analyst.models()[0]
    dialog = CardDialog(card, desk.analyst, "en", desk.window)
    qtbot.addWidget(dialog)
    label, spin = next(iter(dialog.spins.items()))
    own = card.bundle.thresholds[label]
    spin.setValue(0.75)
    assert desk.analyst.models()[0].thresholds[label] == pytest.approx(0.75)
    reset = next(button for button in dialog.findChildren(QPushButton) if button.text().startswith("Back"))
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert desk.analyst.models()[0].thresholds[label] == pytest.approx(own)


def test_ai08_the_cut_off_is_changed_by_its_key_shrinks_the_heat_and_is_kept(qtbot, desk, pane):
    desk.session.put_result(answer(pane))
    desk.grid.activate(pane)
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_G)
    before, coloured = pane.view.cutoff, colourful(pane)
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(pane, Qt.Key.Key_G, modifiers)
    assert pane.view.cutoff > before
    assert 0 < colourful(pane) < coloured
    assert desk.settings.get("overlay_cutoff") == pane.view.cutoff
