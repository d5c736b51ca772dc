"""The clusters that ECS has, whether anybody manages them or not."""

from collections.abc import Callable
from typing import Any

from stack.aws.ports import EcsClusterLister
from stack.state.revision_store import RevisionStore


class EcsClusters:
    def __init__(self, ecs: EcsClusterLister, store: RevisionStore):
        self._ecs = ecs
        self._store = store

    async def active(self, visible: Callable[[str], bool], managed: bool | None = None) -> list[dict[str, Any]]:
        """The ACTIVE clusters of ECS that are visible, by name; of them those that are managed, or those that are not.

        Raises `AwsFailed`, where ECS or S3 refuse.
        """
        ours = set(await self._store.names())
        names = [name for name in await self._ecs.names() if visible(name)]
        wanted = [name for name in names if managed is None or managed == (name in ours)]
        return [
            {'name': each.name, 'managed': each.name in ours, 'services': each.services, 'running': each.running}
            for each in sorted(await self._ecs.describe(wanted), key=lambda each: each.name)
            if each.status == 'ACTIVE'
        ]
