"""Approvals: at least a thousand, of which each proposal is carried out at most once, exactly as shown."""

import pytest

from tests.simulation.approvals import approvals_in
from tests.simulation.simulating import PATIENCE_S, simulate

SEEDS = [str(seed) for seed in range(60)]


@pytest.mark.timeout(PATIENCE_S)
def test_every_promise_is_kept():
    assert sum(map(approvals_in, SEEDS)) >= 1_000
    run = simulate('approvals', '--seeds', ','.join(SEEDS))
    assert run.returncode == 0, run.stdout + run.stderr
