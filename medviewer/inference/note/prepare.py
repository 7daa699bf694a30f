"""A note's text → known n-grams and word numbers, each with the words it came from. Used by training and by the program.

Groups of n-grams (`groups` of a bundle's preprocessing): "word" (1 to n words), "char" (pieces of words, 3 to n letters),
"sign" (1 to n characters, for Chinese), "role" (who speaks | word, for dialogues), "first" (words of the first line).
An n-gram is known by the CRC-32 of its kind and words: the weights hold no text of the training notes.
"""

import re
import zlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 128
"""Words that the recurrent part reads in one go where a bundle says nothing; a longer note is read in several, to its end
(NT-09)."""
_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?", re.UNICODE)
_SIGN = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Prepared:
    """`buckets` and `weights` [n-grams] of the linear part (log counts × inverse document frequency, unit length in each group);
    `owner`, `first`, `last` [occurrences]: which n-gram, and the tokens it covers; `words` [chunks, words in each] from 1,
    0 = padding; `spans` the characters of each token in the original text."""

    buckets: NDArray[np.int64]
    weights: NDArray[np.float32]
    owner: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    words: NDArray[np.int64]
    spans: tuple[tuple[int, int], ...]


def tokens(text: str, signs: bool) -> list[tuple[int, int]]:
    """Spans of the words, or of every visible character for Chinese."""
    return [match.span() for match in (_SIGN if signs else _WORD).finditer(text)]


def key(kind: str, gram: str) -> int:
    """What an n-gram is known by."""
    return zlib.crc32(f"{kind}|{gram}".encode())


@lru_cache(maxsize=1 << 16)
def pieces(word: str, longest: int) -> NDArray[np.int64]:
    """Keys of a word's pieces of 3 to `longest` letters, its edges marked by spaces."""
    padded = f" {word} "
    return np.array(
        [key("char", padded[k : k + n]) for n in range(3, longest + 1) for k in range(max(1, len(padded) - n + 1))], np.int64
    )


Occurrences = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Keys of n-grams; of each place of one: which key, the first and one past the last token that it covers."""


def occurrences(low: str, spans: Sequence[tuple[int, int]], words: Sequence[str], group: Mapping[str, Any]) -> Occurrences:
    """Every n-gram of one group in lower-case text, whose `words` stand at `spans`."""
    kind, longest = str(group["kind"]), int(group.get("longest", 2))
    if kind == "char":
        return _pieces_of(words, longest)
    if kind in ("word", "sign"):
        return _runs(words, kind, longest)
    if kind == "role":
        return _said(words, low, spans)
    inside = words[: bisect_left(spans, (len(low.split("\n", 1)[0]), 0))]
    return _runs(inside, kind, 2)


def _said(words: Sequence[str], low: str, spans: Sequence[tuple[int, int]]) -> Occurrences:
    """Each word with who says it: what stands before the colon of its line."""
    keys: list[int] = []
    at = 0
    for line in low.split("\n"):
        who = line.split(":", 1)[0].strip()[:12]
        inside = range(bisect_left(spans, (at, 0)), bisect_left(spans, (at + len(line), 0)))
        keys += [key("role", f"{who}|{words[i]}") for i in inside]
        at += len(line) + 1
    every = np.arange(len(keys))
    return np.array(keys, np.int64), every, every, every + 1


def _runs(words: Sequence[str], kind: str, longest: int) -> Occurrences:
    """1 to `longest` words in a row; CRC-32 goes on from the shorter run to the longer one."""
    glue = b"" if kind == "sign" else b" "
    start = f"{kind}|".encode()
    raw = {word: word.encode() for word in set(words)}
    alone = {word: zlib.crc32(start + bits) for word, bits in raw.items()}
    then = {word: glue + bits for word, bits in raw.items()}
    keys = [alone[word] for word in words]
    found, places = [np.array(keys, np.int64)], [np.arange(len(words))]
    for n in range(2, longest + 1):
        keys = [zlib.crc32(then[word], before) for before, word in zip(keys, words[n - 1 :], strict=False)]
        found.append(np.array(keys, np.int64))
        places.append(np.arange(len(keys)))
    sizes = np.repeat(np.arange(1, len(found) + 1), [len(part) for part in found])
    first = np.concatenate(places)
    return np.concatenate(found), np.arange(len(first)), first, first + sizes


def _pieces_of(words: Sequence[str], longest: int) -> Occurrences:
    """Pieces of every word; each different word is cut once."""
    number: dict[str, int] = {}
    ids = np.array([number.setdefault(word, len(number)) for word in words], np.int64)
    cut = [pieces(word, longest) for word in number]
    sizes = np.array([len(part) for part in cut], np.int64)
    starts = np.cumsum(sizes) - sizes
    each = sizes[ids]
    first = np.repeat(np.arange(len(words)), each)
    inside = np.arange(len(first)) - np.repeat(np.cumsum(each) - each, each)
    return np.concatenate(cut), starts[ids][first] + inside, first, first + 1


def numbers(words: Sequence[str], vocabulary: int) -> list[int]:
    """Word numbers from 1 for the recurrent part; a few words share one."""
    known = {word: 1 + zlib.crc32(f"token|{word}".encode()) % (vocabulary - 1) for word in set(words)}
    return [known[word] for word in words]


def prepare(text: str, known: NDArray[np.int64], frequencies: NDArray[np.float32], parameters: Mapping[str, Any]) -> Prepared:
    """`known` [features] sorted keys, `frequencies` [features] their inverse document frequencies. ValueError without words."""
    spans = tokens(text, bool(parameters["signs"]))
    if not spans:
        raise ValueError("no words")
    low = text.lower()
    if len(low) != len(text):  # a few letters grow when they become small; offsets must not move
        low = "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)
    words = [low[a:b] for a, b in spans]
    buckets: list[NDArray[np.int64]] = []
    weights: list[NDArray[Any]] = []
    places: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []
    for group in parameters["groups"]:
        keys, which, first, last = occurrences(low, spans, words, group)
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        there = (known[at] == keys)[which]
        if not there.any():
            continue
        hit = at[which][there]
        counts = np.bincount(hit, minlength=len(known))
        own = np.flatnonzero(counts)
        place = np.empty(len(known), np.int64)
        place[own] = np.arange(len(own))
        owner = place[hit]
        values = (1 + np.log(counts[own])) * frequencies[own]
        values *= float(group.get("weight", 1.0)) / np.linalg.norm(values)
        places.append((owner + sum(map(len, buckets)), first[there], last[there]))
        buckets.append(own)
        weights.append(values)
    ids = numbers(words, int(parameters["vocabulary"]))
    chunk = int(parameters.get("chunk", CHUNK))
    table = np.zeros((-(-len(ids) // chunk), chunk), np.int64)
    table.reshape(-1)[: len(ids)] = ids
    nothing = np.zeros(0, np.int64)
    owner, first, last = (
        np.concatenate(part) if part else nothing for part in (zip(*places, strict=True) if places else ((),) * 3)
    )
    return Prepared(
        np.concatenate(buckets) if buckets else nothing,
        np.concatenate(weights).astype(np.float32) if weights else np.zeros(0, np.float32),
        owner,
        first,
        last,
        table,
        tuple(spans),
    )


def spread(prepared: Prepared, effect: NDArray[np.float64]) -> NDArray[np.float64]:
    """The effect of each n-gram shared out over the tokens it covers, all its places alike: [tokens]."""
    count = len(prepared.spans)
    if not len(prepared.owner):
        return np.zeros(count)
    wide = prepared.last - prepared.first
    total = np.bincount(prepared.owner, wide, len(prepared.buckets))
    each = (effect / np.maximum(total, 1))[prepared.owner]
    steps = np.bincount(prepared.first, each, count + 1) - np.bincount(prepared.last, each, count + 1)
    return np.asarray(np.cumsum(steps)[:count])


def without(prepared: Prepared, missing: NDArray[np.bool_]) -> Prepared:
    """The note with some tokens gone: their n-grams lose the occurrences that touched them."""
    gone = np.concatenate([[0], np.cumsum(missing)])
    touched = gone[prepared.last] > gone[prepared.first]
    size = len(prepared.buckets)
    there = np.bincount(prepared.owner, minlength=size)
    kept = 1 - np.bincount(prepared.owner, touched, size) / np.maximum(there, 1)
    words = prepared.words.copy()
    words.reshape(-1)[np.flatnonzero(missing)] = 0
    if not words.any():
        words[0, 0] = 1
    weights = (prepared.weights * kept).astype(np.float32)
    return Prepared(prepared.buckets, weights, prepared.owner, prepared.first, prepared.last, words, prepared.spans)
