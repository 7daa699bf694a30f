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


def test_an_output_whose_folder_cannot_be_made_is_exit_7_and_the_document_says_it(tmp_path, capfd):
    path = save(make_image(np.arange(64, dtype=np.int16).reshape(8, 8)), tmp_path / "x.dcm")
    (tmp_path / "file").write_text("in the way")
    assert main(["render", str(path), "--out", str(tmp_path / "file" / "sub" / "x.png"), "--json", "-"]) == 7
    said = capfd.readouterr()
    document = json.loads(said.out)
    assert document["schema"] == "medviewer.render/1" and document["written"] == []
    assert [error["code"] for error in document["errors"]] == ["output-unwritable"] and "cannot be written" in said.err


def test_render_and_sample_have_documents_too(tmp_path, capfd):
    path = save(make_image(np.arange(64, dtype=np.int16).reshape(8, 8)), tmp_path / "x.dcm")
    out = tmp_path / "new" / "x.png"
    assert main(["render", str(path), "--out", str(out), "--size", "64x64", "--json", "-"]) == 0
    (one,) = json.loads(capfd.readouterr().out)["written"]
    assert one == {"item": "1.2.3.1.1", "path": str(out), "format": "png"} and out.is_file()
    assert main(["sample", "--out", str(tmp_path / "s"), "--json", "-"]) == 0
    assert any(entry["path"].endswith("chest.dcm") for entry in json.loads(capfd.readouterr().out)["written"])


def test_a_device_that_does_not_exist_is_wrong_usage(tmp_path, capsys):
    assert main(["infer", str(tmp_path), "--device", "bogus"]) == 2
    assert "no device bogus" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["export", "--format", "npy", "--out"], ["render", "--out"]])
def test_what_could_not_be_read_is_told_by_every_command(tmp_path, capsys, command):
    assert main([command[0], str(tmp_path / "gone"), *command[1:], str(tmp_path / "o")]) == 3
    assert "gone: There is no such file or folder" in capsys.readouterr().err


def test_a_refusal_names_the_networks_version_and_an_altered_network_is_exit_6_whatever_was_answered_before(tmp_path, capfd):
    import shutil

    from medviewer.store.assets import models_folder

    other = shutil.copytree(models_folder() / "note-mentions", tmp_path / "copy")
    about = json.loads((other / "bundle.json").read_text("utf-8")) | {"id": "copy"}
    (other / "bundle.json").write_text(json.dumps(about), "utf-8")
    profile = tmp_path / "p"
    assert main(["models", "import", str(other), "--profile", str(profile)]) == 0
    image = save(make_image(np.arange(64, dtype=np.int16).reshape(8, 8)), tmp_path / "x.dcm")
    capfd.readouterr()
    assert main(["infer", str(image), "--model", "copy", "--profile", str(profile), "--json", "-"]) == 5
    (result,) = json.loads(capfd.readouterr().out)["results"]
    assert result["model"]["version"] == about["version"] and result["model"]["sha256"]
    note = tmp_path / "n.txt"
    note.write_text("No pleural effusion.")
    ask = ["infer", str(note), "--model", "copy", "--profile", str(profile), "--json", "-"]
    assert main(ask) == 0
    capfd.readouterr()
    (card,) = profile.rglob("copy/card.md")
    card.write_text("altered")
    assert main(ask) == 6
    assert [error["code"] for error in json.loads(capfd.readouterr().out)["errors"]] == ["bundle-altered"]


def test_an_exported_csv_comes_back_with_its_rate_and_its_leads(tmp_path, info):
    import wfdb

    signal = np.sin(np.arange(500) / 9)[:, None] * [0.5, 1.0]
    wfdb.wrsamp("r", 360, ["mV"] * 2, ["I", "II"], p_signal=signal, fmt=["16"] * 2, write_dir=str(tmp_path))
    assert main(["export", str(tmp_path / "r"), "--out", str(tmp_path / "out"), "--format", "csv"]) == 0
    _, (item,), _ = info(tmp_path / "out" / "r.csv")
    assert item["rate_hz"] == 360 and [(lead["name"], lead["unit"]) for lead in item["leads"]] == [("I", "mV"), ("II", "mV")]


def test_a_run_that_is_stopped_tells_what_it_has_and_says_partial(tmp_path, monkeypatch, capfd):
    from medviewer.services import export as exporting

    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(f"No pleural effusion {name}.")
    notes = [str(tmp_path / f"{name}.txt") for name in ("a", "b")]
    whole = exporting._write_note

    def stop_at_b(note, *more):
        if note.item == "b":
            raise KeyboardInterrupt
        return whole(note, *more)

    monkeypatch.setattr(exporting, "_write_note", stop_at_b)
    assert main(["export", *notes, "--out", str(tmp_path / "out"), "--format", "txt"]) == 130
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert manifest["partial"] is True and [one["item"] for one in manifest["written"]] == ["a"]
    from medviewer.services import analyse

    several = analyse.infer

    def stop_after_one(*given, **named):
        yield next(several(*given, **named))
        raise KeyboardInterrupt

    monkeypatch.setattr(analyse, "infer", stop_after_one)
    capfd.readouterr()
    assert main(["infer", *notes, "--model", "note-mentions", "--json", "-"]) == 130
    document = json.loads(capfd.readouterr().out)
    assert document["partial"] is True and [one["input"]["item"] for one in document["results"]] == ["a"]


def test_ec_an_eeg_that_names_its_channels_is_refused_by_every_ecg_network(tmp_path, capfd):
    import wfdb
    from made import beating

    signal, _ = beating(12.0, 250.0)
    wfdb.wrsamp(
        "eeg", 250, ["mV"] * 2, ["EEG Fp1", "O2"], p_signal=np.stack([signal, signal], 1), fmt=["16"] * 2, write_dir=str(tmp_path)
    )
    wfdb.wrsamp(
        "ecg", 250, ["mV"] * 2, ["Resp", "C3"], p_signal=np.stack([signal, signal], 1), fmt=["16"] * 2, write_dir=str(tmp_path)
    )
    assert main(["infer", str(tmp_path / "eeg"), "--explain", "none", "--json", "-"]) == 5
    said = {result["reason"]["code"] for result in json.loads(capfd.readouterr().out)["results"]}
    assert "not-an-ecg" in said
    assert main(["infer", str(tmp_path / "ecg"), "--model", "ecg-beats", "--explain", "none", "--json", "-"]) == 0
    assert len(json.loads(capfd.readouterr().out)["results"][0]["beats"]["sample"]) > 10


def test_an_output_is_named_by_its_item_so_that_like_names_do_not_overwrite_each_other(tmp_path):
    for name in ("报告 (1)", "报告_(1)", "报告_1", "..", "a:b"):
        (tmp_path / f"{name}.txt").write_text(f"No pleural effusion {name}.")
    files = sorted(str(path) for path in tmp_path.glob("*.txt"))
    assert main(["export", *files, "--out", str(tmp_path / "out"), "--format", "txt"]) == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    names = [one["path"] for one in manifest["written"]]
    assert len(set(names)) == len(files) == 5 and {"报告 (1).txt", "报告_(1).txt", "a_b.txt"} <= set(names)
    assert all((tmp_path / "out" / name).is_file() for name in names)


def test_no_traceback_of_a_decoder_reaches_standard_error(data):
    import os
    import subprocess
    import sys

    path = data / "imaging" / "dicom" / "variety" / "codecs" / "CTImage_1.2.840.10008.1.2.4.51.dcm"
    ask = [sys.executable, "-m", "medviewer", "info", str(path), "--pixels", "--json", "-"]
    done = subprocess.run(ask, capture_output=True, check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.stderr == b"" and json.loads(done.stdout)["errors"] == []
