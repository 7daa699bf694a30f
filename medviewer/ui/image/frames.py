"""Frames of the series in a pane: read by the pool, those beside the wanted one ahead; the last ones are kept."""

from collections import OrderedDict
from collections.abc import Callable

from medviewer.core.image import ImageSeries, Pixels
from medviewer.ui.bridge import Bridge

KEPT_FRAMES = 24
Arrived = Callable[[int, Pixels | None, BaseException | None], None]
"""Frame, its pixels, or why there are none."""


class Frames:
    """Of one pane. `arrived` hears of each frame on the GUI thread; those of an older series are dropped."""

    def __init__(self, bridge: Bridge, arrived: Arrived) -> None:
        self._bridge, self._arrived = bridge, arrived
        self._series: ImageSeries | None = None
        self._kept: OrderedDict[int, Pixels] = OrderedDict()
        self._asked: set[int] = set()
        self._generation = 0

    def __len__(self) -> int:
        return len(self._kept)

    def begin(self, series: ImageSeries | None, known: dict[int, Pixels] | None = None) -> None:
        """Another series, or the same one grown, of which `known` frames are there already."""
        self._series = series
        self._kept = OrderedDict(known or {})
        self._asked.clear()
        self._generation += 1

    def get(self, k: int) -> Pixels | None:
        return self._kept.get(k)

    def want(self, k: int) -> None:
        """Read frame `k`, then its neighbours, where they are not there."""
        for near in (k, k + 1, k - 1, k + 2, k - 2):
            if self._series is not None and 0 <= near < len(self._series.frames):
                self._ask(near, self._series)

    def _ask(self, k: int, series: ImageSeries) -> None:
        if k in self._asked or k in self._kept:
            return
        self._asked.add(k)
        generation = self._generation
        self._bridge.background(lambda: series.source.stored(k), lambda pixels, error: self._take(k, generation, pixels, error))

    def _take(self, k: int, generation: int, pixels: Pixels | None, error: BaseException | None) -> None:
        if generation != self._generation:
            return
        self._asked.discard(k)
        if pixels is not None:
            self._kept[k] = pixels
            while len(self._kept) > KEPT_FRAMES:
                self._kept.popitem(last=False)
        self._arrived(k, pixels, error)
