"""The promises of the repository itself: its commands, its words, what it brings along."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_ci_calls_exactly_the_readmes_install_and_test_lines():
    readme = (ROOT / "README.md").read_text("utf-8")
    install, test = re.search(r"Install, and run the tests:\n\n```sh\n(.+) && (.+)\n```", readme).groups()
    steps = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert install in steps
    assert test in steps


def test_tf09_no_gpl_decoder_is_installed():
    names = {dist.metadata["Name"].lower().replace("_", "-") for dist in distributions()}
    assert "pydicom" in names
    assert "pylibjpeg-libjpeg" not in names
    assert importlib.util.find_spec("libjpeg") is None
    pins = (ROOT / "constraints.txt").read_text("utf-8") + (ROOT / "pyproject.toml").read_text("utf-8")
    assert "pylibjpeg-libjpeg" not in pins
    assert "pylibjpeg[" not in pins


def test_every_message_stands_in_both_languages_with_the_same_facts():
    english, chinese = (json.loads((ROOT / "resources" / f"messages.{lang}.json").read_text("utf-8")) for lang in ("en", "zh_CN"))
    assert set(english) == set(chinese)
    for code, entry in english.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
        for part in ("message", "remedy"):
            facts = set(re.findall(r"{(\w+)[^}]*}", entry[part]))
            assert facts >= set(re.findall(r"{(\w+)[^}]*}", chinese[code][part])), code
        assert chinese[code]["message"]


def test_every_code_that_is_raised_below_the_window_has_a_sentence():
    english = json.loads((ROOT / "resources" / "messages.en.json").read_text("utf-8"))
    missing = {code: where for where, code in _codes() if code not in english}
    assert not missing


def _codes():
    """(file, code) of every `MedviewerError("…")` and `Notice("…")` in the package."""
    found = []
    for path in (ROOT / "medviewer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("MedviewerError", "Notice")
            )
            if named and node.args and isinstance(node.args[0], ast.Constant):
                found.append((path.name, node.args[0].value))
    assert len(found) > 10
    return found


def test_mw01_no_source_reads_a_pickle():
    for path in [*(ROOT / "medviewer").rglob("*.py"), *(ROOT / "models").rglob("*.py")]:
        source = path.read_text("utf-8")
        assert "import pickle" not in source, path
        assert "weights_only=False" not in source, path
        assert "torch.load(" not in source, path


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_version_and_help_import_neither_qt_nor_torch(flag):
    script = (
        "import sys; from medviewer.cli.main import main; code = main([sys.argv[1]]); "
        "heavy = {'PySide6', 'torch', 'numpy', 'pydicom'} & set(sys.modules); sys.exit(code or len(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script, flag], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "medviewer" in done.stdout


def test_the_window_module_only_places_docks_and_panes():
    lines = (ROOT / "medviewer" / "ui" / "window.py").read_text("utf-8").splitlines()
    assert len(lines) <= 300


def test_the_docs_tables_are_what_the_code_says():
    english = json.loads((ROOT / "resources" / "messages.en.json").read_text("utf-8"))
    listed = set(re.findall(r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.M))
    assert listed == set(english)
