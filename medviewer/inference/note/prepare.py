"""A note's text → hashed n-grams and word numbers, each with the characters it came from. Used by training and by the program.

Groups of n-grams (`groups` of a bundle's preprocessing): "word" (1 to n words), "char" (pieces of words, 3 to n letters),
"sign" (1 to n characters, for Chinese), "role" (who speaks | word, for dialogues), "first" (words of the first line).
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 128
"""Words that the recurrent part reads in one go; a longer note is read in several, to its end."""
_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?", re.UNICODE)
_SIGN = re.compile(r"\S")

Gram = tuple[str, int, int]
"""An n-gram and the first and one past the last token it covers."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """`buckets` and `weights` [n-grams] of the linear part (log counts × inverse document frequency, unit length in each group);
    `covers` the (first, last + 1) tokens of every occurrence by n-gram; `words` [chunks, CHUNK] numbers from 1, 0 = padding;
    `spans` the characters of each token in the original text."""

    buckets: NDArray[np.int64]
    weights: NDArray[np.float32]
    covers: tuple[tuple[tuple[int, int], ...], ...]
    words: NDArray[np.int64]
    spans: tuple[tuple[int, int], ...]


def tokens(text: str, signs: bool) -> list[tuple[int, int]]:
    """Spans of the words, or of every visible character for Chinese."""
    return [match.span() for match in (_SIGN if signs else _WORD).finditer(text)]


def grams(text: str, spans: Sequence[tuple[int, int]], group: Mapping[str, Any]) -> list[Gram]:
    """The n-grams of one group, in the order of the text."""
    low = text.lower()
    words = [low[a:b] for a, b in spans]
    kind, longest = str(group["kind"]), int(group.get("longest", 2))
    found: list[Gram] = []
    if kind in ("word", "sign"):
        glue = " " if kind == "word" else ""
        for n in range(1, longest + 1):
            found += [(f"{kind}|{glue.join(words[i : i + n])}", i, i + n) for i in range(len(words) - n + 1)]
    elif kind == "char":
        for i, word in enumerate(words):
            padded = f" {word} "
            for n in range(3, longest + 1):
                found += [(f"char|{padded[k : k + n]}", i, i + 1) for k in range(max(1, len(padded) - n + 1))]
    else:
        at = 0
        for number, line in enumerate(low.split("\n")):
            who = line.split(":", 1)[0].strip()[:12]
            inside = [i for i, (a, _) in enumerate(spans) if at <= a < at + len(line)] if kind == "first" and number == 0 else []
            if kind == "role":
                inside = _between(spans, at, at + len(line))
            found += [(f"{kind}|{who if kind == 'role' else ''}|{words[i]}", i, i + 1) for i in inside]
            if kind == "first":
                found += [(f"first||{words[i]} {words[i + 1]}", i, i + 2) for i in inside[:-1]]
                break
            at += len(line) + 1
    return found


def _between(spans: Sequence[tuple[int, int]], start: int, end: int) -> list[int]:
    from bisect import bisect_left

    first = bisect_left(spans, (start, 0))
    last = bisect_left(spans, (end, 0))
    return list(range(first, last))


def bucket(gram: str, buckets: int) -> int:
    return zlib.crc32(gram.encode("utf-8")) % buckets


def counted(text: str, parameters: Mapping[str, Any]) -> list[dict[int, list[tuple[int, int]]]]:
    """For each group, the tokens covered by each bucket's occurrences."""
    spans = tokens(text, bool(parameters["signs"]))
    found = []
    for group in parameters["groups"]:
        places: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for gram, first, last in grams(text, spans, group):
            places[bucket(gram, int(parameters["buckets"]))].append((first, last))
        found.append(places)
    return found


def prepare(text: str, frequencies: NDArray[np.float32], parameters: Mapping[str, Any]) -> Prepared:
    """`frequencies` [buckets]: inverse document frequency, 0 for n-grams of fewer than two notes. ValueError without words."""
    spans = tokens(text, bool(parameters["signs"]))
    if not spans:
        raise ValueError("no words")
    numbers: list[NDArray[np.int64]] = []
    weights: list[NDArray[np.float64]] = []
    covers: list[tuple[tuple[int, int], ...]] = []
    for group, places in zip(parameters["groups"], counted(text, parameters), strict=True):
        known = [(number, where) for number, where in places.items() if frequencies[number] > 0]
        if not known:
            continue
        values = np.array([(1 + np.log(len(where))) * frequencies[number] for number, where in known])
        values *= float(group.get("weight", 1.0)) / np.linalg.norm(values)
        numbers.append(np.array([number for number, _ in known], np.int64))
        weights.append(values)
        covers += [tuple(where) for _, where in known]
    low = text.lower()
    vocabulary = int(parameters["vocabulary"])
    ids = [1 + bucket(f"token|{low[a:b]}", vocabulary - 1) for a, b in spans]
    chunks = -(-len(ids) // CHUNK)
    table = np.zeros((chunks, CHUNK), np.int64)
    table.reshape(-1)[: len(ids)] = ids
    empty = not numbers
    return Prepared(
        np.zeros(0, np.int64) if empty else np.concatenate(numbers),
        np.zeros(0, np.float32) if empty else np.concatenate(weights).astype(np.float32),
        tuple(covers),
        table,
        tuple(spans),
    )
