"""Time series of a service: utilisation as `AWS/ECS` has it, traffic as `AWS/ApplicationELB` has it.

Those of one task are utilisation as `ECS/ContainerInsights` has it with enhanced observability.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
"""

import math
from collections.abc import Callable, Iterable, Iterator
from statistics import NormalDist, fmean
from typing import NamedTuple

from stack.sandbox.ecs.facts import PastRollout, PastTask, ServiceFacts, Span
from stack.sandbox.telemetry.load import HOUR, between, incident, level, profile

MINUTE = 60
# A longer period is sampled at so many of its minutes.
_SAMPLES = 12
# Spread of response times: of a log-normal distribution.
_SIGMA = 0.75
_FAILED_ROLLOUT_ERRORS = 0.05
_INCIDENT_ERRORS = 0.12
# How long ECS remembers a stopped task: before that, the desired count is all that is known.
_REMEMBERED = HOUR


class Sample(NamedTuple):
    """One minute of a service; shares from 0 to 1, utilisation in percent."""

    requests: float
    median_seconds: float
    errors: float
    client_errors: float
    cpu: float
    memory: float
    healthy: int
    unhealthy: int


class Query(NamedTuple):
    """A metric by name, its statistic (`Average`, `Sum`, `p95`, …) and its period in seconds.

    `group` is the target group, `task` the task that it is of; without either it is of the whole service.
    """

    metric: str
    statistic: str
    period: int
    group: str | None = None
    task: PastTask | None = None


class Range(NamedTuple):
    """From `start`, inclusive, to `end`; `now` is when the query runs. Seconds since 1970."""

    start: float
    end: float
    now: float


def series(facts: ServiceFacts, query: Query, when: Range) -> Iterator[tuple[int, float]]:
    """The points of a metric: time of the period's begin, and value. Only minutes that are over are counted.

    A target group without traffic has none, and a task only while it runs.
    """
    value = VALUES[query.metric]
    lives = query.task.span if query.task else Span(facts.created_at)
    at = math.floor(when.start / query.period) * query.period
    while at < when.end:
        begin, end = max(at, lives.start), min(at + query.period, when.now - MINUTE, lives.end)
        if at >= when.start and begin < end:
            step = max(MINUTE, query.period // _SAMPLES)
            times = [begin + offset for offset in range(0, math.ceil(end - begin), step)]
            if query.group is None or any(facts.share(query.group, each) for each in times):
                samples = [sample(facts, each, when.now, query.group, query.task) for each in times]
                minutes = max(1.0, (end - begin) / MINUTE)
                yield at, value(query.statistic, samples, minutes)
        at += query.period


def sample(
    facts: ServiceFacts, at: float, now: float, group: str | None = None, task: PastTask | None = None
) -> Sample:
    """A minute of a service, or of what one of its target groups or tasks has of it."""
    its = profile(facts.key)
    if task is not None:
        group = next((each for each in task.groups if each in facts.target_groups), None)
    failing = any(each.failed and each.span.covers(at) and _is_in(each, group) for each in facts.rollouts)
    severity = max(incident(facts.key, at), 0.5 if failing else 0.0)
    running, unhealthy = _running(facts, at, now, group)
    share = level(facts.key, at) * (1.0 if group is None else facts.share(group, at))
    # Fewer tasks than desired carry the same load.
    pressure = min(3.0, share * facts.carrying / max(1, running))
    revision, age = (task.revision, at - task.span.start) if task else _revision(facts, at, group)
    errors = its.error_share * between(0.6, 1.6, facts.key, revision, 'errors')
    errors += severity * (_FAILED_ROLLOUT_ERRORS if failing else _INCIDENT_ERRORS)
    own = between(0.94, 1.06, facts.key, task.id, 'cpu') if task else 1.0
    cost = own * between(0.8, 1.25, facts.key, revision, 'cpu')
    cpu = its.idle_cpu + its.peak_cpu * pressure * cost * (1 + 0.3 * severity)
    leak = min(9.0, age / HOUR * between(0.01, 0.12, facts.key, revision, 'leak'))
    memory = its.memory * between(0.88, 1.14, facts.key, revision, 'memory') + leak + 4 * share
    slowness = between(0.85, 1.2, facts.key, revision, 'latency') * (1 + 0.6 * pressure**2) * (1 + 2.5 * severity)
    return Sample(
        requests=its.peak_requests * share * MINUTE if running else 0.0,
        median_seconds=its.median_seconds * slowness,
        errors=min(1.0, errors),
        client_errors=between(0.004, 0.02, facts.key, 'client errors'),
        cpu=min(100.0, cpu) if running else 0.0,
        memory=min(99.0, memory) if running else 0.0,
        healthy=running - unhealthy,
        unhealthy=unhealthy,
    )


def _is_in(part: PastTask | PastRollout, group: str | None) -> bool:
    """Whether a task or rollout is one of a target group; one without groups is one of each."""
    return group is None or not part.groups or group in part.groups


def _running(facts: ServiceFacts, at: float, now: float, group: str | None) -> tuple[int, int]:
    """How many tasks ran, and how many of them were unhealthy."""
    if at < now - _REMEMBERED:
        return facts.desired, 0

    def count(tasks: Iterable[PastTask]) -> int:
        return sum(task.span.covers(at) and _is_in(task, group) for task in tasks)

    return count(facts.tasks), count(facts.unhealthy)


def _revision(facts: ServiceFacts, at: float, group: str | None) -> tuple[str, float]:
    """The revision that carried the load, and its age in seconds; in a target group also one while it fails there."""
    current, since = '', facts.created_at
    for rollout in facts.rollouts:
        if rollout.span.start > at:
            break
        carries = not rollout.failed or (group is not None and rollout.span.covers(at))
        if carries and _is_in(rollout, group):
            current, since = rollout.revision, rollout.span.start
    return current, max(0.0, at - since)


# Statistic, the samples of a period, its length in minutes → value.
Value = Callable[[str, list[Sample], float], float]


def _utilisation(read: Callable[[Sample], float]) -> Value:
    def value(statistic: str, samples: list[Sample], minutes: float) -> float:
        values = [read(each) for each in samples]
        average, count = fmean(values), math.floor(minutes * max(1, samples[0].healthy + samples[0].unhealthy))
        match statistic:
            case 'Sum':
                return average * count
            case 'SampleCount':
                return count
            case 'Minimum':
                return min(values) * 0.88
            case 'Maximum':
                return min(100.0, max(values) * 1.14)
            case 'Average':
                return average
        return min(100.0, average * (1 + 0.06 * _deviations(statistic)))

    return value


def _count(read: Callable[[Sample], float]) -> Value:
    def value(statistic: str, samples: list[Sample], minutes: float) -> float:
        total = math.floor(fmean(map(read, samples)) * minutes)
        # Each request is one value of 1.
        return total if statistic in ('Sum', 'SampleCount') else float(total > 0)

    return value


def _gauge(read: Callable[[Sample], float]) -> Value:
    def value(statistic: str, samples: list[Sample], minutes: float) -> float:
        values = [read(each) for each in samples]
        match statistic:
            case 'Minimum':
                return min(values)
            case 'Maximum':
                return max(values)
            case 'SampleCount':
                return math.floor(minutes)
            case 'Sum':
                return fmean(values) * minutes
        return fmean(values)

    return value


def _response_time(statistic: str, samples: list[Sample], minutes: float) -> float:
    median = fmean(each.median_seconds for each in samples)
    requests = math.floor(fmean(each.requests for each in samples) * minutes)
    average = median * math.exp(_SIGMA**2 / 2)
    match statistic:
        case 'Average':
            return average
        case 'SampleCount':
            return requests
        case 'Sum':
            return average * requests
    return median * math.exp(_SIGMA * _deviations(statistic))


def _deviations(statistic: str) -> float:
    """Of a percentile (`p95`), a Minimum or a Maximum, in standard deviations from the median."""
    if statistic[:1] == 'p' and statistic[1:].replace('.', '', 1).isdecimal():
        return NormalDist().inv_cdf(min(0.9999, max(0.0001, float(statistic[1:]) / 100)))
    return {'Minimum': -3.1, 'Maximum': 3.3}.get(statistic, 0.0)


UTILISATION: dict[str, Value] = {
    'CPUUtilization': _utilisation(lambda each: each.cpu),
    'MemoryUtilization': _utilisation(lambda each: each.memory),
}
OF_TASKS: dict[str, Value] = {
    'TaskCpuUtilization': UTILISATION['CPUUtilization'],
    'TaskMemoryUtilization': UTILISATION['MemoryUtilization'],
}
TRAFFIC: dict[str, Value] = {
    'RequestCount': _count(lambda each: each.requests),
    'RequestCountPerTarget': _count(lambda each: each.requests / max(1, each.healthy)),
    'HTTPCode_Target_2XX_Count': _count(lambda each: each.requests * (1 - each.errors - each.client_errors)),
    'HTTPCode_Target_4XX_Count': _count(lambda each: each.requests * each.client_errors),
    'HTTPCode_Target_5XX_Count': _count(lambda each: each.requests * each.errors),
    'HTTPCode_ELB_5XX_Count': _count(lambda each: each.requests * each.errors / 12),
    'TargetResponseTime': _response_time,
    'HealthyHostCount': _gauge(lambda each: each.healthy),
    'UnHealthyHostCount': _gauge(lambda each: each.unhealthy),
}
VALUES = UTILISATION | OF_TASKS | TRAFFIC
