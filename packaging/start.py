"""Where the frozen program starts; the same as `python -m medviewer`."""

import sys

from medviewer.__main__ import main

if __name__ == "__main__":  # the engine's child runs this file as well: freeze_support in main catches it (PK-02)
    sys.exit(main())
