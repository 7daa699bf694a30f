"""How much beats of like shape have to say, by cross-validation within DS1: python models/train/ecg-beats/vote.py --data ../shared/data/ecg --work FOLDER

FOLDER holds the fold weights of train.py. Reading, vote and count are the program's and evaluate.py's own. What is added to S and V is chosen anew,
after the vote, and goes into the bundle; what comes out goes into training.json. --grid tries other votes. DS2 is not opened.
"""

import argparse
import json
from pathlib import Path

import data as source
import numpy as np
import torch
from evaluate import ROWS, figures, judge
from finish import probed
from safetensors.torch import load_file

from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Bundle, Loaded
from medviewer.inference.ecg.beats import Sequence
from medviewer.inference.ecg.beats_net import BeatNet
from medviewer.inference.ecg.beats_reading import PACED_LEAST, answered, calibrated, opinions
from medviewer.inference.ecg.beats_vote import voted

HERE = Path(__file__).resolve().parent
GRID: list[dict] = [{"own": own, "width": width} for own in (0.1, 0.2, 0.3, 0.45) for width in (0.035, 0.05, 0.075)]
PRICE = 0.003
Opinion = tuple[tuple, Sequence, np.ndarray]


def heard(work: Path, data: Path, bundle: Bundle) -> dict[str, Opinion]:
    """Record, candidates and logits before any vote, of each record by the fold that did not learn from it."""
    found = {}
    hold = bundle.document["architecture"]["parameters"]["hold"]
    for number, names in enumerate(source.FOLDS):
        net = BeatNet(hold=hold)
        net.load_state_dict(load_file(work / f"fold-{number}.safetensors"))
        loaded = Loaded(bundle, net.eval(), {}, "cpu")
        for name in names:
            record = source.mitdb(data, name)
            found[name] = (record, *opinions(loaded, record[0], record[1], CancelToken(), lambda done, total: None))
    return found


def answer(one: Opinion, readout: dict, vote: dict | None) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Samples, symbols, probabilities of the record's beats after a vote, or without one."""
    _, found, logits = one
    logits = voted(found.windows, logits, vote) if vote else logits
    beats, _ = answered(found, calibrated(logits, readout), float(readout["unsure"]))
    return np.array(beats.sample, np.int64), list(beats.symbol), np.array(beats.probability)


def tables(all_heard: dict[str, Opinion], readout: dict, vote: dict | None) -> dict[str, np.ndarray]:
    """Confusion of each record of DS1 as evaluate.py counts it."""
    return {n: judge(all_heard[n][0], answer(all_heard[n], readout, vote))["table"] for n in source.DS1}


def chosen(all_heard: dict[str, Opinion], readout: dict) -> list[float]:
    """Offsets of S and V for which the F1 of N, S and V add up to most after the bundle's vote; the others stay. Larger ones must pay
    `PRICE` times their square: 1.5 for V gains 0.002 here and a third more false V in normal strips (outside.py)."""
    after = {n: (r, f, voted(f.windows, logits, readout["vote"])) for n, (r, f, logits) in all_heard.items() if n in source.DS1}
    best, offsets = -1.0, list(readout["offsets"])
    for s in np.arange(-2.5, 0.6, 0.5):
        for v in np.arange(-0.5, 1.6, 0.5):
            now = [0.0, float(s), float(v), *readout["offsets"][3:]]
            numbers = figures(np.sum(list(tables(after, readout | {"offsets": now}, None).values()), axis=0))
            gain = sum(numbers[f"{k} F1"] for k in "NSV") - PRICE * (s**2 + v**2)
            if gain > best:
                best, offsets = gain, now
    return offsets


def paced(all_heard: dict[str, Opinion], readout: dict, vote: dict | None) -> dict:
    """Of the paced beats of records kept out: how many there are, the share given as Q; how many records are told."""
    counts = []
    for name in source.PACED:
        _, rate, reference, symbols, _ = all_heard[name][0]
        at, names, _ = answer(all_heard[name], readout, vote)
        taken, _ = source.matched(at, reference, rate)
        own = [s for n, s in zip(taken, names, strict=True) if n >= 0 and symbols[n] in "/f"]
        counts.append((len(own), own.count("Q")))
    of, hit = np.sum(counts, axis=0)
    return {"n": int(of), "of": len(counts), "Q": float(hit / of), "told": sum(q >= PACED_LEAST for _, q in counts)}


def shown(counts: np.ndarray) -> str:
    numbers = figures(counts)
    return " ".join(f"{k} {numbers[f'{k} F1']:.4f}" for k in ROWS) + f" accuracy {numbers['accuracy']:.4f}"


def told(name: str, found: dict[str, np.ndarray]) -> None:
    """One line of all, one of each fold."""
    print(name, "|", shown(np.sum(list(found.values()), axis=0)))
    for fold in source.FOLDS:
        print("  fold", shown(np.sum([found[n] for n in fold if n in found], axis=0)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=HERE.parents[1] / "ecg-beats")
    parser.add_argument("--grid", action="store_true", help="show other votes, write nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    bundle = Bundle(args.model, json.loads((args.model / "bundle.json").read_text("utf-8")))
    readout = bundle.document["readout"]
    all_heard = heard(args.work, args.data, bundle)
    plain = tables(all_heard, readout, None)
    told("without", plain)
    if args.grid:
        for vote in GRID:
            told(str(vote), tables(all_heard, readout, vote))
        return
    readout["offsets"] = chosen(all_heard, readout)
    print("offsets", readout["offsets"])
    probed(args.model, dict(bundle.document), args.data)
    found, path = tables(all_heard, readout, readout["vote"]), HERE / "training.json"
    told("with the bundle's vote", found)
    total = np.sum(list(found.values()), axis=0)
    about = json.loads(path.read_text("utf-8")) | {
        "cv": figures(total),
        "cv without vote": figures(np.sum(list(plain.values()), axis=0)),
        "cv table": total.tolist(),
        "cv records": {name: figures(counts) for name, counts in found.items()},
        "paced": paced(all_heard, readout, readout["vote"]),
    }
    print(about["paced"], "without:", paced(all_heard, readout, None))
    path.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
