"""Which words decided: gradient × input in one backward pass; then, as a later job, whether taking them away moves the score
more than taking others away, and whether integrated gradients weigh the words alike."""

import numpy as np
from numpy.typing import NDArray

from medviewer.core.finding import SelfCheck
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded
from medviewer.inference.note import readout
from medviewer.inference.note.prepare import Prepared, prepare, spread, without
from medviewer.inference.reading import SEED

COVERED = 0.2
"""Share of the words that the self-check takes away."""
DRAWS = 5
STEPS = (8, 16, 32, 64, 256, 512)
"""Steps of integrated gradients: more where the weights do not add up to the change of the score (XP-06)."""
FINE, PASSES = 64, 2048
"""Finer steps than the first only where steps times chunks stay below the second: seconds, not minutes."""
COMPLETE = 0.05
"""Share of that change which may be missing."""
AT_ONCE, ROWS = 4, 160
"""Steps in one pass, and chunks: of long notes one step at a time (XP-05)."""
LONGEST = 400
"""Chunks of a note that integrated gradients are made for: about 50,000 words."""


def prepared_for(loaded: Loaded, text: str) -> Prepared:
    """The text as this network reads it. ValueError without words."""
    module = loaded.module
    known, frequencies = module.known.detach().cpu().numpy(), module.frequencies.detach().cpu().numpy()
    return prepare(text, known, frequencies, loaded.bundle.document["preprocessing"]["parameters"])


def weighed(loaded: Loaded, prepared: Prepared, explain: bool) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, int]:
    """Logits, and for each token its weight for the likeliest class against the others: gradient × input, one backward pass."""
    import torch

    module, device = loaded.module, loaded.device
    buckets = torch.from_numpy(prepared.buckets).to(device)
    amounts = torch.from_numpy(prepared.weights).to(device)
    words = torch.from_numpy(prepared.words.T).to(device)
    with torch.no_grad():
        table = module.bag(buckets)
        linear = amounts @ table + module.bias
        embedded = module.embed(words)
    embedded.requires_grad_(explain)
    with torch.set_grad_enabled(explain):
        own = module.alone(embedded, words > 0)
    logits = linear + module.share * own.detach()
    values = logits.double().cpu().numpy()
    target = int(values.argmax())
    if not explain:
        return values, None, target
    against = torch.full_like(logits, -1 / (len(values) - 1))  # the class against the mean of the others
    against[target] = 1.0
    (slope,) = torch.autograd.grad(own, embedded, module.share * against)
    recurrent = torch.linalg.vecdot(slope, embedded.detach()).T.reshape(-1).double().cpu().numpy()
    effect = (table @ against).double().cpu().numpy() * prepared.weights
    weights = spread(prepared, effect)
    return values, weights + recurrent[: len(weights)], target


def integrated(loaded: Loaded, prepared: Prepared, target: int, token: CancelToken) -> tuple[NDArray[np.float64], float]:
    """[tokens] weights by integrated gradients from an empty note (captum, Sundararajan et al., arXiv:1703.01365), and the share
    of the score's change that they miss. The linear part is its own integral; the embedding is integrated along."""
    import torch
    from captum.attr import LayerIntegratedGradients

    module = loaded.module
    words = torch.from_numpy(prepared.words).to(loaded.device)
    chunks = len(words)

    def margin(many: torch.Tensor) -> torch.Tensor:
        """[steps · chunks, length] → the recurrent part's logit of the target against the others, [steps]."""
        token.check()
        owner = torch.arange(len(many), device=many.device) // chunks
        logits = module.share * module.recurrent(
            module.embed(many), (words > 0).repeat(len(many) // chunks, 1), owner, len(many) // chunks
        )
        others = [k for k in range(logits.shape[1]) if k != target]
        found: torch.Tensor = logits[:, target] - logits[:, others].mean(1)
        return found

    nothing = torch.zeros_like(words)
    with torch.no_grad():
        change = float((margin(words) - margin(nothing))[0])
        table = module.bag(torch.from_numpy(prepared.buckets).to(loaded.device)).double().cpu().numpy()
    effect = (table[:, target] - np.delete(table, target, 1).mean(1)) * prepared.weights
    linear = spread(prepared, effect)
    whole = max(abs(change + float(effect.sum())), 1e-9)
    method, missing = LayerIntegratedGradients(margin, module.embed), 1.0
    batch = chunks * max(1, min(AT_ONCE, ROWS // chunks))
    recurrent = np.zeros(len(linear))
    for steps in (n for n in STEPS if n <= FINE or n * chunks <= PASSES):
        with torch.enable_grad():
            found = method.attribute(words, nothing, n_steps=steps, internal_batch_size=batch)
        recurrent = found.sum(-1).detach().reshape(-1).double().cpu().numpy()[: len(linear)]
        missing = abs(float(recurrent.sum()) - change) / whole
        if missing <= COMPLETE:
            break
    return linear + recurrent, missing


def checked(loaded: Loaded, prepared: Prepared, weights: NDArray[np.float64], target: int, token: CancelToken) -> SelfCheck:
    """Does the class lose more when the weightiest words are taken away than when as many others are (XP-10)? `agreement`: rank
    correlation of the words' weights with integrated gradients, None where those did not add up."""
    count = len(weights)
    taken = max(1, round(COVERED * count))
    generator = np.random.default_rng(SEED)
    document = loaded.bundle.document

    def probability(gone: NDArray[np.int64]) -> float:
        token.check()
        missing = np.zeros(count, bool)
        missing[gone] = True
        left = without(prepared, missing) if len(gone) else prepared
        return readout.scores(weighed(loaded, left, explain=False)[0], document["readout"])[target].probability

    before = probability(np.zeros(0, np.int64))
    deletion = before - probability(np.argsort(-weights)[:taken])
    random = float(np.mean([before - probability(generator.choice(count, taken, replace=False)) for _ in range(DRAWS)]))
    return SelfCheck(float(deletion), random, _agreement(loaded, prepared, weights, target, token), deletion > random + 0.01)


def _agreement(loaded: Loaded, prepared: Prepared, weights: NDArray[np.float64], target: int, token: CancelToken) -> float | None:
    """Spearman's rank correlation."""
    from scipy.stats import spearmanr

    if len(prepared.words) > LONGEST:
        return None
    other, missing = integrated(loaded, prepared, target, token)
    if missing > COMPLETE or np.ptp(weights) == 0 or np.ptp(other) == 0:
        return None
    return float(spearmanr(weights, other).statistic)
