"""`medviewer sample`: write the sample patients' files."""

import argparse
from pathlib import Path

from medviewer.cli.documents import document, write_json
from medviewer.core.errors import MedviewerError
from medviewer.services.sample import sample_paths


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("sample", parents=[parent], help="write the sample patients' files")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--json", metavar="FILE", help="write the document there; - is standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        folders = sample_paths(Path(args.out))
    except OSError as error:
        raise MedviewerError("output-unwritable", args.out, reason=error.strerror or "") from error
    if args.json:
        content = document("sample", lang=args.lang)
        files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
        content["written"] = [{"item": None, "path": str(path), "format": path.suffix[1:]} for path in files]
        write_json(content, args.json)
    if args.json != "-":
        for folder in folders:
            print(folder)
    return 0
