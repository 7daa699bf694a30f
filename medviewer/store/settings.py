"""The user's settings: a table of what can be set, and a file that holds only what differs from it."""

import contextlib
import json
import logging
from dataclasses import dataclass
from typing import Any

from medviewer.store.profile import Profile

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: key, default, and what it is for in a few English words; the values it may have, if they
    are few, or the range of a number."""

    key: str
    default: Any
    purpose: str
    choices: tuple[str, ...] = ()
    range: tuple[float, float] = (0, 1)


SETTINGS = (
    Setting("language", "", "language of the window; empty = the system's", ("", "en", "zh_CN")),
    Setting("user", "", "name that decisions, notes and reports carry; empty = the system account's"),
    Setting("recent", [], "paths opened last, newest first"),
    Setting("layout", [1, 1], 'rows and columns of panes, and "wide" where the last row is one pane across'),
    Setting("window", "", "place of window and docks, as Qt writes it, base 64"),
    Setting("docks", "", "which docks are open and how wide, as Qt writes it, base 64"),
    Setting("keys", {}, "keys of commands that differ from the table: {command id: [keys]}"),
    Setting("device", "auto", "where networks run", ("auto", "cpu", "cuda", "mps")),
    Setting("overlay_opacity", 0.6, "opacity of heat on images, 0 to 1"),
    Setting("overlay_cutoff", 0.35, "heat below this is not drawn, 0 to 1"),
    Setting("ecg_theme", "dark", "ECGs on dark or on paper", ("dark", "paper")),
    Setting("ecg_scale", {}, "pixels in a millimetre of screens that were measured: {screen: number}"),
    Setting("cine_rate", 10, "images a second where the file does not say it", range=(1, 60)),
    Setting("cine_loop", True, "cine starts again at the end"),
)
_DEFAULTS = {setting.key: setting.default for setting in SETTINGS}


class Settings:
    """Read once, written at each change; a damaged file is set aside and the defaults are used (CR-05)."""

    def __init__(self, profile: Profile, *, ignore: bool = False) -> None:
        """`ignore` (safe mode) neither reads nor writes the file."""
        self._path = profile.config / "settings.json"
        self._ignore = ignore
        self._values: dict[str, Any] = {} if ignore else self._read()

    def get(self, key: str) -> Any:
        """The set value, else the default; KeyError for what is not in the table. A value of another type is ignored."""
        default = _DEFAULTS[key]
        value = self._values.get(key, default)
        return value if type(value) is type(default) else default

    def set(self, key: str, value: Any) -> None:
        default = _DEFAULTS[key]
        if self.get(key) == value:
            return
        if value == default:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        self._write()

    def _read(self) -> dict[str, Any]:
        try:
            read = json.loads(self._path.read_text("utf-8"))
            if isinstance(read, dict):
                return read
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("settings unreadable, defaults used: %s", error.strerror)
            return {}
        except ValueError:
            pass
        kept = self._path.with_name("settings.damaged.json")
        log.warning("settings damaged, kept as %s, defaults used", kept.name)
        with contextlib.suppress(OSError):
            self._path.replace(kept)
        return {}

    def _write(self) -> None:
        if self._ignore:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps(self._values, ensure_ascii=False, indent=1), "utf-8")
            part.replace(self._path)
        except OSError as error:
            log.warning("settings not written: %s", error.strerror)
