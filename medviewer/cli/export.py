"""`medviewer export`: items → files of other programs."""

import argparse
from pathlib import Path

from medviewer.cli.documents import Document, document, error_entry, geometry_entry, write_json
from medviewer.cli.inputs import complaints, exit_code, read_items, tell_failed
from medviewer.cli.main import CANCELLED, NOTHING_READABLE, SOME_FAILED, UsageError
from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import Notice
from medviewer.core.grey import VoiTransform, presets_for, usable
from medviewer.core.image import ImageSeries
from medviewer.io.scan import Batch
from medviewer.services.export import FORMATS, Exported, ImageExport, export
from medviewer.services.export_part import part_of
from medviewer.services.session import Item
from medviewer.services.words import say

UNMARKED = frozenset({"CT", "MR", "PT", "NM", "CR", "DX", "MG", "SEG"})
"""Modalities whose devices write no names into the pixels; of all others `export --deidentify` warns."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("export", parents=[parent], help="write items as other formats")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the files and manifest.json")
    parser.add_argument("--format", required=True, choices=[name for names in FORMATS.values() for name in names])
    parser.add_argument("--stored", action="store_true", help="npy: stored values in the file's own integer type")
    parser.add_argument("--item", action="append", metavar="ID", help="only this item (repeatable)")
    parser.add_argument(
        "--frame", type=int, metavar="N", help="png: image N counted from 0 in displayed order (default: the middle)"
    )
    parser.add_argument("--span", metavar="A,B", help="ECG: only from second A to second B")
    add_window_options(parser)
    parser.add_argument("--deidentify", action="store_true", help="without identity, dates and private elements")
    parser.add_argument("--json", metavar="FILE", help="write the manifest there too; - is standard output")
    parser.set_defaults(run=run)


def add_window_options(parser: argparse.ArgumentParser) -> None:
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--preset", metavar="NAME", help="window preset of the modality, such as lung")
    chosen.add_argument("--window", metavar="C,W", help="window centre and width in modality values")


def window_of(args: argparse.Namespace) -> VoiTransform | None:
    """The window that --preset or --window ask for; UsageError where there is no such window."""
    if args.window:
        try:
            centre, width = (float(part) for part in args.window.split(","))
        except ValueError:
            raise UsageError("--window takes two numbers: centre,width") from None
        voi = VoiTransform("LINEAR", centre, width)
        if not usable(voi):
            raise UsageError("--window needs a width of at least 1")
        return voi
    if args.preset:
        import json

        from medviewer.store.assets import asset

        table = json.loads(asset("presets.json").read_text("utf-8"))
        presets = {voi.explanation: voi for modality in table for voi in presets_for(modality, table)}
        if args.preset not in presets:
            raise UsageError(f"no preset {args.preset}; there are {', '.join(sorted(presets))}")
        return presets[args.preset]
    return None


def run(args: argparse.Namespace) -> int:
    how = ImageExport(args.format, args.stored, args.frame, window_of(args), args.deidentify)
    batch = read_items(args)
    chosen = [item for item in batch.items if not args.item or item.item in args.item]
    if args.item and not chosen:
        raise UsageError(f"no item {', '.join(args.item)} among these inputs")
    if args.span:
        chosen = [_part(item, args.span) for item in chosen]
    folder = Path(args.out)
    done = Exported()
    partial = {}
    try:
        for part in [[one] for one in chosen] or [[]]:
            made = export(
                part,
                folder,
                how,
                lambda series: {"item": series.item, "geometry": geometry_entry(series.geometry)},
            )
            done.written.extend(made.written)
            done.failed.extend(made.failed)
            done.skipped.extend(made.skipped)
    except KeyboardInterrupt:
        partial = {"partial": True}
    errors, warnings = complaints(batch)
    if args.deidentify and done.written:
        images = [one for one in chosen if isinstance(one, ImageSeries)]
        burned = tuple(Notice("names-in-pixels", one.frames[0].path) for one in images if _may_show_names(one))
        tell_failed(burned, args)
        warnings = (*warnings, Notice("manifest-names-items", str(folder / "manifest.json")), *burned)
    manifest = document("export", errors, warnings, args.lang) | partial | _told(done, batch, args.lang)
    manifest["errors"] += [error_entry(notice, args.lang) for notice in done.failed]
    write_json(manifest, str(folder / "manifest.json"))
    left_out = [notice for _, notice in done.skipped]
    tell_failed([*errors, *done.failed, *([] if done.written else left_out)], args)
    if args.json:
        write_json(manifest, args.json)
    if args.json != "-":
        for one in done.written:
            print(folder / one.path)
    if partial:
        return CANCELLED
    if not done.written:
        return SOME_FAILED if done.failed else NOTHING_READABLE
    return exit_code(batch, failed=bool(done.failed))


def _part(item: Item, span: str) -> Item:
    """An ECG's seconds A to B; other items as they are. UsageError for a span that is none."""
    try:
        first, last = (float(part) for part in span.split(","))
        return part_of(item, (first, last)).record if isinstance(item, EcgRecord) else item
    except ValueError:
        raise UsageError("--span takes two seconds of the record: from,to") from None


def _may_show_names(series: ImageSeries) -> bool:
    """True for images whose kind often carries the name in its pixels, which no header tells (EX-09)."""
    return series.has_identity and series.modality not in UNMARKED


def _told(done: Exported, batch: Batch, lang: str) -> Document:
    """`written`, and `skipped`: files that no reader claims, items that the format cannot hold."""
    about = [(None, notice) for notice in batch.account.skipped] + done.skipped
    return {
        "written": [{"item": one.item, "path": one.path, "format": one.format} for one in done.written],
        "skipped": [{"path": n.path, "item": item, "code": n.code, "reason": say(n, lang).message} for item, n in about],
    }
