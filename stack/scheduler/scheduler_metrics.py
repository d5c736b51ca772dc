"""The scheduler's metrics for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from stack.rollouts.progress import Progress

BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
MESSAGES = ('done', 'dead', 'unknown', 'left')


class SchedulerMetrics:
    def __init__(self, registry: CollectorRegistry):
        self.passes = Histogram(
            'nysa_pass_duration_seconds',
            'Passes over a cluster by how they ended: complete, waiting, awaiting, failed, stopped.',
            ('outcome',),
            buckets=BUCKETS,
            registry=registry,
        )
        self.steps = Histogram(
            'nysa_step_duration_seconds',
            'Steps of plans by AWS call and how they ended: done, failed, waiting, left.',
            ('kind', 'outcome'),
            buckets=BUCKETS,
            registry=registry,
        )
        self.messages = Counter(
            'nysa_messages_total',
            'Messages by outcome: done, dead, unknown, left (too many of one account wait).',
            ('outcome',),
            registry=registry,
        )
        # From 0 on: Prometheus sees no increase in a series that begins with its first message.
        for outcome in MESSAGES:
            self.messages.labels(outcome)
        self.under_way = Gauge('nysa_passes_under_way', 'Clusters that are being worked on now.', registry=registry)

    def step(self, progress: Progress) -> None:
        if progress.state != 'started':
            self.steps.labels(progress.step.kind, progress.state).observe(progress.seconds)
