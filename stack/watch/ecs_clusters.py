"""The clusters that ECS has, managed or not, in the accounts and regions of the installation."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.aws.ports import ClusterStatus, EcsClusterLister
from stack.configuration.account_health import Health
from stack.configuration.accounts import Place
from stack.errors import AwsFailed, Unavailable
from stack.state.places import Places
from stack.state.revision_store import RevisionStore

log = logging.getLogger(__name__)

# How long the clusters of an account are waited for, less than the caller waits for an answer; and of one that did not
# answer before, or asked for fewer calls.
LISTED_WITHIN_S, SLOW_WITHIN_S = 15.0, 2.0


@dataclass(frozen=True)
class Listed:
    """The clusters as JSON, by name, and why an account could not be asked, by its name."""

    clusters: Sequence[Mapping[str, Any]]
    failing: Mapping[str, str]


class EcsClusters:
    """The clusters of each account. `at` gives what lists those of a place."""

    def __init__(
        self,
        at: Callable[[Place], EcsClusterLister],
        places: Places,
        store: RevisionStore,
        health: Callable[[Place], Health] = Health,
        within_s: float = LISTED_WITHIN_S,
    ):
        """An account that has not listed its clusters within `within_s` seconds counts as failing."""
        self._health = health
        self._within_s = within_s
        self._at = at
        self._places = places
        self._table = places.table
        self._store = store

    async def active(
        self, visible: Callable[[str], bool], managed: bool | None = None, place: Place | None = None
    ) -> Listed:
        """The visible ACTIVE clusters of ECS in a place, by default in the usual region of every account.

        With `managed` only those that are, or are not. Raises `AwsFailed` for one place that does not answer, and
        otherwise where no account answers.
        """
        names = frozenset(await self._store.names())

        def wanted(found: _Found) -> bool:
            return visible(found.cluster or found.name) and managed in (None, found.cluster is not None)

        places = [place] if place else self._table.usual_places()
        asked = (self._in_time(place, names, wanted) for place in places)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        every: list[tuple[_Found, ClusterStatus]] = []
        failing: dict[str, str] = {}
        for place, answer in zip(places, answers, strict=True):
            if isinstance(answer, AwsFailed) and len(places) > 1:
                log.warning('the clusters of %s cannot be listed: %s', place, answer)
                failing[place.account] = answer.message
            elif isinstance(answer, BaseException):
                raise answer
            else:
                every += answer
        return Listed(self._rows(every), failing)

    def _rows(self, every: Iterable[tuple['_Found', ClusterStatus]]) -> list[dict[str, Any]]:
        """Each once: two accounts of the setting may be one account of AWS."""
        rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        for found, status in every:
            key = self._table.account_id(found.place.account), found.place.region, found.name
            if key not in rows or found.belongs_there:
                rows[key] = _row(found, status)
        return sorted(rows.values(), key=lambda row: (str(row['name']), str(row['account'])))

    async def _in_time(
        self, place: Place, managed: Collection[str], wanted: Callable[['_Found'], bool]
    ) -> list[tuple['_Found', ClusterStatus]]:
        """The active clusters of a place. Raises `AwsFailed`, also where it keeps the answer of the others waiting."""
        is_slow = self._health(place).state in ('unavailable', 'throttled')
        within_s = min(self._within_s, SLOW_WITHIN_S) if is_slow else self._within_s
        try:
            async with asyncio.timeout(within_s):
                return await self._active(place, managed, wanted)
        except TimeoutError:
            message = f'AWS has not listed the clusters within {within_s:.0f} s.'
            raise Unavailable(message, 'ecs:ListClusters', 'DeadlineExceeded', pending=False) from None

    async def _active(
        self, place: Place, managed: Collection[str], wanted: Callable[['_Found'], bool]
    ) -> list[tuple['_Found', ClusterStatus]]:
        lister = self._at(place)
        every = [self._found(name, place, managed) for name in await lister.names()]
        found = {each.name: each for each in every if wanted(each)}
        described = await lister.describe(list(found))
        return [(found[cluster.name], cluster) for cluster in described if cluster.status == 'ACTIVE']

    def _found(self, name: str, place: Place, managed: Collection[str]) -> '_Found':
        cluster = self._places.cluster_at(name, self._table.account_id(place.account), place.region)
        if cluster is not None and cluster in managed:
            return _Found(name, place, cluster, belongs_there=self._places.known(cluster) == place)
        allowed = self._table.allowed(name)
        return _Found(
            name,
            place,
            None,
            belongs_there=self._table.place(name) == place,
            needs_name=place.account not in allowed or name in managed,
            needs_account=place.account != allowed[0],
        )


@dataclass(frozen=True)
class _Found:
    """A cluster by its name in ECS. `cluster` is its name in Nysa, None where it is not managed.

    `belongs_there`: in that account of the setting, by its name. `needs_name`: it can be managed under another name
    only. `needs_account`: its desired state must name the account, unless another name belongs to that.
    """

    name: str
    place: Place
    cluster: str | None
    belongs_there: bool
    needs_name: bool = False
    needs_account: bool = False


def _row(found: _Found, status: ClusterStatus) -> dict[str, Any]:
    return {
        'name': found.name,
        'account': found.place.account,
        'managed': found.cluster is not None,
        'cluster': found.cluster,
        'needs_name': found.needs_name,
        'needs_account': found.needs_account,
        'services': status.services,
        'running': status.running,
    }
