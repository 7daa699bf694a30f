"""How long work will still take."""

import pytest

from medviewer.core.task import Pace


def test_el03_time_left_follows_the_pace_and_nothing_is_said_too_early():
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.left(0, 100) is None
    now[0] = 1.0
    assert pace.left(50, 100) is None, "a second tells nothing"
    now[0] = 10.0
    assert pace.left(20, 100) is None, "other work began"
    now[0] = 20.0
    assert pace.left(40, 100) == pytest.approx(30.0)
    now[0] = 21.0
    assert pace.left(0, 5000) is None, "the next network"
    now[0] = 31.0
    assert pace.left(50, 5000) is None, "one share in a hundred is too little to go by"
    now[0] = 41.0
    assert pace.left(1000, 5000) == pytest.approx(80.0)
    assert pace.left(5000, 5000) == 0.0 and pace.left(1, 0) is None
