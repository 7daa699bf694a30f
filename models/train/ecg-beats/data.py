"""Records → sequences of beats with the classes that each may have. A label is a row of permitted classes: a beat that experts named has one,
a beat of a strip of which only the rhythm is known has several, and what was not judged has all."""

import csv
import lzma
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt, sosfiltfilt

from medviewer.inference.ecg.beats import LABELS, Sequence, described, slowed
from medviewer.inference.ecg.beats_reading import PREFERRED
from medviewer.inference.ecg.qrs import detect

DS1 = "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230".split()
PACED = "102 104 107 217".split()
FOLDS = (
    "101 109 116 119 201 208 220 102".split(),
    "106 112 118 122 203 207 223 230 104 217".split(),
    "108 114 115 124 205 209 215 107".split(),
)
AAMI = {**dict.fromkeys("NLRej", 0), **dict.fromkeys("AaJS", 1), **dict.fromkeys("VE", 2), "F": 3, "/": 4, "f": 4}
BEATS = set("NLRejAaJSVEF/fQ")
MATCH_S = 0.15
NONE = LABELS.index("none")


def only(*classes: int) -> np.ndarray:
    """One row of permitted classes."""
    row = np.zeros(len(LABELS), bool)
    row[list(classes)] = True
    return row


def mitdb(data: Path, name: str) -> tuple[list[np.ndarray], float, np.ndarray, list[str], list[tuple[int, int]]]:
    """Leads in the order the program would take, rate, samples and symbols of the beats, spans of flutter."""
    import wfdb

    path = str(data / "mitdb" / ("original212/100" if name == "100" else name))
    record, marks = wfdb.rdrecord(path), wfdb.rdann(path, "atr")
    order = sorted(range(2), key=lambda k: PREFERRED.index(record.sig_name[k]))
    leads = [record.p_signal[:, k] for k in order]
    beats = [(int(s), c) for s, c in zip(marks.sample, marks.symbol, strict=True) if c in BEATS]
    starts = [int(s) for s, c in zip(marks.sample, marks.symbol, strict=True) if c == "["]
    ends = [int(s) for s, c in zip(marks.sample, marks.symbol, strict=True) if c == "]"]
    return leads, float(record.fs), np.array([s for s, _ in beats]), [c for _, c in beats], list(zip(starts, ends, strict=False))


def fibrillates(data: Path, name: str, at: np.ndarray) -> np.ndarray:
    """1 in atrial fibrillation, 0 elsewhere, -1 in atrial flutter and where no rhythm is marked, of the samples `at`."""
    import wfdb

    marks = wfdb.rdann(str(data / "mitdb" / ("original212/100" if name == "100" else name)), "atr")
    notes = [(s, note.strip("\0")) for s, note in zip(marks.sample, marks.aux_note, strict=True) if note.startswith("(")]
    values = np.array([-1, *({"(AFIB": 1, "(AFL": -1}.get(note, 0) for _, note in notes)], np.int8)
    return values[np.searchsorted([s for s, _ in notes], at, side="right")]


def matched(at: np.ndarray, reference: np.ndarray, rate: float) -> tuple[np.ndarray, int]:
    """Number of the reference beat of each candidate (-1: none), and how many were missed."""
    taken = np.full(len(at), -1)
    missed = 0
    for n, sample in enumerate(reference):
        k = int(np.searchsorted(at, sample))
        near = [i for i in range(max(0, k - 2), min(len(at), k + 2)) if abs(at[i] - sample) <= MATCH_S * rate and taken[i] < 0]
        if near:
            taken[min(near, key=lambda i: abs(at[i] - sample))] = n
        else:
            missed += 1
    return taken, missed


def permitted(taken: np.ndarray, at: np.ndarray, symbols: list[str], flutter: list[tuple[int, int]]) -> np.ndarray:
    """Rows of permitted classes. Nothing in ventricular flutter is a beat that could be classed."""
    allowed = np.zeros((len(taken), len(LABELS)), bool)
    for i, n in enumerate(taken):
        if n < 0:
            allowed[i, NONE] = True
        elif symbols[n] in AAMI:
            allowed[i, AAMI[symbols[n]]] = True
        else:
            allowed[i, :NONE] = True
    for start, end in flutter:
        allowed[(at >= start) & (at <= end) & (taken < 0)] = only(NONE)
    return allowed


def noisy(leads: list[np.ndarray], rate: float, rng: np.random.Generator, snr_db: tuple[float, float]) -> list[np.ndarray]:
    """Leads with muscle noise, drift and steps of electrodes that come and go, each lead its own."""
    found = []
    for lead in leads:
        size = float(np.percentile(np.abs(lead - np.median(lead)), 99.5)) + 1e-6
        white = rng.normal(size=len(lead))
        kinds = [
            sosfilt(butter(2, [15, min(100, 0.45 * rate)], "bandpass", fs=rate, output="sos"), white),
            sosfilt(butter(2, [1, 10], "bandpass", fs=rate, output="sos"), white),
            sosfilt(butter(1, [0.2, 2], "bandpass", fs=rate, output="sos"), white),
        ]
        weight = rng.dirichlet([1, 0.6, 0.8])
        noise = sum(w * k / k.std() for w, k in zip(weight, kinds, strict=True))
        steps = np.cumsum(rng.random(len(lead)) < 1 / (20 * rate))
        levels = rng.choice([0.0, 0.3, 1.0, 1.6], steps[-1] + 1, p=[0.4, 0.25, 0.2, 0.15])
        envelope = np.convolve(levels[steps], np.ones(int(rate)) / int(rate), mode="same")
        scale = size / np.sqrt(2) / 3 / 10 ** (rng.uniform(*snr_db) / 20)
        found.append(lead + scale * noise / noise.std() * envelope)
    return found


def jolted(
    lead: np.ndarray, rate: float, rng: np.random.Generator, per_minute: tuple[float, float], tallest: float
) -> np.ndarray:
    """The lead with an electrode that moves: steps that fade, humps, and bursts of them, up to `tallest` times as tall as the QRS."""
    size = float(np.percentile(np.abs(lead - np.median(lead)), 99.5)) + 1e-6
    found = lead.copy()
    for _ in range(rng.poisson(rng.uniform(*per_minute) * len(lead) / rate / 60)):
        at, count = rng.uniform(0, len(lead)), 1 + rng.poisson(rng.choice([0.0, 3.0]))
        for n in range(count):
            start = int(at + n * rng.uniform(0.2, 0.7) * rate)
            rise, fall = rng.uniform(0.01, 0.15) * rate, rng.uniform(0.04, 0.6) * rate
            span = min(int(rise + 5 * fall), len(lead) - start)
            if span <= 0:
                break
            t = np.arange(span)
            shape = np.minimum(t / rise, 1.0) * np.exp(-np.maximum(t - rise, 0) / fall)
            found[start : start + span] += rng.choice([-1, 1]) * size * tallest * rng.uniform(0.1, 1.0) ** 1.5 * shape
    return found


def tall(lead: np.ndarray, rate: float, at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The lead with T waves 0.6 to 2 times as tall as its QRS; `at` are the samples of its R peaks."""
    from scipy.ndimage import median_filter

    if len(at) < 3:
        return lead
    level = np.interp(np.arange(len(lead)), np.arange(0, len(lead), 8), median_filter(lead[::8], max(3, round(0.1 * rate))))
    over = lead - level
    smooth = sosfiltfilt(butter(2, 8.0, fs=rate, output="sos"), over)
    after = np.append(np.diff(at), np.median(np.diff(at)))
    begin, end = at + 0.14 * rate, at + np.minimum(0.5 * rate, 0.62 * after)
    envelope = np.zeros(len(lead))
    sizes = []
    for a, b in zip(begin.astype(int), end.astype(int), strict=True):
        if b - a > 0.1 * rate and b < len(lead):
            envelope[a:b] = np.minimum(1.0, 3 * np.sin(np.pi * np.arange(b - a) / (b - a)))
            sizes.append(float(np.abs(smooth[a:b]).max()))
    if not sizes:
        return lead
    reach = int(0.05 * rate)
    qrs = np.median([np.abs(over[max(0, s - reach) : s + reach]).max() for s in at])
    gain = np.clip(rng.uniform(0.6, 2.0) * qrs / max(float(np.median(sizes)), 1e-3 * qrs + 1e-9), 1.0, 8.0)
    return lead + smooth * (gain - 1) * envelope


def pack(name: str, found: Sequence, allowed: np.ndarray, **more: object) -> dict:
    """What training keeps of a record."""
    at = found.at
    return {
        "name": name,
        "at": at,
        "windows": found.windows.astype(np.float16),
        "features": found.features,
        "allowed": allowed,
    } | more


def load(data: Path, name: str, seed: int, copies: int = 2) -> list[dict]:
    """A record as it is; without its false candidates, as the second pass sees it; and noisy copies."""
    leads, rate, reference, symbols, flutter = mitdb(data, name)
    rng = np.random.default_rng([seed, int(name)])
    records = []
    for copy in range(1 + copies):
        traces = leads if copy == 0 else noisy(leads, rate, rng, (6, 18))
        at = detect(traces, rate)
        taken, missed = matched(at, reference, rate)
        allowed = permitted(taken, at, symbols, flutter)
        slow = slowed(traces, rate)
        rhythm = fibrillates(data, name, at)
        facts = {"missed": missed, "reference": reference, "symbols": symbols, "rate": rate, "flutter": flutter}
        if copy == 0:
            records.append(pack(name, described(slow, at, rate), allowed, **facts, kind="plain", slow=slow, rhythm=rhythm))
        keep = (taken >= 0) | (rng.random(len(at)) < (0.1 if copy != 1 else 0.6))
        records.append(
            pack(
                name, described(slow, at[keep], rate), allowed[keep], kind="clean" if copy == 0 else "noisy", rhythm=rhythm[keep]
            )
        )
    return records


def disturbed(data: Path, name: str, seed: int) -> list[dict]:
    """A record with moving electrodes: copies of two leads, in either order, and of each lead alone, found and described as such a
    record is; three with tall T waves, two noisy."""
    leads, rate, reference, symbols, flutter = mitdb(data, name)
    rng = np.random.default_rng([seed, int(name), 1])
    records = []
    for k, part in enumerate((leads, leads[::-1], leads[::-1], leads[:1], leads[1:], leads)):
        traces = [tall(x, rate, reference, rng) if rng.random() < 0.6 else x for x in part] if k in (1, 3, 4) else part
        traces = noisy(traces, rate, rng, (3, 15)) if k in (2, 5) else traces
        traces = [jolted(x, rate, rng, (0.5, 8), 6.0) if rng.random() < 0.7 else x for x in traces]
        at = detect(traces, rate)
        taken, _ = matched(at, reference, rate)
        keep = (taken >= 0) | (rng.random(len(at)) < (1.0 if k % 2 else 0.5))
        allowed = permitted(taken, at, symbols, flutter)[keep]
        rhythm = fibrillates(data, name, at[keep])
        records.append(pack(name, described(slowed(traces, rate), at[keep], rate), allowed, kind="disturbed", rhythm=rhythm))
    return records


def pieces(data: Path, name: str, seed: int, count: int = 24) -> list[dict]:
    """Short strips of a record, 10 to 40 s, one lead or two, each described by itself; every second one holds an ectopic beat if it can."""
    leads, rate, reference, symbols, flutter = mitdb(data, name)
    rng = np.random.default_rng([seed, int(name), 2])
    rare = reference[[AAMI.get(c, 0) in (1, 2, 3) for c in symbols]]
    records = []
    for k in range(count):
        size = int(rng.choice([10.0, 10.0, 20.0, 40.0]) * rate)
        start = int(rng.integers(0, len(leads[0]) - size))
        if k % 2 and len(rare):
            start = int(np.clip(rng.choice(rare) - rng.integers(0, size), 0, len(leads[0]) - size))
        part = [x[start : start + size] for x in ([leads, leads, leads[:1], leads[1:]][k % 4 if k >= count // 2 else 0])]
        at = detect(part, rate)
        taken, _ = matched(at, reference - start, rate)
        allowed = permitted(taken, at, symbols, [(a - start, b - start) for a, b in flutter])
        rhythm = fibrillates(data, name, at + start)
        if len(at) >= 4:
            records.append(pack(name, described(slowed(part, rate), at, rate), allowed, kind="piece", rhythm=rhythm))
    return records


def cinc(data: Path) -> dict[str, list[np.ndarray]]:
    """Strips of each class N and A, mV at 300 Hz."""
    found: dict[str, list[np.ndarray]] = {"N": [], "A": []}
    for part, label in (("N1", "N"), ("A", "A")):
        rows = list(csv.DictReader((data / "cinc2017" / f"{part}.csv").open()))
        counts = np.array([int(r["samples"]) for r in rows])
        raw = (
            np.frombuffer(lzma.decompress((data / "cinc2017" / f"{part}.xz").read_bytes()), np.uint8)
            .reshape(2, -1)
            .astype(np.int32)
        )
        joined = raw[0] | raw[1] << 8
        parts = np.split((joined >> 1) ^ -(joined & 1), np.cumsum(counts)[:-1])
        found[label] = [np.cumsum(np.cumsum(d)).astype(np.int16) / 1000.0 for d in parts]
    return found


def strips(
    signals: list[np.ndarray], label: str, count: int, seed: int, skip: int = 0, shaken: float = 0.0, cut: float = 0.0
) -> list[dict]:
    """Strips of known rhythm: normal ones hold normal beats alone, in fibrillation no beat is supraventricular ectopic. Of the drawn
    order `skip` are left out; of the others the share `shaken` has a moving electrode (and three in ten tall T waves), the share `cut` is 10 s long."""
    rng = np.random.default_rng(seed)
    row = only(0, NONE) if label == "N" else only(0, 2, 3, NONE)
    records = []
    for k in rng.permutation(len(signals))[skip : skip + count]:
        signal = jolted(signals[k], 300.0, rng, (1, 8), 6.0) if rng.random() < shaken else signals[k]
        if shaken and rng.random() < 0.3:
            signal = tall(signal, 300.0, detect([signal], 300.0), rng)
        if rng.random() < cut and len(signal) > 3000:
            start = int(rng.integers(0, len(signal) - 3000))
            signal = signal[start : start + 3000]
        at = detect([signal], 300.0)
        if len(at) >= 6:
            found = described(slowed([signal], 300.0), at, 300.0)
            records.append(
                pack(
                    f"cinc-{label}-{k}",
                    found,
                    np.tile(row, (len(at), 1)),
                    kind=f"strip{label}",
                    rhythm=np.full(len(at), label == "A", np.int8),
                )
            )
    return records


def ludb(data: Path) -> list[list[np.ndarray]]:
    """Leads II and V1, and V5 and I, of records in sinus rhythm (mV, 500 Hz)."""
    import wfdb

    found = []
    for n in range(1, 201):
        record = wfdb.rdrecord(str(data / "ludb" / str(n)))
        if any("sinus" in c.lower() for c in record.comments):
            names = [s.lower() for s in record.sig_name]
            for pair in (("ii", "v1"), ("v5", "i")):
                found.append([record.p_signal[:, names.index(lead)] for lead in pair])
    return found
