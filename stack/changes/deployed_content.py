"""Deployed contents: whether the content of a revision was ever deployed, by the history and the scheduler's record."""

from stack.aws.ports import ObjectReader
from stack.errors import StateUnreadable
from stack.state.lease_record import Deployed, recorded
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Revision

# How many revisions before it are looked at.
LOOKED_AT = 50


class DeployedContent:
    def __init__(self, store: RevisionStore, bucket: ObjectReader):
        self._store = store
        self._bucket = bucket

    async def was_deployed(self, last: Revision) -> bool:
        """Whether the content of the last revision of a cluster was announced, or deployed by a scheduler of Nysa.

        A write by another program counts as announced: that program notifies schedulers itself. Raises `AwsFailed`.
        """
        found = await recorded(self._bucket, last.cluster)
        if found.deployed is not None and found.deployed.content == Deployed.digest(last):
            return True
        for listed in await self._store.versions(last.cluster, limit=LOOKED_AT):
            if listed.deleted:
                continue
            revision = await self._store.read_version(last.cluster, listed.version)
            if not _is_same(revision, last):
                return False
            if not revision.is_silent:
                return True
        return False


def _is_same(one: Revision, other: Revision) -> bool:
    try:
        return one.document == other.document
    except StateUnreadable:
        return False
