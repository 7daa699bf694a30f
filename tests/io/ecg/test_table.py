"""ECGs as text tables: encodings, separators, times and units in the ways in which programs write them."""

import numpy as np
import pytest

from medviewer.core.ecg import Gap
from medviewer.io.ecg import table
from medviewer.io.scan import scan

RATE, COUNT = 250, 500
TIME = np.arange(COUNT) / RATE
FIRST, SECOND = np.round(1.2 * np.sin(8 * TIME), 4), np.round(0.7 * np.cos(8 * TIME), 4)


def lines(how, columns=(TIME, FIRST, SECOND)):
    return "".join(how.format(*row) + "\n" for row in zip(*columns, strict=True))


PLAIN = lines("{:.3f},{:.4f},{:.4f}")
COMMAS = lines("{:.3f};{:.4f};{:.4f}").replace(".", ",")
CLOCK = lines("'0:{:06.3f}',{:.4f},{:.4f}")
ISO = lines("2026-01-02 10:00:{:06.3f},{:.4f},{:.4f}")
MS = lines("{:.0f},{:.4f},{:.4f}", (1000 * TIME, FIRST, SECOND))
MICRO = lines("{:.3f},{:.1f},{:.1f}", (TIME, 1000 * FIRST, 1000 * SECOND))
COUNTED = lines("{:.0f},{:.4f},{:.4f}", (RATE * TIME, FIRST, SECOND))

TABLES = {
    "seconds": ("time,II,V1\n" + PLAIN, "utf-8"),
    "metadata above": ("Patient,Doe\nSampling Rate,250 Hz\n\ntime,II,V1\n" + PLAIN, "utf-8"),
    "empty last column": ("time,II,V1,\n" + PLAIN.replace("\n", ",\n"), "utf-8"),
    "quoted": ('"time","II","V1"\n' + lines('"{:.3f}","{:.4f}","{:.4f}"'), "utf-8"),
    "a row of units": ("time,II,V1\ns,mV,mV\n" + PLAIN, "utf-8"),
    "rdsamp": ("'Elapsed time','II','V1'\n'hh:mm:ss.mmm','mV','mV'\n" + CLOCK, "utf-8"),
    "rdsamp in seconds": ("'Elapsed time','II','V1'\n'seconds','mV','mV'\n" + PLAIN, "utf-8"),
    "counted, rate stated": ("# Sampling rate: 250 Hz\n'sample #','II','V1'\n" + COUNTED, "utf-8"),
    "decimal commas, German": ("Zeit;II;V1\n" + COMMAS, "utf-8"),
    "Chinese, UTF-16": ("时间,II,V1\n" + PLAIN, "utf-16"),
    "milliseconds": ("time_ms,II,V1\n" + MS, "utf-8"),
    "milliseconds by their unit": ("Time [ms],II,V1\n" + MS, "utf-8"),
    "microvolts, Latin": ("time,II (µV),V1 (µV)\n" + MICRO, "latin-1"),
    "dates": ("timestamp,II,V1\n" + ISO, "utf-8"),
    "Windows": (("time,II,V1\n" + PLAIN).replace("\n", "\r\n"), "utf-8-sig"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_read_however_its_program_wrote_it(tmp_path, kind):
    text, encoding = TABLES[kind]
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    (record,) = scan([tmp_path / "t.csv"], workspace=tmp_path).items
    assert [(lead.name, lead.unit, lead.rate_hz) for lead in record.leads] == [("II", "mV", RATE), ("V1", "mV", RATE)]
    for k, wanted in enumerate((FIRST, SECOND)):
        np.testing.assert_allclose(record.source.read(k, 0, COUNT), wanted, atol=6e-5)
    assert (record.warnings, record.gaps) == ((), ())
    assert record.start == ("2026-01-02T10:00:00" if kind == "dates" else "")


@pytest.mark.parametrize("name", ["sample", "index", "'sample #'"])
def test_a_column_that_counts_rows_is_no_lead_and_gives_no_rate(tmp_path, name):
    (tmp_path / "t.csv").write_text(f"{name},II,V1\n" + COUNTED)
    (record,) = table.open_records(str(tmp_path / "t.csv"))
    assert [lead.name for lead in record.leads] == ["II", "V1"]
    assert [(one.code, one.facts["rate"]) for one in record.warnings] == [("ecg-rate-assumed", 500.0)]


def test_el05_a_pause_in_the_times_or_in_the_values_of_a_table_is_a_gap_and_the_clock_goes_on(tmp_path):
    rows = PLAIN.splitlines()
    for name, kept in (
        ("left out", rows[:100] + rows[150:]),
        ("empty", [row if not 100 <= k < 150 else row.split(",")[0] + ",," for k, row in enumerate(rows)]),
    ):
        (tmp_path / f"{name}.csv").write_text("time,II,V1\n" + "\n".join(kept) + "\n")
        (record,) = table.open_records(str(tmp_path / f"{name}.csv"))
        values = record.source.read(0, 0, COUNT)
        assert record.gaps == (Gap(0.4, 0.6),) and np.isnan(values[100:150]).all(), name
        np.testing.assert_allclose(values[150:], FIRST[150:], atol=6e-5)


@pytest.mark.parametrize(("rate", "digits"), [(100, 3), (128, 3), (257, 3), (360, 3), (360, 6), (500, 3), (1000, 4), (499.31, 5)])
def test_el05_the_rate_of_rounded_times_is_the_true_one(tmp_path, rate, digits):
    text = "".join(f"{n / rate:.{digits}f},{np.sin(n / 9):.3f}\n" for n in range(2500))
    (tmp_path / "t.csv").write_text("time,II\n" + text)
    (record,) = table.open_records(str(tmp_path / "t.csv"))
    assert abs(record.rate_hz - rate) < 2e-3 and record.leads[0].samples == 2500


def test_a_column_of_another_unit_keeps_it(tmp_path):
    (tmp_path / "t.csv").write_text("time,II [mV],ABP [mmHg]\n" + lines("{:.3f},{:.4f},{:.1f}", (TIME, FIRST, 80 + 40 * SECOND)))
    (record,) = table.open_records(str(tmp_path / "t.csv"))
    assert [lead.unit for lead in record.leads] == ["mV", "mmHg"]
    assert float(record.source.read(1, 0, COUNT).max()) == pytest.approx(108.0, abs=0.1)
