"""The rollout of a schedule: done once a pass has left nothing of it to be made.

ECS does not show schedules, so the outcome of the last pass is what is known of them.
"""

from dataclasses import replace
from datetime import datetime

from stack.rollouts.pass_outcome import PassOutcome
from stack.rollouts.rollout import STALLED_AFTER_S, Rollout, Verdict, end, later, waiting

DONE = 'The schedule runs the task definition of this revision.'


def follow(
    before: Rollout, outcome: PassOutcome | None, now: datetime, stalled_after: float = STALLED_AFTER_S
) -> Rollout:
    """The rollout one look later; `outcome` is that of a pass for its revision or a later one, None without one."""
    if not before.unsettled:
        return before
    looked = later(before, now, desired=0, running=0, pending=0, failed=0)
    if outcome is None:
        return waiting(looked, stalled_after)
    if outcome.is_unfinished(before.goal.service) or not outcome.ended:
        return waiting(replace(looked, asked=True), stalled_after)
    return end(replace(looked, percent=100, verdict=None), Verdict('succeeded', DONE, now))
