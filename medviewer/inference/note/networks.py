"""Builders of the note networks."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def build(name: str, parameters: Mapping[str, Any]) -> nn.Module:
    """The network named in a bundle's `architecture`. KeyError for an unknown name."""
    return {"ngram-bilstm": NoteNet}[name](**parameters)


class NoteNet(nn.Module):
    """Linear over known n-grams, joined with embedding → BiLSTM → attention over all words of the note.

    `known` [features] are the sorted keys of the n-grams. `linear` reads (buckets [n], weights [n]) of one note; `recurrent`
    reads words [chunks, length] of one note or, in training, many notes with `owner` [chunks] telling whose each chunk is.
    Logits are linear + share · recurrent.
    """

    def __init__(self, classes: int, features: int, vocabulary: int, embedding: int = 48, hidden: int = 48) -> None:
        super().__init__()
        self.bag = nn.Embedding(features, classes)
        self.bias = nn.Parameter(torch.zeros(classes))
        self.frequencies = nn.Parameter(torch.zeros(features), requires_grad=False)
        self.known = nn.Parameter(torch.zeros(features, dtype=torch.int64), requires_grad=False)
        self.embed = nn.Embedding(vocabulary, embedding, padding_idx=0)
        self.lstm = nn.LSTM(embedding, hidden, bidirectional=True)
        self.attend = nn.Linear(2 * hidden, 1)
        self.drop = nn.Dropout(0.4)
        self.head = nn.Linear(2 * hidden, classes)
        self.share = nn.Parameter(torch.zeros(()), requires_grad=False)

    def linear(self, buckets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Logits [classes] of the n-grams."""
        logits: torch.Tensor = (self.bag(buckets) * weights.unsqueeze(-1)).sum(0) + self.bias
        return logits

    def alone(self, embedded: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        """`recurrent` for one note in fewer passes over its words: logits [classes] from embedded [length, chunks, embedding]."""
        steps, _ = self.lstm(embedded)
        steps = steps.reshape(-1, steps.shape[-1])
        scores = self.attend(steps).squeeze(-1).masked_fill(~keep.reshape(-1), -torch.inf)
        logits: torch.Tensor = self.head(torch.softmax(scores, 0) @ steps)
        return logits

    def recurrent(self, embedded: torch.Tensor, keep: torch.Tensor, owner: torch.Tensor, notes: int) -> torch.Tensor:
        """Logits [notes, classes] from embedded words [chunks, length, embedding]; `keep` is False for padding."""
        steps = self.lstm(self.drop(embedded).transpose(0, 1))[0].transpose(0, 1)
        scores = self.attend(steps).squeeze(-1).masked_fill(~keep, -1e4)
        rows = owner.unsqueeze(-1).expand_as(scores).reshape(-1)
        largest = torch.full((notes,), -1e4, dtype=scores.dtype, device=scores.device)
        largest = largest.scatter_reduce(0, rows, scores.detach().reshape(-1), "amax")
        weights = (scores.reshape(-1) - largest[rows]).exp() * keep.reshape(-1)
        total = torch.zeros(notes, dtype=scores.dtype, device=scores.device).scatter_add(0, rows, weights)
        spread = weights.unsqueeze(-1) * steps.reshape(-1, steps.shape[-1])
        pooled = torch.zeros(notes, steps.shape[-1], dtype=scores.dtype, device=scores.device)
        pooled = pooled.index_add(0, rows, spread) / total.clamp_min(1e-9).unsqueeze(-1)
        logits: torch.Tensor = self.head(self.drop(pooled))
        return logits
