"""`medviewer render`: the pane exactly as the window paints it, into a PNG."""

import argparse
import sys

from medviewer.cli.documents import document, write_json
from medviewer.cli.export import add_window_options, window_of
from medviewer.cli.inputs import complaints, exit_code, read_items, target, tell_failed, told
from medviewer.cli.main import ALL_REFUSED, NOTHING_READABLE, OK, SOME_FAILED, UsageError
from medviewer.cli.render_ecg import add_options as add_ecg_options
from medviewer.cli.render_ecg import draw as draw_record
from medviewer.cli.render_note import draw as draw_note
from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import MedviewerError
from medviewer.core.finding import Attribution
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument
from medviewer.core.reformat import PLANES, in_plane
from medviewer.io.scan import Batch


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", parent: argparse.ArgumentParser) -> None:
    parser = subparsers.add_parser("render", parents=[parent], help="write the pane as the window paints it")
    parser.add_argument("paths", nargs=1, metavar="PATH")
    parser.add_argument("--out", required=True, metavar="FILE.png")
    parser.add_argument("--item", metavar="ID", help="which item (default: the first)")
    parser.add_argument("--size", default="1000x1000", metavar="WxH", help="logical pixels")
    parser.add_argument("--frame", type=int, metavar="N", help="image N counted from 0 in displayed order (default: the middle)")
    parser.add_argument("--plane", choices=tuple(PLANES), help="a volume along this plane of its grid; --frame counts there")
    add_window_options(parser)
    parser.add_argument("--overlay", metavar="MODEL", help="run this network and draw its heat or marks")
    parser.add_argument("--no-text", action="store_true", help="pixels and overlay alone")
    parser.add_argument("--pixel-ratio", type=float, default=1.0, metavar="R")
    parser.add_argument("--private", action="store_true", help="notes: mark what tells who the patient is")
    parser.add_argument("--json", metavar="FILE", help="write what was written there; - is standard output")
    add_ecg_options(parser)
    group = parser.add_argument_group("report (--pdf, of anything but one ECG)")
    group.add_argument("--patient", metavar="ID", help="whose report, where several patients are among the files")
    group.add_argument("--proposed", action="store_true", help="also what networks propose and nobody judged, told apart")
    group.add_argument("--comment", default="", metavar="TEXT", help="stands first in the report")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    batch = read_items(args)
    code = NOTHING_READABLE
    if batch.items:
        from medviewer.ui.headless import spoken

        with spoken(args.lang):
            code = _draw(args, batch)
    errors, warnings = complaints(batch)
    tell_failed(errors, args)
    if args.json:
        write_json(document("render", errors, warnings, args.lang) | {"written": getattr(args, "written", [])}, args.json)
    return code


def _draw(args: argparse.Namespace, batch: Batch) -> int:
    size = _size(args.size)
    if not 0.5 <= args.pixel_ratio <= 4:
        raise UsageError("--pixel-ratio is between 0.5 and 4")
    window = window_of(args)
    drawable: tuple[ImageSeries | EcgRecord | NoteDocument, ...] = (
        *batch.images,
        *(item for item in batch.items if not isinstance(item, ImageSeries)),
    )
    series = next((item for item in drawable if args.item in (None, item.item)), None)
    one_ecg = isinstance(series, EcgRecord) and (args.item is not None or len(batch.items) == 1)
    if (args.pdf or args.out.lower().endswith(".pdf")) and series is not None and not one_ecg:
        return _report(args, batch)
    if isinstance(series, (EcgRecord, NoteDocument)):
        refused = draw_record(args, series, size) if isinstance(series, EcgRecord) else draw_note(args, series, size)
        return ALL_REFUSED if refused else (SOME_FAILED if exit_code(batch) == SOME_FAILED else OK)
    if series is None:
        raise UsageError(f"no item {args.item}; there are {', '.join(item.item for item in batch.items)}")
    if args.plane:
        if args.overlay:
            raise UsageError("--overlay goes with the images as they are in the files, not with --plane")
        series = in_plane(series, args.plane)
    frame = len(series.frames) // 2 if args.frame is None else args.frame
    if not 0 <= frame < len(series.frames):
        raise MedviewerError("frame-out-of-range", series.frames[0].path, frame=frame, frames=len(series.frames))
    attribution, refused = _attribution(args, series, frame)
    _paint(args, series, frame, window, attribution, size)
    return ALL_REFUSED if refused else (SOME_FAILED if exit_code(batch) == SOME_FAILED else OK)


def _report(args: argparse.Namespace, batch: Batch) -> int:
    """One patient's report. Raises `report-several-patients`."""
    from medviewer.cli.report import analysed, reports
    from medviewer.services.export import write_whole
    from medviewer.store.profile import Profile

    people = {item.patient.key: item.patient for item in batch.items if item.patient.known}
    if len(people) > 1 and not args.patient:
        raise MedviewerError("report-several-patients", n=len(people))
    items = [item for item in batch.items if args.patient in (None, item.patient.id)]
    if not items:
        raise UsageError(f"no patient {args.patient}; there are {', '.join(who.id or who.name for who in people.values())}")
    profile = Profile.at(args.profile)
    results = analysed(args, items, profile)
    found = reports(items, results, profile, args.lang, proposed=args.proposed, comment=args.comment)
    out = target(args)
    write_whole(out, found[0][1]["report.pdf"])
    told(args, out, None)
    return exit_code(batch)


def _paint(args, series: ImageSeries, frame: int, window, attribution: Attribution | None, size: tuple[int, int]) -> None:
    from dataclasses import replace

    from medviewer.core.view import ImageView
    from medviewer.io.image.write import write_png
    from medviewer.ui.image.painter import paint

    view = replace(ImageView.start(series), frame=frame, overlay=args.overlay)
    if window is not None:
        view = replace(view, window=window)
    pixels = paint(series, view, attribution, size, pixel_ratio=args.pixel_ratio, texts=not args.no_text)
    out = target(args)
    write_png(pixels, out)
    told(args, out, series.item)


def _attribution(args: argparse.Namespace, series: ImageSeries, frame: int) -> tuple[Attribution | None, bool]:
    """The heat that --overlay asks for, and whether the network refused; its reason goes to standard error."""
    if not args.overlay:
        return None, False
    from medviewer.services.analyse import analyse_once
    from medviewer.services.words import say
    from medviewer.store.profile import Profile

    result = analyse_once(series, frame, args.overlay, profile=Profile.at(args.profile), device=args.device)
    if result.status != "ok" and result.reason is not None:
        print(f"medviewer: {args.overlay}: {say(result.reason, args.lang).message}", file=sys.stderr)
    return result.attribution, result.status == "refused"


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise UsageError("--size takes WIDTHxHEIGHT, such as 1000x800") from None
    if not (16 <= width <= 8192 and 16 <= height <= 8192):
        raise UsageError("--size is between 16 and 8192 on each side")
    return width, height
