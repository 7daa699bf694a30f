"""Megabytes of a folder's voxels, as its headers state them."""

import tempfile
from pathlib import Path

from medviewer.io.scan import scan


def prepare(data):
    series = max(scan([data], workspace=Path(tempfile.mkdtemp())).images, key=lambda item: len(item.frames))
    first = series.frames[0]
    size = sum(frame.rows * frame.columns * frame.samples for frame in series.frames) * (2 if first.bits_stored > 8 else 1) / 1e6
    return lambda: float(size)
