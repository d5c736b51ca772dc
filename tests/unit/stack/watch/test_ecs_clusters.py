"""The ECS clusters of several accounts, of which one does not answer."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stack.aws.ports import ClusterStatus
from stack.configuration.account_health import Health, State
from stack.configuration.accounts import HOME, Account, AccountTable, Place
from stack.errors import Unavailable
from stack.runtime.observers import Observers
from stack.state.places import Places
from stack.watch.ecs_clusters import EcsClusters, Listed

TABLE = AccountTable((Account('prod', 'arn:aws:iam::111111111111:role/nysa', ('prod-*',)),), 'us-east-1')


class NoStore:
    """A bucket without desired states."""

    def __init__(self) -> None:
        self.seen: Observers[[Any]] = Observers()

    def known(self, cluster: str) -> None:
        return None

    async def names(self) -> Sequence[str]:
        return ()


class Lister:
    """The clusters of an account, or none ever."""

    def __init__(self, place: Place):
        self.hangs = place.account != HOME

    async def names(self) -> list[str]:
        if self.hangs:
            await asyncio.Event().wait()
        return ['default']

    async def describe(self, names: Sequence[str]) -> list[ClusterStatus]:
        return [ClusterStatus(name, 'ACTIVE', 0, 1, 1) for name in names]


def test_an_account_that_hangs_keeps_the_clusters_of_the_others_from_no_caller():
    store: Any = NoStore()
    clusters = EcsClusters(Lister, Places(TABLE, store), store, within_s=0.1)
    listed = asyncio.run(clusters.active(lambda _: True))
    assert [row['name'] for row in listed.clusters] == ['default']
    assert listed.failing == {'prod': 'AWS has not listed the clusters within 0 s.'}


@pytest.mark.parametrize('state', ['unavailable', 'throttled'])
def test_an_account_that_did_not_answer_before_is_waited_for_only_a_moment(
    state: State, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr('stack.watch.ecs_clusters.SLOW_WITHIN_S', 0.1)

    async def listed() -> Listed:
        store: Any = NoStore()
        clusters = EcsClusters(Lister, Places(TABLE, store), store, lambda place: Health(place, state), 3600.0)
        async with asyncio.timeout(10):
            return await clusters.active(lambda _: True)

    assert [row['name'] for row in asyncio.run(listed()).clusters] == ['default']


def test_it_is_an_error_where_it_alone_is_asked():
    store: Any = NoStore()
    clusters = EcsClusters(Lister, Places(TABLE, store), store, within_s=0.1)
    with pytest.raises(Unavailable):
        asyncio.run(clusters.active(lambda _: True, place=TABLE.usual('prod')))
