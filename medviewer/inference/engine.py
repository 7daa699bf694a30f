"""Where torch runs, behind one interface: here in place; `inference/child.py` is the same in a process of its own."""

import importlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol

from medviewer import __version__
from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.finding import Provenance, Result
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Bundle, Loaded, load
from medviewer.inference.device import THREADS, Device, choose, prepare_environment, set_threads
from medviewer.inference.fast import open_graph
from medviewer.inference.reading import SEED, Report, Request, Room
from medviewer.store.cache import Cache


class Engine(Protocol):
    """What the worker thread drives."""

    def device(self) -> Device: ...

    def run(self, requests: Sequence[Request], token: CancelToken, report: Report | None = None) -> list[Result]:
        """One Result for each request, in order; refusals and failures are Results. Raises Cancelled only."""
        ...

    def close(self) -> None:
        """Give back what it holds; it is not used afterwards."""
        ...


def room(kind: str) -> Room:
    """The room of a kind of item."""
    found: Room = importlib.import_module(f"medviewer.inference.{kind}.reading")
    return found


class InPlaceEngine:
    """Torch in this process, float32; networks that ran stay on the device until memory ends."""

    def __init__(self, device: str = "auto", threads: int | None = None, cache: Cache | None = None) -> None:
        prepare_environment()
        self.cache = cache
        self._wanted = device
        self._threads = threads
        self._device: Device | None = None
        self._loaded: dict[str, Loaded] = {}

    def device(self) -> Device:
        """Chosen once, by a real computation."""
        if self._device is None:
            set_threads(self._threads)
            self._device = choose(self._wanted)
        return self._device

    def run(self, requests: Sequence[Request], token: CancelToken, report: Report | None = None) -> list[Result]:
        results: list[Result] = []
        for _, equal in groupby(requests, key=lambda request: (request.bundle.id, request.bundle.sha256)):
            part = list(equal)
            results += room(part[0].bundle.kind).run(self, part, token, report or (lambda done, total: None))
        return results

    def close(self) -> None:
        self._loaded.clear()

    def load(self, bundle: Bundle) -> Loaded:
        """As `Runtime.load`."""
        device = self.device().name
        kept = self._loaded.get(bundle.id)
        if kept is None or kept.bundle.sha256 != bundle.sha256 or kept.device != device:
            kept = load(bundle, device)
            if device == "cpu":
                kept = replace(kept, graph=open_graph(bundle, self._threads or THREADS))
            self._loaded[bundle.id] = kept
        return kept

    def make_room(self, loaded: Loaded, size: int) -> tuple[Loaded, int]:
        """As `Runtime.make_room`."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if size > 1:
            return loaded, size // 2
        if loaded.device == "cpu":
            raise MedviewerError("memory-exhausted", loaded.bundle.id)
        self._device = Device("cpu", Notice("device-cpu-fallback", facts={"cores": 1, "reason": "out of memory"}))
        moved = replace(loaded, module=loaded.module.to("cpu"), device="cpu")
        self._loaded = {loaded.bundle.id: moved}
        return moved, 1

    def provenance(self, bundle: Bundle, digest: str) -> Provenance:
        """Who answered, with what, where and when."""
        import torch

        return Provenance(
            model=bundle.id,
            model_version=bundle.version,
            model_sha256=bundle.sha256,
            input_sha256=digest,
            preprocessing=bundle.preprocessing,
            program=__version__,
            torch=str(torch.__version__),  # its own type would bring torch into the window
            device=self.device().name,
            seed=SEED,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )
