"""Headers of a folder's files, by a plain pydicom loop."""

from pathlib import Path

import pydicom


def prepare(data):
    files = [path for path in Path(data).rglob("*") if path.is_file()]

    def work():
        for path in files:
            pydicom.dcmread(path, stop_before_pixels=True)

    return work
