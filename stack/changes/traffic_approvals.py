"""Approvals of going on after a pause of a deployment, where `approvals` has `traffic`.

They are counted by pause: `traffic-approvals/<cluster>/<service>/<hook>` has them, replaced by conditional writes. A
pause whose service has no such policy needs no approval, and costs no call.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from stack.aws.ports import ObjectStore
from stack.changes.approval_policy import Requirement, traffic_requirement, who_may_approve
from stack.changes.approvers import Account, Decision, missing, read_decision, why_not
from stack.changes.standings import Standings, approver_now, approvers_now
from stack.errors import ApprovalDenied, ApprovalRequired, Conflict, PreconditionFailed, StateUnreadable
from stack.state.revisions import Revision

PREFIX = 'traffic-approvals/'
ATTEMPTS = 20


class TrafficApprovals:
    def __init__(
        self,
        bucket: ObjectStore,
        standings: Standings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._bucket = bucket
        self._standings = standings
        self._now = now

    async def approve(self, current: Revision, service: str, hook: str, by: Account | None) -> None:
        """Count the approval of a caller that goes on after a pause; returns once no more are needed.

        Raises `ApprovalDenied` for a caller whose approval does not count, and `ApprovalRequired` where it is recorded
        and more are needed.
        """
        requirement = traffic_requirement(current.document_or_empty, service)
        if requirement is None:
            return
        if by is None:
            raise _more_needed(service, requirement.policy.required, requirement)
        await self._standings.refresh()
        author = author_of(current)
        approver = await approver_now(self._standings, by)
        if refusal := why_not(approver, author, [requirement]):
            raise ApprovalDenied(refusal)
        left = await self._count(current.cluster, service, hook, Decision(by, self._now()), author, requirement)
        if left:
            raise _more_needed(service, left, requirement)

    async def _count(
        self, cluster: str, service: str, hook: str, decision: Decision, author: Account, requirement: Requirement
    ) -> int:
        """How many approvals are needed after one more."""
        key = key_of(cluster, service, hook)
        for _ in range(ATTEMPTS):
            stored = await self._bucket.get(key)
            decisions = _load(key, stored.body) if stored else []
            others = [each for each in decisions if not each.account.is_same(decision.account)]
            decisions = [*others, decision]
            try:
                body = json.dumps([each.to_json() for each in decisions]).encode()
                await self._bucket.put(key, body, over=stored.etag if stored else None)
            except PreconditionFailed:
                continue
            approvers = await approvers_now(self._standings, decisions, cluster)
            return missing(approvers, author, [requirement])
        raise Conflict(f'Many people approve the pause of {service} at once; try again.')


def author_of(revision: Revision) -> Account:
    """Who wanted what is rolled out, as far as the revision records it."""
    deploying = [change.origin for change in revision.changes if change.announce]
    if deploying:
        return Account(deploying[-1].by, 'record', deploying[-1].subject)
    # A freeze and the like came after it.
    return Account(revision.last_change().get('by') or '', 'record')


def key_of(cluster: str, service: str, hook: str) -> str:
    """The key of the approvals of a pause; ids of hooks are hashed, since ECS may give any text."""
    return f'{PREFIX}{cluster}/{service}/{hashlib.sha256(hook.encode()).hexdigest()[:32]}'


def _load(key: str, body: bytes) -> list[Decision]:
    try:
        stored: Any = json.loads(body)
        if not isinstance(stored, list):
            raise TypeError('a list of approvals')
        return [read_decision(each) for each in stored]
    except (ValueError, KeyError, TypeError) as error:
        raise StateUnreadable(f'{key} holds no approvals.') from error


def _more_needed(service: str, left: int, requirement: Requirement) -> ApprovalRequired:
    needed = (requirement,)
    number = '1 more approval' if left == 1 else f'{left} more approvals'
    return ApprovalRequired(
        f'Going on with {service} needs {number} by {who_may_approve(needed)}; yours is recorded.',
        [requirement.to_json()],
    )
