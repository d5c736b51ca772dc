"""Answers a paused deployment: ECS goes on with it, or rolls it back.

An answer is an object in the bucket, named by the hook, which a scheduler carries out: the first answer to a pause
counts, and a repeated one gives its state. See docs/decisions/stopping.md.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from stack.aws.ports import ObjectStore, PerCluster
from stack.changes.approvers import Account
from stack.changes.audit import Audit
from stack.changes.changes import Changes
from stack.changes.stopping import Look, newest_deployment, refuse_moved
from stack.changes.traffic_approvals import TrafficApprovals
from stack.errors import ApprovalDenied, ApprovalRequired, Conflict, NotFound, PreconditionFailed, Unprocessable
from stack.rollouts.hook_answer import Action, HookAnswer, read_answer
from stack.rollouts.service_deployment import ServiceDeployment
from stack.runtime.observers import Observers
from stack.state.revisions import Change, Revision
from stack.state.service_edits import settings_of

# How often, and how many times, it is looked whether a scheduler has carried the answer out.
LOOK_EVERY_S = 0.5
LOOKS = 12

ENDED: dict[Action, str] = {'continue': 'continued', 'rollback': 'rolled back'}


@dataclass(frozen=True)
class ContinueRequest:
    """`hook` is the pause that the caller saw, and `deployment` its deployment; None where it named none.

    `author` is the account of the caller, None where no person asks.
    """

    service: str
    action: Action
    change: Change
    hook: str | None = None
    deployment: str | None = None
    author: Account | None = None


class Continuing:
    def __init__(
        self,
        bucket: ObjectStore,
        changes: Changes,
        audit: Audit,
        looks: PerCluster[Look],
        traffic: TrafficApprovals,
        *,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ):
        self._bucket = bucket
        self._changes = changes
        self._audit = audit
        self._looks = looks
        self._traffic = traffic
        self._sleep = sleep
        # Notified of each answer that was stored: `continue` or `roll-back`.
        self.acts: Observers[[str]] = Observers()

    async def answer(self, current: Revision, request: ContinueRequest) -> dict[str, Any]:
        """Answer the pause of a rollout, and wait some seconds until it is carried out.

        `state` is `requested` while no scheduler has done so. Raises `NotFound`, `DeploymentMoved`, `Conflict` where
        nothing waits or AWS refused the answer, `Unprocessable` where several hooks wait, `Frozen`, `AccessDenied`, and
        `ApprovalDenied` and `ApprovalRequired` where `approvals` gates the traffic.
        """
        cluster, service, change = current.cluster, request.service, request.change
        change.scope.check([service])
        if settings_of(current.document, service) is None:
            raise NotFound(f'{cluster} has no service {service!r} in its desired state.')
        going = await newest_deployment(await self._looks.of(cluster), cluster, service)
        refuse_moved(service, request.deployment, going)
        if going is None:
            raise Conflict(f'ECS rolls out nothing of {service} now.')
        hook = _chosen(going, request)
        asked = HookAnswer(
            cluster,
            service,
            going.arn,
            hook,
            request.action,
            change.origin.by,
            change.at.isoformat(),
            change.origin.message,
        )
        if hook not in {waiting.id for waiting in going.waits_for}:
            return asked.to_json('done', f'{service} does not wait at this pause any more; it is at {_stage(going)}.')
        if request.action == 'continue':
            change = await self._changes.permit(current, change)
            await self._approve(current, request, hook)
        known = await self._store(asked, change)
        return await self._carried_out(known)

    async def _approve(self, current: Revision, request: ContinueRequest, hook: str) -> None:
        """Count the caller's approval, if the policy asks for some; an override goes on without.

        Raises `ApprovalDenied`, and `ApprovalRequired` where more are needed.
        """
        if request.change.override:
            self._audit.decided(current.cluster, 'override', request.change)
            return
        try:
            await self._traffic.approve(current, request.service, hook, request.author)
        except (ApprovalDenied, ApprovalRequired) as refusal:
            self._audit.refused(current.cluster, request.change, refusal)
            raise

    async def _store(self, asked: HookAnswer, change: Change) -> HookAnswer:
        """Store the answer, unless the pause has one that AWS did not refuse; gives the one that counts."""
        for _ in range(2):
            stored = await self._bucket.get(asked.key)
            known = read_answer(stored.body) if stored else None
            if known is not None and known.refused is None:
                return known
            try:
                await self._bucket.put(asked.key, asked.dump(), over=stored.etag if stored else None)
            except PreconditionFailed:
                continue
            self._audit.ran(asked.cluster, change)
            self.acts.notify('continue' if asked.action == 'continue' else 'roll-back')
            return asked
        raise Conflict(f'The pause of {asked.service} is being answered at the same time.')

    async def _carried_out(self, known: HookAnswer) -> dict[str, Any]:
        ended = ENDED[known.action]
        for _ in range(LOOKS):
            stored = await self._bucket.get(known.key)
            if stored is None:
                return known.to_json('done', f'{known.service} is {ended} by {known.by}.')
            refused = read_answer(stored.body).refused
            if refused is not None:
                raise Conflict(f'AWS refused it: {refused}')
            await self._sleep(LOOK_EVERY_S)
        return known.to_json('requested', f'{known.service} is to be {ended} by {known.by}; a scheduler does so.')


def _chosen(going: ServiceDeployment, request: ContinueRequest) -> str:
    """The hook to answer. Raises `Conflict` where none waits, `Unprocessable` where several do."""
    if request.hook is not None:
        return request.hook
    waiting = going.waits_for
    if not waiting:
        raise Conflict(f'{request.service} does not wait: it is at {_stage(going)}.')
    if len(waiting) > 1:
        names = [{'path': 'hook', 'message': hook.id} for hook in waiting]
        raise Unprocessable(f'Several hooks of {request.service} wait; name one in `hook`.', names)
    return waiting[0].id


def _stage(going: ServiceDeployment) -> str:
    return going.stage if going.open and going.stage else going.status
