"""Process start with a folder as argument → its first image painted. Prints when it is, then ends."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import window

painted = []


def done():
    if not painted:
        painted.append(True)
        print("painted", flush=True)


def seen(watch):
    if watch.desk is not None and not hasattr(watch, "filter"):
        watch.filter = window.Painted(watch.desk.grid.active, done)
    return bool(painted)


if __name__ == "__main__":  # the engine's process imports this script
    sys.exit(window.run(window.Watch(seen), [window.folder()]))
