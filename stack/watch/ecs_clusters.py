"""The clusters that ECS has, managed or not."""

from collections.abc import Callable
from typing import Any

from stack.aws.ports import EcsClusterLister
from stack.state.revision_store import RevisionStore


class EcsClusters:
    def __init__(self, ecs: EcsClusterLister, store: RevisionStore):
        self._ecs = ecs
        self._store = store

    async def active(self, visible: Callable[[str], bool], managed: bool | None = None) -> list[dict[str, Any]]:
        """The ACTIVE clusters of ECS that are visible, by name; with `managed` only those that are, or are not.

        Raises `AwsFailed`.
        """
        managed_names = set(await self._store.names())
        names = [name for name in await self._ecs.names() if visible(name)]
        wanted = [name for name in names if managed is None or managed == (name in managed_names)]
        return [
            {
                'name': cluster.name,
                'managed': cluster.name in managed_names,
                'services': cluster.services,
                'running': cluster.running,
            }
            for cluster in sorted(await self._ecs.describe(wanted), key=lambda cluster: cluster.name)
            if cluster.status == 'ACTIVE'
        ]
