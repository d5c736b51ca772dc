"""Taking over from another cluster what runs there: the images of the services that both have."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stack.changes.changes import ChangeRequest, Changes, Outcome
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

# The running tasks of a service: cluster, service.
Running = Callable[[str, str], Awaitable[Sequence[Task]]]
# Whether a tag of that image's repository may come to point elsewhere.
TagsMove = Callable[[ImageReference], Awaitable[bool]]
# What is known of a cluster at a revision or a newer one.
StateAt = Callable[[Revision], Awaitable[ClusterState]]


@dataclass(frozen=True)
class Promoted:
    """What one service takes over.

    `digest` is what the source runs under that tag, None where that is not known; `points_to` what the tag stands for
    now, and `before_digest` what the service has. `hindrance` is why it does not run well in the source.
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
        """Whether the service has that image already, under whatever tag."""
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
    """What both clusters have of the services that were asked for."""

    both: Sequence[Promoted]
    asked: Collection[str]
    theirs: Collection[str]
    ours: Collection[str]

    @property
    def changed(self) -> list[Promoted]:
        return [each for each in self.both if not each.is_same]

    def report(self) -> dict[str, Any]:
        known = {*self.theirs, *self.ours}
        return {
            'unchanged': [each.service for each in self.both if each.is_same],
            'only_in_source': sorted(name for name in self.asked if name in self.theirs and name not in self.ours),
            'only_in_target': sorted(name for name in self.asked if name in self.ours and name not in self.theirs),
            'unknown': sorted(name for name in self.asked if name not in known),
        }


class Promotion:
    def __init__(
        self,
        store: RevisionStore,
        changes: Changes,
        freezing: Freezing,
        running: Running,
        tags_move: TagsMove,
        state_at: StateAt,
    ):
        self._store = store
        self._changes = changes
        self._freezing = freezing
        self._running = running
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
        """Take over the images of another cluster's services, of all or of some.

        A tag that may come to point elsewhere is taken over as the digest that the source runs, where ECS says which.
        What rolls out or fails in the source is left out, and refused where it is named, unless with `force`. Services
        that only one of the two has are reported.

        Raises `NotFound`, `Unprocessable` where there is no such source or nothing to take over, `Conflict` where the
        source does not run well what is asked for, `RevisionConflict`, `PlanOutdated`, `Frozen`, `Quarantined`.
        """
        current = await self._changes.current(cluster, request)
        try:
            origin = await self._store.read(source)
        except NotFound:
            raise no_source(source) from None
        compared = await self._compare(current, origin, only)
        unwell = [each for each in compared.changed if each.hindrance]
        taken = compared.changed if force else [each for each in compared.changed if not each.hindrance]
        report = compared.report() | {
            'promoted': [each.to_json() for each in taken],
            'not_well': [] if force else [each.to_json() for each in unwell],
        }
        if unwell and not force and (only is not None or not taken):
            raise _refuse_unwell(source, unwell)
        if not taken and not request.dry_run:
            raise Unprocessable(f'There is nothing to take over from {source}.', _details(report))
        new = {each.service: each.image for each in taken}
        change = request.change(verb='promote', **{'from': source, 'revision': origin.id})
        return await self._changes.make(
            cluster, lambda document: with_images(document, new), change, request, more=report
        )

    async def _compare(self, current: Revision, origin: Revision, only: Sequence[str] | None) -> _Compared:
        theirs, ours = images(origin.document), images(current.document)
        names = {name for name, _ in (*services(origin.document), *services(current.document))}
        asked = names if only is None else set(only)
        both = [name for name in ours if name in theirs and name in asked]
        state = await self._known(origin)
        taken = await asyncio.gather(*(self._one(current, origin, name, theirs[name], ours[name]) for name in both))
        judged = [replace(each, hindrance=hindrance(state, each.service) if state else None) for each in taken]
        return _Compared(judged, asked, frozenset(theirs), frozenset(ours))

    async def _known(self, origin: Revision) -> ClusterState | None:
        try:
            return await self._state_at(origin)
        except (AwsFailed, NotFound):
            return None

    async def _one(self, current: Revision, origin: Revision, service: str, theirs: str, ours: str) -> Promoted:
        taken = await self._take(origin.cluster, service, theirs, ours)
        if taken.image == taken.before:
            return taken
        digest = taken.digest or await self._freezing.digest(taken.image)
        return replace(taken, digest=digest, before_digest=await self._has(current.cluster, service, ours))

    async def _has(self, cluster: str, service: str, image: str) -> str | None:
        """The digest that a service of the target has: what runs of a tag that may move, or what the tag stands for."""
        reference = ImageReference.split(image)
        if reference.digest:
            return reference.digest
        runs = await self._runs(cluster, service, image) if await self._moves(reference) else None
        return runs or await self._freezing.digest(image)

    async def _take(self, source: str, service: str, theirs: str, ours: str) -> Promoted:
        wanted, own = ImageReference.split(theirs), ImageReference.split(ours)
        there = replace(own, tag=wanted.tag, digest=wanted.digest)
        as_named = Promoted(service, ours, str(there), wanted.tag, wanted.digest)
        if wanted.digest or not await self._moves(wanted):
            return as_named
        digest, points_to = await asyncio.gather(self._runs(source, service, theirs), self._freezing.digest(str(there)))
        if digest is None:
            note = f'ECS does not say what {source} runs: the tag was taken over as it is.'
            return replace(as_named, points_to=points_to, note=note)
        if own.name != wanted.name and points_to != digest:
            note = f'{own.name} does not have what {source} runs under that tag: the tag was taken over as it is.'
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
            tasks = await self._running(cluster, service)
        except AwsFailed:
            return None
        found = {each.digest for task in tasks for each in task.containers if each.image == image}
        return found.pop() if len(found) == 1 else None


def _refuse_unwell(source: str, unwell: Sequence[Promoted]) -> Conflict:
    names = ', '.join(each.service for each in unwell)
    return Conflict(
        f'{source} does not run {names} well; `force` takes it over all the same. Nothing was changed.',
        [{'path': each.service, 'message': each.hindrance} for each in unwell],
    )


def no_source(name: str) -> Unprocessable:
    return Unprocessable(f'There is no cluster {name!r} here to promote from.')


def _details(report: dict[str, Any]) -> list[dict[str, str]]:
    said = {
        'unchanged': 'has that image already',
        'only_in_source': 'is only in the source',
        'only_in_target': 'is only in the target',
        'unknown': 'is in neither',
    }
    return [{'path': name, 'message': message} for key, message in said.items() for name in report[key]]
