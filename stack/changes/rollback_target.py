"""The revision that a rollback goes back to where the caller names none.

It is the newest one that differs from the current and whose rollout succeeded, for each service that would change. One
that failed, or whose image is in quarantine, is never chosen; one of which nothing is known only where no other is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from stack.changes.freezing import Freezing
from stack.changes.gate import images, refuse_quarantined
from stack.changes.guards import Quarantine
from stack.errors import AwsFailed, StateUnreadable, Unprocessable
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout import Rollout
from stack.state.diff import changed_rows, touched
from stack.state.history import History
from stack.state.revisions import Revision
from stack.state.service_edits import settings_of, without_restarts

Document = dict[str, Any]

# How far back a revision is looked for.
LOOKED_AT = 100

# What is known of a cluster and of how its rollouts ended; None where there is no such cluster.
States = Callable[[str], Awaitable[ClusterState | None]]
Known = Literal['succeeded', 'failed', 'unknown']


@dataclass(frozen=True)
class Skipped:
    """A revision that was not chosen, and why."""

    revision: str
    service: str
    reason: str

    def to_json(self) -> dict[str, str]:
        return {'revision': self.revision, 'service': self.service, 'reason': self.reason}


@dataclass(frozen=True)
class Target:
    """The revision to go back to, why it was chosen, and the newer ones that were not."""

    revision: Revision
    reason: str
    skipped: tuple[Skipped, ...] = ()

    def to_json(self) -> dict[str, Any]:
        skipped = [each.to_json() for each in self.skipped]
        return {'restored': self.revision.id, 'restored_because': self.reason, 'skipped': skipped}


@dataclass
class _Search:
    """The earlier revisions of one cluster, the newest first, as far as they were read."""

    history: History
    last: Revision | None
    read: list[Revision] = field(default_factory=list)

    async def at(self, index: int) -> Revision | None:
        while len(self.read) <= index and len(self.read) < LOOKED_AT and self.last is not None:
            self.last = await self.history.before(self.last)
            if self.last is not None:
                self.read.append(self.last)
        return self.read[index] if index < len(self.read) else None


class Targets:
    def __init__(self, history: History, freezing: Freezing, states: States):
        self._history = history
        self._freezing = freezing
        self._states = states

    async def choose(self, current: Revision, service: str | None) -> Target:
        """The target of a rollback of a service, or of all.

        Raises `Unprocessable` without a usable earlier revision, `Quarantined` where only a quarantine rules it out.
        """
        now = comparable(current.document if service else current.document_or_empty, service)
        held = await self._freezing.quarantined(current)
        state = await self._state(current.cluster)
        search = _Search(self._history, current)
        unknown: Target | None = None
        refused: tuple[Quarantine, str] | None = None
        skipped: list[Skipped] = []
        index = -1
        while (revision := await search.at(index := index + 1)) is not None:
            then = _document(revision, service)
            if then is None or then == now:
                continue
            changed = [service] if service else _changed(current, revision)
            if found := await self._quarantined(revision, changed, held):
                refused = refused or found
                skipped.append(Skipped(revision.id, found[0].service, f'{found[1]} is in quarantine.'))
                continue
            known = {name: await _known(search, index, name, state) for name in changed}
            if failed := next((name for name in changed if known[name] == 'failed'), None):
                skipped.append(Skipped(revision.id, failed, 'Its rollout failed.'))
            elif known and all(each == 'succeeded' for each in known.values()):
                return Target(revision, 'The newest revision whose rollout succeeded.', tuple(skipped))
            else:
                unknown = unknown or Target(revision, 'The last other revision: no success is known.', tuple(skipped))
        if unknown is None and refused is not None:
            raise refuse_quarantined(*refused)
        return unknown or _none(current, service, skipped)

    async def _state(self, cluster: str) -> ClusterState | None:
        try:
            return await self._states(cluster)
        except AwsFailed:
            return None

    async def _quarantined(
        self, revision: Revision, changed: list[str], held: tuple[Quarantine, ...]
    ) -> tuple[Quarantine, str] | None:
        wanted = images(revision.document)
        for each in held:
            image = wanted.get(each.service)
            if each.service in changed and image is not None and each.concerns(image):
                digest = await self._freezing.digest(image) if each.digest else None
                if each.is_of(image, digest):
                    return each, image
        return None


async def _known(search: _Search, index: int, service: str, state: ClusterState | None) -> Known:
    """The outcome of a service's settings in a revision: of the newest revision up to it that has a rollout of them."""
    settings = _settings(search.read[index], service)
    while state is not None and (revision := await search.at(index)) is not None:
        if _settings(revision, service) != settings:
            break
        rollout = (state.of_revision(revision.id) or {}).get(service)
        if rollout is not None:
            return _verdict(rollout)
        index += 1
    return 'unknown'


def _verdict(rollout: Rollout) -> Known:
    if rollout.verdict is None:
        return 'unknown'
    if rollout.verdict.failed:
        return 'failed'
    return 'succeeded' if rollout.verdict.arrived else 'unknown'


def comparable(document: Document, service: str | None) -> Document | None:
    """The part of a document by which targets of a rollback differ: without restarts, of one service or of all."""
    settled = without_restarts(document)
    return settings_of(settled, service) if service else settled


def _document(revision: Revision, service: str | None) -> Document | None:
    try:
        return comparable(revision.document, service)
    except StateUnreadable:
        return None


def _settings(revision: Revision, service: str) -> Document | None:
    return _document(revision, service)


def _changed(current: Revision, earlier: Revision) -> list[str]:
    """The services that the earlier revision changes or adds."""
    rows = changed_rows(without_restarts(current.document_or_empty), without_restarts(earlier.document))
    return sorted(touched(row for row in rows if row.action != 'destroy'))


def _none(current: Revision, service: str | None, skipped: list[Skipped]) -> Target:
    what = service or current.cluster
    if not skipped:
        raise Unprocessable(f'No earlier revision of {what} differs from the current one.')
    raise Unprocessable(
        f'No earlier revision of {what} is known to be good: each failed or is in quarantine. Name one in `revision` '
        'to restore it in any case.',
        [{'path': target.revision, 'message': f'{target.service}: {target.reason}'} for target in skipped],
    )
