"""Each side of each bench runs and answers; ratios are printed by `medviewer bench`, never asserted here."""

import subprocess
import sys

import numpy as np
import pytest

from medviewer.cli import bench, benchdata
from medviewer.io.image.compose import compress
from medviewer.io.scan import scan
from medviewer.store.assets import asset, models_folder

DATA = {script: row.data for row in bench.ROWS for script in (row.program, row.against) if isinstance(script, str)}
SIDES = sorted(set(DATA) - set(bench.WHOLE))


def test_every_row_of_the_issues_tables_is_there_with_its_limit():
    limits = {row.name: row.limit for row in bench.ROWS}
    first = {"volume": 0.25, "first-image": 0.10, "headers": 0.2, "window-level": 0.2, "scroll": 0.3, "start": 2.5, "queue": 1.10}
    second = {"start-image": 1.0, "volume-jpeg-ls": 0.45, "volume-jpeg-2000": 0.85, "stall-loading": 1.0, "stall-network": 1.0}
    third = {"memory": 1.5, "infer-folder": 0.5, "infer-folder-torch": 1.10}
    ecg = {"ecg-page": 0.05, "ecg-start": 2.0, "ecg-pan": 1.0, "ecg-memory": 0.35, "ecg-networks": 0.01, "ecg-answers": 1.0}
    note = {"note": 1.2, "note-time": 1.0}
    assert limits == first | second | third | ecg | note


def made(folder, kind):
    if kind in benchdata.RECORDS:
        benchdata.make_record(folder / "ecg", 60.0, 12)
        return folder / "ecg"
    if kind == "radiographs":
        benchdata.make_radiographs(folder / "cr", 2)
        return folder / "cr"
    benchdata.make_slices(folder / "ct", 6, 64)
    if kind in ("jpeg-ls", "jpeg-2000"):
        compress(folder / "ct", folder / kind, kind)
        return folder / kind
    return folder / "ct"


@pytest.mark.parametrize("script", SIDES)
def test_a_side_answers_each_round_with_its_seconds(tmp_path, script):
    if script == "ecg_networks_program" and not (models_folder() / "ecg-beats").is_dir():
        pytest.skip("the networks of beats and rhythm are not installed")
    command = [sys.executable, str(asset("bench/turn.py")), str(asset(f"bench/{script}.py")), str(made(tmp_path, DATA[script]))]
    done = subprocess.run(
        command, input="go\ngo\n", capture_output=True, text=True, env=bench._environment(), timeout=120, check=False
    )
    first, *rounds = done.stdout.split()
    assert first == "ready", done.stderr
    assert len(rounds) == 2
    assert all(float(took) > 0 for took in rounds)


@pytest.mark.parametrize("script", ["window_image", "window_loading", "window_memory", "window_network"])
def test_the_watched_window_answers_with_its_figure_and_closes(tmp_path, script):
    command = [sys.executable, str(asset(f"bench/{script}.py")), str(made(tmp_path, "slices"))]
    done = subprocess.run(command, capture_output=True, text=True, env=bench._environment(), timeout=120, check=False)
    answer = done.stdout.strip()
    assert done.returncode == 0 and (answer == "painted" or float(answer) > 0), done.stderr


@pytest.mark.parametrize("codec", ["jpeg-ls", "jpeg-2000"])
def test_a_compressed_copy_has_the_same_voxels(tmp_path, codec):
    plain, packed = (scan([made(tmp_path / one, one)], workspace=tmp_path).images[0] for one in ("slices", codec))
    assert all(place.stream for place in packed.source._places)
    np.testing.assert_array_equal(packed.source.volume(), plain.source.volume())


def test_the_window_is_painted_before_anything_heavy_is_imported():
    script = (
        "import sys; from medviewer.ui.app import run; seen = []\n"
        "run([], new_instance=True, painted=lambda: seen.extend(sys.modules), quit_after_paint=True)\n"
        "print(sorted({'numpy', 'pydicom', 'torch', 'scipy', 'pyqtgraph', 'SimpleITK', 'sqlite3'} & set(seen)), len(seen) > 50)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=bench._environment(), timeout=60, check=False)
    assert done.stdout.strip() == "[] True", done.stderr


def test_a_row_whose_outside_program_is_missing_is_skipped_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (row,) = (row for row in bench.ROWS if row.name == "ecg-start")
    with pytest.raises(bench.Skipped, match="is not installed"):
        bench.measure(row, str(tmp_path), 1)


def test_a_record_that_is_opened_waits_for_no_reader_of_notes(tmp_path):
    """What counts at the start of the program is what is imported before the first page."""
    (tmp_path / "r.dat").write_bytes(bytes(2000))
    (tmp_path / "r.hea").write_text("r 1 250 1000\nr.dat 16 200/mV 16 0 0 0 0 II\n")
    code = (
        "import sys; from medviewer.io.scan import scan; "
        f"assert scan([r'{tmp_path / 'r.hea'}'], workspace=r'{tmp_path}').items; "
        "print([name for name in sys.modules if name.startswith(('medviewer.io.note', 'pydicom', 'wfdb'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
