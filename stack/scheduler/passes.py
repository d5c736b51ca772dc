"""Passes over clusters: each only on a managed cluster that is not frozen and that no other process works on.

The guards are checked within the lease, for the very revision that the pass deploys, and again before each call that
changes AWS: a freeze that is stored meanwhile ends the pass.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from stack.aws.ports import PerCluster
from stack.errors import NotFound, NysaError
from stack.reconcile.ledger import Ledger, read_ledger
from stack.reconcile.plan import Plan
from stack.reconcile.stop_order import StopOrder
from stack.rollouts.pass_outcome import PassLog, blocked_services, read_outcome
from stack.rollouts.progress import Progress
from stack.runtime.fence import GoesOn
from stack.runtime.interruptible import Interrupted
from stack.scheduler.gate_book import GateBook, awaited_rollouts
from stack.scheduler.gate_look import UNOBSERVED
from stack.scheduler.lease import Lease, Leases
from stack.scheduler.reconciler import Outcome, Reconciler, Request
from stack.state.ecs_claims import Claims, NoClaims
from stack.state.lease_record import Deployed
from stack.state.revisions import Revision

log = logging.getLogger(__name__)

# How far back the announced revision is searched, where the current one is not to be deployed.
LOOKED_AT = 100

# complete: AWS matches the desired state · waiting: AWS has not released something yet · awaiting: a rollout or a task
# has not ended yet · failed: a step was refused · stopped: a stop was requested · busy: another process works on the
# cluster · frozen · gone: the cluster is not managed · held: the stored revision is not to be deployed yet
State = Literal['complete', 'waiting', 'awaiting', 'failed', 'stopped', 'busy', 'frozen', 'gone', 'held']


class Revisions(Protocol):
    """Reads desired states: see `stack.state.revision_store.RevisionStore`."""

    async def read(self, cluster: str) -> Revision: ...
    async def read_version(self, cluster: str, version: str | None) -> Revision: ...
    async def versions(self, cluster: str, *, limit: int) -> list[Any]: ...


class Gates(Protocol):
    """Looks at what a pass waits for: see `stack.scheduler.gate_look.GateLook`."""

    async def look(self, cluster: str, ledger: Ledger, /) -> Ledger: ...
    async def are_in_progress(self, cluster: str, services: Sequence[str], /) -> bool: ...


@dataclass(frozen=True)
class Ask:
    """The request for a pass. `hinted`: a message asked for it; `retry`: what ECS rolled back is deployed again.

    `retried` are services for which it is even without `retry`: they waited in the pass before.

    `announced` are the revisions that the messages name, empty where any of them names none; `asked_at` is when the
    newest of them was sent. `gives_up` are the states after which the messages are given up. `awaited` is the plan of
    the pass before, where that waited for rollouts alone.
    """

    cluster: str
    destroyed: frozenset[str] = frozenset()
    hinted: bool = True
    retry: bool = True
    retried: frozenset[str] = frozenset()
    prune: bool = False
    announced: frozenset[str] = frozenset()
    asked_at: datetime | None = None
    gives_up: frozenset[State] = frozenset()
    awaited: Plan | None = None


@dataclass(frozen=True)
class Ended:
    """The end of a pass; `errors` are the reasons of a failure, one sentence each."""

    state: State
    outcome: Outcome | None = None
    errors: tuple[str, ...] = ()


OnPlan = Callable[[Plan], None]

# The deployments that a revision's guards stop, by service: see `stack.changes.gate.Gate.stops`.
Stops = Callable[[Revision], Awaitable[Mapping[str, StopOrder]]]


async def no_stops(_: Revision) -> Mapping[str, StopOrder]:
    return {}


class Passes:
    """Makes passes, one on a cluster at a time across all processes."""

    def __init__(
        self,
        revisions: Revisions,
        leases: Leases,
        reconcilers: PerCluster[Reconciler],
        is_frozen: Callable[[Revision], Awaitable[bool]],
        sink: Callable[[Progress], None] = lambda _: None,
        *,
        gates: Gates = UNOBSERVED,
        stops: Stops = no_stops,
        claims: Claims | None = None,
    ):
        self._claims = claims or NoClaims()
        self._gates = gates
        self._stops = stops
        self._revisions = revisions
        self._leases = leases
        self._reconcilers = reconcilers
        self._is_frozen = is_frozen
        self._sink = sink

    async def plan(self, ask: Ask) -> tuple[Mapping[str, Any], Plan]:
        """The stored document, and what a pass would do now.

        Raises `NotFound`, `StateUnreadable`, `Unprocessable`, `AwsFailed`.
        """
        revision = await self._revisions.read(ask.cluster)
        recorded = await self._leases.recorded(ask.cluster)
        ledger = await self._gates.look(ask.cluster, read_ledger(recorded.gates))
        request = await self._request(ask, revision, _brought_by(revision, recorded.deployed), ledger)
        reconciler = await self._reconcilers.of(ask.cluster)
        return request.document, await reconciler.plan(ask.cluster, request)

    async def make(
        self, ask: Ask, on_plan: OnPlan = lambda _: None, goes_on: Callable[[], bool] = lambda: True
    ) -> Ended:
        """Make one pass. `on_plan` gets the plan before it is carried out; `goes_on` is asked before each call."""
        try:
            if ask.awaited is not None and await self._goes_on_waiting(ask.cluster, ask.awaited):
                return Ended('awaiting', Outcome(ask.awaited))
            return await self._look(ask) or await self._work(ask, on_plan, goes_on)
        except NotFound:
            return Ended('gone')
        except Interrupted:
            return Ended('stopped')
        except NysaError as error:
            return Ended('failed', errors=(error.message,))

    async def _goes_on_waiting(self, cluster: str, plan: Plan) -> bool:
        """Whether all rollouts that the pass before left in progress still are: then a pass could do nothing."""
        awaited = awaited_rollouts(plan)
        return bool(awaited) and await self._gates.are_in_progress(cluster, awaited)

    async def _look(self, ask: Ask) -> Ended | None:
        """The end of a pass that has nothing to do: it takes no lease and writes nothing. None for any other."""
        revision = await self._revisions.read(ask.cluster)
        if ask.hinted:
            return Ended('frozen') if await self._is_frozen(revision) else None
        recorded = await self._leases.recorded(ask.cluster)
        if state := await self._kept_from(ask, revision, recorded.deployed):
            return Ended(state)
        ledger = read_ledger(recorded.gates)
        if ledger.open_runs:
            return None
        request = await self._request(ask, revision, _brought_by(revision, recorded.deployed), ledger)
        plan = await (await self._reconcilers.of(ask.cluster)).plan(ask.cluster, request)
        if not plan.is_empty:
            return None
        before = read_outcome(recorded.outcome)
        known = before.fits(plan) if before else not blocked_services(plan)
        return Ended('complete', Outcome(plan)) if known else None

    async def _work(self, ask: Ask, on_plan: OnPlan, goes_on: Callable[[], bool]) -> Ended:
        async with self._leases.held(ask.cluster) as lease:
            if lease is None:
                return Ended('busy')
            revision = await self._revisions.read(ask.cluster)
            if state := await self._kept_from(ask, revision, lease.deployed):
                return Ended(state)
            await self._claims.hold(ask.cluster, revision.document)
            target = await self._target(ask, revision, lease.deployed)
            passed = PassLog(lease.number, target, read_outcome(lease.outcome()), ask.asked_at)
            fence = _Fence(self._revisions, self._is_frozen, ask.cluster, lambda: lease.holds and goes_on())
            lease.outcome = passed.to_json
            try:
                ended = await self._deploy(ask, lease, target, passed, on_plan, fence)
            except NysaError as error:
                passed.fail(error)
                passed.end('failed' in ask.gives_up)
                raise
            passed.end(ended.state in ask.gives_up)
            return ended

    async def _deploy(
        self, ask: Ask, lease: Lease, target: Revision, passed: PassLog, on_plan: OnPlan, fence: GoesOn
    ) -> Ended:
        brought_by = _brought_by(target, lease.deployed)
        ledger = await self._gates.look(ask.cluster, read_ledger(lease.gates()))
        reconciler = await self._reconcilers.of(ask.cluster)
        plan = await reconciler.plan(ask.cluster, await self._request(ask, target, brought_by, ledger))
        passed.begin(plan)
        book = GateBook(plan, ledger)
        lease.gates = book.to_json
        # Stored before the first step: should this process die, the next holder knows what was begun.
        if not await self._leases.record(lease, Deployed(Deployed.digest(target), brought_by)):
            return Ended('busy')
        log.info('cluster %s: pass %d begins: %d steps', ask.cluster, lease.number, len(plan.steps))
        on_plan(plan)

        def report(progress: Progress) -> None:
            passed.take(progress)
            book.take(progress)
            self._log(ask.cluster, progress)

        outcome = await reconciler.apply(plan, report, fence)
        book.end()
        return _ended(outcome)

    async def _request(self, ask: Ask, revision: Revision, brought_by: str, ledger: Ledger) -> Request:
        return Request(
            revision.document,
            brought_by,
            ask.destroyed,
            prune=ask.prune,
            retry=ask.retry,
            retried=ask.retried,
            ledger=ledger,
            asked_at=ask.asked_at,
            stops=await self._stops(revision),
        )

    async def _target(self, ask: Ask, current: Revision, deployed: Deployed | None) -> Revision:
        """The revision that a pass deploys: never one that was stored, not to be deployed, after those announced."""
        if not ask.announced or current.id in ask.announced or not _is_held(current, deployed):
            return current
        due = ask.announced | ({deployed.revision} if deployed else set())
        for listed in await self._revisions.versions(ask.cluster, limit=LOOKED_AT):
            if listed.version in due and not listed.deleted:
                return await self._revisions.read_version(ask.cluster, listed.version)
        return current

    async def _kept_from(self, ask: Ask, revision: Revision, deployed: Deployed | None) -> State | None:
        """The state that keeps a pass from acting on a revision; None where it may act."""
        if await self._is_frozen(revision):
            return 'frozen'
        return 'held' if not ask.hinted and _is_held(revision, deployed) else None

    def _log(self, cluster: str, progress: Progress) -> None:
        step, about = progress.step, {'cluster': cluster, 'service': progress.step.service}
        if progress.state == 'failed':
            log.error('%s failed: %s', step.text, progress.error, extra=about)
        elif progress.state == 'done' and step.changes_something:
            log.info('%s: done', step.text, extra=about | {'milliseconds': round(1000 * progress.seconds)})
        self._sink(progress)


class _Fence:
    """Whether a pass on a cluster may go on, asked before each of its calls.

    A newer revision does not end it, since the next pass is for that one; a freeze does, also one that a window begins,
    and so does a removal. What S3 does not answer ends it too: nothing is changed that may be frozen.
    """

    def __init__(
        self,
        revisions: Revisions,
        is_frozen: Callable[[Revision], Awaitable[bool]],
        cluster: str,
        goes_on: Callable[[], bool],
    ):
        self._revisions = revisions
        self._is_frozen = is_frozen
        self._cluster = cluster
        self._goes_on = goes_on
        self._closed = False

    def holds(self) -> bool:
        """Whether the lease is valid and no stop is requested, as far as is known without a call."""
        return not self._closed and self._goes_on()

    async def __call__(self) -> bool:
        if not self.holds():
            return False
        try:
            self._closed |= await self._is_frozen(await self._revisions.read(self._cluster))
        except NysaError as error:
            log.warning('cluster %s: the pass stops: %s', self._cluster, error)
            self._closed = True
        return self.holds()


def _is_held(revision: Revision, deployed: Deployed | None) -> bool:
    """Whether a revision was stored without being announced, and its content has not been deployed since."""
    return revision.is_silent and (deployed is None or deployed.content != Deployed.digest(revision))


def _ended(outcome: Outcome) -> Ended:
    if outcome.failed:
        errors = tuple(f'{each.step.text}: {each.error}' for each in outcome.failed)
        return Ended('failed', outcome, errors)
    if outcome.waiting:
        return Ended('waiting', outcome)
    if outcome.awaited:
        return Ended('awaiting', outcome)
    return Ended('complete' if outcome.is_complete else 'stopped', outcome)


def _brought_by(revision: Revision, deployed: Deployed | None) -> str:
    """The revision that brought the stored content.

    A freeze or thaw stores the same content again, and must not run one-off tasks again.
    """
    if revision.is_silent and deployed is not None and deployed.content == Deployed.digest(revision):
        return deployed.revision
    return revision.id
