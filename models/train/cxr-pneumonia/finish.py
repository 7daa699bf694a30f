"""From trained weights to the bundle: calibration, threshold, gate, files and hashes. See README.md.

    python models/train/cxr-pneumonia/finish.py --data ../shared/data/imaging/cxr --out models/cxr-pneumonia \
        --nets first.safetensors second.safetensors
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "models" / "train")]

import augment
import graph
import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from medviewer.inference import gate
from medviewer.inference.bundle import GRAPH, WEIGHTS, read_bundle
from medviewer.inference.fast import open_graph
from medviewer.inference.image.prepare import PREPROCESSING, prepare_cxr, resize, standardise

PARAMETERS: dict[str, Any] = {"size": 224, "views": 2, "channels": 1, "low": 1.0, "high": 99.0, "mean": 0.5, "std": 0.27}
ARCHITECTURE: dict[str, Any] = {"name": "mobilenet_v2", "parameters": {"classes": 2, "channels": 1}}
TEMPLATE = Path(__file__).resolve().parent / "bundle.template.json"
LABELS = ("normal", "pneumonia")
PREVALENCE = 0.55
DIRECTIONS = 64
"""Main directions kept by the gate."""
MARGIN = (1.25, 0.12)
"""The gate's limits over the strangest picture of the parts they are set on: times for the distance, plus for the line."""


Net = Callable[[np.ndarray], Sequence[np.ndarray]]
"""The network in ONNX Runtime, a third of torch's time and the same answers: [n, 1, h, w] → logits, features."""


def logits_and_features(net: Net, tensors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[n, 1, h, w], any n → logits [n, 2] (of a vote [n, nets, 2]), features [n, d]."""
    found = [net(np.ascontiguousarray(tensors[start : start + 16])) for start in range(0, len(tensors), 16)]
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def odds_of(logits: np.ndarray) -> np.ndarray:
    """Log-odds of pneumonia [n], mean of the networks of a vote."""
    apart = logits[..., 1] - logits[..., 0]
    return apart if apart.ndim == 1 else apart.mean(axis=1)


def look(net: Net, grey: list[np.ndarray] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As the program sees them: log-odds of pneumonia [n, nets] and features [n, d], meant over the views."""
    odds, features = [], []
    for start in range(0, len(grey), 16):
        views = np.concatenate([prepare_cxr(g, parameters=PARAMETERS).tensor for g in grey[start : start + 16]])
        logits, found = logits_and_features(net, views)
        apart = logits[..., 1] - logits[..., 0]
        odds.append(apart.reshape(-1, PARAMETERS["views"], apart.shape[1] if apart.ndim > 1 else 1).mean(axis=1))
        features.append(found.reshape(-1, PARAMETERS["views"], found.shape[1]).mean(axis=1))
    return np.concatenate(odds), np.concatenate(features)


def disturbed(grey: np.ndarray, copies: int, seed: int) -> np.ndarray:
    """Mildly reframed and re-exposed copies, standardised: [copies, n, 1, 224, 224]."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    out = []
    for _ in range(copies):
        x = torch.from_numpy(grey)[:, None].float() / 255
        parts = []
        for start in range(0, len(x), 64):
            piece = x[start : start + 64]
            moved, _ = augment.warp(piece, torch.zeros_like(piece), 224)
            changed = augment.sharpness(augment.exposure(moved))[:, 0].numpy()
            parts.append(np.stack([standardise(p, PARAMETERS)[None] for p in changed]))
        out.append(np.concatenate(parts))
    return np.stack(out)


def calibrate(odds: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Platt's line (slope, offset) for a share of `PREVALENCE` pneumonia; [n] log-odds, [n] bool."""
    weight = np.where(truth, PREVALENCE / truth.mean(), (1 - PREVALENCE) / (1 - truth.mean()))
    x = torch.tensor(odds, dtype=torch.float64)
    y, w = torch.tensor(truth, dtype=torch.float64), torch.tensor(weight)
    line = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([line], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        solver.zero_grad()
        loss = (w * nn.functional.binary_cross_entropy_with_logits(line[0] * x + line[1], y, reduction="none")).mean()
        loss.backward()
        return loss

    solver.step(closure)
    slope, offset = line.detach().tolist()
    return slope, offset


def threshold_for(odds: np.ndarray, truth: np.ndarray, cost: float) -> float:
    """Log-odds at which sensitivity and `cost` times specificity add up to most; the curve is flat there, so the middle of the
    stretch within 0.004 of the best."""
    grid = np.linspace(-6, 6, 481)
    gain = np.array([(odds[truth] >= t).mean() + cost * (odds[~truth] < t).mean() for t in grid])
    gain = np.convolve(np.pad(gain, 12, mode="edge"), np.ones(25) / 25, mode="valid")
    return float(grid[gain >= gain.max() - 4e-3].mean())


def spoiled(grey: np.ndarray, draw: np.random.Generator, kind: int) -> np.ndarray:
    """What is no upright frontal chest any more: turned, upside down, inverted, shuffled, a corner, a small inset, doubled."""
    size = grey.shape[0]
    if kind == 0:
        return np.rot90(grey, int(draw.choice([1, 3])))
    if kind == 1:
        return grey[::-1]
    if kind == 2:
        return 255 - grey
    if kind == 3:
        count = int(draw.choice([2, 3, 4, 7]))
        side = size // count
        tiles = grey[: side * count, : side * count].reshape(count, side, count, side).swapaxes(1, 2).reshape(-1, side, side)
        tiles = tiles[draw.permutation(len(tiles))].reshape(count, count, side, side)
        return tiles.swapaxes(1, 2).reshape(side * count, side * count)
    side = int(draw.integers(40, 90) if kind == 4 else draw.integers(60, 120))
    top, left = draw.integers(0, size - side, 2)
    if kind == 4:
        return grey[top : top + side, left : left + side]
    if kind == 5:
        plate = np.full_like(grey, draw.integers(0, 60))
        plate[top : top + side, left : left + side] = resize(grey, side, side)
        return plate
    return np.concatenate([grey[:, : size // 2]] * 2, axis=1)


def fit_gate(net: Net, pictures: Any, seed: int) -> dict[str, np.ndarray]:
    """Centre, main directions and line from training pictures, plain, disturbed and spoiled; limits from validation patients."""
    draw = np.random.default_rng(seed)
    train = draw.permutation(np.flatnonzero(pictures.part == "train"))
    moved = logits_and_features(net, disturbed(pictures.grey[train[:700]], 1, seed)[0])[1]
    f = np.concatenate([look(net, pictures.grey[train[:1500]])[1], moved])
    bad = look(net, [spoiled(pictures.grey[i], draw, k % 7).astype(np.float32) for k, i in enumerate(train[:980])])[1]
    mean, scale = f.mean(axis=0), f.std(axis=0) + 1e-3
    z = (f - mean) / scale
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    basis, variance = vectors[:, ::-1][:, :DIRECTIONS], values[::-1][:DIRECTIONS]
    residual = 1.0 / np.mean((z**2).sum(axis=1) - ((z @ basis) ** 2).sum(axis=1))
    x = np.clip(np.concatenate([z, (bad - mean) / scale]), -gate.REACH, gate.REACH)
    y = np.repeat([-1.0, 1.0], [len(z), len(bad)])
    w = np.repeat([0.5 / len(z), 0.5 / len(bad)], [len(z), len(bad)])
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    ridge = np.diag([*[1.0] * (x.shape[1] - 1), 1e-6])
    weight = np.linalg.solve((x * w[:, None]).T @ x + ridge, (x * w[:, None]).T @ y)
    own = {"mean": mean, "scale": scale, "basis": basis, "precision": 1 / variance, "residual": np.array([residual])}
    own |= {"weight": weight[:-1], "bias": weight[-1:]}
    seen = (look(net, pictures.grey[np.isin(pictures.part, ("valid", "shift"))])[1] - mean) / scale
    far, side = (np.array([measure(row, own) for row in seen]) for measure in (gate.distance, gate.line))
    print(f"gate: distance {np.sort(far)[-3:].round(2)}, line {np.sort(side)[-3:].round(2)}", flush=True)
    own["limits"] = np.array([MARGIN[0] * far.max(), side.max() + MARGIN[1]])
    return {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in own.items()}


def architecture(count: int) -> dict[str, Any]:
    """The bundle's `architecture` of a network, or of a vote of `count`."""
    more = {"nets": count} if count > 1 else {}
    return {"name": ARCHITECTURE["name"], "parameters": ARCHITECTURE["parameters"] | more}


def read_nets(files: Sequence[Path], folder: Path) -> tuple[Net, dict[str, torch.Tensor]]:
    """The network of one file or the vote of several, and its tensors as they are stored: what is stored is what is judged, the
    half-precision copy. `folder`: an empty one, for the time of the work."""
    state: dict[str, torch.Tensor] = {}
    for number, file in enumerate(files):
        path = f"nets.{number}." if len(files) > 1 else ""
        own = {name: value for name, value in load_file(file).items() if not name.startswith("gate.")}
        state |= {path + name: value.half() if value.ndim > 1 else value for name, value in own.items()}
    save_file({name: value.contiguous() for name, value in state.items()}, folder / WEIGHTS)
    nothing: dict[str, Any] = {"preprocessing": {}, "readout": {}, "thresholds": {}, "files": {WEIGHTS: "", GRAPH: ""}}
    words = json.loads(TEMPLATE.read_text(encoding="utf-8")) | nothing | {"architecture": architecture(len(files))}
    (folder / "bundle.json").write_text(json.dumps(words), encoding="utf-8")
    (folder / GRAPH).write_bytes(graph.write(folder))
    return opened(folder), state


def opened(folder: Path) -> Net:
    """The folder's graph in ONNX Runtime."""
    net = open_graph(read_bundle(folder), torch.get_num_threads())
    if net is None:
        raise RuntimeError(f"{folder / GRAPH} does not run")
    return net


def finish(files: Sequence[Path], pictures: Any, out: Path, *, cost: float, seed: int = 1) -> None:
    """Write weights.safetensors, probe.npz, bundle.json and graph.onnx (metrics are filled in by evaluate.py)."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        net, state = read_nets(files, Path(folder))
    where = np.flatnonzero(np.isin(pictures.part, ("valid", "shift")))
    truth = pictures.kind[where] > 0
    plain = look(net, pictures.grey[where])[0].mean(axis=1)
    copies = disturbed(pictures.grey[where], 4, seed)
    moved = np.stack([odds_of(logits_and_features(net, copy)[0]) for copy in copies])
    odds, labels = np.concatenate([plain, *moved]), np.tile(truth, 5)
    slope, offset = calibrate(odds, labels)
    for t in np.arange(-1, 1.6, 0.25):
        now = [f"{(v >= t)[y].mean():.3f} {(v < t)[~y].mean():.3f}" for v, y in ((plain, truth), (odds, labels))]
        print(f"  cut {t:5.2f}: sensitivity and specificity {now[0]}, with disturbed copies {now[1]}")
    cut = threshold_for(odds, labels, cost)
    band = float(np.quantile(np.abs(slope * (moved - plain)), 0.9))
    threshold = 1 / (1 + np.exp(-(slope * cut + offset)))
    print(f"slope {slope:.3f} offset {offset:.3f} cut {cut:.3f} threshold {threshold:.3f} band {band:.2f}", flush=True)
    tensors = fit_gate(net, pictures, seed)
    stored = {f"gate.{name}": torch.from_numpy(value) for name, value in tensors.items()}
    state |= stored
    save_file({name: value.contiguous() for name, value in state.items()}, out / WEIGHTS)
    readout = {"labels": list(LABELS), "positive": "pneumonia", "slope": slope, "offset": offset, "band": band}
    probe(net, pictures, readout, out / "probe.npz")
    old = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    bundle = old | {
        "architecture": architecture(len(files)),
        "thresholds": {"pneumonia": round(float(threshold), 4)},
        "preprocessing": {"name": PREPROCESSING.split("/")[0], "version": PREPROCESSING.split("/")[1], "parameters": PARAMETERS},
        "readout": readout,
        "gate": {"name": "features/1", "limit": 1.0},
        "training": [notes_of(file) for file in files],
        "created": time.strftime("%Y-%m-%d", time.gmtime()),
        "metrics": [],
        "files": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in (WEIGHTS, "probe.npz")},
    }
    (out / "bundle.json").write_text(json.dumps(bundle, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    graph.main(out)


def notes_of(file: Path) -> dict[str, str]:
    """What train.py wrote beside the weights: seed, recipe, minutes, steps."""
    with safe_open(file, "pt") as opened:
        return dict(opened.metadata() or {})


def probe(net: Net, pictures: Any, readout: dict[str, Any], path: Path) -> None:
    """Two validation pictures, their scores, and how near another machine must come (MW-03)."""
    from medviewer.inference.image.readout import scores

    where = np.flatnonzero(pictures.part == "valid")
    pick = [int(where[pictures.kind[where] == 0][0]), int(where[pictures.kind[where] > 0][0])]
    expected = []
    for i in pick:
        logits, _ = logits_and_features(net, prepare_cxr(pictures.grey[i], parameters=PARAMETERS).tensor)
        expected.append([s.probability for s in scores(logits, readout)])
    np.savez_compressed(path, grey=pictures.grey[pick], scores=np.array(expected, np.float32), tolerance=np.float32(0.005))


def main() -> None:
    import train  # imports this module

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--nets", type=Path, nargs="+", required=True, help="what train.py wrote; several vote")
    parser.add_argument("--cost", type=float, default=1.5, help="worth of specificity against sensitivity at the threshold")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    finish(args.nets, train.load(args.data), args.out, cost=args.cost)


if __name__ == "__main__":
    main()
