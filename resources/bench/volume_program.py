"""Folder of CT slices → volume in memory, by medviewer."""

import tempfile
from pathlib import Path

from medviewer.io.scan import scan


def prepare(data):
    workspace = Path(tempfile.mkdtemp())

    def work():
        batch = scan([data], workspace=workspace)
        largest = max(batch.items, key=lambda item: len(item.frames))
        assert largest.source.volume().nbytes > 0

    return work
