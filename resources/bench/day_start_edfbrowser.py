"""The same hours as EDF with a montage of all leads as arguments → the first page on the screen, by EDFbrowser: seconds."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import screen

RATE, RECORD_S = 500, 1


def text(value, wide):
    return str(value).ljust(wide)[:wide].encode("ascii")


def write_edf(folder, target):
    """The record's own integers (format 16, 200 steps a mV), a data record a second."""
    names = [line.split()[-1] for line in (folder / "bench.hea").read_text().splitlines()[1:]]
    count = len(names)
    stored = np.memmap(folder / "bench.dat", "<i2", "r").reshape(-1, RATE, count)
    head = text(0, 8) + text("X X X X", 80) + text("Startdate X X X X", 80) + text("01.01.26", 8) + text("08.00.00", 8)
    head += text(256 * (count + 1), 8) + text("", 44) + text(len(stored), 8) + text(RECORD_S, 8) + text(count, 4)
    head += b"".join(text(f"ECG {name}", 16) for name in names) + text("", 80) * count
    for value in ("mV", "-163.84", "163.835", "-32768", "32767"):
        head += text(value, 8) * count
    head += text("", 80) * count + text(RATE, 8) * count + text("", 32) * count
    with target.with_suffix(".part").open("wb") as file:
        file.write(head)
        for start in range(0, len(stored), 3600):
            file.write(np.ascontiguousarray(stored[start : start + 3600].transpose(0, 2, 1)).tobytes())
    target.with_suffix(".part").rename(target)
    return names


def write_montage(names, target):
    signals = "".join(
        "<signalcomposition><num_of_signals>1</num_of_signals><voltpercm>1.0</voltpercm><screen_offset>0</screen_offset>"
        "<polarity>1</polarity><color>7</color><filter_cnt>0</filter_cnt>"
        f"<signal><label>{f'ECG {name}':16}</label><factor>1.0</factor></signal></signalcomposition>\n"
        for name in names
    )
    body = f"<EDFbrowser_montage>\n{signals}<pagetime>100000000</pagetime>\n</EDFbrowser_montage>\n"
    target.write_text(f'<?xml version="1.0"?>\n{body}')


screen.skip_without("Xvfb", "edfbrowser")
place = Path(sys.argv[1])
edf, montage = place / "day.edf", place / "day.mtg"
if not edf.exists():
    write_montage(write_edf(place, edf), montage)
print(screen.seconds_until_painted(["edfbrowser", str(edf), str(montage)], {}), flush=True)
