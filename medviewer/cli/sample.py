"""`medviewer sample`: write the sample patients' files."""

import argparse
from pathlib import Path

from medviewer.core.errors import MedviewerError
from medviewer.services.sample import sample_paths


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("sample", parents=[parent], help="write the sample patients' files")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        for folder in sample_paths(Path(args.out)):
            print(folder)
    except OSError as error:
        raise MedviewerError("output-unwritable", args.out, reason=error.strerror or "") from error
    return 0
