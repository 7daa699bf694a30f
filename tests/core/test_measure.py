"""Lengths with their units."""

from dataclasses import replace

import numpy as np
import pytest
from made import image_series

from medviewer.core.grey import ModalityTransform
from medviewer.core.measure import length, unit_of
from medviewer.core.overlay import Region

FLAT = np.zeros((1, 200, 200), np.uint16)


def test_ge12_a_line_across_uses_the_column_spacing_and_one_down_the_row_spacing():
    series = image_series(FLAT, spacing=(0.5, 0.8))
    across, down = length(series, (0, 0), (0, 100)), length(series, (0, 0), (100, 0))
    assert (across.value, across.unit) == (pytest.approx(80), "mm")
    assert (down.value, down.unit) == (pytest.approx(50), "mm")


def test_ge12_an_aspect_ratio_alone_gives_pixels_and_no_millimetres():
    measured = length(image_series(FLAT, spacing=None, aspect=1.5), (0, 0), (40, 0))
    assert (measured.value, measured.unit) == (pytest.approx(60), "px")


def test_ge13_imager_pixel_spacing_is_said_to_be_at_the_detector():
    assert length(image_series(FLAT, source="imager-pixel-spacing"), (0, 0), (0, 5)).source == "imager-pixel-spacing"
    assert length(image_series(FLAT, spacing=None), (0, 0), (0, 5)).source == ""


def test_ge15_the_ruler_of_a_frame_uses_that_frames_ultrasound_regions():
    series = image_series(np.zeros((2, 60, 80), np.uint8), spacing=None)
    region = Region((0, 0, 59, 39), (0.02, 0.05), ("cm", "cm"))
    series = replace(series, frames=(series.frames[0], replace(series.frames[1], regions=(region,))))
    said = [length(series, *line) for line in (((10, 5), (10, 35), 1), ((10, 5), (10, 45), 1), ((10, 5), (10, 35), 0))]
    assert [(round(one.value, 6), one.unit) for one in said] == [(6.0, "mm"), (40.0, "px"), (30.0, "px")]


@pytest.mark.parametrize(("unit", "said"), [("HU", "HU"), ("", ""), ("US", ""), ("OD", "OD")])
def test_me07_only_a_declared_unit_is_said(unit, said):
    series = image_series(FLAT, modality_transform=ModalityTransform(1.0, 0.0, unit))
    assert unit_of(series, 0) == said
