"""Marks of people and programs beside a WFDB record."""

from pathlib import Path

from medviewer.core.ecg import Annotation, Lead
from medviewer.core.errors import Notice
from medviewer.io.ecg.wfdb_header import Header

ANNOTATIONS = ("atr", "qrs", "ecg", "mvb", "ann", "ari", "wqrs", "gqrs")
LEAD_MARKS = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
"""Endings of annotation files of one lead each (LUDB)."""


def annotations_of(header: Header, leads: tuple[Lead, ...]) -> tuple[tuple[Annotation, ...], tuple[Notice, ...]]:
    """Marks of the first annotation file beside the header; those beyond the end are counted in a warning (EA-02)."""
    stem = Path(header.path).with_suffix("")
    ending = next((e for e in ANNOTATIONS if Path(f"{stem}.{e}").is_file()), None)
    if ending is None:
        return (), ()
    import wfdb

    try:
        read = wfdb.rdann(str(stem), ending)
    except (OSError, ValueError, IndexError, KeyError, TypeError, RuntimeError) as error:
        return (), (Notice("ecg-annotations-unreadable", f"{stem}.{ending}", {"reason": type(error).__name__}),)
    rate = float(read.fs or header.rate)
    end = max((lead.seconds for lead in leads), default=0.0)
    texts = [text.rstrip("\0").strip() for text in (read.aux_note or [""] * len(read.sample))]
    marks = [Annotation(int(s) / rate, str(c), t) for s, c, t in zip(read.sample, read.symbol, texts, strict=True)]
    kept = tuple(mark for mark in marks if mark.time_s <= end)
    beyond = len(marks) - len(kept)
    said = (Notice("ecg-annotations-beyond", f"{stem}.{ending}", {"count": beyond}),) if beyond else ()
    return kept, said
