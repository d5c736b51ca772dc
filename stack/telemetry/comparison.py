"""Old against new during a rollout: which rollout is compared, over which times, and the values of both sides. Pure.

CloudWatch has CPU and memory of a service as a whole: before the rollout and since. With enhanced Container Insights it
has them of each task: see `stack.telemetry.compared_tasks`. An Application Load Balancer has requests, errors and
latency for each target group: with blue/green, linear and canary, the old tasks have another one than the new tasks, so
that both are known at the same time.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any, Literal, NamedTuple

from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.ecs_state import Service
from stack.rollouts.rollout import Rollout
from stack.runtime.moments import stamp
from stack.telemetry.compared_tasks import NO_TASKS, ComparedRollout, TaskSides
from stack.telemetry.metric_queries import LATE, SeriesQuery, TimeRange

# How long before it began a rollout is compared with, and for how long after its end it is compared.
HOUR = timedelta(hours=1)
# A rollout that goes on for longer is not compared: most of the difference would be the time of day.
LONGEST = timedelta(days=1)
MINUTE_S = 60

Value = float | None
Values = Mapping[datetime, float]
Series = Sequence[tuple[SeriesQuery, Values]]
Json = dict[str, Any]
# How the sides of a metric are distinguished: see the schema of the answer.
By = Literal['target-group', 'task', 'new-tasks', 'time']


@dataclass(frozen=True)
class Comparison:
    """A rollout that replaces the tasks of a service. `until` is when its tasks stopped serving; None while they do.

    `old_groups` and `new_groups` are the target groups of the two; empty where they have the same.
    """

    rollout: Rollout
    image_before: str | None
    begun: datetime
    until: datetime | None
    old_groups: frozenset[str] = frozenset()
    new_groups: frozenset[str] = frozenset()

    @property
    def key(self) -> ComparedRollout:
        """What its tasks are found by."""
        return ComparedRollout(self.rollout.deployment or '', self.begun, bool(self.new_groups))

    def before(self) -> TimeRange:
        """The hour before it began."""
        end = _minute(self.begun)
        return TimeRange(end - HOUR, end, MINUTE_S)

    def since(self, end: datetime) -> TimeRange:
        """The whole minutes since it began, until an end; there may be none."""
        first = _minute(self.begun) + timedelta(seconds=MINUTE_S)
        return TimeRange(first, max(first, _minute(min(end, self.until or end))), MINUTE_S)


def span_around(begun: datetime, now: datetime) -> TimeRange:
    """What is read for a rollout that began then: the hour before, and all of which points can be expected."""
    first = _minute(begun)
    return TimeRange(first - HOUR, max(first, _minute(now - LATE)), MINUTE_S)


def comparison_of(state: ClusterState, name: str, now: datetime) -> Comparison | None:
    """The newest rollout of a service while it goes on, and for an hour after it; None if it replaces no tasks."""
    going, seen = state.rollouts.get(name), state.ecs.services.get(name)
    if going is None or seen is None or going.goal.kind != 'service':
        return None
    if going.deployment is None or going.deployment in going.foreign or _is_first(seen, going):
        return None
    begun = next((each.created_at for each in seen.deployments if each.id == going.deployment), going.goal.since)
    verdict = going.verdict
    if now - begun > LONGEST or (verdict is not None and now - verdict.at > HOUR):
        return None
    native = seen.native if going.stages and seen.native and seen.native.arn == going.stages.arn else None
    old, new = (frozenset(native.source_groups), frozenset(native.target_groups)) if native else ((), ())
    differ = bool(old and new) and not frozenset(old) & frozenset(new)
    serves = verdict is None or (verdict.arrived and not differ)
    return Comparison(
        going,
        _image_before(state, name, going),
        begun,
        None if serves or verdict is None else verdict.at,
        frozenset(old) if differ else frozenset(),
        frozenset(new) if differ else frozenset(),
    )


def _is_first(seen: Service, going: Rollout) -> bool:
    """Whether the service began with it: there is nothing to compare it with."""
    return seen.created_at >= going.goal.since


def _image_before(state: ClusterState, name: str, going: Rollout) -> str | None:
    """The image that the old tasks run, or ran."""
    seen = state.ecs.services.get(name)
    leaving = [each for each in seen.deployments if each.id != going.deployment] if seen else []
    running = [state.ecs.image(each.task_definition, name) for each in leaving if each.running]
    succeeded = [
        rollout.goal.image
        for rollout in state.book.of_service(name)
        if rollout.goal.revision != going.goal.revision and rollout.verdict and rollout.verdict.ending == 'succeeded'
    ]
    return next((image for image in [*running, *reversed(succeeded)] if image), None)


def comparison_json(found: Comparison, series: Series, end: datetime, tasks: TaskSides = NO_TASKS) -> Json:
    """Each metric with the values of both sides, by series that were read until an end; None without points."""
    goal, verdict = found.rollout.goal, found.rollout.verdict
    points = _Points(series, found.before(), found.since(end))
    read = {query.metric.name for query, _ in series}
    return {
        'revision': goal.revision,
        'image': goal.image or None,
        'image_before': found.image_before,
        'begun_at': stamp(found.begun),
        'ended_at': stamp(verdict.at) if verdict else None,
        'before': {'from': stamp(points.before.start), 'to': stamp(points.before.end)},
        'since': {'from': stamp(points.since.start), 'to': stamp(points.since.end)},
        'tasks': {'old': len(tasks.old), 'new': len(tasks.new)} if tasks.new else None,
        'metrics': [
            _row_json(metric, _sides(metric, found, points, tasks)) for metric in METRICS if metric.reads[0] in read
        ],
    }


class _Points(NamedTuple):
    """What was read, and the times of both sides."""

    series: Series
    before: TimeRange
    since: TimeRange


def _sides(metric: '_Compared', found: Comparison, points: _Points, tasks: TaskSides) -> tuple[By, Value, Value]:
    """How the sides of a metric are distinguished, and the values of old and new."""
    if metric.of_targets and found.new_groups:
        old, new = (_Side.of_groups(points, groups) for groups in (found.old_groups, found.new_groups))
        return 'target-group', metric.value(old), metric.value(new)
    before = metric.value(_Side(points.series, points.before))
    if metric.of_task and (fresh := metric.of_task(_Side.of_tasks(points, tasks.new))) is not None:
        beside = metric.of_task(_Side.of_tasks(points, tasks.old)) if tasks.old else None
        return ('new-tasks', before, fresh) if beside is None else ('task', beside, fresh)
    return 'time', before, metric.value(_Side(points.series, points.since))


def _row_json(metric: '_Compared', sides: tuple[By, Value, Value]) -> Json:
    by, old, new = sides
    return {'name': metric.name, 'unit': metric.unit, 'by': by, 'old': _rounded(old), 'new': _rounded(new)}


class _Side:
    """The points of one side: of a time, and of some target groups or tasks; of the whole service without any."""

    def __init__(self, series: Series, span: TimeRange, dimension: str = '', among: Collection[str] = ()):
        self._series = series
        self._span = span
        self._dimension = dimension
        self._among = frozenset(among)

    @classmethod
    def of_groups(cls, points: _Points, groups: Collection[str]) -> '_Side':
        """Target groups by their ARNs, since the rollout began."""
        return cls(points.series, points.since, 'TargetGroup', [group.rpartition(':')[2] for group in groups])

    @classmethod
    def of_tasks(cls, points: _Points, tasks: Collection[str]) -> '_Side':
        """Tasks by their ids, since the rollout began."""
        return cls(points.series, points.since, 'TaskId', tasks)

    def values(self, name: str) -> list[float]:
        """The values of a metric by its name in the API."""
        return [value for values in self._matching(name) for at, value in values.items() if self._covers(at)]

    def minutes(self, name: str) -> int:
        """The minutes that a count is of: all where it is 0 without a point, those with points of a target group.

        A target group without traffic is one that is not led to yet, or no longer.
        """
        if not self._dimension:
            return len(self._span.times())
        return len({at for values in self._matching(name) for at in values if self._covers(at)})

    def _matching(self, name: str) -> Iterable[Values]:
        for query, values in self._series:
            own = not self._dimension or dict(query.dimensions).get(self._dimension) in self._among
            if query.metric.name == name and own:
                yield values

    def _covers(self, at: datetime) -> bool:
        return self._span.start <= at < self._span.end


def _mean(name: str) -> Callable[[_Side], Value]:
    def value(side: _Side) -> Value:
        values = side.values(name)
        return fmean(values) if values else None

    return value


def _requests(side: _Side) -> Value:
    values, minutes = side.values('requests'), side.minutes('requests')
    return sum(values) / minutes if values and minutes else None


def _error_rate(side: _Side) -> Value:
    requests = sum(side.values('requests'))
    return 100 * sum(side.values('errors')) / requests if requests else None


class _Compared(NamedTuple):
    """A metric of the comparison; `reads` are the series that it is made of, `of_task` is its value of tasks."""

    name: str
    unit: str
    reads: tuple[str, ...]
    value: Callable[[_Side], Value]
    of_targets: bool = True
    of_task: Callable[[_Side], Value] | None = None


METRICS = (
    _Compared('cpu', 'Percent', ('cpu',), _mean('cpu'), of_targets=False, of_task=_mean('task_cpu')),
    _Compared('memory', 'Percent', ('memory',), _mean('memory'), of_targets=False, of_task=_mean('task_memory')),
    _Compared('requests', 'Count/Minute', ('requests',), _requests),
    _Compared('error_rate', 'Percent', ('errors', 'requests'), _error_rate),
    _Compared('latency_p95', 'Seconds', ('latency_p95',), _mean('latency_p95')),
)


def _minute(at: datetime) -> datetime:
    """The beginning of the minute."""
    return datetime.fromtimestamp(int(at.timestamp()) // MINUTE_S * MINUTE_S, UTC)


def _rounded(value: Value) -> Value:
    return None if value is None else float(f'{value:.4g}')
