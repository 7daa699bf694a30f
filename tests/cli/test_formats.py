"""What `export` and `infer --out` write for each kind: read back by others, and said where a format is not for an item."""

import json

import numpy as np
import pydicom
import pytest
from made import beating, image_series
from make import make_image, make_series, save

from medviewer.cli.main import main
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Attribution, SelfCheck
from medviewer.core.heat import on_image, outlines
from medviewer.store.assets import models_folder


def chest(folder, **tags):
    """The chest network's own probe picture as DICOM."""
    grey = np.load(models_folder() / "cxr-pneumonia" / "probe.npz")["grey"][1]
    if tags.get("PhotometricInterpretation") == "MONOCHROME1":
        grey = 255 - grey
    about = {"BodyPartExamined": "CHEST", "ViewPosition": "AP", "PatientAge": "003Y"} | tags
    return save(make_image(grey, modality="CR", tags=about), folder / "chest.dcm")


def record(folder, name="r"):
    import wfdb

    signal, _ = beating(12.0, 250.0)
    wfdb.wrsamp(name, 250, ["mV"], ["II"], p_signal=signal[:, None], fmt=["16"], write_dir=str(folder))
    return folder / f"{name}.hea"


def run(capfd, *arguments):
    code = main([*map(str, arguments), "--json", "-"])
    return code, json.loads(capfd.readouterr().out)


def test_export_of_a_mixed_folder_skips_what_the_format_is_not_for(tmp_path, capfd):
    folder = tmp_path / "in"
    make_series(folder / "ct", 2)
    (folder / "note.txt").write_text("No pleural effusion.")
    (folder / "noise.bin").write_bytes(bytes(range(256)))
    record(folder)
    for form, kind in (("npy", "1.2.3.1.1"), ("csv", "r"), ("txt", "note")):
        code, manifest = run(capfd, "export", folder, "--out", tmp_path / form, "--format", form)
        assert code == 0 and manifest["errors"] == []
        assert [one["item"] for one in manifest["written"]] == [kind]
        reasons = {entry["item"]: entry["code"] for entry in manifest["skipped"]}
        others = {"1.2.3.1.1", "r", "note"} - {kind}
        assert reasons == dict.fromkeys(others, "format-not-for-kind") | {None: "not-recognised"}
        assert all(entry["path"] and entry["reason"] for entry in manifest["skipped"])
    code, manifest = run(capfd, "export", folder / "note.txt", "--out", tmp_path / "o", "--format", "nifti")
    assert code == 3 and manifest["written"] == [] and len(manifest["skipped"]) == 1


def test_a_plain_picture_is_no_dicom_file_and_that_is_no_failure(tmp_path, capfd):
    from PIL import Image

    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(tmp_path / "a.png")
    code, manifest = run(capfd, "export", tmp_path / "a.png", "--out", tmp_path / "o", "--format", "dicom")
    assert code == 3 and [entry["code"] for entry in manifest["skipped"]] == ["format-not-available"]


def test_ex08_a_deidentified_copy_is_named_by_its_new_uid(tmp_path, capfd):
    make_series(tmp_path / "ct", 2)
    out = tmp_path / "out"
    code, manifest = run(capfd, "export", tmp_path / "ct", "--out", out, "--format", "dicom", "--deidentify")
    (one,) = manifest["written"]
    assert code == 0 and one["item"] == "1.2.3.1.1" and one["path"] != one["item"]
    assert {str(pydicom.dcmread(file).SeriesInstanceUID) for file in (out / one["path"]).iterdir()} == {one["path"]}
    assert "manifest-names-items" in [warning["code"] for warning in manifest["warnings"]]


def test_ex08_a_deidentified_copy_is_as_valid_as_its_source(tmp_path, capfd):
    import shutil
    import subprocess

    from medviewer.services.sample import sample_paths

    def errors(path):
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        return {line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")}

    child, adult = sample_paths(tmp_path / "s")
    for k, source in enumerate((child / "chest.dcm", adult / "ct-001.dcm")):
        out = tmp_path / str(k)
        _, manifest = run(capfd, "export", source, "--out", out, "--format", "dicom", "--deidentify")
        copy = out / manifest["written"][0]["path"] / "0001.dcm"
        read = pydicom.dcmread(copy)
        assert all(keyword in read and not read[keyword].value for keyword in ("AccessionNumber", "StudyID", "StudyDate"))
        if shutil.which("dciodvfy"):
            assert errors(copy) <= errors(source)


def test_ex08_a_note_that_is_named_after_its_patient_gets_another_name(tmp_path, capfd):
    for name in ("MRN: 4711-22", "visit"):
        (tmp_path / f"{name}.txt").write_text("MRN: 4711-22. No pleural effusion.")
    code, manifest = run(
        capfd, "export", *sorted(tmp_path.glob("*.txt")), "--out", tmp_path / "o", "--format", "json", "--deidentify"
    )
    paths = {one["item"]: one["path"] for one in manifest["written"]}
    assert code == 0 and paths["visit"] == "visit.json" and "4711" not in paths["MRN: 4711-22"]
    for path in paths.values():
        assert "4711" not in (tmp_path / "o" / path).read_text("utf-8")


def test_ex08_a_deidentified_ecg_tells_neither_when_nor_by_its_name_whose(tmp_path, capfd):
    import wfdb

    signal, _ = beating(3.0, 250.0)
    for name in ("visit", "MRN_4711-22"):
        place = tmp_path / name
        place.mkdir()
        wfdb.wrsamp("r", 250, ["mV"], ["II"], p_signal=signal[:, None], fmt=["16"], write_dir=str(place))
        text = (place / "r.hea").read_text().splitlines()
        named = f"#<item>: {name.replace('_', ': ')}"
        (place / "r.hea").write_text("\n".join([text[0] + " 10:11:12 01/02/2026", *text[1:], named]) + "\n")
    code, manifest = run(capfd, "export", tmp_path, "--out", tmp_path / "o", "--format", "wfdb", "--deidentify")
    paths = {one["item"]: one["path"] for one in manifest["written"]}
    assert code == 0 and set(paths) == {"visit", "MRN: 4711-22"} and paths["visit"] == "visit.hea"
    for path in paths.values():
        said = (tmp_path / "o" / path).read_text("utf-8")
        assert "4711" not in path + said and "2026" not in said


def test_a_dicom_file_that_lacks_what_dicom_demands_is_told_and_the_others_are_copied(tmp_path, capfd):
    whole = make_image(np.zeros((4, 4), np.int16))
    save(whole, tmp_path / "in" / "a.dcm")
    bare = make_image(np.ones((4, 4), np.int16), tags={"SeriesInstanceUID": "1.2.3.1.2"})
    del bare.SOPClassUID
    bare.file_meta.MediaStorageSOPClassUID = ""
    bare.save_as(tmp_path / "in" / "b.dcm", enforce_file_format=False)
    nameless = make_image(np.ones((4, 4), np.int16), tags={"SeriesInstanceUID": "1.2.3.1.3", "InstanceNumber": 2})
    save(
        make_image(np.ones((4, 4), np.int16), tags={"SeriesInstanceUID": "1.2.3.1.3", "InstanceNumber": 1}),
        tmp_path / "in" / "c.dcm",
    )
    del nameless.SOPInstanceUID
    nameless.file_meta.MediaStorageSOPInstanceUID = ""
    nameless.save_as(tmp_path / "in" / "d.dcm", enforce_file_format=False)
    for more in ([], ["--deidentify"]):
        out = tmp_path / f"o{len(more)}"
        code, manifest = run(capfd, "export", tmp_path / "in", "--out", out, "--format", "dicom", *more)
        assert code == 0 and [one["item"] for one in manifest["written"]] == ["1.2.3.1.1"]
        assert [entry["code"] for entry in manifest["skipped"]] == ["format-not-available"] * 2
        # Of the series whose second image cannot be copied, the first one is not left behind either.
        assert sorted(path.name for path in out.iterdir()) == sorted([manifest["written"][0]["path"], "manifest.json"])


@pytest.mark.parametrize("form", ["nifti", "nrrd"])
def test_ex01_a_single_colour_image_is_a_volume_of_one_slice(tmp_path, capfd, form):
    import SimpleITK as sitk
    from PIL import Image

    colours = np.random.default_rng(1).integers(0, 255, (6, 7, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "c.png")
    code, manifest = run(capfd, "export", tmp_path / "c.png", "--out", tmp_path / "o", "--format", form)
    assert code == 0
    read = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "o" / manifest["written"][0]["path"])))
    assert np.array_equal(read.reshape(colours.shape), colours)


def boxes(raw, kinds=(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"dinf")):
    """Box type → its body, of a file with one track (ISO/IEC 14496-12)."""
    found, at = {}, 0
    while at < len(raw):
        size, kind, head = int.from_bytes(raw[at : at + 4], "big"), raw[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(raw[at + 8 : at + 16], "big"), 16
        found[kind] = raw[at + head : at + size]
        if kind in kinds:
            found |= boxes(found[kind])
        assert size >= head
        at += size
    assert at == len(raw)
    return found


def test_a_series_is_a_film_of_motion_jpeg_in_mp4(tmp_path, capfd):
    """FFmpeg was asked once (docs/decisions.md); here the container is walked and every frame decoded by Pillow."""
    import io

    from PIL import Image

    ramps = [np.clip(np.add.outer(np.arange(40), np.arange(60)) * 2 + 10 * k, 0, 255).astype(np.int16) for k in range(5)]
    make_series(tmp_path / "mr", 5, modality="MR", spacing=(1.0, 0.8, 2.0), pixels=lambda k: ramps[k])
    out = tmp_path / "o"
    code, manifest = run(capfd, "export", tmp_path / "mr", "--out", out, "--format", "mp4", "--window", "127.5,256")
    (one,) = manifest["written"]
    assert code == 0 and one["path"] == "1.2.3.1.1.mp4"
    raw = (out / one["path"]).read_bytes()
    found = boxes(raw)
    sizes = np.frombuffer(found[b"stsz"][12:], ">u4")
    (first,) = np.frombuffer(found[b"co64"][8:], ">u8")
    assert len(sizes) == 5 and sizes.sum() == len(found[b"mdat"])
    assert np.frombuffer(found[b"stts"][4:], ">u4").tolist() == [1, 5, 9000]
    entry = found[b"stsd"][8:]
    assert entry[4:8] == b"mp4v" and b"\x6c\x11" in entry and np.frombuffer(entry[32:36], ">u2").tolist() == [60, 40]
    assert np.frombuffer(entry[entry.index(b"pasp") + 4 :][:8], ">u4").tolist() == [4, 5]
    assert b"research use only" in found[b"\xa9cmt"]
    for k, size in enumerate(sizes):
        with Image.open(io.BytesIO(raw[int(first) : int(first) + int(size)])) as picture:
            grey = np.asarray(picture.convert("L")).astype(int)
        assert np.abs(grey - ramps[k]).mean() < 2
        first += size


def test_heat_is_sampled_where_its_affine_says_and_is_nothing_outside():
    heat = np.zeros((2, 3), np.float32)
    heat[0, 1] = 1
    to_image = np.array([[10.0, 0, 4.5], [0, 10.0, 24.5]])
    one = Attribution("i", 0, "m", "t", "x", heat, to_image, (10, 10), SelfCheck(0, 0, None, True))
    over = on_image(one, (40, 60))
    assert over.shape == (40, 60) and over.max() > 0.9 and np.unravel_index(over.argmax(), over.shape)[1] in range(33, 37)
    assert over[20:].max() == 0 and over[:, :20].max() == 0 and over[:, 50:].max() == 0
    coarse = on_image(one, (40, 60), 2)
    assert coarse.shape == (20, 30) and np.abs(coarse - over.reshape(20, 2, 30, 2).mean((1, 3))).max() < 0.1


def test_an_outline_encloses_its_mask_holes_and_corners_included():
    mask = np.zeros((9, 9), bool)
    mask[1:6, 1:7] = True
    mask[3, 3:5] = False
    mask[6, 7] = True
    lines = outlines(mask)
    assert all(np.array_equal(line[0], line[-1]) for line in lines) and len(lines) == 2
    area = sum(0.5 * float(np.sum(line[:-1, 1] * line[1:, 0] - line[1:, 1] * line[:-1, 0])) for line in lines)
    assert area == mask.sum() and outlines(np.zeros((3, 3), bool)) == []


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """One chest image and a note, answered once with each object."""
    place = tmp_path_factory.mktemp("marked")
    path = chest(place, WindowCenter=90, WindowWidth=170, PatientName="张^三", SpecificCharacterSet="GB18030", PatientSex=None)
    documents = {}
    for form in ("seg", "gsps", "npz"):
        target = place / f"{form}.json"
        arguments = ["infer", path, "--out", place / form, "--format", form, "--json", target, "--profile", place / "p"]
        assert main(list(map(str, arguments))) == 0
        documents[form] = json.loads(target.read_text("utf-8"))
    return place, path, documents


def test_infer_writes_the_heat_above_its_cutoff_as_a_segmentation(marked):
    place, path, documents = marked
    (one,) = documents["seg"]["written"]
    assert one["format"] == "seg" and one["model"] == "cxr-pneumonia"
    source, seg = pydicom.dcmread(path), pydicom.dcmread(place / "seg" / one["path"])
    with np.load(place / "npz" / documents["npz"]["written"][0]["path"]) as arrays:
        heat = Attribution("", 0, "", "", "", arrays["heat"], arrays["to_image"], (1, 1), None)
    mask = on_image(heat, source.pixel_array.shape) >= 0.35
    assert 0.001 < mask.mean() < 0.9 and np.array_equal(seg.pixel_array.reshape(mask.shape), mask)
    assert seg.SOPClassUID == "1.2.840.10008.5.1.4.1.1.66.4" and str(seg.PatientName) == "张^三"
    refers = seg.ReferencedSeriesSequence[0]
    assert refers.SeriesInstanceUID == source.SeriesInstanceUID
    assert refers.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    segment = seg.SegmentSequence[0]
    assert segment.SegmentAlgorithmName == "cxr-pneumonia" and "Research use only" in segment.SegmentDescription
    assert seg.StudyInstanceUID == source.StudyInstanceUID and "research use only" in seg.SeriesDescription


def test_infer_writes_window_outline_box_and_words_as_a_presentation_state(marked):
    place, path, documents = marked
    (one,) = documents["gsps"]["written"]
    source, state = pydicom.dcmread(path), pydicom.dcmread(place / "gsps" / one["path"])
    assert state.SOPClassUID == "1.2.840.10008.5.1.4.1.1.11.1"
    window = state.SoftcopyVOILUTSequence[0]
    assert (window.WindowCenter, window.WindowWidth) == (90, 170) and state.PresentationLUTShape == "IDENTITY"
    image = state.ReferencedSeriesSequence[0].ReferencedImageSequence[0]
    assert image.ReferencedSOPInstanceUID == source.SOPInstanceUID
    (annotation,) = state.GraphicAnnotationSequence
    words = annotation.TextObjectSequence[0].UnformattedTextValue
    assert "Research use only" in words and "pneumonia" in words
    result = documents["gsps"]["results"][0]
    lines = [np.reshape(line.GraphicData, (-1, 2)) for line in annotation.GraphicObjectSequence]
    boxes = [finding["box_pixels"] for finding in result["findings"]]
    assert len(lines) > len(boxes) and boxes
    r0, c0, r1, c1 = boxes[0]
    assert np.allclose(lines[-1][0], (c0 + 0.5, r0 + 0.5), atol=1e-3) and np.allclose(
        lines[-1][2], (c1 + 0.5, r1 + 0.5), atol=1e-3
    )
    high = np.array(source.pixel_array.shape)[::-1]
    assert all((line >= 0).all() and (line <= high).all() for line in lines[:-1])


def test_the_validator_of_dicom3tools_finds_no_error_in_segmentation_and_presentation_state(marked):
    import shutil
    import subprocess

    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    place, _, documents = marked
    for form in ("seg", "gsps"):
        path = place / form / documents[form]["written"][0]["path"]
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in said.stdout + said.stderr, said.stderr
        assert "not present in standard DICOM IOD" not in said.stdout + said.stderr


def test_a_monochrome1_image_has_an_inverse_presentation_state(tmp_path, capfd):
    path = chest(tmp_path, PhotometricInterpretation="MONOCHROME1")
    _, document = run(capfd, "infer", path, "--explain", "none", "--out", tmp_path / "o", "--format", "gsps")
    (one,) = document["written"]
    assert pydicom.dcmread(tmp_path / "o" / one["path"]).PresentationLUTShape == "INVERSE"


def test_objects_are_refused_with_a_reason_where_they_cannot_refer_to_the_frame_or_have_nothing_to_mark(tmp_path):
    from dataclasses import replace

    from medviewer.core.grey import VoiTransform
    from medviewer.io.image.objects import Marked, presentation_state, segmentation
    from medviewer.io.scan import scan

    cine = make_image(np.arange(1800, dtype=np.int16).reshape(60, 30), modality="CR", tags={"Rows": 20, "NumberOfFrames": 3})
    cine.SOPClassUID = cine.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7.3"
    (series,) = scan([save(cine, tmp_path / "c.dcm")], workspace=tmp_path).images
    heat = np.zeros((2, 3), np.float32)
    heat[1, 2] = 1
    one = Attribution(series.item, 1, "m", "t", "x", heat, np.array([[10.0, 0, 4.5], [0, 10.0, 4.5]]), (10, 10), None)
    marked = Marked(1, "m", "1", "ab", "t", ("said",), one, 0.35)
    picture = image_series(np.zeros((1, 20, 30), np.uint8), has_identity=False)
    for item, k in ((series, 1), (picture, 0)):
        with pytest.raises(MedviewerError, match="format-not-available"):
            segmentation(item, replace(marked, k=k))
        with pytest.raises(MedviewerError, match="format-not-available"):
            presentation_state(item, replace(marked, k=k), VoiTransform("LINEAR", 40, 400))
    with pytest.raises(MedviewerError, match="heat-none"):
        segmentation(series, replace(marked, heat=None))


def test_ex04_names_and_labels_in_chinese_and_greek_keep_every_letter_in_objects(tmp_path):
    from medviewer.core.grey import VoiTransform
    from medviewer.io.image.objects import Marked, presentation_state, segmentation
    from medviewer.io.scan import scan

    ds = make_image(np.arange(600, dtype=np.int16).reshape(20, 30), modality="CR", tags={"SpecificCharacterSet": "ISO_IR 126"})
    ds.PatientName = "Παπαδόπουλος^Γιώργος"
    (series,) = scan([save(ds, tmp_path / "greek.dcm")], workspace=tmp_path).images
    heat = np.ones((2, 3), np.float32)
    one = Attribution(series.item, 0, "m", "t", "x", heat, np.array([[10.0, 0, 4.5], [0, 10.0, 4.5]]), (10, 10), None)
    said = "肺炎的可能 · πιθανή πνευμονία"
    marked = Marked(0, "m", "1", "ab", "肺炎 πνευμονία", (said,), one, 0.35)
    for made in (segmentation(series, marked), presentation_state(series, marked, VoiTransform("LINEAR", 40, 400))):
        (tmp_path / "made.dcm").write_bytes(made)
        read = pydicom.dcmread(tmp_path / "made.dcm")
        assert read.SpecificCharacterSet == "ISO_IR 192" and str(read.PatientName) == "Παπαδόπουλος^Γιώργος"
    assert said in read.GraphicAnnotationSequence[0].TextObjectSequence[0].UnformattedTextValue


@pytest.mark.parametrize("lossy", [None, "00", "01"])
def test_ex03_a_copy_says_of_lossy_compression_what_the_original_said(tmp_path, capfd, lossy):
    tags = {"LossyImageCompression": lossy} if lossy else {}
    make_series(tmp_path / "in", 1, tags=lambda k: tags)
    for more in ([], ["--deidentify"]):
        code, _ = run(capfd, "export", tmp_path / "in", "--out", tmp_path / f"o{len(more)}", "--format", "dicom", *more)
        (copy,) = (tmp_path / f"o{len(more)}").rglob("*.dcm")
        assert code == 0 and pydicom.dcmread(copy).get("LossyImageCompression") == lossy


@pytest.mark.parametrize("form", ["seg", "gsps", "wfdb", "edf"])
def test_infer_says_where_a_format_is_not_for_an_item(tmp_path, capfd, form):
    note = tmp_path / "n.txt"
    note.write_text("No pleural effusion.")
    code, document = run(capfd, "infer", note, "--model", "note-mentions", "--out", tmp_path / "o", "--format", form)
    assert code == 5 and document["written"] == [] and document["results"][0]["status"] == "ok"
    assert [warning["code"] for warning in document["warnings"]] == ["format-not-for-kind"]
    assert form in document["warnings"][0]["message"]


def test_a_segmentation_without_an_explanation_is_wrong_usage(tmp_path, capsys):
    path = chest(tmp_path)
    assert main(["infer", str(path), "--explain", "none", "--out", str(tmp_path / "o"), "--format", "seg"]) == 2
    assert "--explain none" in capsys.readouterr().err


NOTE = """CHIEF COMPLAINT: Chest pain and palpitations.
HISTORY: The patient has coronary artery disease and atrial fibrillation. He denies syncope. An echocardiogram showed a
reduced ejection fraction and moderate mitral regurgitation. Cardiac catheterization was performed last year with a stent.
EXAMINATION: Heart: irregular rhythm, systolic murmur. Lungs: clear. No edema.
IMPRESSION: Atrial fibrillation with congestive heart failure. Continue metoprolol and warfarin, cardiology follow-up.
"""


def test_infer_draws_a_note_with_the_words_that_decided_and_writes_their_weights(tmp_path, capfd):
    from PIL import Image

    note = tmp_path / "n.txt"
    note.write_text(NOTE)
    ask = ("infer", note, "--model", "note-specialty-en", "--model", "note-mentions")
    code, document = run(capfd, *ask, "--out", tmp_path / "p", "--format", "png")
    names = {one["model"]: one["path"] for one in document["written"]}
    assert code == 0 and names == {m: f"n.{m}.png" for m in ("note-specialty-en", "note-mentions")}
    with (
        Image.open(tmp_path / "p" / names["note-specialty-en"]) as drawn,
        Image.open(tmp_path / "p" / names["note-mentions"]) as rules,
    ):
        assert drawn.size == rules.size == (1000, 1000) and not np.array_equal(np.asarray(drawn), np.asarray(rules))
    code, document = run(capfd, *ask, "--out", tmp_path / "z", "--format", "npz")
    (one,) = document["written"]
    result = next(r for r in document["results"] if r["model"]["id"] == "note-specialty-en")
    assert result["explanation"]["array"] == one["path"] == "n.note-specialty-en.npz"
    with np.load(tmp_path / "z" / one["path"], allow_pickle=False) as arrays:
        spans = result["spans"]
        assert arrays["start"].tolist() == [span["start"] for span in spans] and len(spans) > 3
        assert arrays["text"].tolist() == [span["text"] for span in spans]
        assert arrays["weight"] == pytest.approx([span["weight"] for span in spans])
        assert len(arrays["characters"]) == len(NOTE) and arrays["characters"].sum() == pytest.approx(arrays["weight"].sum())
        assert arrays["target"] == max(result["scores"], key=lambda score: score["probability"])["label"]


def test_images_and_notes_are_drawn_in_one_run(tmp_path, capfd):
    """One process has one Qt application: the image's must serve the note's widgets too."""
    import os
    import subprocess
    import sys

    path = chest(tmp_path)
    (tmp_path / "n.txt").write_text(NOTE)
    ask = [sys.executable, "-m", "medviewer", "infer", str(path), str(tmp_path / "n.txt"), "--explain", "none"]
    ask += [
        "--model",
        "cxr-pneumonia",
        "--model",
        "note-mentions",
        "--out",
        str(tmp_path / "o"),
        "--format",
        "png",
        "--json",
        "-",
    ]
    done = subprocess.run(ask, capture_output=True, check=False, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "o").iterdir()) == ["1.2.3.1.1.cxr-pneumonia.png", "n.note-mentions.png"]


def test_lang_zh_cn_speaks_chinese_in_what_a_person_reads(tmp_path, capsys):
    path = chest(tmp_path)
    (tmp_path / "n.txt").write_text("无胸腔积液。")
    (tmp_path / "x.bin").write_bytes(bytes(range(256)))
    zh = ("--lang", "zh_CN")
    assert main(["info", str(tmp_path), *zh]) == 0
    said = capsys.readouterr().out
    assert "跳过 1 个" in said and "病历 txt" in said and "found" not in said and "characters" not in said
    assert main(["infer", str(path), str(tmp_path / "n.txt"), "--explain", "none", *zh]) == 0
    said = capsys.readouterr().out
    assert "阈值" in said and "仅供研究" in said and "否定" in said
    assert not {"threshold", "positive", "Research", "negated"} & set(said.replace(":", " ").split())
    assert main(["models", "list", *zh]) == 0
    assert "正常" in capsys.readouterr().out
    assert main(["export", str(tmp_path / "n.txt"), "--out", str(tmp_path / "o"), "--format", "npy", *zh]) == 3
    assert "不适用于此项目" in capsys.readouterr().err


def test_every_check_of_selfcheck_has_a_title_in_both_languages(tmp_path):
    import argparse

    from medviewer.cli.selfcheck import _checks, _title

    for check in _checks(argparse.Namespace(profile=str(tmp_path), device="cpu"), tmp_path):
        assert _title(check.name, "en") == check.name
        assert _title(check.name, "zh_CN") and (check.name == "qt" or _title(check.name, "zh_CN") != check.name)
