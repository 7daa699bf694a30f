"""Items made in memory for tests of views and painting."""

from dataclasses import replace

import numpy as np

from medviewer.core.ecg import EcgRecord, Lead
from medviewer.core.geometry import Geometry
from medviewer.core.grey import ModalityTransform
from medviewer.core.identity import Patient, Study
from medviewer.core.image import Frame, ImageSeries


class Held:
    """One array as a pixel source."""

    def __init__(self, stored):
        self._stored = stored

    def stored(self, k):
        return self._stored[k]

    def volume(self):
        return self._stored


def image_series(stored, *, spacing=(1.0, 1.0), source="pixel-spacing", axes=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), **facts):
    """`stored` [images, rows, columns(, 3)]; `facts` of the frame or of the series by name; `spacing` None = no geometry."""
    own = {name: facts.pop(name) for name in list(facts) if name in Frame.__dataclass_fields__}
    frame = Frame(
        "made.dcm", 0, *stored.shape[1:3], 3 if stored.ndim == 4 else 1, 16, stored.dtype.kind == "i", "MONOCHROME2", "",
        ModalityTransform(),
    )  # fmt: skip
    frames = tuple(replace(frame, index=k, **own) for k in range(len(stored)))
    geometry = None
    if spacing is not None:
        geometry = Geometry(
            shape=(len(stored), *stored.shape[1:3]), spacing=(*spacing, 1.0), row=axes[0], column=axes[1],
            origin=(0.0, 0.0, 0.0), spacing_source=source,
        )  # fmt: skip
    made = ImageSeries("made", Patient("1", "Made^Test"), Study(), "1.2", "DX", frames, Held(stored), geometry)
    return replace(made, **facts)


def marked(rows, columns, row, column, value=1000):
    """Black with one bright pixel."""
    stored = np.zeros((1, rows, columns), np.uint16)
    stored[0, row, column] = value
    return stored


class Signals:
    """Arrays as a signal source; `reads` counts what was asked for."""

    def __init__(self, signals):
        self._signals = signals
        self.reads = []

    def read(self, lead, start, stop):
        self.reads.append((lead, start, stop))
        return np.asarray(self._signals[lead], float)[max(0, start) : max(0, stop)]


def ecg_record(signals, rate=500.0, names=None, unit="mV", **facts):
    """`signals` one array a lead, in `unit`; `rate` one for all or one a lead."""
    rates = [rate] * len(signals) if np.isscalar(rate) else rate
    names = names or [f"L{k + 1}" for k in range(len(signals))]
    leads = tuple(Lead(name, unit, hz, len(one), 0.001) for name, hz, one in zip(names, rates, signals, strict=True))
    made = EcgRecord("made", Patient("1", "Made^Test"), Study(), "made.hea", "wfdb", "", leads, Signals(signals))
    return replace(made, **facts)


def beating(seconds=10.0, rate=500.0, bpm=75.0, r=1.0, t=0.3):
    """A plain ECG in mV: P, QRS and T as bells at each beat, and the samples of its R peaks."""
    clock = np.arange(int(seconds * rate)) / rate
    peaks = np.arange(0.5, seconds - 0.5, 60 / bpm)
    signal = np.zeros_like(clock)
    for at in peaks:
        for shift, wide, high in (
            (-0.16, 0.02, 0.12),
            (-0.025, 0.008, -0.1),
            (0.0, 0.01, r),
            (0.03, 0.009, -0.2),
            (0.26, 0.04, t),
        ):
            near = slice(max(0, int((at + shift - 6 * wide) * rate)), int((at + shift + 6 * wide) * rate))
            signal[near] += high * np.exp(-0.5 * ((clock[near] - at - shift) / wide) ** 2)
    return signal, np.round(peaks * rate).astype(int)
