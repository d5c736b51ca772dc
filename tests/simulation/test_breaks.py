"""Each promise can be broken: a promise that cannot fail promises nothing."""

import pytest

from tests.simulation.simulating import PATIENCE_S, simulate


@pytest.mark.timeout(PATIENCE_S)
def test_every_promise_can_be_broken():
    """Each fault of `breaks.py` is found within 1,000 seeds."""
    run = simulate('--breaks')
    assert run.returncode == 0, run.stdout + run.stderr
