"""Every CT, MR, CR and DX file of the shared data: stored values as pydicom's, geometry as SimpleITK's."""

import numpy as np
import pydicom
import pytest

from medviewer.io.detect import detect
from medviewer.io.dicom_parse import parse_header
from medviewer.io.dicom_walk import Odd, walk_header
from medviewer.io.image.pixels import register
from medviewer.io.scan import scan

KINDS = {"CT", "MR", "CR", "DX"}


@pytest.fixture(scope="module")
def read(data, tmp_path_factory):
    folders = [data / "imaging" / "dicom", data / "imaging" / "cxr" / "dicom"]
    return scan(folders, workspace=tmp_path_factory.mktemp("unpacked"))


def test_stored_values_equal_pydicoms_for_every_frame(read):
    register()
    compared = 0
    for series in read.images:
        if series.modality not in KINDS:
            continue
        for k in range(0, len(series.frames), max(1, len(series.frames) // 12)):
            frame = series.frames[k]
            dataset = pydicom.dcmread(frame.path, force=True)
            if "PixelRepresentation" not in dataset:
                continue  # pydicom itself refuses these
            wanted = dataset.pixel_array
            wanted = wanted[frame.index] if int(dataset.get("NumberOfFrames", 1) or 1) > 1 else wanted
            assert np.array_equal(series.source.stored(k), wanted), frame.path
            compared += 1
    assert compared > 100


def test_px03_monochrome1_values_are_not_inverted(read):
    inverted = [series for series in read.images if series.frames[0].photometric == "MONOCHROME1" and series.modality in KINDS]
    assert len(inverted) >= 3
    for series in inverted:
        dataset = pydicom.dcmread(series.frames[0].path, force=True)
        assert np.array_equal(series.source.stored(0), dataset.pixel_array)


@pytest.mark.parametrize("folder", ["ct_lidc_idri_0001", "mr_head_t1w", "mr_prostatex_0207"])
def test_volumes_lie_where_simpleitk_puts_them(data, tmp_path, folder):
    import SimpleITK as sitk

    batch = scan([data / "imaging" / "dicom" / folder], workspace=tmp_path)
    compared = 0
    for series in batch.images:
        geometry = series.geometry
        if geometry is None or not geometry.regular or len(series.frames) < 3 or series.split_reason:
            continue
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames([frame.path for frame in series.frames])
        image = reader.Execute()
        row, column, between = geometry.spacing
        assert image.GetSpacing() == pytest.approx((column, row, between), rel=1e-4)
        assert image.GetOrigin() == pytest.approx(geometry.origin, abs=1e-3)
        assert image.GetDirection() == pytest.approx(geometry.direction, abs=1e-4)
        stored = series.source.volume()
        transform = series.frames[0].modality_transform
        assert np.array_equal(transform.apply(stored[1]), sitk.GetArrayViewFromImage(image)[1])
        compared += 1
    assert compared


def test_ge04_ge06_a_tilted_uneven_head_is_told_and_is_no_volume(data, tmp_path):
    (series,) = scan([data / "imaging" / "dicom" / "ct_head_tilt"], workspace=tmp_path).items
    assert series.geometry is not None
    assert not series.geometry.regular
    assert series.geometry.tilt_degrees == pytest.approx(18.5, abs=0.2)
    assert {"gantry-tilt", "spacing-irregular"} <= {notice.code for notice in series.warnings}
    assert series.geometry.offsets[1] - series.geometry.offsets[0] in (
        pytest.approx(4.0, abs=0.05),
        pytest.approx(7.0, abs=0.05),
    )


def test_the_header_walk_gives_what_pydicom_gives(data):
    walked = 0
    for path in sorted((data / "imaging").rglob("*")):
        if not path.is_file() or path.suffix in (".jpg", ".png", ".csv", ".md", ".npz", ".safetensors", ".txt"):
            continue
        if detect(path) != "dicom":
            continue
        try:
            fast = walk_header(str(path))
        except Odd:
            continue  # pydicom's
        slow = parse_header(str(path))
        for tag, raw in fast.elements.items():
            assert slow.elements.get(tag, b"").rstrip(b"\0 ") == raw.rstrip(b"\0 "), (path, hex(tag))
        walked += 1
    assert walked > 300


def test_the_odd_files_fail_politely(read):
    codes = {notice.path.rsplit("/", 1)[-1]: notice.code for notice in read.account.failed}
    assert codes["2026-05-26-oob-monochrome-65535.dcm"] == "image-too-large"
    assert codes["dwv-test_no-number-rows.dcm"] == "header-incomplete"
    account = read.account
    assert account.found == account.loaded + len(account.skipped) + len(account.failed)
