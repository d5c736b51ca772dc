"""The verification of audits: reads a cluster's revisions and entries from the bucket, and checks both chains."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TextIO

from stack.aws.ports import KeyLister, ListedVersion, ObjectLister, VersionLister, VersionReader
from stack.changes import log_check
from stack.changes.audit import MARKS, PREFIX
from stack.changes.entry_chain import mark_in, read_entries
from stack.changes.installation_audit import INSTALLATION, MARK
from stack.changes.log_check import StoredBatch
from stack.errors import NotFound
from stack.state import revision_chain
from stack.state.proof import Finding, Proof, Severity, status_of
from stack.state.revision_chain import Deletion, WithoutContent
from stack.state.revision_store import REMOVED, SEPARATOR
from stack.state.revisions import Revision

# Objects that are read at once.
READ_AT_ONCE = 16
EVERY_VERSION = 1_000_000
# Beside its desired state, a cluster is named in keys with these prefixes.
NAMING = (PREFIX.partition('{')[0], MARKS, REMOVED)


class Bucket(VersionReader, ObjectLister, VersionLister, KeyLister, Protocol):
    """The calls of a verification; none of them writes."""


class Verification:
    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    async def clusters(self) -> Sequence[str]:
        """Every cluster that is or was in the bucket, sorted: also one that another program deleted."""
        found = await self._bucket.ever_stored(delimiter=SEPARATOR)
        for prefix in NAMING:
            listed = await self._bucket.objects(prefix=prefix)
            found |= {each.key.removeprefix(prefix).partition(SEPARATOR)[0] for each in listed}
        return sorted(found - {''})

    async def cluster(self, cluster: str) -> Sequence[Proof]:
        """The proofs of both chains of a cluster. Raises `NotFound` where there is neither, and `AwsFailed`."""
        is_name = bool(cluster) and SEPARATOR not in cluster
        proofs = await self.chains(cluster) if is_name else ()
        if not any(proof.checked or proof.findings for proof in proofs):
            raise NotFound(f'There is no cluster {cluster!r} in this bucket, and none was.')
        return proofs

    async def chains(self, cluster: str) -> Sequence[Proof]:
        """The proofs of both chains of a cluster, which may be empty. Raises `AwsFailed`."""
        revisions, entries, removed = await asyncio.gather(
            self.revisions(cluster),
            self.entries(f'{cluster}: audit', PREFIX.format(cluster), MARKS + cluster),
            self._bucket.get(REMOVED + cluster),
        )
        if removed and not (revisions.checked or revisions.findings):
            gone = Finding(Severity.UNPROVEN, cluster, 'was removed, and its history has expired or was deleted')
            revisions = replace(revisions, findings=(gone,))
        return revisions, entries

    async def installation(self) -> Sequence[Proof]:
        """The proof of the installation's audit. Raises `AwsFailed`."""
        return (await self.entries('installation: audit', INSTALLATION, MARK),)

    async def revisions(self, cluster: str) -> Proof:
        """The proof of a history."""
        listed = await self._bucket.versions(cluster, limit=EVERY_VERSION)
        history = await asyncio.gather(*(self._revision(cluster, version) for version in listed))
        read = [each for each in history if each is not None]
        proof = revision_chain.check(cluster, read)
        if any(version.version is None and not version.deleted for version in listed):
            unversioned = Finding(Severity.UNPROVEN, cluster, 'the bucket keeps no versions: the history is not there')
            return replace(proof, findings=(*proof.findings, unversioned))
        return proof

    async def _revision(self, cluster: str, version: ListedVersion) -> WithoutContent | Deletion | None:
        if version.deleted:
            return Deletion(str(version.version))
        async with self._reading:
            stored = await self._bucket.get(cluster, version=version.version)
        if stored is None:
            return None  # Deleted since the listing: the next revision's link shows that it is missing.
        read = Revision(cluster, stored.etag, stored.version, stored.body, stored.modified, stored.metadata)
        return WithoutContent.of(read)

    async def entries(self, title: str, prefix: str, mark: str) -> Proof:
        """The proof of a chained log; `mark` is the key beside it that names its newest object."""
        # Before the listing, so that what is stored meanwhile is not taken for missing.
        marked = await self._bucket.get(mark)
        listed = await self._bucket.objects(prefix=prefix)
        batches = await asyncio.gather(*(self._batch(each.key) for each in listed))
        proof = log_check.check(title, prefix, batches, mark_in(marked.body if marked else b''))
        # The first object of a log may have been stored since, and is before its mark.
        if proof.checked and marked is None and await self._bucket.get(mark) is None:
            unmarked = Finding(Severity.UNPROVEN, mark, 'is missing: nothing proves that the newest entries are there')
            return replace(proof, findings=(*proof.findings, unmarked))
        return proof

    async def _batch(self, key: str) -> StoredBatch:
        async with self._reading:
            stored = await self._bucket.get(key)
        return StoredBatch(key, read_entries(stored.body) if stored else None)


def report(proofs: Sequence[Proof], expected: Sequence[str], out: TextIO) -> int:
    """Print the proofs, and that hashes which were recorded elsewhere are still in a chain. Gives the exit status."""
    known = frozenset[str]().union(*(proof.hashes for proof in proofs))
    missing = [
        Finding(Severity.BROKEN, recorded, 'is in no chain: what it was recorded for was changed or deleted')
        for recorded in expected
        if recorded not in known
    ]
    for proof in proofs:
        print(*proof.lines(), sep='\n', file=out)
    for finding in missing:
        print(finding.line(), file=out)
    status = status_of([*(finding for proof in proofs for finding in proof.findings), *missing])
    print({0: 'The chains are whole.', 1: 'A chain is broken.'}.get(status, 'Not everything is proven.'), file=out)
    return status
