"""The revisions of the busy fleet: in order, by known people, with each failure rolled back."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from stack.rollouts.rollout_records import load
from stack.sandbox.fleet.clusters import CLUSTERS, PRODUCTION_EU, FleetCluster
from stack.sandbox.fleet.history import entries
from stack.sandbox.fleet.records import record
from stack.sandbox.seed import place_of

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
PLACE = place_of('123456789012', 'us-east-1')


@pytest.mark.parametrize('cluster', CLUSTERS, ids=lambda cluster: cluster.name)
def test_revisions_are_in_order_and_differ(cluster: FleetCluster):
    history = list(entries(PLACE, cluster, NOW))
    times = [entry.change.at for entry in history]
    assert times == sorted(times)
    assert times[-1] < NOW
    assert all(before.document != after.document for before, after in pairwise(history))


@pytest.mark.parametrize('cluster', CLUSTERS, ids=lambda cluster: cluster.name)
def test_a_failure_is_followed_by_the_revision_before_it(cluster: FleetCluster):
    history = list(entries(PLACE, cluster, NOW))
    failures = [number for number, entry in enumerate(history) if entry.failed]
    assert failures
    for number in failures:
        assert history[number + 1].document == history[number - 1].document
        assert history[number + 1].change.origin.message.startswith('Roll back')


def test_records_have_the_last_rollout_of_each_service_and_the_former_ones():
    numbered = [(f'r{number}', entry) for number, entry in enumerate(entries(PLACE, PRODUCTION_EU, NOW))]
    kept = load(record(numbered))
    assert kept.revision == numbered[-1][0]
    assert set(kept.rollouts) == {service.name for service in PRODUCTION_EU.services}
    failed = next(id for id, entry in numbered if entry.failed)
    (rollout,) = kept.former[failed].values()
    assert (rollout.verdict.ending, rollout.verdict.failed, rollout.percent) == ('rolled-back', True, 0)
    newest = kept.rollouts[numbered[-1][1].services[0]]
    assert newest.goal.since < newest.goal.announced_at < newest.verdict.at
