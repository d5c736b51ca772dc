"""How a rollout goes and how it ended: decided from what is wanted, what ECS shows, and what was known before.

A verdict is bound to the revision, to the task definition that carries it, and to the ECS deployment that brings it;
never to "the service is stable", which is as true after a rollback as after a success.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from stack.observed import Deployment, Service

State = Literal['queued', 'rolling-out', 'steady', 'failed', 'rolled-back']
Ending = Literal['succeeded', 'scaled-to-zero', 'superseded', 'rolled-back', 'aborted', 'stalled']

# The worst first: that of a whole revision is the worst of its services'.
BY_GRAVITY: tuple[Ending, ...] = ('rolled-back', 'aborted', 'stalled', 'superseded', 'succeeded', 'scaled-to-zero')
FAILURES = frozenset({'rolled-back', 'aborted', 'stalled'})
ARRIVALS = frozenset({'succeeded', 'scaled-to-zero'})

STALLED_AFTER_S = 15 * 60
# Time that nobody looked counts no more than this towards a stall: an ECS that does not answer is not one that stands.
LONGEST_LOOK_S = 60
# What this machine's clock may be ahead of AWS's.
CLOCK_SKEW = timedelta(seconds=5)
# How long a failed deployment may wait for the circuit breaker's rollback to show.
ROLLBACK_GRACE_S = 60

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
DEPLOYMENT_FAILED = re.compile(r'\(deployment (?P<deployment>[^)]+)\) (?P<reason>deployment failed.*)')


@dataclass(frozen=True, slots=True)
class Goal:
    """What a revision wants of one service.

    `revision` is the one that last changed this service, `since` when it was stored. `count` is None where something
    else decides it (an autoscaler, a daemon's instances). `told` is when schedulers were told to act, the last time;
    None where nobody has told them yet.
    """

    service: str
    revision: str
    since: datetime
    image: str
    count: int | None
    told: datetime | None

    @property
    def held(self) -> bool:
        return self.told is None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a rollout ended. `by` is what came instead: a revision, or the task definition that runs.

    `unasked` marks a scale to zero that no revision wanted.
    """

    ending: Ending
    reason: str
    at: datetime
    by: str | None = None
    unasked: bool = False

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
    a task that starts and crashes again and again is no progress. `asked` says that ECS was given the count that is
    wanted, `given_up` that its circuit breaker has acted. `foreign` are ECS deployments that were there before
    the revision was; their end says nothing about it.
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
    foreign: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        return self.verdict is None


def begin(goal: Goal, seen: Service | None = None) -> Rollout:
    """A rollout of which nothing has moved yet; the service as it was last seen, where it was."""
    foreign = frozenset(each.id for each in seen.deployments) if seen else frozenset()
    return Rollout(goal, 'queued', 0, goal.since, foreign=foreign)


def told_again(rollout: Rollout, at: datetime, seen: Service | None = None) -> Rollout:
    """The rollout once schedulers are told to act at a point in time: what has not arrived is tried anew.

    What is known of that point in time already leaves it as it is.
    """
    known = rollout.goal.told is not None and at <= rollout.goal.told
    if known or (rollout.verdict and rollout.verdict.arrived):
        return rollout
    goal = replace(rollout.goal, told=at)
    if rollout.open:
        return replace(rollout, goal=goal, idle=0.0)
    former = {rollout.deployment} if rollout.deployment else set()
    lines = [DEPLOYMENT_FAILED.search(each.message) for each in seen.events] if seen else []
    former |= {line['deployment'] for line in lines if line}
    anew = begin(goal, seen)
    return replace(anew, observed_at=max(at, rollout.observed_at), foreign=anew.foreign | rollout.foreign | former)


def superseded(rollout: Rollout, revision: str, now: datetime) -> Rollout:
    """The rollout, ended by a newer revision if it was still open."""
    if not rollout.open:
        return rollout
    return _end(rollout, Verdict('superseded', 'A newer revision changes this service.', now, revision))


def abandoned(rollout: Rollout, reason: str, now: datetime) -> Rollout:
    """The rollout, aborted for a reason outside ECS if it was still open."""
    return _end(rollout, Verdict('aborted', reason, now)) if rollout.open else rollout


def follow(
    before: Rollout,
    seen: Service | None,
    fits: Collection[str],
    now: datetime,
    stalled_after: float = STALLED_AFTER_S,
) -> Rollout:
    """The rollout one look at ECS later; `fits` are the task definitions that carry what is wanted.

    `before` is what the last look left, or `begin(goal)`. The service is None where ECS has none of that name.
    """
    if seen is None or not seen.active:
        return _without_service(before, now, stalled_after)
    primary = seen.primary
    looked = replace(
        before,
        desired=seen.desired,
        running=seen.running,
        pending=seen.pending,
        failed=seen.failed,
        observed_at=now,
        idle=before.idle + _looked_for(before, now),
    )
    if primary is not None and primary.task_definition in fits:
        return _carried(looked, seen, primary, stalled_after)
    return _elsewhere(looked, seen, fits, stalled_after)


@dataclass(frozen=True, slots=True)
class Whole:
    """Several services' rollouts together: settled when all are, or as soon as one has failed."""

    state: State
    percent: int
    verdict: Verdict | None


def whole(rollouts: Iterable[Rollout]) -> Whole:
    """The rollout of a revision, or of a cluster; nothing to roll out is steady, without a verdict."""
    rollouts = tuple(rollouts)
    if not rollouts:
        return Whole('steady', 100, None)
    percent = sum(each.percent for each in rollouts) // len(rollouts)
    ended = sorted(filter(lambda each: each.verdict, rollouts), key=_gravity)
    if ended and (ended[0].verdict.failed or len(ended) == len(rollouts)):
        worst = ended[0].verdict
        reason = worst.reason if len(rollouts) == 1 or worst.arrived else f'{ended[0].goal.service}: {worst.reason}'
        last = max(each.verdict.at for each in ended)
        return Whole(_state_after(worst), percent, replace(worst, reason=reason, at=last))
    states = {each.state for each in rollouts}
    return Whole('queued' if states == {'queued'} else 'rolling-out', percent, None)


def _gravity(rollout: Rollout) -> tuple[bool, int]:
    return not rollout.verdict.failed, BY_GRAVITY.index(rollout.verdict.ending)


def _without_service(before: Rollout, now: datetime, stalled_after: float) -> Rollout:
    gone = replace(
        before,
        desired=0,
        running=0,
        pending=0,
        failed=0,
        percent=0,
        observed_at=now,
        idle=before.idle + _looked_for(before, now),
    )
    if not before.open:
        return gone
    if before.deployment:
        return _end(gone, Verdict('aborted', 'The service was deleted in ECS.', now))
    return _waiting(gone, stalled_after)


def _carried(looked: Rollout, seen: Service, primary: Deployment, stalled_after: float) -> Rollout:
    """ECS's newest deployment is the one that brings what is wanted."""
    looked = _progress(_bound(looked, seen, primary), seen, primary)
    count = _count(looked, seen)
    at_rest = primary.rollout_state in ('COMPLETED', None) and looked.leaving == seen.pending == 0
    if at_rest and seen.desired == primary.running == seen.running:
        if seen.desired == count:
            return _arrived(looked, count)
        if looked.asked and seen.desired == 0 and looked.open:
            reason = f'Somebody scaled the service to zero in ECS; {count} tasks were wanted.'
            return _end(looked, Verdict('scaled-to-zero', reason, looked.observed_at, unasked=True))
        return _waiting(looked, stalled_after)
    if primary.rollout_state == 'FAILED':
        return _failed(looked, seen, primary)
    return _moving(looked, stalled_after)


def _bound(looked: Rollout, seen: Service, primary: Deployment) -> Rollout:
    """The rollout, bound to the deployment: the first that carries it, or another attempt after one that failed."""
    asked = looked.asked or seen.desired == _count(looked, seen)
    if looked.deployment == primary.id:
        return replace(looked, asked=asked)
    return replace(
        looked,
        deployment=primary.id,
        task_definition=primary.task_definition,
        verdict=looked.verdict if looked.verdict and looked.verdict.arrived else None,
        idle=0.0,
        reached=0,
        leaving=0,
        asked=asked,
        given_up=False,
    )


def _count(looked: Rollout, seen: Service) -> int:
    return seen.desired if looked.goal.count is None else looked.goal.count


def _elsewhere(looked: Rollout, seen: Service, fits: Collection[str], stalled_after: float) -> Rollout:
    """ECS's newest deployment brings something else: not yet what is wanted, or no longer."""
    primary = seen.primary
    moving: State = 'steady' if primary and primary.rollout_state in ('COMPLETED', None) else 'rolling-out'
    if not looked.open:
        return looked if looked.verdict.failed else replace(looked, state=moving)
    if primary is None:
        return _waiting(looked, stalled_after)
    ours = _ours(looked, seen, fits)
    failure = _failure(looked, seen, ours)
    if ours is not None:
        looked = replace(looked, deployment=ours.id, task_definition=ours.task_definition)
    if failure is not None:
        return _end(looked, Verdict('rolled-back', failure, looked.observed_at, primary.task_definition))
    if looked.deployment is None:
        return _waiting(looked, stalled_after)
    reason = f'ECS deployment {primary.id}, which no revision asked for, took its place.'
    ended = _end(looked, Verdict('superseded', reason, looked.observed_at, primary.task_definition))
    return replace(ended, state=moving)


def _ours(looked: Rollout, seen: Service, fits: Collection[str]) -> Deployment | None:
    """The deployment that was to bring the revision, where ECS still shows it.

    One that was there before the revision, and happens to carry the same, is none of its own.
    """
    for each in seen.deployments:
        if each.id == looked.deployment:
            return each
        new = each.id not in looked.foreign and each.created_at >= looked.goal.since - CLOCK_SKEW
        if looked.deployment is None and new and each.task_definition in fits:
            return each
    return None


def _failure(looked: Rollout, seen: Service, ours: Deployment | None) -> str | None:
    """Why ECS gave up the deployment that was to bring the revision; None where it did not."""
    ours_id = ours.id if ours else looked.deployment
    for each in seen.events:
        told = DEPLOYMENT_FAILED.search(each.message)
        if not told or each.at < looked.goal.since - CLOCK_SKEW:
            continue
        other = _deployment_of(seen, told['deployment'])
        # Not bound: whoever looks for the first time finds the failed one gone, and what ECS tells of it.
        late = ours_id is None and other is None and told['deployment'] not in looked.foreign
        if told['deployment'] == ours_id or late:
            return told['reason']
    if ours is not None and ours.rollout_state == 'FAILED':
        return ours.reason
    if ours_id is not None and seen.primary is not None and 'rolling back' in seen.primary.reason.lower():
        return seen.primary.reason
    return None


def _deployment_of(seen: Service, identity: str) -> Deployment | None:
    return next((each for each in seen.deployments if each.id == identity), None)


def _progress(looked: Rollout, seen: Service, primary: Deployment) -> Rollout:
    """The rollout with its percentage, and its clock set back where something has moved."""
    leaving = sum(each.running for each in seen.deployments if each.id != primary.id)
    if primary.desired < primary.running:
        leaving += primary.running - primary.desired
    moved = primary.running > looked.reached or leaving < looked.leaving
    count = _count(looked, seen)
    done = 0 if count == 0 else min(primary.running, count) / count
    return replace(
        looked,
        percent=min(99, int(100 * done)),
        idle=0.0 if moved else looked.idle,
        reached=max(looked.reached, primary.running),
        leaving=leaving,
    )


def _arrived(looked: Rollout, count: int) -> Rollout:
    arrived = replace(looked, state='steady', percent=100, idle=0.0)
    if looked.verdict and looked.verdict.arrived:
        return arrived
    if count == 0:
        verdict = Verdict('scaled-to-zero', 'No task is wanted, and none runs.', looked.observed_at)
    else:
        running = 'The task runs' if count == 1 else f'All {count} tasks run'
        verdict = Verdict('succeeded', f'{running} in the deployment of this revision.', looked.observed_at)
    return _end(arrived, verdict)


def _failed(looked: Rollout, seen: Service, primary: Deployment) -> Rollout:
    if not looked.open:
        return replace(looked, state=_state_after(looked.verdict))
    if seen.breaker_rolls_back and not looked.given_up:
        return replace(looked, state='rolling-out', given_up=True, idle=0.0)
    if seen.breaker_rolls_back and looked.idle < ROLLBACK_GRACE_S:
        return looked
    reason = _failure(looked, seen, primary) or 'ECS gave the deployment up.'
    return _end(looked, Verdict('aborted', reason, looked.observed_at))


def _moving(looked: Rollout, stalled_after: float) -> Rollout:
    if not looked.open:
        # What dies or scales after a success is no part of the rollout, but moves.
        return replace(looked, state='rolling-out') if looked.verdict.arrived else looked
    if looked.idle >= stalled_after:
        reason = (
            f'Nothing has moved for {_minutes(looked.idle)}: {looked.reached} of {looked.desired} tasks ran at most.'
        )
        return _end(looked, Verdict('stalled', reason, looked.observed_at))
    return replace(looked, state='rolling-out')


def _waiting(looked: Rollout, stalled_after: float) -> Rollout:
    if not looked.open:
        return looked
    if looked.goal.held:
        return replace(looked, state='queued', idle=0.0)
    if looked.idle >= stalled_after:
        reason = f'ECS was not asked for it within {_minutes(looked.idle)}: does a scheduler run?'
        return _end(looked, Verdict('stalled', reason, looked.observed_at))
    return replace(looked, state='queued')


def _end(rollout: Rollout, verdict: Verdict) -> Rollout:
    return replace(rollout, state=_state_after(verdict), verdict=verdict)


def _state_after(verdict: Verdict) -> State:
    if verdict.ending == 'rolled-back':
        return 'rolled-back'
    return 'failed' if verdict.failed else 'steady'


def _looked_for(before: Rollout, now: datetime) -> float:
    return min(max((now - before.observed_at).total_seconds(), 0.0), LONGEST_LOOK_S)


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return '1 minute' if minutes == 1 else f'{minutes} minutes'
