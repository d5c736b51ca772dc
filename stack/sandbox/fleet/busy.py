"""Start of the busy fleet: everything runs already, and a few changes have just been made."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.configuration.accounts import HOME, AccountTable, read_accounts
from stack.sandbox.buckets import backend, restore_buckets
from stack.sandbox.ecs import Ecs, ManualClock
from stack.sandbox.ecs.moto_ports import ports
from stack.sandbox.ecs.past import PastDeployment
from stack.sandbox.fleet import clusters, states
from stack.sandbox.fleet.running import LocalClient, start_services
from stack.sandbox.local_ecs import LocalEcs
from stack.sandbox.moto_autoscaling import autoscaler
from stack.sandbox.plain_files import Bucket
from stack.sandbox.seed import BUCKET, INSIGHTS, INSTANCES, Contents, seed, seed_surroundings
from stack.sandbox.seed_states import REPOSITORIES, Place
from stack.sandbox.serial import LOCK

_STARTED_DAYS_AGO = 40

MakeClient = Callable[[str], Any]


class BusyFleet:
    """The busy fleet in one account, or in several: `accounts` is the setting NYSA_ACCOUNTS, `places` has their ids.

    The home account comes first, since it has the desired states of all. Where these exist (a snapshot was lost),
    their services are started, and the states stay as they are.
    """

    def __init__(self, places: Mapping[str, Place], now: float, accounts: str = ''):
        """`now` is the time of the embedded AWS, in seconds since the epoch: its history ends then."""
        self._places = places
        self._accounts = accounts
        self._table = AccountTable(read_accounts(accounts or '{}'))
        self._now = datetime.fromtimestamp(now, UTC)
        self._documents: dict[str, tuple[str, bytes]] = {}
        self._past: dict[tuple[str, str], list[PastDeployment]] = {}

    def put_home(self, ecs: Ecs, make_client: MakeClient) -> None:
        """Seed the home account and replace the state of its ECS. The endpoint serves already, and has no users yet."""
        home = self._places[HOME]
        fleet = states.states(lambda cluster: self._places[self._account_of(cluster)], self._now)
        is_new = BUCKET not in backend(home.account).buckets
        contents = Contents((*REPOSITORIES, *clusters.REPOSITORIES), fleet.keys, self._accounts)
        past = _Past(home, self._now)
        with LOCK:
            seed(home, contents, past.local.create_cluster, past.local.ask, self._now)
            self._documents = _documents(home.account)
        if is_new:
            self._past = fleet.past
        self._run(HOME, past, ecs, make_client)
        if is_new:
            changed = states.just_now(fleet.keys, self._now)
            with LOCK:
                restore_buckets(home.account, [Bucket(BUCKET, home.region, self._now, 'Enabled', {}, changed)])

    def put_other(self, name: str, ecs: Ecs, make_client: MakeClient) -> None:
        """Seed another account and replace the state of its ECS."""
        past = _Past(self._places[name], self._now)
        with LOCK:
            self._documents = self._documents or _documents(self._places[HOME].account)
            seed_surroundings(self._places[name])
            for cluster in self._documents_of(name):
                past.local.create_cluster(cluster, INSTANCES.get(cluster, 1), INSIGHTS.get(cluster, 'disabled'))
        self._run(name, past, ecs, make_client)

    def _run(self, name: str, past: '_Past', ecs: Ecs, make_client: MakeClient) -> None:
        """Start the services of an account in the past, and move them to the times of their deployments."""
        start_services(past.client(make_client), past.clock, self._documents_of(name))
        deployments = {key: each for key, each in self._past.items() if self._account_of(key[0]) == name}
        with LOCK:
            past.ecs.advance()
            past.ecs.rewrite_past(past.place.region, past.place.account, deployments)
            ecs.restore(past.ecs.state())

    def _account_of(self, cluster: str) -> str:
        return self._table.place(cluster).account

    def _documents_of(self, name: str) -> dict[str, tuple[str, bytes]]:
        return {cluster: each for cluster, each in self._documents.items() if self._account_of(cluster) == name}


class _Past:
    """An ECS of one account that begins weeks ago."""

    def __init__(self, place: Place, now: datetime):
        self.place = place
        self.clock = ManualClock((now - timedelta(days=_STARTED_DAYS_AGO)).timestamp())
        self.ecs = Ecs(self.clock, ports)
        self.local = LocalEcs(self.ecs, place.account, place.region)

    def client(self, make_client: MakeClient) -> LocalClient:
        scaling = autoscaler(self.place.account, self.ecs, self.clock)
        return LocalClient(self.ecs, scaling, self.place.account, self.place.region, make_client)


def _documents(account: str) -> dict[str, tuple[str, bytes]]:
    """By managed cluster, the id and the content of its newest revision."""
    keys = dict.items(backend(account).buckets[BUCKET].keys)
    return {key: (versions[-1].version_id, versions[-1].value) for key, versions in keys if '/' not in key}
