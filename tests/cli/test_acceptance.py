"""The contract of docs/cli.md as acceptance walks through it: ids, folders, named files, exit codes, on files made here."""

import json
import zipfile

import numpy as np
import pytest
from make import make_image, save

from medviewer.cli.main import main


@pytest.fixture
def info(tmp_path):
    def call(*arguments):
        target = tmp_path / "info.json"
        code = main(["info", *map(str, arguments), "--json", str(target)])
        document = json.loads(target.read_text("utf-8"))
        items = [item for patient in document["patients"] for study in patient["studies"] for item in study["items"]]
        return code, items, document

    return call


def test_text_files_in_a_folder_and_in_a_zip_are_notes_but_no_readme_and_no_table(info, tmp_path):
    folder = tmp_path / "病历"
    folder.mkdir()
    (folder / "入院.txt").write_bytes("患者无发热，未见胸腔积液。".encode("gb18030"))
    (folder / "README.txt").write_text("How to use this disc.")
    (folder / "values.txt").write_text("\n".join(f"{k}, {k / 7:.3f}" for k in range(50)))
    code, items, document = info(folder)
    assert code == 0 and [(item["kind"], item["item"], item["encoding"]) for item in items] == [("note", "入院", "gb18030")]
    assert sorted(entry["path"].rsplit("/", 1)[-1] for entry in document["skipped"]) == ["README.txt", "values.txt"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("张三/报告.txt", "双肺未见异常。")
    code, items, _ = info(tmp_path / "a.zip")
    assert code == 0 and [item["item"] for item in items] == ["报告"]


def test_a_file_that_is_named_beside_its_folder_or_twice_is_one_item(info, tmp_path):
    (tmp_path / "in").mkdir()
    note = tmp_path / "in" / "letter.xml"
    note.write_text("No pleural effusion.")
    code, items, document = info(tmp_path / "in", note, note)
    assert code == 0 and [item["item"] for item in items] == ["letter"] and document["skipped"] == []


def test_an_image_without_any_uid_is_named_by_its_content_not_by_where_it_lies(info, tmp_path):
    image = make_image(np.arange(64, dtype=np.int16).reshape(8, 8))
    for tag in ("SeriesInstanceUID", "StudyInstanceUID"):
        delattr(image, tag)
    names = set()
    for folder in ("a", "b"):
        _, items, _ = info(save(image, tmp_path / folder / "x.dcm"))
        names.add(items[0]["item"])
    (name,) = names
    assert len(name) == 16 and int(name, 16) >= 0


@pytest.mark.parametrize("more", [[], ["--deidentify"]])
def test_a_dicom_copy_of_an_image_with_an_odd_number_of_bytes_is_written(tmp_path, more):
    import pydicom

    image = make_image(np.arange(35, dtype=np.uint8).reshape(5, 7))
    path = save(image, tmp_path / "x.dcm")
    assert main(["export", str(path), "--out", str(tmp_path / "out"), "--format", "dicom", *more]) == 0
    (copy,) = (tmp_path / "out").rglob("*.dcm")
    assert np.array_equal(pydicom.dcmread(copy).pixel_array, pydicom.dcmread(path).pixel_array)


def test_colours_are_exported_as_int32_too(tmp_path):
    from PIL import Image

    colours = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    Image.fromarray(colours).save(tmp_path / "c.png")
    assert main(["export", str(tmp_path / "c.png"), "--out", str(tmp_path / "out"), "--format", "npy"]) == 0
    (file,) = (tmp_path / "out").glob("*.npy")
    array = np.load(file)
    assert array.dtype == np.int32 and np.array_equal(array[0], colours)


def test_a_csv_quotes_lead_names_with_commas(tmp_path):
    import csv

    import wfdb

    signal = np.linspace(-1, 1, 500)[:, None] * [1, 2]
    wfdb.wrsamp("r", 250, ["mV"] * 2, ["a, b", "II"], p_signal=signal, fmt=["16"] * 2, write_dir=str(tmp_path))
    assert main(["export", str(tmp_path / "r"), "--out", str(tmp_path / "out"), "--format", "csv"]) == 0
    rows = list(csv.reader((tmp_path / "out" / "r.csv").open(encoding="utf-8")))
    assert rows[0] == ["time_s", "a, b [mV]", "II [mV]"] and len(rows) == 501
