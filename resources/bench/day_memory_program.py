"""Private memory in MB of a process whose window shows a day of a 12-lead ECG, pyramid built; mapped file pages do not count."""

import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from medviewer.store.profile import Profile
from medviewer.store.settings import Settings
from medviewer.ui import theme
from medviewer.ui.app import Starter
from medviewer.ui.window import Window


def private_mb():
    """Private pages of this process (Linux); 0 elsewhere is no answer, so it is an error there."""
    lines = Path("/proc/self/smaps_rollup").read_text("utf-8").splitlines()
    sizes = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
    return (sizes["Private_Clean:"] + sizes["Private_Dirty:"]) / 1024


def prepare(data):
    application = QApplication.instance() or QApplication(sys.argv[:1])
    theme.apply(application)
    profile = Profile.at(tempfile.mkdtemp())
    window = Window()
    window.resize(1400, 900)
    starter = Starter(window, profile, Settings(profile), "en", "cpu", [], False, False)
    window.first_paint.connect(starter.start)
    window.show()

    def until(happened):
        while not happened():
            application.processEvents()
            time.sleep(0.005)

    until(lambda: starter.desk is not None)
    starter.desk.open([data])
    pane = lambda: starter.desk.grid.active  # noqa: E731
    until(lambda: pane().kind == "ecg" and pane().record is not None)
    traces = pane()._painter.traces
    until(lambda: traces.pyramid is None or traces.pyramid.done >= traces.record.seconds)

    def work():
        for _ in range(20):
            application.processEvents()
        return private_mb()

    return work
