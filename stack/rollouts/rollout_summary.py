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
# States that several rollouts may be in together.
_TOGETHER: tuple[State, ...] = ('paused', 'shifting', 'baking')


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
    return RolloutSummary(_state(rollouts), percent, None)


def _state(rollouts: tuple[Rollout, ...]) -> State:
    """The state while some are open: theirs where all of them wait, shift traffic or bake together."""
    if {each.state for each in rollouts} == {'queued'}:
        return 'queued'
    states = {each.state for each in rollouts if each.open}
    return next((state for state in _TOGETHER if states == {state}), 'rolling-out')


def _gravity(ended: tuple[Verdict, str]) -> tuple[bool, int]:
    verdict, _ = ended
    return not verdict.failed, BY_GRAVITY.index(verdict.ending)
