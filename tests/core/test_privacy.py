"""Identifiers of made notes are found, and what is none stays: recall and over-marking in both languages."""

import re
import time
from pathlib import Path

import pytest

from medviewer.core.privacy import clean, identifiers

GOLDEN = Path(__file__).parents[1] / "golden"


def marked(language):
    """(text, spans) of each line of the golden file, where [[…]] is an identifier."""
    for line in (GOLDEN / f"identifiers.{language}.txt").read_text("utf-8").splitlines():
        text, spans, at = "", [], 0
        for match in re.finditer(r"\[\[(.+?)\]\]", line):
            text += line[at : match.start()]
            spans.append((len(text), len(text) + len(match[1])))
            text += match[1]
            at = match.end()
        yield text + line[at:], spans


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nineteen_of_twenty_identifiers_are_found_and_hardly_anything_else(language):
    missed, wrong, total = [], [], 0
    for text, spans in marked(language):
        found = identifiers(text)
        covered = {place for one in found for place in range(one.start, one.end)}
        total += len(spans)
        missed += [text[a:b] for a, b in spans if len(covered & set(range(a, b))) < 0.8 * (b - a)]
        wrong += [text[i.start : i.end] for i in found if not any(a < i.end and i.start < b for a, b in spans)]
    assert total >= 40
    assert len(missed) <= 0.05 * total, missed
    assert len(wrong) <= 0.05 * total, wrong


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_clean_copy_has_none_of_them_left(language):
    for text, spans in marked(language):
        made = clean(text, language)
        for a, b in spans:
            assert len(text[a:b]) < 4 or text[a:b] not in made, text


def test_half_a_megabyte_is_looked_through_in_seconds():
    began = time.monotonic()
    for text in ("The patient denies fever and chest pain. " * 6000, "患者无发热，" * 20_000, "A" * 200_000, "省市区路" * 30_000):
        identifiers(text)
    assert time.monotonic() - began < 20
