"""Each readable DICOM file of the shared data and of pydicom's own test files: stored values as pydicom gives them."""

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest

from medviewer.cli.main import main
from medviewer.core.errors import MedviewerError
from medviewer.io.detect import detect
from medviewer.io.image.pixels import register
from medviewer.io.scan import scan
from medviewer.services.words import say

PYDICOM = Path(pydicom.data.__file__).parent

LOSSY_COLOUR = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"}


def dicom_files(root, every=1):
    found = [path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix.lower() in ("", ".dcm", ".img", ".ima")]
    return [path for path in found if path.stat().st_size and detect(path) == "dicom"][::every]


@pytest.fixture(scope="module")
def files(data):
    imaging = data / "imaging"
    few = [p for name in ("ct_lidc_idri_0001", "petct_acrin_042") for p in dicom_files(imaging / "dicom" / name, 12)]
    stacks = ("ct_head_tilt", "mr_head_t1w", "mr_prostatex_0207", "variety")
    rest = [p for name in stacks for p in dicom_files(imaging / "dicom" / name)]
    own = [p for name in ("test_files", "charset_files") for p in dicom_files(PYDICOM / name)]
    return [*few, *rest, *dicom_files(imaging / "cxr"), *dicom_files(imaging / "ct"), *own]


def pixel_array(path):
    """Default arguments, as docs/cli.md defines the truth; None where pydicom cannot."""
    register()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, force=True)
            pixels = dataset.pixel_array
        except Exception:  # pydicom raises nearly anything of a damaged file
            return None
    many = int(dataset.get("NumberOfFrames", 1) or 1) > 1
    return pixels if many and pixels.ndim > 2 else pixels[None]


def stored_or_none(series, k):
    """None where we refuse; an error that is not ours ends the test."""
    try:
        stored = series.source.file_values(k)
        assert series.source.stored(k).shape[:2] == stored.shape[:2] == (series.frames[k].rows, series.frames[k].columns)
    except MedviewerError:
        return None
    return stored


def test_every_file_has_pydicoms_stored_values_or_a_refusal_with_a_sentence(files, tmp_path):
    equal = frames = refused = 0
    undecoded = []
    for path in files:
        account = (batch := scan([path], workspace=tmp_path)).account
        wanted = pixel_array(path)
        for notice in (*account.failed, *account.skipped):
            assert say(notice).message
            assert wanted is None, (path, notice)
            refused += 1
        seen = 0
        for series in batch.images:
            for k, frame in enumerate(series.frames):
                stored = stored_or_none(series, k)
                if stored is None:
                    undecoded.append((path.name, wanted is None))
                    continue
                seen += 1
                if wanted is not None:
                    lossy = frame.samples == 3 and frame.transfer_syntax in LOSSY_COLOUR
                    worst = np.nanmax(np.abs(stored.astype(float) - wanted[frame.index].astype(float)))
                    assert worst <= (1 if lossy else 0), (path, frame.index)
                    assert stored.shape == wanted[frame.index].shape
        if wanted is not None:
            assert seen == len(wanted), path
            equal, frames = equal + 1, frames + seen
    print(f"{equal} files with {frames} frames equal pydicom, {refused} refused")
    assert undecoded == [("JPEG2000-embedded-sequence-delimiter.dcm", True)]
    assert equal > 300
    assert frames > 700


@pytest.mark.parametrize(
    "name",
    [
        "us/jpeg-ls-Palette.dcm",
        "sc_colour/TestPattern_Palette.dcm",
        "mr/jpeg2000-multiframe-multifragments.dcm",
    ],
)
def test_info_gives_the_hash_of_pydicoms_values_in_displayed_order(data, tmp_path, name):
    path = data / "imaging" / "dicom" / "variety" / name
    assert main(["info", str(path), "--pixels", "--json", str(tmp_path / "info.json")]) == 0
    (item,) = json.loads((tmp_path / "info.json").read_text("utf-8"))["patients"][0]["studies"][0]["items"]
    wanted = pixel_array(path)
    (series,) = scan([path], workspace=tmp_path).items
    ordered = wanted[[frame.index for frame in series.frames]]
    assert item["pixels"]["sha256"] == hashlib.sha256(ordered.astype("<i4").tobytes()).hexdigest()
    assert (item["frames"], item["samples"]) == (len(wanted), int(pydicom.dcmread(path).SamplesPerPixel))
    assert item["pixels"]["max"] == ordered.max() or item["modality"] == "MR"


def test_px03_px04_px15_modality_values_are_pydicoms(files, tmp_path):
    from pydicom.pixels import apply_modality_lut

    compared = tables = 0
    for path in files[::2]:
        wanted = pixel_array(path)
        if wanted is None or wanted.ndim != 3 or len(wanted) > 1:
            continue
        dataset = pydicom.dcmread(path, force=True)
        for series in scan([path], workspace=tmp_path).items:
            if {"table-invalid"} & {n.code for n in series.warnings} or series.source.stored(0).ndim != 2:
                continue
            if "PixelData" not in dataset or series.frames[0].photometric == "PALETTE COLOR":
                continue
            if "SharedFunctionalGroupsSequence" in dataset:
                continue  # pydicom does not look into them
            assert np.allclose(series.modality_values(0), apply_modality_lut(wanted[0], dataset)), path
            compared += 1
            tables += series.frames[0].modality_transform.lut is not None
    assert compared > 80


def test_px15_a_real_radiographs_modality_table_is_followed(data, tmp_path):
    from pydicom.pixels import apply_modality_lut

    path = data / "imaging" / "cxr" / "dicom" / "teeth_cr_mono1_modality_lut.dcm"
    (series,) = scan([path], workspace=tmp_path).items
    assert "table-invalid" not in {notice.code for notice in series.warnings}
    dataset = pydicom.dcmread(path)
    assert np.array_equal(series.modality_values(0), apply_modality_lut(pixel_array(path)[0], dataset))


def test_one_bit_rle_segments_equal_the_same_in_jpeg_2000(data, tmp_path):
    folder = data / "imaging" / "dicom" / "variety" / "seg"
    rle, j2k = (scan([folder / name], workspace=tmp_path).items[0] for name in ("liver_rle.dcm", "liver_j2k.dcm"))
    compared = [np.array_equal(rle.source.stored(k), j2k.source.stored(k)) for k in range(len(rle.frames))]
    assert len(compared) == 3
    assert all(compared)
    assert any(rle.source.stored(k).any() for k in range(3))


SINGLE = ["rtdose.dcm", "CT_small.dcm", "MR_small.dcm", "rtdose_rle.dcm"]


@pytest.mark.parametrize("name", SINGLE)
def test_one_files_grid_lies_where_simpleitk_puts_it(name, tmp_path):
    import SimpleITK as sitk

    path = PYDICOM / "test_files" / name
    (series,) = scan([path], workspace=tmp_path).items
    image = sitk.ReadImage(str(path))
    row, column, between = series.geometry.spacing
    assert image.GetSpacing()[:2] == pytest.approx((column, row), rel=1e-4)
    assert image.GetOrigin() == pytest.approx(series.geometry.origin, abs=1e-3)
    assert image.GetDirection() == pytest.approx(series.geometry.direction, abs=1e-4)
    if len(series.frames) > 1:
        assert image.GetSpacing()[2] == pytest.approx(between, rel=1e-4)
        assert series.geometry.regular


def test_every_charset_sample_of_pydicom_gives_its_name(tmp_path):
    from medviewer.io import tags, values
    from medviewer.io.dicom import read_header

    compared = 0
    for path in sorted((PYDICOM / "charset_files").glob("*.dcm")):
        header = read_header(str(path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = str(pydicom.dcmread(path, force=True).get("PatientName", ""))
        shown, guessed = values.decode(header.elements.get(tags.PATIENT_NAME, b""), header.elements.get(tags.CHARSET, b""), True)
        if guessed:
            continue
        assert shown == "=".join(group.rstrip("^ ").strip() for group in wanted.split("=")).rstrip("="), path.name
        compared += 1
    assert compared >= 15
