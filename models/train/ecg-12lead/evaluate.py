"""Figures and cards of ecg-12lead: python models/train/ecg-12lead/evaluate.py --data ../shared/data/ecg --work DIR --bundle models/ecg-12lead

`--work` is the folder of train.py. The test part (PTB-XL fold 10) is looked at here, once.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from cards import card
from ecg_figures import auc, ece, interval, noisy, picture, rates, sha256
from ptbxl import LABELS, rows_of

from medviewer.core.task import CancelToken
from medviewer.inference.bundle import load, read_bundle
from medviewer.inference.ecg import twelve
from medviewer.inference.ecg.prepare import resampled
from medviewer.inference.ecg.twelve_beats import LEADS, RATE, described, filtered

FIGURES = Path(__file__).with_name("figures.json")


def answers(loaded, records: list[np.ndarray]) -> np.ndarray:
    """Probabilities of leads at 120 Hz, each of them scaled anew, as the program does."""
    found = [described(twelve._scaled(np.asarray(leads, np.float64))) for leads in records]
    return twelve._shares(loaded, found, CancelToken(), lambda done, total: None)


def macro(truth: np.ndarray, p: np.ndarray) -> float:
    return float(np.mean([auc(truth[:, k], p[:, k]) for k in range(len(LABELS))]))


def figures_of(truth: np.ndarray, p: np.ndarray, cuts: np.ndarray) -> dict:
    """Per class AUC, Se, +P, F1 with 95 % over records, calibration; macro AUC."""

    def all_of(rows: np.ndarray) -> np.ndarray:
        found = []
        for k in range(len(LABELS)):
            t = truth[rows, k]
            found += [auc(t, p[rows, k]) if 0 < t.sum() < len(t) else np.nan, *rates(t, p[rows, k] >= cuts[k])]
        return np.array([*found, np.nanmean(found[::4]), np.mean(found[3::4])])

    whole = all_of(np.arange(len(truth)))
    low, high = interval(len(truth), all_of)
    classes = {}
    for k, label in enumerate(LABELS):
        names = ("auc", "se", "ppv", "f1")
        classes[label] = {n: [float(v[4 * k + m]) for v in (whole, low, high)] for m, n in enumerate(names)}
        classes[label] |= {"n": int(truth[:, k].sum()), "ece": ece(p[:, k], truth[:, k], 5)}
    return {
        "n": len(truth),
        "macro_auc": [float(v[-2]) for v in (whole, low, high)],
        "macro_f1": [float(v[-1]) for v in (whole, low, high)],
        "classes": classes,
    }


def disturbed(loaded, records: list[np.ndarray], truth: np.ndarray) -> dict[str, float]:
    """Macro AUC on disturbed copies."""
    rng = np.random.default_rng(0)
    found = {"as recorded": macro(truth, answers(loaded, records))}
    for snr in (24, 18, 12, 6, 0):
        found[f"noise {snr} dB"] = macro(
            truth, answers(loaded, [np.stack([noisy(x, RATE, snr, rng) for x in r]) for r in records])
        )
    found["all leads inverted"] = macro(truth, answers(loaded, [-r for r in records]))
    found["lead I inverted"] = macro(truth, answers(loaded, [np.concatenate([-r[:1], r[1:]]) for r in records]))
    for name, order in (
        ("V1 and V2 exchanged", (0, 1, 3, 2, 4, 5, 6, 7)),
        ("V2 and V3 exchanged", (0, 1, 2, 4, 3, 5, 6, 7)),
        ("V5 and V6 exchanged", (0, 1, 2, 3, 4, 5, 7, 6)),
        ("V1 and V6 exchanged", (0, 1, 7, 3, 4, 5, 6, 2)),
        ("chest leads in reverse", (0, 1, 7, 6, 5, 4, 3, 2)),
        ("I and II exchanged", (1, 0, 2, 3, 4, 5, 6, 7)),
    ):
        found[name] = macro(truth, answers(loaded, [r[list(order)] for r in records]))
    for k, lead in enumerate(LEADS):
        hidden = [np.concatenate([r[:k], 0 * r[k : k + 1], r[k + 1 :]]) for r in records]
        found[f"without {lead}"] = macro(truth, answers(loaded, hidden))
    found["first 7.5 s"] = macro(truth, answers(loaded, [r[:, :900] for r in records]))
    return found


def resampling(loaded, data: Path) -> dict[str, float]:
    """Largest and mean change of a probability when LUDB records (500 Hz) come at another rate."""
    import wfdb

    originals = []
    for n in range(1, 200, 10):
        record = wfdb.rdrecord(str(data / "ludb" / str(n)))
        names = [s.upper() for s in record.sig_name]
        originals.append(record.p_signal.T[[names.index(lead.upper()) for lead in LEADS]])
    base = answers(loaded, [filtered(x, 500.0) for x in originals])
    found = {}
    for rate in (100.0, 125.0, 250.0, 360.0, 1000.0):
        p = answers(loaded, [filtered(np.stack([resampled(lead, 500.0, rate) for lead in x]), rate) for x in originals])
        found[f"{rate:.0f} Hz"] = float(np.abs(p - base).mean())
    return found


def explained(loaded, records: list[np.ndarray]) -> dict[str, float]:
    token, rows = CancelToken(), []
    for leads in records:
        one = described(leads)
        target = int(twelve._shares(loaded, [one], token, lambda d, t: None)[0].argmax())
        rows.append(twelve.deleted(loaded, leads, target, twelve.heat(loaded, one, target, token), token))
    a = np.array(rows)
    passed = float(np.mean(a[:, 0] > a[:, 1] + 0.01))
    return {"deletion": float(a[:, 0].mean()), "random": float(a[:, 1].mean()), "passed": passed, "n": len(a)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load(read_bundle(args.bundle))
    document = json.loads((args.bundle / "bundle.json").read_text("utf-8"))
    cuts = np.array([document["thresholds"][label] for label in LABELS])
    rows = rows_of(args.data, args.work / "rows.npz")
    with np.load(args.work / "apart.npz") as kept:
        seen, apart = kept["seen"], kept["p"]
    test = np.flatnonzero(rows.part == "test")
    records = [rows.leads[k].astype(np.float64) for k in test]
    truth = rows.label[test] > 0.5
    p = answers(loaded, records)
    figures = {"cross-validated": figures_of(rows.label[seen] > 0.5, apart, cuts), "test": figures_of(truth, p, cuts)}
    true = np.flatnonzero(np.isin(rows.part, ("true-test",)))
    if len(true):
        both = np.concatenate([test, true])
        q = answers(loaded, [rows.leads[k].astype(np.float64) for k in both])
        figures["test with true"] = {"n": len(both), "macro_auc": macro(rows.label[both] > 0.5, q)}
        own = q[len(test) :, 0][rows.label[true, 0] > 0.5]
        figures["true"] = {"normal": len(own), "called normal": float(np.mean(own >= cuts[0]))}
    print(json.dumps(figures, indent=1), flush=True)
    figures["disturbed"] = disturbed(loaded, records, truth)
    print(figures["disturbed"], flush=True)
    figures["rates"] = resampling(loaded, args.data) if (args.data / "ludb").is_dir() else {}
    figures["explanation"] = explained(loaded, records[::3])
    print(figures["rates"], figures["explanation"], flush=True)
    answer = np.concatenate([p >= cuts, ~(p >= cuts).any(1, keepdims=True)], 1)
    matrix = np.array([[int((truth[:, i] & answer[:, k]).sum()) for k in range(6)] for i in range(5)])
    picture(matrix, (*LABELS, "none"), args.bundle / "confusion.png", f"test, {len(test)} records, several may hold")
    finish(args.bundle, document, figures)


def finish(folder: Path, document: dict, figures: dict) -> None:
    """Figures into bundle.json, cards in both languages."""
    document["metrics"] = [
        {
            "name": f"{name} {what}",
            "value": round(values[0], 4),
            "split": split,
            "n": figures[split]["n"],
            "interval": [round(v, 4) for v in values[1:]],
        }
        for split in ("test", "cross-validated")
        for name, what, values in [
            ("macro", "AUC", figures[split]["macro_auc"]),
            ("macro", "F1", figures[split]["macro_f1"]),
            *[(label, "AUC", row["auc"]) for label, row in figures[split]["classes"].items()],
        ]
    ]
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    for lang, name in ((0, "card.md"), (1, "card.zh.md")):
        (folder / name).write_text(card(document, figures, lang), "utf-8")
    for name in ("card.md", "card.zh.md", "confusion.png"):
        document["files"][name] = sha256(folder / name)
    (folder / "bundle.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
