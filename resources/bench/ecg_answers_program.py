"""A 10-s 12-lead ECG: file → painted → every ECG network's answer marked on it and painted, networks loaded: seconds."""

import sys
import tempfile
from pathlib import Path

from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from medviewer.core.ecg_layout import resolve
from medviewer.core.ecg_marks import marks_of
from medviewer.core.ecg_view import EcgView
from medviewer.inference.engine import InPlaceEngine
from medviewer.inference.registry import Registry
from medviewer.services.analyse import infer
from medviewer.store.profile import Profile
from medviewer.ui.ecg.painter import EcgPainter

sys.path.insert(0, str(Path(__file__).parent))
from day_page_program import SIZE, opened, painted


def prepare(data):
    application = QApplication.instance() or QApplication([])
    registry = Registry(Profile.at(tempfile.mkdtemp()))
    there = [bundle.id for bundle in registry.bundles() if bundle.kind == "ecg"]
    assert there, "no ECG network is installed"
    engine = InPlaceEngine("cpu")
    target = QImage(*SIZE, QImage.Format.Format_RGB32)

    def work():
        assert application is not None
        record = opened(data)
        one = EcgPainter(record)
        view = EcgView.start(record)
        painted(one, view, target)
        answers = list(infer([record], registry, engine, models=there))
        painter = QPainter(target)
        one.paint(painter, view, resolve(view, record, SIZE), marks_of(record, answers), 1.0)
        painter.end()

    work()
    return work
