"""Why a beat got its class: integrated gradients over its shape, from the record's usual beat to this one, and a check that
taking away what is marked matters more than taking away as much at random (XP-10).

The network also judges by timing, which is no place on the trace: where a class rests on timing, the check fails and says so.
"""

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import Beats, Saliency
from medviewer.core.finding import SelfCheck
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg.beats import BEFORE_S, LABELS, RATE, WINDOW, Sequence
from medviewer.inference.reading import SEED

METHOD = "integrated-gradients"
BIN = 4
"""Samples of the network's rate in one step of the ribbon: 32 ms."""
STEPS, AROUND, COVERED, TRIALS = 16, 32, 0.2, 8


def asked(explain: str, beats: Beats) -> int:
    """Number of the beat to explain: nearest to the sample of "method@sample"; else the surest ectopic one, else the surest."""
    _, _, sample = explain.partition("@")
    if sample.isdigit():
        return int(np.abs(np.array(beats.sample) - int(sample)).argmin())
    odd = [k for k, symbol in enumerate(beats.symbol) if symbol in ("S", "V", "F")]
    return max(odd or range(len(beats.sample)), key=lambda k: beats.probability[k])


def explained(
    loaded: Loaded, found: Sequence, shares: NDArray[np.float64], row: int, about: tuple[str, str, float], token: CancelToken
) -> tuple[Saliency, SelfCheck]:
    """Marks on the first lead for the class of candidate `row`; `about`: its symbol, the lead's name, the record's rate."""
    import torch
    from captum.attr import IntegratedGradients

    symbol, lead, rate = about
    start, stop = max(0, row - AROUND), min(len(found.at), row + AROUND + 1)
    windows = torch.from_numpy(found.windows[start:stop])[None].to(loaded.device)
    features = torch.from_numpy(found.features[start:stop])[None].to(loaded.device)
    target, place = int(shares[row].argmax()), row - start
    usual = _usual(found, shares, row)

    def logit(window: torch.Tensor) -> torch.Tensor:
        """[n, 4, WINDOW] put in the beat's place → the target's logit [n]."""
        many = windows.repeat(len(window), 1, 1, 1)
        many = torch.cat([many[:, :place], window[:, None], many[:, place + 1 :]], 1)
        answer: torch.Tensor = loaded.module(many, features.expand(len(window), -1, -1))[:, place].log_softmax(-1)[:, target]
        return answer

    window, base = windows[0, place][None], torch.from_numpy(usual)[None].to(loaded.device)
    heat = IntegratedGradients(logit).attribute(window, base, n_steps=STEPS, internal_batch_size=4)
    token.check()
    bins = np.maximum(heat[0].detach().double().cpu().numpy().sum(0), 0).reshape(-1, BIN).sum(1)
    values = bins / bins.max() if bins.max() > 0 else bins

    def covered(gone: NDArray[np.int64]) -> float:
        """Probability when these steps are as in the usual beat."""
        token.check()
        changed = window.clone().reshape(1, 4, -1, BIN)
        changed[:, :, gone] = base.reshape(1, 4, -1, BIN)[:, :, gone]
        with torch.inference_mode():
            return float(logit(changed.reshape(1, 4, WINDOW)).exp()[0])

    count = max(1, round(COVERED * len(values)))
    generator = np.random.default_rng(SEED)
    before = covered(np.zeros(0, np.int64))
    deletion = before - covered(np.argsort(-values)[:count])
    random = float(np.mean([before - covered(generator.choice(len(values), count, replace=False)) for _ in range(TRIALS)]))
    saliency = Saliency(lead, symbol, float(found.at[row] / rate - BEFORE_S), BIN / RATE, tuple(float(v) for v in values))
    return saliency, SelfCheck(deletion, random, None, bool(deletion > random + 0.01))


def _usual(found: Sequence, shares: NDArray[np.float64], row: int) -> NDArray[np.float32]:
    """The median of the surest normal beats; a flat line where there are none, and for a beat that is normal itself."""
    normal = shares[:, LABELS.index("N")]
    best = np.argsort(-normal)[:101]
    best = best[normal[best] > 0.5]
    if not len(best) or shares[row].argmax() == LABELS.index("N"):
        return np.zeros((4, WINDOW), np.float32)
    return np.asarray(np.median(found.windows[best], axis=0), np.float32)
