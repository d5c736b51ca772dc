"""Changes of one cluster, one write at a time; patches that arrive while a write is under way share the next one.

Each change is an edit of whatever is stored when its turn comes. An edit that refuses is believed only on a revision
that was read after the change was asked for: what this process knew may be old.
"""

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stack import revisions
from stack.errors import Conflict, NysaError, RevisionConflict, TooLarge
from stack.revision_store import RevisionStore, serialise
from stack.revisions import Change, Revision

Document = dict[str, Any]

# How often a patch is tried anew when others were faster, and the longest pause between two tries, in seconds.
ATTEMPTS = 20
PAUSE_S = 0.25

# As long as the id of a write.
WRITE_ID_LIKE = '0' * 32


@dataclass
class Patch:
    """A change and how it is made: `edit` gives the new document, or raises a `NysaError` that refuses."""

    edit: Callable[[Document], Document]
    change: Change
    expected: str | None = None
    done: 'asyncio.Future[Revision]' = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def applied(self, base: Revision, document: Document) -> Document:
        if self.expected is not None and self.expected != base.id:
            raise RevisionConflict(
                f'{base.cluster} is at revision {base.id} now, not at {self.expected}; nothing was changed.', base.id
            )
        return self.edit(document)


class Writer:
    """`fits(cluster, body, changes)` raises `TooLarge` for what could not be announced."""

    def __init__(self, store: RevisionStore, fits: Callable[[str, bytes, Sequence[Change]], None]):
        self._store = store
        self._fits = fits
        self._waiting: dict[str, deque[Patch]] = {}
        self._tasks: set[asyncio.Task] = set()

    async def patch(
        self, cluster: str, edit: Callable[[Document], Document], change: Change, expected: str | None = None
    ) -> Revision:
        """Make one change and give the revision that holds it.

        Raises what `edit` refuses with, `NotFound`, `RevisionConflict` where `expected` is not the current revision,
        `Conflict` where others were faster again and again, `TooLarge`, and `AwsFailed`.
        """
        patch = Patch(edit, change, expected)
        waiting = self._waiting.get(cluster)
        if waiting is None:
            waiting = self._waiting[cluster] = deque()
            task = asyncio.get_running_loop().create_task(self._work(cluster, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.append(patch)
        return await patch.done

    async def drain(self) -> None:
        """Wait until every change that was asked for has its answer."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _work(self, cluster: str, waiting: deque[Patch]) -> None:
        while waiting:
            group = _take(waiting)
            try:
                await self._write(cluster, group)
            except Exception as error:  # noqa: BLE001  the top of a loop: handed to whoever still waits
                for patch in group:
                    if not patch.done.done():
                        patch.done.set_exception(error)
        del self._waiting[cluster]

    async def _write(self, cluster: str, group: list[Patch]) -> None:
        base = self._store.known(cluster)
        read_since = False
        for attempt in range(ATTEMPTS):
            if base is None:
                base, read_since = await self._store.read(cluster), True
            document, accepted, refused = _apply(base, group)
            if refused and not read_since:
                base = None
                continue
            for patch, error in refused:
                patch.done.set_exception(error)
            if not accepted:
                return
            group, body, changes = accepted, serialise(document), [patch.change for patch in accepted]
            try:
                self._fits(cluster, body, changes)
            except TooLarge as error:
                if len(group) == 1:
                    group[0].done.set_exception(error)
                    return
                for patch in group:
                    await self._write(cluster, [patch])
                return
            try:
                revision = await self._store.write(base, cluster, body, changes)
            except RevisionConflict:
                await asyncio.sleep(random.uniform(0, PAUSE_S) * attempt / ATTEMPTS)  # noqa: S311  no secret
                base = None
                continue
            for patch in accepted:
                patch.done.set_result(revision)
            return
        raise Conflict(f'Others changed {cluster} again and again at the same time; nothing was stored.')


def _apply(base: Revision, group: list[Patch]) -> tuple[Document, list[Patch], list[tuple[Patch, NysaError]]]:
    """The document with every edit that holds, those patches, and the others with what they were refused for."""
    document, accepted, refused = base.document, [], []
    for patch in group:
        try:
            document = patch.applied(base, document)
        except NysaError as error:
            refused.append((patch, error))
        else:
            accepted.append(patch)
    return document, accepted, refused


def _take(waiting: deque[Patch]) -> list[Patch]:
    """The next patches that may share a write: as many as its metadata can name, and none that expects a revision."""
    group = [waiting.popleft()]
    room = revisions.METADATA_LIMIT - revisions.size(revisions.encode(WRITE_ID_LIKE, [group[0].change]))
    while waiting and group[0].expected is None and waiting[0].expected is None:
        room -= len(json.dumps(waiting[0].change.to_json()))
        if room < 0:
            break
        group.append(waiting.popleft())
    return group
