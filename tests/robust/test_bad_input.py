"""Bad input gets a message that names the file; the rest opens (issue 12, section 6)."""

import hashlib
import random
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make import make_image, make_series, save

from medviewer.core.errors import MedviewerError
from medviewer.io.dicom import read_header
from medviewer.io.scan import scan
from medviewer.services.words import say


def scanned(path, tmp_path):
    return scan([path], workspace=tmp_path / "unpacked")


def only_failure(batch):
    (notice,) = batch.account.failed
    sentence = say(notice)
    assert sentence.message
    assert sentence.remedy
    assert say(notice, "zh_CN").message != sentence.message
    return notice


@pytest.fixture
def folder(tmp_path):
    make_series(tmp_path / "in", 3)
    return tmp_path / "in"


def test_tf07_a_truncated_file_is_named_and_the_rest_opens(folder, tmp_path):
    victim = folder / "0001.dcm"
    victim.write_bytes(victim.read_bytes()[:-100])
    batch = scanned(folder, tmp_path)
    notice = only_failure(batch)
    assert (notice.code, notice.path) == ("pixel-data-truncated", str(victim))
    assert notice.facts == {"expected": 384, "found": 284}
    assert len(batch.items[0].frames) == 2


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("zero.dcm", b"", "empty-file"),
        ("letter.dcm", b"Dear colleague, this is no image. " * 20, "dicom-damaged"),
        ("cut.dcm", b"\0" * 128 + b"DICM" + b"\x02\0\0", "header-damaged"),
    ],
)
def test_files_that_are_no_images_are_named(folder, tmp_path, name, content, code):
    (folder / name).write_bytes(content)
    batch = scanned(folder, tmp_path)
    notice = only_failure(batch)
    assert notice.path == str(folder / name)
    assert notice.code in (code, "dicom-damaged", "header-damaged", "not-dicom")
    assert len(batch.items[0].frames) == 3


def test_an_unknown_transfer_syntax_is_said_when_the_image_is_wanted(tmp_path):
    ds = make_image(np.zeros((8, 8), np.int16))
    path = save(ds, tmp_path / "in" / "a.dcm")
    raw = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.9.9.9\0")
    path.write_bytes(raw)
    batch = scanned(path, tmp_path)
    codes = {notice.code for notice in batch.account.failed}
    for series in batch.images:
        with pytest.raises(MedviewerError) as raised:
            series.source.stored(0)
        codes.add(raised.value.notice.code)
        assert raised.value.notice.path == str(path)
    assert codes & {"unknown-transfer-syntax", "pixel-data-undecodable"}


def test_ge07_without_geometry_an_image_opens_and_says_so(tmp_path):
    save(make_image(np.zeros((8, 8), np.int16)), tmp_path / "in" / "a.dcm")
    (series,) = scanned(tmp_path / "in", tmp_path).items
    assert series.geometry is None
    assert "geometry-missing" in {notice.code for notice in series.warnings}


def test_a_zip_bomb_is_refused_within_bounded_memory_and_disk(tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", b"\0" * (200 << 20))
    tracemalloc.start()
    batch = scanned(bomb, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert only_failure(batch).code == "archive-too-large"
    assert peak < 64 << 20
    assert sum(f.stat().st_size for f in (tmp_path / "unpacked").rglob("*") if f.is_file()) < 1 << 20


def test_a_zip_that_climbs_out_of_its_folder_is_told_and_the_rest_opens(folder, tmp_path):
    path = tmp_path / "climb.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../escaped.dcm", b"x")
        archive.writestr("/absolute.dcm", b"x")
        for file in folder.iterdir():
            archive.write(file, f"ct/{file.name}")
    batch = scanned(path, tmp_path)
    assert {notice.code for notice in batch.account.failed} == {"archive-unsafe-name"}
    assert len(batch.items[0].frames) == 3
    assert not list(tmp_path.rglob("escaped.dcm"))


def test_an_unreadable_file_is_named(folder, tmp_path):
    (folder / "gone.dcm").symlink_to(folder / "nowhere.dcm")
    notice = only_failure(scanned(folder, tmp_path))
    assert notice.path.endswith("gone.dcm")
    assert notice.code in ("unreadable", "file-unreadable")


def test_an_unreadable_folder_is_named(folder, tmp_path, monkeypatch):
    import os

    locked = folder / "locked"
    locked.mkdir()
    real = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    batch = scanned(folder, tmp_path)
    assert only_failure(batch).path == str(locked)
    assert len(batch.items[0].frames) == 3


def test_cr01_two_hundred_damaged_files_among_twenty_good_ones(tmp_path):
    folder = tmp_path / "in"
    good = make_series(folder, 20)
    draw = random.Random(5)
    source = good[0].read_bytes()
    for n in range(200):
        raw = bytearray(source)
        for _ in range(draw.randint(1, 60)):
            raw[draw.randrange(132, len(raw))] = draw.randrange(256)
        if n % 3 == 0:
            del raw[draw.randrange(140, len(raw)) :]
        (folder / f"bad{n:03d}.dcm").write_bytes(bytes(raw))
    batch = scanned(folder, tmp_path)
    account = batch.account
    assert account.found == 220 == account.loaded + len(account.skipped) + len(account.failed)
    loaded = {frame.path for series in batch.images for frame in series.frames}
    assert {str(path) for path in good} <= loaded
    for notice in account.failed:
        assert say(notice).message
        assert notice.path


def test_cr04_files_are_never_changed(folder, tmp_path):
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    for series in scanned(folder, tmp_path).items:
        series.source.volume()
    assert before == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_tf06_a_headerless_file_opens_with_a_note_and_random_bytes_are_no_dicom(folder, tmp_path):
    import pydicom
    from pydicom.filewriter import dcmwrite

    ds = pydicom.dcmread(folder / "0000.dcm")
    ds.SeriesInstanceUID = "1.2.3.7"
    del ds.file_meta
    ds.preamble = None
    dcmwrite(tmp_path / "bare", ds, implicit_vr=True, little_endian=True)
    (tmp_path / "noise").write_bytes(random.Random(1).randbytes(5000))
    (series,) = scanned(tmp_path / "bare", tmp_path).items
    assert "no-file-header" in {notice.code for notice in series.warnings}
    assert series.source.stored(0).shape == (16, 12)
    assert scanned(tmp_path / "noise", tmp_path).items == ()


def test_tf05_a_discs_index_stands_for_its_folder_and_is_not_needed(folder, tmp_path):
    import shutil

    from pydicom.data import get_testdata_file

    shutil.copytree(folder, tmp_path / "disc")
    shutil.copyfile(get_testdata_file("DICOMDIR", download=False), tmp_path / "disc" / "DICOMDIR")
    for path in (tmp_path / "disc", tmp_path / "disc" / "DICOMDIR"):
        batch = scanned(path, tmp_path)
        (series,) = batch.items
        assert len(series.frames) == 3
        assert [notice.code for notice in batch.account.skipped] == ["dicomdir-not-needed"]


def test_tf04_chinese_folders_open(tmp_path):
    make_series(tmp_path / "患者 张三" / "ä é", 2)
    (series,) = scanned(tmp_path / "患者 张三", tmp_path).items
    assert series.source.volume().shape == (2, 16, 12)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=600))
def test_any_bytes_behind_a_preamble_end_in_a_header_or_an_error_of_ours(tmp_path, tail):
    path = tmp_path / "fuzz.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM" + tail)
    told = None
    try:
        read_header(str(path))
    except MedviewerError as error:
        told = error.notice
    assert told is None or told.path == str(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 255)), max_size=20), st.integers(0, 1300))
def test_a_scan_survives_any_damage_to_a_real_header(tmp_path, changes, cut):
    if not (tmp_path / "good" / "0000.dcm").exists():
        make_series(tmp_path / "good", 1)
    raw = bytearray((tmp_path / "good" / "0000.dcm").read_bytes())
    for place, value in changes:
        raw[place % len(raw)] = value
    path = tmp_path / "fuzz.dcm"
    path.write_bytes(bytes(raw[: max(cut, 10)]) if cut % 2 else bytes(raw))
    account = scanned(path, tmp_path).account
    assert account.found == account.loaded + len(account.skipped) + len(account.failed)


def test_px06_garbage_above_the_bits_stored_is_dropped_and_the_sign_extended(tmp_path):
    stored = np.array([[0xFFF, 0x7FF, 0x001, 0x800]], np.uint16)
    dirty = stored | np.array([[0xA000, 0x5000, 0xF000, 0x3000]], np.uint16)
    ds = make_image(dirty.view(np.int16), tags={"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 1})
    save(ds, tmp_path / "in" / "a.dcm")
    (series,) = scanned(tmp_path / "in", tmp_path).items
    assert series.source.stored(0).tolist() == [[-1, 2047, 1, -2048]]


def test_a_profile_that_cannot_be_written_opens_files_all_the_same_and_says_why_an_archive_cannot(tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("", "utf-8")
    make_series(tmp_path / "ct", 2)
    with zipfile.ZipFile(tmp_path / "ct.zip", "w") as archive:
        archive.writestr("a.dcm", (tmp_path / "ct" / "0000.dcm").read_bytes())
    batch = scan([tmp_path / "ct", tmp_path / "ct.zip"], workspace=nowhere / "cache" / "unpacked")
    assert len(batch.images) == 1
    told = only_failure(batch)
    assert (told.code, told.path) == ("archive-not-unpacked", str(tmp_path / "ct.zip"))
    assert told.facts["reason"]


def test_the_window_opens_files_though_its_profile_cannot_be_written(qtbot, tmp_path):
    from desk import start

    (tmp_path / "file").write_text("", "utf-8")
    make_series(tmp_path / "ct", 2)
    desk = start(qtbot, tmp_path / "file" / "profile")
    desk.openings.open([str(tmp_path / "ct")])
    qtbot.waitUntil(lambda: len(desk.session.items) == 1, timeout=10000)
    desk.openings.open_sample()
    qtbot.waitUntil(lambda: "could not be written" in desk.window.work.text(), timeout=10000)
    assert "Not a directory" in desk.window.work.text()
