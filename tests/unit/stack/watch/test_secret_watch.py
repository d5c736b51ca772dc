"""The watch of secrets on a turned clock: what is asked, what is published, and what is restarted."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.errors import AwsFailed
from stack.rollouts.ecs_state import Task, task
from stack.rollouts.stale_secrets import StaleSecret, StaleServices
from stack.watch.secret_watch import ManagedClusters, SecretWatch
from tests.asynchronous import asynchronous
from tests.places import InOnePlace, in_region

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf'


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


class World:
    """One cluster, `prod`, its secrets and tasks; `calls` counts what is asked of AWS."""

    def __init__(self, **services: dict[str, Any]):
        self.document = {'services': [{name: {'image': 'team/app:1', **raw}} for name, raw in services.items()]}
        self.secrets: dict[str, datetime] = {SECRET: at(-60)}
        self.parameters: dict[str, datetime] = {}
        self.created = {name: [at(-30)] for name in services}
        self.calls: Counter[str] = Counter()
        self.published: list[StaleServices] = []
        self.restarted: list[tuple[str, tuple[StaleSecret, ...]]] = []
        clusters = ManagedClusters(self.names, self.read, lambda _, stale: self.published.append(stale))
        self.watch = SecretWatch(InOnePlace(self), InOnePlace(self), clusters, self.restart, in_region('eu-west-1'))

    async def names(self) -> list[str]:
        return ['prod']

    async def read(self, cluster: str) -> Mapping[str, Any]:
        return self.document

    async def restart(self, cluster: str, service: str, stale: tuple[StaleSecret, ...]) -> None:
        self.restarted.append((service, stale))

    async def secret_changed(self, arn: str) -> datetime | None:
        self.calls['secret'] += 1
        return self.secrets.get(arn)

    async def parameters_changed(self, names: frozenset[str], region: str | None) -> Mapping[str, datetime]:
        self.calls['parameters'] += 1
        return {name: changed for name, changed in self.parameters.items() if name in names}

    async def running(self, cluster: str, service: str) -> tuple[Task, ...]:
        self.calls['running'] += 1
        return tuple(task({'taskArn': 'arn:task/prod/1', 'createdAt': created}) for created in self.created[service])


@asynchronous
async def test_a_secret_that_changes_makes_its_services_stale_until_their_tasks_are_newer():
    world = World(a={'secrets': {'DB': f'{SECRET}:password::'}}, b={'secrets': {'PASSWORD': SECRET}}, c={})
    world.created['b'] = [at(5)]
    await world.watch.check()
    world.secrets[SECRET] = at(0)
    await world.watch.check()
    world.created['a'] = [at(1), at(2)]
    await world.watch.check()
    assert world.published == [{}, {'a': (StaleSecret('DB', at(0)),)}, {}]
    assert world.restarted == []


@asynchronous
async def test_a_task_from_before_the_change_is_enough():
    world = World(a={'secrets': {'DB': SECRET}})
    world.secrets[SECRET] = at(0)
    world.created['a'] = [at(3), at(-1)]
    await world.watch.check()
    assert world.published == [{'a': (StaleSecret('DB', at(0)),)}]


@asynchronous
async def test_parameters_become_stale_as_well():
    world = World(a={'secrets': {'TOKEN': '/app/token', 'ARN': 'arn:aws:ssm:eu-west-1:1:parameter/b'}})
    world.parameters = {'/app/token': at(0), 'b': at(1), '/other': at(2)}
    await world.watch.check()
    assert world.published == [{'a': (StaleSecret('ARN', at(1)), StaleSecret('TOKEN', at(0)))}]
    assert world.calls['parameters'] == 1


@asynchronous
async def test_a_service_without_secrets_costs_nothing():
    world = World(a={}, b={'environment': {'A': 'b'}})
    await world.watch.check()
    assert world.published == [{}]
    assert not world.calls


@asynchronous
async def test_a_fixed_version_never_changes():
    world = World(a={'secrets': {'DB': f'{SECRET}:::v1'}})
    world.secrets[SECRET] = at(0)
    await world.watch.check()
    assert not world.calls


@asynchronous
async def test_each_secret_is_asked_for_once_and_tasks_only_where_one_is_newer():
    world = World(a={'secrets': {'DB': SECRET, 'KEY': f'{SECRET}:key::'}}, b={'secrets': {'DB': SECRET}})
    for _ in range(3):
        await world.watch.check()
    assert world.calls == {'secret': 3, 'running': 2}


@asynchronous
async def test_restarts_are_asked_for_where_the_service_or_the_defaults_want_them():
    wants = {'secrets': {'DB': SECRET}, 'restart_on_secret_change': True}
    world = World(a=wants, b={'secrets': {'DB': SECRET}}, c={**wants, 'restart_on_secret_change': False})
    world.secrets[SECRET] = at(0)
    await world.watch.check()
    assert world.restarted == [('a', (StaleSecret('DB', at(0)),))]
    world.document = {'defaults': {'restart_on_secret_change': True}, **world.document}
    await world.watch.check()
    assert [service for service, _ in world.restarted] == ['a', 'a', 'b']


@asynchronous
async def test_a_failure_is_logged_and_the_next_check_goes_on(caplog: pytest.LogCaptureFixture):
    world = World(a={'secrets': {'DB': SECRET}})
    asked = world.secret_changed

    async def fail(arn: str) -> datetime | None:
        raise AwsFailed('AWS cannot do it now', 'secretsmanager:DescribeSecret', 'InternalError')

    world.secret_changed = fail
    await world.watch.check()
    assert 'cluster prod: secrets that changed are not known yet' in caplog.text
    caplog.clear()
    world.secret_changed = asked
    await world.watch.check()
    assert world.published == [{}]
