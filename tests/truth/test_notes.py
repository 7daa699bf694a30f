"""Notes of the shared data: every sample yields the text its manifest demands; negation against the NegEx gold set."""

import gzip
import json
import zlib
from pathlib import Path

import pytest

from medviewer.core.lexicon import Lexicon
from medviewer.core.mentions import mentions
from medviewer.core.note import NoteDocument
from medviewer.core.statements import sentences
from medviewer.io.scan import scan
from medviewer.store.assets import asset


@pytest.fixture(scope="module")
def text(data):
    return data / "text"


def test_every_sample_yields_the_text_its_manifest_demands(text, tmp_path):
    entries = [json.loads(line) for line in (text / "samples" / "manifest.jsonl").read_text("utf-8").splitlines()]
    missing = []
    for entry in entries:
        batch = scan([text / "samples" / entry["file"]], workspace=tmp_path)
        found = "\n".join(item.text for item in batch.items if isinstance(item, NoteDocument))
        squeezed = " ".join(found.split())
        wanted = [" ".join(w.split()) for w in entry["must_contain"] or []]
        marked_up = "<templateId" in found or '"resourceType"' in found or "{\\rtf" in found
        if not found or marked_up or any(w not in squeezed for w in wanted):
            missing.append((entry["file"], [n.code for n in batch.account.failed], squeezed[:80]))
    assert len(entries) >= 30 and not missing


def test_negated_findings_reach_the_target_on_the_negex_sentences(text):
    lexicon = Lexicon(json.loads(asset("lexicon/en.json").read_text("utf-8")))
    with gzip.open(text / "negation" / "negex_shared.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    hit = wrong = missed = 0
    for row in rows:
        sentence = row["sentence"]
        start = sentence.find(row["concept"].upper())
        found = [m for m in mentions(sentence, lexicon, [row["concept"]]) if m.concept == row["concept"]]
        chosen = next((m for m in found if m.start == start), found[0] if found else None)
        absent, gold = chosen is not None and chosen.state == "absent", row["negation"] == "Negated"
        hit, wrong, missed = hit + (absent and gold), wrong + (absent and not gold), missed + (gold and not absent)
    assert 2 * hit / (2 * hit + wrong + missed) >= 0.96


def test_nt01_sentences_of_real_notes_are_judged_as_a_person_judged_them(text):
    """`golden/mtsamples.en.tsv`: the CRC-32 of a sentence (the data stay where they are) and what it says of its findings."""
    lexicon = Lexicon(json.loads(asset("lexicon/en.json").read_text("utf-8")))
    lines = (Path(__file__).parents[1] / "golden" / "mtsamples.en.tsv").read_text("utf-8").splitlines()
    truth = dict(line.split("\t") for line in lines)
    right = seen = 0
    for part in ("unlabelled", "train", "valid"):
        with gzip.open(text / "mtsamples12" / f"{part}.jsonl.gz", "rt", encoding="utf-8") as rows:
            notes = [json.loads(row)["text"] for row in rows]
        for note in notes:
            for start, end in sentences(note, "en"):
                sentence = " ".join(note[start:end].split())
                said = truth.pop(f"{zlib.crc32(sentence.encode()):08x}", "") if 50 < len(sentence) < 260 else ""
                if said:
                    found = {m.text.lower(): m.state for m in reversed(mentions(sentence, lexicon))}
                    wanted = dict(one.split("=") for one in said.split("; "))
                    seen += 1
                    right += all(found[concept] == state for concept, state in wanted.items())
    assert seen >= 150
    assert right >= 0.95 * seen
