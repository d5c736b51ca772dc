"""Taking over from another cluster what runs there: the images of the services that both have."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stack.changes import ChangeRequest, Changes, Outcome
from stack.errors import AwsFailed, NotFound, Unprocessable
from stack.gate import images
from stack.guarding import Guarding
from stack.images import ImageReference
from stack.observed import Task
from stack.revision_store import RevisionStore
from stack.service_edits import with_images
from stack.stackfile.effective import services

# The running tasks of a service: cluster, service.
Running = Callable[[str, str], Awaitable[Sequence[Task]]]
# Whether a tag of that image's repository may come to point elsewhere.
TagsMove = Callable[[ImageReference], Awaitable[bool]]


@dataclass(frozen=True)
class Promoted:
    """What one service takes over.

    `digest` is what the source runs under that tag, None where nobody knows; `points_to` what the tag stands for now.
    """

    service: str
    before: str
    image: str
    tag: str | None
    digest: str | None = None
    points_to: str | None = None
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        moved = self.digest is not None and self.points_to is not None and self.digest != self.points_to
        return {
            'service': self.service,
            'before': self.before,
            'image': self.image,
            'tag': self.tag,
            'digest': self.digest,
            'tag_points_to': self.points_to,
            'tag_moved': moved,
            'note': self.note,
        }


class Promotion:
    def __init__(
        self, store: RevisionStore, changes: Changes, guarding: Guarding, running: Running, tags_move: TagsMove
    ):
        self._store = store
        self._changes = changes
        self._guarding = guarding
        self._running = running
        self._tags_move = tags_move

    async def promote(
        self, cluster: str, request: ChangeRequest, source: str, only: Sequence[str] | None = None
    ) -> Outcome:
        """Take over the images of another cluster's services, of all or of some.

        A tag that may come to point elsewhere is taken over as the digest that the source runs, where ECS says which.
        Services that only one of the two has are reported. Raises `NotFound`, `Unprocessable` where there is no such
        source or nothing to take over, `RevisionConflict`, `PlanOutdated`, `Frozen`, `Quarantined`.
        """
        current = await self._changes.current(cluster, request)
        try:
            origin = await self._store.read(source)
        except NotFound:
            raise no_source(source) from None
        theirs, ours = images(origin.document), images(current.document)
        asked = (
            set(only)
            if only is not None
            else {name for name, _ in (*services(origin.document), *services(current.document))}
        )
        both = [name for name in ours if name in theirs and name in asked]
        taken = await asyncio.gather(*(self._take(source, name, theirs[name], ours[name]) for name in both))
        changed = [each for each in taken if each.image != each.before]
        report = {
            'promoted': [each.to_json() for each in changed],
            'unchanged': [each.service for each in taken if each.image == each.before],
            'only_in_source': sorted(name for name in asked if name in theirs and name not in ours),
            'only_in_target': sorted(name for name in asked if name in ours and name not in theirs),
            'unknown': sorted(name for name in asked if name not in ours and name not in theirs),
        }
        if not changed and not request.dry_run:
            raise Unprocessable(f'There is nothing to take over from {source}.', _details(report))
        new = {each.service: each.image for each in changed}
        change = request.change(verb='promote', **{'from': source, 'revision': origin.id})
        return await self._changes.make(
            cluster, lambda document: with_images(document, new), change, request, more=report
        )

    async def _take(self, source: str, service: str, theirs: str, ours: str) -> Promoted:
        wanted, own = ImageReference.split(theirs), ImageReference.split(ours)
        there = replace(own, tag=wanted.tag, digest=wanted.digest)
        as_named = Promoted(service, ours, str(there), wanted.tag, wanted.digest)
        if wanted.digest or not await self._moves(wanted):
            return as_named
        digest, points_to = await asyncio.gather(self._runs(source, service, theirs), self._guarding.digest(str(there)))
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
