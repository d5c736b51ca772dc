"""Successive observations of a service in ECS, for tests of rollouts as values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stack.rollouts.ecs_state import Deployment, Service
from stack.rollouts.rollout import Goal, Rollout, begin
from stack.rollouts.service_events import ServiceEvent, ServiceEvents
from stack.rollouts.service_rollout import follow

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OLD, NEW, ALIEN = 'arn:td/web:1', 'arn:td/web:2', 'arn:td/web:9'


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def deployment(identity: str, task_definition: str, running: int, of: int, **changes) -> Deployment:
    values = {'status': 'PRIMARY', 'pending': 0, 'failed': 0, 'created_at': at(10), 'reason': ''}
    values |= {'rollout_state': 'COMPLETED'} | changes
    return Deployment(identity, task_definition=task_definition, desired=of, running=running, **values)


def old(running: int = 2, of: int = 2, **changes) -> Deployment:
    return deployment('ecs-svc/1', OLD, running, of, **({'created_at': at(-3600)} | changes))


def new(running: int, of: int = 2, state: str = 'IN_PROGRESS', **changes) -> Deployment:
    return deployment('ecs-svc/2', NEW, running, of, **({'rollout_state': state} | changes))


def leaving(running: int) -> Deployment:
    return old(running, status='ACTIVE')


def service(*deployments: Deployment, desired: int = 2, events: tuple = (), **changes) -> Service:
    values = {
        'name': 'web',
        'arn_prefix': 'arn:service/',
        'status': 'ACTIVE',
        'task_definition': deployments[0].task_definition if deployments else '',
        'running': sum(each.running for each in deployments),
        'pending': sum(each.pending for each in deployments),
        'daemon': False,
        'breaker_rolls_back': False,
        'created_at': at(-7200),
        'target_groups': (),
    }
    lines = ServiceEvents('web', (ServiceEvent(when, f'(service web) {text}') for when, text in events))
    return Service(desired=desired, deployments=deployments, events=lines, **(values | changes))


def goal(**changes) -> Goal:
    return replace(Goal('web', 'r2', START, 'web:2', 2, START), **changes)


def looks(*seen: Service | None, every: float = 5, want: Goal | None = None, first: float = 5) -> list[Rollout]:
    """The rollout after each observation."""
    found = [begin(want or goal(), service(old()))]
    for number, each in enumerate(seen):
        found.append(follow(found[-1], each, {NEW}, at(first + number * every)))
    return found[1:]


def ending(rollout: Rollout) -> str | None:
    return rollout.verdict.ending if rollout.verdict else None


FAILED = (at(30), '(deployment ecs-svc/2) deployment failed: tasks failed to start.')
BACK = (at(30), 'rolling back to deployment ecs-svc/1.')
