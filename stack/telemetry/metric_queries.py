"""Which metrics of a service are read from CloudWatch, and how they are shown. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Metric:
    """A series of the API, and the metric of AWS that it shows.

    `gap` is the value of a period without a point: 0 for counts that are published only if they are not 0, else None.
    """

    name: str
    namespace: str
    metric: str
    statistic: str
    unit: str
    gap: float | None = None


_ALB = 'AWS/ApplicationELB'
_INSIGHTS = 'ECS/ContainerInsights'

OF_SERVICE = (
    Metric('cpu', 'AWS/ECS', 'CPUUtilization', 'Average', 'Percent'),
    Metric('memory', 'AWS/ECS', 'MemoryUtilization', 'Average', 'Percent'),
)
OF_TARGETS = (
    Metric('requests', _ALB, 'RequestCount', 'Sum', 'Count', gap=0.0),
    Metric('errors', _ALB, 'HTTPCode_Target_5XX_Count', 'Sum', 'Count', gap=0.0),
    Metric('latency', _ALB, 'TargetResponseTime', 'Average', 'Seconds'),
    Metric('latency_p95', _ALB, 'TargetResponseTime', 'p95', 'Seconds'),
    Metric('healthy_targets', _ALB, 'HealthyHostCount', 'Minimum', 'Count'),
)
OF_TASK = (
    Metric('task_cpu', _INSIGHTS, 'TaskCpuUtilization', 'Average', 'Percent'),
    Metric('task_memory', _INSIGHTS, 'TaskMemoryUtilization', 'Average', 'Percent'),
)


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """One series: a metric with its dimensions."""

    metric: Metric
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start` until before `end`, in periods of `step` seconds; both are multiples of the step."""

    start: datetime
    end: datetime
    step: int

    def times(self) -> list[datetime]:
        """The beginnings of the periods."""
        count = int((self.end - self.start).total_seconds()) // self.step
        return [self.start + timedelta(seconds=self.step * number) for number in range(count)]


RANGES: Mapping[str, timedelta] = {
    '1h': timedelta(hours=1),
    '6h': timedelta(hours=6),
    '1d': timedelta(days=1),
    '1w': timedelta(weeks=1),
}
# As many points as a plot has room for; CloudWatch keeps periods of a minute for 15 days.
STEPS: Mapping[str, int] = {'1h': 60, '6h': 60, '1d': 300, '1w': 1800}
MOST_POINTS = 1500
# Points arrive one to three minutes late: the newest period is left out until then.
LATE = timedelta(minutes=2)


def time_range(name: str, step: int, now: datetime) -> TimeRange:
    """The range that ends when points can be expected, aligned to the step."""
    end = int((now - LATE).timestamp()) // step * step
    length = int(RANGES[name].total_seconds()) // step * step
    return TimeRange(datetime.fromtimestamp(end - length, UTC), datetime.fromtimestamp(end, UTC), step)


def service_queries(cluster: str, service: str) -> list[SeriesQuery]:
    """CPU and memory: percent of what the tasks reserve, on average over the tasks."""
    dimensions = (('ClusterName', cluster), ('ServiceName', service))
    return [SeriesQuery(metric, dimensions) for metric in OF_SERVICE]


def task_queries(cluster: str, service: str, task: str) -> list[SeriesQuery]:
    """CPU and memory of one task; CloudWatch has them with enhanced Container Insights only."""
    dimensions = (('ClusterName', cluster), ('ServiceName', service), ('TaskId', task))
    return [SeriesQuery(metric, dimensions) for metric in OF_TASK]


def target_queries(load_balancer: str, target_group: str) -> list[SeriesQuery]:
    """Requests, errors, latency and health of a target group; by the ARNs of load balancer and group."""
    dimensions = (
        ('LoadBalancer', load_balancer.partition('loadbalancer/')[2]),
        ('TargetGroup', target_group.rpartition(':')[2]),
    )
    return [SeriesQuery(metric, dimensions) for metric in OF_TARGETS]
