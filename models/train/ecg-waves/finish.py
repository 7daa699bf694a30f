"""From trained weights and their figures make the bundle: python models/train/ecg-waves/finish.py --data … --weights all.safetensors --figures evaluate.json --out models/ecg-waves"""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from cards import card
from ecg_figures import picture
from safetensors.numpy import load_file

from medviewer.inference.bundle import Bundle, load
from medviewer.inference.ecg.waves_reading import numbers

WAVES = (("P", "P wave", "P 波"), ("QRS", "QRS complex", "QRS 波群"), ("T", "T wave", "T 波"))
DATA = (
    "LUDB 1.0.1 (Kalyakulina et al., IEEE Access 8:186181, 2020; PhysioNet doi:10.13026/eegm-h675): 200 patients, 12 leads, 10 s, 500 Hz, "
    "bounds marked by cardiologists in each lead",
    "LUDB 1.0.1（Kalyakulina 等，IEEE Access 8:186181，2020；PhysioNet doi:10.13026/eegm-h675）：200 名患者，12 导联，10 s，500 Hz，各导联边界由心脏科医师标注",
)


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def metrics(figures: dict) -> list[dict]:
    """The cross-validated figures as a bundle states them."""
    out = []
    for name, v in figures["twelve leads"].items():
        n = figures["patients"]
        out.append(
            {
                "name": f"{name} F1 (150 ms), 5-fold by patient",
                "value": round(v["F1"], 4),
                "interval": [round(x, 4) for x in v["F1 95 %"]],
                "n": n,
            }
        )
        for side in ("onset", "end"):
            mean, sd = v[side]
            out.append({"name": f"{name} {side}, mean error, ms", "value": round(mean, 1), "n": n})
            out.append(
                {
                    "name": f"{name} {side}, SD, ms",
                    "value": round(sd, 1),
                    "interval": [round(x, 1) for x in v[f"{side} SD 95 %"]],
                    "n": n,
                }
            )
    af = figures["P in atrial fibrillation"]
    out.append(
        {"name": "P waves invented in atrial fibrillation, share of beats", "value": round(af["share"], 4), "n": af["patients"]}
    )
    return out


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--figures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    args = parser.parse_args()
    figures = json.loads(args.figures.read_text("utf-8"))
    args.out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(args.weights, args.out / "weights.safetensors")
    width = load_file(args.weights)["last.0.weight"].shape[0]
    document = {
        "schema": "medviewer.bundle/1", "id": "ecg-waves", "version": "1.2",
        "title": {"en": "ECG: P, QRS, T and intervals", "zh_CN": "心电图：P、QRS、T 波与间期"},
        "task": {"en": "Bounds of P, QRS and T in each lead; intervals, axes and ST levels from them", "zh_CN": "各导联 P、QRS、T 波的边界，及由此得出的间期、电轴与 ST 水平"},
        "kind": "ecg", "labels": [{"id": k, "title": {"en": en, "zh_CN": zh}} for k, en, zh in WAVES],
        "explain": {"default": "integrated-gradients"},
        "input_contract": {"leads": {"minimum": 1}, "rate_hz": [90, 20000], "seconds": [2, 200000]},
        "data": {"en": DATA[0], "zh_CN": DATA[1]}, "licence": {"weights": "ODC-By-1.0", "data": "ODC-By-1.0"},
        "source": "https://physionet.org/content/ludb/1.0.1/",
        "architecture": {"name": "waves-unet-lstm", "parameters": {"width": int(width)}},
        "thresholds": {k: 0.5 for k, _, _ in WAVES},
        "preprocessing": {"name": "ecg-waves", "version": "1", "parameters": {"wanted": 250, "low": 0.5, "high": 60}},
        "readout": {"labels": [k for k, _, _ in WAVES], "tolerance_ms": 150, "lead_errors_ms": figures["lead errors"]},
        "training": {"seed": 1, "seeds": [1, 2], "steps": [2400, 1000], "minutes": args.minutes}, "metrics": metrics(figures), "files": {},
        "checks": {k: figures[k] for k in ("each lead", "P in atrial flutter", "single lead", "changed", "intervals", "calibration", "explanation", "seconds", "other databases", "recorders") if k in figures},
    }  # fmt: skip
    (args.out / "card.md").write_text(card(figures, args.minutes, "en"), "utf-8")
    (args.out / "card.zh.md").write_text(card(figures, args.minutes, "zh"), "utf-8")
    if "confusion" in figures:
        picture(np.array(figures["confusion"]), ("none", "P", "QRS", "T"), args.out / "confusion.png", "samples")
    names = ["weights.safetensors", "card.md", "card.zh.md"]
    if (args.out / "confusion.png").is_file():
        names.append("confusion.png")
    document["files"] = {name: sha(args.out / name) for name in names}
    save(args.out, document)
    probe(args, document)
    document["files"]["probe.npz"] = sha(args.out / "probe.npz")
    save(args.out, document)


def save(folder: Path, document: dict) -> None:
    (folder / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def probe(args: argparse.Namespace, document: dict) -> None:
    """Three seconds of three leads of LUDB 1 and what the network says of them."""
    import wfdb

    record = wfdb.rdrecord(str(args.data / "ludb" / "1"))
    signals = record.p_signal[1000:3000, [0, 1, 6]].T
    found = numbers(load(Bundle(args.out, document)), list(signals), 500.0)
    np.savez_compressed(args.out / "probe.npz", signals=signals, rate=500.0, expected=found, tolerance=1e-3)


if __name__ == "__main__":
    main()
