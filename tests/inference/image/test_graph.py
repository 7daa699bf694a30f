"""ONNX Runtime beside torch: the same weights, the same answers, a graph that can be made again, and what happens without it."""

import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made import image_series

from medviewer.core.task import CancelToken
from medviewer.inference.bundle import GRAPH, load, read_bundle
from medviewer.inference.engine import InPlaceEngine
from medviewer.inference.fast import open_graph
from medviewer.inference.image.networks import forward_with_features
from medviewer.inference.image.prepare import prepare_cxr
from medviewer.inference.reading import Request
from medviewer.store.assets import models_folder

TRAIN = Path(__file__).resolve().parents[3] / "models" / "train" / "graph.py"


def request_of(bundle, grey=None):
    grey = np.load(bundle.folder / "probe.npz")["grey"][1] if grey is None else grey
    about = {"modality": "CR", "body_part": "CHEST", "view": "AP", "age_years": 3.0}
    return Request(image_series(grey[None], **about), 0, bundle, bundle.thresholds, (), "")


@pytest.fixture(scope="module")
def bundle():
    return read_bundle(models_folder() / "cxr-pneumonia")


def test_the_graph_gives_torchs_logits_and_features_on_pictures_and_on_noise(bundle):
    loaded, graph = load(bundle), open_graph(bundle, 1)
    parameters = bundle.document["preprocessing"]["parameters"]
    pictures = [prepare_cxr(one, parameters=parameters).tensor for one in np.load(bundle.folder / "probe.npz")["grey"]]
    noise = np.random.default_rng(5).normal(size=(3, 1, 224, 224)).astype(np.float32)
    for x in [*pictures, noise, np.zeros_like(noise)]:
        with torch.inference_mode():
            logits, features = forward_with_features(loaded.module, torch.from_numpy(x.copy()))
        found = graph(x)
        assert np.abs(found[0] - logits).max() < 1e-4
        assert np.abs(found[1] - features).max() < 1e-4 * max(1.0, np.abs(features).max())


def test_both_engines_give_the_same_scores_and_say_who_they_are(bundle, monkeypatch):
    requests = [request_of(bundle, grey) for grey in np.load(bundle.folder / "probe.npz")["grey"]]
    fast = InPlaceEngine("cpu", 1).run(requests, CancelToken())
    monkeypatch.setenv("MEDVIEWER_ENGINE", "torch")
    slow = InPlaceEngine("cpu", 1).run(requests, CancelToken())
    assert [r.status for r in fast] == [r.status for r in slow] and "ok" in {r.status for r in fast}
    for a, b in zip(fast, slow, strict=True):
        assert all(abs(x.probability - y.probability) < 1e-4 for x, y in zip(a.scores, b.scores, strict=True))
        assert [s.positive for s in a.scores] == [s.positive for s in b.scores]
    assert {r.provenance.engine.split()[0] for r in fast} == {"onnxruntime"}
    assert {r.provenance.engine for r in slow} == {"torch"}


def test_the_graph_holds_no_weights_and_its_hash_is_checked(bundle, tmp_path):
    nets = bundle.document["architecture"]["parameters"].get("nets", 1)
    assert (bundle.folder / GRAPH).stat().st_size < 60_000 * nets
    copy = tmp_path / "net"
    shutil.copytree(bundle.folder, copy)
    (copy / GRAPH).write_bytes(b"altered")
    (result,) = InPlaceEngine("cpu", 1).run([request_of(read_bundle(copy))], CancelToken())
    assert result.status == "failed" and result.reason.code == "bundle-altered" and result.reason.facts["file"] == GRAPH


def test_without_a_graph_or_where_it_does_not_load_torch_answers(bundle, tmp_path):
    copy = tmp_path / "net"
    shutil.copytree(bundle.folder, copy)
    (copy / GRAPH).unlink()
    words = json.loads((copy / "bundle.json").read_text("utf-8"))
    stated = words["files"].pop(GRAPH)
    (copy / "bundle.json").write_text(json.dumps(words), "utf-8")
    assert open_graph(read_bundle(copy), 1) is None
    (result,) = InPlaceEngine("cpu", 1).run([request_of(read_bundle(copy))], CancelToken())
    assert result.status == "ok" and result.provenance.engine == "torch"
    (copy / GRAPH).write_bytes(b"no graph")
    words["files"][GRAPH] = stated
    damaged = replace(read_bundle(copy), document=words)
    assert open_graph(damaged, 1) is None


def test_the_graph_is_made_again_byte_by_byte(bundle):
    pytest.importorskip("onnx", reason="onnx is a tool of development")
    spec = importlib.util.spec_from_file_location("graph", TRAIN)
    graph = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(graph)
    assert graph.write(bundle.folder) == (bundle.folder / GRAPH).read_bytes()
