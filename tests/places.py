"""Adapters for clusters that are all in one account and region."""

from typing import Any, Generic, TypeVar

Adapter = TypeVar('Adapter')


class InOnePlace(Generic[Adapter]):
    """Gives the same adapter for every cluster: a `stack.aws.ports.PerDesiredState`."""

    def __init__(self, adapter: Adapter):
        self.adapter = adapter

    async def of(self, cluster: str) -> Adapter:
        return self.adapter

    def planned(self, cluster: str, document: Any) -> Adapter:
        return self.adapter


async def in_no_account(cluster: str) -> None:
    """The same place for every cluster: a `stack.runtime.stored_requests.RoomOf`."""


def in_region(region: str | None):
    """The region of every cluster: a `stack.configuration.accounts.RegionOf`."""
    return lambda cluster, document: region


def anywhere(ecs_cluster: str, account_id: str, region: str) -> str:
    """Every cluster is in every account and region, by its own name: a `stack.watch.ecs_events.ClusterAt`."""
    return ecs_cluster
