"""The verification of a whole bucket, for one that was restored: every object is read, and every chain is checked."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TextIO

from stack.access import tokens
from stack.access.memberships import MEMBERSHIPS
from stack.access.names import PEOPLE
from stack.access.token_store import ENDED, TOKENS
from stack.aws.ports import KeyLister, ListedObject
from stack.changes import audit_verification, freeze_calendar
from stack.changes.audit import MARKS
from stack.changes.audit import PREFIX as AUDIT
from stack.changes.audit_verification import Verification
from stack.changes.guard_store import KEY as GUARDS
from stack.changes.guards import read_guards
from stack.changes.installation_audit import INSTALLATION, MARK
from stack.changes.proposal_store import BODIES, RECORDS, load
from stack.changes.traffic_approvals import PREFIX as TRAFFIC
from stack.errors import NotFound, StateUnreadable
from stack.rollouts import rollout_records
from stack.state import ecs_claims, lease_record, revision_store
from stack.state.proof import Finding, Proof, Severity, status_of
from stack.state.revision_store import REMOVED, SEPARATOR, RevisionStore
from stack.state.revisions import GUARDS_KEY, Revision

READ_AT_ONCE = 16


class Bucket(revision_store.Bucket, KeyLister, Protocol):
    """The calls of a verification, which writes nothing, and those of the store that it reads by."""

    @property
    def name(self) -> str: ...

    async def keeps_versions(self) -> bool: ...


@dataclass(frozen=True)
class Kind:
    """Objects under a prefix. `read` raises ValueError, KeyError, TypeError, AttributeError or `StateUnreadable`."""

    prefix: str
    name: str
    read: Callable[[bytes], Any]


def _guards(body: bytes) -> Any:
    return read_guards(json.loads(body))


def _token(body: bytes) -> Any:
    return tokens.read_record(json.loads(body))


def _any(body: bytes) -> Any:
    """A marker: it exists, and what it contains is no record."""


# Entries of audits are not here: their chains are checked. The longest prefix applies.
KINDS = (
    Kind(TOKENS, 'tokens', _token),
    Kind(GUARDS.partition('{')[0], 'guards', _guards),
    Kind(freeze_calendar.KEY, 'freeze calendar', freeze_calendar.load),
    Kind(PEOPLE, 'names of people', json.loads),
    Kind(MEMBERSHIPS, 'groups of people', json.loads),
    Kind(ENDED, 'ended sessions', json.loads),
    Kind(lease_record.PREFIX, 'leases', json.loads),
    Kind(ecs_claims.PREFIX, 'claims to ECS clusters', ecs_claims.read_claim),
    Kind(MARKS, 'marks of audits', _any),
    Kind(MARK, 'marks of audits', _any),
    Kind(REMOVED, 'removed clusters', _any),
    Kind(rollout_records.PREFIX, 'records of rollouts', rollout_records.load),
    Kind(RECORDS, 'proposals', partial(load, 'a record')),
    Kind(BODIES, 'plans of proposals', json.loads),
    Kind(TRAFFIC, 'approvals of pauses', json.loads),
    Kind('runs/', 'records of runs', json.loads),
    Kind('flights/', 'reports of failed rollouts', json.loads),
    # A cache: what is damaged there is not used.
    Kind('summaries/', 'summaries of clusters', _any),
    Kind('run-requests/', 'requests for runs', json.loads),
    Kind('nysa/tagged', 'trial of tags', json.loads),
)
CHAINED = (AUDIT.partition('{')[0], INSTALLATION)


@dataclass
class Result:
    """The number of objects of each kind, the proofs of all chains, and what was found beside them."""

    counts: Counter[str] = field(default_factory=Counter)
    proofs: list[Proof] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class BucketVerification:
    def __init__(self, bucket: Bucket):
        self._bucket = bucket
        self._audits = Verification(bucket)
        self._store = RevisionStore(bucket)
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    async def run(self) -> Result:
        """Read everything. Raises `AwsFailed`."""
        result = Result()
        if not await self._bucket.keeps_versions():
            message = 'keeps no versions: there is no history, and none will be made'
            result.findings.append(Finding(Severity.UNPROVEN, f'bucket {self._bucket.name}', message))
        listed = await self._bucket.objects()
        current = [each.key for each in listed if SEPARATOR not in each.key]
        result.counts['desired states'] = len(current)
        for cluster in await self._audits.clusters():
            await self._cluster(cluster, result, is_managed=cluster in current)
        result.proofs += await self._audits.installation()
        result.counts['revisions'] = sum(proof.checked for proof in result.proofs[:-1:2])
        result.counts['entries of audits'] = sum(proof.checked for proof in result.proofs[1::2])
        others = [each for each in listed if SEPARATOR in each.key and not each.key.startswith(CHAINED)]
        for name, found in await asyncio.gather(*(self._other(each) for each in others)):
            result.counts[name] += 1
            result.findings += found
        return result

    async def _cluster(self, cluster: str, result: Result, *, is_managed: bool) -> None:
        result.proofs += await self._audits.chains(cluster)
        if not is_managed:
            return
        # A cluster that was removed since the listing has no desired state to be read.
        with contextlib.suppress(NotFound):
            revision = await self._store.read(cluster)
            if revision.unreadable:
                result.findings.append(Finding(Severity.BROKEN, cluster, revision.unreadable))
            result.findings += await self._guards_of(revision)

    async def _guards_of(self, revision: Revision) -> Sequence[Finding]:
        id = revision.metadata.get(GUARDS_KEY)
        if not id or await self._bucket.get(GUARDS.format(revision.cluster, id)):
            return ()
        message = f'its freeze and quarantines ({id}) are missing: every change is refused until they are back'
        return (Finding(Severity.BROKEN, revision.cluster, message),)

    async def _other(self, listed: ListedObject) -> tuple[str, Sequence[Finding]]:
        kind = max((each for each in KINDS if listed.key.startswith(each.prefix)), key=_length, default=None)
        if kind is None:
            return 'unknown objects, not checked', ()
        async with self._reading:
            stored = await self._bucket.get(listed.key)
        try:
            # An object that was deleted since the listing is none any more.
            _ = kind.read(stored.body) if stored else None
        except (ValueError, KeyError, TypeError, AttributeError, StateUnreadable):
            return kind.name, (Finding(Severity.BROKEN, listed.key, f'cannot be read ({kind.name})'),)
        return kind.name, ()


def _length(kind: Kind) -> int:
    return len(kind.prefix)


def report(result: Result, expected: Sequence[str], out: TextIO) -> int:
    """Print what was read and what is wrong. Gives the exit status."""
    for name, count in result.counts.items():
        print(f'{count:6} {name}', file=out)
    for finding in result.findings:
        print(finding.line(), file=out)
    of_chains = audit_verification.report(result.proofs, expected, out)
    of_objects = status_of(result.findings)
    return 1 if 1 in (of_chains, of_objects) else max(of_chains, of_objects)
