"""The bytes that the live channel sends, compressed: a list of clusters, and one changed image in a large cluster."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.live.frames import text_frame
from stack.live import cluster_events
from stack.live.cluster import Cluster, Surroundings
from stack.live.event import Event
from stack.live.facts import Current
from stack.live.forms import Detail, Form
from stack.live.log import NOTHING
from stack.live.subscriber import Subscriber
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service
from stack.rollouts.observation import Observation
from tests.unit.stack.rollouts.test_cluster_state import START, definition, look, revision, running, state

# Budgets, in bytes.
FLEET = 60_000
ONE_CHANGE = 1_500


def size(events: Sequence[Event], detail: Detail) -> int:
    return sum(len(text_frame(event.text(values=True, detail=detail), deflated=True)) for event in events)


def services(count: int, **changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f'service-{number}': {'image': 'team/web:1', 'desired_count': 2} for number in range(count)} | changes


@pytest.mark.parametrize('detail', [Detail.SUMMARY, Detail.ROWS])
def test_a_fleet_of_63_clusters(detail: Detail):
    made = state(revision('r1', **services(10)))
    look(made, *(running(name) for name in made.wanted))
    event = cluster_events.cluster(made, START + timedelta(minutes=5))
    assert 63 * size([event], detail) < FLEET


def test_one_changed_image_in_a_cluster_of_300():
    first = revision('r1', **services(300))
    changed = {'service-7': {'image': 'team/web:2', 'desired_count': 2}}
    second = revision('r2', at=START + timedelta(minutes=10), **services(300, **changed))
    now = START + timedelta(minutes=10)
    cluster = Cluster('prod', Surroundings(lambda: now, watched=lambda: True))
    cluster.load(Current(0, first, ClusterState(first, now)))
    cluster.readers[Subscriber(None, form=Form(detail=Detail.ROWS))] = NOTHING
    made = cluster.state
    definitions = {each.arn: each for each in (definition(made, name) for name in made.wanted)}
    cluster.looked(
        Observation(START + timedelta(minutes=5), {name: running(name) for name in made.wanted}, definitions)
    )
    before = cluster.log.end
    assert cluster.stored(first, second)
    found = replace(definition(made, 'service-7'), arn='arn:td/service-7:2')
    for minutes, tasks in ((11, 0), (12, 1), (13, 2)):
        now = START + timedelta(minutes=minutes)
        cluster.looked(Observation(now, {'service-7': deployed(found.arn, tasks)}, {found.arn: found}))
    events = [entry.event for entry in cluster.log.after(before)]
    assert [event.type for event in events][:2] == ['desired', 'rollout']
    assert size(events, Detail.ROWS) < size(events, Detail.SERVICES) < ONE_CHANGE < size(events, Detail.ALL)


def deployed(task_definition: str, tasks: int) -> Service:
    """service-7 with so many tasks of the new version, which replace those of the former one."""
    before = running('service-7')
    [former] = before.deployments
    newer = replace(
        former,
        id='ecs-svc/2',
        task_definition=task_definition,
        running=tasks,
        created_at=START + timedelta(minutes=10),
        rollout_state='COMPLETED' if tasks == 2 else 'IN_PROGRESS',
    )
    rest = (replace(former, status='ACTIVE', desired=0, running=2 - tasks),) if tasks < 2 else ()
    return replace(before, task_definition=task_definition, deployments=(newer, *rest))
