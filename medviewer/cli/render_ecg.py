"""`medviewer render` for ECGs: the options of paper, and the pane as a PNG or at true scale as a PDF."""

import argparse
import sys

from medviewer.cli.inputs import target, told
from medviewer.cli.main import UsageError
from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_view import GAINS, LAYOUTS, SPEEDS, EcgView
from medviewer.core.finding import Result
from medviewer.core.signal import HIGH_PASS, LOW_PASS, NOTCH, Filters


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("ECG")
    group.add_argument("--layout", choices=LAYOUTS, help="default: 3x4+1 for 12 leads, holter for long records, else stacked")
    group.add_argument("--speed", type=float, choices=SPEEDS, help="mm/s (default 25)")
    group.add_argument("--gain", type=float, choices=GAINS, help="mm/mV (default 10)")
    group.add_argument("--theme", choices=("dark", "paper"), default="dark")
    group.add_argument("--start", type=float, metavar="S", help="second at the left edge (default 0)")
    group.add_argument("--high-pass", type=float, choices=HIGH_PASS, metavar="HZ", help="0.05, 0.15 or 0.5; the picture says so")
    group.add_argument("--low-pass", type=float, choices=LOW_PASS, metavar="HZ", help="40, 100 or 150")
    group.add_argument("--notch", type=float, choices=NOTCH, metavar="HZ", help="50 or 60")
    group.add_argument("--simultaneous", action="store_true", help="columns begin at the same moment")
    group.add_argument("--px-per-mm", type=float, metavar="N", help="pixels in a millimetre: drawn to scale instead of fitted")
    group.add_argument("--pdf", action="store_true", help="A4 across at true scale, with measurements and provenance")
    group.add_argument("--pages", default="1", metavar="N|all", help="PDF: pages from --start on (default 1)")
    group.add_argument("--waves", action="store_true", help="with --overlay: P, QRS and T bounds too")


def view_of(args: argparse.Namespace, record: EcgRecord) -> EcgView:
    """The view that the options ask for."""
    from dataclasses import replace

    view = EcgView.start(record)
    if args.layout:
        view = replace(view, layout=args.layout, fit=args.layout != "holter" and view.fit)
    filters = Filters(args.high_pass, args.low_pass, args.notch)
    view = replace(
        view, theme=args.theme, filters=filters, simultaneous=args.simultaneous, waves=args.waves, overlay=args.overlay
    )
    if args.speed:
        view = replace(view, speed=args.speed)
    if args.gain:
        view = replace(view, gain=args.gain)
    if args.px_per_mm is not None:
        if not 0.5 <= args.px_per_mm <= 40:
            raise UsageError("--px-per-mm is between 0.5 and 40")
        view = replace(view, fit=False)
    if args.start is not None:
        if not 0 <= args.start < max(record.seconds, 1e-9):
            raise UsageError(f"--start is between 0 and {record.seconds:g}")
        view = replace(view, start_s=args.start)
    if args.pages != "all" and not (args.pages.isdigit() and int(args.pages) > 0):
        raise UsageError("--pages is a number of at least 1, or all")
    if args.no_text:
        view = replace(view, text="none")
    return view


def draw(args: argparse.Namespace, record: EcgRecord, size: tuple[int, int]) -> bool:
    """Write the picture; whether the network of --overlay refused."""
    from medviewer.core.ecg_layout import SCREEN_MM
    from medviewer.io.image.write import write_png
    from medviewer.ui.ecg.painter import paint

    result = _result(args, record)
    view = view_of(args, record)
    results = {result.model: result} if result is not None else {}
    out = target(args)
    if args.pdf or out.suffix.lower() == ".pdf":
        from medviewer.ui.ecg.page import Printed, write_pdf

        write_pdf(Printed(record, view, results, {}), out, None if args.pages == "all" else int(args.pages))
        told(args, out, record.item)
        return result is not None and result.status == "refused"
    scale = args.px_per_mm or SCREEN_MM
    pixels = paint(
        record, view, results, size, pixel_ratio=args.pixel_ratio, px_per_mm=scale, calibrated=args.px_per_mm is not None
    )
    write_png(pixels, out)
    told(args, out, record.item)
    return result is not None and result.status == "refused"


def _result(args: argparse.Namespace, record: EcgRecord) -> Result | None:
    """The answer of the network that --overlay names; its refusal goes to standard error."""
    if not args.overlay:
        return None
    from medviewer.services.analyse import analyse_once
    from medviewer.services.words import say
    from medviewer.store.profile import Profile

    result = analyse_once(record, None, args.overlay, profile=Profile.at(args.profile), device=args.device)
    if result.status != "ok" and result.reason is not None:
        print(f"medviewer: {args.overlay}: {say(result.reason, args.lang).message}", file=sys.stderr)
    return result
