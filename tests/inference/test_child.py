"""The engine in a process of its own: the same answers, and what becomes of a job when that process ends."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medviewer.core.ecg import EcgRecord, Lead
from medviewer.core.errors import MedviewerError
from medviewer.core.grey import ModalityTransform
from medviewer.core.identity import Patient, Study
from medviewer.core.image import Frame, ImageSeries
from medviewer.core.task import Cancelled, CancelToken
from medviewer.inference.bundle import read_bundle
from medviewer.inference.child import ChildEngine, ReopenedSignal, _crossing
from medviewer.inference.engine import InPlaceEngine
from medviewer.inference.reading import Request
from medviewer.store.assets import models_folder

pytestmark = pytest.mark.child
BUNDLE = read_bundle(models_folder() / "cxr-pneumonia")


class Held:
    def __init__(self, stored):
        self._stored = stored

    def stored(self, k):
        return self._stored

    def volume(self):
        return self._stored[None]


def request(stored=None, explain=""):
    if stored is None:
        stored = np.load(BUNDLE.folder / "probe.npz")["grey"][1]
    frame = Frame("x.dcm", 0, *stored.shape[:2], 1, 8, False, "MONOCHROME2", "", ModalityTransform())
    facts = {"modality": "CR", "body_part": "CHEST", "view": "AP", "age_years": 3.0}
    series = ImageSeries("x", Patient("1", "A^B"), Study(), "1", frames=(frame,), source=Held(stored), **facts)
    return Request(series, 0, BUNDLE, BUNDLE.thresholds, (), explain)


@pytest.fixture(scope="module")
def warm():
    engine = ChildEngine("cpu", threads=1)
    engine.device()
    yield engine
    engine.close()


def test_the_child_gives_the_answers_of_the_engine_in_place(warm):
    asked = [request(explain="grad-cam"), request(np.zeros((8, 8), np.uint8))]
    there = warm.run(asked, CancelToken())
    here = InPlaceEngine("cpu", threads=1).run(asked, CancelToken())
    assert [r.status for r in there] == [r.status for r in here] == ["ok", "refused"]
    assert there[0].scores == here[0].scores
    np.testing.assert_array_equal(there[0].attribution.heat, here[0].attribution.heat)
    assert there[0].provenance.input_sha256 == here[0].provenance.input_sha256
    assert there[1].reason == here[1].reason


def test_progress_of_the_child_is_heard(warm):
    heard = []
    warm.run([request()], CancelToken(), lambda done, total: heard.append((done, total)))
    assert heard[-1] == (2, 2)


def test_unreadable_pixels_fail_alone(warm):
    class Gone(Held):
        def stored(self, k):
            raise MedviewerError("unreadable", "x.dcm", reason="gone")

    lost = request()
    lost = replace(lost, item=replace(lost.item, source=Gone(None)))
    results = warm.run([lost, request()], CancelToken())
    assert [r.status for r in results] == ["failed", "ok"] and results[0].reason.code == "unreadable"


def test_rn12_a_crash_is_told_and_the_next_job_has_a_fresh_process(warm):
    first = warm.pid
    killer = threading.Timer(0.05, lambda: os.kill(first, signal.SIGKILL))
    os.kill(first, signal.SIGSTOP)
    killer.start()
    (result,) = warm.run([request()], CancelToken())
    assert result.status == "failed" and result.reason.code == "engine-crashed"
    (again,) = warm.run([request()], CancelToken())
    assert again.status == "ok" and warm.pid not in (None, first)


def test_rn05_a_child_that_hangs_is_stopped_within_a_second(warm):
    warm.device()
    warm.run([request()], CancelToken())
    hung, token = warm.pid, CancelToken()
    os.kill(hung, signal.SIGSTOP)
    threading.Timer(0.1, token.cancel).start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        warm.run([request()], token)
    assert time.monotonic() - start < 1.5
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)


def test_closing_takes_less_than_two_seconds_and_leaves_no_process():
    engine = ChildEngine("cpu", threads=1)
    engine.device()
    child = engine.pid
    start = time.monotonic()
    engine.close()
    assert time.monotonic() - start < 2.0
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    with pytest.raises(Cancelled):
        engine.run([request()], CancelToken())


PARENT = """
import sys
import numpy as np
from made import image_series
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import read_bundle
from medviewer.inference.child import ChildEngine
from medviewer.inference.reading import Request
from medviewer.store.assets import models_folder
if __name__ == "__main__":
    bundle = read_bundle(models_folder() / "cxr-pneumonia")
    grey = np.load(bundle.folder / "probe.npz")["grey"][1]
    series = image_series(grey[None], modality="CR", body_part="CHEST", view="AP", age_years=3.0)
    request = Request(series, 0, bundle, bundle.thresholds, (), "grad-cam")
    engine = ChildEngine("cpu", threads=1)
    (result,) = engine.run([request], CancelToken())
    print(engine.device().name, engine.pid, result.status, "torch" in sys.modules, flush=True)
    sys.stdin.read()
"""


def test_only_the_child_imports_torch_and_it_ends_with_its_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    root = Path(__file__).parents[2]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "tests")])}
    parent = subprocess.Popen([sys.executable, script], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    device, child, status, torch_here = parent.stdout.readline().split()
    assert (device, status, torch_here) == ("cpu", "ok", "False")  # the answer does not bring torch along either
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _alive(int(child)):
        time.sleep(0.05)
    assert not _alive(int(child))


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Samples:
    def __init__(self, signal):
        self._signal = signal

    def read(self, lead, start, stop):
        return self._signal[start:stop]


def test_a_trace_crosses_exactly_and_a_long_one_is_opened_again():
    wave = np.sin(np.arange(5000) / 7.0)
    wave[10:20] = np.nan
    lead = Lead("II", "mV", 500.0, 5000)
    record = EcgRecord("r", Patient(), Study(), "r.hea", "wfdb", "", (lead,), Samples(wave))
    with _crossing(replace(request(), item=record, frame=None)) as there:
        np.testing.assert_array_equal(there.item.source.read(0, 5, 100), wave[5:100])
    day = replace(record, leads=(replace(lead, samples=500 * 86400),) * 12)
    with _crossing(replace(request(), item=day, frame=None)) as there:
        assert isinstance(there.item.source, ReopenedSignal)
