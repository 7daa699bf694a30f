"""From trained members to the bundle: forest, shares of the members, calibration, thresholds, band, probe, files."""

import json
from pathlib import Path

import boost
import members
import numpy as np
import torch
from ecg_figures import noisy, rates, sha256
from prepared import HIGH, LABELS, LOW, RATE, Prepared, records
from safetensors.torch import load_file, save_file
from torch import nn

from medviewer.inference.bundle import load, read_bundle
from medviewer.inference.ecg import rhythm

CLASS_WEIGHT = np.array([1.0, 1.5, 1.2, 1.6])
FOREST = {"trees": 280, "depth": 6, "rate": 0.08}
FORESTS = 3
F1_WEIGHT = (1.0, 1.3, 1.3, 1.0)
"""Of the classes where shares and offsets are set: the best F1 of a rarer class is had below one half (Lipton 2014)."""
TITLE = {"en": "Rhythm of one lead", "zh_CN": "单导联心律"}
TASK = {
    "en": "Normal rhythm, atrial fibrillation, another rhythm, or too noisy, from one lead; episodes on long records",
    "zh_CN": "由单导联判断：正常心律、心房颤动、其他心律或噪声过大；长记录给出各时段",
}
TITLES = {
    "N": ("Normal rhythm", "正常心律"),
    "A": ("Atrial fibrillation", "心房颤动"),
    "O": ("Other rhythm", "其他心律"),
    "~": ("Too noisy", "噪声过大"),
}
DATA = {
    "en": "PhysioNet/CinC Challenge 2017 training set (labels v3), 7,675 of its 8,528 records (doi:10.13026/d3hm-sf11).",
    "zh_CN": "PhysioNet/CinC 2017 挑战赛训练集（v3 标注），8,528 条中的 7,675 条（doi:10.13026/d3hm-sf11）。",
}


def forest_of(data: Prepared, train: np.ndarray, seeds: int = FORESTS) -> dict[str, np.ndarray]:
    """The mean of several forests as one."""
    found = [
        boost.fit(data.numbers[train], data.label[train], CLASS_WEIGHT[data.label[train]], seed=seed, **FOREST)
        for seed in range(seeds)
    ]
    return {
        "feature": np.concatenate([f["feature"] for f in found]),
        "cut": np.concatenate([f["cut"] for f in found]),
        "leaf": np.concatenate([f["leaf"] for f in found]) / seeds,
        "start": np.mean([f["start"] for f in found], axis=0),
    }


def stacked(parts: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the members' logits [members, rows, classes] and the classes' offsets that make the labels most likely."""
    x, y = torch.tensor(parts, dtype=torch.float64), torch.tensor(truth)
    share = torch.full((len(parts),), 1.0 / len(parts), dtype=torch.float64, requires_grad=True)
    weight = torch.tensor(F1_WEIGHT, dtype=torch.float64)
    bias = torch.zeros(parts.shape[2], dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([share, bias], max_iter=300, line_search_fn="strong_wolfe")

    def closure():
        solver.zero_grad()
        logits = (share.clamp(min=0)[:, None, None] * x).sum(0) + bias
        loss = nn.functional.cross_entropy(logits, y, weight) + 1e-3 * (share**2).sum()
        loss.backward()
        return loss

    solver.step(closure)
    bias = bias.detach().numpy()
    return share.detach().clamp(min=0).numpy(), bias - bias.mean()


def crossed(parts: np.ndarray, truth: np.ndarray, seed: int = 0, folds: int = 5) -> np.ndarray:
    """Logits of every row with shares and offsets set on the other rows: what the validation records are judged by."""
    fold = np.random.default_rng(seed).integers(0, folds, len(truth))
    out = np.zeros(parts.shape[1:])
    for k in range(folds):
        share, bias = stacked(parts[:, fold != k], truth[fold != k])
        out[fold == k] = (share[:, None, None] * parts[:, fold == k]).sum(0) + bias
    return out


def thresholds(p: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """For A, O, ~ the probability of the best F1, the middle of the cuts that are as good."""
    grid = np.linspace(0.1, 0.9, 161)
    found = {}
    for k, label in enumerate(LABELS[1:], 1):
        f1 = np.array([rates(truth == k, p[:, k] >= t)[2] for t in grid])
        found[label] = round(float(grid[f1 >= f1.max() - 0.004].mean()), 3)
    return found


def band(loaded, data_folder: Path, names: set[str], seed: int = 0) -> float:
    """90 % of the changes in log-odds that mild noise, a shorter piece or the other polarity make to one record."""
    rng = np.random.default_rng(seed)
    odds = []
    for _, _, signal in [r for r in records(data_folder) if r[0] in names][::5]:
        rows = [signal, noisy(signal, 300, 20, rng), signal[len(signal) // 8 :], -signal]
        p = np.stack([rhythm.numbers(loaded, [row], 300.0)[0] for row in rows])
        odds.append(np.log(p + 1e-6) - np.log(1 - p + 1e-6))
    changes = np.abs(np.array(odds)[:, 1:] - np.array(odds)[:, :1])
    return float(np.quantile(changes, 0.9))


def softmax(v: np.ndarray) -> np.ndarray:
    return boost.softmax(v)


def finish(
    data_folder: Path, data: Prepared, train, valid, work: Path, names: list[str], out: Path, minutes: float, created: str
) -> None:
    """Write weights, probe and bundle.json; evaluate.py adds the figures and the cards."""
    out.mkdir(parents=True, exist_ok=True)
    truth = data.label[valid]
    kept = work / "forest.npz"
    if not kept.is_file():
        np.savez(kept, **forest_of(data, train))
    with np.load(kept) as stored:
        forest = {k: stored[k] for k in stored.files}
    kinds: dict[str, list] = {"trace": [], "beats": []}
    for name in names:
        kind = name.split("-")[0]
        build, inputs, _ = members.KINDS[kind]
        net = build()
        net.load_state_dict(
            {k: v.half().float() if v.is_floating_point() else v for k, v in load_file(work / f"{name}.safetensors").items()}
        )
        kinds[kind].append((net, members.logits_of(net, inputs, data, valid)))
    parts = [np.mean([found for _, found in rows], axis=0) for rows in kinds.values() if rows]
    parts = np.stack([*parts, boost.logits(forest, data.numbers[valid])])
    for kind, part in zip([*[k for k in kinds if kinds[k]], "forest"], parts, strict=True):
        print(kind, members.f1(truth, part.argmax(1)).round(3), flush=True)
    share, bias = stacked(parts, truth)
    logits = crossed(parts, truth)
    several = [members.f1(truth, crossed(parts, truth, seed).argmax(1)) for seed in range(6)]
    crossed_f1 = float(np.mean(several, axis=0)[:3].mean())
    print(f"joined, shares {share.round(3)}: F1 {np.mean(several, axis=0).round(4)} mean of N, A, O {crossed_f1:.4f}", flush=True)
    full = dict(zip([k for k in kinds if kinds[k]], share, strict=False)) | {"forest": share[-1]}
    state = {}
    for prefix, kind in (("traces", "trace"), ("pulses", "beats")):
        for n, (net, _) in enumerate(kinds[kind]):
            state |= {f"{prefix}.{n}.{k}": v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    state |= {"forest.feature": torch.from_numpy(forest["feature"].astype(np.int16))}
    state |= {f"forest.{k}": torch.from_numpy(forest[k].astype(np.float32)) for k in ("cut", "leaf", "start")}
    save_file({k: v.contiguous() for k, v in state.items()}, out / "weights.safetensors")
    parameters = {
        "classes": 4,
        "traces": len(kinds["trace"]),
        "pulses": [net.count for net, _ in kinds["beats"]],
        "trees": len(forest["feature"]),
        "depth": FOREST["depth"],
        "weights": [round(float(full.get(k, 0.0)), 5) for k in ("trace", "beats", "forest")],
    }
    document = {
        "schema": "medviewer.bundle/1",
        "id": "ecg-rhythm",
        "version": "1.1",
        "title": TITLE,
        "task": TASK,
        "kind": "ecg",
        "labels": [{"id": k, "title": {"en": TITLES[k][0], "zh_CN": TITLES[k][1]}} for k in LABELS],
        "positive": "A",
        "explain": {"default": rhythm.METHOD, "target": "the most probable class"},
        "input_contract": {"leads": {"minimum": 1}, "rate_hz": [90, 5000], "seconds": [7, 2000000]},
        "data": DATA,
        "licence": {"weights": "ODC-By-1.0", "data": "ODC-By-1.0"},
        "source": "https://physionet.org/content/challenge-2017/1.0.0/",
        "architecture": {"name": "rhythm-cnn-lstm", "parameters": parameters},
        "thresholds": thresholds(softmax(logits), truth),
        "preprocessing": {
            "name": "rhythm-trace-and-beats",
            "version": "1",
            "parameters": {"wanted": RATE, "low": LOW, "high": HIGH},
        },
        "readout": {"temperature": 1.0, "bias": [round(float(b), 5) for b in bias], "band": 0.0},
        "training": {
            "members": names,
            "minutes": round(minutes, 1),
            "train": len(train),
            "valid": len(valid),
            "crossed_f1": round(crossed_f1, 5),
        },
        "created": created,
        "metrics": [],
        "files": {"weights.safetensors": sha256(out / "weights.safetensors")},
    }
    write(document, out)
    loaded = load(read_bundle(out))
    document["readout"]["band"] = round(band(loaded, data_folder, set(data.name[valid])), 3)
    probe(loaded, data_folder, data, valid, out / "probe.npz")
    document["files"]["probe.npz"] = sha256(out / "probe.npz")
    write(document, out)


def probe(loaded, folder: Path, data: Prepared, valid: np.ndarray, path: Path) -> None:
    """One record in fibrillation from the validation part, and its answer."""
    wanted = next(str(data.name[k]) for k in valid if data.label[k] == 1 and 3600 <= len(data.samples[k]) < 3700)
    signal = next(s for name, _, s in records(folder) if name == wanted)
    expected = rhythm.numbers(loaded, [signal], 300.0)
    np.savez_compressed(path, signals=signal[None].astype(np.float32), rate=300.0, expected=expected, tolerance=np.float32(0.005))


def write(document: dict, out: Path) -> None:
    (out / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
