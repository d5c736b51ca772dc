"""A pass that may be made: on a cluster that is managed, not frozen, and that nobody else is working on."""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from stack.errors import NotFound, NysaError
from stack.interruptible import Interrupted
from stack.lease import Deployed, Leases
from stack.plan import Plan
from stack.reconciler import Outcome, Progress, Reconciler, Request
from stack.revisions import Revision

log = logging.getLogger(__name__)

# complete: AWS is as it should be · waiting: AWS has not let go of something yet · failed: some step was refused ·
# stopped: it was to stop · busy: somebody else works on the cluster · frozen · gone: the cluster is not managed ·
# held: what is stored is not to be deployed yet
State = Literal['complete', 'waiting', 'failed', 'stopped', 'busy', 'frozen', 'gone', 'held']


class Revisions(Protocol):
    """Where desired states come from: see `stack.revision_store.RevisionStore`."""

    async def read(self, cluster: str) -> Revision: ...


@dataclass(frozen=True)
class Ask:
    """What a pass is made for. `hinted`: somebody asked for it; `retry`: what ECS rolled back is deployed again."""

    cluster: str
    destroyed: frozenset[str] = frozenset()
    hinted: bool = True
    retry: bool = True
    prune: bool = False


@dataclass(frozen=True)
class Ended:
    """How it ended; `errors` say why it failed, each in a sentence."""

    state: State
    outcome: Outcome | None = None
    errors: tuple[str, ...] = ()


class Passes:
    """Makes passes, one on a cluster at a time across all processes."""

    def __init__(
        self,
        revisions: Revisions,
        leases: Leases,
        reconciler: Reconciler,
        is_frozen: Callable[[Revision], Awaitable[bool]],
        sink: Callable[[Progress], None] = lambda _: None,
    ):
        self._revisions = revisions
        self._leases = leases
        self._reconciler = reconciler
        self._is_frozen = is_frozen
        self._sink = sink

    async def plan(self, ask: Ask) -> Plan:
        """What a pass would do now. Raises `NotFound`, `StateUnreadable`, `Unprocessable`, `AwsFailed`."""
        revision = await self._revisions.read(ask.cluster)
        brought_by = _brought_by(revision, await self._leases.deployed(ask.cluster) if revision.is_silent else None)
        return await self._reconciler.plan(ask.cluster, _request(ask, revision, brought_by))

    async def make(
        self, ask: Ask, on_plan: Callable[[Plan], None] = lambda _: None, goes_on: Callable[[], bool] = lambda: True
    ) -> Ended:
        """Make one pass. `on_plan` is told what will be done before it is; `goes_on` is asked before each step."""
        try:
            revision = await self._revisions.read(ask.cluster)
            if await self._is_frozen(revision):
                return Ended('frozen')
            if not ask.hinted:
                if await self._is_held(revision):
                    return Ended('held')
                # Nobody is kept waiting, and nothing written, for a look that finds nothing to do.
                if (plan := await self.plan(ask)).is_empty:
                    return Ended('complete', Outcome(plan))
            async with self._leases.held(ask.cluster) as lease:
                if lease is None:
                    return Ended('busy')
                revision = await self._revisions.read(ask.cluster)
                brought_by = _brought_by(revision, lease.deployed)
                plan = await self._reconciler.plan(ask.cluster, _request(ask, revision, brought_by))
                lease.deployed = Deployed(_content(revision), brought_by)
                log.info('cluster %s: pass %d begins: %d steps', ask.cluster, lease.number, len(plan.steps))
                on_plan(plan)
                outcome = await self._reconciler.apply(
                    plan, partial(self._tell, ask.cluster), lambda: lease.holds and goes_on()
                )
        except NotFound:
            return Ended('gone')
        except Interrupted:
            return Ended('stopped')
        except NysaError as error:
            return Ended('failed', errors=(error.message,))
        return _ended(outcome)

    async def _is_held(self, revision: Revision) -> bool:
        """Whether a revision was stored without being announced, and nobody has had its content deployed since."""
        if not revision.is_silent:
            return False
        deployed = await self._leases.deployed(revision.cluster)
        return deployed is None or deployed.content != _content(revision)

    def _tell(self, cluster: str, progress: Progress) -> None:
        step, about = progress.step, {'cluster': cluster, 'service': progress.step.service}
        if progress.state == 'failed':
            log.error('%s failed: %s', step.text, progress.error, extra=about)
        elif progress.state == 'done' and step.changes_something:
            log.info('%s: done', step.text, extra=about | {'milliseconds': round(1000 * progress.seconds)})
        self._sink(progress)


def _ended(outcome: Outcome) -> Ended:
    if outcome.failed:
        errors = tuple(f'{each.step.text}: {each.error}' for each in outcome.failed)
        return Ended('failed', outcome, errors)
    if outcome.waiting:
        return Ended('waiting', outcome)
    return Ended('complete' if outcome.is_complete else 'stopped', outcome)


def _request(ask: Ask, revision: Revision, brought_by: str) -> Request:
    return Request(revision.document, brought_by, ask.destroyed, ask.prune, ask.retry)


def _brought_by(revision: Revision, deployed: Deployed | None) -> str:
    """The revision that brought what is stored now.

    Who freezes or thaws stores the same content anew: no task that ran once is to run again for that.
    """
    if revision.is_silent and deployed is not None and deployed.content == _content(revision):
        return deployed.revision
    return revision.id


def _content(revision: Revision) -> str:
    """The same for two revisions that say the same, whatever white space seals them."""
    return hashlib.sha256(revision.body.strip()).hexdigest()
