"""`medviewer info` against its contract in docs/cli.md, on made and on real files."""

import json

import numpy as np
import pydicom
import pytest
from make import make_image, make_series, save

from medviewer.cli.main import main

ITEM_KEYS = {
    *("kind", "item", "series_uid", "modality", "description", "body_part", "view", "laterality", "files", "frames", "rows"),
    *("columns", "samples", "bits_stored", "signed", "photometric", "transfer_syntaxes", "geometry", "split_reason"),
    *("warnings", "pixels"),
}
GEOMETRY_KEYS = {
    *("spacing_mm", "spacing_source", "origin_mm", "direction", "shape", "frame_of_reference_uid", "regular"),
}


@pytest.fixture
def info(tmp_path):
    def call(*arguments):
        target = tmp_path / "info.json"
        code = main(["info", *map(str, arguments), "--json", str(target)])
        return code, json.loads(target.read_text("utf-8"))

    return call


def items_of(document):
    return [item for patient in document["patients"] for study in patient["studies"] for item in study["items"]]


def test_a_series_is_described_with_every_key_of_the_contract(info, tmp_path):
    make_series(tmp_path / "ct", 5)
    code, document = info(tmp_path / "ct")
    assert code == 0
    assert document["schema"] == "medviewer.info/1"
    assert set(document["program"]) == {"name", "version", "commit"}
    assert document["errors"] == []
    (patient,) = document["patients"]
    assert patient["patient_id"] == "T-1"
    assert patient["birth_date"] == "1970-01-01"
    (study,) = patient["studies"]
    assert study["date"] == "2026-01-02"
    (item,) = study["items"]
    assert set(item) >= ITEM_KEYS
    assert item["files"] == item["frames"] == 5
    geometry = item["geometry"]
    assert set(geometry) == GEOMETRY_KEYS
    assert geometry["spacing_mm"] == [0.5, 0.8, 2.5]
    assert geometry["direction"] == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert geometry["origin_mm"] == [-10, -20, -100]
    assert geometry["shape"] == [5, 16, 12]
    assert geometry["regular"] is True


def test_pixels_are_hashed_as_stored_values_in_displayed_order(info, tmp_path):
    import hashlib

    paths = make_series(tmp_path / "ct", 3)
    _, document = info(tmp_path / "ct", "--pixels")
    (item,) = items_of(document)
    stored = np.stack([pydicom.dcmread(path).pixel_array for path in paths])
    assert item["pixels"]["sha256"] == hashlib.sha256(stored.astype("<i4").tobytes()).hexdigest()
    assert item["pixels"]["min"] == stored.min() - 1024
    assert item["pixels"]["max"] == stored.max() - 1024
    assert item["pixels"]["mean"] == pytest.approx(stored.mean() - 1024)


def test_tf10_found_loaded_skipped_and_failed_add_up(info, tmp_path, capsys):
    folder = tmp_path / "mixed"
    make_series(folder, 4)
    (folder / "letter.xml").write_text("<a/>")
    broken = make_image(np.zeros((64, 64), np.int16), tags={"SeriesInstanceUID": "1.2.3.1.9"})
    path = save(broken, folder / "broken.dcm")
    path.write_bytes(path.read_bytes()[:-4000])
    code, document = info(folder)
    assert code == 4
    assert [entry["path"].rsplit("/", 1)[-1] for entry in document["skipped"]] == ["letter.xml"]
    (error,) = document["errors"]
    assert error["path"].endswith("broken.dcm")
    assert error["code"] == "pixel-data-truncated"
    assert error["message"]
    assert error["remedy"]
    assert "6 found, 4 loaded, 1 skipped, 1 failed" in capsys.readouterr().out


def test_nothing_readable_is_exit_3(info, tmp_path):
    (tmp_path / "a.txt").write_bytes(bytes(range(256)))
    code, document = info(tmp_path / "a.txt")
    assert code == 3
    assert document["patients"] == []


def test_a_path_that_is_not_there_is_an_error_that_names_it(info, tmp_path):
    code, document = info(tmp_path / "nowhere")
    assert code == 3
    assert [error["path"] for error in document["errors"]] == [str(tmp_path / "nowhere")]


def test_wrong_usage_is_exit_2(capsys):
    assert main(["info"]) == 2
    assert main(["info", "x", "--nonsense"]) == 2
    assert capsys.readouterr().out == ""


def test_with_a_dash_only_json_reaches_standard_output(tmp_path, capfdbinary):
    make_series(tmp_path / "ct", 2)
    assert main(["info", str(tmp_path / "ct"), "--json", "-"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["schema"] == "medviewer.info/1"


def test_a_real_ct_is_one_regular_series(info, data):
    code, document = info(data / "imaging" / "dicom" / "ct_lidc_idri_0001")
    assert code == 0
    (item,) = items_of(document)
    assert item["geometry"]["shape"] == [133, 512, 512]
    assert item["geometry"]["spacing_mm"] == pytest.approx([0.703125, 0.703125, 2.5])
    assert item["geometry"]["origin_mm"][2] == -340
    assert [entry["path"].rsplit("/", 1)[-1] for entry in document["skipped"]] == ["069.xml"]


def test_one_record_whose_samples_cannot_be_read_leaves_the_others_listed(info, tmp_path):
    for name in ("good", "cut"):
        (tmp_path / f"{name}.dat").write_bytes(np.arange(1000, dtype="<i2").tobytes())
    (tmp_path / "good.hea").write_text("good 1 250 1000\ngood.dat 16 200/mV 16 0 0 0 0 II\n")
    (tmp_path / "cut.hea").write_text("cut 1 250 50000\ncut.dat 310 200/mV 10 0 0 0 0 II\n")
    code, document = info(tmp_path)
    leads = {item["item"]: item["leads"][0] for item in items_of(document)}
    assert code == 4 and [error["code"] for error in document["errors"]] == ["ecg-unreadable"]
    assert (leads["cut"]["max"], leads["good"]["max"]) == (None, pytest.approx(4.995))


def test_ef11_an_amplitude_that_no_ecg_has_is_told_by_info(info, tmp_path):
    wave = np.rint(1000 * np.sin(np.arange(2500) / 9)).astype("<i2")
    (tmp_path / "r.dat").write_bytes(wave.tobytes())
    (tmp_path / "r.hea").write_text("r 1 250 2500\nr.dat 16 1/mV 16 0 0 0 0 II\n")
    code, document = info(tmp_path / "r.hea")
    (item,) = items_of(document)
    assert code == 0 and [warning["code"] for warning in item["warnings"]] == ["ecg-amplitude-implausible"]


def test_records_of_several_days_are_several_studies(info, tmp_path):
    for name, day in (("a", "01/02/2026"), ("b", "03/02/2026")):
        (tmp_path / f"{name}.dat").write_bytes(np.arange(1000, dtype="<i2").tobytes())
        (tmp_path / f"{name}.hea").write_text(f"{name} 1 250 1000 10:00:00 {day}\n{name}.dat 16 200/mV 16 0 0 0 0 II\n")
    _, document = info(tmp_path)
    (patient,) = document["patients"]
    assert [(study["date"], study["items"][0]["item"]) for study in patient["studies"]] == [
        ("2026-02-01", "a"),
        ("2026-02-03", "b"),
    ]
