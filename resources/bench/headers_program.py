"""Scan of a folder's headers into ordered series, by medviewer."""

import tempfile
from pathlib import Path

from medviewer.io.scan import scan


def prepare(data):
    workspace = Path(tempfile.mkdtemp())

    def work():
        assert scan([data], workspace=workspace).account.loaded > 0

    return work
