"""Write open items to files: one file an item, named by its id, and a manifest of what was written."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.grey import VoiTransform, grey_bytes
from medviewer.core.image import ImageSeries
from medviewer.core.note import Language, NoteDocument
from medviewer.core.view import opening_window
from medviewer.io.ecg.write import write as write_record
from medviewer.io.image import write
from medviewer.services.privacy import clean_text, clean_words
from medviewer.services.session import Item

FORMATS = {
    "image": ("npy", "png", "nifti", "nrrd", "dicom", "mp4"),
    "ecg": ("npz", "csv", "wfdb", "edf"),
    "note": ("txt", "json"),
}

FILM_SECONDS = 0.1
"""An image of a film lasts so long where its file does not say."""
NOT_FOR_THIS = ("format-not-for-kind", "format-not-available", "ecg-no-signals")
"""Reasons why an item is left out without a failure: the format cannot hold it."""


@dataclass(frozen=True, slots=True)
class Written:
    """One output: item id, path relative to the folder, format."""

    item: str
    path: str
    format: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of the items: `failed` could not be read or written, `skipped` (item, reason) is nothing this format is for."""

    written: list[Written] = field(default_factory=list)
    failed: list[Notice] = field(default_factory=list)
    skipped: list[tuple[str, Notice]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ImageExport:
    """How items are written: `stored` values instead of modality values, which `frame` (0-based, None = the middle one)
    and `window` a PNG shows (None = the file's own, else automatic), whether a copy is de-identified."""

    format: str
    stored: bool = False
    frame: int | None = None
    window: VoiTransform | None = None
    deidentify: bool = False


def export(
    items: Sequence[Item],
    folder: Path,
    how: ImageExport,
    describe: Callable[[ImageSeries], dict[str, Any]],
) -> Exported:
    """Write each item that the format is for; what cannot be read or written is told and the others are served.

    `describe` gives the geometry that stands beside an .npy. Raises `output-unwritable` where the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MedviewerError("output-unwritable", str(folder), reason=error.strerror or "") from error
    done = Exported()
    for one in items:
        try:
            if how.format not in FORMATS[one.kind]:
                path = one.frames[0].path if isinstance(one, ImageSeries) else one.path
                raise MedviewerError("format-not-for-kind", path, format=how.format, formats=", ".join(FORMATS[one.kind]))
            if isinstance(one, EcgRecord):
                if not one.leads:
                    raise MedviewerError("ecg-no-signals", one.path)
                record = replace(one, start="") if how.deidentify else one
                names = write_record(record, folder, file_name(_item(one, "en", how)), how.format)
                done.written.extend([Written(one.item, name, how.format) for name in names])
            elif isinstance(one, NoteDocument):
                done.written.append(Written(one.item, _write_note(one, folder, how), how.format))
            else:
                done.written.append(Written(one.item, _write(one, folder, how, describe), how.format))
        except MedviewerError as error:
            if error.notice.code.startswith("output-"):
                raise
            if error.notice.code in NOT_FOR_THIS:
                done.skipped.append((one.item, error.notice))
            else:
                done.failed.append(error.notice)
    return done


def _write(series: ImageSeries, folder: Path, how: ImageExport, describe: Callable[[ImageSeries], dict[str, Any]]) -> str:
    name = file_name(series.item)
    ending = {"npy": ".npy", "png": ".png", "nifti": ".nii.gz", "nrrd": ".nrrd", "dicom": "/0001.dcm", "mp4": ".mp4"}[how.format]
    refuse_input(folder / f"{name}{ending}", [frame.path for frame in series.frames])
    if how.format == "npy":
        write.write_npy(series, folder / f"{name}.npy", stored=how.stored)
        write_whole(folder / f"{name}.json", json.dumps(describe(series), ensure_ascii=False, indent=1).encode("utf-8"))
        return f"{name}.npy"
    if how.format == "nifti":
        write.write_nifti(series, folder / f"{name}.nii.gz")
        return f"{name}.nii.gz"
    if how.format == "nrrd":
        write.write_nrrd(series, folder / f"{name}.nrrd")
        return f"{name}.nrrd"
    if how.format == "dicom":
        if how.deidentify:
            name = write.new_name(series.item)
        write.write_dicom(series, folder / name, deidentify=how.deidentify)
        return name
    if how.format == "png":
        write.write_png(grey_picture(series, how.frame, how.window), folder / f"{name}.png")
        return f"{name}.png"
    _write_film(series, folder / f"{name}.mp4", how.window)
    return f"{name}.mp4"


def _write_film(series: ImageSeries, path: Path, window: VoiTransform | None) -> None:
    """Every image in displayed order at the file's own speed, all in one window. Raises `volume-shapes-differ`."""
    from medviewer.io.image.mp4 import write_mp4

    middle = len(series.frames) // 2
    shapes = {(frame.rows, frame.columns) for frame in series.frames}
    if len(shapes) > 1:
        raise MedviewerError("volume-shapes-differ", series.frames[0].path)
    values = series.modality_values(middle)
    if window is None and values.ndim == 2:
        window = opening_window(series, middle, values)
    across = series.frames[0].aspect  # height of a pixel divided by its width
    if series.geometry is not None:
        across = series.geometry.spacing[0] / series.geometry.spacing[1]
    pictures = (grey_picture(series, k, window) for k in range(len(series.frames)))
    write_mp4(pictures, path, series.frame_seconds or FILM_SECONDS, 1 / across)


def _item(one: EcgRecord | NoteDocument, language: Language, how: ImageExport) -> str:
    """What the file is named by: the item, unless the copy is de-identified and the item is a UID or holds an identifier."""
    private = how.deidentify and (write.is_uid(one.item) or clean_words(one.item, language, one.patient) != one.item)
    return write.new_name(one.item) if private else one.item


def _write_note(note: NoteDocument, folder: Path, how: ImageExport) -> str:
    """The text as UTF-8, or with what is known about it as JSON; `deidentify` writes the clean copy."""
    text = clean_text(note) if how.deidentify else note.text
    item = _item(note, note.language, how)
    name = f"{file_name(item)}.{how.format}"
    refuse_input(folder / name, [note.path])
    if how.format == "txt":
        write_whole(folder / name, text.encode("utf-8"))
        return name
    about: dict[str, Any] = {"item": item, "language": note.language, "format": note.format, "text": text}
    if not how.deidentify:
        about |= {"date": note.date, "author": note.author, "title": note.title, "encoding": note.encoding}
    write_whole(folder / name, json.dumps(about, ensure_ascii=False, indent=1).encode("utf-8"))
    return name


def grey_picture(series: ImageSeries, frame: int | None = None, window: VoiTransform | None = None) -> NDArray[np.uint8]:
    """The grey or RGB picture of one frame at its own resolution, [rows, columns(, 3)], MONOCHROME1 inverted once.

    `frame` is 0-based in displayed order, None the middle one. Raises `frame-out-of-range`.
    """
    k = len(series.frames) // 2 if frame is None else frame
    if not 0 <= k < len(series.frames):
        raise MedviewerError("frame-out-of-range", series.frames[0].path, frame=k, frames=len(series.frames))
    values = series.modality_values(k)
    if values.ndim == 3:
        return values.astype(np.uint8) if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)
    voi = window or opening_window(series, k, values)
    return grey_bytes(voi.apply(values), invert=series.frames[k].inverted)


def refuse_input(target: Path, sources: Iterable[str | Path]) -> None:
    """Opened files are never changed. Raises `output-is-input` where `target` is one of `sources`."""
    if target.is_file() and any(Path(source).is_file() and target.samefile(source) for source in sources):
        raise MedviewerError("output-is-input", str(target))


def file_name(item: str) -> str:
    """An item id as a file name: as it is but for what a file system may refuse; never hidden, never a path."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", item).lstrip(".").rstrip(" .") or "item"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a failure leaves nothing half-written; raises `output-unwritable`."""
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # a part of the path that is no folder
            part.unlink(missing_ok=True)
        raise MedviewerError("output-unwritable", str(path), reason=error.strerror or "") from error
