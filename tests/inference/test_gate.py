"""The gate: what is no chest radiograph is refused, what the network was made for is not (MW-13)."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from medviewer.inference import gate

BUNDLE = Path(__file__).resolve().parents[2] / "models" / "cxr-pneumonia"
SPLIT = Path(__file__).resolve().parents[2] / "models" / "train" / "cxr-pneumonia" / "split.csv"


@pytest.fixture(scope="module")
def strangeness():
    """Picture [rows, cols] → share of the limit (over 1 = refused)."""
    torch = pytest.importorskip("torch")
    if not (BUNDLE / "weights.safetensors").is_file():
        pytest.skip("the bundle cxr-pneumonia has no weights in this checkout")
    from safetensors.numpy import load_file

    from medviewer.inference.image import networks
    from medviewer.inference.image.prepare import prepare_cxr

    torch.set_num_threads(1)
    bundle = json.loads((BUNDLE / "bundle.json").read_text(encoding="utf-8"))
    tensors = load_file(BUNDLE / "weights.safetensors")
    net = networks.build(bundle["architecture"]["name"], bundle["architecture"]["parameters"])
    state = {k: torch.from_numpy(v) for k, v in tensors.items() if not k.startswith("gate.")}
    net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    own = {k[5:]: v for k, v in tensors.items() if k.startswith("gate.")}

    def measure(picture: np.ndarray) -> float:
        prepared = prepare_cxr(picture, parameters=bundle["preprocessing"]["parameters"])
        with torch.inference_mode():
            features = networks.features(net, torch.from_numpy(prepared.tensor.copy()))
        return gate.score(features, own) / float(bundle["gate"]["limit"])

    return measure


def made(kind: str, number: int) -> np.ndarray:
    draw = np.random.default_rng(number)
    y, x = np.mgrid[0:240, 0:240].astype(np.float64)
    if kind == "noise":
        return gaussian_filter(draw.normal(100, 30, (240, 240)), number % 4)
    if kind == "text":
        from PIL import Image, ImageDraw

        page = Image.new("L", (320, 400), 255)
        pen = ImageDraw.Draw(page)
        for line in range(10, 390, 16 + number % 5):
            pen.text((12, line), " ".join("".join(map(chr, draw.integers(97, 123, 5))) for _ in range(8)), fill=0, font_size=12)
        return np.asarray(page, np.float32)
    if kind == "constant":
        return np.full((240, 240), float(number))
    if kind == "gradient":
        return x * draw.uniform(-1, 1) + y * draw.uniform(0.1, 1)
    # A slice through a body: bright ring, soft tissue, a few round organs on black.
    body = ((x - 120) / 100) ** 2 + ((y - 120) / 75) ** 2
    out = np.where(body < 1, 110.0, 0.0) + np.where((body < 1) & (body > 0.85), 60.0, 0.0)
    for _ in range(5):
        cx, cy, r = draw.uniform(70, 170), draw.uniform(80, 160), draw.uniform(8, 28)
        out += np.where((x - cx) ** 2 + (y - cy) ** 2 < r * r, draw.uniform(-60, 60), 0)
    return out + draw.normal(0, 4, out.shape)


def test_mw13_a_feature_that_is_not_finite_is_refused_and_the_larger_strangeness_counts() -> None:
    plain = {"mean": np.zeros(3), "scale": np.ones(3), "basis": np.eye(3)[:, :2], "precision": np.ones(2), "residual": np.ones(1)}
    plain |= {"weight": np.array([0.0, 1.0, 0.0]), "bias": np.array([-1.0]), "limits": np.array([2.0, 1.0])}
    assert gate.score(np.array([0.0, np.nan, 0.0]), plain) == float("inf")
    assert gate.score(np.array([2.0, 0.0, 0.0]), plain) == pytest.approx(np.sqrt(2) / 2)
    assert gate.score(np.array([0.0, 0.0, 3.0]), plain) == pytest.approx(1.5), "distance off the main directions counts"
    assert gate.score(np.array([0.0, 4.0, 0.0]), plain) == pytest.approx(2.0), "the line counts where it is the larger one"
    assert gate.score(np.zeros((2, 3)), plain) == 0.0


def test_mw13_over_95_percent_of_made_pictures_that_are_no_radiograph_are_refused(strangeness) -> None:
    kinds = ("noise", "text", "constant", "gradient", "slice")
    found = {(kind, number): strangeness(made(kind, number)) for kind in kinds for number in range(10)}
    assert np.mean([value > 1 for value in found.values()]) > 0.95, {k: round(v, 2) for k, v in found.items() if v <= 1}


def test_mw13_pictures_of_other_things_are_refused(strangeness, data: Path) -> None:
    from PIL import Image

    folder = data / "imaging" / "cxr" / "not_chest"
    if not folder.is_dir():
        pytest.skip("cxr/not_chest is not in the shared data")
    with (folder / "index.csv").open() as f:
        names = {Path(row["file"]).name for row in csv.DictReader(f)}
    files = [path for path in sorted(folder.rglob("*")) if path.name in names]
    assert len(files) == 20
    kept = [p.name for p in files if strangeness(np.asarray(Image.open(p).convert("L"), np.float32)) <= 1]
    assert len(kept) <= 1, kept


def test_children_of_the_validation_part_are_not_refused(strangeness, data: Path) -> None:
    from PIL import Image

    folder = data / "imaging" / "cxr" / "kermany"
    if not folder.is_dir():
        pytest.skip("cxr/kermany is not in the shared data")
    with SPLIT.open() as f:
        part = {row["patient"]: row["part"] for row in csv.DictReader(f)}
    with (folder / "index.csv").open() as f:
        files = [row["file"] for row in csv.DictReader(f) if part[row["patient"]] == "valid"]
    refused = [f for f in files[::3] if strangeness(np.asarray(Image.open(folder / "images" / f).convert("L"), np.float32)) > 1]
    assert not refused
