"""One adapter for each account and region, and the connections that they have."""

import asyncio
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from stack.aws import observed_client
from stack.aws.accounts import MOST_STATED, Accounts, Everywhere
from stack.aws.named_client import NamedClient
from stack.aws.paced import PacedConnection
from stack.configuration.accounts import HOME, Account, AccountTable, Place
from stack.errors import NotFound, Unavailable
from stack.runtime.observers import Observers
from stack.state.places import Places
from stack.state.revisions import Revision

PROD = Account('prod', 'arn:aws:iam::111111111111:role/nysa', ('prod-*',), region='eu-west-1')


class Connected:
    """A connection that does nothing."""

    def __init__(self, place: Place):
        self.place = place
        self.region = place.region
        self.closed = False

    def warnings(self) -> dict[str, str]:
        return {'ecs': 'AWS has not answered for 9 s'}

    def overdue(self, seconds: float) -> list[tuple[str, float]]:
        return [('ecs:DescribeServices', seconds + 1)]

    def close(self, seconds: float) -> None:
        self.closed = True


class Stored:
    """The desired states of two clusters."""

    documents: ClassVar[dict[str, Any]] = {
        'prod-a': {'services': []},
        'prod-us': {'services': [], 'region': 'us-west-2'},
        'prod-named': {'services': [], 'ecs_cluster': 'default'},
    }

    def __init__(self) -> None:
        self.seen: Observers[[Revision]] = Observers()

    def known(self, cluster: str) -> Revision | None:
        return None

    async def read(self, cluster: str) -> Any:
        if cluster not in self.documents:
            raise NotFound(cluster)
        return type('Read', (), {'placing': self.documents[cluster]})


class Scene:
    def __init__(self) -> None:
        self.home = Connected(Place(HOME, 'us-east-1'))
        self.made: list[Connected] = []
        table = AccountTable((PROD,), 'us-east-1')
        self.places: list[Place] = []
        self.accounts = Accounts(table, self.home, self.connect, self.places.append)
        self.adapters = Everywhere(self.accounts, Places(table, Stored()), lambda client: [client._client.place])

    def connect(self, place: Place) -> Any:
        self.made.append(Connected(place))
        return self.made[-1]

    def of(self, cluster: str) -> Any:
        return asyncio.run(self.adapters.of(cluster))


def test_each_account_and_region_has_one_adapter_made_when_it_is_needed():
    scene = Scene()
    assert scene.made == []
    assert scene.of('prod-a') is scene.of('prod-b')
    assert scene.of('prod-a') == [Place('prod', 'eu-west-1')]
    assert scene.of('prod-us') == [Place('prod', 'us-west-2')]
    assert scene.of('other') == [Place(HOME, 'us-east-1')]
    assert [connection.place for connection in scene.made] == [Place('prod', 'eu-west-1'), Place('prod', 'us-west-2')]


def test_an_unstored_document_states_its_place():
    scene = Scene()
    assert scene.adapters.planned('prod-a', {'region': 'eu-north-1'}) == [Place('prod', 'eu-north-1')]
    assert scene.adapters.planned('other', {}) is scene.of('other')


def test_registries_belong_to_the_account_of_their_id():
    scene = Scene()
    assert scene.accounts.of_registry('111111111111')._client.place == Place('prod', 'eu-west-1')
    assert scene.accounts.of_registry('999999999999') is None


def test_other_places_are_named_in_warnings_and_closed():
    scene = Scene()
    scene.of('prod-a')
    place = 'the account prod, region eu-west-1'
    assert scene.accounts.warnings() == {f'ecs in {place}': 'AWS has not answered for 9 s'}
    assert scene.accounts.overdue(2.0) == [(f'ecs:DescribeServices in {place}', 3.0)]
    scene.accounts.close()
    assert [connection.closed for connection in (scene.home, *scene.made)] == [False, True]


def test_each_place_is_announced_once():
    scene = Scene()
    usual = [Place(HOME, 'us-east-1'), Place('prod', 'eu-west-1')]
    assert scene.places == usual
    for cluster in ('prod-a', 'other', 'prod-us', 'prod-us'):
        scene.of(cluster)
    assert scene.places == [*usual, Place('prod', 'us-west-2')]


def test_all_accounts_of_the_setting_are_announced_and_some_regions_of_documents():
    many = [Account(f'a{n}', f'arn:aws:iam::{n:012}:role/nysa', (f'a{n}-*',)) for n in range(2 * MOST_STATED)]
    announced: list[Place] = []
    accounts = Accounts(AccountTable(many, 'us-east-1'), Connected(Place()), Connected, announced.append)
    assert {place.account for place in announced} == {HOME, *(each.name for each in many)}
    for number in range(3 * MOST_STATED):
        accounts.at(Place('a0', f'eu-west-{number}'))
    stated = [place for place in announced if place.region != 'us-east-1']
    assert len(stated) == MOST_STATED


def test_a_region_that_no_document_states_any_longer_is_unknown_again(monkeypatch: pytest.MonkeyPatch):
    scene = Scene()
    place, usual = Place('prod', 'eu-wset-1'), Place('prod', 'eu-west-1')

    async def unavailable(*_: Any, **__: Any) -> None:
        raise Unavailable('AWS did not answer', 'ecs:DescribeClusters', 'EndpointConnectionError')

    for each in (place, usual):
        client = scene.accounts.at(each)
        scene.made[-1].call = unavailable
        with pytest.raises(Unavailable):
            asyncio.run(client.call('ecs', 'DescribeClusters'))
    assert {str(place), str(usual)} <= scene.accounts.warnings().keys()
    monkeypatch.setattr(observed_client, 'IN_USE_FOR', timedelta(0))
    assert scene.accounts.health(place).state == 'unknown'
    assert scene.accounts.health(usual).state == 'unavailable'
    assert scene.accounts.warnings().keys() == {str(usual), f'ecs in {usual}'}


def test_a_cluster_with_another_name_in_ecs_has_its_own_adapter_on_the_client_of_its_place():
    scene = Scene()
    paced: list[Any] = []

    def pace(client: Any) -> Any:
        paced.append(PacedConnection(client))
        return paced[-1]

    clients = Everywhere(scene.accounts, Places(scene.accounts.table, Stored()), lambda client: client, pace)
    named = asyncio.run(clients.of('prod-named'))
    assert isinstance(named, NamedClient)
    assert asyncio.run(clients.of('prod-named')) is named
    assert named is clients.planned('prod-named', {'ecs_cluster': 'default'})
    # Its calls wait for the same turn as those about all others there.
    assert asyncio.run(clients.of('prod-a')) is named._client
    assert len(paced) == 1
    assert clients.planned('prod-named', {'ecs_cluster': 'prod-named'}) is named._client
