"""Train cxr-pneumonia: one command, one core pair, no network access. See README.md.

    python models/train/cxr-pneumonia/train.py --data ../shared/data/imaging/cxr --out models/cxr-pneumonia

Pictures are prepared by `medviewer.inference.image.prepare`, the functions that the program uses.
"""

import argparse
import csv
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))
MEMORY = {"OMP_WAIT_POLICY": "PASSIVE", "MALLOC_MMAP_THRESHOLD_": "8589934592", "MALLOC_TRIM_THRESHOLD_": "17179869184"}
"""glibc would give every large block back to the kernel: a training step then takes twice the time."""

if __name__ == "__main__" and any(os.environ.get(name) != value for name, value in MEMORY.items()):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MEMORY})

import numpy as np
import torch
from augment import Changes, augment
from finish import ARCHITECTURE, PARAMETERS
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from medviewer.inference.image import networks
from medviewer.inference.image.prepare import prepare_cxr, resize

HERE = Path(__file__).resolve().parent
KINDS = ("normal", "bacteria", "virus")


@dataclass(frozen=True)
class Cycle:
    """A stretch of training with its own warm-up and cosine: `rate` at its top; `sizes`: pixels a side, up to which share of it;
    `time`: its share of `--minutes`."""

    number: int
    steps: int
    rate: float
    strong: bool
    sizes: tuple[tuple[float, int], ...]
    time: float
    changes: Changes


@dataclass(frozen=True)
class Recipe:
    """`virus`: how much oftener a viral pneumonia is drawn than its share; `lungs`: worth of the lung helper."""

    cycles: tuple[Cycle, ...]
    virus: float = 1.0
    lungs: float = 0.3


LARGE = ((1.0, 224),)
RECIPES = {
    "first": Recipe(
        (
            Cycle(0, 1600, 5e-4, True, ((0.6, 192), (1.0, 224)), 0.6, Changes(0.45)),
            Cycle(1, 600, 3e-4, False, LARGE, 0.4, Changes(0.3)),
        )
    ),
    "second": Recipe(
        (
            Cycle(0, 1500, 6e-4, True, ((0.6, 160), (1.0, 192)), 0.6, Changes(0.3, 0.35, 0.15)),
            Cycle(1, 500, 3e-4, False, LARGE, 0.4, Changes(0.2, 0.3, 0.15)),
        ),
        virus=1.5,
        lungs=0.5,
    ),
    "more": Recipe((Cycle(2, 300, 2e-4, False, ((0.6, 192), (1.0, 224)), 1.0, Changes(0.2, 0.3, 0.3)),), virus=1.5, lungs=0.5),
}
"""`first`: seed 1. `second`: seed 2, stronger against what is not lung. `more`: a further cycle of seed 1 after `first`."""


@dataclass(frozen=True)
class Pictures:
    """`grey` uint8 [n, 224, 224], `lungs` uint8 [n, 128, 128] (1 = lung), `masked` [n] has lungs, `kind` [n] 0..2 of KINDS,
    `aspect` [n] width / height of the publisher's file, `part` [n] name of the split part."""

    names: list[str]
    grey: np.ndarray
    lungs: np.ndarray
    masked: np.ndarray
    kind: np.ndarray
    aspect: np.ndarray
    patient: np.ndarray
    part: np.ndarray


def read_split() -> dict[str, str]:
    with (HERE / "split.csv").open() as f:
        return {row["patient"]: row["part"] for row in csv.DictReader(f)}


def load(data: Path) -> Pictures:
    """All of kermany, squashed to squares by the program's own resize."""
    folder = data / "kermany"
    with (folder / "index.csv").open() as f:
        rows = list(csv.DictReader(f))
    split = read_split()
    archive = np.load(folder / "lung_masks_128.npz")
    bits = np.unpackbits(archive["masks"], axis=1).reshape(-1, 128, 128)
    lungs = dict(zip(archive["names"].tolist(), bits, strict=True))
    grey = np.empty((len(rows), 224, 224), np.uint8)
    for i, row in enumerate(rows):
        picture = np.asarray(Image.open(folder / "images" / row["file"]).convert("L"), np.float32)
        grey[i] = np.clip(np.rint(resize(picture, 224, 224)), 0, 255)
    none = np.zeros((128, 128), np.uint8)
    return Pictures(
        [row["file"] for row in rows],
        grey,
        np.stack([lungs.get(row["file"], none) for row in rows]),
        np.array([row["file"] in lungs for row in rows]),
        np.array([KINDS.index(row["label"]) for row in rows]),
        np.array([float(row["orig_width"]) / float(row["orig_height"]) if row["orig_width"] else np.nan for row in rows]),
        np.array([row["patient"] for row in rows]),
        np.array([split[row["patient"]] for row in rows]),
    )


def weights(pictures: Pictures, index: np.ndarray, *, aspects: bool, virus: float) -> np.ndarray:
    """How often each training picture is drawn: both labels equally, a patient with many pictures by the root of their number,
    and (`aspects`) each label with the same spread of aspects, so that framing tells nothing about the label."""
    label = (pictures.kind[index] > 0).astype(int)
    _, inverse, count = np.unique(pictures.patient[index], return_inverse=True, return_counts=True)
    w = np.where(pictures.kind[index] == 2, virus, 1.0) / np.sqrt(count[inverse])
    if aspects:
        edges = [1.1, 1.2, 1.3, 1.4, 1.5, 1.65]
        bins = np.digitize(np.nan_to_num(pictures.aspect[index], nan=1.4), edges)
        share = np.array([[w[(bins == b) & (label == k)].sum() / w[label == k].sum() for b in range(7)] for k in (0, 1)])
        both = share.mean(axis=0)
        w = w * np.clip(both[bins] / share[label, bins], 0.4, 4.0)
    for k in (0, 1):
        w[label == k] /= w[label == k].sum()
    return w / w.sum()


# ---------------------------------------------------------------- network and loop

Clock = Callable[[], float]


class Taught(nn.Module):
    """The network and, for training only, two helpers: bacteria or virus, and where the lungs are."""

    def __init__(self, net: networks.MobileNetV2) -> None:
        super().__init__()
        self.net = net
        self.kind = nn.Linear(1280, 3)
        self.lungs = nn.Conv2d(96, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y = self.net.features[:14](x)
        lungs = self.lungs(y)
        pooled = self.net.features[14:](y).mean(dim=(2, 3))
        return self.net.classifier(pooled), self.kind(F.dropout(pooled, 0.2, self.training)), lungs


def pretrained(path: Path) -> networks.MobileNetV2:
    """ImageNet weights; the three colours of the first layer become one grey value of zero mean and unit spread."""
    net = networks.build(ARCHITECTURE["name"], ARCHITECTURE["parameters"])
    state = {name: tensor.float() for name, tensor in load_file(path).items()}
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    state["features.0.0.weight"] = (state["features.0.0.weight"] * 0.25 / std).sum(1, keepdim=True)
    state["classifier.1.weight"] = 0.01 * torch.randn(2, 1280)
    state["classifier.1.bias"] = torch.zeros(2)
    net.load_state_dict(state)
    return net


def batches(
    pictures: Pictures, args: argparse.Namespace, cycle: Cycle, virus: float, clock: Clock
) -> Iterator[tuple[Tensor, ...]]:
    index = np.flatnonzero(np.isin(pictures.part, args.parts.split(",")))
    chance = weights(pictures, index, aspects=args.aspects, virus=virus)
    print(f"{len(index)} training pictures", flush=True)
    while (done := clock()) < 1.0:
        size = next(size for until, size in cycle.sizes if done < until)
        pick = np.random.choice(index, args.batch, p=chance)
        swap = np.random.choice(index, args.batch, p=chance)
        x = torch.from_numpy(pictures.grey[pick])[:, None].float() / 255
        lungs = F.interpolate(torch.from_numpy(pictures.lungs[pick])[:, None].float(), size=224)
        donor = torch.from_numpy(pictures.grey[swap])[:, None].float() / 255
        masked = torch.from_numpy(pictures.masked[pick])
        x, lungs, hidden = augment(x, lungs, masked, donor, size, cycle.strong, cycle.changes, PARAMETERS)
        yield x, lungs, masked, hidden, torch.from_numpy(pictures.kind[pick])


def train(
    net: networks.MobileNetV2, pictures: Pictures, args: argparse.Namespace, recipe: Recipe, cycle: Cycle
) -> networks.MobileNetV2:
    """One cycle from `net`'s weights; what comes back is the running average of the weights."""
    torch.manual_seed(args.seed + cycle.number)
    np.random.seed(args.seed + cycle.number)
    model = Taught(net).train()
    model.to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(args.ema), use_buffers=True
    )
    heads = [*model.kind.parameters(), *model.lungs.parameters(), *model.net.classifier.parameters()]
    groups = [{"params": list(model.net.features.parameters()), "lr": cycle.rate}, {"params": heads, "lr": 3 * cycle.rate}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    began, seen, step = time.time(), 0.0, 0

    def clock() -> float:
        """Share of the cycle that is done: by steps or by time, what is more."""
        spent = (time.time() - began) / 60 / (args.minutes * cycle.time) if args.minutes else 0.0
        return max(step / cycle.steps, spent)

    for x, lungs, masked, hidden, kind in batches(pictures, args, cycle, recipe.virus, clock):
        done = clock()
        for group, rate in zip(optimiser.param_groups, (cycle.rate, 3 * cycle.rate), strict=True):
            group["lr"] = rate * min((step + 1) / (cycle.steps // 20), 0.02 + 0.49 * (1 + np.cos(np.pi * min(done, 1.0))))
        logits, kinds, places = model(x.contiguous(memory_format=torch.channels_last))
        target = F.one_hot((kind > 0).long(), 2).float()
        target[hidden] = 0.5
        loss = F.cross_entropy(logits, target, label_smoothing=args.smooth)
        each = F.cross_entropy(kinds, kind, label_smoothing=args.smooth, reduction="none")
        loss = loss + 0.3 * (each * ~hidden).mean()
        truth = F.adaptive_avg_pool2d(lungs, places.shape[-1])
        place = F.binary_cross_entropy_with_logits(places, truth, reduction="none").mean((1, 2, 3))
        loss = loss + recipe.lungs * (place * (masked & ~hidden)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(model)
        seen = float(loss.detach()) if step == 0 else 0.98 * seen + 0.02 * float(loss.detach())
        step += 1
        if step % 25 == 0:
            print(f"step {step} of {cycle.steps}, {done:.3f} done, loss {seen:.3f}, {time.time() - began:.0f} s", flush=True)
    print(f"{step} steps, {(time.time() - began) / 60:.1f} minutes", flush=True)
    report(average.module.net, pictures, ("shift", "valid"))
    return average.module.net.eval()


def odds(net: nn.Module, grey: np.ndarray, parameters: dict | None = None) -> np.ndarray:
    """Log-odds of pneumonia, mean of the views, through the program's own preparation. [n, h, w] → [n]."""
    net.eval()
    out = []
    with torch.inference_mode():
        for start in range(0, len(grey), 16):
            views = [prepare_cxr(picture, parameters=parameters or PARAMETERS).tensor for picture in grey[start : start + 16]]
            logits = net(torch.from_numpy(np.concatenate(views)).contiguous(memory_format=torch.channels_last))
            out.append((logits[:, 1] - logits[:, 0]).view(len(views), -1).mean(1).numpy())
    return np.concatenate(out)


def auc(truth: np.ndarray, values: np.ndarray) -> float:
    from scipy.stats import rankdata

    ranks, positives = rankdata(values), int(truth.sum())
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * (len(truth) - positives)))


def report(net: nn.Module, pictures: Pictures, parts: tuple[str, ...]) -> None:
    for part in parts:
        where = np.flatnonzero(pictures.part == part)
        values, truth = odds(net, pictures.grey[where], {**PARAMETERS, "views": 1}), pictures.kind[where] > 0
        grid = np.quantile(values, np.linspace(0, 1, 200))
        best = max(float(((values >= t)[truth].mean() + (values < t)[~truth].mean()) / 2) for t in grid)
        low, high = np.quantile(values[truth], 0.03), np.quantile(values[~truth], 0.95)
        at = f"specificity {(values < 0)[~truth].mean():.3f} sensitivity {(values >= 0)[truth].mean():.3f}"
        print(
            f"  {part}: n {len(where)} auc {auc(truth, values):.4f} balanced {best:.3f}; at 0: {at};"
            f" 3 % of pneumonia below {low:.2f}, 5 % of normal above {high:.2f}",
            flush=True,
        )


def options(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--backbone", type=Path)
    parser.add_argument("--parts", default="train")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="cut the steps so that it ends by then")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--ema", type=float, default=0.995)
    parser.add_argument("--smooth", type=float, default=0.05)
    parser.add_argument("--recipe", choices=RECIPES, default="first")
    parser.add_argument("--start", type=Path, help="weights to begin from (else ImageNet)")
    parser.add_argument("--aspects", action=argparse.BooleanOptionalAction, default=True, help="same aspects for both labels")
    parser.add_argument("--cycle", type=int, default=0, help="begin with this one of the recipe (with --start)")
    args = parser.parse_args(argv)
    args.backbone = args.backbone or args.data.parent / "backbones" / "mobilenet_v2_imagenet_fp16.safetensors"
    return args


def main() -> None:
    args = options()
    torch.set_num_threads(args.threads)
    pictures = load(args.data)
    began = time.time()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    net = pretrained(args.backbone)
    note = {"seed": str(args.seed), "recipe": args.recipe, "minutes": "0"}
    if args.start:
        with safe_open(args.start, "pt") as left:
            before = left.metadata() or {}
        note |= {"recipe": f"{before.get('recipe', 'first')}, {args.recipe}", "minutes": before.get("minutes", "0")}
        own = {name: tensor for name, tensor in load_file(args.start).items() if not name.startswith("gate.")}
        net.load_state_dict({name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in own.items()})
    recipe = RECIPES[args.recipe]
    for cycle in recipe.cycles[args.cycle :]:
        net = train(net, pictures, args, recipe, cycle)
        now = {"minutes": f"{float(note['minutes']) + (time.time() - began) / 60:.1f}"}
        save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, args.out, note | now)


if __name__ == "__main__":
    main()
