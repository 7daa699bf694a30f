"""The eight leads, the usual beat, refusals of lead sets, and the training script on a made PTB-XL folder."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made import beating, ecg_record

from medviewer.core.errors import MedviewerError
from medviewer.inference.ecg import twelve
from medviewer.inference.ecg.twelve_beats import BEFORE, LEADS, RATE, described, filtered

TRAIN = Path(__file__).parents[3] / "models" / "train" / "ecg-12lead" / "train.py"
SIZES = dict(zip(LEADS, (0.6, 1.0, -0.4, -0.3, 0.5, 1.2, 1.1, 0.9), strict=True))


def eight(seconds=10.0, rate=500.0, bpm=75.0):
    signal, peaks = beating(seconds, rate, bpm)
    return np.stack([signal * size for size in SIZES.values()]), peaks


def test_leads_are_scaled_to_one_sd_at_120_hz_whatever_their_unit_and_rate():
    for rate in (100, 500, 1000):
        signals, _ = eight(rate=rate)
        found = filtered(signals, rate)
        assert found.shape == (8, 1200)
        np.testing.assert_allclose(found.std(1), 1, atol=0.03)
        np.testing.assert_allclose(filtered(1000 * signals + 5, rate), found, atol=1e-6)


def test_the_usual_beat_has_its_r_peak_where_it_is_said_to_be():
    signals, peaks = eight()
    found = described(filtered(signals, 500))
    assert len(found.at) == len(peaks)
    assert abs(int(np.abs(found.usual[1]).argmax()) - BEFORE) <= 1
    assert found.usual[2, BEFORE] < 0 < found.usual[5, BEFORE]


def test_i_and_ii_are_made_from_other_limb_leads_and_missing_chest_leads_are_named():
    signals, _ = eight()
    one, two = signals[0], signals[1]
    chest = {name: signals[k] for k, name in enumerate(LEADS) if name.startswith("V")}
    for limb in ({"II": two, "III": two - one}, {"aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2}):
        leads = limb | chest
        record = ecg_record(list(leads.values()), names=list(leads))
        order = twelve.ranked_leads(record)
        made, unread = twelve._eight(record, {k: record.source.read(k, 0, 5000) for k in order})
        assert not unread
        np.testing.assert_allclose(made, filtered(signals, 500), atol=1e-6)
    with pytest.raises(MedviewerError) as caught:
        twelve.ranked_leads(ecg_record(list(signals[:5]), names=list(LEADS[:5])))
    assert caught.value.notice.code == "ecg-leads-missing" and caught.value.notice.facts["leads"] == "V4, V5, V6"


def test_leads_of_different_rates_are_brought_together():
    signals, _ = eight()
    rates = [500.0] * 4 + [250.0] * 4
    record = ecg_record([s if r == 500 else s[::2] for s, r in zip(signals, rates, strict=True)], rates, names=list(LEADS))
    made, unread = twelve._eight(record, {k: record.source.read(k, 0, 5000) for k in range(8)})
    assert not unread and np.abs(made - filtered(signals, 500)).max() < 0.6


def test_a_long_record_is_read_in_windows_of_ten_seconds_at_most_360():
    leads = np.random.default_rng(0).standard_normal((8, int(65 * RATE)))
    assert [start for start, _ in twelve._windows(leads)] == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    assert len(twelve._windows(np.zeros((8, int(5000 * RATE))))) == twelve.WINDOWS


def ptbxl(folder, count=40):
    """A PTB-XL folder of `count` made records as the publisher lays it out."""
    import wfdb

    rng = np.random.default_rng(0)
    names = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
    (folder / "records100" / "00000").mkdir(parents=True)
    rows = []
    for k in range(1, count + 1):
        codes = ["NORM", "IMI", "NDT", "CLBBB", "LVH"][k % 5]
        signal, _ = beating(10, 100, rng.uniform(55, 100), t=0.1 * (k % 5))
        leads = signal[:, None] * rng.uniform(-1, 1.5, 12) + 0.02 * rng.standard_normal((1000, 12))
        path = f"records100/00000/{k:05d}_lr"
        folder_of = str((folder / path).parent)
        wfdb.wrsamp(f"{k:05d}_lr", 100, ["mV"] * 12, list(names), p_signal=leads, fmt=["16"] * 12, write_dir=folder_of)
        rows.append([k, 1000 + k // 2, f"{{'{codes}': 100.0, 'SR': 0.0}}", 1 + k % 10, path])
    rows.append([count + 1, 1, "{'SR': 0.0}", 1, rows[0][4]])
    with (folder / "ptbxl_database.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["ecg_id", "patient_id", "scp_codes", "strat_fold", "filename_lr"], *rows])
    with (folder / "scp_statements.csv").open("w", newline="") as file:
        table = [
            ["", "diagnostic_class"],
            ["NORM", "NORM"],
            ["IMI", "MI"],
            ["NDT", "STTC"],
            ["CLBBB", "CD"],
            ["LVH", "HYP"],
            ["SR", ""],
        ]
        csv.writer(file).writerows(table)


def test_the_training_script_runs_unchanged_on_a_whole_ptbxl_folder(tmp_path):
    ptbxl(tmp_path / "ptb")
    arguments = ["--data", tmp_path / "ptb", "--work", tmp_path / "work", "--out", tmp_path / "ecg-12lead", "--epochs", "1"]
    done = subprocess.run(
        [sys.executable, str(TRAIN), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(TRAIN.parents[3])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # Four of the 40 are fold 10, the record without a diagnostic statement is left out.
    assert "36 records to train and validate, 0 more to train" in done.stdout
    from medviewer.inference.bundle import read_bundle, verify

    assert "probe within" in verify(read_bundle(tmp_path / "ecg-12lead"))
    document = json.loads((tmp_path / "ecg-12lead" / "bundle.json").read_text("utf-8"))
    assert document["training"]["records"] == 36
