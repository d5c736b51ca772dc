"""What clients may do with the desired state of a cluster.

Each change is validated, stored on the condition that nothing came between, and announced. It is refused for the
mistakes that it makes, not for those that were stored before it.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.errors import Conflict, InvalidRequest, NotFound, RevisionConflict, Unprocessable
from stack.notifier import Notifier
from stack.revision_store import RevisionStore, serialise
from stack.revisions import Change, Origin, Revision
from stack.stackfile import editing
from stack.stackfile.check import Position, check
from stack.stackfile.problems import Problem, new_mistakes, refusal
from stack.writer import Writer

Document = dict[str, Any]

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
CLUSTER_NAME = re.compile(r'[A-Za-z0-9_-]{1,255}')


class EcsCluster(Protocol):
    status: str
    container_instances: int


@dataclass(frozen=True)
class Accepted:
    """A change that is stored. `announced` is false where the queue does not answer yet, None where nobody is told."""

    revision: Revision
    announced: bool | None
    warnings: Sequence[Problem] = ()


@dataclass(frozen=True)
class ChangeRequest:
    """What comes with every change: its origin, the revision that its author knew (or None), whether to deploy."""

    origin: Origin
    expected: str | None = None
    deploy: bool = True

    def change(self, announce: str = 'deploy', **did: Any) -> Change:
        return Change(self.origin, datetime.now(UTC), did, announce if self.deploy else None)


class DesiredStates:
    """The use cases, one method each. All raise `AwsFailed` where AWS does; nothing is changed then."""

    def __init__(
        self,
        store: RevisionStore,
        notifier: Notifier,
        describe_cluster: Callable[[str], Awaitable[EcsCluster | None]],
    ):
        self._store = store
        self._notifier = notifier
        self._describe_cluster = describe_cluster
        self._writer = Writer(store, notifier.fits)

    async def names(self) -> list[str]:
        """The clusters under management, sorted."""
        return await self._store.names()

    async def read(self, cluster: str) -> Revision:
        """The current revision. Raises `NotFound`."""
        return await self._store.read(cluster)

    async def create(
        self, cluster: str, document: Document, request: ChangeRequest, position: Position | None = None
    ) -> Accepted:
        """Take an ECS cluster under management.

        Raises `InvalidRequest`, `InvalidStackfile`, and `Unprocessable` where the cluster is under management already,
        or where ECS has no such active cluster.
        """
        if not CLUSTER_NAME.fullmatch(cluster):
            allowed = '1 to 255 letters, digits, hyphens and underscores'
            raise InvalidRequest(
                f'{cluster[:300]!r} cannot be the name of an ECS cluster: {allowed}.',
                [{'path': 'name', 'message': allowed}],
            )
        report = check(document, cluster=cluster, position=position)
        if report.mistakes:
            raise refusal(report.mistakes)
        await self._refuse_existing(cluster)
        warnings = [*report.warnings, *await self._check_ecs(cluster)]
        change = request.change(verb='create')
        body = serialise(document)
        self._notifier.fits(cluster, body, [change])
        try:
            revision = await self._store.write(None, cluster, body, [change])
        except RevisionConflict as conflict:
            raise _exists(cluster) from conflict
        return await self._announced(revision, warnings)

    async def replace(
        self, cluster: str, document: Document, request: ChangeRequest, position: Position | None = None
    ) -> Accepted:
        """Store a whole new desired state over the current one. Raises `NotFound`, `InvalidStackfile`,
        `RevisionConflict` where the current one is not the expected one, or changes meanwhile, and `TooLarge`.
        """
        current = await self._store.read(cluster)
        if request.expected is not None and request.expected != current.id:
            raise stale(current, request.expected)
        report = check(document, cluster=cluster, position=position)
        if report.mistakes:
            before = check(current.document, cluster=cluster)
            own = new_mistakes(before, report)
            if own:
                raise refusal(own)
        warnings = [*report.mistakes, *report.warnings]
        revision = await self._writer.patch(cluster, lambda _: document, request.change(verb='replace'), current.id)
        return await self._announced(revision, warnings)

    async def change_service(
        self, cluster: str, service: str, request: ChangeRequest, values: dict[str, Any]
    ) -> Accepted:
        """Change `image_tag` or `desired_count` of one service. Raises `NotFound`, `InvalidRequest`."""

        def edit(document: Document) -> Document:
            return editing.change_service(document, service, **values)

        change = request.change(verb='change', service=service, **values)
        return await self._announced(await self._writer.patch(cluster, edit, change, request.expected))

    async def remove_service(self, cluster: str, service: str, request: ChangeRequest) -> Accepted:
        """Take one service out of the desired state and have it destroyed. Raises `NotFound`."""

        def edit(document: Document) -> Document:
            return editing.remove_service(document, service)

        change = request.change('destroy', verb='remove', service=service)
        return await self._announced(await self._writer.patch(cluster, edit, change, request.expected))

    async def deploy(self, cluster: str, request: ChangeRequest) -> Accepted:
        """Announce the current desired state again. Raises `NotFound`, `RevisionConflict`."""
        revision = await self._current(cluster, request.expected)
        _ = revision.document  # what is no desired state is not announced as one
        change = request.change(verb='deploy')
        announced = await self._notifier.announce_again(revision, change) if request.deploy else None
        return Accepted(revision, announced)

    async def remove(self, cluster: str, request: ChangeRequest) -> Accepted:
        """Stop managing a cluster; ECS is left alone, and the history stays.

        Who did it and why is recorded in a last revision. Raises `NotFound`, `RevisionConflict`, and `Conflict` where
        the bucket keeps no versions, so that nothing could be brought back.
        """
        current = await self._current(cluster, request.expected)
        if current.version is None:
            raise Conflict(
                'The bucket keeps no versions: what is removed could not be brought back. Nothing was changed.'
            )
        change = Change(request.origin, datetime.now(UTC), {'verb': 'remove cluster'}, announce=None)
        last = await self._store.write(current, cluster, current.body, [change])
        await self._store.remove(last)
        return Accepted(last, None)

    async def restore(self, cluster: str, request: ChangeRequest) -> Accepted:
        """Bring a removed cluster back as it was. Raises `NotFound` without a history, `Unprocessable` if not gone."""
        await self._refuse_existing(cluster)
        last = await self._store.last_before_removal(cluster)
        change = request.change(verb='restore', revision=last.id)
        try:
            revision = await self._store.write(None, cluster, last.body, [change])
        except RevisionConflict as conflict:
            raise _exists(cluster) from conflict
        return await self._announced(revision)

    async def close(self) -> None:
        """Finish what was accepted: writes first, then their announcements."""
        await self._writer.drain()
        await self._notifier.close()

    async def _current(self, cluster: str, expected: str | None) -> Revision:
        current = await self._store.read(cluster)
        if expected is not None and expected != current.id:
            raise stale(current, expected)
        return current

    async def _refuse_existing(self, cluster: str) -> None:
        try:
            await self._store.read(cluster)
        except NotFound:
            return
        raise _exists(cluster)

    async def _check_ecs(self, cluster: str) -> list[Problem]:
        found = await self._describe_cluster(cluster)
        if found is None:
            raise Unprocessable(f'ECS has no cluster {cluster!r}. Create it in ECS first.')
        if found.status != 'ACTIVE':
            raise Unprocessable(f'The ECS cluster {cluster!r} is {found.status}, not ACTIVE.')
        if found.container_instances == 0:
            return [Problem((), f'The ECS cluster {cluster!r} has no container instance: only Fargate can run here.')]
        return []

    async def _announced(self, revision: Revision, warnings: Sequence[Problem] = ()) -> Accepted:
        silent = all(change.announce is None for change in revision.changes)
        announced = None if silent else await self._notifier.announce(revision)
        return Accepted(revision, announced, warnings)


def stale(current: Revision, expected: str) -> RevisionConflict:
    return RevisionConflict(
        f'{current.cluster} is at revision {current.id} now, not at {expected}; nothing was changed.', current.id
    )


def _exists(cluster: str) -> Unprocessable:
    return Unprocessable(f'The cluster {cluster!r} is managed here already.')
