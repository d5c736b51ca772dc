"""The endings of rollouts by strategy: what each service of a table is to do, and the verdict that is true of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stack.rollouts.rollout import ARRIVALS, Cause, Ending

if TYPE_CHECKING:
    from tests.ending_table import Table

Settings = dict[str, Any]
Deed = Callable[['Table', str], Awaitable[None]]

STRATEGIES: dict[str, Settings] = {
    'rolling': {},
    'blue_green': {'strategy': 'blue_green', 'bake_time': '2m'},
    'linear': {'strategy': 'linear', 'bake_time': '1m', 'linear': {'step_percent': 50, 'step_bake_time': '1m'}},
    'canary': {'strategy': 'canary', 'bake_time': '1m', 'canary': {'percent': 10, 'bake_time': '1m'}},
}
# Those that need a load balancer, or Service Connect.
NEED_TRAFFIC = ('linear', 'canary')
# A rollout without progress has stalled after this long.
STALLED_AFTER = '4m'


@dataclass(frozen=True)
class Row:
    """A service that rolls out `team/{service}:{tag}`, with further `deployment` settings.

    `before_pass` happens through Nysa before the pass of a scheduler, and `in_ecs` to ECS after it. `answer` is that to
    a pause. `reason` is a part of the verdict's reason. `alarms` of `deployment` is whether its alarm rolls back.
    """

    service: str
    ending: Ending
    cause: Cause | None = None
    reason: str = ''
    tag: str = '2'
    count: int = 2
    deployment: Mapping[str, Any] = field(default_factory=dict)
    before_pass: Deed | None = None
    in_ecs: Deed | None = None
    answer: str | None = None
    unasked: bool = False

    @property
    def status(self) -> int:
        """Of the answer over REST."""
        return 200 if self.ending in ARRIVALS and not self.unasked else 409


def rows(strategy: str) -> list[Row]:
    """The endings of a strategy. The last row is under way longest."""
    special = ROLLING if strategy == 'rolling' else SHIFTING
    return [*ANY, *special, last(strategy)]


def last(strategy: str) -> Row:
    """A rollout in whose middle ECS cannot be reached."""
    if strategy == 'rolling':
        return Row('outage', 'succeeded', deployment={'alarms': True, 'bake_time': '10m'})
    return Row('outage', 'succeeded', deployment={'bake_time': '10m'})


def pause(timeout: str, on_timeout: str) -> Settings:
    return {'hooks': [{'type': 'pause', 'stages': ['post_scale_up'], 'timeout': timeout, 'on_timeout': on_timeout}]}


def function(name: str) -> Settings:
    arns = {'arn': f'arn:aws:lambda:us-east-1:1:function:{name}', 'role_arn': 'arn:aws:iam::210987654321:role/hooks'}
    return {'hooks': [{'type': 'lambda', 'stages': ['post_scale_up'], **arns}]}


async def stop(table: Table, service: str) -> None:
    code, answer = await table.post('stop', service, reason='loses sessions')
    assert code == 202, answer


async def abort(table: Table, service: str) -> None:
    code, answer = await table.post('stop', service, mode='abort', reason='keep the tasks')
    assert code == 202, answer


async def deploy_newer(table: Table, service: str) -> None:
    await table.edit(service, {'image': f'team/{service}:3'})


async def remove(table: Table, service: str) -> None:
    await table.edit(service, None)


async def alarm(table: Table, service: str) -> None:
    table.raise_alarm(service)


async def scale_to_zero(table: Table, service: str) -> None:
    table.ecs.update_service(cluster=table.name, service=service, desiredCount=0)


async def delete(table: Table, service: str) -> None:
    table.ecs.delete_service(cluster=table.name, service=service, force=True)


async def deploy_by_hand(table: Table, service: str) -> None:
    (running,) = table.ecs.describe_services(cluster=table.name, services=[service])['services']
    found = table.ecs.describe_task_definition(taskDefinition=running['taskDefinition'])['taskDefinition']
    (container,) = found['containerDefinitions']
    registered = table.ecs.register_task_definition(
        family=found['family'],
        networkMode=found['networkMode'],
        containerDefinitions=[{**container, 'image': f'team/{service}:by-hand'}],
    )
    definition = registered['taskDefinition']['taskDefinitionArn']
    table.ecs.update_service(cluster=table.name, service=service, taskDefinition=definition)


SLOW = '2-slow'

ANY = [
    Row('success', 'succeeded'),
    Row('stall', 'stalled', None, 'Nothing has moved for', '2-broken'),
    Row('alarmed', 'rolled-back', 'alarm', 'alarm', SLOW, deployment={'alarms': True}, in_ecs=alarm),
    Row('alarm-halts', 'aborted', 'alarm', 'alarm', SLOW, deployment={'alarms': False}, in_ecs=alarm),
    Row('stopped', 'rolled-back', 'stopped', 'Stopped by ada: loses sessions.', SLOW, before_pass=stop),
    Row('aborted', 'aborted', 'stopped', 'Stopped by ada: keep the tasks.', SLOW, before_pass=abort),
    Row('overtaken', 'superseded', None, 'A newer revision changes', SLOW, before_pass=deploy_newer),
    Row('removed', 'superseded', None, 'A newer revision changes', SLOW, before_pass=remove),
    Row('zero', 'scaled-to-zero', None, '', count=0),
    Row('zero-in-ecs', 'scaled-to-zero', 'by-hand', 'scaled to zero', SLOW, in_ecs=scale_to_zero, unasked=True),
    Row('deleted-in-ecs', 'aborted', 'by-hand', 'was deleted in ECS', SLOW, in_ecs=delete),
    Row('edited-in-ecs', 'superseded', 'by-hand', 'which no revision asked for', SLOW, in_ecs=deploy_by_hand),
]
ROLLING = [
    Row(
        'breaker',
        'rolled-back',
        'breaker',
        'tasks failed to start',
        '2-broken',
        deployment={'circuit_breaker': {'enable': True, 'rollback': True}},
    ),
    Row(
        'breaker-halts',
        'aborted',
        'breaker',
        'tasks failed to start',
        '2-broken',
        deployment={'circuit_breaker': {'enable': True, 'rollback': False}},
    ),
]
SHIFTING = [
    Row('continued', 'succeeded', deployment=pause('30m', 'rollback'), answer='continue'),
    Row('refused', 'rolled-back', 'hook', 'rollback', deployment=pause('30m', 'rollback'), answer='rollback'),
    Row('timeout', 'rolled-back', 'hook-timeout', 'in time', deployment=pause('1m', 'rollback')),
    Row('timeout-passes', 'succeeded', deployment=pause('1m', 'continue')),
    Row('function-fails', 'rolled-back', 'hook', 'hook', deployment=function('smoke-fails')),
]
