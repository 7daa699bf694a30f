"""`medviewer infer --out` for ECGs: WFDB annotations, EDF+, tables of events, saliency, pictures and pages with the marks."""

import io
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_view import EcgView
from medviewer.core.finding import Result

FORMATS = ("wfdb", "edf")
"""Besides those that every kind has; `pdf` gives the page at true scale beside the report."""


def write_answers(record: EcgRecord, results: Sequence[Result], out: Path, kind: str) -> list[str]:
    """One record's files, from all its networks' answers together; names of the files. Raises MedviewerError."""
    from medviewer.services.export import file_name
    from medviewer.services.export_marks import export_marks

    ok = [result for result in results if result.status == "ok"]
    if kind in ("wfdb", "edf", "csv"):
        return export_marks(record, ok, out, kind)
    if kind not in ("png", "pdf") or not ok:
        return []
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    answers = {result.model: result for result in ok}
    view = replace(EcgView.start(record), waves=any(result.waves for result in ok))
    name = f"{file_name(record.item)}.{kind}"
    if kind == "pdf":
        from medviewer.ui.ecg.page import Printed, write_pdf

        write_pdf(Printed(record, view, answers, {}), out / name)
    else:
        from medviewer.io.image.write import write_png
        from medviewer.ui.ecg.painter import paint

        write_png(paint(record, view, answers, (1200, 900)), out / name)
    return [name]


def write_saliency(result: Result, out: Path, stem: str) -> str | None:
    """What the network looked at as arrays: `values` 0…1, one each `step_s` seconds from `start_s` of `lead`."""
    import numpy as np

    from medviewer.services.export import write_whole

    one = result.saliency
    if one is None:
        return None
    memory = io.BytesIO()
    np.savez(
        memory, saliency=np.array(one.values), lead=one.lead, target=one.target, start_s=one.start_s, step_s=one.step_s,
        method=result.method,
    )  # fmt: skip
    write_whole(out / f"{stem}.npz", memory.getvalue())
    return f"{stem}.npz"
