"""The lists of names and words that the program brings (`resources/names`)."""

import lzma
from functools import lru_cache

from medviewer.core.privacy import Gazetteer
from medviewer.core.privacy_words import EnglishCues, EnglishLevels
from medviewer.core.privacy_zh import ChineseCosts
from medviewer.store.assets import asset


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """Read once, in about a sixth of a second."""
    return Gazetteer(_english(), _chinese())


def _english() -> EnglishLevels:
    words = dict(line.split(" ") for line in _lines("en"))
    triples = {word[1:]: int(words.pop(word)) for word in [word for word in words if word[0] == "*"]}
    return EnglishLevels(words, triples, EnglishCues(**_cues("en")))


def _chinese() -> ChineseCosts:
    tables: dict[str, dict[str, int]] = {"s": {}, "g": {}, "w": {}}
    for line in _lines("zh"):
        table, word, cost = line.split(" ")
        tables[table][word] = int(cost)
    heads = frozenset(word[:2] for word in tables["w"] if len(word) > 1)
    cues = _cues("zh")
    led_by = frozenset(word[-1] for word in cues["related"]) | frozenset("：: （(")
    return ChineseCosts(tables["s"], tables["g"], tables["w"], heads, cues["sure"], cues["related"], cues["toward"], led_by)


def _lines(language: str) -> list[str]:
    return lzma.decompress(asset(f"names/{language}.txt.xz").read_bytes()).decode("utf-8").splitlines()


def _cues(language: str) -> dict[str, frozenset[str]]:
    """Its groups: "[name] # what it is" and the words in the lines below."""
    found: dict[str, frozenset[str]] = {}
    for block in asset(f"names/cues.{language}.txt").read_text("utf-8").split("[")[1:]:
        head, _, body = block.partition("\n")
        found[head.partition("]")[0]] = frozenset(body.split())
    return found
