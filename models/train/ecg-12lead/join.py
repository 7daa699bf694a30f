"""From trained members to the bundle: share of the linear look, calibration, thresholds, band, probe, files."""

import json
from pathlib import Path

import numpy as np
import torch
from ecg_figures import auc, noisy, rates, sha256
from ptbxl import LABELS, Rows
from safetensors.torch import save_file
from torch import nn

from medviewer.inference.bundle import load, read_bundle
from medviewer.inference.ecg import twelve
from medviewer.inference.ecg.twelve_beats import HIGH, LOW, NUMBERS, ORDER, RATE, USUAL, described

TITLE = {"en": "12-lead ECG (experimental)", "zh_CN": "12 导联心电图（试验性）"}
TASK = {
    "en": "Experimental: normal, infarction, ST/T change, conduction disturbance, hypertrophy; several may hold",
    "zh_CN": "试验性：正常、心肌梗死、ST/T 改变、传导障碍、肥厚；可同时存在多项",
}
TITLES = {
    "NORM": ("Normal ECG", "正常心电图"),
    "MI": ("Myocardial infarction", "心肌梗死"),
    "STTC": ("ST/T change", "ST/T 改变"),
    "CD": ("Conduction disturbance", "传导障碍"),
    "HYP": ("Hypertrophy", "肥厚"),
}
DATA = {
    "en": "PTB-XL 1.0.3, folds 1–9 of what was at hand (doi:10.13026/kfzx-aw45); LUDB 1.0.1 (doi:10.13026/eegm-h675) to learn from.",
    "zh_CN": "PTB-XL 1.0.3 现有部分的第 1–9 折（doi:10.13026/kfzx-aw45）；LUDB 1.0.1（doi:10.13026/eegm-h675）仅用于训练。",
}


def platt(score: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Slope and offset that make the labels most likely."""
    x, y = torch.tensor(score), torch.tensor(truth, dtype=torch.float64)
    line = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([line], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        solver.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(line[0] * x + line[1], y)
        loss.backward()
        return loss

    solver.step(closure)
    slope, offset = line.detach().tolist()
    return slope, offset


def threshold(p: np.ndarray, truth: np.ndarray) -> float:
    """The middle of the cuts whose F1 is within 0.01 of the best."""
    grid = np.linspace(0.05, 0.95, 181)
    f1 = np.array([rates(truth, p >= t)[2] for t in grid])
    return round(float(grid[f1 >= f1.max() - 0.01].mean()), 3)


def band(loaded, rows: Rows, pick: np.ndarray, seed: int) -> list[float]:
    """For each class 90 % of the changes in log-odds that mild noise and shorter pieces make to one record."""
    rng = np.random.default_rng(seed)
    changes = []
    for k in pick:
        leads = rows.leads[k].astype(np.float64)
        several = [leads, np.stack([noisy(x, RATE, 20, rng) for x in leads]), leads[:, 150:], leads[:, :-250]]
        p = np.clip(
            twelve._shares(loaded, [described(x) for x in several], twelve.CancelToken(), lambda d, t: None), 1e-6, 1 - 1e-6
        )
        odds = np.log(p / (1 - p))
        changes.append(np.abs(odds[1:] - odds[0]))
    return [round(float(v), 3) for v in np.quantile(np.concatenate(changes), 0.9, axis=0)]


def finish(rows: Rows, nets: list, lines: list, apart: np.ndarray, out: Path, *, seed: int, minutes: float, created: str) -> dict:
    """Write weights, probe and bundle.json (evaluate.py adds figures and cards); the records judged by members that had not seen them, and
    their probabilities."""
    out.mkdir(parents=True, exist_ok=True)
    seen = np.flatnonzero((rows.part == "train") & np.isfinite(apart).all((0, 2)))
    truth = rows.label[seen] > 0.5
    grid = np.linspace(0, 0.8, 9)

    def macro(share: float) -> float:
        joined = (1 - share) * apart[0, seen] + share * apart[1, seen]
        return float(np.nanmean([auc(truth[:, k], joined[:, k]) for k in range(len(LABELS))]))

    scores = [macro(s) for s in grid]
    share = float(grid[int(np.argmax(scores))])
    joined = (1 - share) * apart[0, seen] + share * apart[1, seen]
    print("share of the linear look:", {round(float(s), 1): round(v, 4) for s, v in zip(grid, scores, strict=True)}, flush=True)
    calibrated = [platt(joined[:, k], truth[:, k]) for k in range(len(LABELS))]
    slope, offset = np.array(calibrated).T
    p = 1 / (1 + np.exp(-(joined * slope + offset)))
    state = {
        "linear.weight": torch.tensor(np.mean([w for w, _ in lines], 0)).half(),
        "linear.bias": torch.tensor(np.mean([b for _, b in lines], 0)).float(),
    }
    for n, net in enumerate(nets):
        state |= {f"members.{n}.{k}": v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    save_file({k: v.contiguous() for k, v in state.items()}, out / "weights.safetensors")
    document = {
        "schema": "medviewer.bundle/1",
        "id": "ecg-12lead",
        "version": "1.0",
        "title": TITLE,
        "task": TASK,
        "kind": "ecg",
        "labels": [{"id": k, "title": {"en": TITLES[k][0], "zh_CN": TITLES[k][1]}} for k in LABELS],
        "explain": {"default": twelve.METHOD, "target": "the most probable class"},
        "input_contract": {"leads": {"minimum": 8}, "rate_hz": [90, 5000], "seconds": [7, 21600]},
        "data": DATA,
        "licence": {"weights": "CC-BY-4.0", "data": "CC-BY-4.0, ODC-By-1.0"},
        "source": "https://physionet.org/content/ptb-xl/1.0.3/",
        "architecture": {
            "name": "twelve-cnn-lstm",
            "parameters": {"classes": 5, "members": len(nets), "leads": 8, "numbers": NUMBERS, "usual": USUAL, "share": share},
        },
        "thresholds": {label: threshold(p[:, k], truth[:, k]) for k, label in enumerate(LABELS)},
        "preprocessing": {
            "name": "twelve-scaled",
            "version": "1",
            "parameters": {"wanted": RATE, "low": LOW, "high": HIGH, "order": ORDER},
        },
        "readout": {
            "slope": [round(float(v), 5) for v in slope],
            "offset": [round(float(v), 5) for v in offset],
            "band": [0.0] * len(LABELS),
        },
        "training": {"seed": seed, "minutes": round(minutes, 1), "members": len(nets), "records": len(seen)},
        "created": created,
        "metrics": [],
        "files": {"weights.safetensors": sha256(out / "weights.safetensors")},
    }
    write(document, out)
    loaded = load(read_bundle(out))
    document["readout"]["band"] = band(loaded, rows, seen[:: max(1, len(seen) // 60)], seed)
    write(document, out)
    probe(loaded, rows, seen, out / "probe.npz")
    document["files"]["probe.npz"] = sha256(out / "probe.npz")
    write(document, out)
    return {"seen": seen, "p": p}


def probe(loaded, rows: Rows, seen: np.ndarray, path: Path) -> None:
    """One record that is not normal, at 120 Hz, and its answer."""
    k = next(int(k) for k in seen if rows.label[k, 0] == 0)
    signals = rows.leads[k].astype(np.float32)
    expected = twelve.numbers(loaded, list(signals.astype(np.float64)), RATE)
    np.savez_compressed(path, signals=signals, rate=RATE, expected=expected, tolerance=np.float32(0.005))


def write(document: dict, out: Path) -> None:
    (out / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
