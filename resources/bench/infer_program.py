"""`medviewer infer FOLDER` of many radiographs on one thread, nothing remembered: seconds an image, the start left out."""

import contextlib
import io
import tempfile
import time
from pathlib import Path

from medviewer.cli.main import main


def prepare(data):
    count = len(list(Path(data).iterdir()))

    def work():
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            arguments = ["infer", data, "--model", "cxr-pneumonia", "--explain", "none", "--threads", "1", "--device", "cpu"]
            with contextlib.redirect_stdout(io.StringIO()):
                code = main([*arguments, "--profile", folder, "--json", f"{folder}/results.json"])
            took = (time.perf_counter() - start) / count
        assert code == 0
        return took

    work()
    return work
