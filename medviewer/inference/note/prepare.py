"""A note's text → known n-grams and word numbers, each with the words it came from. Used by training and by the program.

Groups of n-grams (`groups` of a bundle's preprocessing): "word" (1 to n words), "char" (pieces of words, 3 to n letters),
"sign" (1 to n characters, for Chinese), "role" (who speaks | word, for dialogues), "first" (words of the first line).
An n-gram is known by the CRC-32 of its kind and words: the weights hold no text of the training notes.
"""

import re
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 128
"""Words that the recurrent part reads in one go where a bundle says nothing; a longer note is read in several, to its end
(NT-09)."""
_WORD = re.compile(r"([^\W_]+(?:'[a-z]+)?)", re.UNICODE)
_SIGN = re.compile(r"(\S)")
_JOINS = re.compile(r"(?<=[^\W_])'(?=[a-z])")
_ODD = re.compile(r"'[a-z]+(?:[^\W_a-z]|'[a-z])")
"""What would make the quick way cut otherwise than `_WORD`: "it's5", "o'clock's"."""
_FOLDED = bytes(ord(chr(k).lower()) if chr(k).isalnum() else 39 if k == 0 else 32 for k in range(128)) + bytes(128)
_TABLE = np.array([zlib.crc32(bytes([k]), 0xFFFFFFFF) ^ 0xFFFFFFFF for k in range(256)], np.int64)
"""CRC-32 of one byte, without its inversions."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """N-grams of one group and where they stand. `keys` and `unit` [n-grams]: what each is known by and the unit that it belongs
    to; `run`, `first`, `last` [places]: at each place a unit covers the tokens first ≤ t < last. A run of words is a unit of its
    own; the pieces of a word are one unit that stands wherever the word does."""

    keys: NDArray[np.int64]
    unit: NDArray[np.int64]
    run: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @property
    def times(self) -> NDArray[np.int64]:
        """[n-grams] how often each stands in the text."""
        return np.bincount(self.run, minlength=int(self.unit.max(initial=-1)) + 1)[self.unit]


@dataclass(frozen=True, slots=True)
class Prepared:
    """`buckets` and `weights` [features of the note] of the linear part (log counts × inverse document frequency, unit length in
    each group); for each group `owners` [known n-grams], the place of each in `buckets`, and `pieces`; `words` [chunks, words in
    each] from 1, 0 = padding; `spans` [tokens, 2] the characters of each token in the original text; `known` the share of pairs
    of neighbouring tokens (of the one token where there is no pair) that training saw in at least two notes."""

    buckets: NDArray[np.int64]
    weights: NDArray[np.float32]
    owners: tuple[NDArray[np.int64], ...]
    pieces: tuple[Pieces, ...]
    words: NDArray[np.int64]
    spans: NDArray[np.int64]
    known: float


def _cut(text: str, signs: bool) -> tuple[list[str], NDArray[np.int64]]:
    """The tokens in lower case and their spans [tokens, 2]: words, or every visible character for Chinese."""
    if not signs and text.isascii() and "\0" not in text and not ("'" in text and _ODD.search(text)):
        return _cut_ascii(text)
    parts = (_SIGN if signs else _WORD).split(text)
    ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
    words = lowered("\n".join(parts[1::2])).split("\n")  # no token has a line break inside
    return words if len(parts) > 1 else [], np.stack([ends[:-1:2], ends[1::2]], axis=1)


def _cut_ascii(text: str) -> tuple[list[str], NDArray[np.int64]]:
    """The same for words of plain letters, four times faster: everything else becomes a space."""
    folded = (_JOINS.sub("\0", text) if "'" in text else text).encode().translate(_FOLDED)
    letters = np.frombuffer(b" " + folded + b" ", np.uint8) != 32
    return folded.decode().split(), np.flatnonzero(letters[1:] != letters[:-1]).reshape(-1, 2)


def lowered(text: str) -> str:
    """Lower case, letter by letter where a few letters grow when they become small: offsets must not move."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


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


@dataclass(frozen=True, slots=True)
class Words:
    """A text in lower case (`low`), its tokens' `spans` [tokens, 2], the `different` words and which each token is (`ids`)."""

    low: str
    spans: NDArray[np.int64]
    different: tuple[str, ...]
    ids: NDArray[np.int64]

    @classmethod
    def of(cls, text: str, signs: bool) -> "Words":
        words, spans = _cut(text, signs)
        number = dict.fromkeys(words, 0)
        number.update(zip(number, range(len(number)), strict=True))
        ids = np.fromiter(map(number.__getitem__, words), np.int64, len(words))
        return cls(lowered(text), spans, tuple(number), ids)

    def numbers(self, vocabulary: int) -> NDArray[np.int64]:
        """[tokens] word numbers from 1 for the recurrent part; a few words share one."""
        each = [1 + zlib.crc32(b"token|" + word.encode()) % (vocabulary - 1) for word in self.different]
        return np.array(each, np.int64)[self.ids]


def occurrences(words: Words, group: Mapping[str, Any]) -> Pieces:
    """Every n-gram of one group in a text."""
    kind, longest = str(group["kind"]), int(group.get("longest", 2))
    if kind == "char":
        return _pieces_of(words, longest)
    if kind in ("word", "sign"):
        return _runs(words, kind, longest, len(words.ids))
    if kind == "role":
        return _said(words)
    return _runs(words, kind, 2, bisect_left(words.spans[:, 0], len(words.low.split("\n", 1)[0])))


def _alone(keys: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]) -> Pieces:
    """N-grams that are each a unit standing at one place."""
    every = np.arange(len(keys))
    return Pieces(keys, every, every, first, last)


def _said(words: Words) -> Pieces:
    """Each word with who says it: what stands before the colon of its line."""
    keys: list[int] = []
    at = 0
    starts = words.spans[:, 0]
    for line in words.low.split("\n"):
        who = line.split(":", 1)[0].strip()[:12]
        inside = words.ids[bisect_left(starts, at) : bisect_left(starts, at + len(line))]
        keys += [key("role", f"{who}|{words.different[i]}") for i in inside]
        at += len(line) + 1
    every = np.arange(len(keys))
    return _alone(np.array(keys, np.int64), every, every + 1)


def _runs(words: Words, kind: str, longest: int, count: int) -> Pieces:
    """1 to `longest` of the first `count` words in a row; CRC-32 goes on from the shorter run to the longer one."""
    glue = b"" if kind == "sign" else b" "
    start = f"{kind}|".encode()
    raw = [word.encode() for word in words.different]
    ids = words.ids[:count]
    keys = np.array([zlib.crc32(start + bits) for bits in raw], np.int64)[ids]
    then = np.array([zlib.crc32(glue + bits) for bits in raw], np.int64)[ids]
    sizes = np.array([len(glue + bits) for bits in raw], np.int64)[ids]
    found = [keys]
    for n in range(2, longest + 1):
        keys = _shifted(keys[:-1], sizes[n - 1 :]) ^ then[n - 1 :]
        found.append(keys)
    first = np.concatenate([np.arange(len(part)) for part in found])
    return _alone(np.concatenate(found), first, first + np.repeat(np.arange(1, len(found) + 1), [len(part) for part in found]))


def _shifted(keys: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """CRC-32 after `sizes` zero bytes more, without its final inversion: crc(a + b) = shifted(crc(a), len(b)) ^ crc(b)."""
    order = np.argsort(-sizes, kind="stable")
    moved = keys[order]
    reached = len(keys) - np.searchsorted(np.sort(sizes), np.arange(int(sizes.max(initial=0))), side="right")
    for many in reached:
        head = moved[:many]
        moved[:many] = _TABLE[head & 255] ^ (head >> 8)
    back = np.empty_like(moved)
    back[order] = moved
    return back


def _pieces_of(words: Words, longest: int) -> Pieces:
    """Pieces of every word; each different word is cut once."""
    cut = [pieces(word, longest) for word in words.different]
    unit = np.repeat(np.arange(len(cut)), [len(part) for part in cut])
    first = np.arange(len(words.ids))
    return Pieces(np.concatenate(cut), unit, words.ids, first, first + 1)


def prepare(text: str, known: NDArray[np.int64], frequencies: NDArray[np.float32], parameters: Mapping[str, Any]) -> Prepared:
    """`known` [features] sorted keys, `frequencies` [features] their inverse document frequencies. ValueError without words."""
    words = Words.of(text, bool(parameters["signs"]))
    if not len(words.ids):
        raise ValueError("no words")
    buckets: list[NDArray[np.int64]] = []
    weights: list[NDArray[Any]] = []
    owners: list[NDArray[np.int64]] = []
    kept: list[Pieces] = []
    share = -1.0
    for group in parameters["groups"]:
        found = occurrences(words, group)
        keys, which = np.unique(found.keys, return_inverse=True)
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        match = known[at] == keys
        there = np.flatnonzero(match[which])
        if share < 0:  # the first group has the runs of words or signs
            share = float(match[which][found.last - found.first == min(2, len(words.ids))].mean())
        if not len(there):
            continue
        own, owner = at[match], (np.cumsum(match) - 1)[which[there]]
        counts = np.bincount(owner, found.times[there])
        values = (1 + np.log(counts)) * frequencies[own]
        values *= float(group.get("weight", 1.0)) / np.linalg.norm(values)
        owners.append(owner + sum(map(len, buckets)))
        kept.append(replace(found, keys=found.keys[there], unit=found.unit[there]))
        buckets.append(own)
        weights.append(values)
    ids = words.numbers(int(parameters["vocabulary"]))
    chunk = int(parameters.get("chunk", CHUNK))
    table = np.zeros((-(-len(ids) // chunk), chunk), np.int64)
    table.reshape(-1)[: len(ids)] = ids
    return Prepared(
        np.concatenate(buckets) if buckets else np.zeros(0, np.int64),
        np.concatenate(weights).astype(np.float32) if weights else np.zeros(0, np.float32),
        tuple(owners),
        tuple(kept),
        table,
        words.spans,
        share,
    )


def spread(prepared: Prepared, effect: NDArray[np.float64]) -> NDArray[np.float64]:
    """The effect of each n-gram shared out over the tokens it covers, all its places alike: [tokens]."""
    count = len(prepared.spans)
    steps = np.zeros(count + 1)
    for owner, part in zip(prepared.owners, prepared.pieces, strict=True):
        units = int(part.run.max()) + 1
        wide = np.bincount(part.run, part.last - part.first, units)
        total = np.bincount(owner, wide[part.unit], len(prepared.buckets))
        each = np.bincount(part.unit, effect[owner] / total[owner], units)[part.run]
        steps += np.bincount(part.first, each, count + 1) - np.bincount(part.last, each, count + 1)
    return np.asarray(np.cumsum(steps)[:count])


def without(prepared: Prepared, missing: NDArray[np.bool_]) -> Prepared:
    """The note with some tokens gone: their n-grams lose the occurrences that touched them."""
    gone = np.concatenate([[0], np.cumsum(missing)])
    size = len(prepared.buckets)
    kept = np.ones(size)
    for owner, part in zip(prepared.owners, prepared.pieces, strict=True):
        touched = np.bincount(part.run, gone[part.last] > gone[part.first])[part.unit]
        lost, there = np.bincount(owner, touched, size), np.bincount(owner, part.times, size)
        kept -= lost / np.maximum(there, 1)
    words = prepared.words.copy()
    words.reshape(-1)[np.flatnonzero(missing)] = 0
    if not words.any():
        words[0, 0] = 1
    return replace(prepared, weights=(prepared.weights * kept).astype(np.float32), words=words)
