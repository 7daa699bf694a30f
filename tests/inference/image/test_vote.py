"""A vote of networks: one answer, one map, one graph, and a band that knows where they disagree."""

import hashlib
import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

from medviewer.inference.bundle import load, read_bundle  # noqa: E402
from medviewer.inference.explain import explain  # noqa: E402
from medviewer.inference.fast import open_graph  # noqa: E402
from medviewer.inference.image import networks  # noqa: E402
from medviewer.inference.image.readout import scores  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
READOUT = {"labels": ["normal", "pneumonia"], "positive": "pneumonia", "slope": 1.2, "offset": 0.3, "band": 0.1}
PARAMETERS = {"classes": 2, "channels": 1, "nets": 2}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def vote():
    """Two networks drawn by lot, with statistics that keep their answers apart."""
    torch.manual_seed(4)
    made = networks.build("mobilenet_v2", PARAMETERS)
    for part in made.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(part.running_var, 0.5, 1.5)
            torch.nn.init.normal_(part.running_mean, std=0.2)
        elif isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight)
    return made


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, 1, 96, 96)).astype(np.float32)


def test_the_answer_is_the_mean_of_the_networks_and_the_first_one_feeds_the_gate(vote) -> None:
    x = torch.from_numpy(picture())
    with torch.inference_mode():
        alone = [net(x).numpy() for net in networks.members(vote)]
        logits, features = networks.forward_with_features(vote, x)
        assert np.allclose(vote(x).numpy(), np.mean(alone, axis=0), atol=1e-5)
        assert np.allclose(logits, np.stack(alone, axis=1), atol=1e-5)
        assert np.array_equal(features, networks.features(networks.members(vote)[0], x))
    assert not np.allclose(alone[0], alone[1], atol=1e-3)


def test_the_probability_is_that_of_the_mean_and_disagreement_widens_the_band() -> None:
    together = np.array([[[0.0, 1.0], [0.0, 1.2]]] * 2)
    apart = np.array([[[0.0, -1.0], [0.0, 3.2]]] * 2)
    near, far = scores(together, READOUT)[1], scores(apart, READOUT)[1]
    assert near.probability == pytest.approx(scores(together.mean(axis=1), READOUT)[1].probability)
    assert near.probability == pytest.approx(far.probability)
    assert far.high - far.low > near.high - near.low


def test_the_map_of_a_vote_is_that_of_its_networks_and_one_network_twice_gives_its_own_map(vote) -> None:
    one, other = networks.members(vote)
    x = picture(1)
    both = explain("grad-cam", vote, x, 1, flipped=(False, True))
    assert not both.empty and np.isfinite(both.array).all()
    twice = explain("grad-cam", networks.Vote([one, one]).eval(), x, 1, flipped=(False, True))
    assert np.allclose(twice.array, explain("grad-cam", one, x, 1, flipped=(False, True)).array, atol=1e-5)
    assert not np.array_equal(both.array, explain("grad-cam", other, x, 1, flipped=(False, True)).array)


def test_the_graph_of_a_vote_gives_torchs_answers(vote, tmp_path) -> None:
    pytest.importorskip("onnx", reason="onnx is a tool of development")
    shutil.copytree(ROOT / "models" / "cxr-pneumonia", tmp_path / "net")
    folder = tmp_path / "net"
    state = {name: value.half() if value.ndim > 1 else value for name, value in vote.state_dict().items()}
    save_file({name: value.contiguous() for name, value in state.items()}, folder / "weights.safetensors")
    words = json.loads((folder / "bundle.json").read_text("utf-8"))
    words["architecture"] = {"name": "mobilenet_v2", "parameters": PARAMETERS}
    words["files"] = {"weights.safetensors": digest(folder / "weights.safetensors")}
    (folder / "bundle.json").write_text(json.dumps(words), "utf-8")
    spec = importlib.util.spec_from_file_location("graph", ROOT / "models" / "train" / "graph.py")
    graph = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(graph)
    (folder / "graph.onnx").write_bytes(graph.write(folder))
    words["files"]["graph.onnx"] = digest(folder / "graph.onnx")
    (folder / "bundle.json").write_text(json.dumps(words), "utf-8")
    bundle = read_bundle(folder)
    x = picture(2)
    with torch.inference_mode():
        logits, features = networks.forward_with_features(load(bundle).module, torch.from_numpy(x))
    found = open_graph(bundle, 1)(x)
    assert found[0].shape == (2, 2, 2)
    assert np.abs(found[0] - logits).max() < 1e-3 * max(1.0, np.abs(logits).max())
    assert np.abs(found[1] - features).max() < 1e-4 * max(1.0, np.abs(features).max())


def digest(path: Path) -> str:

    return hashlib.sha256(path.read_bytes()).hexdigest()
