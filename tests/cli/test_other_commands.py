"""`render`, `sample`, `selfcheck` and `bench` by their contract."""

import json

import numpy as np
import pytest
from make import make_series

from medviewer.cli import benchdata
from medviewer.cli.main import main


def test_render_paints_the_pane_at_the_size_that_was_asked_for(tmp_path):
    from PIL import Image

    make_series(tmp_path / "ct", 3, shape=(32, 32))
    out = tmp_path / "pane.png"
    assert main(["render", str(tmp_path / "ct"), "--out", str(out), "--size", "300x200", "--pixel-ratio", "2"]) == 0
    with Image.open(out) as picture:
        assert picture.size == (600, 400)
        plain = np.asarray(picture.convert("L"))
    assert plain.std() > 5
    assert main(["render", str(tmp_path / "ct"), "--out", str(out), "--size", "300x200", "--no-text"]) == 0
    with Image.open(out) as picture:
        bare = np.asarray(picture.convert("L"))
    assert bare.shape == (200, 300)
    assert not np.array_equal(plain[::2, ::2], bare)


def test_render_refuses_a_frame_that_is_not_there(tmp_path, capsys):
    make_series(tmp_path / "ct", 3)
    assert main(["render", str(tmp_path / "ct"), "--out", str(tmp_path / "x.png"), "--frame", "3"]) == 4
    assert "no image 3" in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_the_sample_is_two_patients_whose_files_are_the_same_each_time(tmp_path):
    assert main(["sample", "--out", str(tmp_path / "a")]) == 0
    assert main(["sample", "--out", str(tmp_path / "b")]) == 0
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 71
    for file in [*files[::16], *(f for f in files if "ecg" in f.name)]:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_selfcheck_decodes_every_transfer_syntax_here(tmp_path, monkeypatch):
    target = tmp_path / "check.json"
    code = main(["selfcheck", "--json", str(target)])
    document = json.loads(target.read_text())
    assert document["schema"] == "medviewer.selfcheck/1"
    failed = [check for check in document["checks"] if not check["ok"]]
    assert failed == []
    assert code == 0
    names = [check["name"] for check in document["checks"]]
    assert sum(name.startswith("decode ") for name in names) == 16
    assert sum(name.startswith("ECG ") for name in names) == 10
    assert sum(name.startswith("model ") for name in names) >= 4
    wanted = {"platform", "qt", "font for Chinese", "device", "engine", "sample patients", "database", "profile", "free disk"}
    assert wanted <= set(names)


def test_bench_measures_pairs_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(benchdata, "make_slices", lambda folder, slices, size: make_series(folder, 12, shape=(64, 64)))
    target = tmp_path / "bench.json"
    assert main(["bench", "headers", "volume", "--rounds", "2", "--json", str(target)]) == 0
    document = json.loads(target.read_text())
    assert document["schema"] == "medviewer.bench/1"
    assert [row["name"] for row in document["results"]] == ["volume", "headers"]
    for row in document["results"]:
        assert {"name", "work", "measured", "against", "ratio", "limit", "ok", "rounds", "unit"} <= set(row)
        assert row["rounds"] == 2
        assert row["measured"] > 0
        assert row["against"] > 0
        assert row["ok"] == (row["ratio"] <= row["limit"])


def test_an_unknown_bench_is_wrong_usage():
    assert main(["bench", "nonsense"]) == 2


@pytest.mark.parametrize("arguments", [["sample"], ["render", "x"], ["bench", "--rounds", "0"]])
def test_missing_arguments_are_wrong_usage(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err
