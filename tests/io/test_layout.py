"""The learnt pattern gives exactly what the walk gives."""

import pytest
from make import make_series

from medviewer.io.dicom_parse import parse_header
from medviewer.io.dicom_walk import Odd, walk_header
from medviewer.io.layout import AFTER, Layouts


def read(paths, layouts):
    return [walk_header(str(path), path.read_bytes()[:16384], path.stat().st_size, layouts) for path in paths]


def test_a_learnt_series_reads_as_a_walked_one(tmp_path):
    own = [{"InstanceNumber": 7**k % 1000, "ImagePositionPatient": [0, -k / 4, 10.25 * k]} for k in range(40)]
    paths = make_series(tmp_path, 40, tags=lambda k: own[k])
    layouts = Layouts()
    assert read(paths, layouts) == [walk_header(str(path)) for path in paths]
    assert layouts.hit >= 40 - AFTER - 1


def test_a_file_that_differs_is_walked_and_reads_right(tmp_path):
    paths = make_series(tmp_path, 20, tags=lambda k: {"PatientComments": "x" * (2 * k)} if k > 12 else {})
    layouts = Layouts()
    assert read(paths, layouts) == [walk_header(str(path)) for path in paths]


def test_a_lying_length_is_never_believed(tmp_path):
    paths = make_series(tmp_path, 12)
    layouts = Layouts()
    read(paths, layouts)
    raw = bytearray(paths[3].read_bytes())
    place = raw.index(b"\x20\x00\x13\x00IS")
    raw[place + 6] = 200
    try:
        told = walk_header(str(paths[3]), bytes(raw), len(raw), layouts)
    except Odd:
        return
    assert told == walk_header(str(paths[3]), bytes(raw), len(raw))


def test_every_real_stack_reads_alike_with_and_without_patterns(data):
    hits = 0
    for name in ("ct_lidc_idri_0001", "mr_head_t1w", "mr_prostatex_0207", "petct_acrin_042", "ct_head_tilt"):
        layouts = Layouts()
        for path in sorted((data / "imaging" / "dicom" / name).rglob("*.dcm")):
            try:
                walked = walk_header(str(path))
            except Odd:
                with pytest.raises(Odd):
                    walk_header(str(path), path.read_bytes()[:16384], path.stat().st_size, layouts)
                continue
            assert walk_header(str(path), path.read_bytes()[:16384], path.stat().st_size, layouts) == walked, path
            if len(walked.elements) % 7 == 0:
                slow = parse_header(str(path))
                assert {tag: raw.rstrip(b"\0 ") for tag, raw in walked.elements.items()} == {
                    tag: slow.elements[tag].rstrip(b"\0 ") for tag in walked.elements
                }
        hits += layouts.hit
    assert hits > 300
