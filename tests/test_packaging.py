"""What a bundle needs of the source; the bundle itself is built and tried by packaging/linux/bundle.sh: minutes, not in CI."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEC = (ROOT / "packaging" / "medviewer.spec").read_text("utf-8")
SOURCES = [*(ROOT / "medviewer").rglob("*.py"), ROOT / "packaging" / "start.py"]


def test_pk01_nothing_is_scripted_or_compiled_at_run_time():
    found = [path for path in SOURCES if re.search(r"torch\.(jit|compile)\b|TorchScript", path.read_text("utf-8"))]
    assert found == []


def test_pk01_the_check_of_a_bundle_runs_selfcheck_render_and_infer_without_python():
    check = (ROOT / "packaging" / "linux" / "check-bundle.sh").read_text("utf-8")
    assert "PATH=/nowhere" in check
    assert all(f"program {name}" in check for name in ("selfcheck", "render", "infer"))
    assert "check-bundle.sh" in (ROOT / "packaging" / "linux" / "bundle.sh").read_text("utf-8")


def test_pk02_freeze_support_is_the_first_call_and_nothing_starts_workers():
    main = next(
        node
        for node in ast.parse((ROOT / "medviewer" / "__main__.py").read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "main"
    )
    assert ast.unparse(main.body[0]) == "freeze_support()"
    found = [p for p in SOURCES if re.search(r"DataLoader|ProcessPool|multiprocessing\.Pool", p.read_text("utf-8"))]
    assert found == []


@pytest.mark.child
def test_pk02_the_engine_is_one_process_and_it_goes():
    script = "from medviewer.cli.selfcheck import _engine; print(_engine('cpu'))"
    guarded = f"import sys\nif __name__ == '__main__':\n    {script}"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", guarded], capture_output=True, text=True, env=env, timeout=120, check=False)
    assert done.stdout.strip() == "one process, cpu", done.stderr


def test_pk03_nobody_asks_openmp_to_look_away_and_the_check_counts_its_libraries():
    word = "KMP_" + "DUPLICATE"
    files = [*SOURCES, *(ROOT / "packaging").rglob("*.*"), *(ROOT / "resources" / "bench").glob("*.py")]
    assert [path for path in files if path.is_file() and word in path.read_text("utf-8", "ignore")] == []
    assert "one OpenMP library" in (ROOT / "packaging" / "linux" / "check-bundle.sh").read_text("utf-8")


def test_pk04_the_hidden_imports_and_the_metadata_of_plug_ins_exist():
    codecs = re.search(r'f"imagecodecs\.\{name\}" for name in (\(.*?\))', SPEC)
    names = [f"imagecodecs.{name}" for name in ast.literal_eval(codecs[1])]
    names += ["openjpeg", "rle", "jpeg_ls", "_CharLS", "onnxruntime.capi.onnxruntime_pybind11_state"]
    assert [name for name in names if importlib.util.find_spec(name) is None] == []
    assert all(name.rsplit(".", 1)[-1] in SPEC for name in names)
    copied = ast.literal_eval(re.search(r"for name in (\(\"pydicom\".*?\)):", SPEC)[1])
    assert {"pydicom", "pylibjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle", "pyjpegls"} <= set(copied)
    assert all(distribution(name) for name in copied)


def test_pk04_the_decoders_use_no_other_part_of_imagecodecs_than_the_bundle_carries():
    used = set()
    for path in SOURCES:
        used |= set(re.findall(r"imagecodecs\.(\w+?)_(?:en|de)code", path.read_text("utf-8")))
    carried = set(ast.literal_eval(re.search(r'f"imagecodecs\.\{name\}" for name in (\(.*?\))', SPEC)[1]))
    assert used and {f"_{name}" for name in used} <= carried


def test_pk05_only_the_parts_of_qt_that_are_used_go_in_and_the_size_has_a_limit():
    used = set()
    for path in SOURCES:
        used |= set(re.findall(r"from PySide6\.(Qt\w+) import", path.read_text("utf-8")))
    excluded = set(re.findall(r'"PySide6\.(Qt\w+)"', SPEC))
    assert used and excluded and not used & excluded
    check = (ROOT / "packaging" / "linux" / "check-bundle.sh").read_text("utf-8")
    assert "libqxcb.so" in check and "-le 1500" in check


def test_the_gpl_decoder_stops_the_build():
    assert "pylibjpeg-libjpeg" in SPEC and "_libjpeg" in (ROOT / "packaging" / "linux" / "check-bundle.sh").read_text("utf-8")


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")
def test_a_debian_package_carries_the_bundle_the_command_and_the_menu_entry(tmp_path):
    bundle = tmp_path / "medviewer"
    bundle.mkdir()
    (bundle / "medviewer").write_text("#!/bin/sh\necho started\n", "utf-8")
    (bundle / "medviewer").chmod(0o755)
    subprocess.run(
        ["sh", str(ROOT / "packaging" / "linux" / "deb.sh"), str(bundle), str(tmp_path)], check=True, capture_output=True
    )
    (package,) = tmp_path.glob("medviewer_*.deb")
    field = subprocess.run(["dpkg-deb", "-f", str(package), "Depends"], capture_output=True, text=True, check=True).stdout
    assert field.replace(",", " ").split() == (ROOT / "packaging" / "linux" / "libraries.txt").read_text("utf-8").split()
    subprocess.run(["dpkg-deb", "-x", str(package), str(tmp_path / "root")], check=True)
    root = tmp_path / "root"
    assert (root / "usr/bin/medviewer").readlink() == Path("/opt/medviewer/medviewer")
    assert subprocess.check_output([root / "opt/medviewer/medviewer"], text=True) == "started\n"
    assert "Exec=medviewer %F" in (root / "usr/share/applications/medviewer.desktop").read_text("utf-8")
    assert (root / "usr/share/icons/hicolor/256x256/apps/medviewer.png").stat().st_size > 1000
