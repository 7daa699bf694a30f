"""`medviewer infer`: what the networks say about these files."""

import argparse
import csv
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medviewer.cli.documents import Document, document, error_entry, finite, warning_entry, write_json
from medviewer.cli.infer_ecg import FORMATS as ECG_FORMATS
from medviewer.cli.infer_ecg import write_answers, write_saliency
from medviewer.cli.inputs import complaints, progress, read_items
from medviewer.cli.main import ALL_REFUSED, CANCELLED, NOTHING_READABLE, OK, SOME_FAILED, UsageError
from medviewer.cli.results import discordance_entry, result_entry
from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Result
from medviewer.core.image import ImageSeries
from medviewer.core.task import Cancelled
from medviewer.services.session import Item
from medviewer.store.profile import Profile

if TYPE_CHECKING:
    from medviewer.inference.registry import Registry

REPORTS = ("pdf", "sr")
"""Formats that are written once a patient."""
FORMATS = ("json", "png", "npz", "csv", *ECG_FORMATS, *REPORTS)
BY_HAND = 12
"""So many files named one by one may be one patient's without saying so; more are rather a list."""
METHODS = ("default", "grad-cam", "integrated-gradients", "gradient-x-input", "none")
"""A network that has no such way explains in its own; the document says which."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("infer", parents=[parent], help="let networks read items")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument(
        "--model", action="append", default=[], metavar="ID", help="this network (repeatable; default: all that fit)"
    )
    parser.add_argument("--explain", choices=METHODS, default="default", help="each network's own way, this one, or none")
    parser.add_argument(
        "--concept", action="append", default=[], metavar="TEXT", help="judge this phrase of a note too (repeatable)"
    )
    parser.add_argument(
        "--one-patient", action="store_true", help="all inputs are one patient's: compare those that name nobody too"
    )
    parser.add_argument("--out", metavar="DIR", help="write one file a result there")
    parser.add_argument("--format", choices=FORMATS, default="json", help="of the files in --out; png has the heat drawn")
    parser.add_argument("--threads", type=int, metavar="N", help="torch's threads (default: all cores but one)")
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="images in one forward pass")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="stop after this time")
    parser.add_argument("--json", metavar="FILE", help="write the document there; - is standard output")
    parser.add_argument("--json-lines", metavar="FILE", help="one result a line as it is ready; - is standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from medviewer.inference.registry import Registry

    if (args.threads is not None and args.threads < 1) or args.batch < 1 or (args.limit is not None and args.limit <= 0):
        raise UsageError("--threads, --batch and --limit are above 0")
    batch = read_items(args)
    items: list[Item] = list(batch.items)
    by_id = {item.item: item for item in items}
    errors, warnings = complaints(batch)
    content = document("infer", errors, warnings, args.lang)
    content["results"], content["discordances"] = [], []
    answers: list[Result] = []
    out = _folder(args.out)
    statuses: list[str] = []
    registry = Registry(Profile.at(args.profile))
    known = {bundle.id: bundle for bundle in registry.bundles()}
    with progress(args, "analysing") as show, _lines(args.json_lines) as stream:
        total = sum(len(item.frames) if isinstance(item, ImageSeries) else 1 for item in items)
        for result in _results(args, items, registry, content):
            item = by_id[result.item]
            statuses.append(result.status)
            keep = args.format in REPORTS and result.findings
            answers.append(result if keep else replace(result, attribution=None, saliency=None))
            array = _write(result, item, out, args) if out else None
            entry = result_entry(result, item, args.lang, array)
            if (bundle := known.get(result.model)) is not None:  # one that refused has no provenance to tell it
                entry["model"] |= {"version": bundle.version, "sha256": bundle.sha256}
            content["results"].append(entry)
            if result.status == "failed" and result.reason is not None:
                content["errors"].append(error_entry(result.reason, args.lang))
            if stream is not None:
                print(json.dumps(finite(entry), ensure_ascii=False), file=stream, flush=True)
            show(len(statuses), total)
            if not ({args.json, args.json_lines} & {"-"}):
                _print(entry)
    if out:
        _write_ecgs(items, answers, out, args, content)
    _compare(args, items, answers, content)
    if out and args.format in REPORTS and items:
        from medviewer.cli.report import reports, write

        for name, _, files in reports(items, answers, Profile.at(args.profile), args.lang, proposed=True):
            write(name, files, out, args.format)
    if out and args.format == "csv":
        _write_table(content["results"], out / "results.csv")
    if not ({args.json, args.json_lines} & {"-"}):
        for error in content["errors"]:
            print(f"{error['path']}: {error['message']} {error['remedy']}".strip(), file=sys.stderr)
    if args.json:
        write_json(content, args.json)
    if content.get("partial"):
        return CANCELLED
    if not batch.items:
        return NOTHING_READABLE
    told = ("time-limit", "export-differs", "export-rate-fraction")
    if batch.account.failed or "failed" in statuses or any(e["code"] in told for e in content["errors"]):
        return SOME_FAILED
    return ALL_REFUSED if statuses and set(statuses) == {"refused"} else OK


def _results(args: argparse.Namespace, items: list[Item], registry: "Registry", content: Document) -> Iterator[Result]:
    """Results as they come; after --limit the rest is left, and told. Raises `bundle-altered`, of kept answers too."""
    from medviewer.inference.bundle import check_hashes
    from medviewer.inference.engine import InPlaceEngine
    from medviewer.services.analyse import infer
    from medviewer.store.cache import Cache

    profile = Profile.at(args.profile)
    explain = "" if args.explain == "none" else args.explain
    engine = InPlaceEngine(args.device, args.threads, Cache(profile.cache / "results"))
    if registry.problems and not registry.bundles():
        raise MedviewerError(registry.problems[0].code, registry.problems[0].path, **registry.problems[0].facts)
    started = time.monotonic()
    try:
        for result in infer(items, registry, engine, models=args.model, explain=explain, batch=args.batch, concepts=args.concept):
            if result.status == "failed" and result.reason is not None and result.reason.code.startswith("bundle-"):
                raise MedviewerError(result.reason.code, result.reason.path, **result.reason.facts)
            if result.status == "ok":
                check_hashes(registry.bundle(result.model))
            yield result
            if args.limit is not None and time.monotonic() - started > args.limit:
                content["errors"].append(error_entry(Notice("time-limit", facts={"seconds": args.limit}), args.lang))
                return
    except (KeyboardInterrupt, Cancelled):
        content["partial"] = True  # what is answered is told, and the exit code is that of an end by hand


def _write_ecgs(items: list[Item], answers: list[Result], out: Path, args: argparse.Namespace, content: Document) -> None:
    """One file a record from all its answers; what cannot be written as this format is told, the others are served."""
    for item in items:
        if isinstance(item, EcgRecord):
            try:
                write_answers(item, [result for result in answers if result.item == item.item], out, args.format)
            except MedviewerError as error:
                if error.notice.code.startswith("output-"):
                    raise
                content["errors"].append(error_entry(error.notice, args.lang))


def _compare(args: argparse.Namespace, items: list[Item], answers: list[Result], content: Document) -> None:
    """Where a note and a network contradict each other. Files named one by one are taken for one patient's, and told so."""
    from medviewer.services.compare import compare

    said = {result.item: result.mentions for result in answers if result.mentions}
    by_hand = args.one_patient or (1 < len(args.paths) <= BY_HAND and all(Path(path).is_file() for path in args.paths))
    there = {item.item: item for item in items}
    found = compare(items, answers, lambda note: said.get(note.item, ()), one_patient=by_hand)
    content["discordances"] = [discordance_entry(one, there, args.lang) for one in found]
    if any(one.assumed for one in found):
        content["warnings"].append(warning_entry(Notice("identity-assumed"), args.lang))
    if not ({args.json, args.json_lines} & {"-"}):
        for entry in content["discordances"]:
            print(f"disagree: {entry['message']}")


def _folder(out: str | None) -> Path | None:
    if out is None:
        return None
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MedviewerError("output-unwritable", str(folder), reason=error.strerror or "") from error
    return folder


def _write(result: Result, item: Item, out: Path, args: argparse.Namespace) -> str | None:
    """One file for a result; returns the name of the array it holds, if any."""
    import numpy as np

    from medviewer.services.export import file_name, write_whole

    several = isinstance(item, ImageSeries) and len(item.frames) > 1 and result.frame is not None
    stem = f"{file_name(result.item)}{f'@{result.frame}' if several else ''}.{result.model}"
    if args.format == "json":
        entry = finite(result_entry(result, item, args.lang))
        write_whole(out / f"{stem}.json", json.dumps(entry, ensure_ascii=False, indent=1).encode("utf-8"))
    elif args.format == "npz" and result.attribution is not None:
        memory = io.BytesIO()
        heat = result.attribution
        np.savez(memory, heat=heat.heat, to_image=heat.to_image, target=heat.target, method=heat.method)
        write_whole(out / f"{stem}.npz", memory.getvalue())
        return f"{stem}.npz"
    elif args.format == "npz" and result.saliency is not None:
        return write_saliency(result, out, stem)
    elif args.format == "png" and result.status == "ok" and isinstance(item, ImageSeries):
        _write_picture(result, item, out / f"{stem}.png")
    return None


def _write_picture(result: Result, series: ImageSeries, path: Path) -> None:
    """The pane with the heat drawn, as the window paints it."""
    import os

    from medviewer.core.view import ImageView
    from medviewer.io.image.write import write_png
    from medviewer.ui.image.painter import paint

    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    view = replace(ImageView.start(series), frame=result.frame or 0, overlay=result.model)
    write_png(paint(series, view, result.attribution, (1000, 1000)), path)


def _write_table(results: list[Document], path: Path) -> None:
    from medviewer.services.export import write_whole

    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        ["path", "item", "frame", "model", "status", "label", "probability", "low", "high", "threshold", "positive", "reason"]
    )
    for entry in results:
        where = [entry["input"][key] for key in ("path", "item", "frame")] + [entry["model"]["id"], entry["status"]]
        reason = entry["reason"]["code"] if entry["reason"] else ""
        for score in entry["scores"] or [dict.fromkeys(("label", "probability", "low", "high", "threshold", "positive"))]:
            writer.writerow(
                [*where, *(score[k] for k in ("label", "probability", "low", "high", "threshold", "positive")), reason]
            )
    write_whole(path, table.getvalue().encode("utf-8-sig"))


class _lines:  # noqa: N801 - read as a statement: with _lines(target)
    """The stream of --json-lines, or None."""

    def __init__(self, target: str | None) -> None:
        self._target = target
        self._file: Any = None

    def __enter__(self) -> Any:
        if self._target == "-":
            return sys.stdout
        if self._target:
            try:
                self._file = Path(self._target).open("w", encoding="utf-8")
            except OSError as error:
                raise MedviewerError("output-unwritable", self._target, reason=error.strerror or "") from error
        return self._file

    def __exit__(self, *about: object) -> None:
        if self._file is not None:
            self._file.close()


def _print(entry: Document) -> None:
    """One answer for a reader: the network, its scores, what it counted and measured, whether its explanation held."""
    print(f"{Path(entry['input']['path']).name} · {entry['model']['id']} {entry['model']['version']}")
    if entry["status"] != "ok":
        print(f"  {entry['status']}: {entry['reason']['message']}")
        return
    for score in entry["scores"]:
        if score["threshold"] is not None:
            mark = "positive" if score["positive"] else "below threshold"
            band = f"{score['low']:.2f}–{score['high']:.2f}"
            print(f"  {score['label']} {score['probability']:.3f} ({band}), threshold {score['threshold']:.2f}: {mark}")
    symbols = Counter(entry["beats"]["symbol"]) if entry["beats"] else {}
    if symbols:
        print("  beats: " + ", ".join(f"{symbol} {count}" for symbol, count in sorted(symbols.items())))
    if entry["measurements"]:
        print("  " + ", ".join(f"{name} {one['value']:g} {one['unit']}" for name, one in entry["measurements"].items()))
    for mention in entry["mentions"]:
        print(f"  {mention['text']}: {mention['state'].replace('_', ' ')}")
    for caution in entry["cautions"]:
        print(f"  caution: {caution['message']}")
    if entry["explanation"] and entry["explanation"]["self_check"]:
        print(f"  explanation {'passed' if entry['explanation']['self_check']['passed'] else 'did not pass'} its check")
    print("  Research use only – not for diagnosis.")
