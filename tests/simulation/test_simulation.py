"""Seeds of the simulation, run in a process of its own: it replaces the clock of the standard library."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODELS = ('channel', 'changes', 'passes')


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, '-m', 'tests.simulation', *arguments]
    environment = os.environ | {'PYTHONHASHSEED': '0'}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize('model', MODELS)
def test_a_seed_can_be_run_again(model: str):
    """Everything that happens in a world follows from its seed."""
    once, again = (simulate(model, '--seeds', '11', '--trace') for _ in range(2))
    assert once.stdout == again.stdout
    assert len(once.stdout.splitlines()) > 20
