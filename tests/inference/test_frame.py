"""Bundles, contract, queue and engine: the frame that every network runs in."""

import json
import shutil
import threading
import time

import numpy as np
import pytest

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.grey import ModalityTransform
from medviewer.core.identity import Patient, Study
from medviewer.core.image import Frame, ImageSeries
from medviewer.core.task import Cancelled, CancelToken, Priority
from medviewer.inference import device
from medviewer.inference.bundle import check_hashes, load, read_bundle, verify
from medviewer.inference.contract import fit
from medviewer.inference.engine import InPlaceEngine
from medviewer.inference.image.reading import forward, heat_to_image
from medviewer.inference.queue import InferenceQueue
from medviewer.inference.reading import Request
from medviewer.inference.registry import Registry
from medviewer.store.assets import models_folder
from medviewer.store.cache import Cache
from medviewer.store.profile import Profile

BUNDLE = models_folder() / "cxr-pneumonia"


class Held:
    def __init__(self, stored):
        self._stored = stored

    def stored(self, k):
        return self._stored

    def volume(self):
        return self._stored[None]


def radiograph(stored=None, *, photometric="MONOCHROME2", signed=False, item="x", **about):
    """A radiograph as the acceptance files are: CR, CHEST, AP, three years."""
    if stored is None:
        stored = np.load(BUNDLE / "probe.npz")["grey"][1]
    frame = Frame("x.dcm", 0, *stored.shape[:2], 1, 8, signed, photometric, "", ModalityTransform())
    facts = {"modality": "CR", "body_part": "CHEST", "view": "AP", "age_years": 3.0} | about
    return ImageSeries(item, Patient("1", "A^B"), Study(), "1", frames=(frame,), source=Held(stored), **facts)


@pytest.fixture
def bundle():
    return read_bundle(BUNDLE)


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(BUNDLE, tmp_path / "bundles" / "cxr-pneumonia")


@pytest.fixture
def engine():
    return InPlaceEngine("cpu", threads=1)


def answer(engine, series, bundle, explain=""):
    (result,) = engine.run([Request(series, 0, bundle, bundle.thresholds, (), explain)], CancelToken())
    return result


# Bundles


def test_ai03_the_shipped_network_gives_its_stored_answers(bundle):
    assert "probe within" in verify(bundle)


def test_mw02_an_altered_weight_file_switches_the_network_off_and_names_the_file(copied):
    weights = copied / "weights.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(MedviewerError) as raised:
        check_hashes(read_bundle(copied))
    assert raised.value.notice.code == "bundle-altered"
    assert raised.value.notice.facts["file"] == "weights.safetensors"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"schema": "medviewer.bundle/9"}, "bundle-schema-unknown"),
        ({"labels": None}, "bundle-incomplete"),
        ({"files": {"../../etc/passwd": "0", "weights.safetensors": "0"}}, "bundle-incomplete"),
    ],
)
def test_a_bundle_that_is_not_ours_is_refused_with_its_reason(copied, change, code):
    path = copied / "bundle.json"
    document = json.loads(path.read_text("utf-8")) | change
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}), "utf-8")
    with pytest.raises(MedviewerError) as raised:
        read_bundle(copied)
    assert raised.value.notice.code == code


def test_mw01_a_pickle_in_the_place_of_weights_is_refused(copied):
    import hashlib

    (copied / "weights.safetensors").write_bytes(b"\x80\x04cposix\nsystem\nX\x00")
    document = json.loads((copied / "bundle.json").read_text("utf-8"))
    document["files"]["weights.safetensors"] = hashlib.sha256((copied / "weights.safetensors").read_bytes()).hexdigest()
    (copied / "bundle.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(MedviewerError) as raised:
        load(read_bundle(copied))
    assert raised.value.notice.code == "bundle-damaged"


def test_mw04_weights_load_on_a_machine_without_a_card(bundle):
    assert {str(p.device) for p in load(bundle).module.parameters()} == {"cpu"}


def test_a_users_threshold_is_kept_beside_the_version_and_can_be_taken_back(tmp_path):
    profile = Profile.at(tmp_path)
    registry = Registry(profile)
    published = registry.bundle("cxr-pneumonia").thresholds
    registry.set_threshold("cxr-pneumonia", "pneumonia", 0.9)
    again = Registry(profile)
    assert again.thresholds(again.bundle("cxr-pneumonia")) == {"pneumonia": 0.9}
    again.reset_thresholds("cxr-pneumonia")
    assert Registry(profile).thresholds(registry.bundle("cxr-pneumonia")) == published
    with pytest.raises(MedviewerError):
        registry.set_threshold("cxr-pneumonia", "pneumonia", 1.5)


def test_a_damaged_bundle_is_told_and_the_others_serve(tmp_path, copied):
    broken = copied.parent / "broken"
    broken.mkdir()
    (broken / "bundle.json").write_text("{")
    registry = Registry(Profile.at(tmp_path), copied.parent)
    assert [b.id for b in registry.bundles()] == ["cxr-pneumonia"]
    assert [n.code for n in registry.problems] == ["bundle-damaged"]


# Contract


def test_the_acceptance_files_fit_without_a_caution(bundle):
    assert fit(bundle, radiograph()).verdict == "fits"
    assert fit(bundle, radiograph(age_years=1.0)).verdict == "fits"
    assert fit(bundle, radiograph(age_years=5.9)).verdict == "fits"


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"modality": "CT"}, "modality-not-trained"),
        ({"modality": "MR", "body_part": "HEAD"}, "modality-not-trained"),
        ({"body_part": "HIP"}, "body-part-not-trained"),
        ({"view": "LL"}, "view-not-trained"),
        ({"view": "LATERAL"}, "view-not-trained"),
    ],
)
def test_ai04_what_it_was_not_trained_on_is_refused_with_the_reason(bundle, about, code):
    answered = fit(bundle, radiograph(**about))
    assert answered.verdict == "refused"
    assert answered.reasons[0].code == code


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"age_years": 62.0}, "age-outside-training"),
        ({"age_years": 0.3}, "age-outside-training"),
        ({"age_years": None}, "age-unknown"),
        ({"view": ""}, "view-unknown"),
        ({"body_part": ""}, "body-part-unknown"),
        ({"modality": "", "has_identity": False, "age_years": None}, "plain-picture"),
    ],
)
def test_mw10_another_or_an_unknown_population_is_answered_with_a_caution(bundle, about, code):
    answered = fit(bundle, radiograph(**about))
    assert answered.verdict == "cautions"
    assert code in {reason.code for reason in answered.reasons}


def test_an_item_of_another_kind_is_refused(bundle):
    class Record:
        kind = "ecg"

    assert fit(bundle, Record()).reasons[0].code == "kind-not-trained"


# Engine


def test_mw06_a_monochrome1_copy_gets_the_same_score(engine, bundle):
    plain = np.load(BUNDLE / "probe.npz")["grey"][1]
    scores = [
        answer(engine, radiograph(pixels, photometric=kind), bundle).scores[1].probability
        for pixels, kind in ((plain, "MONOCHROME2"), (255 - plain, "MONOCHROME1"))
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_mw05_eight_and_twelve_bit_copies_get_the_same_score(engine, bundle):
    plain = np.load(BUNDLE / "probe.npz")["grey"][1]
    copies = (plain, plain.astype(np.uint16) * 16 + 7, plain.astype(np.int16) * 100 - 12000)
    scores = [answer(engine, radiograph(pixels), bundle).scores[1].probability for pixels in copies]
    assert max(scores) - min(scores) < 0.01


def test_mw14_ai06_a_result_says_what_made_it(engine, bundle):
    made = answer(engine, radiograph(), bundle).provenance
    assert made.model == "cxr-pneumonia"
    assert made.model_sha256 == bundle.sha256
    assert len(made.input_sha256) == 64
    assert made.device == "cpu"
    assert made.time.endswith("+00:00")
    assert made.preprocessing == bundle.preprocessing


def test_rn10_a_batch_gives_the_scores_of_single_images(engine, bundle):
    grey = np.load(BUNDLE / "probe.npz")["grey"]
    series = [radiograph(grey[i % 2], item=str(i)) for i in range(5)]
    together = engine.run([Request(s, 0, bundle, bundle.thresholds, (), "") for s in series], CancelToken())
    for one, batched in zip(series, together, strict=True):
        alone = answer(engine, one, bundle)
        assert alone.scores[1].probability == pytest.approx(batched.scores[1].probability, abs=1e-3)


def test_a_positive_answer_has_a_finding_with_heat_bound_to_the_image(engine, bundle):
    result = answer(engine, radiograph(), bundle, "grad-cam")
    assert result.status == "ok"
    (finding,) = result.findings
    assert finding.label == "pneumonia"
    assert finding.decision.state == "proposed"
    heat = result.attribution
    assert heat.heat.max() == pytest.approx(1.0)
    assert heat.self_check is not None
    assert heat.cell == pytest.approx((16, 16), rel=0.01)
    row0, column0, row1, column1 = finding.evidence.box
    assert -1 <= row0 < row1 <= 224
    assert -1 <= column0 < column1 <= 224


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        (np.full((300, 300), 9, np.uint8), None),
        (np.zeros((20, 20), np.uint8), "image-too-small"),
        (np.dstack([np.full((99, 99), v, np.uint8) for v in (200, 20, 60)]), "colour-image"),
        (np.random.default_rng(0).integers(0, 255, (256, 256)).astype(np.uint8), "unlike-training"),
    ],
)
def test_mw13_pictures_that_are_no_radiographs_are_refused(engine, bundle, stored, code):
    result = answer(engine, radiograph(stored), bundle)
    assert result.status == "refused"
    assert code in (None, result.reason.code)
    assert result.scores == ()


def test_rn09_ai07_out_of_memory_halves_the_batch_and_loses_no_job(engine, bundle, monkeypatch):
    import torch

    from medviewer.inference.image import networks

    real, sizes = networks.forward_with_features, []

    def short_of_memory(module, x):
        sizes.append(len(x))
        if len(x) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return real(module, x)

    monkeypatch.setenv("MEDVIEWER_ENGINE", "torch")
    monkeypatch.setattr(networks, "forward_with_features", short_of_memory)
    requests = [Request(radiograph(item=str(i)), 0, bundle, bundle.thresholds, (), "") for i in range(4)]
    results = engine.run(requests, CancelToken())
    assert [r.status for r in results] == ["ok"] * 4
    assert sizes[0] == 8
    assert max(sizes[-4:]) <= 2


def test_rn04_rn07_two_hundred_forwards_in_a_thread_leave_no_gradients_and_no_memory(engine, bundle):
    import resource
    import threading

    import torch

    tensor = np.zeros((2, 1, 224, 224), np.float32)
    loaded = engine.load(bundle)

    def forwards(count):
        for _ in range(count):
            forward(engine, loaded, [tensor], CancelToken())

    forwards(20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    thread = threading.Thread(target=forwards, args=(200,))
    thread.start()
    thread.join()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes
    answer(engine, radiograph(), bundle)
    assert all(p.grad is None for p in engine.load(bundle).module.parameters())
    assert torch.is_grad_enabled()


def test_a_result_comes_back_equal_from_the_cache(bundle, tmp_path):
    cached = InPlaceEngine("cpu", 1, Cache(tmp_path))
    first = answer(cached, radiograph(), bundle, "grad-cam")
    second = answer(cached, radiograph(), bundle, "grad-cam")
    assert len(list(tmp_path.glob("*.npz"))) == 1
    assert second.scores == first.scores
    assert np.array_equal(second.attribution.heat, first.attribution.heat)
    assert second.attribution.self_check == first.attribution.self_check
    for file in tmp_path.glob("*.npz"):
        file.write_bytes(b"damaged")
    assert answer(cached, radiograph(), bundle, "grad-cam").scores == first.scores


def test_rn05_a_cancelled_job_ends_between_pieces(engine, bundle):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        engine.run([Request(radiograph(), 0, bundle, bundle.thresholds)], token)


def test_a_heat_cell_lies_in_the_middle_of_its_pixels():
    grid = heat_to_image(np.array([[2.0, 0, 0.5], [0, 3.0, 1.0]]), (32, 32))
    assert grid @ [0, 0, 1] == pytest.approx([2 * 15.5 + 0.5, 3 * 15.5 + 1])
    assert grid @ [6, 6, 1] == pytest.approx([2 * 207.5 + 0.5, 3 * 207.5 + 1])


# Device


def test_rn08_a_card_that_fails_a_real_computation_is_not_used(monkeypatch):
    monkeypatch.setattr(device, "probe", lambda name: "kernel image is not available")
    chosen = device.choose("auto")
    assert chosen.name == "cpu"
    assert chosen.why.code == "device-cpu-fallback"
    assert "kernel image" in str(chosen.why.facts["reason"])


def test_no_card_at_all_is_a_normal_state(monkeypatch):
    monkeypatch.setattr(device, "probe", lambda name: "no-device")
    assert device.choose("auto").why.code == "device-cpu"


# Queue


@pytest.fixture
def worker():
    queue = InferenceQueue()
    yield queue
    assert queue.close(2.0)


def collect(queue, key, work, **about):
    """Submit and return (event, list of answers)."""
    came, answers = threading.Event(), []

    def done(result, error):
        answers.append((result, error))
        came.set()

    queue.submit(key, work, done, **about)
    return came, answers


def blocker(queue):
    """A job that holds the worker until it is let go."""
    gate, started = threading.Event(), threading.Event()

    def work(token):
        started.set()
        gate.wait(5)

    collect(queue, "blocker", work)
    assert started.wait(2)
    return gate


def test_urgent_jobs_run_first_and_equal_jobs_run_once(worker):
    gate, order = blocker(worker), []
    late = collect(worker, "late", lambda token: order.append("late"), priority=Priority.BACKGROUND)
    soon = collect(worker, "soon", lambda token: order.append("soon"), priority=Priority.INTERACTION)
    again = collect(worker, "late", lambda token: order.append("never"), priority=Priority.VISIBLE)
    gate.set()
    for came, _ in (late, soon, again):
        assert came.wait(2)
    assert order == ["soon", "late"]


def test_a_newer_job_of_a_slot_supersedes_the_older_one(worker):
    gate = blocker(worker)
    old = collect(worker, "frame 1", lambda token: 1, slot="pane")
    new = collect(worker, "frame 2", lambda token: 2, slot="pane")
    gate.set()
    assert new[0].wait(2)
    assert new[1] == [(2, None)]
    assert old[1] == []


def test_rn02_the_answer_of_a_cancelled_job_is_dropped(worker):
    gate = blocker(worker)
    came, answers = collect(worker, "a", lambda token: 1)
    worker.cancel_all()
    gate.set()
    after = collect(worker, "b", lambda token: 2)
    assert after[0].wait(2)
    assert not came.is_set()
    assert answers == []


def test_a_job_that_fails_tells_its_error_and_the_worker_goes_on(worker):
    def fails(token):
        raise ValueError("broken")

    came, answers = collect(worker, "a", fails)
    assert came.wait(2)
    assert isinstance(answers[0][1], ValueError)
    came, answers = collect(worker, "b", lambda token: 3)
    assert came.wait(2)
    assert answers == [(3, None)]


def test_rn01_closing_ends_a_running_job_within_two_seconds():
    queue = InferenceQueue()
    started = threading.Event()

    def long(token):
        started.set()
        while True:
            token.check()
            time.sleep(0.01)

    queue.submit("long", long, lambda result, error: None)
    assert started.wait(2)
    begun = time.monotonic()
    assert queue.close(2.0)
    assert time.monotonic() - begun < 2.0


def test_rn03_two_hundred_jobs_all_answer_from_one_thread(worker):
    threads, waiting = set(), []
    for n in range(200):
        waiting.append(collect(worker, str(n), lambda token: threads.add(threading.get_ident())))
    for came, _ in waiting:
        assert came.wait(5)
    assert len(threads) == 1


def test_rn06_one_core_stays_free_for_the_window():
    import os

    import torch

    from medviewer.inference.device import THREADS, set_threads

    kept = torch.get_num_threads()
    try:
        assert max(1, (os.cpu_count() or 2) - 1) == THREADS == set_threads() == torch.get_num_threads()
    finally:
        torch.set_num_threads(kept)


def test_rn12_a_failed_run_says_what_failed_and_what_to_do_and_shows_no_trace():
    from medviewer.core.errors import Notice
    from medviewer.services.words import say

    for lang in ("en", "zh_CN"):
        for code in ("engine-crashed", "engine-timeout", "memory-exhausted", "network-failed", "bundle-altered"):
            said = say(Notice(code, facts={"exit_code": -9, "seconds": 180, "reason": "RuntimeError", "file": "w"}), lang)
            assert said.message and said.remedy and "{" not in said.message
            assert "Traceback" not in said.message + said.remedy


def test_mw08_the_working_point_has_its_sensitivity_and_specificity_on_a_named_part(bundle):
    figures = {(row["name"], row["split"]) for row in bundle.document["metrics"]}
    for split in ("valid", "test"):
        assert {("sensitivity", split), ("specificity", split)} <= figures
    for lang in ("en", "zh_CN"):
        assert f"{bundle.thresholds['pneumonia']:.2f}" in bundle.card(lang)


def test_mw09_without_lungs_nothing_is_known_or_the_cards_first_line_says_otherwise(bundle):
    figures = bundle.document["checks"]["auc"]
    masked = figures["lungs masked out"]
    first = bundle.card("en").splitlines()[0]
    assert max(masked, 1 - masked) <= 0.65 or ("not lung" in first and f"{masked:.3f}" in first)
    for lang in ("en", "zh_CN"):
        assert all(f"{value:.3f}" in bundle.card(lang) for value in figures.values())


def test_mw12_the_card_names_the_seeds_and_what_each_network_reaches_alone(bundle):
    seeds = [note["seed"] for note in bundle.document["training"]]
    alone = bundle.document["checks"]["nets"]
    assert len(seeds) == len(set(seeds)) == len(alone) == bundle.document["architecture"]["parameters"]["nets"]
    for lang in ("en", "zh_CN"):
        assert all(f"{value:.4f}" in bundle.card(lang) for row in alone for value in row.values())
        assert all(seed in bundle.card(lang) for seed in seeds)


def test_every_refusal_has_a_sentence_in_both_languages():
    from medviewer.services.words import say

    for code in ("unlike-training", "modality-not-trained", "age-outside-training", "view-not-trained", "colour-image"):
        english, chinese = (say(Notice(code), lang).message for lang in ("en", "zh_CN"))
        assert code not in english
        assert english != chinese
