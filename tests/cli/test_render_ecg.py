"""`medviewer render` of ECGs: the same painter as the pane."""

import numpy as np
import pytest
from made import beating
from PIL import Image

from medviewer.cli.main import main


@pytest.fixture
def record(tmp_path):
    heart, _ = beating(20)
    names = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    values = np.rint(np.outer(heart, np.linspace(0.5, 1.2, 12)) * 200).astype("<i2")
    (tmp_path / "r.dat").write_bytes(values.tobytes())
    lines = [f"r 12 500 {len(heart)}", *(f"r.dat 16 200(0)/mV 16 0 0 0 0 {name}" for name in names)]
    (tmp_path / "r.hea").write_text("\n".join(lines) + "\n")
    return tmp_path / "r.hea"


def drawn(record, out, *options):
    assert main(["render", str(record), "--out", str(out), "--size", "800x500", *options]) == 0
    return np.asarray(Image.open(out).convert("RGB"))


@pytest.mark.parametrize("layout", ["3x4+1", "3x4", "6x2", "12x1", "cabrera", "stacked", "holter"])
def test_each_layout_is_drawn(record, tmp_path, layout):
    assert drawn(record, tmp_path / "o.png", "--layout", layout).shape == (500, 800, 3)


def test_options_change_what_is_drawn(record, tmp_path):
    plain = drawn(record, tmp_path / "a.png")
    for options in (["--speed", "50"], ["--gain", "20"], ["--theme", "paper"], ["--start", "5"], ["--high-pass", "0.5"],
                    ["--simultaneous"], ["--px-per-mm", "5"]):  # fmt: skip
        assert not np.array_equal(drawn(record, tmp_path / "b.png", *options), plain), options


def test_twice_the_pixels_are_twice_as_many(record, tmp_path):
    assert drawn(record, tmp_path / "o.png", "--pixel-ratio", "2").shape == (1000, 1600, 3)


def test_a_pdf_is_written(record, tmp_path):
    assert main(["render", str(record), "--out", str(tmp_path / "o.pdf"), "--pages", "all"]) == 0
    import pypdfium2

    assert len(pypdfium2.PdfDocument(tmp_path / "o.pdf")) == 2


@pytest.mark.parametrize(
    ("kind", "names"), [("png", ["r.png"]), ("pdf", ["r.pdf", "r.report.pdf"]), ("npz", ["r.ecg-waves.npz"])]
)
def test_answers_are_written_as_pictures_pages_and_arrays(record, tmp_path, kind, names):
    out = tmp_path / "out"
    code = main(["infer", str(record), "--model", "ecg-waves", "--out", str(out), "--format", kind, "--quiet"])
    assert code == 0 and sorted(p.name for p in out.iterdir()) == names


@pytest.mark.parametrize("options", [["--start", "99"], ["--px-per-mm", "0"], ["--pages", "0"], ["--item", "nobody"]])
def test_wrong_options_are_told(record, tmp_path, options):
    assert main(["render", str(record), "--out", str(tmp_path / "o.png"), *options]) == 2


def test_an_overlay_whose_network_refuses_is_told_and_drawn_without(tmp_path):
    (tmp_path / "flat.dat").write_bytes(np.zeros(5000, "<i2").tobytes())
    (tmp_path / "flat.hea").write_text("flat 1 500 5000\nflat.dat 16 200(0)/mV 16 0 0 0 0 II\n")
    code = main(["render", str(tmp_path / "flat.hea"), "--out", str(tmp_path / "o.png"), "--overlay", "ecg-waves"])
    assert code == 5 and (tmp_path / "o.png").is_file()
