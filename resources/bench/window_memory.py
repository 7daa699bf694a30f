"""Peak memory in MB of the window's process with a folder open and every image looked at, less that of the empty program."""

import resource
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import window

paths = sys.argv[1:2] if sys.argv[1:2] != [""] else []
ticks = []


def seen(watch):
    """Every tick one image further, as a hand that scrolls; the empty program is given its desk and as many ticks."""
    if watch.desk is None or (paths and not watch.loaded):
        return False
    ticks.append(1)
    if not paths:
        return len(ticks) > 100
    pane = watch.desk.grid.active
    if not pane.loading:
        if pane.view.frame == 0 and len(ticks) > len(pane.series.frames):
            return True
        pane.step(1 if pane.view.frame + 1 < len(pane.series.frames) else -len(pane.series.frames))
    return False


if __name__ == "__main__":  # the engine's process imports this script
    less = 0.0
    if paths:
        less = float(subprocess.run([sys.executable, __file__, ""], capture_output=True, text=True, check=True).stdout)
    window.run(window.Watch(seen), paths)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000 - less, flush=True)
