"""`medviewer` and `python -m medviewer`."""

import sys
from multiprocessing import freeze_support


def main() -> int:
    freeze_support()
    from medviewer.cli.main import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
