"""MobileNetV2 as built here, and the split it was trained on."""

import csv
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from medviewer.inference.image import networks  # noqa: E402
from medviewer.inference.image.prepare import prepare_cxr  # noqa: E402
from medviewer.inference.image.readout import scores  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "models" / "cxr-pneumonia"
SPLIT = ROOT / "models" / "train" / "cxr-pneumonia" / "split.csv"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def shipped():
    """(bundle.json, network with the shipped weights)."""
    if not (BUNDLE / "weights.safetensors").is_file():
        pytest.skip("the bundle cxr-pneumonia has no weights in this checkout")
    from safetensors.torch import load_file

    bundle = json.loads((BUNDLE / "bundle.json").read_text(encoding="utf-8"))
    net = networks.build(bundle["architecture"]["name"], bundle["architecture"]["parameters"])
    state = {k: v for k, v in load_file(BUNDLE / "weights.safetensors").items() if not k.startswith("gate.")}
    net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    return bundle, net


def predict(shipped, grey: np.ndarray) -> float:
    bundle, net = shipped
    tensor = prepare_cxr(grey, parameters=bundle["preprocessing"]["parameters"]).tensor
    with torch.inference_mode():
        logits = net(torch.from_numpy(tensor.copy())).numpy()
    return next(s.probability for s in scores(logits, bundle["readout"]) if s.label == bundle["positive"])


def probe() -> np.lib.npyio.NpzFile:
    return np.load(BUNDLE / "probe.npz", allow_pickle=False)


def torchvision_model():
    """torchvision's, whose import needs two operators that a CPU torch lacks (dependencies, fact 1.3)."""
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    try:
        from torchvision.models import mobilenet_v2
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        torchvision_model.library = library
        for name in [n for n in __import__("sys").modules if n.startswith("torchvision")]:
            del __import__("sys").modules[name]
        from torchvision.models import mobilenet_v2
    return mobilenet_v2(num_classes=5).eval()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_own_definition_equals_torchvisions_weight_for_weight() -> None:
    theirs = torchvision_model()
    for part in theirs.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(part.running_var, 0.5, 2)
            torch.nn.init.normal_(part.running_mean)
    own = networks.build("mobilenet_v2", {"classes": 5, "channels": 3})
    own.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 160, 192)
    with torch.inference_mode():
        assert torch.allclose(own(x), theirs(x), atol=1e-5)


def test_xp03_no_activation_works_in_place_and_the_map_layer_has_places() -> None:
    net = networks.build("mobilenet_v2", {"classes": 2, "channels": 1})
    assert not any(getattr(part, "inplace", False) for part in net.modules())
    seen = []
    handle = networks.feature_layer(net).register_forward_hook(lambda *a: seen.append(a[2].shape))
    with torch.inference_mode():
        net(torch.zeros(1, 1, 224, 224))
    handle.remove()
    assert tuple(seen[0]) == (1, 1280, 7, 7)


def test_an_unknown_architecture_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown architecture"):
        networks.build("resnet9000", {})


def test_features_come_with_the_same_logits_as_the_network_gives() -> None:
    torch.manual_seed(0)
    net = networks.build("mobilenet_v2", {"classes": 2, "channels": 1})
    x = torch.randn(2, 1, 224, 224)
    with torch.inference_mode():
        logits, features = networks.forward_with_features(net, x)
        assert np.allclose(logits, net(x).numpy(), atol=1e-6)
        assert np.array_equal(features, networks.features(net, x))
    assert features.shape[0] == 2
    assert np.isfinite(features).all()


def test_mw03_the_shipped_probe_gives_its_stored_scores(shipped) -> None:
    stored = probe()
    for grey, expected in zip(stored["grey"], stored["scores"], strict=True):
        assert predict(shipped, grey) == pytest.approx(float(expected[1]), abs=float(stored["tolerance"]))


@pytest.mark.parametrize("change", [lambda g: g * 16.0, lambda g: g * 257.0 + 11, lambda g: g / 255.0 - 3])
def test_mw05_copies_on_another_scale_score_within_one_hundredth(shipped, change) -> None:
    for grey in probe()["grey"].astype(np.float32):
        assert predict(shipped, change(grey)) == pytest.approx(predict(shipped, grey), abs=0.01)


def test_mw06_monochrome1_inverted_once_scores_the_same(shipped) -> None:
    for grey in probe()["grey"].astype(np.float32):
        stored_as_monochrome1 = 255 - grey
        assert predict(shipped, 255 - stored_as_monochrome1) == pytest.approx(predict(shipped, grey), abs=0.01)


def test_rn10_a_picture_alone_and_in_a_batch_scores_within_a_thousandth(shipped) -> None:
    bundle, net = shipped
    tensors = [prepare_cxr(g, parameters=bundle["preprocessing"]["parameters"]).tensor for g in probe()["grey"]]
    with torch.inference_mode():
        together = net(torch.from_numpy(np.concatenate(tensors * 4))).numpy()[: len(tensors[0])]
        alone = net(torch.from_numpy(tensors[0].copy())).numpy()
    one, other = (scores(logits, bundle["readout"])[1].probability for logits in (together, alone))
    assert abs(one - other) < 1e-3


def test_mw11_no_patient_stands_in_two_parts(data: Path) -> None:
    with SPLIT.open() as f:
        rows = list(csv.DictReader(f))
    part = {row["patient"]: row["part"] for row in rows}
    assert len(part) == len(rows), "a patient is listed twice"
    assert set(part.values()) == {"train", "valid", "shift", "test"}
    index = data / "imaging" / "cxr" / "kermany" / "index.csv"
    if not index.is_file():
        pytest.skip("cxr/kermany is not in the shared data")
    with index.open() as f:
        files = list(csv.DictReader(f))
    assert {row["patient"] for row in files} == set(part)
    shares = {name: sum(part[row["patient"]] == name for row in files) / len(files) for name in set(part.values())}
    assert shares["train"] > 0.7
    assert shares["test"] > 0.05
