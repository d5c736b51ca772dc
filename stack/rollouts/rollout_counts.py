"""What is counted of rollouts, for `stack.runtime.rollout_metrics`."""

from collections.abc import Iterable

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout import Rollout
from stack.rollouts.stage_view import strategy_of
from stack.runtime.rollout_metrics import NONE, RolloutMetrics


def count_ending(metrics: RolloutMetrics, state: ClusterState, rollout: Rollout) -> None:
    """Count a rollout that has ended."""
    if rollout.verdict is not None:
        strategy = strategy_of(state, rollout) if rollout.goal.kind == 'service' else NONE
        metrics.ended(strategy, rollout.verdict.ending, rollout.verdict.cause or NONE)


def count_paused(states: Iterable[ClusterState]) -> int:
    """The number of rollouts that wait for a person."""
    return sum(each.open and each.state == 'paused' for state in states for each in list(state.rollouts.values()))
