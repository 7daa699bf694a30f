"""Process start → medviewer's window painted. Prints when it is, then ends."""

import sys

from medviewer.ui.app import run

sys.exit(run([], new_instance=True, painted=lambda: print("painted", flush=True), quit_after_paint=True))
