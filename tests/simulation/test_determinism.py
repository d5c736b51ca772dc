"""Everything that happens in a world follows from its seed."""

import pytest

from tests.simulation.simulating import PATIENCE_S, simulate


@pytest.mark.timeout(PATIENCE_S)
def test_a_seed_can_be_run_again():
    once, again = (simulate('--seeds', '11', '--trace') for _ in range(2))
    assert once.stdout == again.stdout
    assert len(once.stdout.splitlines()) > 100
