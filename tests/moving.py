"""Clusters in which every service runs according to ECS, and whose task counts then change."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle

from stack.reconcile.observed import TaskDefinition
from stack.reconcile.wanted import Wanted
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service, service
from stack.rollouts.observation import Observation
from tests.server import Server

# The server sends a page at most this many batches a second.
BATCHES_A_SECOND = 10


def config(services: int) -> dict:
    return {
        'services': [
            {f'service-{n:04}': {'image': f'team/app-{n}:v1.4.{n % 30}', 'desired_count': 4}} for n in range(services)
        ]
    }


def run_everything(server: Server, cluster: str) -> None:
    """Give the server the observation that ECS returns once all services of the cluster run as desired."""
    state = server.run(server.context.live.state(cluster))
    definitions = {name: _definition(wanted) for name, wanted in state.wanted.items()}
    services = {name: _running(name, wanted, definitions[name]) for name, wanted in state.wanted.items()}
    seen = Observation(datetime.now(UTC), services, {each.arn: each for each in definitions.values()})
    server.run(server.context.live.see(cluster, seen))


def _definition(wanted: Wanted) -> TaskDefinition:
    arn = f'arn:aws:ecs:us-east-1:123456789012:task-definition/{wanted.family}:1'
    return TaskDefinition(arn, wanted.family, {**wanted.definition, 'taskDefinitionArn': arn})


def _running(name: str, wanted: Wanted, definition: TaskDefinition) -> Service:
    counts = {'desiredCount': wanted.count, 'runningCount': wanted.count, 'pendingCount': 0}
    deployment = {'id': f'ecs-svc/{name}', 'status': 'PRIMARY', 'rolloutState': 'COMPLETED', 'createdAt': time.time()}
    return service(
        {
            'serviceArn': f'arn:aws:ecs:us-east-1:123456789012:service/{name}',
            'serviceName': name,
            'status': 'ACTIVE',
            'taskDefinition': definition.arn,
            'launchType': wanted.launch_type,
            'schedulingStrategy': wanted.scheduling_strategy,
            'deploymentConfiguration': dict(wanted.deployment),
            'events': [
                {
                    'id': f'{name}-1',
                    'createdAt': time.time(),
                    'message': f'(service {name}) has reached a steady state.',
                }
            ],
            'deployments': [{**deployment, **counts, 'taskDefinition': definition.arn}],
            **counts,
        }
    )


def move(server: Server, clusters: list[str], rows_a_second: int, seconds: float) -> None:
    """Start and stop tasks: this many rows change each second, anywhere in these clusters."""
    server.run(_move(server, clusters, rows_a_second // BATCHES_A_SECOND, round(seconds * BATCHES_A_SECOND)))


async def _move(server: Server, clusters: list[str], rows: int, batches: int) -> None:
    live = server.context.live
    every = [(cluster, name) for cluster in clusters for name in live.states[cluster].ecs.services]
    random.Random(1).shuffle(every)
    turns = cycle(every)
    started = time.monotonic()
    for batch in range(batches):
        for cluster, names in _batch(turns, rows).items():
            moved = {name: _another_count(live.states[cluster], name) for name in names}
            await live.see(cluster, Observation(datetime.now(UTC), moved))
        await asyncio.sleep(max(0.0, started + (batch + 1) / BATCHES_A_SECOND - time.monotonic()))


def _batch(turns: Iterator[tuple[str, str]], rows: int) -> dict[str, list[str]]:
    batch: dict[str, list[str]] = {}
    for _ in range(rows):
        cluster, name = next(turns)
        batch.setdefault(cluster, []).append(name)
    return batch


def _another_count(state: ClusterState, name: str) -> Service:
    seen = state.ecs.services[name]
    return replace(seen, running=seen.desired - 1 if seen.running == seen.desired else seen.desired)
