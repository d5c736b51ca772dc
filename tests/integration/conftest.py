"""Fixtures of tests that need a cluster with everything around it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.aws import Aws, use
from tests.cluster import Cluster, cluster, clusters

if TYPE_CHECKING:
    from stack.sandbox.server import EmbeddedAws

__all__ = ['cluster']

# AWS takes a tenth of its usual time: a scheduler looks less often whether something is done.
SPEED = 10.0


@pytest.fixture(scope='session')
def swift_aws() -> Iterator[EmbeddedAws]:
    """An embedded AWS of this worker that is quick and can be set back."""
    from stack.sandbox.server import EmbeddedAws, SeededFleet
    from tests.saved_aws import ReturningClock

    clock = ReturningClock(time.time(), SPEED)
    with EmbeddedAws.start(clock=clock, fleet=SeededFleet.NOTHING, account='777777777777') as embedded:
        yield embedded


@pytest.fixture
def swift_cluster(swift_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster in an AWS that is set back at the end, so that it does not grow from test to test."""
    use(swift_aws, monkeypatch)
    from tests.saved_aws import restore, save

    before = save(swift_aws)
    with clusters(Aws(swift_aws)) as new_cluster:
        yield new_cluster()
    swift_aws.faults.clear()
    restore(swift_aws, before)
