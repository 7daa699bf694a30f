"""Process start with a day of a 12-lead ECG (WFDB) as argument → its first page on the screen, by medviewer: seconds."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import screen

screen.skip_without("Xvfb", "edfbrowser")
with tempfile.TemporaryDirectory() as profile:
    command = [sys.executable, "-m", "medviewer", "--profile", profile, str(Path(sys.argv[1]) / "bench.hea")]
    print(screen.seconds_until_painted(command, {}), flush=True)
