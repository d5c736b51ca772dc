"""Promotion: the images of the services that two clusters have, copied from one to the other."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.changes.change_request import ChangeRequest, Outcome
from stack.changes.changes import Changes
from stack.changes.freezing import Freezing
from stack.changes.gate import images
from stack.changes.running_well import hindrance
from stack.errors import AwsFailed, Conflict, NotFound, Unprocessable
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Task
from stack.stackfile.effective import services
from stack.stackfile.images import ImageReference
from stack.state.revision_store import RevisionStore
from stack.state.revisions import Revision
from stack.state.service_edits import with_images


class Look(Protocol):
    """Reads the running tasks of a service: see `stack.aws.ecs_look.EcsLook`."""

    async def running(self, cluster: str, service: str) -> Sequence[Task]: ...


# Whether a tag of that image's repository may move to another image.
TagsMove = Callable[[ImageReference], Awaitable[bool]]
# The state of a cluster at a revision or a newer one.
StateAt = Callable[[Revision], Awaitable[ClusterState]]


@dataclass(frozen=True)
class Promoted:
    """The image that one service gets.

    `digest` is what the source runs under that tag, None where that is not known; `points_to` the digest of the tag
    now, and `before_digest` that of the service. `hindrance` is why it does not run well in the source.
    """

    service: str
    before: str
    image: str
    tag: str | None
    digest: str | None = None
    points_to: str | None = None
    note: str | None = None
    before_digest: str | None = None
    hindrance: str | None = None

    @property
    def is_same(self) -> bool:
        """Whether the service has that image already, under any tag."""
        return self.image == self.before or (self.digest is not None and self.digest == self.before_digest)

    def to_json(self) -> dict[str, Any]:
        moved = self.digest is not None and self.points_to is not None and self.digest != self.points_to
        return {
            'service': self.service,
            'before': self.before,
            'before_digest': self.before_digest,
            'image': self.image,
            'tag': self.tag,
            'digest': self.digest,
            'tag_points_to': self.points_to,
            'tag_moved': moved,
            'note': self.note,
            'hindrance': self.hindrance,
        }


@dataclass(frozen=True)
class _Compared:
    """The services that were asked for: `both` are in both clusters, the names are those of each cluster."""

    both: Sequence[Promoted]
    asked: Collection[str]
    in_source: Collection[str]
    in_target: Collection[str]

    @property
    def changed(self) -> list[Promoted]:
        return [service for service in self.both if not service.is_same]

    def chosen(self, *, force: bool) -> list[Promoted]:
        """The services to promote: with `force` also those that do not run well in the source."""
        return [service for service in self.changed if force or not service.hindrance]

    def unwell(self, *, force: bool) -> list[Promoted]:
        return [service for service in self.changed if service.hindrance and not force]

    def report(self) -> dict[str, Any]:
        source, target = self.in_source, self.in_target
        return {
            'unchanged': [service.service for service in self.both if service.is_same],
            'only_in_source': sorted(name for name in self.asked if name in source and name not in target),
            'only_in_target': sorted(name for name in self.asked if name in target and name not in source),
            'unknown': sorted(name for name in self.asked if name not in source and name not in target),
        }


class Promotion:
    def __init__(
        self,
        store: RevisionStore,
        changes: Changes,
        freezing: Freezing,
        looks: PerCluster[Look],
        tags_move: TagsMove,
        state_at: StateAt,
    ):
        self._store = store
        self._changes = changes
        self._freezing = freezing
        self._looks = looks
        self._tags_move = tags_move
        self._state_at = state_at

    async def promote(
        self,
        cluster: str,
        request: ChangeRequest,
        source: str,
        only: Sequence[str] | None = None,
        *,
        force: bool = False,
    ) -> Outcome:
        """Copy the images of another cluster's services, of all or of some.

        A tag that may move is copied as the digest that the source runs, where ECS reports it. A service that is
        rolling out or failing in the source is left out, and refused where it is named, unless with `force`. Services
        that only one of the two has are reported.

        Raises `NotFound`, `Unprocessable` without such a source or without anything to promote, `Conflict` where the
        source does not run well what is asked for, `RevisionConflict`, `PlanOutdated`, `Frozen`, `Quarantined`.
        """
        current = await self._changes.current(cluster, request)
        origin = await self._source(source)
        compared = await self._compare(current, origin, only)
        chosen, unwell = compared.chosen(force=force), compared.unwell(force=force)
        if unwell and (only is not None or not chosen):
            raise _refuse_unwell(source, unwell)
        report = compared.report() | {
            'promoted': [service.to_json() for service in chosen],
            'not_well': [service.to_json() for service in unwell],
        }
        if not chosen and not request.dry_run:
            raise Unprocessable(f'There is nothing to promote from {source}.', _details(report))
        new = {service.service: service.image for service in chosen}
        change = request.change(verb='promote', **{'from': source, 'revision': origin.id})
        return await self._changes.make(
            cluster, lambda document: with_images(document, new), change, request, more=report
        )

    async def _source(self, name: str) -> Revision:
        """The current revision of the source. Raises `Unprocessable` where there is none."""
        try:
            return await self._store.read(name)
        except NotFound:
            raise no_source(name) from None

    async def _compare(self, current: Revision, origin: Revision, only: Sequence[str] | None) -> _Compared:
        source, target = images(origin.document), images(current.document)
        names = {name for name, _ in (*services(origin.document), *services(current.document))}
        asked = names if only is None else set(only)
        both = [name for name in target if name in source and name in asked]
        state = await self._known(origin)
        pairs = await asyncio.gather(*(self._one(current, origin, name, source[name], target[name]) for name in both))
        judged = [replace(pair, hindrance=hindrance(state, pair.service) if state else None) for pair in pairs]
        return _Compared(judged, asked, frozenset(source), frozenset(target))

    async def _known(self, origin: Revision) -> ClusterState | None:
        try:
            return await self._state_at(origin)
        except (AwsFailed, NotFound):
            return None

    async def _one(self, current: Revision, origin: Revision, service: str, source: str, target: str) -> Promoted:
        """What one service gets, from the images in the source and in the target."""
        promoted = await self._promoted(origin.cluster, service, source, target)
        if promoted.image == promoted.before:
            return promoted
        digest = promoted.digest or await self._freezing.digest(promoted.image)
        return replace(promoted, digest=digest, before_digest=await self._has(current.cluster, service, target))

    async def _has(self, cluster: str, service: str, image: str) -> str | None:
        """The digest that a service of the target has: the running one of a tag that may move, or that of the tag."""
        reference = ImageReference.split(image)
        if reference.digest:
            return reference.digest
        runs = await self._runs(cluster, service, image) if await self._moves(reference) else None
        return runs or await self._freezing.digest(image)

    async def _promoted(self, cluster: str, service: str, source: str, target: str) -> Promoted:
        wanted, own = ImageReference.split(source), ImageReference.split(target)
        there = replace(own, tag=wanted.tag, digest=wanted.digest)
        as_named = Promoted(service, target, str(there), wanted.tag, wanted.digest)
        if wanted.digest or not await self._moves(wanted):
            return as_named
        digest, points_to = await asyncio.gather(
            self._runs(cluster, service, source), self._freezing.digest(str(there))
        )
        if digest is None:
            note = f'ECS does not report what {cluster} runs: the tag was copied as it is.'
            return replace(as_named, points_to=points_to, note=note)
        if own.name != wanted.name and points_to != digest:
            note = f'{own.name} does not have what {cluster} runs under that tag: the tag was copied as it is.'
            return replace(as_named, digest=digest, points_to=points_to, note=note)
        pinned = replace(there, tag=None, digest=digest)
        return replace(as_named, image=str(pinned), digest=digest, points_to=points_to)

    async def _moves(self, image: ImageReference) -> bool:
        try:
            return await self._tags_move(image)
        except AwsFailed:
            return True

    async def _runs(self, cluster: str, service: str, image: str) -> str | None:
        """The digest that all running tasks of a service have of an image; None where they differ, or nothing runs."""
        try:
            tasks = await (await self._looks.of(cluster)).running(cluster, service)
        except AwsFailed:
            return None
        digests = {container.digest for task in tasks for container in task.containers if container.image == image}
        return digests.pop() if len(digests) == 1 else None


def _refuse_unwell(source: str, unwell: Sequence[Promoted]) -> Conflict:
    names = ', '.join(service.service for service in unwell)
    return Conflict(
        f'{source} does not run {names} well; `force` promotes it in any case. Nothing was changed.',
        [{'path': service.service, 'message': service.hindrance} for service in unwell],
    )


def no_source(name: str) -> Unprocessable:
    return Unprocessable(f'There is no cluster {name!r} here to promote from.')


def _details(report: dict[str, Any]) -> list[dict[str, str]]:
    reasons = {
        'unchanged': 'has that image already',
        'only_in_source': 'is only in the source',
        'only_in_target': 'is only in the target',
        'unknown': 'is in neither',
    }
    return [{'path': name, 'message': message} for key, message in reasons.items() for name in report[key]]
