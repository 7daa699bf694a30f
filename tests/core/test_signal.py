"""Display filters as views, columns of a trace at any zoom, the pyramid of long records."""

from itertools import pairwise

import numpy as np
import pytest
from made import beating, ecg_record
from scipy import signal as reference

from medviewer.core.signal import FACTOR, HIGH_PASS, LOW_PASS, TILE, Filters, Pyramid, Traces, apply_filters, envelope

EVERY = [Filters(high_pass=hz) for hz in HIGH_PASS] + [Filters(low_pass=hz) for hz in LOW_PASS]


@pytest.mark.parametrize("filters", EVERY, ids=str)
def test_a_filter_run_both_ways_is_scipys(filters):
    noise = np.random.default_rng(1).normal(size=60000)
    kind, hz = ("highpass", filters.high_pass) if filters.high_pass else ("lowpass", filters.low_pass)
    rate = 500 if filters.high_pass else 8000  # the bilinear transform bends frequencies near half the rate
    sos = reference.butter(2, hz, kind, fs=rate, output="sos")
    wanted = reference.sosfiltfilt(sos, noise)
    middle = slice(25000, 35000)
    assert np.abs(apply_filters(noise, rate, filters)[middle] - wanted[middle]).max() < 0.02 * np.abs(wanted[middle]).max()


def test_the_notch_takes_mains_away_and_leaves_the_heart():
    heart, _ = beating(20)
    mains = 0.5 * np.sin(2 * np.pi * 50 * np.arange(len(heart)) / 500)
    left = apply_filters(heart + mains, 500, Filters(notch=50)) - heart
    assert np.abs(left[1000:-1000]).max() < 0.06


def test_r_peaks_stay_where_they_are():
    heart, peaks = beating(20)
    shown = apply_filters(heart, 500, Filters(0.5, 40, 50))
    assert [int(np.argmax(shown[p - 20 : p + 20])) - 20 for p in peaks] == [0] * len(peaks)


def test_gaps_stay_gaps_and_what_lies_beyond_does_not_leak():
    heart, _ = beating(20)
    broken = heart.copy()
    broken[4000:5000] = np.nan
    other = broken.copy()
    other[5000:] += 3.0
    one, two = (apply_filters(x, 500, Filters(0.5, 40)) for x in (broken, other))
    assert np.array_equal(np.isnan(one), np.isnan(broken))
    assert np.array_equal(one[:4000], two[:4000])


@pytest.mark.parametrize("filters", [Filters(0.05, 150, 50), Filters(0.5, 40), Filters(notch=60)], ids=str)
def test_el04_a_filtered_block_equals_the_same_part_of_the_whole_within_a_microvolt(filters):
    rng = np.random.default_rng(2)
    heart, _ = beating(300, 250)
    drifting = heart + np.cumsum(rng.normal(0, 0.002, len(heart))) + 5.0
    record = ecg_record([drifting], 250.0)
    whole = apply_filters(drifting, 250, filters)
    pieces = Traces(record).samples(0, 0, len(drifting), filters)
    assert len(drifting) > 2 * TILE
    assert np.abs(pieces - whole).max() < 1e-3


def test_a_record_is_not_changed_by_its_filters():
    heart, _ = beating(10)
    kept = heart.copy()
    record = ecg_record([heart])
    Traces(record).samples(0, 0, 5000, Filters(0.5, 40, 50))
    assert np.array_equal(heart, kept)


def test_columns_hold_the_line_between_samples():
    low, high = envelope(np.array([0.0, 1.0, 0.0]), 0.0, 1.0, np.array([0.0, 0.25, 0.5, 1.5, 2.0]))
    assert np.allclose(low, [0, 0.25, 0.5, 0]) and np.allclose(high, [0.25, 0.5, 1, 0.5])


@pytest.mark.parametrize("width", [0.1, 1, 3, 7, 20, 63, 64, 100, 700, 5000, 40000])
def test_el02_a_spike_of_one_sample_is_seen_at_every_zoom(width):
    rng = np.random.default_rng(3)
    quiet = rng.normal(0, 0.01, 1 << 21)
    at = 1234567
    quiet[at] = 5.0
    record = ecg_record([quiet])
    traces = Traces(record)
    traces.pyramid = Pyramid(record).build()
    count = min(1000, int(len(quiet) / width))
    first = min(max(0, at - count * width * 0.37), len(quiet) - count * width)
    edges = (first + np.arange(count + 1) * width) / 500
    low, high = traces.columns(0, edges)
    assert np.nanmax(high) == pytest.approx(5.0, abs=1e-6)
    assert np.all(high >= low)
    assert np.all(low[1:] <= high[:-1] + 1e-6) and np.all(high[1:] >= low[:-1] - 1e-6), "neighbouring columns touch"


def test_the_pyramid_holds_each_extreme_where_it_is_and_gaps_as_gaps():
    rng = np.random.default_rng(4)
    noise = rng.normal(size=1 << 20)
    noise[300000:500000] = np.nan
    record = ecg_record([noise, noise[: 1 << 18]], rate=[500.0, 125.0])
    traces = Traces(record)
    traces.pyramid = Pyramid(record).build()
    edges = np.linspace(0, record.seconds, 401)
    _, high = traces.columns(0, edges)
    cut = np.round(edges * 500).astype(int)
    gap = [np.isnan(noise[a:b]).all() for a, b in pairwise(cut)]
    assert np.array_equal(np.isnan(high)[5:-5], np.array(gap)[5:-5]) or abs(int(np.isnan(high).sum()) - sum(gap)) <= 2
    assert high[:100].max() == pytest.approx(np.nanmax(noise[: cut[100]]), abs=1e-6)
    assert traces.columns(1, edges)[0].shape == (400,)


def test_el01_the_pyramid_takes_a_tenth_of_the_bytes_on_disk_and_reads_in_blocks():
    record = ecg_record([np.zeros(1 << 22)])
    pyramid = Pyramid(record).build()
    assert pyramid.nbytes < 0.1 * 2 * (1 << 22)
    assert max(stop - start for _, start, stop in record.source.reads) <= FACTOR * 2048 + FACTOR
    assert pyramid.done == record.seconds


def test_el01_a_long_record_is_not_read_before_its_pyramid_is_there():
    record = ecg_record([np.zeros(1 << 21)])
    traces = Traces(record)
    traces.columns(0, np.linspace(0, record.seconds, 1001))
    assert not record.source.reads
    traces.columns(0, np.linspace(100, 110, 1001))
    assert sum(stop - start for _, start, stop in record.source.reads) <= 2 * TILE


def test_el01_a_day_of_three_leads_opens_at_once_and_its_view_stays_small(tmp_path):
    import tracemalloc
    from time import perf_counter

    from medviewer.core.ecg_layout import resolve
    from medviewer.core.ecg_view import EcgView
    from medviewer.io.ecg.wfdb import open_records

    samples = 24 * 3600 * 250
    with (tmp_path / "day.dat").open("wb") as file:
        file.truncate(samples * 3 * 2)
    lines = [f"day 3 250 {samples}", *("day.dat 16 200(0)/mV 16 0 0 0 0 II",) * 3]
    (tmp_path / "day.hea").write_text("\n".join(lines) + "\n")
    tracemalloc.start()
    start = perf_counter()
    record = open_records(str(tmp_path / "day.hea"))[0]
    traces = Traces(record)
    picture = resolve(EcgView("stacked", fit=False), record, (1000, 600))
    for cell in picture.cells:
        traces.columns(cell.lead, np.linspace(cell.start_s, cell.start_s + cell.seconds, 1000))
    assert perf_counter() - start < 3
    traces.pyramid = Pyramid(record).build()
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()
    assert traces.columns(0, np.linspace(0, record.seconds, 1001))[1].shape == (1000,)


def test_el05_the_clock_is_right_to_a_sample_after_each_of_three_gaps():
    signal = np.zeros(100 * 500)
    for start, stop in ((5000, 8000), (20000, 20500), (30000, 37000)):
        signal[start:stop] = np.nan
    ticks = [8100, 20600, 37100]
    signal[ticks] = 3.0
    record = ecg_record([signal])
    for tick in ticks:
        edges = (np.arange(tick - 50, tick + 51) - 0.5) / 500
        _, high = Traces(record).columns(0, edges)
        assert abs(int(np.nanargmax(high)) - 50) <= 1
