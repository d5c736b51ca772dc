"""A rollout as a value: its goal, its progress, its verdict; and what ends or restarts it from outside ECS.

What a look at ECS makes of it is in `service_rollout`, `removal`, `task_run` and `schedule_rollout`.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from stack.rollouts.ecs_state import Service
from stack.rollouts.stages import StageProgress

# A service that is kept in ECS · one that is to be gone from there · tasks that run once, and end by themselves · a
# schedule that runs tasks.
Kind = Literal['service', 'removal', 'run', 'schedule']
# `paused`, `baking` and `shifting` are stages of a rollout: see `stack.rollouts.stages`.
State = Literal[
    'queued',
    'rolling-out',
    'paused',
    'shifting',
    'baking',
    'steady',
    'failed',
    'rolled-back',
    'removing',
    'removed',
    'running',
]
# alarm, breaker: a monitor of the deployment · hook, hook-timeout: a hook failed, was answered with a rollback, or was
# not answered · stopped: a person stopped it · by-hand: changed in ECS by another program or a person
Cause = Literal['alarm', 'breaker', 'hook', 'hook-timeout', 'stopped', 'by-hand']
Ending = Literal['succeeded', 'scaled-to-zero', 'removed', 'superseded', 'rolled-back', 'aborted', 'stalled']

FAILURES = frozenset({'rolled-back', 'aborted', 'stalled'})
ARRIVALS = frozenset({'succeeded', 'scaled-to-zero', 'removed'})

# One object for all rollouts: Python makes another for each call of `frozenset()`.
NOTHING: frozenset[str] = frozenset()

STALLED_AFTER_S = 15 * 60
# The most that the time between two looks counts towards a stall: while ECS does not answer, it may well move.
LONGEST_LOOK_S = 60

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
DEPLOYMENT_FAILED = re.compile(r'\(deployment (?P<deployment>[^)]+)\) (?P<reason>deployment failed.*)')


@dataclass(frozen=True, slots=True)
class Goal:
    """What a revision wants of one service; of one that is to be gone, nothing but that.

    `revision` is the one that last changed this service, `since` when it was stored. `count` is None where something
    else decides it (an autoscaler, a daemon's instances). `announced_at` is when schedulers were last notified; None if
    they were not.
    """

    service: str
    revision: str
    since: datetime
    image: str
    count: int | None
    announced_at: datetime | None
    kind: Kind = 'service'

    @property
    def held(self) -> bool:
        return self.announced_at is None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a rollout ended. `by` is what came instead: a revision, or the task definition that runs.

    `unasked` marks a scale to zero that no revision wanted. `cause` is why it ended, where that is known.
    """

    ending: Ending
    reason: str
    at: datetime
    by: str | None = None
    unasked: bool = False
    cause: Cause | None = None

    @property
    def failed(self) -> bool:
        return self.ending in FAILURES or self.unasked

    @property
    def arrived(self) -> bool:
        """Whether what was wanted runs."""
        return self.ending in ARRIVALS and not self.unasked


@dataclass(frozen=True, slots=True)
class Rollout:
    """One service on its way to one revision, as of `observed_at`.

    `idle` is for how many seconds nothing has moved, and `reached` the most tasks that the new deployment ever ran:
    a task that starts and crashes again and again is no progress. `asked` is whether ECS was given the count that is
    wanted, `given_up` that its circuit breaker has acted. `foreign` are ECS deployments that were there before
    the revision was; their end does not matter to it. `stages` is how far ECS's service deployment is, where that was
    asked for.
    """

    goal: Goal
    state: State
    percent: int
    observed_at: datetime
    desired: int = 0
    running: int = 0
    pending: int = 0
    failed: int = 0
    deployment: str | None = None
    task_definition: str | None = None
    verdict: Verdict | None = None
    idle: float = 0.0
    reached: int = 0
    leaving: int = 0
    asked: bool = False
    given_up: bool = False
    foreign: frozenset[str] = NOTHING
    stages: StageProgress | None = None

    @property
    def open(self) -> bool:
        return self.verdict is None

    @property
    def moving(self) -> bool:
        """Whether tasks are being replaced, or are about to be."""
        return self.open or self.state == 'rolling-out'

    @property
    def unsettled(self) -> bool:
        """Whether it may still go on: it is open, or has only stalled."""
        return self.verdict is None or self.verdict.ending == 'stalled'


def begin(goal: Goal, seen: Service | None = None) -> Rollout:
    """A new rollout of a service; `seen` is the service as it was last observed."""
    foreign = {each.id for each in seen.deployments} if seen else set()
    if seen is not None and seen.native is not None:
        foreign.add(seen.native.arn)
    return Rollout(goal, 'queued', 0, goal.since, foreign=frozenset(foreign) or NOTHING)


def announced_again(rollout: Rollout, at: datetime, seen: Service | None = None) -> Rollout:
    """The rollout once schedulers are notified at a point in time: one that did not succeed begins again.

    What is known of that point in time already leaves it as it is.
    """
    known = rollout.goal.announced_at is not None and at <= rollout.goal.announced_at
    if known or (rollout.verdict and rollout.verdict.arrived):
        return rollout
    goal = replace(rollout.goal, announced_at=at)
    if rollout.open:
        return replace(rollout, goal=goal, idle=0.0)
    former = {rollout.deployment} if rollout.deployment else set()
    former |= {rollout.stages.arn} if rollout.stages else set()
    lines = [DEPLOYMENT_FAILED.search(each.message) for each in seen.events] if seen else []
    former |= {line['deployment'] for line in lines if line}
    again = begin(goal, seen)
    return replace(again, observed_at=max(at, rollout.observed_at), foreign=again.foreign | rollout.foreign | former)


def superseded(rollout: Rollout, revision: str, now: datetime) -> Rollout:
    """The rollout, ended by a newer revision if it was still open."""
    if not rollout.open:
        return rollout
    return end(rollout, Verdict('superseded', 'A newer revision changes this service.', now, revision))


def abandoned(rollout: Rollout, reason: str, now: datetime) -> Rollout:
    """The rollout, aborted for a reason outside ECS if it was still open."""
    return end(rollout, Verdict('aborted', reason, now)) if rollout.open else rollout


def end(rollout: Rollout, verdict: Verdict) -> Rollout:
    return replace(rollout, state=state_after(verdict), verdict=verdict)


def state_after(verdict: Verdict) -> State:
    if verdict.ending in ('rolled-back', 'removed'):
        return verdict.ending
    return 'failed' if verdict.failed else 'steady'


def later(before: Rollout, now: datetime, **values: Any) -> Rollout:
    """The rollout at a later look, at which nothing has moved yet."""
    seconds = min(max((now - before.observed_at).total_seconds(), 0.0), LONGEST_LOOK_S)
    return replace(before, observed_at=now, idle=before.idle + seconds, **values)


def waiting(rollout: Rollout, stalled_after: float) -> Rollout:
    """The rollout while ECS was not asked for anything yet."""
    if not rollout.open:
        return rollout
    if rollout.goal.held:
        return replace(rollout, state='queued', idle=0.0)
    if rollout.idle >= stalled_after:
        return stalled(rollout, f'ECS was not asked for it within {minutes(rollout.idle)}: does a scheduler run?')
    return replace(rollout, state='queued')


def stalled(rollout: Rollout, reason: str) -> Rollout:
    return end(rollout, Verdict('stalled', reason, rollout.observed_at))


def minutes(seconds: float) -> str:
    whole = round(seconds / 60)
    return '1 minute' if whole == 1 else f'{whole} minutes'
