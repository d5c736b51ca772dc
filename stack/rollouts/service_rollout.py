"""The rollout of a service to a revision, as each look at ECS advances it.

A verdict is bound to the revision, to the task definition that carries it, and to the ECS deployment that brings it;
never to "the service is stable", which is as true after a rollback as after a success.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from stack.reconcile.shared_terms import shared_value
from stack.rollouts import native_rollout
from stack.rollouts.ecs_state import Deployment, Service
from stack.rollouts.native_rollout import CLOCK_SKEW, cause_in
from stack.rollouts.rollout import (
    DEPLOYMENT_FAILED,
    STALLED_AFTER_S,
    Rollout,
    State,
    Verdict,
    end,
    later,
    minutes,
    stalled,
    state_after,
    waiting,
)
from stack.stackfile.deployment_room import leaves_room

# Why ECS can neither begin nor go on.
NO_ROOM = 'Minimum and maximum percent let ECS neither stop an old task nor start a new one.'
# How long a failed deployment may wait for the circuit breaker's rollback to show.
ROLLBACK_GRACE_S = 60


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
    counts = {'desired': seen.desired, 'running': seen.running, 'pending': seen.pending, 'failed': seen.failed}
    looked = later(before, now, **counts)
    native = native_rollout.own(looked, seen, fits)
    if native is not None and native.status != 'SUCCESSFUL':
        carrier = _carrier(seen, native.task_definition)
        bound = _progress(_bound(looked, seen, carrier), seen, carrier) if carrier else looked
        return native_rollout.follow(bound, seen, native, stalled_after)
    if primary is not None and primary.task_definition in fits:
        return _carried(looked, seen, primary, stalled_after)
    return _elsewhere(looked, seen, fits, stalled_after)


def counted(before: Rollout, seen: Service) -> Rollout:
    """The rollout with the tasks that a look shows, before it is known what they run."""
    return replace(before, desired=seen.desired, running=seen.running, pending=seen.pending, failed=seen.failed)


def _without_service(before: Rollout, now: datetime, stalled_after: float) -> Rollout:
    gone = later(before, now, desired=0, running=0, pending=0, failed=0, percent=0)
    if not before.open:
        return gone
    if before.deployment:
        return end(gone, Verdict('aborted', 'The service was deleted in ECS.', now, cause='by-hand'))
    return waiting(gone, stalled_after)


def _carrier(seen: Service, task_definition: str) -> Deployment | None:
    """The newest of the deployments that brings a task definition."""
    return next((each for each in seen.deployments if each.task_definition == task_definition), None)


def _carried(looked: Rollout, seen: Service, primary: Deployment, stalled_after: float) -> Rollout:
    """ECS's newest deployment is the one that brings what is wanted."""
    looked = _progress(_bound(looked, seen, primary), seen, primary)
    count = _count(looked, seen)
    at_rest = primary.rollout_state in ('COMPLETED', None) and looked.leaving == seen.pending == 0
    at_rest = at_rest and not (seen.native and seen.native.open)
    if at_rest and seen.desired == primary.running == seen.running:
        if seen.desired == count or (seen.desired and count and _was_asked(looked, primary)):
            return _arrived(looked, seen.desired, count)
        if looked.asked and seen.desired == 0 and looked.open:
            reason = f'The service was scaled to zero in ECS; {count} tasks were wanted.'
            return end(looked, Verdict('scaled-to-zero', reason, looked.observed_at, unasked=True, cause='by-hand'))
        return waiting(looked, stalled_after)
    if primary.rollout_state == 'FAILED':
        return _failed(looked, seen, primary)
    return _moving(looked, seen, stalled_after)


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


def _was_asked(looked: Rollout, primary: Deployment) -> bool:
    """Whether ECS was given what is wanted, so that another count is a change by hand, or by an autoscaler."""
    new = primary.id not in looked.foreign and primary.created_at >= looked.goal.since - CLOCK_SKEW
    return looked.asked or new


def _count(looked: Rollout, seen: Service) -> int:
    return seen.desired if looked.goal.count is None else looked.goal.count


def _elsewhere(looked: Rollout, seen: Service, fits: Collection[str], stalled_after: float) -> Rollout:
    """ECS's newest deployment brings something else: not yet what is wanted, or no longer."""
    primary = seen.primary
    moving: State = 'steady' if primary and primary.rollout_state in ('COMPLETED', None) else 'rolling-out'
    if looked.verdict is not None:
        return looked if looked.verdict.failed else replace(looked, state=moving)
    if native_rollout.returns_to(seen, fits) and looked.deployment is None:
        return _moving(looked, seen, stalled_after)
    if primary is None:
        return waiting(looked, stalled_after)
    own = _own_deployment(looked, seen, fits)
    failure = _failure(looked, seen, own)
    if own is not None:
        looked = replace(looked, deployment=own.id, task_definition=own.task_definition)
    if failure is not None:
        cause = cause_in(failure)
        return end(looked, Verdict('rolled-back', failure, looked.observed_at, primary.task_definition, cause=cause))
    if looked.deployment is None:
        return waiting(looked, stalled_after)
    reason = f'ECS deployment {primary.id}, which no revision asked for, took its place.'
    ended = end(looked, Verdict('superseded', reason, looked.observed_at, primary.task_definition, cause='by-hand'))
    return replace(ended, state=moving)


def _own_deployment(looked: Rollout, seen: Service, fits: Collection[str]) -> Deployment | None:
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


def _failure(looked: Rollout, seen: Service, own: Deployment | None) -> str | None:
    """Why ECS gave up the deployment that was to bring the revision; None where it did not."""
    own_id = own.id if own else looked.deployment
    for each in seen.events:
        line = DEPLOYMENT_FAILED.search(each.message)
        if not line or each.at < looked.goal.since - CLOCK_SKEW:
            continue
        other = _deployment_of(seen, line['deployment'])
        # At a first look the failed deployment may be gone already, but for the event of it.
        late = own_id is None and other is None and line['deployment'] not in looked.foreign
        if line['deployment'] == own_id or late:
            return line['reason']
    if own is not None and own.rollout_state == 'FAILED':
        return own.reason
    if own_id is not None and seen.primary is not None and 'rolling back' in seen.primary.reason.lower():
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


def _arrived(looked: Rollout, count: int, wanted: int) -> Rollout:
    arrived = replace(looked, state='steady', percent=100, idle=0.0)
    if looked.verdict and looked.verdict.arrived:
        return arrived
    if count == 0:
        verdict = Verdict('scaled-to-zero', 'No task is wanted, and none runs.', looked.observed_at)
    else:
        reason = f'{count} of {count} tasks on this revision.'
        if count != wanted:
            reason += f' The count was changed in ECS; {wanted} were wanted.'
        verdict = Verdict('succeeded', reason, looked.observed_at)
    # Most services of a look have the same one.
    return end(arrived, shared_value(verdict))


def _failed(looked: Rollout, seen: Service, primary: Deployment) -> Rollout:
    if looked.verdict is not None:
        return replace(looked, state=state_after(looked.verdict))
    if seen.breaker_rolls_back and not looked.given_up:
        return replace(looked, state='rolling-out', given_up=True, idle=0.0)
    if seen.breaker_rolls_back and looked.idle < ROLLBACK_GRACE_S:
        return looked
    reason = _failure(looked, seen, primary) or 'ECS gave the deployment up.'
    return end(looked, Verdict('aborted', reason, looked.observed_at, cause=cause_in(reason)))


def _moving(looked: Rollout, seen: Service, stalled_after: float) -> Rollout:
    if looked.verdict is not None:
        # What dies or scales after a success is no part of the rollout, but moves.
        return replace(looked, state='rolling-out') if looked.verdict.arrived else looked
    if looked.idle >= stalled_after + seen.grace:
        reason = (
            f'Nothing has moved for {minutes(looked.idle)}: {looked.reached} of {looked.desired} tasks ran at most.'
        )
        return stalled(looked, reason if _has_room(seen) else f'{reason} {NO_ROOM}')
    return replace(looked, state='rolling-out')


def _has_room(seen: Service) -> bool:
    configuration = seen.description.get('deploymentConfiguration') or {}
    maximum, minimum = configuration.get('maximumPercent'), configuration.get('minimumHealthyPercent')
    return leaves_room(seen.desired, maximum, minimum)
