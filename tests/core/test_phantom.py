"""The phantom's numbers are what its text says."""

import numpy as np

from medviewer.core.phantom import LUNG, NODULES, SOFT, chest


def test_the_phantom_holds_its_nodules_where_they_are_said_to_be():
    spacing = (3.0, 1.4, 1.4)
    hu = chest(spacing=spacing)
    assert hu.dtype == np.int16
    for nodule in NODULES:
        k, r, c = (round(mm / step + (n - 1) / 2) for mm, step, n in zip(reversed(nodule.centre), spacing, hu.shape, strict=True))
        assert hu[k, r, c] > SOFT - 60
        away = round((nodule.diameter / 2 + 4) / spacing[2])
        assert min(hu[k, r, c + away], hu[k, r, c - away]) < LUNG + 100


def test_the_phantom_is_the_same_each_time():
    assert np.array_equal(chest((8, 32, 32), (20.0, 10.0, 10.0)), chest((8, 32, 32), (20.0, 10.0, 10.0)))
