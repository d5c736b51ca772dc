"""Several services' rollouts together: of a revision, or of a cluster."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from stack.rollouts.rollout import Ending, Rollout, State, Verdict, state_after

# The worst first: that of a whole revision is the worst of its services'.
BY_GRAVITY: tuple[Ending, ...] = (
    'rolled-back',
    'aborted',
    'stalled',
    'superseded',
    'succeeded',
    'scaled-to-zero',
    'removed',
)


@dataclass(frozen=True, slots=True)
class RolloutSummary:
    """Settled when all are, or as soon as one has failed."""

    state: State
    percent: int
    verdict: Verdict | None


def summarise(rollouts: Iterable[Rollout]) -> RolloutSummary:
    """The rollout of a revision, or of a cluster; nothing to roll out is steady, without a verdict."""
    rollouts = tuple(rollouts)
    if not rollouts:
        return RolloutSummary('steady', 100, None)
    percent = sum(each.percent for each in rollouts) // len(rollouts)
    ended = [(rollout.verdict, rollout.goal.service) for rollout in rollouts if rollout.verdict is not None]
    worst, service = min(ended, key=_gravity, default=(None, ''))
    if worst is not None and (worst.failed or len(ended) == len(rollouts)):
        reason = worst.reason if len(rollouts) == 1 or worst.arrived else f'{service}: {worst.reason}'
        last = max(verdict.at for verdict, _ in ended)
        return RolloutSummary(state_after(worst), percent, replace(worst, reason=reason, at=last))
    states = {each.state for each in rollouts}
    return RolloutSummary('queued' if states == {'queued'} else 'rolling-out', percent, None)


def _gravity(ended: tuple[Verdict, str]) -> tuple[bool, int]:
    verdict, _ = ended
    return not verdict.failed, BY_GRAVITY.index(verdict.ending)
