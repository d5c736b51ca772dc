"""The account, region and ECS cluster of each managed cluster, by the newest desired state that this process knows."""

import contextlib
import json
from typing import Any, Protocol

from stack.configuration.accounts import HOME, AccountTable, Address, Place
from stack.errors import Misplaced, NotFound, NysaError
from stack.runtime.observers import Observers
from stack.state.revisions import Revision

# What the body of a desired state contains that gives its ECS cluster another name.
_NAMES = json.dumps('ecs_cluster').encode()


class Revisions(Protocol):
    """Reads desired states: see `stack.state.revision_store.RevisionStore`."""

    @property
    def seen(self) -> Observers[[Revision]]: ...

    def known(self, cluster: str, /) -> Revision | None: ...
    async def read(self, cluster: str, /) -> Revision: ...


class Places:
    """The address of a managed cluster never changes, so any revision states it: see `stack.changes.placing`."""

    def __init__(self, table: AccountTable, revisions: Revisions):
        self.table = table
        # The twelve digits of the process's own account; where they are not known, every id that is not in the setting
        # counts for it.
        self.home_id = ''
        self._revisions = revisions
        # The clusters that have had that other name in ECS.
        self._named: dict[str, set[str]] = {}
        revisions.seen.subscribe(self._note_name)

    def _note_name(self, revision: Revision) -> None:
        stated = revision.placing.get('ecs_cluster') if _NAMES in revision.body else None
        if isinstance(stated, str) and stated != revision.cluster:
            self._named.setdefault(stated, set()).add(revision.cluster)

    async def of(self, cluster: str) -> Address:
        """The address of a cluster; of one that is not managed, by its name alone. Raises `Misplaced`, `AwsFailed`."""
        revision = self._revisions.known(cluster)
        if revision is None:
            try:
                revision = await self._revisions.read(cluster)
            except NotFound:
                return self.table.address(cluster)
        return self.table.address(cluster, revision.placing)

    def known(self, cluster: str) -> Place:
        """The place of a cluster as far as it is known without a read; that of its name where it has none."""
        revision = self._revisions.known(cluster)
        try:
            return self.table.place(cluster, revision.placing if revision else None)
        except Misplaced:
            return self.table.place(cluster)

    async def found(self, cluster: str) -> Place:
        """The same, where the desired state is read unless one is known; a read that fails leaves it at that."""
        if self._revisions.known(cluster) is None:
            with contextlib.suppress(NysaError):
                await self._revisions.read(cluster)
        return self.known(cluster)

    def cluster_at(self, ecs_cluster: str, account_id: str, region: str) -> str | None:
        """The managed cluster that an ECS cluster is, by the account's id of AWS, as far as is known without a read.

        An unknown one may be managed under its own name. None where it can be none.
        """
        for cluster in (*sorted(self._named.get(ecs_cluster, ())), ecs_cluster):
            if self._is_at(cluster, ecs_cluster, account_id, region):
                return cluster
        return None

    def _is_at(self, cluster: str, ecs_cluster: str, account_id: str, region: str) -> bool:
        revision = self._revisions.known(cluster)
        try:
            address = self.table.address(cluster, revision.placing if revision else None)
        except Misplaced:
            return False
        place = address.place
        return self._is_of(place.account, account_id) and place.region in ('', region) and address.name == ecs_cluster

    def _is_of(self, account: str, account_id: str) -> bool:
        """Whether an account has an id of AWS, or is the process's own and has its name for one."""
        if account == HOME and self.home_id:
            return account_id in (HOME, self.home_id)
        return account in self.table.names_of(account_id)

    def planned(self, cluster: str, document: Any) -> Address:
        """The address of a cluster with a desired state that may not be stored. Raises `Misplaced`."""
        return self.table.address(cluster, document)

    def region(self, cluster: str, document: Any) -> str | None:
        """The region of a cluster with that desired state; None where it has no place."""
        try:
            return self.table.place(cluster, document).region or None
        except Misplaced:
            return None
