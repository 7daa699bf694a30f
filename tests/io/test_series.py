"""Grouping, order and millimetres from headers."""

import numpy as np
import pytest
from make import make_image, make_series, save

from medviewer.io.scan import scan


def series_of(folder, tmp_path):
    return scan([folder], workspace=tmp_path / "unpacked").items


def test_ge01_slices_are_ordered_by_position_whatever_their_numbers_and_names(tmp_path):
    order = [5, 3, 9, 1, 0, 7, 2, 8, 4, 6, 11, 10]
    for name, k in enumerate(order):
        pixels = np.full((4, 4), k, np.int16)
        tags = {
            "InstanceNumber": 1,
            "ImagePositionPatient": [0, 0, k * 2.5],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [1, 1],
        }
        save(make_image(pixels, tags=tags), tmp_path / "in" / f"{name}.dcm")
    (series,) = series_of(tmp_path / "in", tmp_path)
    assert [int(series.source.stored(k)[0, 0]) for k in range(12)] == list(range(12))
    assert series.geometry.spacing == (1.0, 1.0, 2.5)


def test_ge05_the_spacing_of_a_tilted_stack_is_perpendicular(tmp_path):
    tilt = np.radians(20)
    make_series(
        tmp_path / "in",
        4,
        tags=lambda k: {
            "ImagePositionPatient": [0, 0, 5.0 * k],
            "ImageOrientationPatient": [1, 0, 0, 0, float(np.cos(tilt)), float(np.sin(tilt))],
        },
    )
    (series,) = series_of(tmp_path / "in", tmp_path)
    assert series.geometry.spacing[2] == pytest.approx(5 * np.cos(tilt), abs=1e-3)
    assert series.geometry.tilt_degrees == pytest.approx(20, abs=0.1)
    assert not series.geometry.regular


def test_ge06_a_missing_slice_is_told_with_its_neighbours(tmp_path):
    paths = make_series(tmp_path / "in", 8)
    paths[4].unlink()
    (series,) = series_of(tmp_path / "in", tmp_path)
    (notice,) = [n for n in series.warnings if n.code == "spacing-irregular"]
    assert notice.facts == {"expected": 2.5, "found": 5.0, "before": "0003.dcm", "after": "0005.dcm"}
    assert series.geometry.offsets == pytest.approx((0, 2.5, 5, 7.5, 12.5, 15, 17.5))


def test_ge07_slice_thickness_is_no_slice_distance(tmp_path):
    make_series(tmp_path / "in", 3, spacing=(1.0, 1.0, 2.5))
    (series,) = series_of(tmp_path / "in", tmp_path)
    assert series.geometry.spacing[2] == 2.5
    assert series.geometry.spacing_source == "positions"


@pytest.mark.parametrize("order", [1, -1])
def test_ge08_ge09_the_affine_is_the_same_for_any_order_of_files_and_for_sagittal_stacks(tmp_path, order):
    for n, k in enumerate(range(4)[::order]):
        tags = {
            "ImagePositionPatient": [3.0 * k, -50, 80],
            "ImageOrientationPatient": [0, 1, 0, 0, 0, -1],
            "PixelSpacing": [0.7, 0.9],
        }
        save(make_image(np.full((6, 5), k, np.int16), tags=tags), tmp_path / "in" / f"{n}.dcm")
    (series,) = series_of(tmp_path / "in", tmp_path)
    assert series.geometry.spacing == (0.7, 0.9, 3.0)
    assert series.geometry.normal == pytest.approx((-1, 0, 0))
    assert series.geometry.origin == (9.0, -50.0, 80.0)
    assert series.geometry.regular


def test_ge10_a_scout_is_a_series_of_its_own(tmp_path):
    make_series(tmp_path / "in", 5)
    scout = {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "ImagePositionPatient": [0, 0, 0], "PixelSpacing": [1, 1]}
    save(make_image(np.zeros((16, 12), np.int16), tags=scout), tmp_path / "in" / "scout.dcm")
    stack, alone = series_of(tmp_path / "in", tmp_path)
    assert (len(stack.frames), len(alone.frames)) == (5, 1)
    assert alone.split_reason == "orientation"
    assert alone.item == f"{stack.item}-2"
    assert stack.geometry.regular


def test_ge11_repeated_positions_become_phases_and_no_image_is_lost(tmp_path):
    for phase in range(3):
        make_series(
            tmp_path / "in" / str(phase),
            4,
            tags=lambda k, p=phase: {"AcquisitionNumber": p + 1, "InstanceNumber": 4 * p + k + 1},
        )
    phases = series_of(tmp_path / "in", tmp_path)
    assert [len(series.frames) for series in phases] == [4, 4, 4]
    assert [series.split_reason for series in phases] == [None, "phase", "phase"]


@pytest.mark.parametrize(
    ("tags", "spacing", "source"),
    [
        ({"ImagerPixelSpacing": [0.1, 0.1]}, 0.1, "imager-pixel-spacing"),
        (
            {"ImagerPixelSpacing": [0.1, 0.1], "EstimatedRadiographicMagnificationFactor": 1.25},
            0.08,
            "imager-pixel-spacing-magnification",
        ),
        (
            {"ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.1, 0.1], "EstimatedRadiographicMagnificationFactor": 1.25},
            0.08,
            "imager-pixel-spacing-magnification",
        ),
        ({"ImagerPixelSpacing": [0.1, 0.1], "PixelSpacing": [0.09, 0.09]}, 0.09, "pixel-spacing-calibrated"),
    ],
)
def test_ge13_ge14_each_source_of_a_radiographs_spacing_is_named(tmp_path, tags, spacing, source):
    save(make_image(np.zeros((4, 4), np.uint16), modality="DX", tags=tags), tmp_path / "in" / "a.dcm")
    (series,) = series_of(tmp_path / "in", tmp_path)
    assert series.geometry.spacing[0] == pytest.approx(spacing)
    assert series.geometry.spacing_source == source


def test_px11_padding_is_read_as_a_range(tmp_path):
    tags = {"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1500}
    save(make_image(np.array([[-2000, -1600, 0, 5]], np.int16), tags=tags), tmp_path / "in" / "a.dcm")
    (series,) = series_of(tmp_path / "in", tmp_path)
    assert series.unpadded(0).tolist() == [[False, False, True, True]]


def test_vt09_two_identities_in_one_study_stand_apart_with_a_warning(tmp_path):
    make_series(tmp_path / "in" / "a", 2)
    make_series(tmp_path / "in" / "b", 2, tags=lambda k: {"PatientID": "T-2", "PatientName": "Other^One"})
    first, second = series_of(tmp_path / "in", tmp_path)
    assert first.patient.key != second.patient.key
    assert "identity-differs" in {notice.code for notice in second.warnings}


@pytest.mark.parametrize(
    ("charset", "name", "shown"),
    [("ISO_IR 192", "Wang^XiuYing=王^秀英", "王^秀英"), ("GB18030", "Wang^XiuYing=王^秀英", "王^秀英")],
)
def test_tf02_chinese_names_are_read(tmp_path, charset, name, shown):
    make_series(tmp_path / "in", 1, tags=lambda k: {"SpecificCharacterSet": charset, "PatientName": name})
    (series,) = series_of(tmp_path / "in", tmp_path)
    assert shown in series.patient.name


def test_tf08_wrong_numbers_never_stop_the_display(tmp_path):
    paths = make_series(tmp_path / "in", 1)
    raw = paths[0].read_bytes()
    paths[0].write_bytes(raw.replace(b"0.5\\0.8 ", b"abc\\0.8 "))
    (series,) = series_of(tmp_path / "in", tmp_path)
    assert series.geometry is None
    assert series.source.stored(0).shape == (16, 12)


def test_sp03_each_plain_file_is_opened_once_for_its_header(tmp_path, monkeypatch):
    import builtins
    import os

    make_series(tmp_path / "in", 10)
    opened = []
    for home in (builtins, os):
        real = home.open

        def counting(path, *arguments, real=real, **more):
            opened.append(str(path))
            return real(path, *arguments, **more)

        monkeypatch.setattr(home, "open", counting)
    series_of(tmp_path / "in", tmp_path)
    assert sum(path.endswith(".dcm") for path in opened) == 10


def test_pictures_have_no_geometry_and_no_identity(tmp_path):
    from PIL import Image

    Image.fromarray((np.arange(600).reshape(20, 30) * 100).astype(np.uint16)).save(tmp_path / "a.png")
    Image.fromarray(np.full((20, 30, 3), (200, 10, 10), np.uint8)).save(tmp_path / "b.tif")
    grey, colour = series_of(tmp_path, tmp_path)
    assert grey.source.stored(0).dtype == np.uint16
    assert int(grey.source.stored(0)[0, 7]) == 700
    assert colour.source.stored(0).shape == (20, 30, 3)
    for series in (grey, colour):
        assert not series.has_identity
        assert series.geometry is None
        assert [notice.code for notice in series.warnings] == ["no-geometry-no-identity"]
