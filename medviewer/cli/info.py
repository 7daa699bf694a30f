"""`medviewer info`: what is in these files."""

import argparse

from medviewer.cli.documents import Document, document, error_entry, patients_entry, write_json
from medviewer.cli.inputs import complaints, exit_code, read_items
from medviewer.cli.telling import info_lines
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.image import ImageSeries
from medviewer.io.scan import Batch
from medviewer.services.words import say


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("info", parents=[parent], help="list patients, studies and items")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--pixels", action="store_true", help="read every pixel: minimum, maximum, mean, deviation, hash")
    parser.add_argument("--json", metavar="FILE", help="write the document there; - is standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    batch = read_items(args)
    errors, warnings = complaints(batch)
    unreadable: list[Notice] = []
    content = document("info", errors, warnings, args.lang)
    content["patients"] = patients_entry(batch.items, args.lang, unreadable)
    if args.pixels:
        unreadable += _add_pixels(content, batch)
    content["errors"] += [error_entry(notice, args.lang) for notice in unreadable]
    content["skipped"] = [{"path": n.path, "code": n.code, "reason": say(n, args.lang).message} for n in batch.account.skipped]
    if args.json:
        write_json(content, args.json)
    if args.json != "-":
        account = batch.account
        counts = (account.found, account.loaded, len(account.skipped), len(account.failed))
        for line in info_lines(content, counts, args.lang):
            print(line)
    return exit_code(batch, failed=bool(unreadable))


def _add_pixels(content: Document, batch: Batch) -> list[Notice]:
    """Fill in `pixels` of every item; an item that cannot be read keeps null and is an error."""
    from medviewer.io.image.statistics import pixel_statistics

    entries = {item["item"]: item for p in content["patients"] for s in p["studies"] for item in s["items"]}
    errors = []
    for series in batch.items:
        if not isinstance(series, ImageSeries):
            continue
        try:
            entries[series.item]["pixels"] = pixel_statistics(series)
        except MedviewerError as error:
            errors.append(error.notice)
    return errors
