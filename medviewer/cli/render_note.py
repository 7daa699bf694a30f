"""`medviewer render` for notes: the pane as the window paints it, with the words of a network and the findings of the rules."""

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from medviewer.cli.inputs import target, told
from medviewer.core.finding import Result
from medviewer.core.note import NoteDocument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RULES = "note-mentions"


def draw(args: argparse.Namespace, note: NoteDocument, size: tuple[int, int]) -> bool:
    """Write the picture; whether the network of --overlay refused."""
    from medviewer.io.image.write import write_png
    from medviewer.services.notes import Notes
    from medviewer.store.profile import Profile

    found = Notes(Profile.at(args.profile)).understood(note)
    assert isinstance(found, NoteDocument)
    results = {} if args.no_text else _results(args, found)
    pixels = pixels_of(args, found, results, size, args.overlay, private=args.private, pixel_ratio=args.pixel_ratio)
    out = target(args)
    write_png(pixels, out)
    told(args, out, note.item)
    asked = results.get(args.overlay or "")
    return asked is not None and asked.status == "refused"


def pixels_of(
    args: argparse.Namespace,
    note: NoteDocument,
    results: Mapping[str, Result],
    size: tuple[int, int],
    overlay: str | None,
    *,
    private: bool = False,
    pixel_ratio: float = 1.0,
) -> "NDArray[np.uint8]":
    """The pane with the findings of the rules and, of the network `overlay`, the words that decided: RGB [height, width, 3]."""
    from dataclasses import replace
    from functools import partial

    from medviewer.core.page import NoteView
    from medviewer.services.words import say
    from medviewer.ui.headless import spoken
    from medviewer.ui.note.painter import paint

    view = replace(NoteView(), overlay=overlay, words=bool(overlay), private=private)
    with spoken(args.lang):
        return paint(
            note,
            view,
            results,
            size,
            pixel_ratio=pixel_ratio,
            say=lambda notice: say(notice, args.lang),
            label_of=partial(_label, args.profile, args.lang),
        )


def _results(args: argparse.Namespace, note: NoteDocument) -> dict[str, Result]:
    """What the rules say, and the network of --overlay; its refusal goes to standard error."""
    from medviewer.services.analyse import analyse_once
    from medviewer.services.words import say
    from medviewer.store.profile import Profile

    results = {}
    for model in dict.fromkeys([RULES, *([args.overlay] if args.overlay else [])]):
        result = analyse_once(note, None, model, profile=Profile.at(args.profile), device=args.device)
        if result.status == "ok":
            results[model] = result
        elif model == args.overlay and result.reason is not None:
            results[model] = result
            print(f"medviewer: {model}: {say(result.reason, args.lang).message}", file=sys.stderr)
    return results


def _label(profile: str | None, lang: str, model: str, label: str) -> str:
    from medviewer.inference.registry import Registry
    from medviewer.services.analyse import ModelCard
    from medviewer.store.profile import Profile

    registry = Registry(Profile.at(profile))
    bundle = next((b for b in registry.bundles() if b.id == model), None)
    if bundle is None:
        return label or model
    card = ModelCard(bundle, {})
    return card.label(label, lang) if label else card.title(lang)
