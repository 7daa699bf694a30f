"""The bare torch forward and backward of the same network on the same note: seconds."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from note_program import best, network, note

from medviewer.inference.note.reading import prepared_for


def prepare(data):
    loaded = network()
    ready = prepared_for(loaded, note().text)
    module = loaded.module
    buckets, amounts, words = (torch.from_numpy(part) for part in (ready.buckets, ready.weights, ready.words))
    keep, owner = words > 0, torch.zeros(len(words), dtype=torch.long)

    def once():
        embedded = module.embed(words).detach().requires_grad_(True)
        logits = module.linear(buckets, amounts) + module.share * module.recurrent(embedded, keep, owner, 1)[0]
        torch.autograd.grad(logits[logits.argmax()], embedded)

    once()
    return lambda: best(once)
