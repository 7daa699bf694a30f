"""`medviewer export`: the files equal what pydicom reads, the manifest names them, failures leave nothing behind."""

import json

import numpy as np
import pydicom
import pytest
from make import make_image, make_series, save

from medviewer.cli.main import main


def export(out, *arguments):
    code = main(["export", *map(str, arguments), "--out", str(out)])
    manifest = out / "manifest.json"
    return code, json.loads(manifest.read_text("utf-8")) if manifest.is_file() else None


def test_stored_values_keep_the_files_own_type_and_displayed_order(tmp_path):
    paths = make_series(tmp_path / "ct", 4)
    code, manifest = export(tmp_path / "out", tmp_path / "ct", "--format", "npy", "--stored")
    assert code == 0
    (written,) = manifest["written"]
    array = np.load(tmp_path / "out" / written["path"])
    assert array.dtype == np.int16
    assert np.array_equal(array, np.stack([pydicom.dcmread(path).pixel_array for path in paths]))
    beside = json.loads((tmp_path / "out" / f"{written['item']}.json").read_text())
    assert beside["geometry"]["spacing_mm"] == [0.5, 0.8, 2.5]


def test_modality_values_are_int32_where_exact(tmp_path):
    make_series(tmp_path / "ct", 2)
    _, manifest = export(tmp_path / "out", tmp_path / "ct", "--format", "npy")
    array = np.load(tmp_path / "out" / manifest["written"][0]["path"])
    assert array.dtype == np.int32
    assert array.min() == -1024


def test_px04_slopes_that_differ_between_slices_are_each_applied(tmp_path):
    make_series(
        tmp_path / "pet",
        2,
        modality="MR",
        pixels=lambda k: np.full((8, 8), 1000, np.int16),
        tags=lambda k: {"RescaleSlope": (1.0, 0.4)[k], "RescaleIntercept": 0},
    )
    _, manifest = export(tmp_path / "out", tmp_path / "pet", "--format", "npy")
    array = np.load(tmp_path / "out" / manifest["written"][0]["path"])
    assert array[:, 0, 0].tolist() == [1000, 400]


def test_a_png_shows_the_window_that_was_asked_for(tmp_path):
    from PIL import Image

    ramp = np.tile(np.arange(256, dtype=np.int16), (16, 1))
    save(make_image(ramp, tags={"RescaleSlope": 1, "RescaleIntercept": 0}), tmp_path / "in" / "a.dcm")
    _, manifest = export(tmp_path / "out", tmp_path / "in", "--format", "png", "--window", "128,256")
    with Image.open(tmp_path / "out" / manifest["written"][0]["path"]) as picture:
        grey = np.asarray(picture)
    assert grey.shape[:2] == (16, 256)
    assert np.abs(grey[0].astype(int).reshape(256, -1)[:, 0] - np.arange(256)).max() <= 1


def test_an_output_folder_that_cannot_be_made_is_exit_7(tmp_path, capsys):
    make_series(tmp_path / "ct", 2)
    (tmp_path / "file").write_text("in the way")
    code, _ = export(tmp_path / "file", tmp_path / "ct", "--format", "npy")
    assert code == 7
    assert "cannot be written" in capsys.readouterr().err


def test_a_window_of_no_width_is_wrong_usage(tmp_path):
    make_series(tmp_path / "ct", 1)
    assert main(["export", str(tmp_path / "ct"), "--out", str(tmp_path / "o"), "--format", "png", "--window", "40,0"]) == 2


def test_ex08_a_deidentified_copy_holds_no_identity_and_the_source_is_untouched(tmp_path):
    paths = make_series(tmp_path / "ct", 2)
    before = [path.read_bytes() for path in paths]
    code, manifest = export(tmp_path / "out", tmp_path / "ct", "--format", "dicom", "--deidentify")
    assert code == 0
    copies = sorted((tmp_path / "out" / manifest["written"][0]["path"]).rglob("*.dcm"))
    assert len(copies) == 2
    for path in copies:
        raw = path.read_bytes()
        for secret in (b"Test^Person", b"T-1\0", b"19700101", b"1.2.3.1.1"):
            assert secret not in raw
        assert np.array_equal(pydicom.dcmread(path).pixel_array.shape, (16, 12))
    assert before == [path.read_bytes() for path in paths]


@pytest.mark.parametrize(("modality", "warned"), [("US", True), ("OT", True), ("MR", False)])
def test_ex09_a_deidentified_ultrasound_or_capture_warns_of_names_in_its_pixels(tmp_path, modality, warned):
    make_series(tmp_path / "in", 1, tags=lambda k: {"Modality": modality})
    _, manifest = export(tmp_path / "out", tmp_path / "in", "--format", "dicom", "--deidentify")
    assert ("names-in-pixels" in {one["code"] for one in manifest["warnings"]}) is warned


@pytest.mark.parametrize("kind", ["nifti", "nrrd"])
def test_ex01_a_volume_is_read_back_with_its_geometry(tmp_path, kind):
    import SimpleITK as sitk

    make_series(tmp_path / "ct", 5)
    _, manifest = export(tmp_path / "out", tmp_path / "ct", "--format", kind)
    read = sitk.ReadImage(str(tmp_path / "out" / manifest["written"][0]["path"]))
    assert read.GetSpacing() == pytest.approx((0.8, 0.5, 2.5))
    assert read.GetOrigin() == pytest.approx((-10, -20, -100))
    assert sitk.GetArrayFromImage(read)[3, 0, 5] == 300 + 5 - 1024


def test_real_radiograph_stored_values_equal_pydicoms(tmp_path, data):
    source = data / "imaging" / "cxr" / "dicom" / "chest_pa_cr_mono1.dcm"
    _, manifest = export(tmp_path / "out", source, "--format", "npy", "--stored")
    array = np.load(tmp_path / "out" / manifest["written"][0]["path"])
    assert np.array_equal(array[0], pydicom.dcmread(source).pixel_array)
