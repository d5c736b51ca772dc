"""Leases, and reads of one cluster: every seed keeps every promise."""

import pytest

from tests.simulation.simulating import PATIENCE_S, assert_kept


@pytest.mark.timeout(PATIENCE_S)
def test_every_promise_is_kept():
    assert_kept('leases', 'reads')
