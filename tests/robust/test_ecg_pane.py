"""Odd records in the ECG pane: whatever a reader lets through is drawn, or said in words, in bounded time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import ecg_record

from medviewer.core.ecg import Beats, Episode, Gap, Saliency, Wave
from medviewer.core.ecg_layout import resolve
from medviewer.core.ecg_moves import zoomed_at
from medviewer.core.ecg_view import GAINS, LAYOUTS, SPEEDS, STANDARD, EcgView
from medviewer.core.finding import Result
from medviewer.core.signal import Filters
from medviewer.ui.ecg.painter import paint

ODD = {
    "nothing": [],
    "one sample": [np.zeros(1)],
    "no sample": [np.empty(0)],
    "all missing": [np.full(1000, np.nan)],
    "huge": [np.linspace(-1e9, 1e9, 1000)],
    "infinite": [np.array([0.0, np.inf, -np.inf, 1.0] * 100)],
    "three hundred leads": [np.zeros(100)] * 300,
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("layout", ["stacked", "3x4+1", "holter"])
def test_odd_records_are_drawn(name, layout):
    record = ecg_record(ODD[name])
    for theme in ("dark", "paper"):
        assert paint(record, replace(EcgView.start(record), layout=layout, theme=theme), {}, (300, 200)).shape == (200, 300, 3)


def test_annotation_files_without_a_signal_are_drawn_as_an_empty_sheet(data):
    from pathlib import Path
    from tempfile import mkdtemp

    from medviewer.io.scan import scan

    items = scan([str(data / "ecg/formats/edf/wfdb_test_edfann.edf")], workspace=Path(mkdtemp())).items
    assert len(items) == 1 and paint(items[0], EcgView.start(items[0]), {}, (300, 200)).any()


def test_leads_that_are_no_voltage_have_their_own_scale_which_the_gain_leaves_alone():
    record = ecg_record([np.full(1000, 80.0), np.zeros(1000)], 100.0, ["ABP", "II"])
    record = replace(record, leads=(replace(record.leads[0], unit="mmHg"), record.leads[1]))
    for gain in GAINS:
        cells = {cell.label: cell for cell in resolve(EcgView(gain=gain, fit=False), record, (800, 400), 4.0).cells}
        assert cells["ABP"].y(0) - cells["ABP"].y(50) == pytest.approx(40)
        assert cells["II"].px_per_mv == gain * 4


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    seconds=st.floats(0.002, 90000), rate=st.floats(1, 2000), size=st.tuples(st.integers(16, 3000), st.integers(16, 2000)),
    layout=st.sampled_from(LAYOUTS), speed=st.one_of(st.sampled_from(SPEEDS), st.floats(1e-3, 1e5)), gain=st.sampled_from(GAINS),
    start=st.floats(-10, 1e6), fit=st.booleans(), simultaneous=st.booleans(), mm=st.floats(1.5, 20),
    where=st.tuples(st.floats(-50, 3000), st.floats(-50, 2000)), factor=st.floats(1e-6, 1e6), twelve=st.booleans(),
)  # fmt: skip
def test_any_view_resolves_and_zooms(
    seconds, rate, size, layout, speed, gain, start, fit, simultaneous, mm, where, factor, twelve
):
    names = list(STANDARD) if twelve else ["MLII"]
    record = ecg_record([np.empty(0)] * len(names), rate, names)
    record = replace(record, leads=tuple(replace(lead, samples=int(seconds * rate)) for lead in record.leads))
    view = EcgView(layout, speed, gain, start, fit, simultaneous)
    picture = resolve(view, record, size, mm)
    assert all(np.isfinite([c.rect.x, c.y0, c.seconds, c.px_per_s]).all() for c in picture.cells)
    nearer = zoomed_at(view, record, picture, factor, *where)
    assert np.isfinite(nearer.speed) and nearer.speed > 0 and nearer.start_s >= 0
    assert resolve(nearer, record, size, mm).page_s > 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_marks_are_painted(data):
    count = data.draw(st.integers(0, 30))
    samples = sorted(data.draw(st.lists(st.integers(0, 6000), min_size=count, max_size=count, unique=True)))
    symbols = data.draw(st.lists(st.sampled_from("NSVFQ"), min_size=count, max_size=count))
    one = st.tuples(st.floats(-5, 20), st.floats(0, 30), st.sampled_from(["N", "A", "O", "~", "?", ""]))
    spans = tuple(Episode(a, a + d, label, 0.5) for a, d, label in data.draw(st.lists(one, max_size=5)))
    values = tuple(data.draw(st.lists(st.floats(0, 1), max_size=20)))
    ribbon = Saliency("L1", "V", data.draw(st.floats(-5, 20)), data.draw(st.floats(0.001, 1)), values)
    waves = {"L1": tuple(Wave("QRS", a, a + 2, a + 5) for a in samples)}
    beats = Beats(tuple(samples), tuple(symbols), (0.5,) * count)
    result = Result("made", None, "m", "ok", beats=beats, episodes=spans, waves=waves, saliency=ribbon)
    record = ecg_record([np.sin(np.arange(5000) / 20)], gaps=(Gap(2.0, 3.0),))
    view = EcgView(
        data.draw(st.sampled_from(["stacked", "holter"])), fit=data.draw(st.booleans()), waves=True,
        start_s=data.draw(st.floats(0, 12)), filters=data.draw(st.sampled_from([Filters(), Filters(0.5, 40, 50)])),
        chosen_s=data.draw(st.one_of(st.none(), st.floats(-1, 20))),
    )  # fmt: skip
    assert paint(record, view, {"m": result}, (320, 240)).shape == (240, 320, 3)
