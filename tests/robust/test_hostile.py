"""Files that lie, discs with holes, files that change or vanish, mutated code streams (issue 13, section 6)."""

import hashlib
import shutil
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make import make_image, make_series, save
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from medviewer.core.errors import MedviewerError
from medviewer.io import selfcheck
from medviewer.io.scan import scan
from medviewer.services.words import say


def scanned(path, tmp_path):
    return scan([path], workspace=tmp_path / "unpacked")


@pytest.mark.parametrize("tags", [{"Rows": 0}, {"Columns": 0}, {"Rows": 0, "Columns": 0}])
def test_an_image_without_rows_or_columns_is_refused(tmp_path, tags):
    batch = scanned(save(make_image(np.zeros((4, 4), np.int16), tags=tags), tmp_path / "a.dcm"), tmp_path)
    assert [notice.code for notice in batch.account.failed] == ["header-incomplete"]


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.JPEGLSLossless, uid.RLELossless, uid.JPEG2000])
def test_a_claim_of_65535_squared_over_ten_bytes_takes_no_memory(tmp_path, syntax):
    ds = make_image(np.zeros((1, 5), np.int16), tags={"Rows": 65535, "Columns": 65535})
    path = save(ds, tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", str(syntax).encode()[:19].ljust(20, b"\0"), 1))
    tracemalloc.start()
    batch = scanned(path, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert {notice.code for notice in batch.account.failed} <= {"image-too-large", "pixel-data-truncated"}
    assert not batch.items
    assert peak < 16 << 20


@pytest.mark.parametrize("frames", ["2147483647", "999999999"])
def test_a_claim_of_two_thousand_million_frames_takes_no_memory(tmp_path, frames):
    for name, syntax in (("native", None), ("jpegls", uid.JPEGLSLossless)):
        path = tmp_path / f"{name}.dcm"
        if syntax is None:
            save(make_image(np.zeros((4, 4), np.int16), tags={"NumberOfFrames": frames}), path)
        else:
            write_encoded(path, syntax, NumberOfFrames=frames)
        tracemalloc.start()
        batch = scanned(path, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [notice.code for notice in batch.account.failed] == ["pixel-data-truncated"]
        assert peak < 16 << 20


def disc(folder, listed, loop=False):
    """A DICOMDIR that lists these file ids; with `loop` the last record's link leads back to the first one."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    records = []
    for name in listed:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord = 400 if loop else 0
        record.OffsetOfReferencedLowerLevelDirectoryEntity = 400 if loop else 0
        record.RecordInUseFlag, record.DirectoryRecordType, record.ReferencedFileID = 0xFFFF, "IMAGE", list(name)
        records.append(record)
    ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 400
    ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 400
    ds.DirectoryRecordSequence = records
    ds.save_as(folder / "dicomdir", enforce_file_format=True)


def test_tf05_a_disc_with_changed_names_opens_and_its_three_missing_files_are_listed(tmp_path):
    paths = make_series(tmp_path / "made", 9)
    folder = tmp_path / "disc"
    (folder / "dicom").mkdir(parents=True)
    names = [f"IM{n:06d}" for n in range(9)]
    for n, path in enumerate(paths[:6]):
        shutil.copyfile(path, folder / "dicom" / (names[n].lower(), f"{names[n]}.dcm", names[n])[n % 3])
    (folder / "dicom" / "._IM000001.dcm").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        " + b"\0" * 60)
    disc(folder, [("DICOM", name) for name in names])
    batch = scanned(folder, tmp_path)
    assert len(batch.items[0].frames) == 6
    missing = [notice for notice in batch.account.failed if notice.code == "disc-file-missing"]
    assert [notice.path.rsplit("/", 1)[-1] for notice in missing] == names[6:]
    assert len(missing) == len(batch.account.failed)
    account = batch.account
    assert account.found == account.loaded + len(account.skipped) + len(account.failed)
    assert all(say(notice).remedy for notice in missing)


def test_a_disc_whose_records_run_in_a_circle_is_read_once(tmp_path):
    make_series(tmp_path / "disc", 2)
    disc(tmp_path / "disc", [("0000.DCM",), ("0001.DCM",)], loop=True)
    for path in (tmp_path / "disc", tmp_path / "disc" / "dicomdir"):
        batch = scanned(path, tmp_path)
        assert len(batch.items[0].frames) == 2
        assert not batch.account.failed


def test_a_disc_that_names_files_outside_itself_is_not_followed(tmp_path):
    make_series(tmp_path / "disc", 1)
    disc(tmp_path / "disc", [("0000.DCM",), ("..", "SECRET")])
    batch = scanned(tmp_path / "disc", tmp_path)
    assert not batch.account.failed


def test_a_file_that_vanishes_while_open_is_named(tmp_path):
    paths = make_series(tmp_path / "in", 3)
    (series,) = scanned(tmp_path / "in", tmp_path).items
    paths[1].unlink()
    with pytest.raises(MedviewerError) as raised:
        series.source.stored(1)
    assert (raised.value.notice.code, raised.value.notice.path) == ("unreadable", str(paths[1]))
    assert series.source.stored(2).shape == (16, 12)
    with pytest.raises(MedviewerError):
        series.source.volume()


@pytest.mark.parametrize("change", [lambda raw: raw[:-50], lambda raw: raw[:300] + b"\0\0" + raw[300:], lambda raw: b""])
def test_a_file_that_changes_while_open_is_named_and_never_shown_with_its_old_header(tmp_path, change):
    paths = make_series(tmp_path / "in", 3)
    (series,) = scanned(tmp_path / "in", tmp_path).items
    paths[1].write_bytes(change(paths[1].read_bytes()))
    with pytest.raises(MedviewerError) as raised:
        series.source.stored(1)
    assert (raised.value.notice.code, raised.value.notice.path) == ("file-changed", str(paths[1]))


SYNTAXES = [
    uid.RLELossless, uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless,
    uid.HTJ2KLossless, uid.DeflatedExplicitVRLittleEndian, uid.ExplicitVRBigEndian,
]  # fmt: skip


def write_encoded(path, syntax, **tags):
    import pydicom

    stored, _, encode = selfcheck._ENCODERS.get(syntax, (12, 0, None))
    selfcheck._write(path, selfcheck._pattern(stored), syntax, stored, encode)
    if tags:
        ds = pydicom.dcmread(path)
        for keyword, value in tags.items():
            setattr(ds, keyword, value)
        ds.save_as(path)


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoded")
    sources = []
    for syntax in SYNTAXES:
        write_encoded(folder / f"{syntax}.dcm", syntax)
        sources.append((folder / f"{syntax}.dcm").read_bytes())
    return sources


def survives(sources, folder, which, changes, cut):
    """Open and decode a mutated file: what comes is an image, a refusal or an error of ours, and the file stays as it was."""
    raw = bytearray(sources[which])
    for place, value in changes:
        # Half of the changes hit the last part, where the code stream is.
        at = place % len(raw) if place % 2 else len(raw) - 1 - place % min(len(raw), 1500)
        raw[at] = value
    raw = bytes(raw[: max(200, len(raw) - cut)]) if cut % 3 == 0 else bytes(raw)
    path = folder / "mutated.dcm"
    path.write_bytes(raw)
    batch = scanned(path, folder)
    account = batch.account
    assert account.found == account.loaded + len(account.skipped) + len(account.failed)
    for notice in account.failed:
        assert say(notice).message
    for series in batch.items:
        for k in range(min(len(series.frames), 3)):
            try:
                stored = series.source.stored(k)
            except MedviewerError as error:
                assert say(error.notice).message  # noqa: PT017 - the other outcome is as good
                continue
            series.modality_values(k)
            assert stored.nbytes < 64 << 20
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(raw).digest()


MUTATIONS = (
    st.integers(0, len(SYNTAXES) - 1),
    st.lists(st.tuples(st.integers(0, 20000), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, 900),
)
QUIET = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=200, **QUIET)
@given(*MUTATIONS)
def test_cr01_mutated_headers_and_code_streams_never_raise_another_error(encoded, tmp_path, which, changes, cut):
    survives(encoded, tmp_path, which, changes, cut)


@pytest.mark.slow
@settings(max_examples=2000, **QUIET)
@given(*MUTATIONS)
def test_cr01_two_thousand_mutations_never_raise_another_error(encoded, tmp_path, which, changes, cut):
    survives(encoded, tmp_path, which, changes, cut)


def test_a_damaged_htj2k_stream_is_refused_and_no_unwritten_memory_is_shown(tmp_path):
    path = tmp_path / "a.dcm"
    write_encoded(path, uid.HTJ2KLossless)
    raw = path.read_bytes()
    stream = raw.index(b"\xff\x4f\xff\x51")
    path.write_bytes(raw[: stream + 60] + bytes(len(raw) - stream - 76) + raw[-16:])
    (series,) = scanned(path, tmp_path).items
    with pytest.raises(MedviewerError) as raised:
        series.source.stored(0)
    assert raised.value.notice.code == "pixel-data-undecodable"


def test_a_decoders_panic_is_an_error_of_ours(tmp_path, monkeypatch):
    import pydicom

    class PanicException(BaseException):
        """As pyo3's: no Exception."""

    def panic(self):
        raise PanicException("index out of bounds")

    write_encoded(tmp_path / "a.dcm", uid.RLELossless)
    (series,) = scanned(tmp_path / "a.dcm", tmp_path).items
    monkeypatch.setattr(pydicom.dataset.Dataset, "pixel_array", property(panic))
    with pytest.raises(MedviewerError) as raised:
        series.source.stored(0)
    assert raised.value.notice.code == "pixel-data-undecodable"


@pytest.mark.parametrize(
    ("syntax", "marker", "at"),
    [
        (uid.JPEGBaseline8Bit, b"\xff\xc0", 5),
        (uid.JPEGLosslessSV1, b"\xff\xc3", 5),
        (uid.JPEGLSLossless, b"\xff\xf7", 5),
        (uid.JPEG2000Lossless, b"\xff\x51", 6),
        (uid.HTJ2KLossless, b"\xff\x51", 6),
    ],
)
def test_a_code_stream_that_claims_sixty_thousand_rows_is_refused_before_it_is_decoded(tmp_path, syntax, marker, at):
    path = tmp_path / "a.dcm"
    write_encoded(path, syntax)
    raw = bytearray(path.read_bytes())
    place = raw.rindex(marker) + at if marker != b"\xff\x51" else raw.index(b"\xff\x4f\xff\x51") + 2 + at - 2
    width = 2 if marker != b"\xff\x51" else 4
    for n in range(2):
        raw[place + n * width : place + (n + 1) * width] = (60000).to_bytes(width, "big")
    path.write_bytes(bytes(raw))
    (series,) = scanned(path, tmp_path).items
    with pytest.raises(MedviewerError) as raised:
        series.source.stored(0)
    assert raised.value.notice.code == "stream-too-large"
