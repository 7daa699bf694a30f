"""Every figure of the card, from the shipped file: python models/train/ecg-beats/evaluate.py --data ../shared/data/ecg [--test] [--write]

Without --test only DS1 is opened; when and why DS2 was, the card tells.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import data as source
import numpy as np
import torch
from torch import nn

from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Bundle, Loaded, load
from medviewer.inference.ecg.beats import detect
from medviewer.inference.ecg.beats_reading import answered, judged
from medviewer.inference.ecg.prepare import resampled

DS2 = "100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234".split()
ROWS = "NSVF"
COLUMNS = "NSVFQ-"
SOME = "100 105 200 213 222 228 231 232".split()
"""Of DS2, those that are read again with a changed input."""
HERE = Path(__file__).resolve().parent
Leads = list[np.ndarray]


def answers(loaded: Loaded, leads: Leads, rate: float) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Samples, symbols, probabilities of the record's beats."""
    found, shares = judged(loaded, leads, rate, CancelToken(), lambda done, total: None)
    beats, _ = answered(found, shares, float(loaded.bundle.document["readout"]["unsure"]))
    return np.array(beats.sample, np.int64), list(beats.symbol), np.array(beats.probability)


def judge(record: tuple, found: tuple[np.ndarray, list[str], np.ndarray]) -> dict:
    """Confusion [N S V F and no beat, found as N S V F Q or missed], peaks, calibration of one record. Beats that the experts could not class
    are not counted; what is found in ventricular flutter is counted as a false peak."""
    _, rate, reference, symbols, _ = record
    at, names, sure = found
    taken, missed = source.matched(at, reference, rate)
    table = np.zeros((5, 6), int)
    right, trust = [], []
    for n, name, p in zip(taken, names, sure, strict=True):
        truth = source.AAMI.get(symbols[n], 9) if n >= 0 else 4
        if n >= 0 and truth > 3:
            continue
        table[truth, COLUMNS.index(name)] += 1
        if n >= 0 and name != "Q":
            right.append(truth == ROWS.index(name))
            trust.append(p)
    seen = set(taken[taken >= 0])
    for n, symbol in enumerate(symbols):
        if n not in seen and source.AAMI.get(symbol, 9) < 4:
            table[source.AAMI[symbol], 5] += 1
    shift = 1000 * (at[taken >= 0] - reference[taken[taken >= 0]]) / rate
    return {
        "table": table,
        "peaks": (len(seen), missed, int((taken < 0).sum())),
        "shift": shift,
        "accuracy": float(np.mean(right)) if right else 0.0,
        "confidence": float(np.mean(trust)) if trust else 0.0,
    }


def figures(table: np.ndarray) -> dict[str, float]:
    """Se, +P, F1 of each class; accuracy over beats. False beats count against the class they were given, missed ones against their own."""
    found: dict[str, float] = {}
    for k, name in enumerate(ROWS):
        hit = table[k, k]
        found[f"{name} Se"] = hit / max(1, table[k].sum())
        found[f"{name} +P"] = hit / max(1, table[:, k].sum())
        found[f"{name} F1"] = 2 * hit / max(1, table[k].sum() + table[:, k].sum())
    found["accuracy"] = np.trace(table[:4, :4]) / max(1, table[:4].sum())
    return {k: float(v) for k, v in found.items()}


def interval(tables: list[np.ndarray], rounds: int = 1000) -> dict[str, tuple[float, float]]:
    """95 % by drawing records."""
    rng = np.random.default_rng(0)
    many = [figures(np.sum([tables[i] for i in rng.integers(0, len(tables), len(tables))], axis=0)) for _ in range(rounds)]
    return {k: tuple(float(v) for v in np.percentile([m[k] for m in many], [2.5, 97.5])) for k in many[0]}


def over(
    loaded: Loaded, records: dict[str, tuple], change: Callable[[Leads, float, int], tuple[Leads, float]] | None = None
) -> dict[str, dict]:
    """All records judged, changed before."""
    found = {}
    for name, record in records.items():
        leads, rate = record[0], record[1]
        if change is None:
            found[name] = judge(record, answers(loaded, leads, rate))
            continue
        leads, new = change(leads, rate, int(name))
        at, names, sure = answers(loaded, leads, new)
        found[name] = judge(record, (np.round(at * rate / new).astype(np.int64), names, sure))
    return found


def snr(db: float) -> Callable[[Leads, float, int], tuple[Leads, float]]:
    """White, muscle-like and drifting noise, the power of which stands to the QRS as the noise stress test has it."""

    def change(leads: Leads, rate: float, seed: int) -> tuple[Leads, float]:
        rng = np.random.default_rng([seed, int(10 * db + 1000)])
        changed = []
        for lead in leads:
            size = np.ptp(lead[: 60 * int(rate)].reshape(-1, int(rate)), axis=1)
            walk = np.cumsum(rng.normal(size=len(lead)))
            walk -= np.interp(np.arange(len(lead)), np.arange(0, len(lead), int(2 * rate)), walk[:: int(2 * rate)])
            noise = rng.normal(size=len(lead)) / 2 + walk / walk.std()
            power = (float(np.median(size)) ** 2 / 8) / 10 ** (db / 10)
            changed.append(lead + noise / noise.std() * np.sqrt(power))
        return changed, rate

    return change


CHANGES: dict[str, Callable[[Leads, float, int], tuple[Leads, float]]] = {
    "first lead alone": lambda leads, rate, seed: (leads[:1], rate),
    "second lead alone": lambda leads, rate, seed: (leads[1:], rate),
    "leads exchanged": lambda leads, rate, seed: (leads[::-1], rate),
    "both leads upside down": lambda leads, rate, seed: ([-lead for lead in leads], rate),
    "125 Hz": lambda leads, rate, seed: ([resampled(lead, rate, 125.0) for lead in leads], 125.0),
    "250 Hz": lambda leads, rate, seed: ([resampled(lead, rate, 250.0) for lead in leads], 250.0),
    "500 Hz": lambda leads, rate, seed: ([resampled(lead, rate, 500.0) for lead in leads], 500.0),
    "1000 Hz": lambda leads, rate, seed: ([resampled(lead, rate, 1000.0) for lead in leads], 1000.0),
    "noise, 24 dB": snr(24),
    "noise, 18 dB": snr(18),
    "noise, 12 dB": snr(12),
    "noise, 6 dB": snr(6),
}


class One(nn.Module):
    """A single member of the vote."""

    def __init__(self, module: nn.Module, seed: int) -> None:
        super().__init__()
        self.net = module.nets[seed]

    def forward(self, windows: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.net(windows, features)
        return answer


def deletion(loaded: Loaded, records: dict[str, tuple], each: int = 12) -> dict[str, dict[str, float]]:
    """Of beats of each class: how often the explanation passes its check, mean drop against random."""
    from medviewer.inference.ecg.beats_why import explained

    rng = np.random.default_rng(0)
    rows: dict[str, list[tuple[float, float, bool]]] = {k: [] for k in "NSV"}
    for record in records.values():
        found, shares = judged(loaded, record[0], record[1], CancelToken(), lambda done, total: None)
        beats, places = answered(found, shares, 0.0)
        for symbol in rows:
            own = [k for k, s in enumerate(beats.symbol) if s == symbol and beats.probability[k] > 0.6]
            for k in rng.permutation(own)[: max(1, each // 6)]:
                check = explained(loaded, found, shares, int(places[k]), (symbol, "", record[1]), CancelToken())[1]
                rows[symbol].append((check.deletion, check.random, check.passed))
    means = {k: np.mean(np.array(v, float), axis=0) for k, v in rows.items() if v}
    return {k: {"deletion": m[0], "random": m[1], "passed": m[2], "n": len(rows[k])} for k, m in means.items()}


def summed(found: dict[str, dict]) -> np.ndarray:
    return np.sum([f["table"] for f in found.values()], axis=0)


def peaks(found: dict[str, dict]) -> dict[str, float]:
    hit, missed, extra = np.sum([f["peaks"] for f in found.values()], axis=0)
    shift = np.concatenate([f["shift"] for f in found.values()])
    return {
        "Se": hit / (hit + missed),
        "+P": hit / (hit + extra),
        "shift ms": float(np.median(shift)),
        "beats": int(hit + missed),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=HERE.parents[1] / "ecg-beats")
    parser.add_argument("--test", action="store_true", help="open DS2")
    parser.add_argument("--quick", action="store_true", help="without the changes of the input")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    args = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load(Bundle(args.model, json.loads((args.model / "bundle.json").read_text("utf-8"))))
    ds1 = {name: source.mitdb(args.data, name) for name in source.DS1}
    began = time.perf_counter()
    own = over(loaded, ds1)
    seconds = (time.perf_counter() - began) / len(ds1)
    document: dict = {"seconds a record": seconds, "DS1 (learned from)": figures(summed(own)), "peaks DS1": peaks(own)}
    paced = {name: source.mitdb(args.data, name) for name in source.PACED}
    document["paced (learned from)"] = paced_figures(loaded, paced)
    if not args.test and args.out.is_file():
        document = json.loads(args.out.read_text("utf-8")) | document  # DS2 as the version left it that opened it
    if args.test:
        document["DS2 of version"] = loaded.bundle.document["version"]
        ds2 = {name: source.mitdb(args.data, name) for name in DS2}
        document |= tested(loaded, own, ds2, args.quick)
    args.out.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    print(json.dumps(document, indent=1))


def tested(loaded: Loaded, own: dict[str, dict], ds2: dict[str, tuple], quick: bool) -> dict:
    """What is told of DS2."""
    found = over(loaded, ds2)
    rest = {k: v for k, v in found.items() if k != "232"}
    both = own | found
    raw = {name: judge(r, (at, ["N"] * len(at), np.ones(len(at)))) for name, r in ds2.items() for at in [detect(r[0], r[1])]}
    document: dict = {
        "DS2": figures(summed(found)),
        "DS2 interval": interval([f["table"] for f in found.values()]),
        "DS2 table": summed(found).tolist(),
        "DS2 without 232": figures(summed(rest)),
        "peaks DS2": peaks(found),
        "peaks DS1 and DS2": peaks(both),
        "candidates DS2": peaks(raw),
        "records": {
            name: figures(f["table"])
            | {
                "table": f["table"].tolist(),
                "peaks": [int(p) for p in f["peaks"]],
                "confidence": f["confidence"],
                "right": f["accuracy"],
            }
            for name, f in found.items()
        },
        "seeds": [
            figures(summed(over(Loaded(loaded.bundle, One(loaded.module, k).eval(), {}, "cpu"), ds2)))
            for k in range(len(loaded.module.nets))
        ],
    }
    if not quick:
        some = {name: ds2[name] for name in SOME}
        plain = {name: found[name] for name in SOME}
        document["changes"] = {"as it is": figures(summed(plain)) | {f"peaks {k}": v for k, v in peaks(plain).items()}}
        for name, change in CHANGES.items():
            changed = over(loaded, some, change)
            document["changes"][name] = figures(summed(changed)) | {f"peaks {k}": v for k, v in peaks(changed).items()}
            print(name, document["changes"][name]["V F1"], document["changes"][name]["S F1"], flush=True)
        document["deletion"] = deletion(loaded, some, 30)
    return document


def paced_figures(loaded: Loaded, records: dict[str, tuple]) -> dict:
    """Of the beats that experts call paced or fused with paced: the share given as Q, and of each record whether it is told."""
    found = {}
    for name, (leads, rate, reference, symbols, _) in records.items():
        at, names, _ = answers(loaded, leads, rate)
        taken, _ = source.matched(at, reference, rate)
        own = [s for n, s in zip(taken, names, strict=True) if n >= 0 and symbols[n] in "/f"]
        found[name] = {"paced": len(own), "given as Q": own.count("Q") / max(1, len(own))}
    return found


if __name__ == "__main__":
    main()
