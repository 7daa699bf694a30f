"""Paths on the command line → items, with progress on standard error and the exit codes of docs/cli.md."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from medviewer.cli.main import NOTHING_READABLE, OK, SOME_FAILED
from medviewer.core.errors import Notice
from medviewer.io.scan import Batch, scan
from medviewer.store.profile import Profile


def read_items(args: argparse.Namespace) -> Batch:
    """Everything readable among `args.paths`."""
    with progress(args, "reading") as show:
        return scan(
            args.paths,
            workspace=Profile.at(args.profile).workspace(),
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
