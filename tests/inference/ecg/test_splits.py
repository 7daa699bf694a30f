"""Which records the rhythm and the twelve-lead network were trained on and judged by: the training scripts' own rules."""

import csv
import importlib.util
import sys
from pathlib import Path

TRAIN = Path(__file__).parents[3] / "models" / "train"


def script(folder, name):
    spec = importlib.util.spec_from_file_location(f"{folder}_{name}".replace("-", "_"), TRAIN / folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_ec09_duplicates_of_the_challenge_lie_on_one_side(data):
    prepared = script("ecg-rhythm", "prepared")
    names = [r["record"] for p in prepared.PARTS for r in csv.DictReader((data / "ecg/cinc2017" / f"{p}.csv").open())]
    assert len(names) == len(set(names)) == 7675
    held = [name for name in names if prepared.held_back(name)]
    assert 0.13 < len(held) / len(names) < 0.17
    for one, other in (("A00227", "A01176"), ("A02656", "A03123")):
        assert one in names and other in names and prepared.share(one) == prepared.share(other)


def test_ec09_no_record_of_the_test_part_is_among_the_trained_ones(data):
    import hashlib

    ptbxl = script("ecg-12lead", "ptbxl")
    parts: dict[str, set[str]] = {}
    signals: dict[str, set[str]] = {}
    for leads, _, part, _, source, name in ptbxl.small(data / "ecg" / "ptbxl"):
        side = "test" if "test" in part else "train"
        parts.setdefault(side, set()).add(f"{source} {name}")
        signals.setdefault(side, set()).add(hashlib.sha256(leads.tobytes()).hexdigest())
    assert len(parts["test"]) == 88 + 12 and len(parts["train"]) == 652 + 88
    ids = {side: {name.split()[1] for name in names} for side, names in parts.items()}
    assert not ids["test"] & ids["train"] and not signals["test"] & signals["train"]
