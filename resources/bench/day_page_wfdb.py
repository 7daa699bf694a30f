"""The same record read whole by wfdb.rdrecord."""

from pathlib import Path

import wfdb


def prepare(data):
    name = str(next(Path(data).glob("*.hea")).with_suffix(""))

    def work():
        assert wfdb.rdrecord(name).p_signal.size > 0

    return work
