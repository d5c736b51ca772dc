"""The writer of changes: one write at a time for a cluster; patches that wait meanwhile share the next write.

Each change is an edit of the revision that is stored when its turn comes. A refusal by an edit is final only on a
revision that was read after the change was requested: the one that this process knew may be old.
"""

import asyncio
import contextlib
import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from stack.changes.change_scope import check_scope
from stack.changes.gate import Gate
from stack.changes.guards import Guards
from stack.changes.interrupting import check_interruptions
from stack.errors import Conflict, NysaError, RevisionConflict, StateUnreadable, TooLarge
from stack.notify.notifier import Notifier
from stack.runtime.keyed_queues import KeyedQueues
from stack.state import revisions
from stack.state.revision_store import RevisionStore, serialise
from stack.state.revisions import Change, Revision

Document = dict[str, Any]

# How often a patch is tried while the cluster changes in the meantime, and the longest pause in between, in seconds.
ATTEMPTS = 20
PAUSE_S = 0.25


@dataclass
class Patch:
    """A change and how it is made: `edit` gives the new document, or raises a `NysaError` that refuses.

    `edit_guards` gives the new guards, or refuses. `of_guards` is a change of the guards alone, which no guard refuses.
    """

    edit: Callable[[Document], Document]
    change: Change
    expected: str | None = None
    of_guards: bool = False
    edit_guards: Callable[[Guards], Guards] | None = None
    done: 'asyncio.Future[Revision]' = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def is_alone(self) -> bool:
        """Whether it shares its write with no other: it expects a revision, or others have to pass what it stores."""
        return self.expected is not None or self.edit_guards is not None

    async def applied(
        self, base: Revision, guards: Guards, gate: Gate, document: Document
    ) -> tuple[Document, Change, Guards]:
        """The document with this change, the change as it is recorded, and the guards after it."""
        if self.expected is not None and self.expected != base.id:
            raise stale(base, self.expected)
        edited, change = self.edit(document), replace(self.change, override=None)
        check_scope(self.change, document, edited)
        gate.check_place(base.cluster, None if base.unreadable else document, edited)
        check_interruptions(base.cluster, self.change, document, edited)
        if not self.of_guards:
            change = await gate.permit(guards, base.cluster, document, edited, self.change)
        return edited, change, self.edit_guards(guards) if self.edit_guards else guards


@dataclass
class Applied:
    """The result of a group of patches on a revision: the accepted ones, and the refusal of every other."""

    document: Document
    guards: Guards
    accepted: list[Patch] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    refused: list[tuple[Patch, NysaError]] = field(default_factory=list)


class Writer:
    def __init__(self, store: RevisionStore, gate: Gate, notifier: Notifier):
        self._store = store
        self._gate = gate
        self._notifier = notifier
        self._waiting: KeyedQueues[Patch] = KeyedQueues(self._work)

    async def patch(self, cluster: str, patch: Patch) -> Revision:
        """Make one change and give the revision that holds it.

        Raises the edit's refusal, `NotFound`, `RevisionConflict` where another revision was expected, `Frozen`,
        `Quarantined`, `Conflict` where the cluster keeps changing, `TooLarge`, and `AwsFailed`.
        """
        self._waiting.put(cluster, patch)
        # The patch of a disconnected caller stays in its write.
        return await asyncio.shield(patch.done)

    async def drain(self) -> None:
        """Wait until every requested change has its answer."""
        await self._waiting.idle()

    async def _work(self, cluster: str, waiting: deque[Patch]) -> None:
        while waiting:
            await self._write_group(cluster, _take(waiting))

    async def _write_group(self, cluster: str, group: list[Patch]) -> None:
        try:
            await self._write(cluster, group)
        except Exception as error:  # noqa: BLE001  the top of a loop: passed to the callers that wait
            for patch in group:
                if not patch.done.done():
                    patch.done.set_exception(error)

    async def _write(self, cluster: str, group: list[Patch]) -> None:
        base = self._known(cluster)
        read_since = False
        for attempt in range(ATTEMPTS):
            if base is None:
                base, read_since = await self._store.read(cluster), True
            if base.is_removal:
                await self._finish_removal(base, read_since)
                base = None
                continue
            guards = await self._guards(base, group)
            applied = await self._apply(base, guards, group)
            if applied.refused and not read_since:
                base = None
                continue
            for patch, error in applied.refused:
                patch.done.set_exception(error)
            group = applied.accepted
            if not group:
                return
            try:
                revision = await self._store_applied(base, guards, applied)
            except TooLarge:
                if len(group) == 1:
                    raise
                for patch in group:
                    await self._write_group(cluster, [patch])
                return
            except RevisionConflict:
                # The store has read what is there instead.
                base, read_since = self._known(cluster), True
                await asyncio.sleep(random.uniform(0, PAUSE_S) * attempt / ATTEMPTS)  # noqa: S311  no secret
                continue
            for patch in group:
                patch.done.set_result(revision)
            return
        raise Conflict(f'{cluster} kept changing at the same time; nothing was stored.')

    async def _finish_removal(self, base: Revision, read_since: bool) -> None:
        """Delete a cluster that is recorded as removed, if that was read and not only known: the next read decides."""
        if read_since:
            with contextlib.suppress(RevisionConflict):
                await self._store.remove(base)

    async def _guards(self, base: Revision, group: list[Patch]) -> Guards:
        if all(patch.of_guards for patch in group):
            return await self._gate.guards_to_edit(base.cluster, base)
        return await self._gate.guards(base.cluster, base)

    def _known(self, cluster: str) -> Revision | None:
        """The revision that this process knows, where a write over its ETag proves that it is the current one.

        Another program may store the same content twice, with one ETag, and Nysa guards in between.
        """
        known = self._store.known(cluster)
        return known if known and known.write_id else None

    async def _store_applied(self, base: Revision, before: Guards, applied: Applied) -> Revision:
        cluster, guards = base.cluster, applied.guards
        body = serialise(applied.document)
        changes = [*await self._notifier.unannounced(base), *applied.changes]
        self._notifier.fits(cluster, body, changes)
        if guards.id != before.id:
            await self._gate.store.store(cluster, guards)
        revision = await self._store.write(base, cluster, body, changes, guards.id)
        if guards.id != before.id:
            await self._gate.store.copy(cluster, guards)
        return revision

    async def _apply(self, base: Revision, guards: Guards, group: list[Patch]) -> Applied:
        """Apply each edit in turn to a revision."""
        applied = Applied(base.document_or_empty, guards)
        for patch in group:
            try:
                if base.unreadable and not applied.accepted and not patch.change.replaces:
                    raise StateUnreadable(f'{base.unreadable} Nothing was changed.')
                document, change, after = await patch.applied(base, applied.guards, self._gate, applied.document)
            except NysaError as error:
                applied.refused.append((patch, error))
            else:
                applied.document, applied.guards = document, after
                applied.accepted.append(patch)
                applied.changes.append(change)
        return applied


def stale(current: Revision, expected: str) -> RevisionConflict:
    return RevisionConflict(
        f'{current.cluster} is at revision {current.id} now, not at {expected}; nothing was changed.', current.id
    )


def _take(waiting: deque[Patch]) -> list[Patch]:
    """The next patches that may share a write: as many as its metadata can name, and one alone that must be."""
    group = [waiting.popleft()]
    room = revisions.room([group[0].change])
    while waiting and not group[0].is_alone and not waiting[0].is_alone:
        room -= len(json.dumps(waiting[0].change.to_json()))
        if room < 0:
            break
        group.append(waiting.popleft())
    return group
