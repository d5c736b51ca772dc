"""The metrics of rollouts for Prometheus: endings, pauses, and what people do to rollouts under way.

Every process counts the rollouts that it follows; processes beside each other count the same ones.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# From an answer at once to ECS's longest pause, 14 days, in seconds.
BUCKETS = (10, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 3 * 24 * 3600, 14 * 24 * 3600)

# Labels come from fixed sets; what ECS or a later version adds is `other`.
NONE = 'none'
OTHER = 'other'
STRATEGIES = ('rolling', 'blue_green', 'linear', 'canary', NONE)
ENDINGS = ('succeeded', 'scaled-to-zero', 'removed', 'superseded', 'rolled-back', 'aborted', 'stalled')
CAUSES = ('alarm', 'breaker', 'hook', 'hook-timeout', 'stopped', 'by-hand', NONE)
# A stop with `rollback` or `abort`, and the answer to a pause.
ACTS = ('stop', 'abort', 'continue', 'roll-back')


class RolloutMetrics:
    def __init__(self, registry: CollectorRegistry):
        self._rollouts = Counter(
            'nysa_rollouts_total',
            'Rollouts that ended, by strategy (none: a removal or a task), ending and cause (none: not known).',
            ('strategy', 'ending', 'cause'),
            registry=registry,
        )
        self._pauses = Histogram(
            'nysa_rollout_pause_seconds',
            'How long rollouts waited for a person, once they have gone on or ended.',
            ('strategy',),
            buckets=BUCKETS,
            registry=registry,
        )
        self._paused = Gauge('nysa_rollouts_paused', 'Rollouts that wait for a person now.', registry=registry)
        self._acts = Counter(
            'nysa_rollout_acts_total',
            'Stops (stop, abort) and answers to pauses (continue, roll-back) that this server accepted.',
            ('act',),
            registry=registry,
        )
        for act in ACTS:
            self._acts.labels(act)

    def ended(self, strategy: str, ending: str, cause: str) -> None:
        self._rollouts.labels(
            _bounded(strategy, STRATEGIES), _bounded(ending, ENDINGS), _bounded(cause or NONE, CAUSES)
        ).inc()

    def pause_ended(self, strategy: str, seconds: float) -> None:
        self._pauses.labels(_bounded(strategy, STRATEGIES)).observe(seconds)

    def acted(self, act: str) -> None:
        self._acts.labels(_bounded(act, ACTS)).inc()

    def count_paused(self, count: Callable[[], int]) -> None:
        """Show what `count` gives, whenever the metrics are read."""
        self._paused.set_function(count)


def _bounded(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else OTHER
