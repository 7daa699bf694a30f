"""Train ecg-beats on MIT-BIH DS1: python models/train/ecg-beats/train.py --data ../shared/data/ecg --work FOLDER --out models/ecg-beats

First cross-validation by record within DS1 (its figures choose), then networks on all of DS1. DS2 is opened by evaluate.py alone.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import data as source
import numpy as np
import synthesis
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from medviewer.inference.ecg.beats import LABELS, SHAPE, TIMING
from medviewer.inference.ecg.beats_net import BeatNet

LENGTH, BATCH = 64, 24
WEIGHTS = torch.tensor([1.0, 2.0, 1.5, 2.0, 1.0, 1.0])
PARTLY, RHYTHM = 1.5, 0.3
PARAMETERS = {"hold": 6.0}
"""Of the networks when they read: chosen in cross-validation (they are trained with 2)."""
SHARES = {"mitdb": 0.55, "made": 0.22, "strip": 0.23}


def gather(data: Path, seed: int = 0) -> list[dict]:
    """Everything to learn from: DS1 and paced records with noisy copies, strips of known rhythm, made records."""
    records, donors = [], []
    for name in source.DS1 + source.PACED:
        own = source.load(data, name, seed)
        plain = own[0]
        if name in source.DS1 and name != "203":
            kept = ~plain["allowed"][:, source.NONE]
            classes = plain["allowed"][kept].argmax(1)
            made = synthesis.donor(name, plain["slow"], plain["at"][kept] / plain["rate"], classes == 0, classes == 2)
            donors += [made] * (8 if (classes == 2).sum() >= 8 else 4) if made else []
        records += own
    rng = np.random.default_rng(seed)
    strips = source.cinc(data)
    records += source.strips(strips["N"], "N", 300, seed) + source.strips(strips["A"], "A", 500, seed)
    for k in rng.permutation(len(strips["N"]))[300:440]:
        donors.append(_donor(f"cinc-{k}", [strips["N"][k]], 300.0))
    for k, leads in enumerate(source.ludb(data)):
        donors.append(_donor(f"ludb-{k}", leads, 500.0))
    return records + synthesis.records([d for d in donors if d], 1, seed)


def harder(data: Path, seed: int = 0) -> list[dict]:
    """What the second stage adds: moving electrodes, one lead alone, short strips, all normal strips of N1 (real movement)."""
    records = []
    for name in source.DS1 + source.PACED:
        records += source.disturbed(data, name, seed) + source.pieces(data, name, seed)
    strips = source.cinc(data)
    records += source.strips(strips["N"], "N", 1300, seed, 300, 0.3, 0.2)
    return records + source.strips(strips["A"], "A", 500, seed + 1, 0, 0.3, 0.6)


FIELDS = ("name", "kind", "at", "windows", "features", "allowed", "rhythm", "slow", "rate")


def store(records: list[dict], path: Path) -> None:
    """Records as plain arrays, so that another run need not make them again."""
    np.savez(path, **{f"{n}-{f}": np.asarray(r[f]) for n, r in enumerate(records) for f in FIELDS if f in r})


def stored(path: Path) -> list[dict]:
    """What `store` wrote."""
    found: dict[int, dict] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for key in arrays.files:
            number, field = key.split("-", 1)
            value = arrays[key]
            found.setdefault(int(number), {})[field] = value.item() if value.ndim == 0 else value
    return [found[n] for n in sorted(found)]


def _donor(name: str, leads: list[np.ndarray], rate: float) -> synthesis.Donor | None:
    at = source.detect(leads, rate)
    nothing = np.zeros(len(at), bool)
    return synthesis.donor(name, source.slowed(leads, rate), at / rate, ~nothing, nothing)


def group_of(record: dict) -> str:
    return "made" if record["kind"].startswith("made") else "strip" if record["kind"].startswith("strip") else "mitdb"


def chances_of(records: list[dict]) -> np.ndarray:
    """How often each record is drawn: people of mitdb alike, those with many rare beats more often."""
    groups = np.array([group_of(r) for r in records])
    weights = np.ones(len(records))
    for k, record in enumerate(records):
        classes = record["allowed"].argmax(1)
        record["rare"] = np.flatnonzero((record["allowed"].sum(1) == 1) & (classes >= 1) & (classes <= 3))
        if groups[k] == "mitdb":
            weights[k] *= {"plain": 1.0, "clean": 1.5, "noisy": 0.5, "disturbed": 0.35, "piece": 0.04}[record["kind"]] * (
                1 + (len(record["rare"]) > (0 if record["kind"] == "piece" else 20))
            )
        elif record["kind"] == "stripN":
            weights[k] *= 0.3
    for group, share in SHARES.items():
        weights[groups == group] *= share / max(1e-9, weights[groups == group].sum())
    return weights / weights.sum()


def batch_of(
    records: list[dict], chances: np.ndarray, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Stretches of beats, disturbed: polarity, gain, a lead gone, leads swapped, noise, peaks moved a little."""
    windows, features, allowed, rhythms = [], [], [], []
    for n in rng.choice(len(records), BATCH, p=chances):
        record = records[n]
        count = len(record["features"])
        start = int(rng.integers(0, max(1, count - LENGTH)))
        if len(record["rare"]) and rng.random() < 0.45:
            start = int(np.clip(rng.choice(record["rare"]) - rng.integers(0, LENGTH), 0, max(0, count - LENGTH)))
        part = slice(start, start + LENGTH)
        w, f, y = record["windows"][part].astype(np.float32), record["features"][part].copy(), record["allowed"][part]
        a = record["rhythm"][part]
        one, two = slice(TIMING, TIMING + SHAPE), slice(TIMING + SHAPE, TIMING + 2 * SHAPE)
        if f[0, -1] == 0 and rng.random() < 0.5:
            # A strip's lead stands in for a second one, so that one lead is not what tells fibrillation.
            w[:, 1], w[:, 3], f[:, two], f[:, -1] = w[:, 0], w[:, 2], f[:, one], 1
            f[:, two] += rng.normal(0, 0.1, f[:, two].shape).astype(np.float32)
        if f[0, -1] > 0 and rng.random() < 0.25:
            w = w[:, [1, 0, 3, 2]]
            f[:, one], f[:, two] = f[:, two].copy(), f[:, one].copy()
        if f[0, -1] > 0 and rng.random() < 0.25:
            w[:, [1, 3]], f[:, two], f[:, -1] = 0, 0, 0
        sign = np.tile(rng.choice([-1.0, 1.0], 2, p=[0.15, 0.85]), 2)
        gain = np.concatenate([rng.uniform(0.8, 1.25, 2), rng.uniform(0.8, 1.2, 2)])
        w *= (sign * gain).astype(np.float32)[None, :, None]
        if rng.random() < 0.4:
            level = rng.uniform(0.01, 0.06)
            w += (
                rng.normal(0, 1, w.shape).astype(np.float32)
                * np.array([level, level, 3 * level, 3 * level], np.float32)[None, :, None]
            )
        if rng.random() < 0.4:
            w = np.roll(w, rng.integers(-2, 3), axis=2)
        f[:, :TIMING] += rng.normal(0, 0.02, (1, TIMING)).astype(np.float32) + rng.normal(0, 0.01, (len(f), TIMING)).astype(
            np.float32
        )
        if len(w) < LENGTH:
            more = LENGTH - len(w)
            w, f = np.pad(w, ((0, more), (0, 0), (0, 0))), np.pad(f, ((0, more), (0, 0)))
            y, a = np.pad(y, ((0, more), (0, 0)), constant_values=True), np.pad(a, (0, more), constant_values=-1)
        windows.append(w)
        features.append(f)
        allowed.append(y)
        rhythms.append(a)
    return tuple(torch.from_numpy(np.stack(x)) for x in (windows, features, allowed, rhythms))


def loss_of(logits: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Minus the log of the probability of what is permitted, a little smoothed; beats that may be anything count nothing."""
    logs = logits.log_softmax(-1)
    inside = logs.masked_fill(~allowed, -1e4).logsumexp(-1)
    single = allowed.sum(-1) == 1
    weight = torch.where(single, WEIGHTS[allowed.float().argmax(-1)], torch.tensor(PARTLY)) * (allowed.sum(-1) < 5)
    smooth = torch.where(single, -logs.mean(-1), -inside)
    return (weight * (0.97 * -inside + 0.03 * smooth)).sum() / weight.sum()


def fit(records: list[dict], steps: int, seed: int, start: torch.nn.Module | None = None) -> torch.nn.Module:
    """One network, weights averaged; the second stage goes on from `start` with half the rate."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, int(start is not None)])
    chances = chances_of(records)
    net = BeatNet()
    if start is not None:
        net.load_state_dict(start.state_dict())
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    best = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.03)
    plan = torch.optim.lr_scheduler.OneCycleLR(best, 3e-3 if start is None else 1.5e-3, total_steps=steps, pct_start=0.2)
    total, began = 0.0, time.time()
    for step in range(1, steps + 1):
        windows, features, allowed, rhythms = batch_of(records, chances, rng)
        logits, fibrillates = net.both(windows, features)
        known = rhythms >= 0
        told = torch.nn.functional.binary_cross_entropy_with_logits(fibrillates[known], rhythms[known].float())
        loss = loss_of(logits, allowed) + RHYTHM * told
        best.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        best.step()
        plan.step()
        average.update_parameters(net)
        total += float(loss.detach())
        if step % 100 == 0:
            print(f"  {step}/{steps} loss {total / 100:.4f} {time.time() - began:.0f} s", flush=True)
            total = 0.0
    return average.module.eval()


def fitted(path: Path, records: list[dict], steps: int, seed: int, start: torch.nn.Module | None = None) -> torch.nn.Module:
    """The network that an earlier run left at `path`, else a new one, kept there with the seconds it took."""
    if path.is_file():
        net = BeatNet()
        net.load_state_dict(load_file(path))
        return net.eval()
    began = time.time()
    net = fit(records, steps, seed, start)
    weights = {k: v.contiguous() for k, v in net.state_dict().items()}
    save_file(weights, path, metadata={"seconds": str(round(time.time() - began))})
    return net


def in_two_stages(args: argparse.Namespace, name: str, records: list[dict], more: list[dict], seed: int) -> torch.nn.Module:
    """First the records as they are, then those of `harder` beside them."""
    first = fitted(args.work / f"{name}-first.safetensors", records, args.steps, seed)
    return fitted(args.work / f"{name}.safetensors", records + more, args.more, seed, first)


def minutes_of(folder: Path) -> float:
    """What all networks in the folder took."""
    total = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as held:
            total += int((held.metadata() or {}).get("seconds", 0))
    return total / 60


def logits_of(net: torch.nn.Module, record: dict) -> np.ndarray:
    """Logits of all candidates of a record, as the program asks for them."""
    from medviewer.inference.ecg.beats_reading import in_stretches

    return in_stretches(net, record["windows"].astype(np.float32), record["features"], "cpu")


def two_passes(net: torch.nn.Module, record: dict) -> tuple[np.ndarray, np.ndarray]:
    """Logits after the second pass for every candidate (what the first one dropped keeps its own), and which were kept."""
    from finish import DOUBT

    from medviewer.inference.ecg.beats_reading import kept_beats

    first = logits_of(net, record)
    keep = kept_beats(first, DOUBT)
    again = source.described(list(record["slow"]), record["at"][keep], record["rate"])
    second = first.copy()
    second[keep] = logits_of(net, {"windows": again.windows, "features": again.features})
    return second, keep


def figures(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """F1 of each class over candidates; accuracy over beats. `truth` -1: not judged."""
    known = truth >= 0
    truth, found = truth[known], found[known]
    each = {
        label: float(2 * ((truth == k) & (found == k)).sum() / max(1, (truth == k).sum() + (found == k).sum()))
        for k, label in enumerate(LABELS)
    }
    return each | {"accuracy": float((truth == found)[truth < 4].mean())}


def truth_of(record: dict) -> np.ndarray:
    allowed = record["allowed"]
    return np.where(allowed.sum(1) == 1, allowed.argmax(1), -1)


def shown(numbers: dict[str, float]) -> str:
    return " ".join(f"{k} {v:.4f}" for k, v in numbers.items())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for what lies between: records, folds, seeds (900 MB)")
    parser.add_argument("--out", type=Path, help="the bundle's folder; without it nothing is made of the seeds")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--more", type=int, default=500, help="steps of the second stage")
    parser.add_argument("--folds", type=int, default=3, help="0 takes the cross-validation that lies in --work")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    began = time.time()
    records, more = (kept(args.work / f"{name}.npz", make, args.data) for name, make in (("records", gather), ("harder", harder)))
    print(f"{len(records)} records and {len(more)} harder ones, {time.time() - began:.0f} s", flush=True)
    if args.folds:
        validate(records, more, args, began)
    for seed in range(args.seeds):
        in_two_stages(args, f"seed-{seed}", records, more, seed)
        print(f"seed {seed}, {(time.time() - began) / 60:.1f} min", flush=True)
    if args.out:
        import finish

        readout, about = finish.chosen(args.work / "cv.npz", minutes_of(args.work))
        about["seeds"] = args.seeds
        (Path(__file__).parent / "training.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
        finish.finish(args.work, args.out, args.data, max(1, args.seeds), readout, about["minutes"], PARAMETERS)


def kept(path: Path, make: Callable[[Path], list[dict]], data: Path) -> list[dict]:
    """The records that an earlier run left at `path`, else made now."""
    if not path.is_file():
        store(make(data), path)
    return stored(path)


def validate(records: list[dict], more: list[dict], args: argparse.Namespace, began: float) -> None:
    """Cross-validation by person within DS1 (and the paced records)."""
    stored: dict[str, np.ndarray] = {}
    for number, out in enumerate(source.FOLDS[: args.folds]):
        own, extra = ([r for r in some if r["name"] not in out] for some in (records, more))
        net = in_two_stages(args, f"fold-{number}", own, extra, 0)
        net.hold = PARAMETERS["hold"]
        for record in records:
            if record["name"] in out and record["kind"] == "plain":
                logits, keep = two_passes(net, record)
                truth = truth_of(record)
                stored |= {f"{record['name']}-truth": truth, f"{record['name']}-logits": logits, f"{record['name']}-keep": keep}
                found = np.where(keep, logits.argmax(1), source.NONE)
                print(record["name"], shown(figures(truth, found)), flush=True)
        made = [r for r in records if r["name"] in out and group_of(r) == "made"]
        truth, found = (np.concatenate(x) for x in zip(*((truth_of(r), logits_of(net, r).argmax(1)) for r in made), strict=True))
        print(f"made of those kept out: {shown(figures(truth, found))}", flush=True)
        np.savez(args.work / "cv.npz", **stored)
        names = [n for n in source.DS1 if f"{n}-truth" in stored]
        truth = np.concatenate([stored[f"{n}-truth"] for n in names])
        found = np.concatenate([np.where(stored[f"{n}-keep"], stored[f"{n}-logits"].argmax(1), source.NONE) for n in names])
        print(f"FOLD {number}, {(time.time() - began) / 60:.1f} min: DS1 so far {shown(figures(truth, found))}", flush=True)


if __name__ == "__main__":
    main()
