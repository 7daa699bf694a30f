"""Does it hold elsewhere? Other heads, rates, leads, lengths, amplitudes, without DS2:
python models/train/ecg-beats/outside.py --data ../shared/data/ecg --work FOLDER

Strips and 12-lead records are read by the shipped file through the program's own door (leads chosen, refusals). DS1 with a changed input is read
by the fold networks that train.py left in FOLDER, each record by the one that did not learn from it; without --work this part is left out.
What comes out goes into outside.json, from which card.py makes its table.
"""

import argparse
import csv
import json
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import data as source
import numpy as np
import torch
from evaluate import CHANGES, answers, figures, judge, peaks
from safetensors.torch import load_file

from medviewer.core.ecg import EcgRecord, Lead
from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient, Study
from medviewer.core.task import CancelToken
from medviewer.inference.bundle import Bundle, Loaded, load
from medviewer.inference.ecg import reading
from medviewer.inference.ecg.beats_net import BeatNet
from medviewer.inference.ecg.prepare import resampled
from medviewer.inference.reading import Request

HERE = Path(__file__).resolve().parent
Leads = list[np.ndarray]
Change = Callable[[Leads, float, int], tuple[Leads, float]]
LEAD_SETS = {
    "12 leads": None, "II alone": ["II"], "I alone": ["I"], "V1 alone": ["V1"], "V5 alone": ["V5"], "II and V1": ["II", "V1"], "I and II": ["I", "II"],
}  # fmt: skip
ECTOPIC = ("xtrasystole", "pacing", "aberrant", "wandering", "av-block", "blockade", "irregular")
STRIPS = 800


@dataclass
class Memory:
    """A signal source of leads in memory."""

    leads: Leads

    def read(self, lead: int, start: int, stop: int) -> np.ndarray:
        return np.asarray(self.leads[lead][start:stop], np.float64)


@dataclass
class Case:
    """One record of another collection: leads by name, rate, what is told of it, R peaks where they are marked."""

    name: str
    leads: dict[str, np.ndarray]
    rate: float
    group: str
    peaks: np.ndarray | None = None
    told: frozenset[str] = field(default_factory=frozenset)


def read_by_program(loaded: Loaded, leads: dict[str, np.ndarray], rate: float) -> tuple[np.ndarray, list[str], list[str]] | str:
    """Samples, symbols and cautions as `infer` gives them; the code of a refusal."""
    named = tuple(Lead(n, "mV", rate, len(x)) for n, x in leads.items())
    record = EcgRecord("outside", Patient(), Study(), "outside", "made", "", named, Memory(list(leads.values())))
    try:
        found = reading.read(
            loaded, Request(record, None, loaded.bundle, {}, explain=""), CancelToken(), lambda done, total: None
        )
    except MedviewerError as error:
        return error.notice.code
    assert found.beats is not None
    return np.array(found.beats.sample), list(found.beats.symbol), [n.code for n in found.cautions]


def ludb(data: Path) -> Iterator[Case]:
    """200 people, 12 leads of 10 s at 500 Hz, R peaks of lead II; what is told of each: ventricular, atrial, paced, fibrillation."""
    import wfdb

    for n in range(1, 201):
        path = str(data / "ludb" / str(n))
        record, marks = wfdb.rdrecord(path), wfdb.rdann(path, "ii")
        said = " ".join(record.comments).lower()
        if "ventricular pacing" in said or "biventricular" in said:
            group = "paced"
        elif "ventricular extrasystole" in said:
            group = "ventricular"
        elif "atrial extrasystole" in said:
            group = "atrial"
        elif "fibrillation" in said or "flutter" in said:
            group = "fibrillation"
        elif any(word in said for word in ECTOPIC):
            group = "other"
        elif "bundle branch block" in said and "complete" in said.replace("incomplete", ""):
            group = "bundle branch block"
        else:
            group = "plain"
        names = [s if s[0] in "iv" else "a" + s[1:].upper() for s in (s.lower() for s in record.sig_name)]
        names = [s if s[0] == "a" else s.upper() for s in names]
        at = np.array([s for s, c in zip(marks.sample, marks.symbol, strict=True) if c == "N"])
        yield Case(str(n), {k: record.p_signal[:, i] for i, k in enumerate(names)}, float(record.fs), group, at)


def zigzag(path: Path) -> np.ndarray:
    raw = np.frombuffer(lzma.decompress(path.read_bytes()), np.uint8).reshape(2, -1).astype(np.int32)
    joined = raw[0] | raw[1] << 8
    return (joined >> 1) ^ -(joined & 1)


def ptbxl(data: Path) -> Iterator[Case]:
    """Records at 100 Hz of which statements are known, the test fold left out; grouped by them."""
    plain = {"NORM", "SR", "SBRAD", "STACH", "LVOLT"}
    for part, names, scale in (
        ("ptbxl100", "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split(), 1e-3),
        ("filtered100", "I II V1 V2 V3 V4 V5 V6".split(), 0.2 / 16),
    ):
        rows = list(csv.DictReader((data / "ptbxl" / f"{part}.csv").open()))
        signals = np.cumsum(zigzag(data / "ptbxl" / f"{part}.xz").reshape(len(rows), len(names), 1000), axis=2) * scale
        for row, signal in zip(rows, signals, strict=True):
            told = set(json.loads(row["scp_codes"])) if row["scp_codes"] else set()
            if not told or row["split"] == "test":
                continue
            groups = {"PVC": "ventricular", "PAC": "atrial", "AFIB": "fibrillation", "AFLT": "fibrillation", "PACE": "paced"}
            group = next((g for k, g in groups.items() if k in told), "")
            group = group or ("bundle branch block" if told & {"CLBBB", "CRBBB"} else "plain" if told <= plain else "other")
            yield Case(f"{part}-{row['ecg_id']}", dict(zip(names, signal, strict=True)), 100.0, group)


def cinc(data: Path) -> Iterator[Case]:
    """Normal strips of which none was learned from (N2, N3), 300 Hz, one lead."""
    for part in ("N2", "N3"):
        rows = list(csv.DictReader((data / "cinc2017" / f"{part}.csv").open()))
        counts = np.array([int(r["samples"]) for r in rows])
        parts = np.split(zigzag(data / "cinc2017" / f"{part}.xz"), np.cumsum(counts)[:-1])
        for k in np.random.default_rng(0).permutation(len(rows))[: STRIPS // 2]:
            signal = np.cumsum(np.cumsum(parts[k])).astype(np.int16) / 1000.0
            yield Case(rows[k]["record"], {"I": signal}, 300.0, "plain")


def counted(cases: list[Case], loaded: Loaded, chosen: list[str] | None) -> dict[str, dict]:
    """Of each group: records, refusals, beats of each class, records with a V, an S, a Q, told as paced; R peaks where marked."""
    found: dict[str, dict] = {}
    for case in cases:
        leads = case.leads if chosen is None else {k: case.leads[k] for k in chosen}
        answer = read_by_program(loaded, leads, case.rate)
        names = ("records", "refused", *"NSVFQ", "with V", "with S", "told paced", "hit", "missed", "extra")
        row = found.setdefault(case.group, dict.fromkeys(names, 0))
        row["records"] += 1
        if isinstance(answer, str):
            row["refused"] += 1
            row["missed"] += 0 if case.peaks is None else len(case.peaks)
            continue
        at, symbols, cautions = answer
        for c in "NSVFQ":
            row[c] += symbols.count(c)
        row["with V"] += "V" in symbols
        row["with S"] += "S" in symbols
        row["told paced"] += "paced-beats" in cautions
        if case.peaks is not None and len(case.peaks):
            near = source.MATCH_S * case.rate
            inside = at[(at >= case.peaks[0] - near) & (at <= case.peaks[-1] + near)]
            taken, missed = source.matched(inside, case.peaks, case.rate)
            row["hit"] += int((taken >= 0).sum())
            row["missed"] += missed
            row["extra"] += int((taken < 0).sum())
    return found


def hum(leads: Leads, rate: float, seed: int) -> tuple[Leads, float]:
    t = np.arange(len(leads[0])) / rate
    return [lead + 0.15 * np.sin(2 * np.pi * 50 * t + k) for k, lead in enumerate(leads)], rate


def wander(leads: Leads, rate: float, seed: int) -> tuple[Leads, float]:
    t = np.arange(len(leads[0])) / rate
    return [
        lead + 0.7 * np.sin(2 * np.pi * 0.23 * t + k) + 0.3 * np.sin(2 * np.pi * 0.41 * t) for k, lead in enumerate(leads)
    ], rate


def jolted(leads: Leads, rate: float, seed: int) -> tuple[Leads, float]:
    """One to four steps of an electrode a minute, up to five times as tall as the QRS, each lead its own."""
    rng = np.random.default_rng([seed, 7])
    return [source.jolted(lead, rate, rng, (1, 4), 5.0) for lead in leads], rate


def tall(leads: Leads, rate: float, seed: int) -> tuple[Leads, float]:
    """T waves 0.6 to 2 times as tall as the QRS of the lead's usual beats."""
    rng = np.random.default_rng([seed, 8])
    at = source.detect(leads, rate)
    return [source.tall(lead, rate, at, rng) for lead in leads], rate


def at_rate(wanted: float) -> Change:
    return lambda leads, rate, seed: ([resampled(lead, rate, wanted) for lead in leads], wanted)


def times(gain: float) -> Change:
    return lambda leads, rate, seed: ([gain * lead for lead in leads], rate)


OWN: dict[str, Change] = {
    "as it is": lambda leads, rate, seed: (leads, rate),
    **{k: CHANGES[k] for k in ("first lead alone", "second lead alone", "leads exchanged", "both leads upside down")},
    "first lead upside down": lambda leads, rate, seed: ([-leads[0], leads[1]], rate),
    **{f"{rate} Hz": at_rate(float(rate)) for rate in (100, 128, 250, 257, 1000)},
    "a quarter of the amplitude": times(0.25),
    "four times the amplitude": times(4.0),
    "50 Hz hum of 0.15 mV": hum,
    "drift of ±1 mV": wander,
    "noise, 6 dB": CHANGES["noise, 6 dB"],
    "electrode motion": jolted,
    "tall T waves": tall,
}
PIECES = {"10 s at a time": 10.0, "60 s at a time": 60.0}
MINUTES = 10
"""Of each record of DS1, from its start."""


def start_of(record: tuple) -> tuple:
    """The first `MINUTES` of what `data.mitdb` gives."""
    leads, rate, reference, symbols, flutter = record
    stop = int(60 * MINUTES * rate)
    inside = [n for n, s in enumerate(reference) if s < stop]
    return [lead[:stop] for lead in leads], rate, reference[inside], [symbols[n] for n in inside], flutter


def folds(work: Path, bundle: Bundle) -> dict[str, Loaded]:
    """Of each record of DS1 and each paced one the network that did not learn from it."""
    found = {}
    for number, names in enumerate(source.FOLDS):
        net = BeatNet(hold=bundle.document["architecture"]["parameters"]["hold"])
        net.load_state_dict(load_file(work / f"fold-{number}.safetensors"))
        found |= dict.fromkeys(names, Loaded(bundle, net.eval(), {}, "cpu"))
    return found


def in_pieces(loaded: Loaded, leads: Leads, rate: float, seconds: float) -> tuple[np.ndarray, list[str], np.ndarray]:
    """The record as if cut into strips, each read for itself."""
    size = round(seconds * rate)
    parts = [(s, answers(loaded, [x[s : s + size] for x in leads], rate)) for s in range(0, len(leads[0]) - size + 1, size)]
    at = np.concatenate([s + a[0] for s, a in parts]).astype(np.int64)
    return at, [c for _, a in parts for c in a[1]], np.concatenate([a[2] for _, a in parts])


def changed(data: Path, by: dict[str, Loaded]) -> dict[str, dict]:
    """N, S, V F1, accuracy and R peaks of the start of DS1's records, by networks that did not learn from the record, of each change of the input."""
    records = {name: start_of(source.mitdb(data, name)) for name in source.DS1}
    rows = {}
    for label in [*OWN, *PIECES]:
        judged = {}
        for name, record in records.items():
            if label in PIECES:
                found = in_pieces(by[name], record[0], record[1], PIECES[label])
            else:
                leads, rate = OWN[label](record[0], record[1], int(name))
                at, symbols, sure = answers(by[name], leads, rate)
                found = np.round(at * record[1] / rate).astype(np.int64), symbols, sure
            judged[name] = judge(record, found)
        table = np.sum([j["table"] for j in judged.values()], axis=0)
        rows[label] = figures(table) | {f"peaks {k}": v for k, v in peaks(judged).items()}
        rows[label] |= {"records": {n: figures(j["table"]) | {"peaks": list(map(int, j["peaks"]))} for n, j in judged.items()}}
        told = rows[label]
        print(
            f"{label:28s}",
            *(f"{k} {told[f'{k} F1']:.3f}" for k in "NSV"),
            f"{told['accuracy']:.3f} R {100 * told['peaks Se']:.2f} {100 * told['peaks +P']:.2f}",
            flush=True,
        )
    return rows


def paced(data: Path, by: dict[str, Loaded]) -> dict[str, dict]:
    """R peaks of the four paced records and the share of paced beats given as Q, by networks that did not learn from them."""
    found = {}
    for name in source.PACED:
        leads, rate, reference, symbols, _ = source.mitdb(data, name)
        at, given, _ = answers(by[name], leads, rate)
        taken, missed = source.matched(at, reference, rate)
        own = [c for n, c in zip(taken, given, strict=True) if n >= 0 and symbols[n] in "/f"]
        hit = int((taken >= 0).sum())
        found[name] = {"Se": hit / (hit + missed), "+P": hit / max(1, len(at)), "beats": len(own), "Q": own.count("Q") / len(own)}
    return found


def told(name: str, rows: dict[str, dict]) -> None:
    for group, r in rows.items():
        beats = sum(r[c] for c in "NSVFQ")
        line = f"{name:12s} {group:20s} {r['records']:4d} records {r['refused']} refused {beats} beats; per 1,000:"
        line += "".join(f" {c} {1000 * r[c] / max(1, beats):.1f}" for c in "SVFQ")
        line += f"; with V {r['with V']}, with S {r['with S']}, paced {r['told paced']}"
        if r["hit"]:
            line += f"; R {100 * r['hit'] / (r['hit'] + r['missed']):.2f} {100 * r['hit'] / (r['hit'] + r['extra']):.2f}"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="folder of train.py with the fold networks")
    parser.add_argument("--model", type=Path, default=HERE.parents[1] / "ecg-beats")
    parser.add_argument("--out", type=Path, default=HERE / "outside.json")
    parser.add_argument(
        "--only", choices=("ludb", "ptbxl", "cinc", "ds1"), help="this part; the others stay as they are in --out"
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    bundle = Bundle(args.model, json.loads((args.model / "bundle.json").read_text("utf-8")))
    loaded = load(bundle)
    held = json.loads(args.out.read_text("utf-8")) if args.only and args.out.is_file() else {}
    document: dict = held | {"version": bundle.document["version"], "minutes": MINUTES}
    for name, cases in (("ludb", ludb), ("ptbxl", ptbxl), ("cinc", cinc)):
        if args.only in (None, name):
            some = list(cases(args.data))
            document[name] = {}
            for label, chosen in LEAD_SETS.items():
                if chosen is None or (name == "ludb" or (name == "ptbxl" and len(chosen) == 2)):
                    document[name][label] = counted(some, loaded, chosen)
                    told(f"{name} {label}", document[name][label])
    if args.work and args.only in (None, "ds1"):
        by = folds(args.work, bundle)
        document["paced"] = paced(args.data, by)
        print(document["paced"])
        document["ds1"] = changed(args.data, by)
    args.out.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
