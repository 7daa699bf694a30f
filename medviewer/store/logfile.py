"""The program's log, one file in the profile: warnings and defects, with frames and kinds but never what an error says: names of
patients and files may stand in it."""

import contextlib
import logging
import traceback
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from medviewer.store.profile import Profile

NAME = "medviewer.log"
LARGEST = 500_000
"""Bytes after which a start begins the log anew; the one before stays as `medviewer.log.1`."""


class Frames(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Formatters hand the text of an error on to each other in the record: nothing of it is taken here, nothing left."""
        before, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = before

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        frames = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(ei[2])]
        return "\n".join([*frames, "  " + (ei[0].__name__ if ei[0] is not None else "")])


class _File(logging.FileHandler):
    """Made with the first record, its folder too; where that cannot be, the program goes on without."""

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size > LARGEST:
            path.replace(path.with_suffix(".log.1"))
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        pass


def keep_log(profile: Profile) -> logging.Handler:
    """From here on the program's warnings and the frames of its defects go there too; one log at a time."""
    own = logging.getLogger("medviewer")
    for before in [handler for handler in own.handlers if isinstance(handler, _File)]:
        own.removeHandler(before)
        before.close()
    handler = _File(profile.data / NAME, encoding="utf-8", delay=True)
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or record.exc_info is not None)
    handler.setFormatter(Frames("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    own.setLevel(logging.DEBUG)
    own.addHandler(handler)
    return handler
