"""Words of the findings list that are no sentences: how a mention is meant, moments, times on a trace."""

from datetime import datetime

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from medviewer.core.note import State

STATES: tuple[State, ...] = ("present", "absent", "uncertain", "past", "other_person", "hypothetical")
_WORDS = {
    "present": QT_TRANSLATE_NOOP("states", "stated"),
    "absent": QT_TRANSLATE_NOOP("states", "negated"),
    "uncertain": QT_TRANSLATE_NOOP("states", "uncertain"),
    "past": QT_TRANSLATE_NOOP("states", "past"),
    "other_person": QT_TRANSLATE_NOOP("states", "of another person"),
    "hypothetical": QT_TRANSLATE_NOOP("states", "hypothetical"),
    "left": QT_TRANSLATE_NOOP("states", "left"),
    "right": QT_TRANSLATE_NOOP("states", "right"),
    "bilateral": QT_TRANSLATE_NOOP("states", "both sides"),
}


def words(state: str) -> str:
    """A state or side in the user's language."""
    return QCoreApplication.translate("states", str(_WORDS.get(state, state)))


def moment(when: str) -> str:
    """A UTC time on this machine's clock: "10:04" of today, with the date otherwise."""
    try:
        local = datetime.fromisoformat(when).astimezone()
    except ValueError:
        return when
    today = datetime.now().astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"


def clock(seconds: float) -> str:
    """Seconds of a record: "6.62 s", beyond a minute "0:12:09"."""
    if seconds < 60:
        return f"{seconds:.2f} s"
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
