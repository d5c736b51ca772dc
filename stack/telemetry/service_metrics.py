"""Series of a service's metrics, and the marks of its deployments; each read once a minute however many look.

CloudWatch bills each series that is read, and has no newer points within a minute.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from stack.aws.ports import PerCluster
from stack.errors import AwsFailed, NotFound
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout import Rollout
from stack.runtime.lru import LruCache
from stack.runtime.moments import stamp
from stack.runtime.shared_reads import SharedReads
from stack.telemetry.compared_tasks import NO_TASKS, ComparedRollout, ComparedTasks, TaskLook, TaskSides
from stack.telemetry.comparison import comparison_json, comparison_of, span_around
from stack.telemetry.metric_queries import (
    STEPS,
    SeriesQuery,
    TimeRange,
    service_queries,
    target_queries,
    task_queries,
    time_range,
)

CACHED_S = 60.0
# Answers that are kept, and load balancers of target groups.
MOST_CACHED = 2000

Json = dict[str, Any]
Values = Mapping[datetime, float]


class MetricReader(Protocol):
    """Reads series: see `stack.aws.cloudwatch.CloudWatchMetrics`. Raises `AwsFailed`."""

    async def series(self, queries: Sequence[SeriesQuery], span: TimeRange) -> list[Values]: ...


class BalancerLookup(Protocol):
    """Finds the load balancers of target groups: see `stack.aws.elbv2.balancer_arns`. Raises `AwsFailed`."""

    async def __call__(self, target_groups: Sequence[str]) -> Mapping[str, Sequence[str]]: ...


@dataclass(frozen=True)
class _Question:
    """What is read at once: series of some services of a cluster. With a rollout, what compares it, and no range."""

    cluster: str
    services: tuple[str, ...]
    target_groups: tuple[str, ...]
    range: str = ''
    step: int = 0
    rollout: ComparedRollout | None = None

    def span(self, now: datetime) -> TimeRange:
        return span_around(self.rollout.begun, now) if self.rollout else time_range(self.range, self.step, now)


@dataclass(frozen=True)
class _Answer:
    read_at: float
    span: TimeRange
    series: Sequence[tuple[SeriesQuery, Values]]
    tasks: TaskSides = NO_TASKS


class ServiceMetrics:
    def __init__(
        self,
        metrics: PerCluster[MetricReader],
        balancers: PerCluster[BalancerLookup],
        looks: PerCluster[TaskLook],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ):
        self._metrics = metrics
        self._balancers = balancers
        self._tasks = ComparedTasks(looks, clock)
        self._now = now
        self._clock = clock
        self._answers: LruCache[_Question, _Answer] = LruCache(MOST_CACHED)
        self._known_balancers: LruCache[str, Sequence[str]] = LruCache(MOST_CACHED)
        self._reads: SharedReads[_Question, _Answer] = SharedReads(self._read, at_once=1)

    async def of_service(self, state: ClusterState, service: str, range: str, step: int) -> Json:
        """All series of a service, a mark for each rollout, and old against new. Raises `NotFound`, `AwsFailed`."""
        if service not in state.names():
            raise NotFound(f'{state.name} has no service {service!r}.')
        seen = state.ecs.services.get(service)
        groups = seen.every_target_group if seen else ()
        answer = await self._reads.get(_Question(state.name, (service,), groups, range, step))
        span, times = answer.span, answer.span.times()
        return {
            'range': range,
            'step': step,
            'from': stamp(span.start),
            'to': stamp(span.end),
            'series': [_series_json(query, values, times) for query, values in _summed(answer.series)],
            'marks': [mark for mark in marks(state, service) if mark['at'] >= stamp(span.start)],
            'comparison': await self._comparison(state, service, groups),
        }

    async def _comparison(self, state: ClusterState, service: str, groups: tuple[str, ...]) -> Json | None:
        found = comparison_of(state, service, self._now())
        if found is None:
            return None
        answer = await self._reads.get(_Question(state.name, (service,), groups, rollout=found.key))
        return comparison_json(found, answer.series, answer.span.end, answer.tasks)

    async def of_cluster(self, state: ClusterState, range: str) -> Json:
        """CPU and memory of every service of a cluster, by name. Raises `AwsFailed`."""
        answer = await self._reads.get(_Question(state.name, tuple(state.names()), (), range, STEPS[range]))
        times = answer.span.times()
        content: dict[str, Json] = {}
        for query, values in answer.series:
            name = dict(query.dimensions)['ServiceName']
            content.setdefault(name, {})[query.metric.name] = [_rounded(values.get(at)) for at in times]
        span = answer.span
        return {
            'range': range,
            'step': span.step,
            'from': stamp(span.start),
            'to': stamp(span.end),
            'content': content,
        }

    async def _read(self, question: _Question) -> _Answer:
        """The answer that is cached, or a new one. Callers that arrive while it is read are given the cached one."""
        cached = self._answers.get(question)
        if cached is not None and self._clock() - cached.read_at < CACHED_S:
            return cached
        started, span = self._clock(), question.span(self._now())
        queries = [each for name in question.services for each in service_queries(question.cluster, name)]
        for group, balancers in (await self._balancers_of(question)).items():
            queries += [each for balancer in balancers for each in target_queries(balancer, group)]
        tasks = await self._tasks_of(question)
        queries += [
            query
            for name in question.services
            for task in sorted(tasks.old | tasks.new)
            for query in task_queries(question.cluster, name, task)
        ]
        metrics = await self._metrics.of(question.cluster)
        values = await metrics.series(queries, span) if queries else []
        answer = _Answer(started, span, list(zip(queries, values, strict=True)), tasks)
        self._answers.put(question, answer)
        return answer

    async def _tasks_of(self, question: _Question) -> TaskSides:
        if question.rollout is None:
            return NO_TASKS
        (service,) = question.services
        return await self._tasks.of(question.cluster, service, question.rollout)

    async def _balancers_of(self, question: _Question) -> Mapping[str, Sequence[str]]:
        """The application load balancers of target groups; a group that AWS does not know has none."""
        known = {group: self._known_balancers.get(group) for group in question.target_groups}
        missing = [group for group, balancers in known.items() if balancers is None]
        if missing:
            for group, balancers in (await self._lookup(question.cluster, missing)).items():
                known[group] = balancers
                if balancers:
                    self._known_balancers.put(group, balancers)
        return {
            group: [each for each in balancers or () if ':loadbalancer/app/' in each]
            for group, balancers in known.items()
        }

    async def _lookup(self, cluster: str, groups: Sequence[str]) -> Mapping[str, Sequence[str]]:
        try:
            return await (await self._balancers.of(cluster))(groups)
        except AwsFailed as error:
            if error.aws_code == 'TargetGroupNotFound':
                return {}
            raise


def marks(state: ClusterState, service: str) -> list[Json]:
    """The rollouts of a service that are known, the oldest first."""
    rollouts = sorted(state.book.of_service(service), key=lambda rollout: rollout.goal.since)
    return [_mark_json(rollout) for rollout in rollouts]


def _mark_json(rollout: Rollout) -> Json:
    verdict = rollout.verdict
    return {
        'at': stamp(rollout.goal.since),
        'revision': rollout.goal.revision,
        'image': rollout.goal.image or None,
        'state': rollout.state,
        'ending': verdict.ending if verdict else None,
        'failed': verdict.failed if verdict else False,
        'ended_at': stamp(verdict.at) if verdict else None,
    }


def _summed(series: Sequence[tuple[SeriesQuery, Values]]) -> list[tuple[SeriesQuery, Values]]:
    """One series for each name: counts of several target groups are added, of other metrics the highest is shown."""
    by_name: dict[str, tuple[SeriesQuery, dict[datetime, float]]] = {}
    for query, values in series:
        if query.metric.name not in by_name:
            by_name[query.metric.name] = query, dict(values)
            continue
        _, merged = by_name[query.metric.name]
        for at, value in values.items():
            known = merged.get(at)
            adds = query.metric.unit == 'Count'
            merged[at] = value if known is None else known + value if adds else max(known, value)
    return list(by_name.values())


def _series_json(query: SeriesQuery, values: Values, times: Sequence[datetime]) -> Json:
    metric = query.metric
    return {
        'name': metric.name,
        'unit': metric.unit,
        'statistic': metric.statistic,
        'points': [[stamp(at), _rounded(values.get(at, metric.gap if values else None))] for at in times],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f'{value:.6g}')
