"""Longest stall of the event loop, in ms, from the first paint of `medviewer FOLDER` until all of it is read and shown."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import window

AFTER = 0.5
"""Seconds to go on watching: what follows the last announcement belongs to the loading."""
ended = []


def seen(watch):
    if watch.loaded and not ended:
        ended.append(time.perf_counter())
    return bool(ended) and time.perf_counter() - ended[0] > AFTER


if __name__ == "__main__":  # the engine's process imports this script
    watch = window.Watch(seen)
    window.run(watch, [window.folder()])
    print(watch.stall, flush=True)
    print(watch.gaps, file=sys.stderr)
