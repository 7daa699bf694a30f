"""`medviewer infer --out`: results as files, one a result or one an item, each whole or not at all."""

import argparse
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from medviewer.cli.documents import Document, error_entry, finite, warning_entry
from medviewer.cli.results import result_entry
from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Region, Result
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.services.session import Item
from medviewer.services.words import text
from medviewer.store.profile import Profile

KINDS = {
    **dict.fromkeys(("json", "png", "npz", "csv", "pdf", "sr"), ("image", "ecg", "note")),
    **dict.fromkeys(("wfdb", "edf"), ("ecg",)),
    **dict.fromkeys(("gsps", "seg"), ("image",)),
}
"""Formats, and the kinds of items that each can hold."""
REPORTS = ("pdf", "sr")
"""Formats that are written once a patient."""
NO_FILE = ("format-not-for-kind", "format-not-available", "heat-none")
"""Why a result has no file: told, and no failure."""
PICTURE, PAGE, SHEET = (1000, 1000), (1200, 900), (1000, 1000)
"""Size of a drawn image, ECG and note."""


class Files:
    """Writes what a run answers into `out`; `content` gets `written` and what could not be written as this format."""

    def __init__(self, args: argparse.Namespace, out: Path, content: Document) -> None:
        self._args, self._out, self._content = args, out, content
        self._form: str = args.format

    def one(self, result: Result, item: Item, version: str = "", sha256: str = "") -> str | None:
        """The file of one result, where this format has one a result; returns the name of the array it holds, if any."""
        elsewhere = self._form in ("csv", *REPORTS) or (isinstance(item, EcgRecord) and self._form == "png")
        if elsewhere or item.kind not in KINDS[self._form]:
            return None
        several = isinstance(item, ImageSeries) and len(item.frames) > 1 and result.frame is not None
        stem = f"{_name(result.item)}{f'@{result.frame}' if several else ''}.{result.model}"
        if self._form == "json":
            entry = finite(result_entry(result, item, self._args.lang))
            self._put(f"{stem}.json", json.dumps(entry, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace"), result)
        elif result.status == "ok" and self._form == "npz" and (arrays := arrays_of(result, item)):
            self._put(f"{stem}.npz", arrays, result)
            return f"{stem}.npz"
        elif result.status == "ok" and self._form == "png":
            self._put(f"{stem}.png", self._picture(result, item), result)
        elif result.status == "ok" and self._form in ("gsps", "seg") and isinstance(item, ImageSeries):
            try:
                self._put(f"{stem}.{self._form}.dcm", self._object(result, item, version, sha256), result)
            except MedviewerError as error:
                self._tell(error.notice)
        return None

    def all(self, items: Sequence[Item], answers: Sequence[Result]) -> None:
        """The files of an item or of a patient from all answers together, and what this format is not for."""
        for item in items:
            if item.kind not in KINDS[self._form]:
                path = item.frames[0].path if isinstance(item, ImageSeries) else item.path
                formats = ", ".join(form for form, kinds in KINDS.items() if item.kind in kinds)
                self._tell(Notice("format-not-for-kind", path, {"format": self._form, "formats": formats}))
            elif isinstance(item, EcgRecord):
                try:
                    self._record(item, [result for result in answers if result.item == item.item and result.status == "ok"])
                except MedviewerError as error:
                    self._tell(error.notice)
        if self._form in REPORTS and items:
            from medviewer.cli.report import reports

            wanted = {"pdf": ("report.pdf",), "sr": ("report-sr.dcm", "report-pdf.dcm")}[self._form]
            profile, dicom = Profile.at(self._args.profile), self._form == "sr"
            for name, files, refused in reports(items, answers, profile, self._args.lang, proposed=True, dicom=dicom):
                for each in files.keys() & set(wanted):
                    self._put(f"{_name(name)}.{each}", files[each])
                if refused is not None:
                    self._tell(refused)
        if self._form == "csv":
            self._put("results.csv", table(self._content["results"]))

    @property
    def nothing(self) -> bool:
        """Whether this format can hold none of the items."""
        told = any(warning["code"].startswith("format-not-") for warning in self._content["warnings"])
        return told and not self._content["written"]

    def _tell(self, notice: Notice) -> None:
        if notice.code.startswith("output-"):
            raise MedviewerError(notice.code, notice.path, **notice.facts)
        if notice.code in NO_FILE:
            self._content["warnings"].append(warning_entry(notice, self._args.lang))
        else:
            self._content["errors"].append(error_entry(notice, self._args.lang))

    def _put(self, name: str, raw: bytes, result: Result | None = None) -> None:
        from medviewer.services.export import write_whole

        write_whole(self._out / name, raw)
        self._wrote(name, result.item if result else None, result.model if result else None)

    def _wrote(self, name: str, item: str | None, model: str | None) -> None:
        self._content["written"].append({"item": item, "model": model, "path": name, "format": self._form})

    def _picture(self, result: Result, item: Item) -> bytes:
        """The pane with the answer drawn, as the window paints it."""
        from medviewer.io.image.write import png

        if isinstance(item, NoteDocument):
            from medviewer.cli.render_note import pixels_of

            return png(pixels_of(self._args, item, {result.model: result}, SHEET, overlay=result.model))
        from medviewer.core.view import ImageView
        from medviewer.ui.headless import spoken
        from medviewer.ui.image.painter import paint

        assert isinstance(item, ImageSeries)
        view = replace(ImageView.start(item), frame=result.frame or 0, overlay=result.model)
        with spoken(self._args.lang):
            return png(paint(item, view, result.attribution, PICTURE))

    def _record(self, record: EcgRecord, results: Sequence[Result]) -> None:
        """One ECG's file from all its networks' answers: marks, table, picture or pages."""
        from medviewer.services.export_marks import export_marks

        if self._form in ("wfdb", "edf", "csv"):
            for name in export_marks(record, results, self._out, self._form):
                self._wrote(name, record.item, None)
        if self._form not in ("png", "pdf") or not results:
            return
        from medviewer.core.ecg_view import EcgView
        from medviewer.io.image.write import png
        from medviewer.ui.ecg.page import Printed, write_pdf
        from medviewer.ui.ecg.painter import paint
        from medviewer.ui.headless import spoken

        answers = {result.model: result for result in results}
        view = replace(EcgView.start(record), waves=any(result.waves for result in results))
        name = f"{_name(record.item)}.{self._form}"
        with spoken(self._args.lang):
            if self._form == "pdf":
                write_pdf(Printed(record, view, answers, {}), self._out / name)
                self._wrote(name, record.item, None)
            else:
                self._put(name, png(paint(record, view, answers, PAGE)))
                self._content["written"][-1]["item"] = record.item

    def _object(self, result: Result, series: ImageSeries, version: str, sha256: str) -> bytes:
        """The DICOM object of one result: where the heat lies, or how the image was shown and what was drawn on it."""
        from medviewer.core.view import ImageView, opening_window
        from medviewer.io.image.objects import Marked, presentation_state, segmentation

        k, heat = result.frame or 0, result.attribution
        lang = "en"  # the object may be read anywhere
        said = [f"{result.model} {version}, sha256 {sha256[:12]}"]
        for score in result.scores:
            if score.threshold is not None:
                code = "object-positive" if score.positive else "object-negative"
                facts = {"label": score.label, "probability": f"{score.probability:.3f}", "threshold": f"{score.threshold:.3f}"}
                said.append(text(code, lang, **facts))
        if heat is not None and heat.self_check is not None and not heat.self_check.passed:
            said.append(text("object-weak", lang))
        boxes = [f.evidence.box for f in result.findings if isinstance(f.evidence, Region) and f.evidence.box is not None]
        label = heat.target if heat else ""
        marked = Marked(k, result.model, version, sha256, label, tuple(said), heat, ImageView().cutoff, tuple(boxes))
        if self._form == "seg":
            return segmentation(series, marked)
        return presentation_state(series, marked, opening_window(series, k, series.modality_values(k)))


def _name(item: str) -> str:
    from medviewer.services.export import file_name

    return file_name(item)


def arrays_of(result: Result, item: Item) -> bytes | None:
    """What the network looked at as arrays, None where it told nothing: of an image the `heat` with its affine `to_image`, of an
    ECG the `saliency` of one `lead`, of a note the weight of each span of words and of each character."""
    import numpy as np

    found: dict[str, Any] = {}
    if result.attribution is not None:
        heat = result.attribution
        found = {"heat": heat.heat, "to_image": heat.to_image, "target": heat.target, "method": heat.method}
    elif result.saliency is not None:
        one = result.saliency
        found = {"saliency": np.array(one.values), "lead": one.lead, "target": one.target, "start_s": one.start_s}
        found |= {"step_s": one.step_s, "method": result.method}
    elif result.spans and isinstance(item, NoteDocument):
        characters = np.zeros(len(item.text))
        for span in result.spans:
            characters[span.start : span.end] += span.weight / max(span.end - span.start, 1)
        target = max(result.scores, key=lambda score: score.probability).label if result.scores else ""
        found = {"start": np.array([s.start for s in result.spans]), "end": np.array([s.end for s in result.spans])}
        found |= {"weight": np.array([s.weight for s in result.spans]), "characters": characters}
        found |= {"text": np.array([item.text[s.start : s.end] for s in result.spans]), "target": target, "method": result.method}
    if not found:
        return None
    memory = io.BytesIO()
    np.savez(memory, **found)
    return memory.getvalue()


def table(results: Sequence[Document]) -> bytes:
    """One score a row, of a result without scores one row alone."""
    columns = ("label", "probability", "low", "high", "threshold", "positive")
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["path", "item", "frame", "model", "status", *columns, "reason"])
    for entry in results:
        where = [entry["input"][key] for key in ("path", "item", "frame")] + [entry["model"]["id"], entry["status"]]
        reason = entry["reason"]["code"] if entry["reason"] else ""
        for score in entry["scores"] or [dict.fromkeys(columns)]:
            writer.writerow([*where, *(score[key] for key in columns), reason])
    return lines.getvalue().encode("utf-8-sig", "backslashreplace")
