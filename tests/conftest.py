"""What every test may ask for: the shared data (or a skip that says why), one torch thread, an offscreen Qt."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

DATA = Path(os.environ.get("MEDVIEWER_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of shared real data; the test is skipped where it is missing."""
    if not (DATA / "imaging").is_dir():
        pytest.skip(f"shared data not found at {DATA} (set MEDVIEWER_DATA)")
    return DATA


@pytest.fixture(scope="session", autouse=True)
def one_application(qapp_cls: type) -> object:
    """The whole suite has one QApplication: `paint` would else make a QGuiApplication first, and windows could not follow."""
    return qapp_cls.instance() or qapp_cls([])


@pytest.fixture(autouse=True)
def private_profile(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own settings and caches."""
    monkeypatch.setenv("MEDVIEWER_PROFILE", str(tmp_path_factory.mktemp("profile")))


@pytest.fixture(autouse=True)
def networks_in_place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of tests run their networks in this process; `child` marks the tests of the engine's own process."""
    if "child" not in request.keywords:
        from medviewer.inference.engine import InPlaceEngine

        monkeypatch.setattr("medviewer.services.analyse.ChildEngine", InPlaceEngine)
