"""A client that is cut off at random misses nothing."""

from tests.aws import Aws
from tests.endurance import Trial


def test_a_client_that_is_cut_off_misses_nothing(aws: Aws):
    record = Trial(aws, changes=50, cuts=60, restarts=3).run()
    assert len(record.seen) > 10
