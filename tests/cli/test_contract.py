"""Every key that docs/cli.md names is in every document, whatever became of the input; every exit code is met."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made import beating
from make import make_image, make_series, save

from medviewer.cli.main import main
from medviewer.store.assets import models_folder

DOCUMENT = {"schema", "program", "errors", "warnings"}
IMAGE = {
    *("kind", "item", "series_uid", "modality", "description", "body_part", "view", "laterality", "files", "frames", "rows"),
    *("columns", "samples", "bits_stored", "signed", "photometric", "transfer_syntaxes", "geometry", "split_reason", "warnings"),
    "pixels",
}
GEOMETRY = {"spacing_mm", "spacing_source", "origin_mm", "direction", "shape", "frame_of_reference_uid", "regular"}
ECG = {
    *("kind", "item", "path", "format", "start", "seconds", "rate_hz", "leads", "gaps", "annotations", "device", "warnings"),
}
NOTE = {"kind", "item", "path", "format", "language", "date", "author", "characters", "encoding", "warnings"}
STUDY = {"study_uid", "date", "time", "description", "accession", "items"}
RESULT = {
    *("input", "model", "device", "seconds", "status", "reason", "cautions", "scores", "findings", "beats", "episodes", "waves"),
    *("measurements", "spans", "mentions", "explanation", "provenance"),
}
PROVENANCE = {"input_sha256", "preprocessing", "model_sha256", "program", "torch", "device", "seed", "time"}
MENTION = {"start", "end", "text", "concept", "state", "laterality", "cue", "rule"}
FINDING = {"label", "probability", "box_mm", "position_mm", "slice", "diameter_mm", "volume_mm3", "mask"}
LISTS = ("cautions", "scores", "findings", "episodes", "spans", "mentions")


def strict(text):
    """JSON without NaN or Infinity."""

    def never(word):
        raise AssertionError(f"{word} in JSON")

    return json.loads(text, parse_constant=never)


def said(tmp_path, *arguments):
    target = tmp_path / "document.json"
    target.unlink(missing_ok=True)
    code = main([*map(str, arguments), "--json", str(target)])
    document = strict(target.read_text("utf-8"))
    assert set(document) >= DOCUMENT and set(document["program"]) == {"name", "version", "commit"}
    assert document["schema"] == f"medviewer.{arguments[0]}/1"
    for error in document["errors"]:
        assert set(error) == {"path", "code", "message", "remedy"} and error["code"] and error["message"]
        assert error["path"] or error["code"] == "time-limit"
    for warning in document["warnings"]:
        assert set(warning) == {"path", "code", "message"} and warning["message"]
    return code, document


@pytest.fixture
def everything(tmp_path):
    """A patient's folder with each kind, a CT, radiographs cut short and undecodable, an ECG without samples, and noise."""
    import wfdb

    folder = tmp_path / "in"
    grey = np.load(models_folder() / "cxr-pneumonia" / "probe.npz")["grey"][1]
    tags = {"BodyPartExamined": "CHEST", "ViewPosition": "AP", "PatientAge": "003Y", "SeriesInstanceUID": "1.2.3.2"}
    chest = make_image(grey, modality="CR", tags=tags)
    save(chest, folder / "chest.dcm")
    torn = make_image(grey, modality="CR", tags=tags | {"SeriesInstanceUID": "1.2.3.3"})
    torn.compress("1.2.840.10008.1.2.5")
    torn.PixelData = torn.PixelData[:40] + bytes(200) + torn.PixelData[240:]
    save(torn, folder / "torn.dcm")
    short = save(make_image(grey, modality="CR", tags=tags | {"SeriesInstanceUID": "1.2.3.4"}), folder / "short.dcm")
    short.write_bytes(short.read_bytes()[:-5000])
    make_series(folder / "ct", 2)
    (folder / "note.txt").write_text("HISTORY: cough. IMPRESSION: no pneumonia, small left pleural effusion.")
    signal_mv, _ = beating(12.0, 250.0)
    for name in ("r", "torn"):
        lead = signal_mv[:, None] * [1, 0.5]
        wfdb.wrsamp(name, 250, ["mV"] * 2, ["II", "V1"], p_signal=lead, fmt=["16"] * 2, write_dir=str(folder))
    (folder / "torn.dat").unlink()
    (folder / "noise.bin").write_bytes(bytes(range(256)))
    return folder


def test_info_has_every_key_for_every_kind_and_says_what_failed_and_what_was_skipped(tmp_path, everything):
    code, document = said(tmp_path, "info", everything, "--pixels")
    assert code == 4 and {error["path"].rsplit("/", 1)[-1] for error in document["errors"]} == {
        "short.dcm",
        "torn.dcm",
        "torn.hea",
    }
    assert [set(entry) >= {"path", "reason"} for entry in document["skipped"]] == [True] * len(document["skipped"])
    kinds = {}
    for patient in document["patients"]:
        assert set(patient) == {"patient_id", "name", "birth_date", "sex", "studies"}
        for study in patient["studies"]:
            assert set(study) == STUDY
            for item in study["items"]:
                kinds.setdefault(item["kind"], []).append(item)
    assert set(kinds) == {"image", "ecg", "note"} and len(kinds["image"]) == 3
    for item in kinds["image"]:
        assert set(item) >= IMAGE and (item["geometry"] is None or set(item["geometry"]) == GEOMETRY)
        assert (item["pixels"] is None) == (item["series_uid"] == "1.2.3.3")
        assert item["pixels"] is None or set(item["pixels"]) == {"min", "max", "mean", "std", "sha256"}
    (ecg,) = kinds["ecg"]
    assert set(ecg) >= ECG and set(ecg["annotations"]) == {"count", "symbols"} and ecg["device"] is None
    assert all(set(lead) >= {"name", "unit", "rate_hz", "min", "max"} for lead in ecg["leads"])
    (note,) = kinds["note"]
    assert set(note) >= NOTE


def test_infer_has_every_key_whether_answered_refused_or_failed(tmp_path, everything):
    code, document = said(
        tmp_path, "infer", everything, "--model", "cxr-pneumonia", "--model", "note-mentions", "--model", "ecg-beats"
    )
    assert code == 4
    statuses = {}
    for result in document["results"]:
        assert set(result) >= RESULT
        assert set(result["input"]) == {"path", "kind", "item", "frame"} and set(result["model"]) == {"id", "version", "sha256"}
        assert result["model"]["version"] and len(result["model"]["sha256"]) == 64
        assert set(result["beats"]) == {"sample", "symbol", "probability"}
        assert all(isinstance(result[key], list) for key in LISTS) and isinstance(result["waves"], dict)
        assert result["reason"] is None or set(result["reason"]) == {"code", "message"}
        assert (result["reason"] is None) == (result["status"] == "ok")
        assert result["provenance"] is None or set(result["provenance"]) >= PROVENANCE
        assert result["status"] != "ok" or result["provenance"] is not None
        for score in result["scores"]:
            assert set(score) == {"label", "probability", "low", "high", "threshold", "positive"}
        for finding in result["findings"]:
            assert set(finding) >= FINDING
        for mention in result["mentions"]:
            assert set(mention) >= MENTION
        if result["explanation"]:
            assert set(result["explanation"]) >= {"method", "array", "self_check", "vote"}
        statuses.setdefault(result["status"], set()).add(result["input"]["item"])
    assert statuses["failed"] == {"1.2.3.3"} and {"1.2.3.2", "note", "r"} <= statuses["ok"]
    assert "1.2.3.1.1" in statuses["refused"]
    asked = [(result["input"]["item"], result["model"]["id"]) for result in document["results"]]
    assert len(set(asked)) >= 5 * 3 and {item for item, _ in asked} == {"1.2.3.2", "1.2.3.3", "1.2.3.1.1", "note", "r"}


def test_the_other_documents_have_their_keys(tmp_path, everything):
    _, document = said(tmp_path, "export", everything, "--out", tmp_path / "o", "--format", "npy")
    assert all(set(one) == {"item", "path", "format"} for one in document["written"]) and len(document["written"]) == 2
    manifest = strict((tmp_path / "o" / "manifest.json").read_text("utf-8"))
    assert manifest == document
    _, document = said(tmp_path, "models", "list")
    wanted = {
        *("id", "version", "title", "task", "kind", "labels", "thresholds", "input_contract", "metrics", "licence", "source"),
        *("sha256", "bundled", "path", "status"),
    }
    assert document["models"] and all(set(model) >= wanted for model in document["models"])


def test_the_order_of_the_arguments_changes_no_id_and_two_runs_say_the_same(tmp_path, everything):
    def answer(*paths):
        _, document = said(tmp_path, "info", *paths, "--pixels")
        items = [item for p in document["patients"] for s in p["studies"] for item in s["items"]]
        return sorted((item["item"], item["kind"], json.dumps(item, sort_keys=True)) for item in items)

    files = sorted(path for path in everything.rglob("*") if path.suffix in (".dcm", ".txt", ".hea"))
    assert answer(*files) == answer(*reversed(files)) == answer(everything)


def test_exit_1_a_defect_is_one_sentence_and_its_traceback_only_in_the_log(tmp_path, monkeypatch, capsys, caplog):
    import medviewer.cli.info as command

    def broken(args):
        raise ZeroDivisionError("of Müller^Anna")

    monkeypatch.setattr(command, "read_items", broken)
    assert main(["info", str(tmp_path), "--profile", str(tmp_path / "profile")]) == 1
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.strip().splitlines()) == 1 and "Traceback" not in said.err
    assert "ZeroDivisionError" in said.err
    kept = (tmp_path / "profile" / "data" / "medviewer.log").read_text("utf-8")
    assert "info.py:" in kept and kept.rstrip().endswith("ZeroDivisionError") and "Anna" not in kept
    with caplog.at_level("DEBUG", logger="medviewer"):
        assert main(["info", str(tmp_path), "-v"]) == 1
    assert any(record.exc_info for record in caplog.records)


def test_exit_codes_2_to_7(tmp_path, everything, capsys):
    note, nothing = everything / "note.txt", everything / "noise.bin"
    assert main(["info", str(note)]) == 0
    assert (
        main(["info", str(note), "--nonsense"])
        == main(["info"])
        == main(["export", str(note), "--out", "x", "--format", "x"])
        == 2
    )
    assert main(["info", str(nothing)]) == main(["infer", str(nothing)]) == main(["info", str(tmp_path / "gone")]) == 3
    assert main(["info", str(note), str(everything / "torn.hea")]) == 4
    assert main(["infer", str(everything / "ct"), "--explain", "none"]) == 5
    assert main(["infer", str(note), "--model", "gone"]) == 6
    (tmp_path / "file").write_text("in the way")
    for arguments in (["export", "--out", tmp_path / "file", "--format", "txt"], ["infer", "--out", tmp_path / "file" / "x"]):
        assert main([arguments[0], str(note), *map(str, arguments[1:])]) == 7
    assert main(["info", str(note), "--json", str(tmp_path / "file" / "x.json")]) == 7
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent by a console there")
def test_exit_130_ctrl_c_in_a_real_process_leaves_a_document_that_says_partial(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for k in range(150):
        (folder / f"n{k:03d}.txt").write_text(f"No pleural effusion {k}. " * 200)
    target = tmp_path / "d.json"
    ask = [sys.executable, "-m", "medviewer", "infer", str(folder), "--json-lines", "-", "--json", str(target), "--quiet"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # A shell starts what runs in its background with SIGINT ignored, and children inherit that.
    heard = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    with subprocess.Popen(ask, env=environment, preexec_fn=heard, **piped) as process:
        assert process.stdout is not None
        first = strict(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and b"Traceback" not in errors
    lines = [first, *(strict(line) for line in rest.splitlines())]
    document = strict(target.read_text("utf-8"))
    assert document["partial"] is True and 1 <= len(lines) < 300
    assert [r["input"]["item"] for r in document["results"]] == [r["input"]["item"] for r in lines]


def test_ids_of_like_named_items_do_not_hang_on_the_order_of_the_arguments(tmp_path):
    """Two records "100" and a series split by matrix size, named folder by folder in any order."""
    import itertools

    import wfdb

    for name, shape in (("a", (16, 12)), ("b", (20, 12)), ("c", (24, 12))):
        make_series(tmp_path / name, 2, shape=shape)
        wfdb.wrsamp("100", 250, ["mV"], ["II"], p_signal=np.zeros((500, 1)), fmt=["16"], write_dir=str(tmp_path / name))
        (tmp_path / name / "note.txt").write_text(f"No pleural effusion in {name}.")
    seen = set()
    for order in itertools.permutations("abc"):
        _, document = said(tmp_path, "info", *(tmp_path / name for name in order))
        items = [item for p in document["patients"] for s in p["studies"] for item in s["items"]]
        seen.add(tuple(sorted((item["item"], str(item.get("path", item.get("rows")))) for item in items)))
    assert len(seen) == 1 and len(seen.pop()) == 9
    _, document = said(tmp_path, "info", *sorted((path for path in tmp_path.rglob("*") if path.is_file()), reverse=True))
    again = [item for p in document["patients"] for s in p["studies"] for item in s["items"]]
    assert sorted(item["item"] for item in again) == sorted(item["item"] for item in items)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no such names")
def test_tf_names_of_files_that_are_no_utf8_are_read_and_written(tmp_path):
    folder = tmp_path / os.fsdecode("张三".encode("gb18030"))
    folder.mkdir()
    (folder / f"{os.fsdecode('报告'.encode('gb18030'))}.txt").write_bytes("无胸腔积液。".encode("gb18030"))
    code, document = said(tmp_path, "info", folder)
    (item,) = [item for p in document["patients"] for s in p["studies"] for item in s["items"]]
    assert code == 0 and item["item"] == "报告" and Path(item["path"]).is_file()
    code, document = said(tmp_path, "export", folder, "--out", tmp_path / "o", "--format", "txt")
    assert code == 0 and (tmp_path / "o" / "报告.txt").read_text("utf-8") == "无胸腔积液。"
    code, document = said(tmp_path, "infer", folder, "--model", "note-mentions", "--out", tmp_path / "o", "--format", "csv")
    assert code == 0 and Path(document["results"][0]["input"]["path"]).is_file()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii"}
    for words in (["info", str(folder)], ["infer", str(folder), "--model", "note-mentions", "--json-lines", "-"]):
        ask = [sys.executable, "-m", "medviewer", *words]
        done = subprocess.run(ask, capture_output=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
    assert strict(done.stdout.decode("utf-8"))["input"]["item"] == "报告"


def test_a_limit_is_only_told_where_something_was_left_and_a_device_that_is_not_there_is(tmp_path, everything):
    note = everything / "note.txt"
    code, document = said(tmp_path, "infer", note, "--model", "note-mentions", "--limit", "1e-9")
    assert code == 0 and document["errors"] == [] and len(document["results"]) == 1
    code, document = said(tmp_path, "infer", note, "--limit", "1e-9", "--model", "note-mentions", "--model", "note-specialty-en")
    assert code == 4 and [error["code"] for error in document["errors"]] == ["time-limit"] and len(document["results"]) == 1
    code, document = said(tmp_path, "infer", note, "--model", "note-specialty-en", "--device", "cuda:7")
    assert code == 0 and document["results"][0]["device"] == "cpu"
    assert [warning["code"] for warning in document["warnings"]] == ["device-cpu"]


def test_no_output_ever_lands_on_a_file_that_was_read(tmp_path, everything):
    import hashlib

    def held():
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in everything.rglob("*") if path.is_file()}

    def export(path, form, code):
        assert main(["export", str(path), "--out", str(everything), "--format", form]) == code, (path, form)
        (everything / "manifest.json").unlink(missing_ok=True)

    assert main(["export", str(everything / "ct"), "--out", str(everything), "--format", "dicom"]) == 0
    export(everything / "r.hea", "edf", 0)
    before = held()
    export(everything / "note.txt", "txt", 7)
    export(everything / "r.hea", "wfdb", 7)
    export(everything / "r.edf", "edf", 7)
    export(everything / "1.2.3.1.1", "dicom", 7)
    note = str(everything / "note.txt")
    assert main(["info", note, "--json", note]) == main(["render", note, "--out", note]) == 7
    assert main(["infer", str(everything / "r.edf"), "--model", "ecg-beats", "--out", str(everything), "--format", "edf"]) == 7
    assert held() == before


def test_a_profile_that_cannot_be_made_opens_files_all_the_same_and_two_documents_never_share_a_stream(tmp_path, capsys):
    note = tmp_path / "n.txt"
    note.write_text("No pneumonia.")
    assert main(["info", str(note), "--profile", str(note)]) == 0
    assert main(["infer", str(note), "--json", "-", "--json-lines", "-"]) == 2
    assert "both" in capsys.readouterr().err


def test_version_and_help_import_neither_qt_nor_torch():
    for word in ("--version", "--help"):
        heavy = "{'PySide6', 'torch', 'numpy', 'pydicom'}"
        code = f"import sys; from medviewer.cli.main import main; main(['{word}']); print({heavy} & set(sys.modules))"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert done.stdout.strip().endswith("set()"), done.stdout


def test_with_json_on_standard_output_nothing_else_goes_there(tmp_path, everything):
    for arguments in (
        ["info", "--pixels"],
        ["infer", "--explain", "none", "--model", "note-mentions"],
        ["export", "--out", str(tmp_path / "o"), "--format", "txt"],
    ):
        ask = [sys.executable, "-m", "medviewer", arguments[0], str(everything), *arguments[1:], "--json", "-"]
        done = subprocess.run(ask, capture_output=True, check=False, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
        strict(done.stdout.decode("utf-8"))
        assert b"Traceback" not in done.stderr and b"Warning" not in done.stderr
