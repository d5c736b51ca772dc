"""The removal of a service: from the change that destroys it until it is gone from ECS."""

from dataclasses import replace
from datetime import datetime

from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import STALLED_AFTER_S, Rollout, Verdict, end, later, minutes, stalled, waiting


def follow(before: Rollout, seen: Service | None, now: datetime, stalled_after: float = STALLED_AFTER_S) -> Rollout:
    """The removal one look at ECS later; the service is None where ECS has none of that name.

    A service that is deleted is DRAINING while its tasks stop, and INACTIVE afterwards:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
    """
    if not before.unsettled:
        return before
    if seen is None or (seen.status == 'INACTIVE' and not _tasks(seen)):
        gone = later(before, now, desired=0, running=0, pending=0, percent=100)
        return end(gone, Verdict('removed', 'The service is gone from ECS.', now))
    looked = later(before, now, desired=seen.desired, running=seen.running, pending=seen.pending)
    left = _tasks(seen)
    most = max(before.reached, left)
    # Schedulers scale a service to 0 before they delete it.
    acted = before.asked or not seen.active or (seen.desired == 0 and before.reached > 0)
    if not acted:
        return waiting(replace(looked, reached=most), stalled_after)
    moved = left < before.leaving or not before.asked
    if not (moved or before.open):
        return looked
    looked = replace(
        looked,
        state='removing',
        verdict=None,
        asked=True,
        reached=most,
        leaving=left,
        idle=0.0 if moved else looked.idle,
        percent=min(99, 100 * (most - left) // most) if most else 99,
    )
    if looked.idle >= stalled_after:
        return stalled(
            looked, f'Nothing has moved for {minutes(looked.idle)}: ECS still has it, with {left} of {most} tasks.'
        )
    return looked


def _tasks(seen: Service) -> int:
    return seen.running + seen.pending
