"""Numbers with units in a note, and which finding each belongs to: the "5 mm" of "a 5 mm nodule"."""

import re
from collections.abc import Sequence

from medviewer.core.note import Measure

_NUMBER = r"\d+(?:\.\d+)?"
_UNIT = r"mm|cm|毫米|厘米|ml|mL|毫升|cc|msec|ms|毫秒|mV|毫伏|bpm|次/分钟?|[°º]\s?[CF]|℃|℉|%|％"
_MEASURE = re.compile(
    rf"(?<![A-Za-z\d./])(?P<numbers>{_NUMBER}(?:\s*(?:mm|cm)?\s*(?:[xX×*✕~～–-]|to|by|至)\s*{_NUMBER}){{0,2}})"
    rf"[\s-]*(?P<unit>{_UNIT})(?![A-Za-z\d²³])"
)
_BACK = re.compile(
    r"(?:measur\w+|diameter|size|up to|at least|(?:larger|greater|more|less|smaller) than|of|is|was"
    r"|大小|直径|长径|短径|径|厚度?|约|为|达|深|宽|[(（])[\s:：约为是]*$",
    re.IGNORECASE,
)
"""Words after which a measure belongs to what stands before it."""
_DISTANCE = re.compile(r"\s*(?:from|above|below|away|proximal|distal|superior|inferior|per|处)\b", re.IGNORECASE)
"""Words after a measure that says where something is, not how large."""
_BREAK = re.compile(r"[,，、;；()（）]|\b(?:and|with|from)\b")
NEAR = 60
"""Characters between a measure and its finding."""
APART = 20
"""A sign or word that parts them counts as so many characters; twice as many where the words before the measure look back."""


def measures(text: str) -> tuple[Measure, ...]:
    """Every number with a unit, in the order of the text."""
    return tuple(
        Measure(m.start(), m.end(), m[0], tuple(float(n) for n in re.findall(_NUMBER, m["numbers"])), m["unit"])
        for m in _MEASURE.finditer(text)
    )


def owners(text: str, places: Sequence[tuple[int, int]], parts: Sequence[tuple[int, int]]) -> dict[int, tuple[Measure, ...]]:
    """For the index of each place (spans of findings) the measures that belong to it: each measure to one finding of its own
    sentence (`parts`), the nearest, and rather to the one before it where the words before the measure look back."""
    found: dict[int, list[Measure]] = {}
    for start, end in parts:
        inside = [n for n, (a, b) in enumerate(places) if start <= a and b <= end]
        for measure in measures(text[start:end]) if inside else ():
            if _DISTANCE.match(text, measure.end + start, end):
                continue
            moved = Measure(measure.start + start, measure.end + start, measure.text, measure.values, measure.unit)
            cost, best = min((_cost(text, moved, places[n], start), n) for n in inside)
            if cost <= NEAR:
                found.setdefault(best, []).append(moved)
    return {n: tuple(kept) for n, kept in found.items()}


def _cost(text: str, measure: Measure, place: tuple[int, int], start: int) -> float:
    """How far a finding is from a measure."""
    before = place[1] <= measure.start
    gap = text[place[1] : measure.start] if before else text[measure.end : place[0]]
    cost = len(gap) + APART * len(_BREAK.findall(gap))
    if _BACK.search(text[max(start, measure.start - 16) : measure.start]):
        return cost if before else cost + 2 * APART
    if before:
        return cost + APART / 2 if gap.strip() else cost
    return cost + 2 * APART if _BREAK.search(gap) else cost
