"""The account and region of each managed cluster, by the newest desired state that this process knows."""

from typing import Any, Protocol

from stack.configuration.accounts import AccountTable, Place
from stack.errors import Misplaced, NotFound
from stack.state.revisions import Revision

NOTHING: dict[str, Any] = {}


class Revisions(Protocol):
    """Reads desired states: see `stack.state.revision_store.RevisionStore`."""

    def known(self, cluster: str, /) -> Revision | None: ...
    async def read(self, cluster: str, /) -> Revision: ...


class Places:
    """The place of a managed cluster never changes: see `stack.changes.placing`. So any of its revisions states it."""

    def __init__(self, table: AccountTable, revisions: Revisions):
        self.table = table
        self._revisions = revisions

    async def of(self, cluster: str) -> Place:
        """The place of a cluster; of one that is not managed, by its name alone. Raises `Misplaced`, `AwsFailed`."""
        revision = self._revisions.known(cluster)
        if revision is None:
            try:
                revision = await self._revisions.read(cluster)
            except NotFound:
                return self.table.place(cluster)
        return self.table.place(cluster, revision.document_or_empty)

    def known(self, cluster: str) -> Place:
        """The place of a cluster as far as it is known without a read; that of its name where it has none."""
        revision = self._revisions.known(cluster)
        try:
            return self.table.place(cluster, revision.document_or_empty if revision else None)
        except Misplaced:
            return self.table.place(cluster)

    def is_at(self, cluster: str, account_id: str, region: str) -> bool:
        """Whether a cluster is in an account, by its id of AWS, and region, as far as is known without a read."""
        revision = self._revisions.known(cluster)
        try:
            place = self.table.place(cluster, revision.document_or_empty if revision else None)
        except Misplaced:
            return False
        return place.account in self.table.names_of(account_id) and place.region in ('', region)

    def planned(self, cluster: str, document: Any) -> Place:
        """The place of a cluster with a desired state that may not be stored. Raises `Misplaced`."""
        return self.table.place(cluster, document)

    def region(self, cluster: str, document: Any) -> str | None:
        """The region of a cluster with that desired state; None where it has no place."""
        try:
            return self.table.place(cluster, document).region or None
        except Misplaced:
            return None
