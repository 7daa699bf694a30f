"""A program under a screen of its own (Xvfb): seconds from its start until its page is painted, by looking at the pixels.

The same way for every program: the middle of the screen is looked at each 10 ms; painted is the first moment from which 95 % of
what is drawn there at the end is there. Prints "skip: REASON" where a tool is missing.
"""

import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

WIDE, HIGH = 1400, 1000
QUIET_S, LIMIT_S, SHARE = 4.0, 90.0, 0.95


def middle(pixels):
    """Every second pixel of the middle of the screen, where both programs draw traces."""
    return np.array(pixels[int(HIGH * 0.35) : int(HIGH * 0.9) : 2, int(WIDE * 0.35) : int(WIDE * 0.65) : 2] & 0xFFFFFF)


def opened(folder):
    """The screen's pixels, mapped from Xvfb's own file (X window dump)."""
    file = folder / "Xvfb_screen0"
    while not file.exists() or file.stat().st_size < WIDE * HIGH * 4:
        time.sleep(0.05)
    time.sleep(0.7)
    raw = np.memmap(file, np.uint8, "r")
    (head,), (colours,) = struct.unpack(">I", bytes(raw[:4])), struct.unpack(">I", bytes(raw[76:80]))
    return raw[head + colours * 12 :][: WIDE * HIGH * 4].view("<u4").reshape(HIGH, WIDE)


def seconds_until_painted(command, environment):
    """Start it, look until nothing changes any more, end it."""
    folder = Path(tempfile.mkdtemp())
    number = 90 + os.getpid() % 800
    screen = subprocess.Popen(
        ["Xvfb", f":{number}", "-screen", "0", f"{WIDE}x{HIGH}x24", "-fbdir", str(folder), "-nolisten", "tcp"],
        stderr=subprocess.DEVNULL,
    )
    pixels = opened(folder)
    about = os.environ | {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "HOME": str(folder)} | environment
    begun = time.perf_counter()
    program = subprocess.Popen(command, env=about, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    frames = [(0.0, middle(pixels))]
    while (now := time.perf_counter() - begun) < LIMIT_S:
        seen = middle(pixels)
        if not np.array_equal(seen, frames[-1][1]):
            frames.append((now, seen))
        elif len(frames) > 2 and now - frames[-1][0] > QUIET_S:
            break
        time.sleep(0.01)
    program.send_signal(signal.SIGKILL)
    program.wait()
    screen.terminate()
    screen.wait()
    last = frames[-1][1]
    values, counts = np.unique(last, return_counts=True)
    drawn = last != values[counts.argmax()]
    shutil.rmtree(folder, ignore_errors=True)
    if not drawn.any():
        raise SystemExit("nothing was drawn")
    return next(t for t, seen in frames if float((seen[drawn] == last[drawn]).mean()) >= SHARE)


def skip_without(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            print(f"skip: {tool} is not installed", flush=True)
            sys.exit(0)
