"""`medviewer infer` and `models` by their contract."""

import csv
import json

import numpy as np
import pytest
from make import make_image, make_series, save

from medviewer.cli.main import main
from medviewer.core.finding import probability_words
from medviewer.services.sample import sample_paths
from medviewer.store.assets import models_folder

KEYS = {
    *("input", "model", "device", "seconds", "status", "reason", "cautions", "scores", "findings", "beats", "episodes", "waves"),
    *("measurements", "spans", "mentions", "explanation", "provenance"),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    child, _ = sample_paths(tmp_path_factory.mktemp("sample"))
    return child


def infer(tmp_path, *arguments):
    target = tmp_path / "infer.json"
    code = main(["infer", *map(str, arguments), "--json", str(target)])
    return code, json.loads(target.read_text("utf-8")) if target.is_file() else None


def chest(tmp_path, **tags):
    """The network's own probe picture as an acceptance file."""
    grey = np.load(models_folder() / "cxr-pneumonia" / "probe.npz")["grey"][1]
    about = {"BodyPartExamined": "CHEST", "ViewPosition": "AP", "PatientAge": "003Y"} | tags
    return save(make_image(grey, modality="CR", tags=about), tmp_path / "in" / "chest.dcm")


def test_the_sample_child_is_answered_with_every_key_and_a_checked_explanation(tmp_path, sample):
    code, document = infer(tmp_path, sample)
    assert code == 0
    assert document["schema"] == "medviewer.infer/1"
    (result,) = document["results"]
    assert set(result) >= KEYS
    assert result["status"] == "ok"
    assert [score["label"] for score in result["scores"]] == ["normal", "pneumonia"]
    for score in result["scores"]:
        assert 0 <= score["low"] <= score["probability"] <= score["high"] <= 1
    assert result["scores"][1]["threshold"] is not None
    assert set(result["explanation"]["self_check"]) == {"deletion", "random", "agreement", "passed"}
    assert result["provenance"]["model_sha256"] == result["model"]["sha256"]
    assert result["cautions"] == []


def test_an_acceptance_file_gets_an_answer_without_explanation(tmp_path):
    code, document = infer(tmp_path, chest(tmp_path), "--model", "cxr-pneumonia", "--explain", "none")
    assert code == 0
    (result,) = document["results"]
    assert result["status"] == "ok"
    assert result["explanation"] is None
    assert result["cautions"] == []


def test_mw10_an_adult_is_answered_with_an_amber_caution(tmp_path):
    _, document = infer(tmp_path, chest(tmp_path, PatientAge="062Y"), "--explain", "none")
    (result,) = document["results"]
    assert result["status"] == "ok"
    (caution,) = result["cautions"]
    assert caution["code"] == "age-outside-training"
    assert "62" in caution["message"]


def test_ai04_a_ct_is_refused_once_with_the_reason_and_exit_5(tmp_path):
    make_series(tmp_path / "in", 4)
    code, document = infer(tmp_path, tmp_path / "in")
    assert code == 5
    (result,) = document["results"]
    assert result["status"] == "refused"
    assert result["reason"]["code"] == "modality-not-trained"
    assert result["scores"] == []


def test_a_model_that_is_not_there_is_exit_6(tmp_path, capsys):
    code, _ = infer(tmp_path, chest(tmp_path), "--model", "nothing")
    assert code == 6
    assert "no such network" in capsys.readouterr().err


def test_json_lines_stream_one_result_a_line(tmp_path, sample, capsys):
    assert main(["infer", str(sample), "--explain", "none", "--json-lines", "-"]) == 0
    (line,) = capsys.readouterr().out.strip().splitlines()
    assert json.loads(line)["model"]["id"] == "cxr-pneumonia"


@pytest.mark.parametrize(("form", "name"), [("json", ".json"), ("npz", ".npz"), ("png", ".png"), ("csv", "results.csv")])
def test_each_format_writes_its_file(tmp_path, sample, form, name):
    out = tmp_path / "out"
    code, document = infer(tmp_path, sample, "--out", out, "--format", form)
    assert code == 0
    (file,) = list(out.iterdir())
    assert file.name.endswith(name)
    if form == "npz":
        assert document["results"][0]["explanation"]["array"] == file.name
        with np.load(file, allow_pickle=False) as arrays:
            assert arrays["heat"].ndim == 2
            assert arrays["to_image"].shape == (2, 3)
    if form == "csv":
        rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
        assert [row["label"] for row in rows] == ["normal", "pneumonia"]


@pytest.mark.parametrize("more", [["--batch", "0"], ["--threads", "0"], ["--limit", "-1"], ["--format", "mp4"]])
def test_wrong_numbers_are_wrong_usage(tmp_path, sample, more):
    assert main(["infer", str(sample), *more]) == 2


def test_nothing_readable_is_exit_3(tmp_path):
    (tmp_path / "a.bin").write_bytes(bytes(range(200)))
    assert infer(tmp_path, tmp_path / "a.bin")[0] == 3


def test_real_adult_radiographs_get_a_caution_or_a_refusal_never_a_silent_answer(tmp_path, data):
    folder = data / "imaging" / "cxr" / "dicom"
    _, document = infer(tmp_path, folder, "--explain", "none")
    by_name = {}
    for result in document["results"]:
        by_name.setdefault(result["input"]["path"].rsplit("/", 1)[-1], []).append(result)
    assert len(by_name) == 10
    for name, results in by_name.items():
        for result in results:
            assert result["status"] == "refused" or result["cautions"], name
            if not name.startswith("chest"):
                assert result["status"] == "refused", name


def test_models_are_listed_shown_and_verified(tmp_path, capsys):
    target = tmp_path / "models.json"
    assert main(["models", "verify", "--json", str(target)]) == 0
    document = json.loads(target.read_text("utf-8"))
    assert document["schema"] == "medviewer.models/1"
    (model,) = [m for m in document["models"] if m["id"] == "cxr-pneumonia"]
    assert set(model) >= {
        *("id", "version", "title", "task", "kind", "labels", "thresholds", "input_contract", "metrics", "licence"),
        *("source", "sha256", "bundled", "path", "status"),
    }
    assert model["labels"] == ["normal", "pneumonia"]
    assert model["status"].startswith("ok")
    assert main(["models", "show", "cxr-pneumonia", "--lang", "zh_CN"]) == 0
    assert "肺炎" in capsys.readouterr().out
    assert main(["models", "show", "nothing"]) == 6
    assert main(["models", "show"]) == 2


def test_a_bundle_can_be_brought_in_and_taken_out_again(tmp_path, capsys):
    import shutil

    other = shutil.copytree(models_folder() / "cxr-pneumonia", tmp_path / "copy")
    document = json.loads((other / "bundle.json").read_text("utf-8")) | {"id": "copy"}
    (other / "bundle.json").write_text(json.dumps(document), "utf-8")
    assert main(["models", "import", str(other)]) == 0
    assert main(["models", "verify", "copy"]) == 0
    assert main(["models", "import", str(other)]) == 6
    assert main(["models", "remove", "copy"]) == 0
    assert main(["models", "remove", "cxr-pneumonia"]) == 6
    assert (models_folder() / "cxr-pneumonia" / "bundle.json").is_file()


def test_infer_prints_where_a_note_and_the_radiograph_of_one_patient_contradict_each_other(tmp_path, sample):
    """The child's radiograph scores above its threshold: a note that denies pneumonia differs, one that states it agrees."""
    denies, states = tmp_path / "denies.txt", tmp_path / "states.txt"
    denies.write_text("Chest radiograph: no pneumonia. No pleural effusion.\n", "utf-8")
    states.write_text("胸片：右下肺炎。\n", "utf-8")
    chest = sample / "chest.dcm"
    _, document = infer(tmp_path, chest, denies, "--explain", "none")
    (found,) = document["discordances"]
    assert found["rule"] == "pneumonia-denied" and found["identity"] == "assumed"
    assert found["note"]["text"] == "no pneumonia" and found["note"]["state"] == "absent"
    assert denies.read_text("utf-8")[found["note"]["start"] : found["note"]["end"]] == "no pneumonia"
    assert found["network"]["probability"] >= found["network"]["threshold"]
    assert probability_words(found["network"]["probability"]) in found["message"]
    assert "identity-assumed" in [warning["code"] for warning in document["warnings"]]
    _, document = infer(tmp_path, chest, states, "--explain", "none")
    assert document["discordances"] == []
    _, document = infer(tmp_path, sample, denies, "--explain", "none")
    assert document["discordances"] == []
    _, document = infer(tmp_path, sample, denies, "--explain", "none", "--one-patient")
    assert len(document["discordances"]) == 1


@pytest.mark.parametrize(
    ("form", "names"), [("pdf", ["SAMPLE-1.report.pdf"]), ("sr", ["SAMPLE-1.report-pdf.dcm", "SAMPLE-1.report-sr.dcm"])]
)
def test_infer_writes_one_report_a_patient(tmp_path, sample, form, names):
    out = tmp_path / "out"
    code, _ = infer(tmp_path, sample, "--out", out, "--format", form)
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == names
    raw = (out / names[0]).read_bytes()
    assert raw.startswith(b"%PDF-") or raw[128:132] == b"DICM"


def test_render_makes_one_patients_report_and_asks_whose_where_there_are_two(tmp_path, capsys):
    import pypdfium2

    from medviewer.inference.bundle import read_bundle
    from medviewer.store.assets import models_folder

    network = f"cxr-pneumonia {read_bundle(models_folder() / 'cxr-pneumonia').version}"
    sample_paths(tmp_path / "sample")
    out = tmp_path / "r.pdf"
    assert main(["render", str(tmp_path / "sample"), "--pdf", "--out", str(out)]) == 4
    assert "one patient" in capsys.readouterr().err
    assert main(["render", str(tmp_path / "sample"), "--pdf", "--out", str(out), "--patient", "SAMPLE-1", "--proposed"]) == 0
    document = pypdfium2.PdfDocument(out)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    assert "ID SAMPLE-1" in text and "SAMPLE-2" not in text and "Research use only" in text and network in text


def test_without_json_errors_are_told_on_standard_error(tmp_path, capsys):
    assert main(["infer", str(tmp_path / "gone.dcm")]) == 3
    said = capsys.readouterr()
    assert "gone.dcm" in said.err and "Check the path" in said.err and not said.out


@pytest.mark.slow
def test_the_sample_adults_notes_image_and_ecgs_differ_in_one_point_alone(tmp_path):
    """With the networks as they are shipped: the English note denies the premature beats that both ECGs have."""
    _, adult = sample_paths(tmp_path / "sample")
    _, document = infer(tmp_path, adult, "--explain", "none")
    assert {one["rule"] for one in document["discordances"]} == {"ventricular-beats-denied"}
    for one in document["discordances"]:
        assert one["note"]["item"] == "note-en" and one["identity"] == "same" and one["days"] == 0
        assert one["network"]["model"] == "ecg-beats" and one["network"]["samples"]
