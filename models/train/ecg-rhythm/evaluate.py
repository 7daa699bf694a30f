"""Figures and cards of ecg-rhythm: python models/train/ecg-rhythm/evaluate.py --data ../shared/data/ecg --bundle models/ecg-rhythm

On the 15 % of the records that were not trained on; calibration and the members' shares were set there too, so the mean F1 that
`join.py` found with shares set on other records (`crossed`) is told first.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
import wfdb
from cards import card
from ecg_figures import ece, interval, noisy, picture, rates, sha256
from prepared import LABELS, held_back, records

from medviewer.core.task import CancelToken
from medviewer.inference.bundle import load, read_bundle
from medviewer.inference.ecg import rhythm
from medviewer.inference.ecg.prepare import resampled

FIBRILLATING = ("201", "202", "203", "210", "219", "221", "222")
OTHERS = ("100", "103", "106", "115", "119", "122", "209")
RATES = (100.0, 125.0, 200.0, 250.0, 360.0, 500.0, 1000.0)


FIGURES = Path(__file__).with_name("figures.json")


def answers(loaded, signals, rate: float = 300.0) -> np.ndarray:
    return np.stack([rhythm.numbers(loaded, [s], rate).mean(0) for s in signals])


def scores(truth: np.ndarray, p: np.ndarray) -> dict[str, list[float]]:
    return {label: list(rates(truth == k, p.argmax(1) == k)) for k, label in enumerate(LABELS)}


def mean_f1(truth: np.ndarray, p: np.ndarray) -> float:
    return float(np.mean([rates(truth == k, p.argmax(1) == k)[2] for k in range(3)]))


def disturbed(loaded, signals: list[np.ndarray], truth: np.ndarray) -> dict[str, float]:
    """Mean F1 of N, A, O on disturbed copies."""
    rng = np.random.default_rng(0)
    found = {"as recorded": mean_f1(truth, answers(loaded, signals))}
    for snr in (24, 18, 12, 6, 0):
        found[f"noise {snr} dB"] = mean_f1(truth, answers(loaded, [noisy(s, 300, snr, rng) for s in signals]))
    found["inverted"] = mean_f1(truth, answers(loaded, [-s for s in signals]))
    hum = [s + 0.2 * np.sin(2 * np.pi * 50 * np.arange(len(s)) / 300) for s in signals]
    found["50 Hz hum, 0.2 mV"] = mean_f1(truth, answers(loaded, hum))
    found["first 10 s only"] = mean_f1(truth, answers(loaded, [s[:3000] for s in signals]))
    for rate in RATES:
        found[f"at {rate:.0f} Hz"] = mean_f1(truth, answers(loaded, [resampled(s, 300.0, rate) for s in signals], rate))
    return found


def explained(loaded, signals: list[np.ndarray]) -> dict[str, float]:
    """What flattening a fifth of the record takes from the probability: where the explanation points, and at random."""
    token, rows = CancelToken(), []
    for signal in signals:
        window = rhythm._Windows(loaded, signal, 300.0, True)[0]
        target = int(rhythm._shares(loaded, [window], token, lambda d, t: None)[0].argmax())
        rows.append(rhythm.deleted(loaded, window, target, rhythm.heat(loaded, window, target, token)))
    a = np.array(rows)
    return {
        "deletion": float(a[:, 0].mean()),
        "random": float(a[:, 1].mean()),
        "passed": float(np.mean(a[:, 0] > a[:, 1] + 0.01)),
        "n": len(a),
    }


def burden(loaded, folder: Path, name: str) -> dict[str, float]:
    """Share of the half hour in fibrillation (or flutter) by the annotators and by the network, and seconds it took."""
    path = str(folder / "mitdb" / name) if name != "100" else str(folder / "mitdb" / "original212" / "100")
    record, notes = wfdb.rdrecord(path), wfdb.rdann(path, "atr")
    marks = [(s, a.strip("\x00")) for s, a in zip(notes.sample, notes.aux_note, strict=True) if a.startswith("(")]
    ends = [s for s, _ in marks[1:]] + [record.sig_len]
    spans = {k: sum(e - s for (s, a), e in zip(marks, ends, strict=True) if a == k) / record.sig_len for k in ("(AFIB", "(AFL")}
    began = time.perf_counter()
    signal = record.p_signal[:, 0]
    windows = rhythm._Windows(loaded, signal, float(record.fs), True)
    shares = rhythm._shares(loaded, windows, CancelToken(), lambda d, t: None)
    episodes = rhythm._episodes(shares, LABELS, record.sig_len / record.fs)
    time_in = {
        label: sum(e.end_s - e.start_s for e in episodes if e.label == label) / (record.sig_len / record.fs) for label in LABELS
    }
    return {"fibrillation": spans["(AFIB"], "flutter": spans["(AFL"], **time_in, "seconds": time.perf_counter() - began}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load(read_bundle(args.bundle))
    rows = [(label, signal) for name, label, signal in records(args.data) if held_back(name)]
    truth, signals = np.array([label for label, _ in rows]), [signal for _, signal in rows]
    p = answers(loaded, signals)
    matrix = np.array([[int(((truth == i) & (p.argmax(1) == k)).sum()) for k in range(4)] for i in range(4)])
    low, high = interval(len(truth), lambda d: [v for k in LABELS for v in scores(truth[d], p[d])[k]] + [mean_f1(truth[d], p[d])])
    document = json.loads((args.bundle / "bundle.json").read_text("utf-8"))
    figures = {
        "n": len(truth),
        "mean_f1": [mean_f1(truth, p), float(low[-1]), float(high[-1])],
        "crossed": document["training"]["crossed_f1"],
        "classes": {
            label: {
                "n": int((truth == k).sum()),
                **{
                    name: [scores(truth, p)[label][m], float(low[3 * k + m]), float(high[3 * k + m])]
                    for m, name in enumerate(("se", "ppv", "f1"))
                },
                "ece": ece(p[:, k], truth == k),
            }
            for k, label in enumerate(LABELS)
        },
        "ece": ece(p.max(1), p.argmax(1) == truth),
        "accuracy": float(np.mean(p.argmax(1) == truth)),
        "at_thresholds": {
            k: list(rates(truth == LABELS.index(k), p[:, LABELS.index(k)] >= t)) for k, t in document["thresholds"].items()
        },
    }
    print(json.dumps(figures["classes"], indent=1), figures["mean_f1"], flush=True)
    kept = FIGURES
    old = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    weights = document["files"]["weights.safetensors"]
    figures["weights"] = weights
    part = slice(None, None, 6)
    for name, made in (
        ("disturbed", lambda: disturbed(loaded, signals[part], truth[part])),
        ("explanation", lambda: explained(loaded, signals[::40])),
        ("mitdb", lambda: {record: burden(loaded, args.data, record) for record in FIBRILLATING + OTHERS}),
    ):
        # What was found for these very weights is not worked out again.
        figures[name] = old[name] if old.get("weights") == weights and name in old else made()
        print(name, json.dumps(figures[name]), flush=True)
        kept.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    picture(matrix, LABELS, args.bundle / "confusion.png", f"validation, {len(truth)} records")
    finish(args.bundle, document, figures)


def finish(folder: Path, document: dict, figures: dict) -> None:
    """Figures into bundle.json, cards in both languages."""
    document["metrics"] = [
        {
            "name": "mean F1 of N, A, O, shares set on other records",
            "value": round(figures["crossed"], 4),
            "split": "valid",
            "n": figures["n"],
        },
        {
            "name": "mean F1 of N, A, O",
            "value": round(figures["mean_f1"][0], 4),
            "split": "valid",
            "n": figures["n"],
            "interval": [round(v, 4) for v in figures["mean_f1"][1:]],
        },
        *[
            {
                "name": f"F1 {label}",
                "value": round(row["f1"][0], 4),
                "split": "valid",
                "n": row["n"],
                "interval": [round(v, 4) for v in row["f1"][1:]],
            }
            for label, row in figures["classes"].items()
        ],
        {"name": "ECE of the most probable class", "value": round(figures["ece"], 4), "split": "valid", "n": figures["n"]},
    ]
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    for lang, name in ((0, "card.md"), (1, "card.zh.md")):
        (folder / name).write_text(card(document, figures, lang), "utf-8")
    for name in ("card.md", "card.zh.md", "confusion.png"):
        document["files"][name] = sha256(folder / name)
    (folder / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
