"""Second starts, closing while work runs, memory: what happens at the ends of a session."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from make import make_series
from PySide6.QtWidgets import QApplication

from medviewer.services.sample import sample_paths
from medviewer.store.profile import Profile
from medviewer.ui.app import hand_over, listen

RUN = """
import sys, time, threading
from PySide6.QtCore import QTimer
from medviewer.ui import app
from medviewer.ui.window import Window
{before}
made = Window.__init__
def init(self):
    made(self)
    Window.last = self
Window.__init__ = init
starters = []
starter = app.Starter.__init__
def keep(self, *arguments, **more):
    starter(self, *arguments, **more)
    starters.append(self)
app.Starter.__init__ = keep
furnish = app.Starter._make_desk
def furnished(self):
    furnish(self)
    poll()  # at once: a small scan would be over before the next event
app.Starter._make_desk = furnished
begun, moments = [], []
def close():
    begun.append(time.monotonic())
    Window.last.close()
def poll():
    desk = starters[0].desk if starters else None
    if desk is not None and ({ready}):
        close()
    else:
        QTimer.singleShot(5, poll)
code = app.run({paths!r}, new_instance=True, profile={profile!r})
took = time.monotonic() - begun[0]
print('took', took, flush=True)
sys.exit(code)
"""


SLOW_SCAN = """
from medviewer.io import scan
read = scan.read_header
scan.read_header = lambda *arguments: (time.sleep(0.01), read(*arguments))[1]
"""
"""A scan that cannot be over before somebody looks."""


def closed_while(ready, paths, profile, timeout=120, before=""):
    """Seconds from close to the end of `run`, and the finished process; `ready` is an expression about `desk`."""
    script = RUN.format(before=before, ready=ready, paths=[str(path) for path in paths], profile=str(profile))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "QThread" not in done.stderr, done.stderr
    return float(done.stdout.split("took")[1].split()[0]), done


def test_cr06_closing_during_a_scan_ends_in_time_with_exit_code_0(tmp_path):
    make_series(tmp_path / "ct", 600, shape=(64, 64), pixels=lambda k: np.full((64, 64), k, np.int16))
    scanning = "desk.openings.running"
    took, _ = closed_while(scanning, [tmp_path / "ct"], tmp_path / "profile", before=SLOW_SCAN)
    assert took < 5.0


def test_cr06_closing_while_a_network_reads_ends_in_time_with_exit_code_0(tmp_path):
    if not any((Path(__file__).resolve().parents[2] / "models").glob("*/weights.safetensors")):
        pytest.skip("no network is installed")
    child = sample_paths(tmp_path / "sample")[0]
    ready = "(desk.analyst.busy or (desk.grid.active._shown is not None and desk.session.account.finished and desk.analyse()))"
    took, _ = closed_while(ready, [child], tmp_path / "profile")
    assert took < 5.0


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.0, 2.0, 4.0])
def test_rn01_closing_at_any_moment_of_a_run_ends_with_exit_code_0(tmp_path, seconds):
    """From the moment the engine's process is asked to start until its answer is there."""
    child = sample_paths(tmp_path / "sample")[0]
    asks = "(desk.analyse(), moments.append(time.monotonic()))"
    asked = f"(desk.session.account.finished and desk.grid.active._shown is not None and {asks})"
    ready = f"(moments or {asked}) and time.monotonic() - moments[0] >= {seconds}"
    took, done = closed_while(ready, [child], tmp_path / "profile")
    assert took < 5.0 and done.stderr.count("leaked") == 0


def test_cr06_window_and_settings_are_kept_when_closing_in_the_middle_of_a_scan(tmp_path):
    make_series(tmp_path / "ct", 600, shape=(64, 64), pixels=lambda k: np.full((64, 64), k, np.int16))
    laid_out = "desk.openings.running and (desk.lay_out(2, 2) or True)"
    closed_while(laid_out, [tmp_path / "ct"], tmp_path / "profile", before=SLOW_SCAN)
    kept = json.loads((Profile.at(tmp_path / "profile").config / "settings.json").read_text("utf-8"))
    assert kept["layout"] == [2, 2] and kept["window"] and kept["docks"]
    assert kept["recent"] == [str(tmp_path / "ct")]


def test_a_second_start_hands_its_paths_to_the_running_window_and_ends(qtbot, tmp_path):
    profile = Profile.at(tmp_path / "profile")
    heard: list[list[str]] = []
    server = listen(profile, heard.append)
    try:
        names = [str(tmp_path / "患者 张三"), str(tmp_path / "b c")]
        code = f"import sys\nfrom medviewer.ui.app import run\nsys.exit(run({names!r}, profile={str(tmp_path / 'profile')!r}))\n"
        done: list[subprocess.CompletedProcess[str]] = []
        second = threading.Thread(
            target=lambda: done.append(
                subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
            )
        )
        second.start()
        qtbot.waitUntil(lambda: bool(heard) and bool(done), timeout=60000)
        second.join()
        assert done[0].returncode == 0, done[0].stderr
        assert heard == [names]
    finally:
        server.close()


def test_another_profile_is_another_program(qtbot, tmp_path):
    server = listen(Profile.at(tmp_path / "one"), lambda paths: None)
    try:
        assert not hand_over(Profile.at(tmp_path / "two"), ["x"])
    finally:
        server.close()


def test_a_server_that_died_does_not_keep_the_next_start_from_listening(qtbot, tmp_path):
    profile = Profile.at(tmp_path / "profile")
    left = listen(profile, lambda paths: None)
    heard: list[list[str]] = []
    server = listen(profile, heard.append)
    try:
        assert hand_over(profile, ["a"])
        qtbot.waitUntil(lambda: heard == [["a"]], timeout=5000)
    finally:
        server.close()
        left.close()


def resident() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="reads /proc")
def test_sp01_ten_passes_over_500_slices_raise_memory_by_less_than_five_percent(qtbot, tmp_path):
    from desk import start

    make_series(tmp_path / "ct", 500, shape=(256, 256), pixels=lambda k: np.full((256, 256), k, np.int16))
    desk = start(qtbot, tmp_path / "profile")
    desk.open([str(tmp_path / "ct")])
    pane = desk.grid.panes[0]
    qtbot.waitUntil(lambda: desk.session.account.finished and pane._shown is not None, timeout=60000)
    after_first = 0
    for n in range(10):
        for k in range(0, 500):
            pane.set_view(pane.view.at_frame(k, pane.series))
            if k % 5 == 0:
                qtbot.waitUntil(lambda: not pane.loading, timeout=10000)
                pane.grab()
        QApplication.processEvents()
        after_first = after_first or resident()
        assert len(pane._frames) <= 24
        if n:
            assert resident() < after_first * 1.05
    desk.window.close()
