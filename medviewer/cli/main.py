"""Arguments → a sub-command or the window; errors → sentences and exit codes."""

import argparse
import contextlib
import importlib
import io
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Sequence
from types import TracebackType
from typing import NoReturn

from medviewer import __version__
from medviewer.core.errors import MedviewerError
from medviewer.core.task import Cancelled

OK, DEFECT, USAGE, NOTHING_READABLE, SOME_FAILED, ALL_REFUSED, BUNDLE, NOT_WRITTEN, CANCELLED = 0, 1, 2, 3, 4, 5, 6, 7, 130

COMMANDS = ("info", "export", "infer", "render", "models", "selfcheck", "bench", "sample")
"""Each is a module of this package with `add_parser(subparsers, parent)` and `run(args) -> exit code`."""

NOTICE = "Research use only – not for diagnosis."

log = logging.getLogger("medviewer")


def main(argv: Sequence[str]) -> int:
    """Run the program with these arguments; returns the exit code of docs/cli.md."""
    try:
        args = _parse(argv)
    except SystemExit as stop:
        return int(stop.code or 0) if not isinstance(stop.code, str) else USAGE
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names and words that the terminal's encoding does not have
            stream.reconfigure(errors="backslashreplace")
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.DEBUG if args.verbose else logging.WARNING)
    _keep_log(args.profile, screen, args.verbose)
    if not args.verbose:
        warnings.simplefilter("ignore")  # of libraries, to their callers
    # It logs each decoder that it tries, and values of the header: ours to tell, in our words and without the patient.
    # Not by its level: pydicom sets that anew when it is imported.
    theirs = logging.getLogger("pydicom")
    theirs.addHandler(logging.NullHandler())
    theirs.propagate = False
    try:
        return int(args.run(args))
    except (KeyboardInterrupt, Cancelled):
        return CANCELLED
    except UsageError as error:
        print(f"medviewer: {error}", file=sys.stderr)
        return USAGE
    except MedviewerError as error:
        return _tell(error, args)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:  # a defect: exit code 1, its words nowhere (they may name a patient)
        log.debug("defect", exc_info=True)
        print(f"medviewer: {_defect(type(error).__name__, args)}", file=sys.stderr)
        return DEFECT


def _keep_log(folder: str | None, screen: logging.Handler, verbose: bool) -> None:
    """Warnings and defects go to standard error and the profile's log, of defects frames and kinds: their words, which may name
    patients, come with -v alone, also those of threads and of slots."""
    from medviewer.store.logfile import Frames, keep_log
    from medviewer.store.profile import Profile

    said = "%(levelname)s %(name)s: %(message)s"
    screen.setFormatter(logging.Formatter(said) if verbose else Frames(said))
    logging.basicConfig(handlers=[screen], level=screen.level)
    keep_log(Profile.at(folder))

    def defect(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        log.error("defect", exc_info=(kind, error or kind(), trace))

    sys.excepthook = defect
    threading.excepthook = lambda told: defect(told.exc_type, told.exc_value, told.exc_traceback)


class UsageError(Exception):
    """Wrong usage that argparse cannot see; its text is one sentence for standard error."""


KEYS = {
    "info": ("patients", "skipped"), "export": ("written", "skipped"), "infer": ("results", "discordances", "written"),
    "models": ("models",), "selfcheck": ("checks",), "bench": ("results",), "sample": ("written",), "render": ("written",),
}  # fmt: skip
"""Lists of each sub-command's document; they are empty where it ended with an error."""


def _defect(kind: str, args: argparse.Namespace) -> str:
    """One sentence for an error that is nobody's; English where even the sentences cannot be read."""
    with contextlib.suppress(Exception):  # even the sentences may be what is broken
        from medviewer.core.errors import Notice
        from medviewer.services.words import say

        sentence = say(Notice("cli-defect", facts={"kind": kind}), args.lang or "en")
        return sentence.message if args.verbose else sentence.text
    return f"A defect in the program ({kind})."


def _tell(error: MedviewerError, args: argparse.Namespace) -> int:
    """One sentence on standard error, the same in the document that --json asked for, and the exit code."""
    from medviewer.services.words import say

    sentence = say(error.notice, args.lang or "en")
    where = f"{error.notice.path}: " if error.notice.path else ""
    print(f"medviewer: {where}{sentence.text}", file=sys.stderr)
    code = error.notice.code
    over = code == "output-is-input" and error.notice.path == getattr(args, "json", None)  # the document would land there
    if getattr(args, "json", None) and not over:
        from medviewer.cli.documents import document, write_json

        command = args.run.__module__.rsplit(".", 1)[-1]
        with contextlib.suppress(MedviewerError):  # it may be this very file that cannot be written
            write_json(document(command, [error.notice], (), args.lang) | {key: [] for key in KEYS[command]}, args.json)
    if code.startswith(("bundle-", "model-")):
        return BUNDLE
    return NOT_WRITTEN if code.startswith("output-") else SOME_FAILED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def common_options() -> argparse.ArgumentParser:
    """Options that every sub-command takes."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--profile", metavar="DIR", help="keep settings, database and caches there (also MEDVIEWER_PROFILE)")
    parent.add_argument("--lang", choices=("en", "zh_CN"), default="en", help="language of messages")
    parent.add_argument(
        "--device",
        default=os.environ.get("MEDVIEWER_DEVICE", "auto"),
        type=_device,
        metavar="auto|cpu|cuda|cuda:N|mps",
        help="where networks run (also MEDVIEWER_DEVICE)",
    )
    parent.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parent.add_argument("-v", "--verbose", action="store_true", help="log details to standard error")
    return parent


def _device(word: str) -> str:
    if re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps", word) is None:
        raise argparse.ArgumentTypeError(f"there is no device {word}; use auto, cpu, cuda, cuda:N or mps")
    return word


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    description = f"Images, ECG and notes of one patient, read along by networks on this machine. {NOTICE}"
    parent = common_options()
    first = next((word for word in argv if not word.startswith("-")), None)
    if first in COMMANDS and argv[0] == first:
        parser = _Parser(prog="medviewer", description=description)
        subparsers = parser.add_subparsers(required=True, parser_class=_Parser)
        importlib.import_module(f"medviewer.cli.{first}").add_parser(subparsers, parent)
        return parser.parse_args(argv)
    parser = _Parser(
        prog="medviewer",
        parents=[parent],
        description=description,
        epilog=f"Sub-commands, each with --help: {', '.join(COMMANDS)}.",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="file, folder or ZIP to open, as if dropped on the window")
    parser.add_argument("--version", action="version", version=f"medviewer {__version__}")
    parser.add_argument("--sample", action="store_true", help="open the sample patients")
    parser.add_argument("--safe-mode", action="store_true", help="ignore settings, models and window state")
    parser.add_argument("--new-instance", action="store_true", help="do not hand the paths to a running window")
    parser.set_defaults(run=_window, lang=None)
    return parser.parse_args(argv)


def _window(args: argparse.Namespace) -> int:
    from medviewer.ui.app import run

    return run(
        args.paths,
        sample=args.sample,
        profile=args.profile,
        lang=args.lang,
        device=args.device,
        safe_mode=args.safe_mode,
        new_instance=args.new_instance,
    )
