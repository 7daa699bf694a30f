"""`medviewer bench`: the program's speed as ratios of paired runs; each side is a process of its own (`resources/bench`)."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from medviewer.cli.benchdata import make_data
from medviewer.cli.documents import document, write_json
from medviewer.cli.inputs import progress
from medviewer.cli.main import OK, UsageError
from medviewer.store.assets import asset

FRAME_MS = 1000 / 60
"""One frame of a 60 Hz screen."""
STALL_MS = 50.0
"""What a hand does not notice yet."""
WHOLE = (
    *("start_program", "start_bare", "window_image", "window_loading", "window_network", "window_memory"),
    *("day_start_program", "day_start_edfbrowser"),
)
"""Scripts that are a process a round: their first line is the figure, or "painted", which counts from the process's start."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tables in issues 12 to 14. `against` is a script, or the figure itself: a 60 Hz frame, 50 ms, a second,
    a record's own duration."""

    name: str
    work: str
    program: str
    against: str | float
    limit: float
    data: str = "none"
    """Which data it reads: a kind of `benchdata.make_data`, or none."""
    unit: str = "s"


ROWS = (
    Row("volume", "500 CT slices → volume in memory", "volume_program", "volume_simpleitk", 0.25, "slices"),
    Row("volume-jpeg-ls", "the same as JPEG-LS", "volume_program", "volume_simpleitk", 0.45, "jpeg-ls"),
    Row("volume-jpeg-2000", "the same as JPEG 2000", "volume_program", "volume_simpleitk", 0.85, "jpeg-2000"),
    Row("first-image", "500 CT slices → first image painted", "first_image_program", "volume_simpleitk", 0.10, "slices"),
    Row("headers", "scan of 1000 headers", "headers_program", "headers_pydicom", 0.2, "headers"),
    Row("window-level", "window/level drag, 3000×2500 16-bit, repaint p95", "drag_program", FRAME_MS, 0.2, unit="ms"),
    Row("scroll", "scroll 512×512 CT in 1000×1000, repaint p95", "scroll_program", FRAME_MS, 0.3, unit="ms"),
    Row("start", "process start → window painted", "start_program", "start_bare", 2.5),
    Row("start-image", "process start with 500 slices → first image painted", "window_image", "volume_simpleitk", 1.0, "slices"),
    Row("stall-loading", "longest stall of the window while 500 slices load", "window_loading", STALL_MS, 1.0, "slices", "ms"),
    Row("stall-network", "the same while a network starts and reads", "window_network", STALL_MS, 1.0, unit="ms"),
    Row(
        "memory",
        "peak of the window with 500 slices, less the empty program",
        "window_memory",
        "voxels",
        1.5,
        "slices",
        "MB",
    ),
    Row("queue", "one image through the inference queue", "queue_program", "queue_bare", 1.10),
    Row("infer-folder", "infer FOLDER, an image", "infer_program", "queue_bare", 0.5, "radiographs"),
    Row("infer-folder-torch", "the same without ONNX Runtime", "infer_torch", "queue_bare", 1.10, "radiographs"),
    Row("ecg-page", "24 h × 12 leads × 500 Hz WFDB → first page painted", "day_page_program", "day_page_wfdb", 0.05, "day"),
    Row("ecg-start", "process start with it → first page on the screen", "day_start_program", "day_start_edfbrowser", 2.0, "day"),
    Row("ecg-pan", "the same, pan and zoom at any zoom, repaint p95", "day_pan_program", FRAME_MS, 1.0, "day", "ms"),
    Row("ecg-memory", "private memory with it open, of its size", "day_memory_program", "day_memory_disk", 0.35, "day", "MB"),
    Row("ecg-networks", "beats and rhythm of a 30-min record", "ecg_networks_program", 1800.0, 0.01, "half-hour"),
    Row("ecg-answers", "10-s 12-lead → painted with every network's answer", "ecg_answers_program", 1.0, 1.0, "ten-seconds"),
    Row("note", "5,000 words → classes and every word's weight", "note_program", "note_bare", 1.2, "none"),
    Row("note-time", "the same against half a second", "note_program", 0.5, 1.0, "none"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A row's outcome: medians of the rounds in `unit`, `ratio` the median of the pairs' ratios; `cold` is the first round."""

    name: str
    work: str
    measured: float
    against: float
    ratio: float
    limit: float
    ok: bool
    rounds: int
    unit: str
    cold: float


class Skipped(Exception):
    """A side cannot run here: a program that it is measured against is not installed."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("bench", parents=[parent], help="measure speed as ratios of paired runs")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(row.name for row in ROWS))
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--data", metavar="DIR", help="a folder of one CT series, instead of slices made by the program")
    parser.add_argument("--json", metavar="FILE", help="write the document there; - is standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    unknown = set(args.names) - {row.name for row in ROWS}
    if unknown or args.rounds < 1:
        raise UsageError(f"no bench {', '.join(sorted(unknown))}" if unknown else "--rounds is at least 1")
    rows = [row for row in ROWS if not args.names or row.name in args.names]
    results, skipped = [], []
    with tempfile.TemporaryDirectory(prefix="medviewer-bench-") as folder:
        with progress(args, "making data") as show:
            data = make_data({row.data for row in rows}, Path(folder), args.data, show)
        for row in rows:
            try:
                measured = measure(row, data[row.data], args.rounds)
            except Skipped as reason:
                skipped.append({"name": row.name, "reason": str(reason)})
                if args.json != "-":
                    print(f"skip {row.name:18} {reason}", flush=True)
                continue
            results.append(measured)
            if args.json != "-":
                print(
                    f"{'ok  ' if measured.ok else 'over'} {row.name:18} {measured.ratio:6.3f} of {row.limit:<5} "
                    f"{measured.measured:9.4f} against {measured.against:9.4f} {row.unit}, first {measured.cold:.4f}  {row.work}",
                    flush=True,
                )
    if args.json:
        content = document("bench", lang=args.lang)
        content["results"] = [asdict(one) for one in results]
        content["skipped"] = skipped
        write_json(content, args.json)
    return OK


def measure(row: Row, data: str, rounds: int) -> Measured:
    """Run both sides in turn, one untimed round first (its time is `cold`), then `rounds` pairs."""
    pairs = []
    with _side(row.program, data) as program, _side(row.against, data) as against:
        cold = program()
        against()
        for _ in range(rounds):
            pairs.append((program(), against()))
    ratio = statistics.median(a / b for a, b in pairs)
    return Measured(
        row.name,
        row.work,
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        ratio,
        row.limit,
        ratio <= row.limit,
        rounds,
        row.unit,
        cold,
    )


@contextmanager
def _side(script: str | float, data: str) -> Iterator[Callable[[], float]]:
    """A callable that runs one round of a side and returns what it took in the row's unit."""
    if isinstance(script, float):
        yield lambda: script
    elif script in WHOLE:
        yield lambda: _whole(asset(f"bench/{script}.py"), data)
    else:
        command = [sys.executable, str(asset("bench/turn.py")), str(asset(f"bench/{script}.py")), data]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()) as side:
            _answer(side)

            def turn() -> float:
                assert side.stdin
                side.stdin.write("go\n")
                side.stdin.flush()
                return float(_answer(side))

            yield turn
            assert side.stdin
            side.stdin.close()


def _answer(side: "subprocess.Popen[str]") -> str:
    assert side.stdout
    line = side.stdout.readline()
    if not line:
        raise RuntimeError("one side of the bench ended early")
    return line


def _whole(script: Path, data: str) -> float:
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, str(script), data], stdout=subprocess.PIPE, text=True, env=_environment()) as process:
        answer = _answer(process).strip()
        if answer.startswith("skip: "):
            raise Skipped(answer.removeprefix("skip: "))
        return time.perf_counter() - start if answer == "painted" else float(answer)


def _environment() -> dict[str, str]:
    """Offscreen, compiled as an installed program is, and the same package as this process, also from a checkout."""
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH", "")) if part)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": path, "OMP_WAIT_POLICY": "PASSIVE"}
