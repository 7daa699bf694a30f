"""Each side of each bench runs and answers; ratios are printed by `medviewer bench`, never asserted here."""

import subprocess
import sys

import pytest
from make import make_series

from medviewer.cli import bench
from medviewer.store.assets import asset, models_folder

SIDES = sorted(
    {script for row in bench.ROWS for script in (row.program, row.against) if isinstance(script, str) and not row.whole_process}
)
ECG = ["ecg-page", "ecg-pan", "ecg-memory", "ecg-networks", "ecg-answers"]


def test_every_row_of_the_issues_table_is_there():
    names = [row.name for row in bench.ROWS]
    assert names == ["volume", "first-image", "headers", "window-level", "scroll", "start", "queue", *ECG]
    assert [row.limit for row in bench.ROWS] == [0.25, 0.10, 0.2, 0.2, 0.3, 2.5, 1.10, 0.05, 1.0, 0.35, 0.01, 1.0]


@pytest.mark.parametrize("script", SIDES)
def test_a_side_answers_each_round_with_its_seconds(tmp_path, script):
    if script == "ecg_networks_program" and not (models_folder() / "ecg-beats").is_dir():
        pytest.skip("the networks of beats and rhythm are not installed")
    if script.startswith(("day", "ecg")):
        bench.make_record(tmp_path / "data", 60.0, 12)
    else:
        make_series(tmp_path / "data", 6, shape=(64, 64))
    command = [sys.executable, str(asset("bench/turn.py")), str(asset(f"bench/{script}.py")), str(tmp_path / "data")]
    done = subprocess.run(
        command, input="go\ngo\n", capture_output=True, text=True, env=bench._environment(), timeout=120, check=False
    )
    first, *rounds = done.stdout.split()
    assert first == "ready", done.stderr
    assert len(rounds) == 2
    assert all(float(took) > 0 for took in rounds)


def test_the_window_is_painted_before_anything_heavy_is_imported():
    script = (
        "import sys; from medviewer.ui.app import run; seen = []\n"
        "run([], new_instance=True, painted=lambda: seen.extend(sys.modules), quit_after_paint=True)\n"
        "print(sorted({'numpy', 'pydicom', 'torch', 'scipy', 'pyqtgraph', 'SimpleITK', 'sqlite3'} & set(seen)), len(seen) > 50)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=bench._environment(), timeout=60, check=False)
    assert done.stdout.strip() == "[] True", done.stderr
