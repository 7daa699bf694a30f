"""Longest stall of the event loop, in ms, while the engine's process starts and a network reads and explains an image."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import window

asked = []


def seen(watch):
    """The sample child is open: analyse it twice, the first time while the engine starts."""
    if not (watch.loaded and watch.desk.analyst is not None):
        return False
    if not asked:
        child = next(item for item in watch.desk.session.items if getattr(item, "modality", "") == "CR" and item.age_years < 18)
        watch.desk.show_item(child.item)
        watch.stall, watch.gaps = 0.0, []
        asked.append((child.item, time.perf_counter()))
        watch.desk.analyse()
    return any(result.status == "ok" for result in watch.desk.session.results(asked[0][0]))


if __name__ == "__main__":  # the engine's process imports this script
    watch = window.Watch(seen)
    window.run(watch, sample=True)
    print(watch.stall, flush=True)
    print(watch.gaps, file=sys.stderr)
