"""The clusters that ECS has, managed or not, in the accounts and regions of the installation."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stack.aws.ports import ClusterStatus, EcsClusterLister
from stack.configuration.accounts import AccountTable, Place
from stack.errors import AwsFailed
from stack.state.revision_store import RevisionStore

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listed:
    """The clusters as JSON, by name, and why an account could not be asked, by its name."""

    clusters: Sequence[Mapping[str, Any]]
    failing: Mapping[str, str]


class EcsClusters:
    """A cluster is listed for the account that its name belongs to. `at` gives what lists those of a place."""

    def __init__(self, at: Callable[[Place], EcsClusterLister], table: AccountTable, store: RevisionStore):
        self._at = at
        self._table = table
        self._store = store

    async def active(self, visible: Callable[[str], bool], managed: bool | None = None) -> Listed:
        """The ACTIVE clusters of ECS that are visible; with `managed` only those that are, or are not.

        Raises `AwsFailed` where no account answers.
        """
        managed_names = set(await self._store.names())

        def wanted(name: str) -> bool:
            return visible(name) and managed in (None, name in managed_names)

        places = self._table.usual_places()
        answers = await asyncio.gather(*(self._active(place, wanted) for place in places), return_exceptions=True)
        found: list[tuple[ClusterStatus, Place]] = []
        failing: dict[str, str] = {}
        for place, answer in zip(places, answers, strict=True):
            if isinstance(answer, AwsFailed) and len(places) > 1:
                log.warning('the clusters of %s cannot be listed: %s', place, answer)
                failing[place.account] = answer.message
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found += ((cluster, place) for cluster in answer)
        rows = [_row(cluster, place, cluster.name in managed_names) for cluster, place in found]
        return Listed(sorted(rows, key=lambda row: str(row['name'])), failing)

    async def _active(self, place: Place, wanted: Callable[[str], bool]) -> list[ClusterStatus]:
        lister = self._at(place)
        names = [name for name in await lister.names() if wanted(name) and self._table.place(name) == place]
        return [cluster for cluster in await lister.describe(names) if cluster.status == 'ACTIVE']


def _row(cluster: ClusterStatus, place: Place, managed: bool) -> dict[str, Any]:
    return {
        'name': cluster.name,
        'account': place.account,
        'managed': managed,
        'services': cluster.services,
        'running': cluster.running,
    }
