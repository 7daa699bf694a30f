"""Folder of CT slices → first image of the series painted with its right grey and letters, by medviewer, offscreen."""

import contextlib
import tempfile
import time
from pathlib import Path

from medviewer.core.task import Cancelled, CancelToken
from medviewer.core.view import ImageView
from medviewer.io.scan import scan
from medviewer.ui.image.painter import paint


def prepare(data):
    workspace = Path(tempfile.mkdtemp())

    def work():
        start = time.perf_counter()
        cancel = CancelToken()
        painted = []

        def announce(batch):
            if painted or not batch.items:
                return
            picture = paint(batch.items[0], ImageView.start(batch.items[0]), None, (1000, 1000))
            assert picture.any()
            painted.append(time.perf_counter() - start)
            cancel.cancel()

        with contextlib.suppress(Cancelled):
            scan([data], workspace=workspace, announce=announce, cancel=cancel)
        return painted[0]

    work()
    return work
