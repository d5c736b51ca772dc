"""The use cases of a desired state: create, replace, change, deploy, remove, restore.

Each change is validated, stored by a conditional write, and announced. It is refused for the mistakes that it adds, not
for those that were stored before it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from stack.aws.ports import ClusterStatus
from stack.changes.change_request import Accepted, ChangeRequest, Outcome
from stack.changes.changes import Changes, exists
from stack.configuration.accounts import ecs_name
from stack.errors import Conflict, InvalidRequest, NotFound, Unprocessable
from stack.runtime.off_loop import call_off_loop
from stack.stackfile import editing
from stack.stackfile.check import Position, check
from stack.stackfile.editing import Edit
from stack.stackfile.effective import services
from stack.stackfile.problems import Problem, new_mistakes, refusal
from stack.state.revision_store import RevisionStore
from stack.state.revisions import REMOVAL, Change, Revision

Document = dict[str, Any]

# Called with a revision that was announced again, and the time: `stack.live.live.Live.announced`.
Announced = Callable[[Revision, datetime], Awaitable[None]]

# Reads an ECS cluster in the account and region of a desired state; None where there is none. Raises `AwsFailed`.
DescribeCluster = Callable[[str, Document], Awaitable[ClusterStatus | None]]

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
CLUSTER_NAME = re.compile(r'[A-Za-z0-9_-]{1,255}')

# A record has little room: a change of more services is recorded with their number.
SERVICES_NAMED = 10


class DesiredStates:
    """The use cases, one method each; with `dry_run` each gives its plan only.

    All raise `AwsFailed` where AWS fails, and `Frozen` and `Quarantined` where a guard refuses the change; nothing is
    changed then.
    """

    def __init__(
        self,
        store: RevisionStore,
        changes: Changes,
        describe_cluster: DescribeCluster,
        announced: Announced,
        was_deployed: Callable[[Revision], Awaitable[bool]],
    ):
        self._store = store
        self._changes = changes
        self._describe_cluster = describe_cluster
        self._announced = announced
        self._was_deployed = was_deployed

    async def names(self) -> Sequence[str]:
        """The clusters under management, sorted."""
        return await self._store.names()

    async def read(self, cluster: str) -> Revision:
        """The current revision. Raises `NotFound`."""
        return await self._store.read(cluster)

    async def create(
        self,
        cluster: str,
        document: Document,
        request: ChangeRequest,
        position: Position | None = None,
        *,
        verb: str = 'create',
    ) -> Outcome:
        """Take an ECS cluster under management. Raises `InvalidStackfile`, and the errors of `check_new`."""
        _check_name(cluster)
        report = await call_off_loop(check, document, cluster=cluster, position=position)
        if report.mistakes:
            raise refusal(report.mistakes)
        self._changes.check_place(cluster, document)
        warnings = [*report.warnings, *await self.check_new(cluster, document)]
        return await self._changes.begin(cluster, document, request.change(verb=verb), request, warnings)

    async def check_new(self, cluster: str, document: Document) -> list[Problem]:
        """Check that an ECS cluster can be taken under management with a desired state; gives warnings about it.

        Raises `InvalidRequest`, and `Unprocessable` where the cluster, or its ECS cluster, is under management already,
        or where ECS has no such active cluster.
        """
        _check_name(cluster)
        await self._refuse_existing(cluster)
        await self._changes.claims.check(cluster, document)
        return await self._check_ecs(cluster, document)

    async def replace(
        self,
        cluster: str,
        document: Document,
        request: ChangeRequest,
        position: Position | None = None,
        *,
        prune: bool = False,
    ) -> Outcome:
        """Store a whole new desired state over the current one; `prune` destroys the services that it leaves out.

        Raises `NotFound`, `InvalidStackfile`, `PlanOutdated`, `TooLarge`, and `RevisionConflict` where the current one
        is not the expected one, or changes meanwhile.
        """
        current = await self._changes.current(cluster, request)
        report = await call_off_loop(check, document, cluster=cluster, position=position)
        if report.mistakes:
            before = await call_off_loop(check, current.document_or_empty, cluster=cluster)
            own = new_mistakes(before, report)
            if own:
                raise refusal(own)
        left_out = missing(current.document_or_empty, document)
        destroyed: dict[str, Any] = {'destroyed': left_out} if prune and left_out else {}
        change = request.change(verb='replace', **destroyed)
        based = replace(request, expected=current.id)
        warnings = [*report.mistakes, *report.warnings]
        outcome = await self._changes.make(cluster, lambda _: document, change, based, warnings)
        if change.destroyed or not left_out or not isinstance(outcome, Accepted):
            return outcome
        return replace(outcome, more={'unmanaged': left_out})

    async def change_service(
        self, cluster: str, service: str, request: ChangeRequest, values: dict[str, Any]
    ) -> Outcome:
        """Change `image_tag` or `desired_count` of one service. Raises `NotFound`, `InvalidRequest`."""
        change = request.change(verb='change', service=service, **values)
        return await self._edit(cluster, {service: Edit(**values)}, change, request)

    async def restart_service(self, cluster: str, service: str, request: ChangeRequest) -> Outcome:
        """Replace all tasks of a service, and pull its image again. Raises `NotFound`."""
        change = request.change(verb='restart', service=service)
        return await self._edit(cluster, {service: Edit(restart=request.moment)}, change, request)

    async def remove_service(self, cluster: str, service: str, request: ChangeRequest) -> Outcome:
        """Remove one service from the desired state, and destroy it. Raises `NotFound`."""
        change = request.change('destroy', verb='remove', service=service)
        return await self._edit(cluster, {service: None}, change, request)

    async def change_services(self, cluster: str, edits: Mapping[str, Edit | None], request: ChangeRequest) -> Outcome:
        """Change several services at once, all or none; None destroys one. Raises `NotFound`, `InvalidRequest`."""
        gone = [name for name, edit in edits.items() if edit is None]
        did: dict[str, Any] = {'services': list(edits)} if len(edits) <= SERVICES_NAMED else {'count': len(edits)}
        change = request.change(verb='change', **did | ({'destroyed': gone} if gone else {}))
        return await self._edit(cluster, edits, change, request, 'services.{}.')

    async def _edit(
        self,
        cluster: str,
        edits: Mapping[str, Edit | None],
        change: Change,
        request: ChangeRequest,
        where: str = '',
    ) -> Outcome:
        def edit(document: Document) -> Document:
            return editing.change_services(document, edits, where)

        restart = next((changed.restart for changed in edits.values() if changed and changed.restart), None)
        return await self._changes.make(cluster, edit, change, request, restart=restart)

    async def deploy(self, cluster: str, request: ChangeRequest) -> Outcome:
        """Announce the current desired state again. Raises `NotFound`, `RevisionConflict`."""
        change = request.change(verb='deploy')
        revision = await self._changes.current(cluster, request)
        if request.dry_run:
            return await self._changes.preview(revision, lambda document: document, change)
        _ = revision.document  # raises where the stored object is no desired state
        change = await self._changes.with_side_effects(revision, lambda document: document, change, request)
        change = await self._changes.permit(revision, change)
        announced = await self._changes.announce_again(revision, change)
        if announced is not None:
            await self._announced(revision, change.at)
        return Accepted(revision, announced, more=change.effects_json())

    async def remove(self, cluster: str, request: ChangeRequest) -> Outcome:
        """Stop managing a cluster; ECS is left alone, and the history stays.

        A last revision records the author and the reason. Raises `NotFound`, `RevisionConflict`, and `Conflict` where
        the bucket keeps no versions, so that the cluster could not be restored.
        """
        current = await self._changes.current(cluster, request)
        if current.version is None:
            raise Conflict(
                'The bucket keeps no versions: what is removed could not be brought back. Nothing was changed.'
            )
        change = replace(request.change(verb=REMOVAL), announce=None)
        if request.dry_run:
            return await self._changes.preview(current, lambda document: {**document, 'services': []}, change)
        return Accepted(await self._changes.end(current, change), None)

    async def restore(self, cluster: str, request: ChangeRequest, deploy: bool | None = None) -> Outcome:
        """Bring a removed cluster back as it was.

        A document that was never deployed (adopted, or stored without `deploy`) is deployed only where the caller asks
        for it with `deploy`. Raises `NotFound` without a history, `Unprocessable` if it is not removed.
        """
        await self._refuse_existing(cluster)
        last = await self._store.last_before_removal(cluster)
        if deploy is None:
            request = replace(request, deploy=await self._was_deployed(last))
        change = request.change(verb='restore', revision=last.id)
        return await self._changes.begin(cluster, last.document, change, request)

    async def settled(self) -> None:
        """Wait until everything that this process stored is announced and marked."""
        await self._changes.settled()

    async def close(self) -> None:
        """Finish what was accepted: writes first, then their announcements."""
        await self._changes.close()

    async def _refuse_existing(self, cluster: str) -> None:
        try:
            current = await self._store.read(cluster)
        except NotFound:
            return
        if not current.is_removal:
            raise exists(cluster)
        await self._changes.finish_removal(current)

    async def _check_ecs(self, cluster: str, document: Document) -> list[Problem]:
        described = await self._describe_cluster(cluster, document)
        name = ecs_name(cluster, document)
        if described is None:
            raise Unprocessable(f'ECS has no cluster {name!r}. Create it in ECS first.')
        if described.status != 'ACTIVE':
            raise Unprocessable(f'The ECS cluster {name!r} is {described.status}, not ACTIVE.')
        if described.container_instances == 0:
            return [Problem((), f'The ECS cluster {name!r} has no container instance: only Fargate can run here.')]
        return []


def _check_name(cluster: str) -> None:
    if not CLUSTER_NAME.fullmatch(cluster):
        allowed = '1 to 255 letters, digits, hyphens and underscores'
        raise InvalidRequest(
            f'{cluster[:300]!r} cannot be the name of an ECS cluster: {allowed}.',
            [{'path': 'name', 'message': allowed}],
        )


def missing(before: Any, after: Any) -> list[str]:
    """The services of a document that another one leaves out."""
    kept = {name for name, _ in services(after)}
    return list(dict.fromkeys(name for name, _ in services(before) if name not in kept))
