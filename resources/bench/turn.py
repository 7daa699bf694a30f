"""One side of a paired measurement: `python turn.py SCRIPT DATA`; each line on standard input is one timed round.

SCRIPT defines `prepare(data: str) -> work`, where `work()` is what is timed; it may return the seconds itself.
"""

import importlib.util
import sys
import time


def main() -> None:
    spec = importlib.util.spec_from_file_location("side", sys.argv[1])
    assert spec and spec.loader
    side = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(side)
    work = side.prepare(sys.argv[2])
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        own = work()
        took = time.perf_counter() - start
        print(own if isinstance(own, float) else took, flush=True)


main()
