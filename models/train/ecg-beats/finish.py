"""Weights of the seeds and the readout of cross-validation → models/ecg-beats: bundle.json, weights.safetensors (half precision), probe.npz.

The cards are written by evaluate.py, from the file that ships.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import data as source
import numpy as np
import torch
from safetensors.torch import load_file, save_file

from medviewer.inference.bundle import Bundle, load
from medviewer.inference.ecg.beats import AFTER_S, BEFORE_S, FEATURES, LABELS, RATE
from medviewer.inference.ecg.beats_reading import PACED_LEAST, calibrated, numbers

PROBE_S = 60
UNSURE = 0.45
NO_BEAT = 0.0
"""Added to "none": so many beats are missed as false ones are told, in cross-validation without flutter."""
DOUBT = 1.0
"""The first pass drops a candidate only where it is this sure (in logits): the second one sees it again."""
VOTE = {"own": 0.3, "width": 0.05}
"""A beat's own share in whether it is ventricular, and how near in shape others are to be heard: vote.py."""
TITLES = {
    "N": ("Normal, bundle branch block or escape beat", "正常、束支阻滞或逸搏"),
    "S": ("Supraventricular ectopic beat", "室上性异位搏动"),
    "V": ("Ventricular ectopic beat", "室性异位搏动"),
    "F": ("Fusion beat", "融合搏动"),
    "Q": ("Not classified or paced", "未分类或起搏"),
}
DATA = (
    "MIT-BIH Arrhythmia Database (ODC-By 1.0), records of DS1 and the paced ones; timing and P waves also from CinC 2017 (ODC-By 1.0) and "
    "LUDB (ODC-By 1.0)."
)


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def document(members: int, readout: dict[str, Any], minutes: float) -> dict[str, Any]:
    """bundle.json without hashes and metrics."""
    return {
        "schema": "medviewer.bundle/1",
        "id": "ecg-beats",
        "version": "1.2",
        "title": {"en": "ECG: beats", "zh_CN": "心电图：心搏"},
        "task": {
            "en": "Finds every beat of an ECG and names its class (AAMI EC57: N, S, V, F; Q where it is paced or not sure)",
            "zh_CN": "检出心电图的每个心搏并给出类别（AAMI EC57：N、S、V、F；起搏或不确定者为 Q）",
        },
        "kind": "ecg",
        "labels": [{"id": k, "title": {"en": en, "zh_CN": zh}} for k, (en, zh) in TITLES.items()],
        "explain": {"default": "integrated-gradients"},
        "input_contract": {"leads": {"minimum": 1}, "rate_hz": [100, 2000], "seconds": [5, 1e6]},
        "data": {
            "en": DATA,
            "zh_CN": "MIT-BIH 心律失常数据库（ODC-By 1.0）的 DS1 与起搏记录；时序与 P 波另取自 CinC 2017 与 LUDB（均 ODC-By 1.0）。",
        },
        "licence": {"weights": "ODC-By-1.0", "data": "ODC-By-1.0"},
        "source": "https://physionet.org/content/mitdb/1.0.0/",
        "architecture": {"name": "beats-cnn-lstm", "parameters": {"members": members}},
        "thresholds": {},
        "preprocessing": {
            "name": "ecg-beats",
            "version": "1",
            "parameters": {"rate_hz": RATE, "before_s": BEFORE_S, "after_s": AFTER_S, "features": FEATURES, "leads": 2},
        },
        "readout": {"labels": list(LABELS)} | readout,
        "training": {"seeds": list(range(members)), "minutes": round(minutes, 1)},
        "metrics": [],
        "files": {},
    }


def chosen(path: Path, minutes: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Readout from the logits of cross-validation, and what the card tells of it."""
    with np.load(path) as cv:
        stored = {name: cv[name] for name in cv.files}

    def joined(names: list[str]) -> tuple[np.ndarray, np.ndarray]:
        kept = [stored[f"{n}-keep"] for n in names]
        truth = np.concatenate([np.where(k, stored[f"{n}-truth"], -1) for n, k in zip(names, kept, strict=True)])
        return truth, np.concatenate([stored[f"{n}-logits"] for n in names])

    names = [n for n in source.DS1 if f"{n}-truth" in stored]
    paced_names = [n for n in source.PACED if f"{n}-truth" in stored]
    truth, logits = joined(names)
    offsets = best_offsets(logits[truth >= 0], truth[truth >= 0])
    scale = temperature(logits[truth >= 0] + offsets, truth[truth >= 0])
    readout = {"offsets": offsets.tolist(), "temperature": scale, "unsure": UNSURE, "doubt": DOUBT, "vote": VOTE}
    table = np.sum([confusion(stored, name, readout) for name in names], axis=0)
    paced = [confusion(stored, name, readout) for name in paced_names]
    from evaluate import figures

    about = {
        "cv": figures(table),
        "cv table": table.tolist(),
        "cv records": {name: figures(confusion(stored, name, readout)) for name in names},
        "paced": {
            "n": int(sum(t[5].sum() for t in paced)),
            "of": len(paced),
            "Q": float(sum(t[5, 4] for t in paced) / sum(t[5].sum() for t in paced)),
            "told": sum(int(t[:, 4].sum() >= PACED_LEAST) for t in paced),
        },
        "folds": sum(any(f"{n}-truth" in stored for n in fold) for fold in source.FOLDS),
        "minutes": minutes,
    }
    return readout, about


def confusion(stored: dict[str, np.ndarray], name: str, readout: dict[str, Any]) -> np.ndarray:
    """As evaluate.py counts, of candidates: rows N S V F, no beat, paced; found as N S V F Q or nothing."""
    truth, keep = stored[f"{name}-truth"], stored[f"{name}-keep"]
    shares = calibrated(stored[f"{name}-logits"], readout)
    best = shares[:, :5].argmax(1)
    best[shares[:, :5].max(1) / (1 - shares[:, 5] + 1e-9) < UNSURE] = 4
    best[~keep | (shares.argmax(1) == 5)] = 5
    rows = np.array([0, 1, 2, 3, 5, 4])[truth[truth >= 0]]
    table = np.zeros((6, 6), int)
    np.add.at(table, (rows, best[truth >= 0]), 1)
    table[4, 5] = 0
    return table


def best_offsets(logits: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """What is added to S, V and F so that the F1 of N, S and V add up to most; small steps win where the gain is small."""
    best, offsets = -1.0, np.zeros(len(LABELS))
    for s in np.arange(-2.5, 1.1, 0.5):
        for v in np.arange(-3.0, 0.6, 0.5):
            for f in np.arange(-0.5, 4.1, 0.5):
                now = np.array([0, s, v, f, 0, NO_BEAT])
                found = (logits + now).argmax(1)
                each = [2 * ((truth == k) & (found == k)).sum() / ((truth == k).sum() + (found == k).sum()) for k in range(3)]
                gain = float(sum(each)) - 0.01 * float(np.abs(now).sum())
                if gain > best:
                    best, offsets = gain, now
    return offsets


def temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Scale of the logits that makes the truth of cross-validation most likely."""

    def cost(scale: float) -> float:
        z = logits * scale
        z = z - z.max(1, keepdims=True)
        return float(-(z[np.arange(len(z)), truth] - np.log(np.exp(z).sum(1))).mean())

    return float(min(np.linspace(0.4, 2.0, 65), key=cost))


def finish(
    folder: Path,
    out: Path,
    data: Path,
    members: int,
    readout: dict[str, Any],
    minutes: float,
    parameters: dict[str, Any] | None = None,
) -> None:
    """Write the bundle from `folder`/seed-*.safetensors."""
    out.mkdir(parents=True, exist_ok=True)
    state = {}
    for seed in range(members):
        for name, value in load_file(folder / f"seed-{seed}.safetensors").items():
            state[f"nets.{seed}.{name}"] = value.half() if value.ndim > 1 else value
    save_file(state, out / "weights.safetensors")
    about = document(members, readout, minutes)
    about["architecture"]["parameters"] |= parameters or {}
    about["files"] = {"weights.safetensors": sha(out / "weights.safetensors")}
    probed(out, about, data)


def probed(out: Path, about: dict[str, Any], data: Path) -> None:
    """Write bundle.json, and probe.npz by the readout that it has."""
    path = out / "bundle.json"
    path.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", "utf-8")
    torch.set_num_threads(1)
    loaded = load(Bundle(out, about))
    leads, rate, *_ = source.mitdb(data, "208")
    signals = np.stack([lead[: int(PROBE_S * rate)] for lead in leads]).astype(np.float32).astype(np.float64)
    expected = numbers(loaded, list(signals), rate)
    np.savez_compressed(out / "probe.npz", signals=signals.astype(np.float32), rate=rate, expected=expected, tolerance=0.01)
    about["files"]["probe.npz"] = sha(out / "probe.npz")
    path.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", "utf-8")
