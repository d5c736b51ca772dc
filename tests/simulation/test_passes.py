"""The passes of schedulers: every seed keeps every promise."""

import pytest

from tests.simulation.simulating import PATIENCE_S, assert_kept

# Seeds that failed once, and what they found.
FAILED_ONCE = {
    '1': 'A revision was superseded at one replica, and had succeeded at the other.',
    '17': 'A freeze that was made with an override was no freeze to schedulers.',
    '27': 'Two verdicts of a revision that was stored without being deployed.',
    '573': 'A success was recorded after another replica had read the records for the last time.',
}


@pytest.mark.timeout(PATIENCE_S)
def test_every_promise_is_kept():
    assert_kept('passes', failed_once=FAILED_ONCE)
