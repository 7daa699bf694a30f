"""A volume along another plane: the voxels are the same, their places in the patient too."""

import numpy as np
import pytest
from make import make_series

from medviewer.core.errors import MedviewerError
from medviewer.core.geometry import letters, opposite
from medviewer.core.reformat import PLANES, in_plane
from medviewer.io.scan import scan


def volume(tmp_path, **more):
    make_series(tmp_path / "ct", 6, **more)
    (series,) = scan([tmp_path / "ct"], workspace=tmp_path).items
    return series


@pytest.mark.parametrize(
    ("plane", "shape", "top", "left"), [("coronal", (16, 6, 12), "H", "R"), ("sagittal", (12, 6, 16), "H", "A")]
)
def test_every_voxel_keeps_its_value_and_its_place(tmp_path, plane, shape, top, left):
    series = volume(tmp_path)
    seen = in_plane(series, plane)
    assert seen.geometry.shape == shape == (len(seen.frames), seen.frames[0].rows, seen.frames[0].columns)
    assert opposite(letters(seen.geometry.column)) == top and opposite(letters(seen.geometry.row)) == left
    assert np.allclose(np.cross(seen.geometry.row, seen.geometry.column), seen.geometry.normal)
    before = {
        tuple(np.round(series.geometry.point(k, r, c), 3)): value
        for k in range(6)
        for (r, c), value in np.ndenumerate(series.modality_values(k))
    }
    for k in range(shape[0]):
        for (r, c), value in np.ndenumerate(seen.modality_values(k)):
            assert before[tuple(np.round(seen.geometry.point(k, r, c), 3))] == value


def test_the_plane_of_the_files_is_the_series_itself(tmp_path):
    series = volume(tmp_path)
    assert in_plane(series, "axial") is series
    assert set(PLANES) == {"axial", "coronal", "sagittal"}


def test_an_uneven_stack_is_refused(tmp_path):
    from dataclasses import replace

    series = volume(tmp_path)
    with pytest.raises(MedviewerError, match="volume-irregular"):
        in_plane(replace(series, geometry=replace(series.geometry, regular=False)), "coronal")
