"""Heat maps: what they must never do, and that the shipped network's tell the truth."""

import gc
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("captum")
from medviewer.core.task import Cancelled  # noqa: E402
from medviewer.inference.explain import Heat, explain, self_check, target_for  # noqa: E402
from medviewer.inference.image import networks  # noqa: E402
from medviewer.inference.image.prepare import prepare_cxr  # noqa: E402

BUNDLE = Path(__file__).resolve().parents[2] / "models" / "cxr-pneumonia"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def random_network(seed: int = 0) -> networks.MobileNetV2:
    torch.manual_seed(seed)
    return networks.build("mobilenet_v2", {"classes": 2, "channels": 1})


@pytest.fixture(scope="module")
def shipped():
    """(bundle.json, shipped network, prepared probe pictures: normal, pneumonia)."""
    if not (BUNDLE / "weights.safetensors").is_file():
        pytest.skip("the bundle cxr-pneumonia has no weights in this checkout")
    from safetensors.torch import load_file

    bundle = json.loads((BUNDLE / "bundle.json").read_text(encoding="utf-8"))
    net = networks.build(bundle["architecture"]["name"], bundle["architecture"]["parameters"])
    state = {k: v for k, v in load_file(BUNDLE / "weights.safetensors").items() if not k.startswith("gate.")}
    net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    probe = np.load(BUNDLE / "probe.npz", allow_pickle=False)
    return bundle, net, [prepare_cxr(g, parameters=bundle["preprocessing"]["parameters"]) for g in probe["grey"]]


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(a.ravel(), b.ravel()).statistic)


def test_xp01_a_network_of_constant_output_gives_an_empty_map_and_no_nan() -> None:
    net = random_network()
    torch.nn.init.zeros_(net.classifier[1].weight)
    heat = explain("grad-cam", net, np.ones((1, 1, 224, 224), np.float32), 1)
    assert heat.empty
    assert not heat.array.any()
    check = self_check(net, np.ones((1, 1, 224, 224), np.float32), heat, 1)
    assert not check.passed


def test_xp01_weights_that_are_not_finite_give_an_empty_map() -> None:
    net = random_network()
    torch.nn.init.constant_(net.classifier[1].weight, float("nan"))
    heat = explain("grad-cam", net, np.random.default_rng(0).normal(size=(1, 1, 224, 224)).astype(np.float32), 1)
    assert heat.empty
    assert np.isfinite(heat.array).all()


def test_xp02_a_network_in_training_mode_is_refused() -> None:
    with pytest.raises(RuntimeError, match="eval mode"):
        explain("grad-cam", random_network().train(), np.zeros((1, 1, 224, 224), np.float32), 1)


def test_xp02_the_same_picture_twice_gives_the_same_bits_and_two_pictures_two_maps(shipped) -> None:
    _, net, (normal, pneumonia) = shipped
    one, again = (explain("grad-cam", net, pneumonia.tensor, 1, flipped=pneumonia.flipped).array for _ in range(2))
    assert np.array_equal(one, again)
    other = explain("grad-cam", net, normal.tensor, 0, flipped=normal.flipped).array
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < 0.95


def test_xp03_the_shipped_network_gives_a_finite_map_that_varies(shipped) -> None:
    _, net, (_, pneumonia) = shipped
    heat = explain("grad-cam", net, pneumonia.tensor, 1, flipped=pneumonia.flipped)
    assert heat.array.shape == (14, 14)
    assert heat.cell == (16, 16)
    assert heat.array.dtype == np.float32
    assert heat.array.min() >= 0
    assert heat.array.max() == 1
    assert heat.array.std() > 0.05
    assert not heat.empty


def test_xp04_no_hook_is_left_and_nothing_grows() -> None:
    net = random_network()
    x = np.random.default_rng(0).normal(size=(1, 1, 64, 64)).astype(np.float32)

    def tensors() -> int:
        gc.collect()
        return sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())

    explain("grad-cam", net, x, 1)
    before = tensors()
    for _ in range(20):
        explain("grad-cam", net, x, 1)
    hooks = sum(len(p._forward_hooks) + len(p._forward_pre_hooks) + len(p._backward_hooks) for p in net.modules())
    assert hooks == 0
    assert tensors() <= before + 2
    assert all(p.grad is None for p in net.parameters())


def test_mw07_a_mirrored_view_is_turned_back_before_the_views_are_merged() -> None:
    net = random_network(3)
    x = np.zeros((1, 1, 224, 224), np.float32)
    x[..., 20:80, 10:60] = 3
    straight = explain("grad-cam", net, x, 1, flipped=(False,)).array
    mirrored = explain("grad-cam", net, x[..., ::-1].copy(), 1, flipped=(True,)).array
    plain = explain("grad-cam", net, x[..., ::-1].copy(), 1, flipped=(False,)).array
    assert np.array_equal(mirrored, plain[:, ::-1])
    merged = explain("grad-cam", net, np.concatenate([x, x[..., ::-1]]), 1, flipped=(False, True)).array
    assert merged.shape == straight.shape


def test_xp08_the_class_explained_is_the_class_displayed() -> None:
    labels = ("normal", "pneumonia")
    assert target_for(labels, "pneumonia", 0.9, 0.5) == 1
    assert target_for(labels, "pneumonia", 0.1, 0.5) == 0
    assert target_for(("pneumonia", "normal"), "pneumonia", 0.5, 0.5) == 0


def test_xp08_maps_of_the_two_classes_differ(shipped) -> None:
    _, net, (_, pneumonia) = shipped
    one, other = (explain("grad-cam", net, pneumonia.tensor, k, flipped=pneumonia.flipped).array for k in (0, 1))
    assert not np.array_equal(one, other)


def test_xp10_random_weights_give_another_map(shipped) -> None:
    _, net, (_, pneumonia) = shipped
    trained = explain("grad-cam", net, pneumonia.tensor, 1, flipped=pneumonia.flipped).array
    maps = [explain("grad-cam", random_network(s), pneumonia.tensor, 1, flipped=pneumonia.flipped) for s in range(3)]
    found = [0.0 if m.empty else rank_correlation(trained, m.array) for m in maps]
    assert np.mean(found) < 0.5, found


def test_xp10_deleting_the_hot_area_lowers_the_score_more_than_random_areas(shipped) -> None:
    _, net, (_, pneumonia) = shipped
    heat = explain("grad-cam", net, pneumonia.tensor, 1, flipped=pneumonia.flipped)
    check = self_check(net, pneumonia.tensor, heat, 1, seed=0, flipped=pneumonia.flipped)
    assert check.passed
    assert check.deletion > check.random
    assert check == self_check(net, pneumonia.tensor, heat, 1, seed=0, flipped=pneumonia.flipped), "not deterministic"


def test_rn05_the_check_stops_between_pieces() -> None:
    net = random_network()
    x = np.random.default_rng(0).normal(size=(1, 1, 224, 224)).astype(np.float32)
    heat = Heat(np.eye(7, dtype=np.float32), "grad-cam", (32, 32), False)
    calls = []

    def cancel() -> bool:
        calls.append(1)
        return len(calls) == 3

    with pytest.raises(Cancelled):
        self_check(net, x, heat, 1, cancel=cancel)
    assert len(calls) == 3


def test_an_unknown_method_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown method"):
        explain("tea-leaves", random_network(), np.zeros((1, 1, 64, 64), np.float32), 0)
