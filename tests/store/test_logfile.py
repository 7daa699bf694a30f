"""The log in the profile: defects by their frames, warnings, nothing of a patient; no trouble where it cannot be written."""

import logging
import subprocess
import sys

from medviewer.store.logfile import LARGEST, NAME, keep_log
from medviewer.store.profile import Profile

log = logging.getLogger("medviewer.tests")


def test_defects_leave_frames_and_kind_and_never_their_words(tmp_path):
    profile = Profile.at(tmp_path / "profile")
    keep_log(profile)
    log.debug("a step")
    assert not (profile.data / NAME).exists()
    try:
        raise ValueError("Müller^Anna 1970-01-01")
    except ValueError:
        log.debug("defect", exc_info=True)
    log.warning("settings unreadable")
    kept = (profile.data / NAME).read_text("utf-8")
    assert "test_logfile.py" in kept and "ValueError" in kept and "settings unreadable" in kept
    assert "Anna" not in kept and "a step" not in kept


def test_the_words_of_an_error_stay_on_the_screen_and_do_not_cross_into_the_log(tmp_path):
    profile = Profile.at(tmp_path / "profile")
    handler = keep_log(profile)
    try:
        raise ValueError("Müller^Anna")
    except ValueError:
        record = log.makeRecord("medviewer", logging.ERROR, __file__, 1, "defect", (), sys.exc_info())
    screen = logging.Formatter()
    assert "Anna" not in handler.format(record) and "Anna" in screen.format(record) and "Anna" not in handler.format(record)


def test_a_large_log_begins_anew_and_an_unwritable_one_troubles_nobody(tmp_path, capsys):
    profile = Profile.at(tmp_path / "profile")
    profile.data.mkdir(parents=True)
    (profile.data / NAME).write_bytes(b"x" * (LARGEST + 1))
    keep_log(profile)
    log.warning("new")
    assert (profile.data / NAME).stat().st_size < 200
    assert (profile.data / (NAME + ".1")).stat().st_size == LARGEST + 1
    (tmp_path / "file").write_text("", "utf-8")
    keep_log(Profile.at(tmp_path / "file"))
    log.warning("nowhere to go")
    assert "Logging error" not in capsys.readouterr().err


def test_a_defect_of_the_window_or_a_thread_shows_frames_and_kind_on_standard_error_and_words_with_v_alone(tmp_path):
    program = (
        "import sys, threading\n"
        "from medviewer.cli import main as entry\n"
        "def run(args):\n"
        "    def work():\n"
        "        raise ValueError('Mueller^Anna 1970')\n"
        "    thread = threading.Thread(target=work); thread.start(); thread.join()\n"
        "    try:\n"
        "        raise KeyError('Schmidt^Bert')\n"
        "    except KeyError:\n"
        "        sys.excepthook(*sys.exc_info())\n"
        "    return 0\n"
        "entry._window = run\n"
        "raise SystemExit(entry.main(sys.argv[1:]))\n"
    )
    for more in ([], ["-v"]):
        profile = tmp_path / f"profile{len(more)}"
        call = [sys.executable, "-c", program, "--profile", str(profile), *more]
        said = subprocess.run(call, capture_output=True, text=True, check=True).stderr
        kept = (profile / "data" / NAME).read_text("utf-8")
        for kind in ("ValueError", "KeyError"):
            assert kind in said and kind in kept
        assert ("Anna" in said, "Bert" in said) == (bool(more), bool(more))
        assert "Anna" not in kept and "Bert" not in kept
