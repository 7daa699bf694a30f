"""docs/complaints.md tells the truth: the tests it names exist, and no line lacks both a test and a reason."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


VIEWERS = (("VT", 9), ("ME", 11), ("EX", 11), ("AI", 9), ("SP", 5), ("CR", 6), ("IN", 5))
AI = (("RN", 12), ("MW", 14), ("XP", 10), ("PK", 5))
LINES = (("PX", 17), ("GE", 17), ("TF", 10), ("EF", 17), ("ED", 9), ("EL", 6), ("EA", 7), ("EC", 11), ("NT", 9), *AI, *VIEWERS)
ROW = re.compile(r"^\| (\w\w-\d\d) \| (.*) \| (.*) \|$", re.M)


def rows():
    text = (ROOT / "docs" / "complaints.md").read_text("utf-8")
    return {m[1]: (re.findall(r"`(test_\w+)`", m[2]), m[3].strip()) for m in ROW.finditer(text)}


def texts():
    return [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]


def test_every_line_has_a_test_that_exists_or_a_reason():
    defined = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)\(", path.read_text("utf-8"))
    }
    table = rows()
    expected = {f"{kind}-{n:02d}" for kind, last in LINES for n in range(1, last + 1)}
    assert set(table) >= expected
    for line, (tests, reason) in table.items():
        assert tests or reason, line
        assert set(tests) <= defined, line
        assert all(line.replace("-", "").lower() in name for name in tests), line


def test_the_list_holds_every_test_that_carries_such_an_id():
    listed = {name for tests, _ in rows().values() for name in tests}
    for text in texts():
        for name in re.findall(r"def (test_(?:px|ge|tf|vt|me|ex|ai|sp|cr|in|ef|ed|el|ea|ec|nt|rn|mw|xp|pk)\d\d_\w+)\(", text):
            assert name in listed, name
