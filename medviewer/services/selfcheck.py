"""Run the checks that each layer hands in, one after another; a check that raises has failed, with its reason."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from medviewer.core.errors import MedviewerError
from medviewer.services.words import say


@dataclass(frozen=True, slots=True)
class Check:
    """A name, and a probe that returns what it found or raises."""

    name: str
    probe: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one check: what it found in a few words, and how long it took."""

    name: str
    ok: bool
    detail: str
    seconds: float


def run_checks(checks: Iterable[Check], lang: str = "en") -> Iterable[Outcome]:
    """Yield each outcome as it is there."""
    for check in checks:
        start = time.perf_counter()
        try:
            ok, detail = True, check.probe()
        except MedviewerError as error:
            ok, detail = False, say(error.notice, lang).message
        except Exception as error:  # a probe of a broken installation may raise anything: that is its answer
            ok, detail = False, f"{type(error).__name__}: {error}"
        yield Outcome(check.name, ok, detail, time.perf_counter() - start)
