"""The binding in use keeps count of references: a version that does not aborts the program after some minutes."""

import sys

from PySide6.QtGui import QFont


def test_calls_that_return_nothing_lose_no_reference(qapp):
    font = QFont()
    before = sys.getrefcount(None)
    for _ in range(2000):
        font.setPixelSize(12)
    assert abs(sys.getrefcount(None) - before) < 200
