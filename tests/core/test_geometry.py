"""Axes, letters and millimetres."""

import numpy as np
import pytest

from medviewer.core.geometry import Geometry, letters, normal_of

OBLIQUE_ROW = (np.cos(np.pi / 6), np.sin(np.pi / 6), 0.0)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [((1, 0, 0), "L"), ((-1, 0, 0), "R"), ((0, 1, 0), "P"), ((0, 0, -1), "F"), (OBLIQUE_ROW, "LP"), ((0, 0, 0), "")],
)
def test_letters_name_the_strongest_direction_first(direction, expected):
    assert letters(direction) == expected


def test_the_normal_of_an_axial_slice_points_to_the_head():
    assert normal_of((1, 0, 0), (0, 1, 0)) == (0, 0, 1)


def test_ge12_lengths_use_row_spacing_down_and_column_spacing_across():
    geometry = Geometry(shape=(1, 200, 200), spacing=(0.5, 0.8, None), spacing_source="pixel-spacing")
    assert geometry.distance(0, 100) == pytest.approx(80)
    assert geometry.distance(100, 0) == pytest.approx(50)


def test_a_point_of_an_uneven_stack_lies_at_its_slices_own_offset():
    geometry = Geometry(
        shape=(3, 4, 4),
        spacing=(1.0, 2.0, 4.0),
        spacing_source="positions",
        origin=(10.0, 20.0, 30.0),
        row=(1.0, 0.0, 0.0),
        column=(0.0, 1.0, 0.0),
        normal=(0.0, 0.0, 1.0),
        regular=False,
        offsets=(0.0, 4.0, 11.0),
    )
    assert geometry.point(2, row=3, column=1) == (12.0, 23.0, 41.0)
    assert geometry.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    affine = geometry.affine()
    assert affine is not None
    assert tuple(affine @ [1, 3, 1, 1])[:3] == (12.0, 23.0, 34.0)
