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
from stack.errors import Conflict, NysaError, RevisionConflict, StateUnreadable, TooLarge
from stack.gate import Gate
from stack.guards import Guards
from stack.lanes import Lanes
from stack.notifier import Notifier
from stack.revision_store import RevisionStore, serialise
from stack.revisions import Change, Revision

Document = dict[str, Any]

# How often a patch is tried anew when others were faster, and the longest pause between two tries, in seconds.
ATTEMPTS = 20
PAUSE_S = 0.25


@dataclass
class Patch:
    """A change and how it is made: `edit` gives the new document, or raises a `NysaError` that refuses.

    `of_guards` is a change of the guards themselves, which no guard refuses.
    """

    edit: Callable[[Document], Document]
    change: Change
    expected: str | None = None
    of_guards: bool = False
    done: 'asyncio.Future[Revision]' = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def applied(self, base: Revision, guards: Guards, gate: Gate, document: Document) -> tuple[Document, Change]:
        """The document with this change, and the change as it is recorded."""
        if self.expected is not None and self.expected != base.id:
            raise stale(base, self.expected)
        edited = self.edit(document)
        if self.of_guards:
            return edited, self.change
        return edited, await gate.permit(guards, base.cluster, document, edited, self.change)


class Writer:
    def __init__(self, store: RevisionStore, gate: Gate, notifier: Notifier):
        self._store = store
        self._gate = gate
        self._notifier = notifier
        self._waiting: Lanes[Patch] = Lanes(self._work)

    async def patch(self, cluster: str, patch: Patch) -> Revision:
        """Make one change and give the revision that holds it.

        Raises what the edit refuses with, `NotFound`, `RevisionConflict` where another revision was expected, `Frozen`,
        `Quarantined`, `Conflict` where others were faster again and again, `TooLarge`, and `AwsFailed`.
        """
        self._waiting.put(cluster, patch)
        return await patch.done

    async def drain(self) -> None:
        """Wait until every change that was asked for has its answer."""
        await self._waiting.idle()

    async def _work(self, cluster: str, waiting: deque[Patch]) -> None:
        while waiting:
            await self._write_group(cluster, _take(waiting))

    async def _write_group(self, cluster: str, group: list[Patch]) -> None:
        try:
            await self._write(cluster, group)
        except Exception as error:  # noqa: BLE001  the top of a loop: handed to whoever still waits
            for patch in group:
                if not patch.done.done():
                    patch.done.set_exception(error)

    async def _write(self, cluster: str, group: list[Patch]) -> None:
        base = self._store.known(cluster)
        read_since = False
        for attempt in range(ATTEMPTS):
            if base is None:
                base, read_since = await self._store.read(cluster), True
            guards = await self._gate.guards(cluster, base)
            document, accepted, changes, refused = await self._apply(base, guards, group)
            if refused and not read_since:
                base = None
                continue
            for patch, error in refused:
                patch.done.set_exception(error)
            group = accepted
            if not group:
                return
            try:
                revision = await self._store_document(base, guards, document, changes)
            except TooLarge:
                if len(group) == 1:
                    raise
                for patch in group:
                    await self._write_group(cluster, [patch])
                return
            except RevisionConflict:
                await asyncio.sleep(random.uniform(0, PAUSE_S) * attempt / ATTEMPTS)  # noqa: S311  no secret
                base = None
                continue
            for patch in group:
                patch.done.set_result(revision)
            return
        raise Conflict(f'Others changed {cluster} again and again at the same time; nothing was stored.')

    async def _store_document(
        self, base: Revision, guards: Guards, document: Document, changes: Sequence[Change]
    ) -> Revision:
        body = serialise(document)
        changes = [*self._notifier.unsaid(base), *changes]
        self._notifier.fits(base.cluster, body, changes)
        return await self._store.write(base, base.cluster, body, changes, guards.id)

    async def _apply(
        self, base: Revision, guards: Guards, group: list[Patch]
    ) -> tuple[Document, list[Patch], list[Change], list[tuple[Patch, NysaError]]]:
        """The document with every edit that holds, these patches, their changes, and the others with their refusals."""
        accepted, changes, refused = [], [], []
        try:
            document = base.document
        except StateUnreadable as error:
            return {}, [], [], [(patch, error) for patch in group]
        for patch in group:
            try:
                document, change = await patch.applied(base, guards, self._gate, document)
            except NysaError as error:
                refused.append((patch, error))
            else:
                accepted.append(patch)
                changes.append(change)
        return document, accepted, changes, refused


def stale(current: Revision, expected: str) -> RevisionConflict:
    return RevisionConflict(
        f'{current.cluster} is at revision {current.id} now, not at {expected}; nothing was changed.', current.id
    )


def _take(waiting: deque[Patch]) -> list[Patch]:
    """The next patches that may share a write: as many as its metadata can name, and none that expects a revision."""
    group = [waiting.popleft()]
    room = revisions.room([group[0].change])
    while waiting and group[0].expected is None and waiting[0].expected is None:
        room -= len(json.dumps(waiting[0].change.to_json()))
        if room < 0:
            break
        group.append(waiting.popleft())
    return group
