"""The accounts and regions of an installation: each has a connection, pace and adapters of its own.

What asks AWS about a cluster gets its adapter from here, for the account and region of that cluster; so one that is
denied, throttled or down delays no call of another. See docs/decisions/accounts.md.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from stack.aws.client import AwsClient
from stack.aws.connection import CLOSE_WITHIN_S, Connection
from stack.aws.named_client import NamedClient
from stack.aws.observed_client import ObservedClient
from stack.configuration.account_health import Health
from stack.configuration.accounts import HOME, AccountTable, Address, Place
from stack.runtime.lru import LruCache

Adapter = TypeVar('Adapter')


class Clusters(Protocol):
    """Knows the address of each cluster: see `stack.state.places.Places`."""

    async def of(self, cluster: str, /) -> Address: ...
    def planned(self, cluster: str, document: Any, /) -> Address: ...


# Connects to a place that is not the process's own.
Connect = Callable[[Place], Connection]

# Places that documents state, of which those who are to know all places are notified.
MOST_STATED = 100

# Adapters that are kept for clusters with another name in ECS.
MOST_NAMED = 2000


def unpaced(client: AwsClient) -> AwsClient:
    """The client whose calls wait for no turn."""
    return client


class Accounts:
    """The connections, each made when something is first asked of its account and region."""

    def __init__(
        self, table: AccountTable, home: AwsClient, connect: Connect, on_place: Callable[[Place], None] = lambda _: None
    ):
        """`on_place` is called once for each place: for the usual ones now, for some others when asked."""
        self.table = table
        self._home = home
        self._connect = connect
        self._on_place = on_place
        for place in (usual := table.usual_places()):
            on_place(place)
        self._usual = frozenset(usual)
        # Of the other places, those that `on_place` was called for.
        self._stated = 0
        self._others: dict[Place, Connection] = {}
        self._clients: dict[Place, ObservedClient] = {}

    def at(self, place: Place) -> AwsClient:
        """The client for a place, made when it is first asked for."""
        if place not in self._clients:
            self._clients[place] = ObservedClient(self._connection(place), place)
            if place not in self._usual and self._stated < MOST_STATED:
                self._stated += 1
                self._on_place(place)
        return self._clients[place]

    def _connection(self, place: Place) -> AwsClient:
        if place.account == HOME and place.region in ('', self._home.region):
            return self._home
        self._others[place] = self._connect(place)
        return self._others[place]

    def health(self, place: Place) -> Health:
        """The health of a place as its calls until now have come out.

        A place that a document has stated, and of which nothing is asked any longer, is unknown again.
        """
        client = self._clients.get(place)
        return client.health() if client and self._is_in_use(place) else Health(place)

    def _is_in_use(self, place: Place) -> bool:
        return place in self._usual or self._clients[place].is_in_use()

    def of_registry(self, account_id: str) -> AwsClient | None:
        """The connection to the account of the setting with that id of AWS; None where there is none."""
        name = self.table.names_of(account_id)[0]
        return None if name == HOME else self.at(self.table.usual(name))

    def others(self) -> Mapping[Place, Connection]:
        """The connections beside the process's own."""
        return dict(self._others)

    def warnings(self) -> dict[str, str]:
        """Sentences for `/readyz` on the connections beside the process's own, by place and call or service."""
        found = {
            f'{call} in {place}': sentence
            for place, connection in self.others().items()
            if self._is_in_use(place)
            for call, sentence in connection.warnings().items()
        }
        return found | {str(place): each for place in self._others if (each := _warning(self.health(place)))}

    def overdue(self, seconds: float) -> list[tuple[str, float]]:
        """The calls of these connections without an answer for longer than that: their names and ages in seconds."""
        return [
            (f'{call} in {place}', age)
            for place, connection in self.others().items()
            for call, age in connection.overdue(seconds)
        ]

    def close(self) -> None:
        """Close the connections beside the process's own; calls under way are waited for within a second, in all."""
        until = time.monotonic() + CLOSE_WITHIN_S
        for connection in self._others.values():
            connection.close(max(0.0, until - time.monotonic()))


def _warning(health: Health) -> str:
    """What is wrong with an account, without the ids in AWS's messages; empty where nothing is."""
    if health.state == 'denied':
        return f'The role lacks permissions: AWS denied {", ".join(health.denied)}.'
    return {'throttled': 'AWS asks for fewer calls.', 'unavailable': 'AWS does not answer.'}.get(health.state, '')


class Everywhere(Generic[Adapter]):
    """One adapter of a kind for each account and region, made when it is first asked for: `PerCluster`.

    A cluster with another name in ECS has an adapter of its own, whose client translates the name. `paced` gets the
    connection of the account and region, once: all its adapters share what that gives to `make`.
    """

    def __init__(
        self,
        accounts: Accounts,
        clusters: Clusters,
        make: Callable[[AwsClient], Adapter],
        paced: Callable[[AwsClient], AwsClient] = unpaced,
    ):
        self._accounts = accounts
        self._clusters = clusters
        self._make = make
        self._paced = paced
        self._clients: dict[Place, AwsClient] = {}
        self._made: dict[Place, Adapter] = {}
        self._named: LruCache[tuple[str, Address], Adapter] = LruCache(MOST_NAMED)

    async def of(self, cluster: str) -> Adapter:
        """The adapter for a cluster, by its stored desired state. Raises `Misplaced`, `AwsFailed`."""
        return self._adapter(cluster, await self._clusters.of(cluster))

    def planned(self, cluster: str, document: Any) -> Adapter:
        """The adapter for a cluster with a desired state that may not be stored. Raises `Misplaced`."""
        return self._adapter(cluster, self._clusters.planned(cluster, document))

    def at(self, place: Place) -> Adapter:
        """The adapter for a place."""
        if place not in self._made:
            self._made[place] = self._make(self._client(place))
        return self._made[place]

    def _adapter(self, cluster: str, address: Address) -> Adapter:
        if address.name == cluster:
            return self.at(address.place)
        made = self._named.get((cluster, address))
        if made is None:
            made = self._make(NamedClient(self._client(address.place), cluster, address.name))
            self._named.put((cluster, address), made)
        return made

    def _client(self, place: Place) -> AwsClient:
        if place not in self._clients:
            self._clients[place] = self._paced(self._accounts.at(place))
        return self._clients[place]
