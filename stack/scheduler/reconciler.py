"""The reconciler: one pass over one cluster, which looks, plans, and carries the plan out step by step.

Level, not edge: the next pass finds and finishes whatever a killed pass leaves. So steps are neither undone nor
recorded; a step that could not be done is part of the next plan.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from stack.errors import AwsFailed, NysaError
from stack.reconcile.ledger import EMPTY, Ledger
from stack.reconcile.observed import Observed, Observer
from stack.reconcile.plan import Plan, Step, at_path, filled_in
from stack.reconcile.planner import plan
from stack.reconcile.stop_order import Stop, StopOrder
from stack.rollouts.progress import Progress, State
from stack.runtime.fence import GoesOn, check, fenced, permitted
from stack.runtime.interruptible import Interrupted

# How long a pass waits for AWS to release something before a later pass does the rest, and how often it looks, in
# seconds.
PATIENCE_S = 15.0
LOOK_AGAIN_S = 2.0

# What DescribeServiceDeployments accepts.
DEPLOYMENTS_AT_ONCE = 20

Call = Callable[..., Awaitable[dict[str, Any]]]


Sink = Callable[[Progress], None]


@dataclass(frozen=True)
class Request:
    """The input of a plan: see `stack.reconcile.planner.plan`."""

    document: Mapping[str, Any]
    revision: str
    destroyed: frozenset[str] = frozenset()
    prune: bool = False
    retry: bool = True
    retried: frozenset[str] = frozenset()
    ledger: Ledger = EMPTY
    asked_at: datetime | None = None
    stops: Mapping[str, StopOrder] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a pass, by step."""

    plan: Plan
    seconds: float = 0.0
    ended: Mapping[str, Progress] = field(default_factory=dict)

    def _in(self, state: State) -> list[Progress]:
        return [progress for progress in self.ended.values() if progress.state == state]

    @property
    def done(self) -> list[Progress]:
        return [progress for progress in self._in('done') if progress.step.changes_something]

    @property
    def failed(self) -> list[Progress]:
        return self._in('failed')

    @property
    def waiting(self) -> list[Progress]:
        """Steps that AWS does not permit yet: a later pass continues there."""
        return [progress for progress in self._in('waiting') if not progress.step.later]

    @property
    def awaited(self) -> list[Progress]:
        """Steps that wait for the end of a rollout or of a task, which a later pass observes."""
        return [progress for progress in self._in('waiting') if progress.step.later]

    @property
    def is_complete(self) -> bool:
        return all(progress.state == 'done' for progress in self.ended.values())


class Reconciler:
    """`call` makes one AWS call and keeps to AWS's limits; `clock` and `sleep` belong together.

    Both `call` and `sleep` may raise `Interrupted` instead of waiting: then the step is left.
    """

    def __init__(
        self,
        observer: Observer,
        call: Call,
        *,
        region: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        patience: float = PATIENCE_S,
    ):
        self._observer = observer
        self._call = call
        self._region = region
        self._clock = clock
        self._sleep = sleep
        self._patience = patience

    async def plan(self, cluster: str, request: Request) -> Plan:
        """What would be done now. Raises `Unprocessable` where ECS has no such active cluster, and `AwsFailed`."""
        return await self._plan(request, await self._observe(cluster, request))

    async def plans(self, cluster: str, request: Request, stored: Mapping[str, Any]) -> tuple[Plan, Plan]:
        """The plan for a request, and the one for the stored document instead, of the same state of AWS.

        Raises the errors of `plan`.
        """
        observed = await self._observe(cluster, request)
        unchanged = replace(request, document=stored, destroyed=frozenset())
        return await self._plan(request, observed), await self._plan(unchanged, observed)

    async def _observe(self, cluster: str, request: Request) -> Observed:
        observed = await self._observer.observe(
            cluster, request.document, destroyed=request.destroyed, prune=request.prune
        )
        return replace(observed, stops=await self._stops(observed, request.stops))

    async def _stops(self, observed: Observed, orders: Mapping[str, StopOrder]) -> dict[str, Stop]:
        """The orders whose deployments are the newest of their services, with their statuses."""
        newest = {
            order.deployment: name
            for name, order in orders.items()
            if (service := observed.service(name)) and service.current_deployment in (order.deployment, None)
        }
        found = {}
        arns = list(newest)
        for first in range(0, len(arns), DEPLOYMENTS_AT_ONCE):
            some = arns[first : first + DEPLOYMENTS_AT_ONCE]
            answer = await self._call('ecs', 'DescribeServiceDeployments', serviceDeploymentArns=some)
            for deployment in answer['serviceDeployments']:
                name = newest[deployment['serviceDeploymentArn']]
                found[name] = Stop(orders[name], deployment['status'])
        return found

    async def _plan(self, request: Request, observed: Observed) -> Plan:
        # Hundreds of services take some 100 ms, which must not block the event loop.
        return await asyncio.to_thread(
            plan,
            request.document,
            observed,
            revision=request.revision,
            destroyed=request.destroyed,
            prune=request.prune,
            retry=request.retry,
            retried=request.retried,
            region=self._region,
            ledger=request.ledger,
            asked_at=request.asked_at.timestamp() if request.asked_at else None,
        )

    async def apply(self, plan: Plan, sink: Sink = lambda _: None, goes_on: GoesOn = lambda: True) -> Outcome:
        """Do the steps, each as soon as those before it are done, and report each to `sink`.

        A step that fails, or that AWS does not permit yet, delays those that depend on it and no others.
        `goes_on` is asked before each call; once it is false, no more calls are begun.
        """
        started = self._clock()
        work = _Work(self, plan, sink, goes_on)
        ended = await work.run()
        return Outcome(plan, self._clock() - started, ended)

    async def make(self, step: Step, arguments: Mapping[str, Any]) -> tuple[State, dict[str, Any]]:
        """Make a step's call, repeatedly where it waits; gives its final state, and the last answer.

        Raises `AwsFailed` where AWS refuses it for good, and `Interrupted` where the fence around it is closed.
        """
        if step.later:
            return 'waiting', {}
        service, _, operation = step.kind.partition(':')
        until = self._clock() + self._patience
        while True:
            try:
                answer = await self._call(service, operation, **arguments)
            except AwsFailed as failed:
                if failed.aws_code in step.already:
                    return 'done', {}
                if failed.aws_code not in step.not_yet:
                    raise
            else:
                if _is_over(step, answer):
                    return 'done', answer
            if self._clock() >= until:
                return 'waiting', {}
            await self._sleep(LOOK_AGAIN_S)
            await check()

    @property
    def now(self) -> float:
        return self._clock()


def _is_over(step: Step, answer: Mapping[str, Any]) -> bool:
    """Whether an answer ends its step. Raises `AwsFailed` for a refusal that is not an error of the call."""
    if step.kind == 'ecs:RunTask' and answer.get('failures'):
        reasons = ', '.join(sorted({each.get('reason', '?') for each in answer['failures']}))
        raise AwsFailed(f'ECS could not start the task: {reasons}', step.kind, reasons)
    if step.until is None:
        return True
    value = at_path(answer, step.until.path)
    if value in step.until.failures:
        reason = f'{step.text}: it ended as {value}'
        raise AwsFailed(reason, step.kind, str(value))
    return value in step.until.values


class _Work:
    """The steps of one plan under way, each in a task of its own."""

    def __init__(self, reconciler: Reconciler, plan: Plan, sink: Sink, goes_on: GoesOn):
        self._reconciler = reconciler
        self._plan = plan
        self._sink = sink
        self._goes_on = goes_on
        self._answers: dict[str, dict[str, Any]] = {}
        self._ended: dict[str, Progress] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> dict[str, Progress]:
        async with asyncio.TaskGroup() as group:
            for step in self._plan.steps:
                self._tasks[step.id] = group.create_task(self._after_others(step))
        return self._ended

    async def _after_others(self, step: Step) -> None:
        # The tasks before it never raise: their failures are in `_ended`.
        for earlier in step.depends_on:
            await self._tasks[earlier]
        if all(self._ended[each].state == 'done' for each in step.depends_on) and await permitted(self._goes_on):
            progress = await self._do(step)
        else:
            progress = Progress(step, 'left')
        self._ended[step.id] = progress
        self._sink(progress)

    async def _do(self, step: Step) -> Progress:
        started = self._reconciler.now
        self._sink(Progress(step, 'started'))
        try:
            arguments = filled_in(step.arguments, self._answers)
            with fenced(self._goes_on):
                state, self._answers[step.id] = await self._reconciler.make(step, arguments)
        except LookupError as missing:
            failed = AwsFailed(f'{step.text}: {missing}', step.kind, 'IncompleteAnswer')
            return Progress(step, 'failed', self._reconciler.now - started, failed)
        except Interrupted:
            return Progress(step, 'left', self._reconciler.now - started)
        except NysaError as failed:
            return Progress(step, 'failed', self._reconciler.now - started, failed)
        return Progress(step, state, self._reconciler.now - started)
