"""The live channel: every seed keeps every promise."""

import pytest

from tests.simulation.simulating import PATIENCE_S, assert_kept

# Seeds that failed once, and what they found.
FAILED_ONCE = {
    '61': 'A service came and went between two looks, and a row of it stayed with those who watched.',
    '669': 'A service left what is wanted and went on running, and those who watched lost sight of it.',
    '831': 'A freeze was known by the guards of a foreign revision, and was sent again with its own.',
}


@pytest.mark.timeout(PATIENCE_S)
def test_every_promise_is_kept():
    assert_kept('channel', failed_once=FAILED_ONCE)
