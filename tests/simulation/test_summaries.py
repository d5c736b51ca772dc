"""Readers of summaries: every seed keeps every promise of the live channel."""

import pytest

from tests.simulation.simulating import PATIENCE_S, assert_kept


@pytest.mark.timeout(PATIENCE_S)
def test_every_promise_is_kept():
    assert_kept('summaries')
