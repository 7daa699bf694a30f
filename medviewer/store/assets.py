"""Where resources and models lie: the frozen program's root, the installed package, or the checkout."""

import sys
from functools import lru_cache
from pathlib import Path

from medviewer.core.errors import MedviewerError

_PACKAGE = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=1)
def _root() -> Path:
    """The folder that holds `resources/` and `models/`."""
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = ([Path(frozen)] if frozen else []) + [_PACKAGE, _PACKAGE.parent]
    for root in candidates:
        if (root / "resources").is_dir():
            return root
    raise MedviewerError("resources-missing", str(_PACKAGE))


def asset(relative: str) -> Path:
    """Path of a file or folder under `resources/`; it need not exist."""
    return _root() / "resources" / relative


def models_folder() -> Path:
    """The folder of the bundled networks; it need not exist."""
    return _root() / "models"
