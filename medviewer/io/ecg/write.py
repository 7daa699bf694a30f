"""ECG records → npz, CSV, WFDB, EDF+; each file is read back and compared before it counts as written (EX-01, EA-04)."""

import csv
import io
import math
import shutil
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.ecg import Beats, EcgRecord, Episode
from medviewer.core.ecg_hand import HandNote
from medviewer.core.errors import Fact, MedviewerError
from medviewer.io.ecg.edf_write import EdfNote, channel, write_edf

RHYTHM_NOTES = {"N": "(N", "A": "(AFIB", "O": "(O", "~": "(NOISE"}
FORMATS = ("npz", "csv", "wfdb", "edf")
LARGEST = (1 << 31) - 2


def write(record: EcgRecord, folder: Path, name: str, kind: str) -> list[str]:
    """Names of the files written in `folder`: one a sampling rate, `<name>@<rate>` where there are several; nothing is resampled.

    Raises `output-unwritable`, `export-differs` where reading back gives other samples (the output is deleted then).
    """
    rates: dict[float, list[int]] = defaultdict(list)
    for k, lead in enumerate(record.leads):
        rates[lead.rate_hz].append(k)
    written: list[str] = []
    for rate, leads in rates.items():
        stem = name if len(rates) == 1 else f"{name}@{rate:g}"
        signals = _columns(record, leads)
        with tempfile.TemporaryDirectory() as place:
            try:
                names = _WRITERS[kind](record, leads, rate, signals, Path(place), stem)
                _move(record, [Path(place) / each for each in names], folder)
            except OSError as error:
                raise MedviewerError("output-unwritable", str(folder / stem), reason=error.strerror or "") from error
        written.append(names[0])
    return written


def _move(record: EcgRecord, made: Sequence[Path], folder: Path) -> None:
    """Into `folder`, all or none. Raises OSError, `output-is-input`."""
    for one in made:
        refuse_source(record, folder / one.name)
    parts = [folder / f"{one.name}.part" for one in made]
    try:
        for one, part in zip(made, parts, strict=True):
            shutil.copyfile(one, part)
        for one, part in zip(made, parts, strict=True):
            part.replace(folder / one.name)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def refuse_source(record: EcgRecord, target: Path) -> None:
    """Opened files are never changed. Raises `output-is-input` where `target` is one of the record's own."""
    source = Path(record.path)
    if not target.exists() or target.parent.resolve() != source.parent.resolve():
        return
    named = {source.name}
    if record.format == "wfdb":
        named |= set(source.read_text("utf-8", "replace").split())
    if {target.name, target.stem} & named:
        raise MedviewerError("output-is-input", str(target))


def _npz(
    record: EcgRecord, leads: Sequence[int], rate: float, signals: NDArray[np.float64], folder: Path, stem: str
) -> list[str]:
    chosen = [record.leads[k] for k in leads]
    memory = io.BytesIO()
    np.savez_compressed(
        memory,
        signal_mv=signals,
        rate_hz=np.float64(rate),
        leads=np.array([lead.name for lead in chosen]),
        units=np.array([lead.unit for lead in chosen]),
        start=np.array(record.start),
    )
    path = folder / f"{stem}.npz"
    path.write_bytes(memory.getvalue())
    with np.load(path, allow_pickle=False) as again:
        _same(again["signal_mv"], signals, np.zeros(len(leads)), path)
    return [path.name]


def _csv(
    record: EcgRecord, leads: Sequence[int], rate: float, signals: NDArray[np.float64], folder: Path, stem: str
) -> list[str]:
    chosen = [record.leads[k] for k in leads]
    digits = [max(0, min(9, 1 - math.floor(math.log10(lead.resolution)))) if lead.resolution > 0 else 6 for lead in chosen]
    path = folder / f"{stem}.csv"
    table = np.column_stack([np.arange(len(signals)) / rate, signals])
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(["time_s", *(f"{lead.name} [{lead.unit or '?'}]" for lead in chosen)])
    np.savetxt(path, table, fmt=["%.6f", *(f"%.{d}f" for d in digits)], delimiter=",", header=row.getvalue(), comments="")
    again = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)[:, 1:]
    _same(again, signals, np.array([10.0**-d for d in digits]), path)
    return [path.name]


@dataclass(frozen=True, slots=True)
class _Digital:
    """One lead as integers: value = (stored + base) * step, `lowest` where there is no sample; all within `bits`."""

    stored: NDArray[np.int64]
    base: int
    step: float
    bits: int


def _digital(values: NDArray[np.float64], own: float, least: int = 16) -> _Digital:
    """Whole ADC steps of the file's own size, in as few bits (16, 24, 32, at least `least`) as hold them, moved by a whole `base`
    only where that saves bits: nothing is off by more than half a step."""
    known = np.isfinite(values)
    peak = float(np.abs(values[known]).max(initial=0.0))
    step = own if own > 0 else peak / 32000 or 1.0
    step = max(step, peak / LARGEST)  # finer than 32 bits: no file format here holds it
    whole = np.rint(values[known] / step).astype(np.int64)
    low, high = int(whole.min(initial=0)), int(whole.max(initial=0))
    if whole.size:
        low, high = int(whole.min()), int(whole.max())
    middle = (low + high) // 2
    for bits in (16, 24, 32):
        limit = (1 << (bits - 1)) - 1
        for base in (0, middle):
            if bits >= least and low - base >= -limit and high - base <= limit:
                stored = np.full(len(values), -limit - 1, np.int64)
                stored[known] = whole - base
                return _Digital(stored, base, step, bits)
    raise AssertionError("32 bits hold what the step was chosen for")


def wfdb_name(name: str) -> str:
    """A record name as WFDB allows (letters, digits, - and _); where something else is replaced, four digits of a checksum keep
    "a b" and "a_b" apart."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)
    return safe if safe == name else f"{safe}-{zlib.crc32(name.encode('utf-8')) & 0xFFFF:04x}"


def _wfdb(
    record: EcgRecord, leads: Sequence[int], rate: float, signals: NDArray[np.float64], folder: Path, stem: str
) -> list[str]:
    """Format 16, 24 or 32, written here: the package rounds the gain to eight digits and truncates toward zero (EA-05)."""
    safe = wfdb_name(stem)
    digital = [_digital(signals[:, column], record.leads[k].resolution) for column, k in enumerate(leads)]
    bits = max(one.bits for one in digital)
    digital = [_digital(signals[:, column], record.leads[k].resolution, bits) for column, k in enumerate(leads)]
    stored = np.stack([one.stored for one in digital], axis=1)
    raw = stored.astype("<i4").view(np.uint8).reshape(*stored.shape, 4)[..., : bits // 8]
    (folder / f"{safe}.dat").write_bytes(raw.tobytes())
    moment = ""
    if record.start:
        when = datetime.fromisoformat(record.start)
        moment = when.strftime(" %H:%M:%S %d/%m/%Y")
    lines = [f"{safe} {len(leads)} {rate:.12g} {len(signals)}{moment}"]
    for column, k in enumerate(leads):
        lead, one = record.leads[k], digital[column]
        checksum = int(one.stored.sum()) & 0xFFFF
        checksum -= 65536 if checksum > 32767 else 0
        first = int(one.stored[0]) if len(one.stored) else 0
        unit = (lead.unit or "adu").replace(" ", "_")
        lines.append(f"{safe}.dat {bits} {1 / one.step!r}({-one.base})/{unit} {bits} 0 {first} {checksum} 0 {lead.name}")
    if safe != stem:
        lines.append(f"#<item>: {stem}")
    (folder / f"{safe}.hea").write_text("\n".join(lines) + "\n", "utf-8")
    from medviewer.io.ecg.wfdb import open_records

    again = open_records(str(folder / f"{safe}.hea"))[0]
    read = np.column_stack([again.source.read(k, 0, len(signals)) for k in range(len(leads))])
    _same(read, signals, np.array([one.step for one in digital]), folder / f"{safe}.hea")
    return [f"{safe}.hea", f"{safe}.dat"]


def _edf(
    record: EcgRecord, leads: Sequence[int], rate: float, signals: NDArray[np.float64], folder: Path, stem: str
) -> list[str]:
    """EDF+ with the record's own annotations; missing samples and gaps stay missing."""
    path = folder / f"{stem}.edf"
    notes = [EdfNote(round(m.time_s * rate), m.text or m.symbol) for m in record.annotations if m.text or m.symbol]
    _edf_with(record, leads, rate, signals, path, notes)
    return [path.name]


def _edf_with(
    record: EcgRecord, leads: Sequence[int], rate: float, signals: NDArray[np.float64], path: Path, notes: Sequence[EdfNote]
) -> None:
    """Write and read back: samples within a step, annotations the same in number, time and text (EA-04). Raises `export-range`
    where 16 bits do not hold a lead at its own resolution."""
    channels = []
    for column, k in enumerate(leads):
        lead = record.leads[k]
        one = channel(lead.name, lead.unit, signals[:, column], lead.resolution)
        if one is None:
            facts: dict[str, Fact] = {"lead": lead.name, "unit": lead.unit or "?", "step": f"{lead.resolution:.3g}"}
            raise MedviewerError("export-range", record.path, **facts)
        channels.append(one)
    try:
        write_edf(path, channels, rate, record.start, notes)
    except ValueError:
        raise MedviewerError("export-rate-fraction", record.path, rate=rate) from None
    steps = np.array([max(record.leads[k].resolution, one.step) for k, one in zip(leads, channels, strict=True)])
    from medviewer.io.ecg.edf import open_records

    again = open_records(str(path))[0]
    read = np.column_stack([again.source.read(k, 0, len(signals)) for k in range(len(leads))])
    try:
        _same(read, signals, steps, path)
        found = sorted((round(mark.time_s * rate), mark.text) for mark in again.annotations)
        if found != sorted((note.tick, note.text) for note in notes):
            raise MedviewerError("export-differs", str(path.name))
    except MedviewerError:
        path.unlink(missing_ok=True)
        raise


def _columns(record: EcgRecord, leads: Sequence[int]) -> NDArray[np.float64]:
    """[samples, leads] in the leads' units, the longest decides; NaN where another one ends sooner."""
    signals = np.full((max(record.leads[k].samples for k in leads), len(leads)), np.nan)
    for column, k in enumerate(leads):
        part = record.source.read(k, 0, record.leads[k].samples)
        signals[: len(part), column] = part
    return signals


def write_edf_marks(
    record: EcgRecord,
    beats: Beats | None,
    episodes: Sequence[Episode],
    folder: Path,
    name: str,
    hand: Sequence[HandNote] = (),
) -> list[str]:
    """The record as EDF+ with beats (their class), rhythm (`(AFIB` …) and what a hand marked, each with its length, as
    annotations; a file a rate."""
    names = []
    rates = sorted({lead.rate_hz for lead in record.leads}, reverse=True)
    for rate in rates:
        leads = [k for k, lead in enumerate(record.leads) if lead.rate_hz == rate]
        signals = _columns(record, leads)
        share = rate / record.rate_hz
        notes = [EdfNote(round(s * share), c) for s, c in zip(beats.sample, beats.symbol, strict=True)] if beats else []
        notes += [
            EdfNote(round(e.start_s * rate), RHYTHM_NOTES.get(e.label, f"({e.label}"), round((e.end_s - e.start_s) * rate))
            for e in episodes
        ]
        notes += [EdfNote(round(h.start_s * rate), h.text, round((h.end_s - h.start_s) * rate)) for h in hand]
        path = folder / (f"{name}.edf" if len(rates) == 1 else f"{name}@{rate:g}.edf")
        refuse_source(record, path)
        try:
            _edf_with(record, leads, rate, signals, path, notes)
        except OSError as error:
            raise MedviewerError("output-unwritable", str(path), reason=error.strerror or "") from error
        names.append(path.name)
    return names


def _same(read: NDArray[np.float64], wanted: NDArray[np.float64], steps: NDArray[np.float64], path: Path) -> None:
    """Raise `export-differs` where a sample is off by more than one step, or a gap is none."""
    close = read.shape == wanted.shape and bool(np.array_equal(np.isnan(read), np.isnan(wanted)))
    if not close or not bool(np.all(np.abs(np.nan_to_num(read - wanted)) <= steps * 1.001 + 1e-9)):
        raise MedviewerError("export-differs", str(path.name))


def write_tiled(folder: Path, name: str, leads: Mapping[str, NDArray[np.float64]], rate: float, samples: int) -> None:
    """A WFDB record (format 16, 200 steps a mV) that repeats `leads` (mV) up to `samples`, with a slow drift and noise that do
    not repeat: a recording of any length in little memory."""
    folder.mkdir(parents=True, exist_ok=True)
    part = np.column_stack(list(leads.values()))
    rng = np.random.default_rng(5)
    with (folder / f"{name}.dat").open("wb") as file:
        for start in range(0, samples, len(part)):
            count = min(len(part), samples - start)
            drift = 0.1 * np.sin((start + np.arange(count)) / (17.3 * rate))[:, None]
            noisy = part[:count] + drift + rng.normal(0, 0.008, (count, part.shape[1]))
            file.write(np.rint(noisy * 200).astype("<i2").tobytes())
    lines = [f"{name} {part.shape[1]} {rate:g} {samples}", *(f"{name}.dat 16 200(0)/mV 16 0 0 0 0 {lead}" for lead in leads)]
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n", "utf-8")


def write_annotations(
    beats: Beats | None, episodes: Sequence[Episode], rate: float, folder: Path, name: str, hand: Sequence[HandNote] = ()
) -> str:
    """WFDB annotation file `<name>.mvb`: beats by class, rhythm changes as `+` with `(AFIB`, `(N` … in aux, both ends of what a
    hand marked as notes (`"`), which no scoring counts.

    Read back and compared. Raises `output-unwritable`, `export-differs`.
    """
    import wfdb

    marks: list[tuple[int, str, str]] = []
    if beats is not None:
        marks += [(s, c, "") for s, c in zip(beats.sample, beats.symbol, strict=True)]
    marks += [(round(e.start_s * rate), "+", RHYTHM_NOTES.get(e.label, f"({e.label}")) for e in episodes]
    taken = {mark[0] for mark in marks}
    for note in hand:
        ends = ((note.start_s, " begin"), (note.end_s, " end")) if note.end_s > note.start_s else ((note.start_s, ""),)
        for at, end in ends:
            sample = max(0, round(at * rate))
            while sample in taken:  # the package loses the second of two marks at sample 0
                sample += 1
            taken.add(sample)
            marks.append((sample, '"', f"{note.text}{end}"))
    marks.sort(key=lambda mark: (mark[0], mark[1] != "+"))
    safe = wfdb_name(name)
    if not marks:
        return ""
    try:
        wfdb.wrann(
            safe, "mvb", np.array([m[0] for m in marks]), symbol=[m[1] for m in marks], aux_note=[m[2] for m in marks],
            fs=rate, write_dir=str(folder),
        )  # fmt: skip
        again = wfdb.rdann(str(folder / safe), "mvb")
    except OSError as error:
        raise MedviewerError("output-unwritable", str(folder / f"{safe}.mvb"), reason=error.strerror or "") from error
    if list(again.sample) != [m[0] for m in marks] or list(again.symbol) != [m[1] for m in marks]:
        (folder / f"{safe}.mvb").unlink(missing_ok=True)
        raise MedviewerError("export-differs", f"{safe}.mvb")
    return f"{safe}.mvb"


_WRITERS = {"npz": _npz, "csv": _csv, "wfdb": _wfdb, "edf": _edf}
