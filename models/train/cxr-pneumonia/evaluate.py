"""Recompute every figure of the card from the shipped file. See README.md.

    python models/train/cxr-pneumonia/evaluate.py --data ../shared/data/imaging/cxr --model models/cxr-pneumonia [--write]

`--write` puts the figures into bundle.json. `--test` also opens the test part: once, for the model that ships.
"""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

import augment
import numpy as np
import torch
import train
from finish import PARAMETERS, disturbed, logits_and_features, look, odds_of, opened
from PIL import Image, ImageDraw
from safetensors.numpy import load_file
from scipy.ndimage import gaussian_filter

from medviewer.inference import gate
from medviewer.inference.explain import explain, self_check
from medviewer.inference.image import networks
from medviewer.inference.image.prepare import prepare_cxr


class Model:
    """The bundle as shipped: network, calibration, threshold, gate."""

    def __init__(self, folder: Path) -> None:
        self.bundle = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "weights.safetensors")
        self.gate = {name[5:]: value for name, value in tensors.items() if name.startswith("gate.")}
        self.net = networks.build(self.bundle["architecture"]["name"], self.bundle["architecture"]["parameters"])
        state = {name: torch.from_numpy(value) for name, value in tensors.items() if not name.startswith("gate.")}
        self.net.load_state_dict({name: v.float() if v.is_floating_point() else v for name, v in state.items()})
        self.net.eval()
        self.quick = opened(folder)
        self.limit = float(self.bundle["gate"]["limit"])
        threshold = float(self.bundle["thresholds"]["pneumonia"])
        readout = self.bundle["readout"]
        self.line = (readout["slope"], readout["offset"])
        self.cut = (np.log(threshold / (1 - threshold)) - self.line[1]) / self.line[0]

    def odds(self, pictures: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        """Raw log-odds, mean of the views; positive where `>= self.cut`."""
        return look(self.quick, list(pictures))[0].mean(axis=1)

    def strange(self, features: np.ndarray) -> np.ndarray:
        return np.array([gate.score(row, self.gate) for row in features])

    def both(self, pictures: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Log-odds, and whether the gate refuses."""
        odds, features = look(self.quick, list(pictures))
        return odds.mean(axis=1), self.strange(features) > self.limit


def interval(patient: np.ndarray, figure: Callable[[np.ndarray], float], seed: int = 7, rounds: int = 1000) -> list[float]:
    """95 % interval of a figure of picture indices, patients drawn with replacement."""
    groups = [np.flatnonzero(patient == name) for name in np.unique(patient)]
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        value = figure(np.concatenate([groups[k] for k in draw.integers(len(groups), size=len(groups))]))
        if np.isfinite(value):
            found.append(value)
    return [round(float(v), 4) for v in np.percentile(found, [2.5, 97.5])]


PUBLISHERS = 390 / 624
"""Share of pneumonia in the publisher's test split."""


def at_publishers_share(model: Model, pictures: train.Pictures) -> dict[str, list[float]]:
    """Sensitivity, specificity and accuracy as if so many of `shift` had pneumonia: plain and four disturbed copies."""
    where = np.flatnonzero(pictures.part == "shift")
    truth = pictures.kind[where] > 0
    copies = [odds_of(logits_and_features(model.quick, copy)[0]) for copy in disturbed(pictures.grey[where], 4, 99)]
    found = {}
    for name, values in (("plain", model.odds(pictures.grey[where])[None]), ("disturbed", np.stack(copies))):
        sensitivity, specificity = (values >= model.cut)[:, truth].mean(), (values < model.cut)[:, ~truth].mean()
        accuracy = PUBLISHERS * sensitivity + (1 - PUBLISHERS) * specificity
        found[name] = [round(float(v), 4) for v in (sensitivity, specificity, accuracy)]
    return found


def each_net(model: Model, pictures: train.Pictures) -> list[dict[str, float]]:
    """AUC of each network of a vote alone (MW-12)."""
    found: list[dict[str, float]] = [{} for _ in networks.members(model.net)]
    for part in ("valid", "shift"):
        where = np.flatnonzero(pictures.part == part)
        for values, row in zip(look(model.quick, pictures.grey[where])[0].T, found, strict=True):
            row[part] = round(train.auc(pictures.kind[where] > 0, values), 4)
    return found


def metrics(model: Model, values: np.ndarray, truth: np.ndarray, patient: np.ndarray, split: str) -> list[dict[str, Any]]:
    positive = values >= model.cut
    figures: dict[str, Callable[[np.ndarray], float]] = {
        "auc": lambda i: train.auc(truth[i], values[i]) if 0 < truth[i].sum() < len(i) else float("nan"),
        "accuracy": lambda i: float((positive[i] == truth[i]).mean()),
        "sensitivity": lambda i: float(positive[i][truth[i]].mean()) if truth[i].any() else float("nan"),
        "specificity": lambda i: float((~positive[i])[~truth[i]].mean()) if (~truth[i]).any() else float("nan"),
    }
    everything = np.arange(len(values))
    return [
        {"name": name, "value": round(f(everything), 4), "split": split, "n": len(values), "interval": interval(patient, f)}
        for name, f in figures.items()
    ]


def calibration_error(model: Model, values: np.ndarray, truth: np.ndarray) -> float:
    """Expected calibration error, ten bins, both labels weighed equally."""
    p = 1 / (1 + np.exp(-(model.line[0] * values + model.line[1])))
    weight = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    bins = np.minimum((p * 10).astype(int), 9)
    gaps = [abs((weight * (p - truth))[bins == b].sum()) for b in range(10)]
    return float(sum(gaps) / weight.sum())


# ---------------------------------------------------------------- pictures changed on purpose: uint8 [h, w] → float [h, w]


def lung_field(lungs: np.ndarray, size: int, grow: int = 0) -> np.ndarray:
    field = np.asarray(Image.fromarray(lungs * 255).resize((size, size), Image.Resampling.BILINEAR)) > 127
    if grow:
        from scipy.ndimage import binary_dilation

        field = binary_dilation(field, iterations=grow)
    return field


def without_lungs(grey: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    field = lung_field(lungs, grey.shape[0], 6)
    return np.where(field, grey[~field].mean(), grey).astype(np.float32)


def only_lungs(grey: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    field = lung_field(lungs, grey.shape[0], 3)
    return np.where(field, grey, grey[field].mean()).astype(np.float32)


def convex_hidden(grey: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """The box around both lungs is hidden: neither their grey nor their outline is left."""
    rows, cols = np.nonzero(lung_field(lungs, grey.shape[0], 6))
    out = grey.astype(np.float32)
    out[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1] = grey.mean()
    return out


def other_body(pictures: train.Pictures, where: np.ndarray, seed: int = 5) -> list[np.ndarray]:
    """Each picture's lungs in the body of a picture of the other label, moved to fit: what is outside the lungs says the
    opposite. Unlike grey fields, nothing in such a picture tells the network that something was taken away."""
    draw = np.random.default_rng(seed)
    np.random.seed(seed)
    truth = pictures.kind > 0
    out = []
    for i in where:
        pair = [i, draw.choice(where[truth[where] != truth[i]])]
        x = torch.from_numpy(pictures.grey[pair])[:, None].float()
        lungs = torch.nn.functional.interpolate(torch.from_numpy(pictures.lungs[pair])[:, None].float(), size=224)
        out.append(augment.transplant(x, lungs, torch.ones(2, dtype=torch.bool), 1.0)[0, 0].numpy())
    return out


def marked(grey: np.ndarray) -> np.ndarray:
    plate = Image.fromarray(grey)
    draw = ImageDraw.Draw(plate)
    draw.text((10, 10), "R", fill=255, font_size=26)
    draw.text((170, 196), "KV 60", fill=230, font_size=16)
    return np.asarray(plate, np.float32)


def stresses() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    noise = np.random.default_rng(3)
    return {
        "gamma 0.7": lambda g: 255 * (g / 255) ** 0.7,
        "gamma 1.4": lambda g: 255 * (g / 255) ** 1.4,
        "noise, 4 % of the range": lambda g: g + noise.normal(0, 10, g.shape),
        "blurred, sigma 1.2 pixels": lambda g: gaussian_filter(g.astype(np.float32), 1.2),
        "sharpened": lambda g: g + 1.5 * (g - gaussian_filter(g.astype(np.float32), 1.0)),
        "markers painted": marked,
        "border of 8 % black": lambda g: np.pad(g[18:-18, 18:-18], 18).astype(np.float32),
        "middle 85 % only": lambda g: g[17:-17, 17:-17].astype(np.float32),
        "histogram equalised": lambda g: (np.searchsorted(np.sort(g.ravel()), g.ravel()) / g.size * 255).reshape(g.shape),
        "turned 8 degrees": lambda g: np.asarray(Image.fromarray(g).rotate(8, Image.Resampling.BILINEAR), np.float32),
    }


# ---------------------------------------------------------------- what is no chest


def strangers(count: int = 60) -> list[np.ndarray]:
    """Noise, pages of text, plain fields, gradients, stripes, discs."""
    draw = np.random.default_rng(11)
    y, x = np.mgrid[0:256, 0:256]
    out = []
    for k in range(count):
        kind = k % 6
        if kind == 0:
            out.append(gaussian_filter(draw.normal(128, 40, (256, 256)), draw.uniform(0, 4)))
        elif kind == 1:
            page = Image.new("L", (320, 400), 255)
            pen = ImageDraw.Draw(page)
            for line in range(10, 390, 18):
                pen.text(
                    (12, line), " ".join("".join(map(chr, draw.integers(97, 123, 6))) for _ in range(7)), fill=0, font_size=12
                )
            out.append(np.asarray(page))
        elif kind == 2:
            out.append(np.full((256, 256), draw.uniform(0, 255)))
        elif kind == 3:
            out.append(x * draw.uniform(-1, 1) + y * draw.uniform(-1, 1))
        elif kind == 4:
            out.append(100 * np.sin(x / draw.uniform(2, 20)) + 20 * draw.normal(size=x.shape))
        else:
            out.append(200.0 * ((x - 128) ** 2 + (y - 128) ** 2 < draw.uniform(30, 110) ** 2) + draw.normal(0, 5, x.shape))
    return [np.asarray(picture, np.float32) for picture in out]


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"), np.float32)


def outside(model: Model, data: Path) -> dict[str, Any]:
    """External pictures and pictures of other things: accepted or refused by the gate, and scores."""
    found: dict[str, Any] = {}
    with (data / "not_chest" / "index.csv").open() as f:
        files = [row["file"] for row in csv.DictReader(f)]
    near = [path for path in (data / "not_chest").rglob("*") if path.name in {Path(f).name for f in files}]
    refused = model.both([read(path) for path in near])[1]
    found["not_chest refused"] = [int(refused.sum()), len(near), [p.name for p, r in zip(near, refused, strict=True) if not r]]
    made = model.both(strangers())[1]
    found["made strangers refused"] = [int(made.sum()), len(made), np.flatnonzero(~made).tolist()]
    with (data / "covid" / "metadata.csv").open() as f:
        covid = [
            row
            for row in csv.DictReader(f)
            if (path := locate(data / "covid", row["file"])) and row.setdefault("path", str(path))
        ]
    grey = [read(Path(row["path"])) for row in covid]
    values, strange = model.both(grey)
    lateral = np.array([row["view"] == "L" for row in covid])
    normal = np.array([row["finding"] == "No Finding" for row in covid])
    found["covid lateral refused"] = [int(strange[lateral].sum()), int(lateral.sum())]
    found["covid frontal refused"] = [int(strange[~lateral].sum()), int((~lateral).sum())]
    found["covid frontal auc, 'No Finding' against the rest"] = round(train.auc(~normal[~lateral], values[~lateral]), 3)
    found["covid frontal positive"] = round(float((values[~lateral & ~normal] >= model.cut).mean()), 3)
    with (data / "nih" / "metadata.csv").open() as f:
        nih = [
            row for row in csv.DictReader(f) if (path := locate(data / "nih", row["file"])) and row.setdefault("path", str(path))
        ]
    grey = [read(Path(row["path"])) for row in nih]
    values, strange = model.both(grey)
    none = np.array([row["findings"] == "No Finding" for row in nih])
    opaque = np.array([bool({"Pneumonia", "Infiltration", "Consolidation"} & set(row["findings"].split("|"))) for row in nih])
    pick = none | opaque
    found["nih refused"] = [int(strange.sum()), len(nih)]
    found["nih auc, pneumonia, infiltration or consolidation against no finding"] = round(
        train.auc(opaque[pick], values[pick]), 3
    )
    found["nih 'No Finding' called pneumonia"] = round(float((values[none] >= model.cut).mean()), 3)
    return found


def locate(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / "images" / name):
        if path.is_file():
            return path
    return None


def heat(model: Model, pictures: train.Pictures, where: np.ndarray) -> dict[str, float]:
    """Grad-CAM of pneumonia on true positives: share of heat in the lungs, and how often the self-check holds."""
    inside, area, passed, agreement = [], [], [], []
    for i in where:
        prepared = prepare_cxr(pictures.grey[i], parameters=PARAMETERS)
        found = explain("grad-cam", model.net, prepared.tensor, 1, flipped=prepared.flipped)
        big = np.asarray(Image.fromarray(found.array).resize((224, 224), Image.Resampling.BILINEAR))
        field = lung_field(pictures.lungs[i], 224)
        inside.append(big[field].sum() / max(big.sum(), 1e-9))
        area.append(field.mean())
        check = self_check(model.net, prepared.tensor, found, 1, seed=0, flipped=prepared.flipped)
        passed.append(check.passed)
        agreement.append(np.nan if check.agreement is None else check.agreement)
    return {
        "share of heat inside the lungs": round(float(np.mean(inside)), 3),
        "share of the picture that is lung": round(float(np.mean(area)), 3),
        "self-check passed": round(float(np.mean(passed)), 3),
        "agreement with occlusion": round(float(np.nanmean(agreement)), 3),
        "n": len(where),
    }


def rows_of(model: Model, pictures: train.Pictures, part: str) -> list[dict[str, Any]]:
    """Figures of a part; prints what the gate does there and which pictures are wrong."""
    where = np.flatnonzero(pictures.part == part)
    truth = pictures.kind[where] > 0
    odds, features = look(model.quick, pictures.grey[where])
    values, strange = odds.mean(axis=1), model.strange(features)
    print(f"{part}: gate refuses {int((strange > model.limit).sum())} of {len(where)}, median {np.median(strange):.2f},")
    print(f"  largest {strange.max():.2f} of {model.limit:.2f}; calibration error {calibration_error(model, values, truth):.3f}")
    for k in np.flatnonzero((values >= model.cut) != truth):
        kind, aspect = train.KINDS[pictures.kind[where[k]]], pictures.aspect[where[k]]
        print(f"  wrong: {kind}, aspect {aspect:.2f}, log-odds {values[k]:.2f}, {pictures.names[where[k]]}")
    return metrics(model, values, truth, pictures.patient[where], part)


def without_and_only(model: Model, pictures: train.Pictures) -> dict[str, float]:
    """AUC on both validation parts with the lungs taken away, alone, or in a body of the other label (MW-09)."""
    where = np.flatnonzero(np.isin(pictures.part, ("valid", "shift")) & pictures.masked)
    truth = pictures.kind[where] > 0
    changes = {
        "lungs masked out": without_lungs,
        "box around the lungs hidden": convex_hidden,
        "everything but the lungs masked out": only_lungs,
    }
    found = {
        name: round(train.auc(truth, model.odds([change(pictures.grey[i], pictures.lungs[i]) for i in where])), 4)
        for name, change in changes.items()
    }
    found["lungs in the body of the other label"] = round(train.auc(truth, model.odds(other_body(pictures, where))), 4)
    return found


def stressed(model: Model, pictures: train.Pictures) -> dict[str, dict[str, float]]:
    """Reaction to exposure, noise, markers: every third picture of both validation parts."""
    where = np.flatnonzero(np.isin(pictures.part, ("valid", "shift")))[::3]
    truth = pictures.kind[where] > 0
    found = {}
    for name, change in stresses().items():
        values = model.odds([np.asarray(change(pictures.grey[i]), np.float32) for i in where])
        found[name] = {
            "auc": round(train.auc(truth, values), 4),
            "sensitivity": round(float((values >= model.cut)[truth].mean()), 3),
            "specificity": round(float((values < model.cut)[~truth].mean()), 3),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true", help="the parts only")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model, pictures = Model(args.model), train.load(args.data)
    parts = ("valid", "shift", *(["test"] if args.test else []))
    table = [row for part in parts for row in rows_of(model, pictures, part)]
    for row in table:
        print(row, flush=True)
    extra: dict[str, Any] = {}
    if not args.quick:
        extra["auc"] = without_and_only(model, pictures)
        print(extra, flush=True)
        extra["nets"] = each_net(model, pictures)
        extra["shift at the publisher's share of pneumonia"] = at_publishers_share(model, pictures)
        extra["stress"] = stressed(model, pictures)
        extra["outside"] = outside(model, args.data)
        where = np.flatnonzero(np.isin(pictures.part, ("valid", "shift")))
        hits = where[(model.odds(pictures.grey[where]) >= model.cut) & (pictures.kind[where] > 0) & pictures.masked[where]]
        extra["heat"] = heat(model, pictures, hits[:: max(1, len(hits) // 40)][:40])
    print(json.dumps(extra, indent=2, ensure_ascii=False))
    if args.write:
        path = args.model / "bundle.json"
        bundle = json.loads(path.read_text(encoding="utf-8")) | {"metrics": table} | ({"checks": extra} if extra else {})
        path.write_text(json.dumps(bundle, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
