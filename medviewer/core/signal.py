"""ECG samples made ready to be drawn: display filters as views, the min/max pyramid of long records, columns for a painter.

Nothing here changes a record; networks and measurements always read the unfiltered signal.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import EcgRecord, Signal
from medviewer.core.task import CancelToken

Column = NDArray[np.float32]

ORDER = 2
"""Order of the Butterworth filter that runs forwards and backwards."""
NOTCH_Q = 30.0
SETTLE = 1e-5
"""A filter's answer has died away to this share at the end of its margin (1 µV of 100 mV)."""
HIGH_PASS, LOW_PASS, NOTCH = (0.05, 0.15, 0.5), (40.0, 100.0, 150.0), (50.0, 60.0)


@dataclass(frozen=True, slots=True)
class Filters:
    """Corner frequencies in Hz of the display filters, None = off; the default shows what was recorded (ED-07)."""

    high_pass: float | None = None
    low_pass: float | None = None
    notch: float | None = None

    @property
    def none(self) -> bool:
        """Nothing is filtered."""
        return self.high_pass is None and self.low_pass is None and self.notch is None

    @property
    def margin_s(self) -> float:
        """Seconds beside a block that its filtered samples still depend on."""
        rates = [(np.pi / NOTCH_Q) * hz for hz in (self.notch,) if hz]
        rates += [2 * np.pi * hz * np.sin(np.pi / (2 * ORDER)) for hz in (self.high_pass, self.low_pass) if hz]
        return float(-np.log(SETTLE) / min(rates)) if rates else 0.0


UNFILTERED = Filters()


def apply_filters(signal: Signal, rate_hz: float, filters: Filters) -> Signal:
    """The whole signal filtered with zero phase: the squared gain of Butterworth and notch filters, so R peaks stay in place.

    Each stretch between gaps (NaN) is filtered for itself, reflected at its ends; gaps stay gaps.
    """
    if filters.none or not len(signal) or rate_hz <= 0:
        return signal
    out = signal.copy()
    finite = np.isfinite(signal)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], finite, [False])).astype(np.int8)))
    margin = int(filters.margin_s * rate_hz) + 1
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        out[start:stop] = _stretch(signal[start:stop], rate_hz, filters, margin)
    return out


def _stretch(signal: Signal, rate: float, filters: Filters, margin: int) -> Signal:
    pad = min(margin, len(signal) - 1)
    if pad < 1:
        return np.zeros_like(signal) if filters.high_pass else signal
    before = 2 * signal[0] - signal[pad:0:-1]
    after = 2 * signal[-1] - signal[-2 : -pad - 2 : -1]
    # The rest of the margin holds the last value, so that both ends of the circular transform are quiet.
    rest = margin - pad
    whole = np.concatenate((np.full(rest, before[0]), before, signal, after, np.full(rest, after[-1])))
    size = _fast_length(len(whole))
    level = whole.mean()
    bridge = np.linspace(whole[-1], whole[0], size - len(whole) + 2)[1:-1]
    spectrum = np.fft.rfft(np.concatenate((whole, bridge)) - level)
    back: Signal = np.fft.irfft(spectrum * gain(np.asarray(np.fft.rfftfreq(size, 1 / rate), np.float64), filters), size)
    if filters.high_pass is None:
        back = back + level
    return back[margin : margin + len(signal)]


def gain(hz: NDArray[np.float64], filters: Filters) -> NDArray[np.float64]:
    """Gain at each frequency after both passes."""
    shape = np.ones_like(hz)
    if filters.high_pass:
        ratio = (hz / filters.high_pass) ** (2 * ORDER)
        shape *= ratio / (1 + ratio)
    if filters.low_pass:
        shape *= 1 / (1 + (hz / filters.low_pass) ** (2 * ORDER))
    if filters.notch:
        apart = (hz**2 - filters.notch**2) ** 2
        shape *= apart / (apart + (hz * filters.notch / NOTCH_Q) ** 2)
    return shape


def _fast_length(count: int) -> int:
    """The next length that is a power of two times 1, 3, 5 or 9."""
    return min(odd << max(0, int(np.ceil(np.log2(count / odd)))) for odd in (1, 3, 5, 9))


def envelope(values: NDArray[np.floating], first_s: float, rate_hz: float, edges: NDArray[np.float64]) -> tuple[Column, Column]:
    """(low, high) of the line through `values` in each column between two `edges` (seconds, rising): NaN where it has a gap.

    `values[0]` lies at `first_s`. The line is straight between samples, so neighbouring columns always touch and one
    sample's spike is seen at any width.
    """
    count = len(edges) - 1
    at = (edges - first_s) * rate_hz
    if len(values) < 2:
        nothing = np.full(count, np.nan, np.float32)
        return nothing, nothing.copy()
    left = np.clip(np.floor(at).astype(np.int64), 0, len(values) - 2)
    share = at - left
    ends = values[left] * (1 - share) + values[left + 1] * share
    ends[(at < -0.5) | (at > len(values) - 0.5)] = np.nan
    low, high = np.fmin(ends[:-1], ends[1:]), np.fmax(ends[:-1], ends[1:])
    inside = np.clip(np.ceil(at).astype(np.int64), 0, len(values))
    if np.any(inside[1:] > inside[:-1]):
        within_low, within_high = _reduce(values, values, inside)
        low, high = np.fmin(low, within_low), np.fmax(high, within_high)
    return low.astype(np.float32), high.astype(np.float32)


def _reduce(low: NDArray[np.floating], high: NDArray[np.floating], starts: NDArray[np.int64]) -> tuple[Column, Column]:
    """Smallest of `low` and largest of `high` between each two neighbours of `starts`, NaN where there is nothing."""
    here = starts[1:] > starts[:-1]
    found = np.full(len(here), np.nan), np.full(len(here), np.nan)
    if here.any():
        first, last = int(starts[0]), int(starts[-1])
        parts = starts[:-1][here] - first
        found[0][here] = np.fmin.reduceat(low[first:last], parts)
        found[1][here] = np.fmax.reduceat(high[first:last], parts)
    return found[0].astype(np.float32), found[1].astype(np.float32)


FACTOR, STEP = 64, 4
"""Samples that one entry of the lowest level stands for, and entries that one of the next level stands for."""
BLOCK = FACTOR * 2048


class Pyramid:
    """Smallest and largest value of every 64, 256, 1024 … samples of each lead, float32: a 20th of the samples' memory.

    Built block by block, so that no more than one block is in memory; `done` says up to which second it is true. Nothing is laid
    out before `build`: the levels of a day are 90 MB, and a thread's time is free while the window's is not.
    """

    def __init__(self, record: EcgRecord) -> None:
        self.done = 0.0
        self._record = record
        self._levels: list[list[tuple[Column, Column]]] = []

    def _empty_levels(self, samples: int) -> list[tuple[Column, Column]]:
        levels: list[tuple[Column, Column]] = []
        count = -(-samples // FACTOR)
        while not levels or count > 1024:
            count = count if not levels else -(-count // STEP)
            levels.append((np.full(count, np.nan, np.float32), np.full(count, np.nan, np.float32)))
        return levels

    @property
    def nbytes(self) -> int:
        """Bytes that its levels hold."""
        return sum(low.nbytes + high.nbytes for levels in self._levels for low, high in levels)

    def build(self, cancel: CancelToken | None = None, show: Callable[[float], None] | None = None) -> "Pyramid":
        """Read the record once, in blocks. Raises MedviewerError where it cannot be read, Cancelled."""
        seconds = self._record.seconds
        step = BLOCK / max(self._record.rate_hz, 1e-9)
        self._levels = [self._empty_levels(lead.samples) for lead in self._record.leads]
        start = 0.0
        while start < seconds:
            if cancel is not None:
                cancel.check()
            for k, lead in enumerate(self._record.leads):
                first = round(start * lead.rate_hz) // FACTOR * FACTOR
                stop = min(lead.samples, round((start + step) * lead.rate_hz) // FACTOR * FACTOR)
                stop = lead.samples if start + step >= seconds else stop
                self._take(k, first, self._record.source.read(k, first, stop) if stop > first else np.empty(0))
            start += step
            self.done = min(start, seconds)
            if show is not None:
                show(self.done / seconds)
        for levels in self._levels:
            for below, above in pairwise(levels):
                _coarsen(below, above, 0, len(below[0]))
        self.done = seconds
        return self

    def _take(self, k: int, first: int, values: Signal) -> None:
        """Samples from number `first` of a lead into all levels."""
        if not len(values):
            return
        whole = len(values) // FACTOR * FACTOR
        low, high = self._levels[k][0]
        at = first // FACTOR
        table = values[:whole].reshape(-1, FACTOR)
        if len(table):
            lowest = table.min(axis=1)
            if np.isnan(lowest).any():
                low[at : at + len(table)], high[at : at + len(table)] = (
                    np.fmin.reduce(table, axis=1),
                    np.fmax.reduce(table, axis=1),
                )
            else:
                low[at : at + len(table)], high[at : at + len(table)] = lowest, table.max(axis=1)
        if whole < len(values):
            rest = values[whole:]
            low[at + len(table)], high[at + len(table)] = np.fmin.reduce(rest), np.fmax.reduce(rest)
        count = at + -(-len(values) // FACTOR)
        for below, above in pairwise(self._levels[k]):
            _coarsen(below, above, at, count)
            at, count = at // STEP, -(-count // STEP)

    def columns(self, k: int, edges: NDArray[np.float64]) -> tuple[Column, Column]:
        """As `envelope`, from the coarsest level that is still finer than a column; NaN where nothing was built yet."""
        if not self._levels:
            nothing = np.full(len(edges) - 1, np.nan, np.float32)
            return nothing, nothing.copy()
        rate = self._record.leads[k].rate_hz
        wide = float(edges[1] - edges[0]) * rate
        level = 0
        while level + 1 < len(self._levels[k]) and FACTOR * STEP ** (level + 1) <= wide:
            level += 1
        low, high = self._levels[k][level]
        size = FACTOR * STEP**level
        starts = np.floor(np.clip(edges * rate / size, 0, len(low))).astype(np.int64)
        return _joined(low, high, starts)


def _coarsen(below: tuple[Column, Column], above: tuple[Column, Column], start: int, stop: int) -> None:
    """Entries of the next level that entries `start` to `stop` of one belong to."""
    first, last = start // STEP, -(-stop // STEP)
    for fine, coarse, what in zip(below, above, (np.fmin, np.fmax), strict=True):
        part = fine[first * STEP : last * STEP]
        if len(part):
            coarse[first:last] = what.reduceat(part, np.arange(0, len(part), STEP))


TILE = 1 << 15
FINE = 8
KEPT_TILES = 200
READ_AT_ONCE = 1 << 20
FILTERED_LIMIT = 1 << 17
"""Samples of one lead above which a view is drawn unfiltered."""


class Traces:
    """Columns of a record at any zoom: samples where few are in view, the pyramid where many are. One thread at a time."""

    def __init__(self, record: EcgRecord) -> None:
        self.record = record
        self.pyramid: Pyramid | None = None
        self._tiles: OrderedDict[tuple[int, int, Filters], Column] = OrderedDict()
        self._fine: dict[tuple[int, int, Filters], tuple[Column, Column]] = {}

    @property
    def needs_pyramid(self) -> bool:
        """Whether the record is too long to be read each time it is drawn whole; without a pyramid it is not drawn then."""
        return self.record.seconds * self.record.rate_hz > READ_AT_ONCE

    def known_s(self, samples_a_column: float) -> float:
        """Up to which second a view is drawn: to the end, or as far as the pyramid that it needs has come."""
        if not self.needs_pyramid or samples_a_column < FACTOR:
            return self.record.seconds
        return 0.0 if self.pyramid is None else self.pyramid.done

    def filters_shown(self, seconds: float, filters: Filters) -> Filters:
        """The filters that are really applied to a view of so many seconds."""
        return filters if seconds * self.record.rate_hz <= FILTERED_LIMIT else UNFILTERED

    def columns(self, k: int, edges: NDArray[np.float64], filters: Filters = UNFILTERED) -> tuple[Column, Column]:
        """(low, high) in the lead's unit of each column between `edges` in seconds, which are evenly spaced and rising."""
        rate = self.record.leads[k].rate_hz
        wide = float(edges[1] - edges[0]) * rate
        if wide >= FACTOR and self.pyramid is not None:
            return self.pyramid.columns(k, edges)
        if wide >= FACTOR and self.needs_pyramid:
            nothing = np.full(len(edges) - 1, np.nan, np.float32)
            return nothing, nothing.copy()
        filters = self.filters_shown(float(edges[-1] - edges[0]), filters)
        first, last = int(np.floor(edges[0] * rate)) - 1, int(np.ceil(edges[-1] * rate)) + 2
        if wide >= 2 * FINE:
            return self._fine_columns(k, edges * rate, first, last, filters)
        first = max(first, 0)
        values = self.samples(k, first, last, filters)
        return envelope(values, first / rate, rate, edges)

    def samples(self, k: int, first: int, last: int, filters: Filters = UNFILTERED) -> Column:
        """Samples `first` ≤ s < `last`, held inside the record."""
        first, last = max(0, first), min(self.record.leads[k].samples, last)
        if last <= first:
            return np.empty(0, np.float32)
        parts = [self._tile(k, n, filters) for n in range(first // TILE, (last - 1) // TILE + 1)]
        start = first // TILE * TILE
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return whole[first - start : last - start]

    def _fine_columns(self, k: int, at: NDArray[np.float64], first: int, last: int, filters: Filters) -> tuple[Column, Column]:
        first, last = max(0, first), min(self.record.leads[k].samples, last)
        if last <= first:
            nothing = np.full(len(at) - 1, np.nan, np.float32)
            return nothing, nothing.copy()
        numbers = range(first // TILE, (last - 1) // TILE + 1)
        pairs = [self._fine_tile(k, n, filters) for n in numbers]
        low, high = np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])
        starts = np.clip(np.floor((at - numbers[0] * TILE) / FINE), 0, len(low)).astype(np.int64)
        return _joined(low, high, starts)

    def _tile(self, k: int, n: int, filters: Filters) -> Column:
        key = (k, n, filters)
        found = self._tiles.get(key)
        if found is None:
            lead = self.record.leads[k]
            margin = int(filters.margin_s * lead.rate_hz) + 1 if not filters.none else 0
            start, stop = max(0, n * TILE - margin), min(lead.samples, (n + 1) * TILE + margin)
            values = apply_filters(self.record.source.read(k, start, stop), lead.rate_hz, filters)
            found = values[n * TILE - start :][:TILE].astype(np.float32)
            found[~np.isfinite(found)] = np.nan  # a voltage that is no number is a gap
            self._tiles[key] = found
            while len(self._tiles) > KEPT_TILES + 8 * len(self.record.leads):
                gone, _ = self._tiles.popitem(last=False)
                self._fine.pop(gone, None)
        else:
            self._tiles.move_to_end(key)
        return found

    def _fine_tile(self, k: int, n: int, filters: Filters) -> tuple[Column, Column]:
        tile = self._tile(k, n, filters)
        key = (k, n, filters)
        if key not in self._fine:
            parts = np.arange(0, len(tile), FINE)
            self._fine[key] = (np.fmin.reduceat(tile, parts), np.fmax.reduceat(tile, parts))
        return self._fine[key]


def _joined(low: Column, high: Column, starts: NDArray[np.int64]) -> tuple[Column, Column]:
    """As `_reduce`, each column reaching to the middle of the next entry, so that neighbours touch."""
    found_low, found_high = _reduce(low, high, starts)
    after = np.clip(starts[1:], 0, len(low) - 1)
    there = (starts[1:] > starts[:-1]) & np.isfinite(low[after]) & (starts[1:] < len(low))
    middle = (low[after] + high[after]) / 2
    return np.where(there, np.fmin(found_low, middle), found_low), np.where(there, np.fmax(found_high, middle), found_high)
