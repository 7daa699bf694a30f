"""Pixels and what lies over them, from files made here: the lines PX of the complaints."""

import io

import numpy as np
import pytest
from make import make_image, make_series, save
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from medviewer.core.errors import MedviewerError
from medviewer.io.scan import scan


def opened(ds, tmp_path, name="a.dcm"):
    """The one series of a data set, written and read back."""
    (series,) = scan([save(ds, tmp_path / "in" / name)], workspace=tmp_path / "unpacked").items
    return series


def codes(series):
    return {notice.code for notice in series.warnings}


def packed(points):
    raw = np.packbits(points.ravel(), bitorder="little").tobytes()
    return raw + b"\0" * (len(raw) % 2)


def with_overlay(ds, points, origin=(1, 1), group=0x6000, data=None):
    ds.add_new((group, 0x0010), "US", points.shape[0])
    ds.add_new((group, 0x0011), "US", points.shape[1])
    ds.add_new((group, 0x0040), "CS", "G")
    ds.add_new((group, 0x0050), "SS", list(origin))
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    ds.add_new((group, 0x3000), "OW", packed(points) if data is None else data)
    return ds


def item(**elements):
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def test_px01_monochrome1_with_an_inverse_presentation_shape_is_inverted_once(tmp_path):
    ramp = np.arange(64, dtype=np.uint16).reshape(8, 8)
    tags = {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE", "WindowCenter": 32, "WindowWidth": 64}
    series = opened(make_image(ramp, modality="DX", tags=tags), tmp_path)
    assert series.frames[0].inverted
    assert "polarity-contradictory" not in codes(series)
    assert np.array_equal(series.source.stored(0), ramp)


def test_px01_a_contradictory_polarity_is_told_and_the_photometric_word_counts(tmp_path):
    tags = {"PresentationLUTShape": "INVERSE"}
    series = opened(make_image(np.zeros((4, 4), np.uint16), modality="DX", tags=tags), tmp_path)
    assert not series.frames[0].inverted
    assert "polarity-contradictory" in codes(series)


def test_px04_two_slices_with_their_own_slopes_keep_them(tmp_path):
    make_series(
        tmp_path / "in", 2, modality="MR", pixels=lambda k: np.full((4, 4), 1000, np.int16),
        tags=lambda k: {"RescaleSlope": (1.0, 0.4)[k]},
    )  # fmt: skip
    (series,) = scan([tmp_path / "in"], workspace=tmp_path).items
    assert [float(series.modality_values(k)[0, 0]) for k in range(2)] == [1000.0, 400.0]


def test_px07_an_overlay_plane_that_is_not_byte_aligned_lies_at_its_origin(tmp_path):
    points = np.random.default_rng(1).random((567, 651)) < 0.3
    pixels = np.arange(600 * 700, dtype=np.uint16).reshape(600, 700)
    series = opened(with_overlay(make_image(pixels), points, origin=(3, 11)), tmp_path)
    (overlay,) = series.frames[0].overlays
    assert (overlay.rows, overlay.columns, overlay.origin) == (567, 651, (2, 10))
    over = series.overlay(0, overlay)
    assert over.shape == (600, 700)
    assert np.array_equal(over[2:569, 10:661], points)
    assert over.sum() == points.sum()
    assert np.array_equal(series.source.stored(0), pixels)


def test_px07_an_overlay_in_the_pixel_words_leaves_the_pixels_clean(tmp_path):
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8)
    points = np.eye(8, dtype=bool)
    tags = {"BitsStored": 12, "HighBit": 11}
    ds = make_image(pixels | points.astype(np.uint16) << 15, tags=tags)
    for element, vr, value in ((0x10, "US", 8), (0x11, "US", 8), (0x40, "CS", "R"), (0x50, "SS", [1, 1]),
                               (0x100, "US", 16), (0x102, "US", 15)):  # fmt: skip
        ds.add_new((0x6002, element), vr, value)
    series = opened(ds, tmp_path)
    (overlay,) = series.frames[0].overlays
    assert overlay.embedded_bit == 15
    assert np.array_equal(series.source.stored(0), pixels)
    assert np.array_equal(series.overlay(0, overlay), points)


def test_px07_a_plane_that_is_too_short_gives_a_note_and_the_image_opens(tmp_path):
    ds = with_overlay(make_image(np.ones((16, 16), np.uint16)), np.ones((16, 16), bool), data=b"\1\0")
    series = opened(ds, tmp_path)
    assert "overlay-invalid" in codes(series)
    assert series.frames[0].overlays == ()
    assert series.source.stored(0).all()


def test_px07_an_overlay_partly_outside_the_image_is_cut_off(tmp_path):
    series = opened(with_overlay(make_image(np.ones((4, 4), np.uint16)), np.ones((4, 4), bool), origin=(-1, 3)), tmp_path)
    over = series.overlay(0, series.frames[0].overlays[0])
    assert over.tolist() == [[False, False, True, True]] * 2 + [[False] * 4] * 2


def test_px08_padded_and_lower_case_function_names_are_understood(tmp_path):
    tags = {"WindowCenter": 40, "WindowWidth": 0.5, "VOILUTFunction": "linear_exact "}
    series = opened(make_image(np.zeros((4, 4), np.int16), tags=tags), tmp_path)
    assert [voi.function for voi in series.frames[0].windows] == ["LINEAR_EXACT"]
    refused = opened(make_image(np.zeros((4, 4), np.int16), tags={"WindowCenter": 40, "WindowWidth": 0}), tmp_path)
    assert refused.frames[0].windows == ()
    assert "window-invalid" in codes(refused)


def test_px09_a_table_of_65536_entries_is_not_lost(tmp_path):
    ds = make_image(np.array([[0, 65535]], np.uint16), modality="DX")
    curve = np.arange(65536, dtype="<u2")[::-1]
    ds.VOILUTSequence = [item(LUTDescriptor=[0, 0, 16], LUTExplanation="down", LUTData=curve.tobytes())]
    ds.VOILUTSequence[0]["LUTData"].VR = "OW"
    ds.VOILUTSequence[0]["LUTDescriptor"].VR = "US"
    (voi,) = opened(ds, tmp_path).frames[0].windows
    assert (voi.function, voi.explanation) == ("LUT", "down")
    assert voi.apply(np.array([0, 65535])).tolist() == [1.0, 0.0]


def enhanced(values, positions, window=None, slopes=None):
    ds = make_image(np.zeros((4, 6), np.int16))
    frames = np.stack([np.full((4, 6), v, np.int16) for v in values])
    ds.NumberOfFrames, ds.PixelData = len(values), frames.tobytes()
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.7], SliceThickness=2.0)],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
    )
    if window:
        shared.FrameVOILUTSequence = [item(WindowCenter=window[0], WindowWidth=window[1])]
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])],
            PixelValueTransformationSequence=[
                item(RescaleSlope=(slopes or [1] * len(values))[n], RescaleIntercept=-1000, RescaleType="HU")
            ],
        )
        for n, z in enumerate(positions)
    ]
    return ds


def test_px10_the_window_rescale_and_place_of_an_enhanced_ct_come_from_its_groups(tmp_path):
    series = opened(enhanced([5, 1, 3], [10, 2, 6], window=(50, 350), slopes=[1, 2, 3]), tmp_path)
    assert [int(series.modality_values(k)[0, 0]) for k in range(3)] == [2 - 1000, 9 - 1000, 5 - 1000]
    assert all((frame.windows[0].center, frame.windows[0].width) == (50, 350) for frame in series.frames)
    assert series.geometry.spacing == (0.5, 0.7, 4.0)
    assert series.geometry.regular


def test_ge03_an_enhanced_ct_split_in_two_files_is_one_volume(tmp_path):
    for name, chosen in (("b", [3, 0]), ("a", [2, 1, 4])):
        save(enhanced(chosen, [2.0 * z for z in chosen]), tmp_path / "in" / f"{name}.dcm")
    (series,) = scan([tmp_path / "in"], workspace=tmp_path).items
    assert len(series.frames) == 5
    assert series.files == 2
    assert series.source.volume()[:, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert series.geometry.spacing[2] == 2.0


def test_ge11_phases_inside_one_enhanced_file_are_parted(tmp_path):
    batch = scan([save(enhanced([1, 2, 3, 4], [0, 2, 0, 2]), tmp_path / "in" / "a.dcm")], workspace=tmp_path)
    assert [series.source.volume()[:, 0, 0].tolist() for series in batch.items] == [[1, 2], [3, 4]]
    assert batch.items[1].split_reason == "repeated-positions"


def palette(bits, count, first=0, stated=None, photometric="PALETTE COLOR"):
    """A 256-pixel image whose palette is red rising, green falling, blue constant; returns it and its true colours."""
    wide = bits == 16
    indices = (np.linspace(0, min(count, 65536) - 1, 256).astype(np.int64) + first).reshape(16, 16)
    ds = make_image(indices.astype(np.uint16 if count > 256 else np.uint8), tags={"PhotometricInterpretation": photometric})
    top = 65535 if wide else 255
    ramp = np.linspace(0, top, count).round().astype(np.int64)
    tables = {"Red": ramp, "Green": ramp[::-1], "Blue": np.full(count, top // 3)}
    for colour, table in tables.items():
        ds.add_new(
            {"Red": 0x00281101, "Green": 0x00281102, "Blue": 0x00281103}[colour], "US", [count % 65536, first, stated or bits]
        )
        raw = table.astype("<u2" if wide else "u1").tobytes()
        tag = {"Red": 0x00281201, "Green": 0x00281202, "Blue": 0x00281203}[colour]
        ds.add_new(tag, "OW", raw + b"\0" * (len(raw) % 2))
    true = np.stack([table[indices - first] / top for table in tables.values()], -1)
    return ds, true


@pytest.mark.parametrize(("bits", "count", "stated"), [(8, 256, None), (16, 256, None), (16, 65536, None), (16, 256, 8)])
def test_px12_palettes_of_each_kind_give_their_colours(tmp_path, bits, count, stated):
    ds, true = palette(bits, count, stated=stated)
    series = opened(ds, tmp_path)
    shown = series.source.stored(0)
    assert shown.shape == (16, 16, 3)
    scale = 65535 if shown.dtype == np.uint16 else 255
    assert np.abs(shown / scale - true).max() <= 1 / 255
    assert series.source.file_values(0).ndim == 2


def test_px12_tables_left_over_in_a_grey_file_are_not_applied(tmp_path):
    ds, _ = palette(8, 256, photometric="MONOCHROME2")
    assert opened(ds, tmp_path).source.stored(0).ndim == 2


def colour_jpeg(photometric, tmp_path, **options):
    patches = np.zeros((48, 48, 3), np.uint8)
    patches[:16, :, 0], patches[16:32, :, 1], patches[32:, :, 2] = 255, 255, 255
    stream = io.BytesIO()
    Image.fromarray(patches).save(stream, "JPEG", quality=95, **options)
    ds = make_image(patches[..., 0], tags={"SamplesPerPixel": 3, "PhotometricInterpretation": photometric})
    ds.PlanarConfiguration = 0
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = encapsulate([stream.getvalue()])
    ds["PixelData"].VR = "OB"
    return opened(ds, tmp_path), patches


@pytest.mark.parametrize(
    ("photometric", "options"),
    [("YBR_FULL_422", {"subsampling": 2}), ("YBR_FULL", {"subsampling": 0}), ("RGB", {"keep_rgb": True})],
)
def test_px13_colour_jpegs_have_their_colours(tmp_path, photometric, options):
    series, patches = colour_jpeg(photometric, tmp_path, **options)
    shown = series.source.stored(0).astype(int)
    for row in (8, 24, 40):
        assert np.abs(shown[row, 24] - patches[row, 24]).max() <= 6
    assert "colour-uncertain" not in codes(series)


def test_px13_a_jpeg_whose_markers_contradict_the_header_carries_a_note(tmp_path):
    for photometric, options in (("RGB", {"subsampling": 0}), ("YBR_FULL", {"keep_rgb": True})):
        series, _ = colour_jpeg(photometric, tmp_path, **options)
        assert "colour-uncertain" in codes(series)


@pytest.mark.parametrize(("keyword", "kind"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")])
def test_px14_float_pixels_keep_their_fractions(tmp_path, keyword, kind):
    wanted = np.linspace(0, 1, 64).astype(kind).reshape(8, 8)
    wanted[3, 3] = 0.37
    bits = wanted.dtype.itemsize * 8
    left_out = dict.fromkeys(("PixelData", "BitsStored", "HighBit", "PixelRepresentation"))
    ds = make_image(np.zeros((8, 8), np.uint16), modality="MR", tags={**left_out, "BitsAllocated": bits})
    setattr(ds, keyword, wanted.tobytes())
    series = opened(ds, tmp_path)
    assert series.modality_values(0)[3, 3] == pytest.approx(0.37)
    assert np.array_equal(series.source.stored(0), wanted)


def test_px17_a_one_point_shutter_and_a_short_table_are_left_out_and_the_image_is_shown(tmp_path):
    ds = make_image(
        np.ones((8, 8), np.uint16), modality="DX", tags={"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [3, 3]}
    )
    ds.VOILUTSequence = [item(LUTDescriptor=[256, 0, 16], LUTData=b"\1\0")]
    ds.VOILUTSequence[0]["LUTData"].VR = "OW"
    ds.VOILUTSequence[0]["LUTDescriptor"].VR = "US"
    series = opened(ds, tmp_path)
    assert {"shutter-invalid", "window-invalid"} <= codes(series)
    assert series.frames[0].shutter is None
    assert series.source.stored(0).all()


def test_px17_shutters_of_each_shape_open_what_they_state(tmp_path):
    tags = {
        "ShutterShape": ["RECTANGULAR", "CIRCULAR", "POLYGONAL"], "ShutterLeftVerticalEdge": 3, "ShutterRightVerticalEdge": 18,
        "ShutterUpperHorizontalEdge": 2, "ShutterLowerHorizontalEdge": 19, "CenterOfCircularShutter": [10, 10],
        "RadiusOfCircularShutter": 9, "VerticesOfThePolygonalShutter": [1, 1, 1, 20, 20, 20, 20, 1],
    }  # fmt: skip
    shutter = opened(make_image(np.ones((20, 20), np.uint16), modality="DX", tags=tags), tmp_path).frames[0].shutter
    seen = shutter.open(20, 20)
    assert seen[9, 9]
    assert not seen[0, 9]
    assert not seen[9, 1]
    assert not seen[2, 2]  # inside the rectangle, outside the circle
    assert 0.5 * np.pi * 81 < seen.sum() < 1.05 * np.pi * 81


def test_ge15_a_length_inside_an_ultrasound_region_uses_its_calibration(tmp_path):
    from medviewer.core.overlay import region_length

    ds = make_image(np.zeros((60, 80), np.uint8), modality="MR", tags={"Modality": "US"})
    box = {"RegionLocationMinX0": 0, "RegionLocationMinY0": 0, "RegionLocationMaxX1": 39, "RegionLocationMaxY1": 59}
    size = {"PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3, "PhysicalDeltaX": 0.02, "PhysicalDeltaY": 0.05}
    ds.SequenceOfUltrasoundRegions = [
        item(**box, **size),
        item(**{**box, "RegionLocationMinX0": 40, "RegionLocationMaxX1": 79}, **{**size, "PhysicalUnitsXDirection": 4}),
    ]
    series = opened(ds, tmp_path)
    regions = series.frames[0].regions
    assert len(regions) == 2
    assert [notice.code for notice in series.warnings] == ["geometry-in-regions"]
    assert region_length(regions, (10, 5), (10, 35)) == (pytest.approx(30 * 0.02 * 10), "mm")
    assert region_length(regions, (10, 5), (50, 5)) == (pytest.approx(40 * 0.05 * 10), "mm")
    assert region_length(regions, (10, 5), (10, 45)) == (40, "px")
    assert region_length(regions, (10, 45), (10, 55)) == (10, "px")


@pytest.mark.parametrize("columns", [5, 6])
def test_tf09_colour_pixels_plane_by_plane_and_odd_lengths_are_read(tmp_path, columns):
    wanted = np.random.default_rng(0).integers(0, 256, (3, columns, 3), np.uint8)
    tags = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 1}
    ds = make_image(wanted[..., 0], tags=tags)
    raw = wanted.transpose(2, 0, 1).tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) % 2)
    assert np.array_equal(opened(ds, tmp_path).source.stored(0), wanted)


def test_px12_a_damaged_palette_is_refused_in_our_words(tmp_path):
    ds, _ = palette(8, 256)
    del ds.GreenPaletteColorLookupTableData
    series = opened(ds, tmp_path)
    with pytest.raises(MedviewerError) as raised:
        series.source.stored(0)
    assert raised.value.notice.code == "palette-invalid"
