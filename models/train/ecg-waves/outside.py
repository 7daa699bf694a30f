"""ecg-waves on patients of other databases: QRS of MIT-BIH, P waves by rhythm there, P waves of CinC 2017 by label."""

import csv
import lzma
from pathlib import Path

import numpy as np

from medviewer.core.ecg import EcgRecord
from medviewer.core.intervals import beats_of, measured
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Loaded
from medviewer.inference.ecg.waves import RATE, waves_input
from medviewer.inference.ecg.waves_reading import found_in, waves_of
from medviewer.inference.ecg.waves_readout import corrected
from medviewer.io.scan import scan

BEATS = set("NLRBAaJSVrFejnE/fQ")
RECORDS = 100
"""Of each label of CinC 2017."""


def agreed(loaded: Loaded, signals: list[np.ndarray], rate: float) -> list[tuple[int, float]]:
    """(kind, middle in seconds) of the waves that the leads agree on."""
    found, _ = found_in(loaded, [waves_input(s, rate) for s in signals], CancelToken(), lambda done, total: None)
    return [(s.kind, s.centre / RATE) for s in found]


def matched(truth: np.ndarray, found: np.ndarray, within: float = 0.15) -> int:
    """Pairs of marked and found times, each used once, in order."""
    hits = k = 0
    for at in truth:
        while k < len(found) and found[k] < at - within:
            k += 1
        if k < len(found) and found[k] <= at + within:
            hits += 1
            k += 1
    return hits


def mitdb(loaded: Loaded, data: Path) -> dict:
    """QRS of all records, flutter waves of 207 left out as EC57 does; P waves a beat by the rhythm that is marked."""
    import wfdb

    hit = missed = invented = 0
    worst = ("", 1.0)
    rhythms: dict[str, list[int]] = {}
    names = sorted({p.stem for p in (data / "mitdb").glob("*.hea")} | {"original212/100"})
    for name in names:
        record, marks = wfdb.rdrecord(str(data / "mitdb" / name)), wfdb.rdann(str(data / "mitdb" / name), "atr")
        found = agreed(loaded, list(record.p_signal.T), 360.0)
        qrs, p = (np.array([at for kind, at in found if kind == which]) for which in (2, 1))
        flutter, begun = [], None
        for at, symbol in zip(marks.sample / 360, marks.symbol, strict=True):
            if symbol == "[":
                begun = at
            elif symbol == "]" and begun is not None:
                flutter.append((begun, at))
        truth = np.array([at for at, symbol in zip(marks.sample / 360, marks.symbol, strict=True) if symbol in BEATS])
        for a, b in flutter:
            qrs = qrs[(qrs < a) | (qrs > b)]
        n = matched(truth, qrs)
        hit, missed, invented = hit + n, missed + len(truth) - n, invented + len(qrs) - n
        f1 = 2 * n / (len(truth) + len(qrs))
        worst = min(worst, (name, f1), key=lambda w: w[1])
        edges = [(s / 360, a.strip("\0")) for s, c, a in zip(marks.sample, marks.symbol, marks.aux_note, strict=True) if c == "+"]
        for (start, rhythm), (end, _) in zip(edges, [*edges[1:], (record.sig_len / 360, "")], strict=True):
            row = rhythms.setdefault(rhythm, [0, 0])
            row[0] += int(((qrs >= start) & (qrs < end)).sum())
            row[1] += int(((p >= start) & (p < end)).sum())
    return {
        "QRS Se": hit / (hit + missed), "QRS +P": hit / (hit + invented), "beats": hit + missed, "worst record": worst[0], "its F1": worst[1],
        "P a beat": {name: {"beats": q, "P": round(p / q, 4)} for name, (q, p) in rhythms.items() if q >= 100},
    }  # fmt: skip


def cinc(loaded: Loaded, data: Path) -> dict:
    """P waves a beat in the first records of normal rhythm and of fibrillation, one lead."""
    out = {}
    for part in ("N1", "A"):
        rows = list(csv.DictReader((data / "cinc2017" / f"{part}.csv").read_text("ascii").splitlines()))
        lengths = np.array([int(r["samples"]) for r in rows])
        raw = (
            np.frombuffer(lzma.decompress((data / "cinc2017" / f"{part}.xz").read_bytes()), np.uint8)
            .reshape(2, -1)
            .astype(np.int32)
        )
        zigzag = raw[0] | raw[1] << 8
        steps = np.split((zigzag >> 1) ^ -(zigzag & 1), np.cumsum(lengths)[:-1])[:RECORDS]
        p = q = 0
        for step in steps:
            found = agreed(loaded, [np.cumsum(np.cumsum(step)).astype(np.int16) / 1000.0], 300.0)
            p, q = p + sum(kind == 1 for kind, _ in found), q + sum(kind == 2 for kind, _ in found)
        out[part[0]] = {"records": len(steps), "beats": q, "P a beat": p / max(1, q)}
    return out


def devices(loaded: Loaded, data: Path) -> dict:
    """Ours minus the recorder's own: mean, SD and largest difference over the sample files that carry measurements.

    The aECG example is left out: its header's 57 beats a minute are not those of its signal.
    """
    import tempfile

    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folders = [str(data / "formats" / name) for name in ("ge_muse", "philips_sierra", "scp")]
        for record in scan(folders, workspace=Path(place)).items:
            if not isinstance(record, EcgRecord) or not record.device or not record.device.measurements:
                continue
            signals = {lead.name: record.source.read(k, 0, lead.samples) for k, lead in enumerate(record.leads)}
            rate = record.rate_hz
            _, each = found_in(loaded, [waves_input(s, rate) for s in signals.values()], CancelToken(), lambda done, total: None)
            errors = loaded.bundle.document["readout"]["lead_errors_ms"]
            each = [corrected(own, errors.get(name, {})) for name, own in zip(signals, each, strict=True)]
            waves = {name: waves_of(own, s, rate) for (name, s), own in zip(signals.items(), each, strict=True)}
            ours = measured(beats_of(record, waves), {name: (s, rate) for name, s in signals.items()})
            for name, theirs in record.device.measurements.items():
                if name in ours and name in ("PR", "QRS", "QT", "P axis", "QRS axis"):
                    found.setdefault(name, []).append(ours[name].value - theirs.value)
    return {
        name: {"n": len(v), "mean": float(np.mean(v)), "SD": float(np.std(v)), "largest": float(np.abs(v).max())}
        for name, v in found.items()
    }
