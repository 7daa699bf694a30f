"""A disk that is full, and drives that do not answer: told in our words, nothing half-written, nothing waits for ever."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from make import make_series

from medviewer.core.task import Account
from medviewer.io import scan as scanning
from medviewer.services.open import open_paths
from medviewer.services.session import Session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits and pipes of POSIX")
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from medviewer.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def noise(k):
    return np.random.default_rng(k).integers(0, 4000, (64, 64)).astype(np.int16)


def limited(limit, *arguments):
    """The program where no file may grow beyond `limit` bytes: the system refuses the write, as a full disk does."""
    command = [sys.executable, "-c", LIMITED.format(limit=limit), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("form", ["npy", "png", "nifti", "nrrd", "dicom"])
def test_a_full_disk_leaves_no_half_written_export(tmp_path, form):
    make_series(tmp_path / "ct", 3, shape=(64, 64), pixels=noise)
    done = limited(2500, "export", tmp_path / "ct", "--out", tmp_path / "out", "--format", form)
    assert done.returncode == 7, done.stderr
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert [p.name for p in (tmp_path / "out").rglob("*") if p.is_file()] == []


@pytest.mark.parametrize("form", ["npz", "csv", "wfdb", "edf"])
def test_a_full_disk_leaves_no_half_written_record(tmp_path, form):
    from medviewer.io.ecg.leads import held_record
    from medviewer.io.ecg.write import write

    trace = np.random.default_rng(1).normal(size=5000)
    write(held_record("", "wfdb", "r", [("II", 250.0, trace, 0.001)]), tmp_path, "r", "wfdb")
    done = limited(2500, "export", tmp_path / "r.hea", "--out", tmp_path / "out", "--format", form)
    assert done.returncode == 7, done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in (tmp_path / "out").rglob("*") if p.is_file()] == []


def test_a_full_disk_while_a_pane_is_rendered_is_told(tmp_path):
    make_series(tmp_path / "ct", 1, shape=(64, 64), pixels=noise)
    done = limited(2500, "render", tmp_path / "ct", "--out", tmp_path / "pane.png")
    assert done.returncode == 7 and "Traceback" not in done.stderr, done.stderr
    assert not (tmp_path / "pane.png").exists()


def test_pipes_and_devices_in_a_folder_are_skipped_and_nobody_waits_for_them(tmp_path):
    make_series(tmp_path / "ct", 2)
    os.mkfifo(tmp_path / "ct" / "0001.pipe")
    found = []
    paths = [tmp_path / "ct", tmp_path / "ct" / "0001.pipe"]
    reader = threading.Thread(target=lambda: found.append(scanning.scan(paths, workspace=tmp_path)), daemon=True)
    reader.start()
    reader.join(20)
    assert found, "the scan waits for a pipe"
    assert [notice.code for notice in found[0].account.skipped] == ["not-recognised"]
    assert found[0].account.loaded == 2


def test_a_drive_that_does_not_answer_is_named_when_stopped_and_late_answers_are_dropped(tmp_path, monkeypatch):
    make_series(tmp_path / "ct", 2)
    asked, answered = threading.Event(), threading.Event()
    take = scanning._take

    def slow(path, *rest, **more):
        if Path(path).name == "0001.dcm":
            asked.set()
            answered.wait(20)
        return take(path, *rest, **more)

    monkeypatch.setattr(scanning, "_take", slow)
    monkeypatch.setattr("medviewer.services.open.NOT_ANSWERING_S", 0.2)
    session, waiting = Session(), []
    opening = open_paths(session, waiting.append, [tmp_path / "ct"], workspace=tmp_path)
    while not asked.wait(0.05):  # the scan lets the first image be taken before it goes on
        while waiting:
            waiting.pop(0)()
    time.sleep(0.3)
    start = time.monotonic()
    opening.cancel()
    assert time.monotonic() - start < 0.5 and not opening.finished
    while waiting:
        waiting.pop(0)()
    account: Account = session.account
    assert account.finished and [n.code for n in account.failed] == ["drive-not-answering"]
    assert account.failed[0].path.endswith("0001.dcm")
    answered.set()
    assert opening.join(20)
    while waiting:
        waiting.pop(0)()
    assert session.account.failed == account.failed and len(session.items) <= 1
