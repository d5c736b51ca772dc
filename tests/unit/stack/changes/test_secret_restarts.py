"""Restarts for changed secrets: once for each change, by one of several replicas, and not against a guard."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.changes.change_request import ChangeRequest
from stack.changes.deployed_content import DeployedContent
from stack.changes.secret_restarts import BY, LEAST_BETWEEN, SecretRestarts
from stack.rollouts.stale_secrets import StaleSecret
from stack.state.revisions import Origin, Revision
from tests.asynchronous import asynchronous
from tests.fake_s3 import World
from tests.replicas import Replica

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STALE = (StaleSecret('DB', NOON),)
WEB = {'image': 'web:1', 'secrets': {'DB': 'db'}, 'task_execution_role_arn': 'arn:aws:iam::123456789012:role/tasks'}
DOCUMENT = {'services': [{'web': WEB | {'restart_on_secret_change': True}}]}


class Restarting:
    """A replica that restarts services; `now` is its time."""

    def __init__(self, world: World):
        self.replica = Replica(world)
        self.now = NOON + timedelta(minutes=1)
        store = self.replica.store
        self.restarts = SecretRestarts(
            self.replica.states._changes,
            store.read,
            DeployedContent(store, store._bucket).was_deployed,
            self.replica.context.freezing.frozen,
            lambda: self.now,
        )

    async def restart(self, stale: tuple[StaleSecret, ...] = STALE) -> None:
        await self.restarts.restart('prod', 'web', stale)

    async def current(self) -> Revision:
        revision: Revision = await self.replica.store.read('prod')
        return revision

    async def restarted_at(self) -> Any:
        return (await self.current()).document['services'][0]['web'].get('restarted_at')


def request(**more: Any) -> ChangeRequest:
    return ChangeRequest(Origin('kim', 'test', 'a reason'), **more)


async def replicas(number: int = 1, **more: Any) -> list[Restarting]:
    world = World()
    made = [Restarting(world) for _ in range(number)]
    await made[0].replica.states.create('prod', DOCUMENT, request(**more))
    await made[0].replica.settled()
    return made


@asynchronous
async def test_a_restart_is_a_revision_with_its_reason():
    (here,) = await replicas()
    await here.restart()
    assert await here.restarted_at() == '2026-01-01T12:01:00.000Z'
    change = (await here.current()).changes[-1]
    assert (change.origin.by, change.origin.message, change.did['verb']) == (BY, 'DB changed', 'restart')
    assert change.announce is not None


@asynchronous
async def test_several_replicas_make_one_restart():
    several = await replicas(3)
    await asyncio.gather(*(each.restart() for each in several))
    for number, each in enumerate(several):
        each.now += timedelta(hours=number)
        await each.restart()
    revision = await several[0].current()
    assert [change.did['verb'] for change in revision.changes] == ['restart']
    versions = await several[0].replica.store.versions('prod', limit=10)
    assert len(versions) == 2


@asynchronous
async def test_the_next_change_waits_a_while():
    (here,) = await replicas()
    await here.restart()
    first = await here.restarted_at()
    later = (StaleSecret('DB', here.now + timedelta(minutes=1)),)
    here.now += LEAST_BETWEEN - timedelta(seconds=1)
    await here.restart(later)
    assert await here.restarted_at() == first
    here.now += timedelta(seconds=2)
    await here.restart(later)
    assert await here.restarted_at() == '2026-01-01T12:16:01.000Z'


@asynchronous
async def test_a_frozen_cluster_is_restarted_after_the_thaw():
    (here,) = await replicas()
    freezing = here.replica.context.freezing
    await freezing.freeze('prod', request(), 'freeze', None)
    await here.restart()
    assert await here.restarted_at() is None
    await freezing.thaw('prod', request())
    await here.restart()
    assert await here.restarted_at() is not None


@asynchronous
async def test_what_was_not_deployed_is_not_deployed_by_a_restart():
    (here,) = await replicas(deploy=False)
    await here.restart()
    assert await here.restarted_at() is None


@asynchronous
async def test_a_service_that_has_gone_and_a_refusal_leave_the_cluster_as_it_is(caplog: pytest.LogCaptureFixture):
    (here,) = await replicas()
    before = (await here.current()).id
    await here.restarts.restart('prod', 'gone', STALE)
    await here.restarts.restart('nowhere', 'web', STALE)
    assert (await here.current()).id == before
    assert 'web in nowhere is not restarted for its changed secrets' in caplog.text
    caplog.clear()
