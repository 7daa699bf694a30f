"""Every figure of the ecg-waves card: python models/train/ecg-waves/evaluate.py --data ../shared/data/ecg --folds FOLDER --out FILE

Each patient is read by the network of the fold that kept it out, through the program's own preparation and readout.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from ludb import FOLDS, LEADS, SHOWN, Patient, folds, patients
from outside import cinc, devices, mitdb
from safetensors.torch import load_file
from scoring import NAMES, compare, total

from medviewer.core.ecg import Wave
from medviewer.core.intervals import joined, measured, rows
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Bundle, Loaded
from medviewer.inference.ecg.networks import WaveNet
from medviewer.inference.ecg.prepare import resampled
from medviewer.inference.ecg.waves import waves_input
from medviewer.inference.ecg.waves_reading import explained, own_shares, shares_of, waves_of
from medviewer.inference.ecg.waves_readout import bounds, corrected, together

LIMB = (0, 1, 2, 3, 4, 5)


Errors = dict[str, dict[str, list[float]]]
"""Mean error in ms of onset and end by lead and wave."""


def network(path: Path, errors: Errors | None = None) -> Loaded:
    tensors = load_file(path)
    module = WaveNet(width=tensors["last.0.weight"].shape[0])
    module.load_state_dict({n: t.float() if t.is_floating_point() else t for n, t in tensors.items()})
    return Loaded(Bundle(path.parent, {"readout": {"lead_errors_ms": errors or {}}}), module.eval(), {}, "cpu")


Seen = tuple[np.ndarray, list, list[list]]
"""Probabilities [leads, 4, samples], the waves agreed on, and those of each lead before `corrected`."""


def seen_in(loaded: Loaded, signals: np.ndarray, rate: float) -> Seen:
    prepared = [waves_input(s, rate) for s in signals]
    shares = shares_of(loaded, prepared, CancelToken(), lambda done, whole: None)
    agreed = together(shares)
    own = own_shares(loaded, prepared, shares, CancelToken())
    return shares, agreed, [bounds(lead, agreed) for lead in own]


def told(loaded: Loaded, each: list[list], signals: np.ndarray, rate: float, leads: Sequence[str] = SHOWN):
    """The waves of each lead, (kind, onset, peak, end) in samples at 500 Hz."""
    kinds = {name: number for number, name in NAMES.items()}
    errors = loaded.bundle.document["readout"]["lead_errors_ms"]
    found = []
    for own, signal, lead in zip(each, signals, leads, strict=True):
        waves = waves_of(corrected(own, errors.get(lead, {})), signal, rate)
        found.append([(kinds[w.kind], *(x * 500 / rate for x in (w.onset, w.peak, w.offset))) for w in waves])
    return found


def over(
    chosen: list[Patient],
    nets: dict[int, Loaded],
    fold: np.ndarray,
    change: Callable | None = None,
    rate: float = 500.0,
    kept: dict[int, list] | None = None,
):
    """`compare` results [patients][leads], each patient read by the network that did not see it; `kept` holds what was seen."""
    out = []
    for p in chosen:
        loaded = nets[fold[p.number - 1]]
        leads, signals = list(range(12)), p.signals
        if change is not None:
            leads, signals = change(p)
        names = SHOWN if len(leads) == 12 else [SHOWN[k] for k in leads]
        each = kept.get(p.number) if kept is not None else None
        if each is None:
            each = seen_in(loaded, signals, rate)[2]
            if kept is not None:
                kept[p.number] = each
        found = told(loaded, each, signals, rate, names)
        out.append([compare(p.marks[lead], f) for lead, f in zip(leads, found, strict=True)])
    return out


def lead_errors(results) -> Errors:
    """What `corrected` takes away, from `over` results without it."""
    out: Errors = {}
    for k, lead in enumerate(SHOWN):
        found = total([r[k] for r in results])
        out[lead] = {name: [round(v[side][0], 1) for side in ("onset", "end")] for name, v in found.items()}
    return out


def t_waves(chosen: list[Patient], results) -> dict:
    """T waves of patients in fibrillation or flutter, and of the others."""
    parts: dict[str, list] = {"irregular": [], "elsewhere": []}
    for p, each in zip(chosen, results, strict=True):
        parts["irregular" if p.fibrillates or "flutter" in p.rhythm else "elsewhere"] += each
    return {name: total(rows)["T"] for name, rows in parts.items()}


def figures(results) -> dict:
    """Pooled figures with 95 % intervals over patients."""
    rng = np.random.default_rng(0)
    flat = total([r for p in results for r in p])
    counts = {k: np.array([[sum(r[k][i] for r in p) for i in range(3)] for p in results]) for k in NAMES}
    for k, name in NAMES.items():
        draws = rng.integers(0, len(results), (1000, len(results)))
        hit, missed, invented = counts[k][draws].sum(1).T
        f1 = 2 * hit / np.maximum(1, 2 * hit + missed + invented)
        flat[name]["F1 95 %"] = [float(v) for v in np.percentile(f1, [2.5, 97.5])]
        for side, i in (("onset", 3), ("end", 4)):
            each = [np.concatenate([np.array(r[k][i], float) for r in p] or [np.zeros(0)]) for p in results]
            sums = np.array([[len(e), e.sum(), (e**2).sum()] for e in each])[draws[:300]].sum(1)
            mean = sums[:, 1] / np.maximum(1, sums[:, 0])
            sd = np.sqrt(np.maximum(0, sums[:, 2] / np.maximum(1, sums[:, 0]) - mean**2))
            flat[name][f"{side} SD 95 %"] = [float(v) for v in np.percentile(sd, [2.5, 97.5])]
    return flat


def invented_p(chosen: list[Patient], results) -> dict:
    """P waves told where none is marked, as a share of the marked beats of these patients."""
    p = sum(r[1][2] for each in results for r in each)
    beats = sum(r[2][0] + r[2][1] for each in results for r in each)
    per = {
        q.number: sum(r[1][2] for r in each) / max(1, sum(r[2][0] + r[2][1] for r in each))
        for q, each in zip(chosen, results, strict=True)
    }
    return {"beats": beats, "P": p, "share": p / max(1, beats), "worst": max(per.values(), default=0.0), "patients": len(chosen)}


def noisy(level_db: float, seed: int) -> Callable:
    """White and slow noise, half and half, at this ratio of the lead's power to the noise's."""

    def change(p: Patient):
        rng = np.random.default_rng([seed, p.number])
        out = []
        for s in p.signals:
            white = rng.normal(0, 1, len(s))
            slow = np.cumsum(rng.normal(0, 1, len(s)))
            slow -= np.convolve(slow, np.ones(500) / 500, "same")
            noise = white / white.std() + slow / slow.std()
            out.append(s + noise / noise.std() * s.std() * 10 ** (-level_db / 20))
        return list(range(12)), np.stack(out)

    return change


def inverted(p: Patient):
    return list(range(12)), -p.signals


def arms_swapped(p: Patient):
    """I turned over, II with III, aVR with aVL."""
    s = p.signals[[0, 2, 1, 4, 3, 5, 6, 7, 8, 9, 10, 11]].copy()
    s[0] *= -1
    return [0, 2, 1, 4, 3, 5, 6, 7, 8, 9, 10, 11], s


def one_lead(k: int) -> Callable:
    return lambda p: ([k], p.signals[k : k + 1])


def sampled(rate: float) -> Callable:
    return lambda p: (list(range(12)), np.stack([resampled(s, 500.0, rate) for s in p.signals]))


def intervals(chosen: list[Patient], nets: dict[int, Loaded], fold: np.ndarray, kept: dict[int, list]) -> dict:
    """PR, QRS, QT (medians of a record) from found against from marked waves, both by core/intervals: mean and SD of the difference."""
    out: dict[str, list[float]] = {}
    for p in chosen:
        found = told(nets[fold[p.number - 1]], kept[p.number], p.signals, 500.0)
        first = [rows([Wave(NAMES[k], round(a), round(b), round(c)) for k, a, b, c in f], 500, 10) for f in found]
        marked = [
            rows([Wave(NAMES[m.kind], m.onset, m.peak, m.end) for m in lead if m.onset >= 0 and m.end >= 0], 500, 10)
            for lead in p.marks
        ]
        ours, truth = measured(joined(first), {}), measured(joined(marked), {})
        for name in ("heart rate", "P", "PR", "QRS", "QT"):
            if name in ours and name in truth:
                out.setdefault(name, []).append(ours[name].value - truth[name].value)
            elif (name in ours) != (name in truth):
                out.setdefault(f"{name} told by one only", []).append(p.number)
    return {
        name: len(v)
        if "only" in name
        else {"n": len(v), "mean": float(np.mean(v)), "SD": float(np.std(v)), "p95": float(np.percentile(np.abs(v), 95))}
        for name, v in out.items()
    }


def calibration(chosen: list[Patient], nets: dict[int, Loaded], fold: np.ndarray) -> tuple[dict, list]:
    """Expected calibration error of the samples' probabilities (10 bins), pooled and by record; confusion of samples."""
    from ludb import raster

    table = np.zeros((4, 4))
    bins = np.zeros((len(chosen), 4, 10, 3))
    for n, p in enumerate(chosen):
        shares, _, _ = seen_in(nets[fold[p.number - 1]], p.signals, 500.0)
        for lead in range(12):
            truth = raster(p.marks[lead], 5000)[::2]
            seen = truth != 255
            np.add.at(table, (truth[seen], shares[lead].argmax(0)[seen]), 1)
            for kind in range(4):
                value, is_it = shares[lead, kind][seen], truth[seen] == kind
                where = np.minimum((value * 10).astype(int), 9)
                for k, what in enumerate((np.ones(len(value)), value, is_it)):
                    bins[n, kind, :, k] += np.bincount(where, what, 10)

    def ece(b: np.ndarray) -> float:
        return float(np.abs(b[:, 1] - b[:, 2]).sum() / max(1, b[:, 0].sum()))

    each = {
        ("none", "P", "QRS", "T")[k]: {
            "ECE": ece(bins[:, k].sum(0)),
            "ECE of a record, median": float(np.median([ece(b[k]) for b in bins])),
            "worst record": float(np.max([ece(b[k]) for b in bins])),
        }
        for k in range(4)
    }
    return each, table.astype(int).tolist()


def explanations(chosen: list[Patient], nets: dict[int, Loaded], fold: np.ndarray) -> dict:
    checks = []
    for p in chosen:
        loaded = nets[fold[p.number - 1]]
        prepared = [waves_input(s, 500.0) for s in p.signals]
        agreed = together(shares_of(loaded, prepared, CancelToken(), lambda done, whole: None))
        checks.append(explained(loaded, prepared[1], agreed, "II", CancelToken())[1])
    return {
        "n": len(checks), "passed": float(np.mean([c.passed for c in checks])),
        "fall, marked fifth": float(np.mean([c.deletion for c in checks])), "fall, random fifths": float(np.mean([c.random for c in checks])),
    }  # fmt: skip


def speed(loaded: Loaded, p: Patient) -> dict:
    """Seconds of this process, one thread: ten seconds of twelve leads, half an hour of two."""
    started = time.process_time()
    told(loaded, seen_in(loaded, p.signals, 500.0)[2], p.signals, 500.0)
    short = time.process_time() - started
    long = np.tile(p.signals[:2], (1, 180))
    started = time.process_time()
    told(loaded, seen_in(loaded, long, 500.0)[2], long, 500.0, SHOWN[:2])
    return {"10 s x 12 leads": short, "30 min x 2 leads": time.process_time() - started}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True, help="folder with fold-0 … fold-4.safetensors")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="cross-validation alone")
    args = parser.parse_args()
    torch.set_num_threads(1)
    everyone = patients(args.data)
    fold = folds(everyone)
    nets = {
        k: network(args.folds / f"fold-{k}.safetensors") for k in range(FOLDS) if (args.folds / f"fold-{k}.safetensors").is_file()
    }
    chosen = [p for p in everyone if fold[p.number - 1] in nets]
    kept: dict[int, list] = {}
    plain = over(chosen, nets, fold, kept=kept)
    for k in nets if len(nets) > 1 else ():
        others = [r for p, r in zip(chosen, plain, strict=True) if fold[p.number - 1] != k]
        nets[k] = network(args.folds / f"fold-{k}.safetensors", lead_errors(others))
    results = over(chosen, nets, fold, kept=kept)
    af = [k for k, p in enumerate(chosen) if p.fibrillates]
    flutter = [k for k, p in enumerate(chosen) if "flutter" in p.rhythm]
    report = {
        "patients": len(chosen), "folds": len(nets), "twelve leads": figures(results), "uncorrected": total([r for p in plain for r in p]),
        "lead errors": lead_errors(plain), "T waves": t_waves(chosen, results),
        "each lead": {LEADS[k]: {n: round(v["F1"], 4) for n, v in total([r[k] for r in results]).items()} for k in range(12)},
        "P in atrial fibrillation": invented_p([chosen[k] for k in af], [results[k] for k in af]),
        "P in atrial flutter": invented_p([chosen[k] for k in flutter], [results[k] for k in flutter]),
    }  # fmt: skip
    show(report["uncorrected"], "twelve leads, uncorrected")
    show(report["twelve leads"], "twelve leads")
    print({k: report[k] for k in ("each lead", "P in atrial fibrillation", "P in atrial flutter")}, flush=True)
    if not args.quick:
        report |= stress(chosen, nets, fold, kept)
        if (args.folds / "all.safetensors").is_file():
            shipped = network(args.folds / "all.safetensors", report["lead errors"])
            report["other databases"] = {"mitdb": mitdb(shipped, args.data), "cinc2017": cinc(shipped, args.data)}
            report["recorders"] = devices(shipped, args.data)
            print(report["recorders"], flush=True)
            print(report["other databases"], flush=True)
    args.out.write_text(json.dumps(report, indent=1), "utf-8")


def stress(chosen: list[Patient], nets: dict[int, Loaded], fold: np.ndarray, kept: dict[int, list]) -> dict:
    report: dict = {"single lead": {}, "changed": {}}
    fibrillating = [k for k, p in enumerate(chosen) if p.fibrillates]
    for k in (0, 1, 6, 10):
        results = over(chosen, nets, fold, one_lead(k))
        report["single lead"][LEADS[k]] = figures(results) | {
            "AF": invented_p([chosen[n] for n in fibrillating], [results[n] for n in fibrillating])
        }
        show(report["single lead"][LEADS[k]], f"lead {LEADS[k]} alone")
    some = chosen[::2]
    changes = [(f"noise, SNR {db} dB", noisy(db, 1), 500.0) for db in (20, 12, 6, 0)]
    changes += [("all leads inverted", inverted, 500.0), ("arms swapped", arms_swapped, 500.0)]
    changes += [(f"{rate:g} Hz", sampled(rate), rate) for rate in (100.0, 128.0, 250.0, 360.0, 1000.0)]
    changes += [("unchanged", lambda p: (list(range(12)), p.signals), 500.0)]
    for name, change, rate in changes:
        results = over(some, nets, fold, change, rate)
        af = [n for n, p in enumerate(some) if p.fibrillates]
        report["changed"][name] = total([r for p in results for r in p]) | {
            "AF": invented_p([some[n] for n in af], [results[n] for n in af])
        }
        show(report["changed"][name], name)
    report["intervals"] = intervals(chosen, nets, fold, kept)
    report["calibration"], report["confusion"] = calibration(some, nets, fold)
    report["explanation"] = explanations(chosen[::5], nets, fold)
    report["seconds"] = speed(next(iter(nets.values())), chosen[0])
    print({k: report[k] for k in ("intervals", "calibration", "confusion", "explanation", "seconds")}, flush=True)
    return report


def show(found: dict, name: str) -> None:
    words = [
        f"{k} Se {v['Se']:.4f} +P {v['+P']:.4f} F1 {v['F1']:.4f} on {v['onset'][0]:+.1f}±{v['onset'][1]:.1f} end {v['end'][0]:+.1f}±{v['end'][1]:.1f}"
        for k, v in found.items()
        if k in NAMES.values()
    ]
    print(f"{name}: " + " | ".join(words) + (f" | AF P {found['AF']['share']:.3f}" if "AF" in found else ""), flush=True)


if __name__ == "__main__":
    main()
