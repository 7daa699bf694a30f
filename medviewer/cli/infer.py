"""`medviewer infer`: what the networks say about these files."""

import argparse
import io
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medviewer.cli.documents import Document, document, error_entry, finite, warning_entry, write_json
from medviewer.cli.infer_files import KINDS, NO_FILE, REPORTS, Files
from medviewer.cli.inputs import complaints, progress, read_items
from medviewer.cli.main import ALL_REFUSED, CANCELLED, NOTHING_READABLE, OK, SOME_FAILED, UsageError
from medviewer.cli.results import discordance_entry, result_entry
from medviewer.cli.telling import answer_lines
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Result
from medviewer.core.image import ImageSeries
from medviewer.core.task import Cancelled
from medviewer.services.session import Item
from medviewer.services.words import in_a_row, text
from medviewer.store.profile import Profile

if TYPE_CHECKING:
    from medviewer.inference.registry import Registry

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
    parser.add_argument("--format", choices=tuple(KINDS), default="json", help="of the files in --out; png has the heat drawn")
    parser.add_argument("--threads", type=int, metavar="N", help="torch's threads (default: all cores but one)")
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="images in one forward pass")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="stop after this time")
    parser.add_argument("--json", metavar="FILE", help="write the document there; - is standard output")
    parser.add_argument("--json-lines", metavar="FILE", help="one result a line as it is ready; - is standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if (args.threads is not None and args.threads < 1) or args.batch < 1 or (args.limit is not None and args.limit <= 0):
        raise UsageError("--threads, --batch and --limit are above 0")
    if args.json == args.json_lines == "-":
        raise UsageError("--json and --json-lines cannot both go to standard output")
    if args.format == "seg" and args.explain == "none":
        raise UsageError("--format seg writes the heat of an explanation, so --explain none leaves nothing to write")
    batch = read_items(args)
    items: list[Item] = list(batch.items)
    errors, warnings = complaints(batch)
    content = document("infer", errors, warnings, args.lang)
    content["results"], content["discordances"], content["written"] = [], [], []
    out = _folder(args.out)
    files = Files(args, out, content) if out else None
    try:
        _answer(args, items, content, files)
    except (KeyboardInterrupt, Cancelled):
        content["partial"] = True  # what is answered is told, and the exit code is that of an end by hand
    if not ({args.json, args.json_lines} & {"-"}):
        for error in content["errors"]:
            print(f"{error['path']}: {in_a_row(error['message'], error['remedy'])}".strip(" :"), file=sys.stderr)
        for warning in content["warnings"]:
            if warning["code"] in NO_FILE:
                print(f"{warning['path']}: {warning['message']}", file=sys.stderr)
    if args.json:
        write_json(content, args.json)
    if content.get("partial"):
        return CANCELLED
    if not batch.items:
        return NOTHING_READABLE
    told = ("time-limit", "export-differs", "export-range", "export-rate-fraction")
    statuses = {entry["status"] for entry in content["results"]}
    if batch.account.failed or "failed" in statuses or any(e["code"] in told for e in content["errors"]):
        return SOME_FAILED
    return ALL_REFUSED if statuses == {"refused"} or (files and files.nothing) else OK


def _answer(args: argparse.Namespace, items: list[Item], content: Document, files: Files | None) -> None:
    """Every result into the document, onto the stream and into its file as it is ready; then what is said of all together."""
    from medviewer.inference.registry import Registry

    by_id = {item.item: item for item in items}
    answers: list[Result] = []
    registry = Registry(Profile.at(args.profile))
    known = {bundle.id: bundle for bundle in registry.bundles()}
    with progress(args, "analysing") as show, _lines(args.json_lines) as stream:
        total = sum(len(item.frames) if isinstance(item, ImageSeries) else 1 for item in items)
        for result in _results(args, items, registry, content):
            item = by_id[result.item]
            keep = args.format in REPORTS and result.findings
            answers.append(result if keep else replace(result, attribution=None, saliency=None))
            bundle = known.get(result.model)
            about = (bundle.version, bundle.sha256) if bundle else ("", "")
            array = files.one(result, item, *about) if files else None
            entry = result_entry(result, item, args.lang, array)
            if bundle is not None:  # one that refused has no provenance to tell it
                entry["model"] |= {"version": bundle.version, "sha256": bundle.sha256}
            content["results"].append(entry)
            if result.status == "failed" and result.reason is not None:
                content["errors"].append(error_entry(result.reason, args.lang))
            if stream is not None:
                print(json.dumps(finite(entry), ensure_ascii=False), file=stream, flush=True)
            show(len(answers), total)
            if not ({args.json, args.json_lines} & {"-"}):
                for line in answer_lines(entry, args.lang):
                    print(line)
    if files:
        files.all(items, answers)
    _compare(args, items, answers, content)


def _results(args: argparse.Namespace, items: list[Item], registry: "Registry", content: Document) -> Iterator[Result]:
    """Results as they come; after --limit the rest is left, and told. Raises `bundle-altered`, of kept answers too."""
    from medviewer.inference.bundle import check_hashes
    from medviewer.inference.engine import InPlaceEngine
    from medviewer.services.analyse import infer, requests_for
    from medviewer.store.cache import Cache

    profile = Profile.at(args.profile)
    explain = "" if args.explain == "none" else args.explain
    engine = InPlaceEngine(args.device, args.threads, Cache(profile.cache / "results"))
    if registry.problems and not registry.bundles():
        raise MedviewerError(registry.problems[0].code, registry.problems[0].path, **registry.problems[0].facts)
    started, told = time.monotonic(), args.device in ("auto", "cpu")
    total = sum(1 for _ in requests_for(items, registry, args.model, explain, args.concept)) if args.limit is not None else 0
    answers = infer(items, registry, engine, models=args.model, explain=explain, batch=args.batch, concepts=args.concept)
    for given, result in enumerate(answers, 1):
        if result.status == "failed" and result.reason is not None and result.reason.code.startswith("bundle-"):
            raise MedviewerError(result.reason.code, result.reason.path, **result.reason.facts)
        if result.status == "ok":
            check_hashes(registry.bundle(result.model))
        if result.status == "ok" and not told:
            told = True
            if engine.device().name == "cpu":  # another one was asked for
                content["warnings"].append(warning_entry(engine.device().why, args.lang))
        yield result
        if args.limit is not None and given < total and time.monotonic() - started > args.limit:
            content["errors"].append(error_entry(Notice("time-limit", facts={"seconds": args.limit}), args.lang))
            return


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
            print(text("cli-disagree", args.lang, message=entry["message"]))


def _folder(out: str | None) -> Path | None:
    if out is None:
        return None
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MedviewerError("output-unwritable", str(folder), reason=error.strerror or "") from error
    return folder


class _lines:  # noqa: N801 - read as a statement: with _lines(target)
    """The stream of --json-lines, or None."""

    def __init__(self, target: str | None) -> None:
        self._target = target
        self._file: Any = None
        self._lent: io.TextIOWrapper | None = None

    def __enter__(self) -> Any:
        if self._target == "-":
            sys.stdout.flush()
            buffer = getattr(sys.stdout, "buffer", None)
            # UTF-8 whatever the terminal speaks; the wrapper is let go of without closing what it wraps.
            self._lent = None if buffer is None else io.TextIOWrapper(buffer, "utf-8", "backslashreplace", write_through=True)
            return self._lent or sys.stdout
        if self._target:
            try:
                self._file = Path(self._target).open("w", encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise MedviewerError("output-unwritable", self._target, reason=error.strerror or "") from error
        return self._file

    def __exit__(self, *about: object) -> None:
        if self._lent is not None:
            self._lent.detach()
        if self._file is not None:
            self._file.close()
