"""`medviewer selfcheck`: does everything work on this machine?"""

import argparse
import contextlib
import os
import platform
import shutil
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path

from medviewer.cli.documents import document, write_json
from medviewer.cli.main import DEFECT, OK
from medviewer.core.errors import MedviewerError, Notice
from medviewer.services.selfcheck import Check, run_checks
from medviewer.services.words import text
from medviewer.store.profile import Profile

LEAST_FREE_DISK = 500_000_000
"""Bytes that caches and unpacked archives may need."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("selfcheck", parents=[parent], help="check this installation")
    parser.add_argument("--json", metavar="FILE", help="write the document there; - is standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="medviewer-selfcheck-") as folder:
        for outcome in run_checks(_checks(args, Path(folder)), args.lang):
            outcomes.append(outcome)
            if args.json != "-":
                mark = text("cli-ok" if outcome.ok else "cli-not-ok", args.lang)
                print(f"{mark:6} {_title(outcome.name, args.lang)}: {outcome.detail} ({outcome.seconds:.2f} s)", flush=True)
    if args.json:
        content = document("selfcheck", lang=args.lang)
        content["checks"] = [asdict(outcome) for outcome in outcomes]
        write_json(content, args.json)
    return OK if all(outcome.ok for outcome in outcomes) else DEFECT


def _title(name: str, lang: str) -> str:
    """A check's name for a reader; `checks[].name` stays as it is."""
    first, _, rest = name.partition(" ")
    if first in ("decode", "ECG", "model"):
        return text(f"check-{first.lower()}", lang, what=rest)
    return text(f"check-{name.lower().replace(' ', '-')}", lang)


def _checks(args: argparse.Namespace, folder: Path) -> list[Check]:
    from medviewer.io.selfcheck import SYNTAXES, check_syntax
    from medviewer.io.selfcheck_ecg import FORMATS, check_format
    from medviewer.ui.selfcheck import chinese_font, qt_platform

    profile = Profile.at(args.profile)
    checks = [
        Check("platform", lambda: f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores"),
        Check("qt", qt_platform),
        Check("font for Chinese", chinese_font),
        *(Check(f"decode {syntax.name}", partial(check_syntax, syntax, folder)) for syntax in SYNTAXES),
        *(Check(f"ECG {name}", partial(check_format, name, folder)) for name in FORMATS),
        Check("profile", lambda: _writable(profile)),
        Check("database", lambda: _database(profile)),
        Check("free disk", lambda: _free_disk(profile)),
        Check("sample patients", lambda: _sample(folder / "sample")),
        Check("device", lambda: _device(args.device)),
        Check("engine", lambda: _engine(args.device)),
    ]
    return checks + _model_checks(profile)


def _model_checks(profile: Profile) -> list[Check]:
    from medviewer.inference.bundle import verify
    from medviewer.inference.registry import Registry

    registry = Registry(profile)

    def unreadable(notice: Notice) -> str:
        raise MedviewerError(notice.code, notice.path, **notice.facts)

    bad = [Check(f"model {Path(notice.path).parent.name}", partial(unreadable, notice)) for notice in registry.problems]
    return bad + [Check(f"model {bundle.id}", partial(verify, bundle)) for bundle in registry.bundles()]


def _device(wanted: str) -> str:
    from medviewer.inference.device import choose

    return str(choose(wanted))


def _database(profile: Profile) -> str:
    """The user's own file: whole, of a version this program knows, and writable."""
    from medviewer.store.database import MIGRATIONS, Database

    base = Database(profile.data / "medviewer.db")
    try:
        for notice in base.notices:
            raise MedviewerError(notice.code, notice.path, **notice.facts)
        base.write(lambda connection: connection.execute("PRAGMA optimize"))
        counted = {name: base.read(f"SELECT count(*) FROM {name}")[0][0] for name in ("decisions", "notes", "audit")}
        if not base.flush():
            raise MedviewerError("database-not-written", str(base.path), reason="")
        words = ", ".join(f"{count} {name}" for name, count in counted.items())
        return f"version {len(MIGRATIONS)}, {words}"
    finally:
        base.close()


def _engine(wanted: str) -> str:
    """The engine's process starts, answers, is the only one, and goes (PK-02)."""
    from multiprocessing import active_children

    from medviewer.inference.child import ChildEngine

    engine = ChildEngine(wanted)
    try:
        device = engine.device()
        children = [child.pid for child in active_children()]
        if children != [engine.pid] or _below(os.getpid()) > 2:
            raise RuntimeError(f"{len(children)} processes instead of one")
    finally:
        engine.close()
    if engine.pid is not None:
        raise RuntimeError("the engine's process did not end")
    return f"one process, {device.name}"


def _below(pid: int) -> int:
    """Processes under `pid`, where /proc tells (multiprocessing's resource tracker is one of them); 0 elsewhere."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
    below = {pid}
    while grown := {child for child, parent in parents.items() if parent in below} - below:
        below |= grown
    return len(below) - 1


def _writable(profile: Profile) -> str:
    probe = profile.workspace() / "probe"
    probe.write_bytes(b"1")
    probe.unlink()
    return str(profile.cache)


def _free_disk(profile: Profile) -> str:
    free = shutil.disk_usage(profile.workspace()).free
    if free < LEAST_FREE_DISK:
        raise OSError(f"only {free / 1e6:.0f} MB free, {LEAST_FREE_DISK / 1e6:.0f} MB wanted")
    return f"{free / 1e9:.1f} GB free"


def _sample(folder: Path) -> str:
    from medviewer.io.scan import scan
    from medviewer.services.sample import sample_paths

    batch = scan(sample_paths(folder), workspace=folder)
    shapes = [f"{item.modality} of {len(item.frames)}" for item in batch.images]
    others = [item.kind for item in batch.items if item.kind != "image"]
    if len(shapes) < 2 or not {"ecg", "note"} <= set(others) or batch.account.failed:
        raise RuntimeError(f"read {shapes} and {others}, {len(batch.account.failed)} files failed")
    return ", ".join([*shapes, *(f"{others.count(kind)} {kind}" for kind in ("ecg", "note"))])
