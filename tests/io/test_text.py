"""Names in every character set, right or mislabelled: the lines TF of the complaints."""

import pytest
from make import make_series
from pydicom.dataelem import RawDataElement

from medviewer.io import values
from medviewer.io.scan import scan


@pytest.mark.parametrize("stated", [b"ISO_IR 100", b"", b"ISO_IR 6", b"ISO_IR 192"])
@pytest.mark.parametrize("name", ["张三", "王秀英^", "Zhang^San=张^三", "欧阳^修"])
def test_tf01_gbk_under_another_name_is_read_and_marked_uncertain(stated, name):
    shown, guess = values.decode(name.encode("gbk"), stated, True)
    assert shown == name.rstrip("^")
    assert guess == "charset-guessed"


@pytest.mark.parametrize("name", ["Müller^Jörg", "Ñandú^José", "Ångström^Åsa", "Çelik^Gül", "D'Ærø^Ö"])
def test_tf01_true_latin_names_are_not_taken_for_chinese(name):
    assert values.decode(name.encode("latin-1"), b"ISO_IR 100", True) == (name, "")


def test_tf01_an_unstated_latin_name_is_no_chinese_one():
    assert values.decode("Müller^Jörg".encode("latin-1"), b"", True) == ("Müller^Jörg", "charset-guessed")


def test_tf01_utf8_under_latin_1_is_read_and_marked():
    assert values.decode("李^雷".encode(), b"ISO_IR 100", True) == ("李^雷", "charset-guessed")


def test_tf01_a_mislabelled_file_opens_with_the_note_and_stays_as_it_was(tmp_path):
    (path,) = make_series(tmp_path / "in", 1, tags=lambda k: {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "XXXX"})
    raw = path.read_bytes().replace(b"XXXX", "张三".encode("gbk"))
    path.write_bytes(raw)
    (series,) = scan([path], workspace=tmp_path).items
    assert series.patient.name == "张三"
    assert "charset-guessed" in {notice.code for notice in series.warnings}
    assert path.read_bytes() == raw


STANDARD = [
    # PS3.5 annexes H.3.1, H.3.2, I.2, J.3, K.2
    (b"\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
     "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (b"ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J="
     b"\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
     "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
    (b"\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
     "Hong^Gildong=洪^吉洞=홍^길동"),
    (b"ISO_IR 192", b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1", "Wang^XiaoDong=王^小東"),
    (b"GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "Wang^XiaoDong=王^小东"),
    (b"\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "Zhang^XiaoDong=张^小东"),
]  # fmt: skip


@pytest.mark.parametrize(("charset", "raw", "name"), STANDARD, ids=[c.decode() for c, _, _ in STANDARD])
def test_tf02_tf03_the_standards_own_names_show_all_their_groups(charset, raw, name):
    assert values.decode(raw, charset, True) == (name, "")


def test_tf03_the_alias_iso_ir_13_is_accepted_in_a_set_of_several():
    charset, raw, name = STANDARD[1]
    assert values.decode(raw, charset.replace(b"ISO 2022 IR 13", b"ISO_IR 13"), True) == (name, "")


def test_tf03_a_copy_without_identity_changes_keeps_the_bytes_of_names(tmp_path):
    import pydicom

    (path,) = make_series(tmp_path, 1, tags=lambda k: {"SpecificCharacterSet": ["", "ISO 2022 IR 149"]})
    ds = pydicom.dcmread(path)
    raw = STANDARD[2][1]
    ds._dict[pydicom.tag.Tag(0x00100010)] = RawDataElement(pydicom.tag.Tag(0x00100010), "PN", len(raw), raw, 0, False, True)
    ds.save_as(tmp_path / "b.dcm")
    assert raw in (tmp_path / "b.dcm").read_bytes()
    (series,) = scan([tmp_path / "b.dcm"], workspace=tmp_path).items
    assert series.patient.name == "Hong^Gildong=洪^吉洞=홍^길동"
