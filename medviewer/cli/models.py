"""`medviewer models`: list, show, verify, import, remove networks; take back their thresholds."""

import argparse
from pathlib import Path

from medviewer.cli.documents import Document, document, error_entry, write_json
from medviewer.cli.main import BUNDLE, OK, UsageError
from medviewer.core.errors import MedviewerError, Notice
from medviewer.inference.bundle import Bundle, check_hashes, verify
from medviewer.inference.registry import Registry
from medviewer.services.words import in_a_row, say, text
from medviewer.store.profile import Profile

ACTIONS = ("list", "show", "verify", "import", "remove", "reset-threshold")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("models", parents=[parent], help="the networks and their cards")
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("names", nargs="*", metavar="ID|PATH")
    parser.add_argument("--json", metavar="FILE", help="write the document there; - is standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    registry = Registry(Profile.at(args.profile))
    if args.action in ("show", "import", "remove", "reset-threshold") and len(args.names) != 1:
        raise UsageError(f"models {args.action} takes one {'PATH' if args.action == 'import' else 'ID'}")
    shown = registry.bundles()
    problems = list(registry.problems) if args.action in ("list", "verify") else []
    if args.action == "import":
        shown = (registry.add(Path(args.names[0])),)
    elif args.action == "remove":
        registry.remove(args.names[0])
        shown = registry.bundles()
    elif args.action == "reset-threshold":
        registry.reset_thresholds(args.names[0])
        shown = (registry.bundle(args.names[0]),)
    elif args.names:
        shown = tuple(registry.bundle(name) for name in args.names)
    content = document("models", lang=args.lang)
    content["models"] = []
    for bundle in shown:
        status, problem = _status(bundle, run_probe=args.action == "verify")
        problems += [problem] if problem else []
        content["models"].append(model_entry(bundle, registry, status, args.lang))
    content["errors"] = [error_entry(notice, args.lang) for notice in problems]
    if args.json:
        write_json(content, args.json)
    if args.json != "-":
        _print(args, content, shown)
    return BUNDLE if problems else OK


def _status(bundle: Bundle, run_probe: bool) -> tuple[str, Notice | None]:
    """ "ok" or what is wrong; `verify` hashes every file and runs the probe, the others hash."""
    try:
        if run_probe:
            return f"ok: {verify(bundle)}", None
        check_hashes(bundle)
    except MedviewerError as error:
        return error.notice.code, error.notice
    return "ok", None


def model_entry(bundle: Bundle, registry: Registry, status: str, lang: str) -> Document:
    """One model of `medviewer.models/1`."""
    return {
        "id": bundle.id,
        "version": bundle.version,
        "title": bundle.text("title", lang),
        "task": bundle.text("task", lang),
        "kind": bundle.kind,
        "labels": list(bundle.labels),
        "thresholds": registry.thresholds(bundle),
        "input_contract": dict(bundle.contract),
        "metrics": bundle.document.get("metrics", []),
        "licence": bundle.document["licence"],
        "source": bundle.document["source"],
        "sha256": bundle.sha256,
        "bundled": bundle.bundled,
        "path": str(bundle.folder),
        "status": status,
    }


def _print(args: argparse.Namespace, content: Document, shown: tuple[Bundle, ...]) -> None:
    for entry in content["models"]:
        held = (
            text("cli-ok", args.lang) + entry["status"].removeprefix("ok")
            if entry["status"].startswith("ok")
            else entry["status"]
        )
        print(f"{entry['id']} {entry['version']}  {entry['title']}  {held}")
    if args.action == "show":
        print(f"\n{shown[0].card(args.lang)}")
    for error in content["errors"]:
        print(f"{error['path']}: {in_a_row(error['message'], error['remedy'])}")
    if not content["models"] and not content["errors"]:
        print(say(Notice("no-models"), args.lang).message)
