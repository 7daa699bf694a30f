"""Paths on the command line → items, with progress on standard error and the exit codes of docs/cli.md."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from medviewer.cli.main import NOTHING_READABLE, OK, SOME_FAILED
from medviewer.core.errors import MedviewerError, Notice
from medviewer.io.scan import Batch, scan
from medviewer.services.export import refuse_input
from medviewer.services.words import say
from medviewer.store.profile import Profile


def read_items(args: argparse.Namespace) -> Batch:
    """Everything readable among `args.paths`. Raises `output-is-input` where an output was named that is one of them."""
    for name in ("json", "json_lines", "out"):
        if (word := getattr(args, name, None)) and word != "-":
            refuse_input(Path(word), args.paths)
    with progress(args, "reading") as show:
        return scan(
            args.paths,
            workspace=Profile.at(args.profile).unpacked,
            announce=lambda batch: show(batch.account.loaded, batch.account.found),
        )


def exit_code(batch: Batch, failed: bool = False) -> int:
    """3 where nothing was readable, 4 where some inputs failed, else 0."""
    if not batch.items:
        return NOTHING_READABLE
    return SOME_FAILED if batch.account.failed or failed else OK


def complaints(batch: Batch) -> tuple[tuple[Notice, ...], tuple[Notice, ...]]:
    """(errors, warnings) of a document: files that failed, and what the items warn of."""
    return batch.account.failed, tuple(notice for item in batch.items for notice in item.warnings)


def tell_failed(failed: Iterable[Notice], args: argparse.Namespace) -> None:
    """What could not be read or written, on standard error, unless the document on standard output says it."""
    if args.json == "-":
        return
    for notice in failed:
        print(f"{notice.path}: {say(notice, args.lang).text}", file=sys.stderr)


def target(args: argparse.Namespace) -> Path:
    """The file of --out, its folder made. Raises `output-unwritable`."""
    out = Path(args.out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MedviewerError("output-unwritable", str(out), reason=error.strerror or "") from error
    return out


def told(args: argparse.Namespace, out: Path, item: str | None) -> None:
    """Note a written file for the document, and name it on standard output unless the document goes there."""
    args.written = [*(getattr(args, "written", None) or ()), {"item": item, "path": str(out), "format": out.suffix[1:].lower()}]
    if args.json != "-":
        print(out)


class Show:
    """Draws "what done/total" over itself on a terminal; silent otherwise."""

    def __init__(self, what: str, visible: bool) -> None:
        self._what = what
        self._visible = visible

    def __call__(self, done: int, total: int) -> None:
        if self._visible:
            print(f"\r{self._what} {done}/{total} ", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._visible:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextmanager
def progress(args: argparse.Namespace, what: str) -> Iterator[Show]:
    """A progress line on standard error while the block runs."""
    show = Show(what, visible=sys.stderr.isatty() and not args.quiet)
    try:
        yield show
    finally:
        show.end()
