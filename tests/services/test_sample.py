"""The sample patients' files: what PS3.3 demands stands in them, and the phantom is a chest."""

import json
import pkgutil

import numpy as np
import pydicom
import pytest

from medviewer.core.phantom import NODULES, chest, projected
from medviewer.io.scan import scan
from medviewer.services.sample import sample_paths

FILES = ("child/chest.dcm", "adult/ct-001.dcm", "adult/ct-064.dcm", "adult/radiograph.dcm", "adult/ecg.dcm")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("sample")
    sample_paths(where)
    return where


def table(name):
    return json.loads(pkgutil.get_data("highdicom", f"_standard/{name}.json"))


@pytest.mark.parametrize("file", FILES)
def test_every_attribute_that_the_iod_requires_is_there(folder, file):
    """Types 1 and 2 of the mandatory modules, by the tables of PS3.3 that highdicom carries."""
    ds = pydicom.dcmread(folder / file)
    iod = table("sop_class_iod_map")[ds.SOPClassUID]
    attributes = table("module_attribute_map")
    missing = []
    for module in table("iod_module_map")[iod]:
        if module["usage"] != "M":
            continue
        for one in attributes[module["key"]]:
            there = one["keyword"] in ds
            filled = there and ds[one["keyword"]].value not in (None, "", [])
            if not one["path"] and ((one["type"] == "1" and not filled) or (one["type"] == "2" and not there)):
                missing.append(f"{module['key']}: {one['keyword']} ({one['type']})")
    assert missing == []


def test_values_are_valid_for_their_representation(folder, recwarn):
    for file in FILES:
        for element in pydicom.dcmread(folder / file).iterall():
            assert element.value is not ...
    assert [str(w.message) for w in recwarn if "Invalid value" in str(w.message)] == []


def test_the_adult_has_a_ct_in_hu_and_a_radiograph_of_the_same_chest(folder):
    images = {item.modality: item for item in scan([folder / "adult"], workspace=folder).images}
    ct, film = images["CT"], images["CR"]
    assert ct.geometry.regular and len(ct.frames) == 64
    values = ct.modality_values(32)
    assert values.min() < -950 and values.max() > 300 and ct.frames[0].modality_transform.unit == "HU"
    assert film.view == "PA" and film.patient_orientation == ("L", "F") and film.frames[0].bits_stored == 12
    assert film.patient.id == ct.patient.id


def test_the_projection_shows_lungs_darker_than_the_heart_and_has_quantum_noise():
    hu = chest((110, 72, 190), (1.8, 3.2, 1.8))
    film = projected(hu, 3.2)
    assert film.shape == (110, 190)
    right_lung, left_heart, air = film[45:60, 45:55].mean(), film[70:76, 102:112].mean(), film[2, :3].mean()
    assert air < 0.2 < right_lung < left_heart  # the patient's right is at the left
    quiet = projected(hu, 3.2, photons=4e9)
    dense, thin = quiet > 4.0, (quiet > 1.0) & (quiet < 2.5)
    assert np.std((film - quiet)[dense]) > 2 * np.std((film - quiet)[thin])  # fewer photons, more noise
    assert np.array_equal(film, projected(hu, 3.2)) and not np.array_equal(film, projected(hu, 3.2, seed=1))


def test_nodules_lie_in_the_lungs_with_their_hu():
    shape, spacing = (64, 256, 256), (3.0, 1.4, 1.4)
    hu = chest(shape, spacing)
    for nodule in NODULES:
        x, y, z = nodule.centre
        k, r, c = (round(v / mm + (n - 1) / 2) for v, mm, n in zip((z, y, x), spacing, shape, strict=True))
        assert -30 < hu[k, r, c] < 100
        ring = hu[k, r, c + round(nodule.diameter / 1.4)]
        assert ring < -300 or ring > 0  # lung, or a vessel
