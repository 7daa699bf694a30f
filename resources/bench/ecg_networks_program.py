"""Beats and rhythm of a 30-minute record, on the CPU, networks loaded: seconds."""

import tempfile
from pathlib import Path

from medviewer.inference.engine import InPlaceEngine
from medviewer.inference.registry import Registry
from medviewer.io.scan import scan
from medviewer.services.analyse import infer
from medviewer.store.profile import Profile

WANTED = ("ecg-beats", "ecg-rhythm")


def prepare(data, wanted=WANTED):
    record = next(item for item in scan([data], workspace=Path(tempfile.mkdtemp())).items if item.kind == "ecg")
    registry = Registry(Profile.at(tempfile.mkdtemp()))
    there = [bundle.id for bundle in registry.bundles() if bundle.id in wanted]
    assert there, "no ECG network is installed"
    engine = InPlaceEngine("cpu")

    def work():
        answers = list(infer([record], registry, engine, models=there))
        assert {answer.status for answer in answers} <= {"ok", "refused"}, answers

    work()
    return work
